//! Spirals: points of the plane on three intertwined arms, with a little noise.

use super::{Examples, Input, ResidentTask, Targets, Task, TaskData, TaskKind};
use brink_base::random::{Purpose, Stream};
use std::sync::Arc;

const CLASSES: usize = 3;
const TRAINING_EXAMPLES: usize = 3000;
const VALIDATION_EXAMPLES: usize = 600;
/// How far an arm turns from the centre to its end, in radians.
const TURN: f64 = 5.0;
/// Standard deviation of the noise on a point's angle, in radians.
const NOISE: f64 = 0.15;
/// Points reach this far from the centre, so that inputs have about unit variance.
const RADIUS: f64 = 2.0;

pub(super) static KIND: TaskKind =
    TaskKind { id: "spirals", metaparameters: &[], file: None, make: |_| Arc::new(Spirals) };

struct Spirals;

impl Task for Spirals {
    fn id(&self) -> &str {
        KIND.id
    }

    fn input(&self) -> Input {
        Input::numbers(&[2])
    }

    fn targets(&self) -> Targets {
        Targets::one_of(CLASSES)
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        Box::new(ResidentTask {
            training: draw(seed, Purpose::TrainingInputs, TRAINING_EXAMPLES),
            validation: draw(seed, Purpose::ValidationInputs, VALIDATION_EXAMPLES),
        })
    }
}

fn draw(seed: u32, purpose: Purpose, count: usize) -> Examples {
    let (position, noise) = (Stream::new(seed, purpose, 0), Stream::new(seed, purpose, 1));
    let mut examples = Examples::new(1);
    for index in 0..count {
        let class = index % CLASSES;
        let along = position.uniform(index as u64);
        let angle = TURN * along
            + 2.0 * std::f64::consts::PI * class as f64 / CLASSES as f64
            + NOISE * noise.normal_pair(index as u64)[0];
        // The square root spreads points evenly over the disc.
        let radius = RADIUS * libm::sqrt(along);
        let point = [radius * libm::cos(angle), radius * libm::sin(angle)];
        examples.push(point.map(|coordinate| coordinate as f32), [class as f32]);
    }
    examples
}
