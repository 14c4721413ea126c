//! The data: what a network is trained on.
//!
//! A task is one file and one line in [`TASKS`]. All it draws comes from the portable generator, so every backend and
//! machine sees the same bits, and runs that share a seed share one copy.

mod digits;
mod spirals;
mod teacher;
mod teacher_stream;

use crate::random::{Purpose, Stream};
use crate::tensor::Shape;

/// The label of a row that is not an example: the loss passes over it.
pub const NO_LABEL: u32 = u32::MAX;

/// A task: what an example looks like and how to make its data from a seed.
pub struct Task {
    /// The name in experiments and on the command line.
    pub id: &'static str,
    /// The shape of one example's input.
    pub input: fn() -> Shape,
    /// The number of classes.
    pub classes: usize,
    /// Where the data comes from, to be named wherever it is shown; empty for data that is drawn.
    pub source: &'static str,
    /// Draws the data of a seed.
    pub generate: fn(seed: u32) -> Box<dyn TaskData>,
}

/// All tasks, in the order in which they are offered.
pub static TASKS: [&Task; 4] = [&teacher::TASK, &digits::TASK, &spirals::TASK, &teacher_stream::TASK];

/// The task with this id.
pub fn find(id: &str) -> Option<&'static Task> {
    TASKS.iter().copied().find(|task| task.id == id)
}

/// Labelled examples: inputs row by row, one label each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Examples {
    /// The inputs, each of the task's input shape, one after another.
    pub inputs: Vec<f32>,
    /// The class of each example, or [`NO_LABEL`].
    pub labels: Vec<u32>,
}

impl Examples {
    /// The number of examples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The entropy of the labels in nats: the loss of the best constant prediction (chance).
    pub fn label_entropy(&self, classes: usize) -> f64 {
        let mut counts = vec![0usize; classes];
        for &label in &self.labels {
            if let Some(count) = counts.get_mut(label as usize) {
                *count += 1;
            }
        }
        let total = counts.iter().sum::<usize>().max(1) as f64;
        counts
            .iter()
            .filter(|&&count| count > 0)
            .map(|&count| count as f64 / total)
            .map(|share| -share * libm::log(share))
            .sum()
    }
}

/// Where the training examples of a task come from.
pub enum Training<'a> {
    /// A set that stays; the batch of a step is indices into it.
    Resident(&'a Examples),
    /// Fresh examples every step.
    Fresh(&'a dyn FreshExamples),
}

/// Examples drawn anew for every step.
pub trait FreshExamples: Send + Sync {
    /// Appends the `batch_size` examples of `step` to `out`.
    fn draw(&self, step: u32, batch_size: usize, out: &mut Examples);
}

/// The data of one task and seed.
pub trait TaskData: Send + Sync {
    /// Where training examples come from.
    fn training(&self) -> Training<'_>;
    /// The examples that validation runs over.
    fn validation(&self) -> &Examples;
    /// Whether the batch of `step` is changed before the network sees it (an injected outlier, say).
    fn alters(&self, _step: u32) -> bool {
        false
    }
    /// Changes the inputs of the batch of a step that [`TaskData::alters`] names.
    fn alter(&self, _step: u32, _inputs: &mut [f32]) {}
}

/// The indices of the batch of `step` in a resident set of `len` examples: independent draws with replacement.
pub fn batch_indices(seed: u32, step: u32, len: usize, out: &mut [u32]) {
    let stream = Stream::new(seed, Purpose::BatchOrder, 0);
    let first = u64::from(step) * out.len() as u64;
    for (position, index) in out.iter_mut().enumerate() {
        *index = stream.below(first + position as u64, len as u32);
    }
}

/// A training set that stays, with its validation set.
struct ResidentTask {
    training: Examples,
    validation: Examples,
}

impl TaskData for ResidentTask {
    fn training(&self) -> Training<'_> {
        Training::Resident(&self.training)
    }
    fn validation(&self) -> &Examples {
        &self.validation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_keeps_its_word() {
        for task in TASKS {
            let data = (task.generate)(3);
            let width = (task.input)().len();
            let mut fresh = Examples::default();
            let training = match data.training() {
                Training::Resident(examples) => examples,
                Training::Fresh(source) => {
                    source.draw(0, 64, &mut fresh);
                    &fresh
                }
            };
            for examples in [training, data.validation()] {
                assert!(!examples.is_empty());
                assert_eq!(examples.inputs.len(), examples.len() * width, "{}", task.id);
                assert!(examples.inputs.iter().all(|x| x.is_finite()));
                assert!(examples.labels.iter().all(|&label| (label as usize) < task.classes));
                let chance = examples.label_entropy(task.classes);
                assert!(chance > 0.5 && chance <= libm::log(task.classes as f64) + 1e-9);
            }
            let again = (task.generate)(3);
            assert_eq!(again.validation(), data.validation(), "{}", task.id);
        }
    }

    #[test]
    fn batches_of_a_step_repeat_and_differ_between_steps() {
        let (mut a, mut b) = ([0; 64], [0; 64]);
        batch_indices(1, 5, 8000, &mut a);
        batch_indices(1, 5, 8000, &mut b);
        assert_eq!(a, b);
        batch_indices(1, 6, 8000, &mut b);
        assert_ne!(a, b);
        batch_indices(2, 5, 8000, &mut b);
        assert_ne!(a, b);
    }
}
