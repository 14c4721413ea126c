//! Teacher: a random network of one hidden layer labels Gaussian inputs; the teacher is redrawn for every seed.

use super::{Examples, ResidentTask, Targets, Task, TaskData};
use crate::random::{Purpose, Stream};
use crate::tensor::Shape;

pub(super) const INPUTS: usize = 16;
const HIDDEN: usize = 32;
pub(super) const CLASSES: usize = 10;
const TRAINING_EXAMPLES: usize = 8000;
pub(super) const VALIDATION_EXAMPLES: usize = 1000;

pub(super) struct TeacherTask;

impl Task for TeacherTask {
    fn id(&self) -> &str {
        "teacher"
    }

    fn input(&self) -> Shape {
        Shape::new(&[INPUTS])
    }

    fn targets(&self) -> Targets {
        Targets::one_of(CLASSES)
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        let teacher = Teacher::new(seed);
        let draw = |purpose, count| {
            let mut examples = Examples::new(1);
            teacher.label(&Stream::new(seed, purpose, 0), 0, count, &mut examples);
            examples
        };
        Box::new(ResidentTask {
            training: draw(Purpose::TrainingInputs, TRAINING_EXAMPLES),
            validation: draw(Purpose::ValidationInputs, VALIDATION_EXAMPLES),
        })
    }
}

/// The network that labels: y = argmax(relu(x W1) W2).
pub(super) struct Teacher {
    /// W1, [INPUTS, HIDDEN].
    first: Vec<f32>,
    /// W2, [HIDDEN, CLASSES].
    second: Vec<f32>,
}

impl Teacher {
    pub(super) fn new(seed: u32) -> Self {
        let mut first = vec![0.0; INPUTS * HIDDEN];
        let mut second = vec![0.0; HIDDEN * CLASSES];
        let scale = 1.4 / libm::sqrt(INPUTS as f64);
        Stream::new(seed, Purpose::Structure, 0).fill_normal(0, scale, &mut first);
        let scale = 1.0 / libm::sqrt(HIDDEN as f64);
        Stream::new(seed, Purpose::Structure, 1).fill_normal(0, scale, &mut second);
        Self { first, second }
    }

    /// Draws `count` standard normal inputs, starting at example `first` of the stream, and labels them.
    pub(super) fn label(&self, stream: &Stream, first: u64, count: usize, out: &mut Examples) {
        let start = out.inputs.len();
        out.inputs.resize(start + count * INPUTS, 0.0);
        stream.fill_normal(first * INPUTS as u64, 1.0, &mut out.inputs[start..]);
        for x in out.inputs[start..].chunks_exact(INPUTS) {
            // Sums run in a fixed order in f64, so every machine gives an example the same label.
            let mut logits = [0f64; CLASSES];
            for unit in 0..HIDDEN {
                let pre: f64 = (0..INPUTS).map(|i| f64::from(x[i]) * f64::from(self.first[i * HIDDEN + unit])).sum();
                for (class, logit) in logits.iter_mut().enumerate() {
                    *logit += pre.max(0.0) * f64::from(self.second[unit * CLASSES + class]);
                }
            }
            let best = (0..CLASSES).fold(0, |best, c| if logits[c] > logits[best] { c } else { best });
            out.targets.push(best as f32);
        }
    }
}
