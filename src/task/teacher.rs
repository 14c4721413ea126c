//! Teacher: a random network of one hidden layer labels Gaussian inputs; the teacher is redrawn for every seed. A fraction of
//! the training labels may be noise.

use super::{Examples, Input, ResidentTask, Settings, Targets, Task, TaskData, TaskKind};
use brink_base::metaparameter::{Absent, Definition, Kind, Metaparameter};
use brink_base::random::{Purpose, Stream};
use std::sync::Arc;

pub(super) const INPUTS: usize = 16;
const HIDDEN: usize = 32;
pub(super) const CLASSES: usize = 10;
const TRAINING_EXAMPLES: usize = 8000;
pub(super) const VALIDATION_EXAMPLES: usize = 1000;

pub(super) static KIND: TaskKind = TaskKind {
    id: "teacher",
    metaparameters: &[LABEL_NOISE],
    file: None,
    make: |settings| Arc::new(TeacherTask { label_noise: label_noise(settings) }),
};

/// The fraction of training labels that are noise.
pub(super) const LABEL_NOISE: Definition = Definition {
    id: Metaparameter::LabelNoise,
    path: "data.label_noise",
    kind: Kind::Number { least: 0.0, most: 1.0 },
    absent: Absent::Omitted("0.0"),
    about: "fraction of the training labels that are drawn anew, each class as likely; validation labels stay",
    changes_problem: true,
    ..Definition::PLAIN
};

pub(super) fn label_noise(settings: &Settings) -> f64 {
    settings.number("label_noise")
}

struct TeacherTask {
    label_noise: f64,
}

impl Task for TeacherTask {
    fn id(&self) -> &str {
        KIND.id
    }

    fn input(&self) -> Input {
        Input::numbers(&[INPUTS])
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
        let mut training = draw(Purpose::TrainingInputs, TRAINING_EXAMPLES);
        add_noise(seed, self.label_noise, 0, &mut training.targets);
        Box::new(ResidentTask { training, validation: draw(Purpose::ValidationInputs, VALIDATION_EXAMPLES) })
    }
}

/// Draws a fraction of the labels anew, those of the examples from `first` on of the seed's stream.
pub(super) fn add_noise(seed: u32, fraction: f64, first: u64, labels: &mut [f32]) {
    if fraction > 0.0 {
        let (chosen, drawn) = (Stream::new(seed, Purpose::Noise, 0), Stream::new(seed, Purpose::Noise, 1));
        for (index, label) in (first..).zip(labels) {
            if chosen.uniform(index) < fraction {
                *label = drawn.below(index, CLASSES as u32) as f32;
            }
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TrainingExamples;

    #[test]
    fn noise_changes_its_fraction_of_the_training_labels_and_nothing_else() {
        let labels = |label_noise: f64| {
            let data = TeacherTask { label_noise }.generate(4);
            let TrainingExamples::Resident(training) = data.training() else { panic!("a set that stays") };
            (training.inputs.clone(), training.targets.clone(), data.validation().clone())
        };
        let (inputs, clean, validation) = labels(0.0);
        let (noisy_inputs, noisy, noisy_validation) = labels(0.4);
        assert_eq!((inputs, validation), (noisy_inputs, noisy_validation));
        let changed = clean.iter().zip(&noisy).filter(|(a, b)| a != b).count() as f64 / clean.len() as f64;
        // A tenth of the labels that are drawn anew stay what they were.
        assert!((changed - 0.36).abs() < 0.03, "{changed}");
        let classes = labels(1.0).1;
        assert!((0..CLASSES).all(|class| classes.iter().filter(|&&label| label == class as f32).count() > 600));
    }
}
