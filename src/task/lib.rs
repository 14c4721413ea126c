//! The data: what a network is trained on.
//!
//! A kind of task is one file and one line in the list of [`TASKS`]. All it draws comes from the portable generator, so every backend and
//! machine sees the same bits, and runs that share a seed share one copy.

mod data_file;
mod digits;
mod outlier;
mod sequence;
mod spirals;
pub mod table;
mod teacher;
mod teacher_stream;

pub use data_file::{DataFile, DataFileError};
pub use outlier::{OUTLIER_FACTOR, Outlier};
pub use table::{Table, TableError};

use brink_base::metaparameter::{Absent, Definition};
use brink_base::random::{Purpose, Stream};
use brink_base::tensor::Shape;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What a network sees of one example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    /// The shape of its values.
    pub shape: Shape,
    /// What they are.
    pub kind: InputKind,
}

/// What the values of an input are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// Numbers.
    Numbers,
    /// Tokens of a vocabulary of so many: whole numbers from 0.
    Tokens(usize),
}

impl Input {
    /// Numbers of this shape.
    pub fn numbers(extents: &[usize]) -> Self {
        Self { shape: Shape::new(extents), kind: InputKind::Numbers }
    }
}

/// What a network is to predict of one example, at every position of `shape`. One class an example is the shape of a scalar; a
/// class for each of T tokens would be [T].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// The shape of one example's targets.
    pub shape: Shape,
    /// What stands at each position.
    pub kind: TargetKind,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetKind {
    /// One of so many classes; the loss is the cross-entropy.
    Classes(usize),
    /// A number; the loss is the squared error.
    Numbers,
}

impl Targets {
    /// One class an example.
    pub fn one_of(classes: usize) -> Self {
        Self { shape: Shape::scalar(), kind: TargetKind::Classes(classes) }
    }

    /// The outputs that a network needs for one example, position by position: a logit for each class, or the number.
    pub fn outputs(&self) -> usize {
        match self.kind {
            TargetKind::Classes(classes) => self.shape.len() * classes,
            TargetKind::Numbers => self.shape.len(),
        }
    }

    /// What stands for the target of a row that is no example, which the loss passes over: -1 among classes, NaN among
    /// numbers.
    pub fn missing(&self) -> f32 {
        match self.kind {
            TargetKind::Classes(_) => -1.0,
            TargetKind::Numbers => f32::NAN,
        }
    }

    /// The loss on these examples of the best prediction that does not look at the input (chance), the mean over the
    /// positions: for classes the entropy in nats, for numbers the variance.
    pub fn chance(&self, examples: &Examples) -> f64 {
        let at = |position: usize| {
            let targets = || examples.targets.iter().skip(position).step_by(self.shape.len()).copied();
            match self.kind {
                TargetKind::Classes(classes) => entropy(targets(), classes),
                TargetKind::Numbers => variance(targets().map(f64::from)),
            }
        };
        (0..self.shape.len()).map(at).sum::<f64>() / self.shape.len().max(1) as f64
    }
}

/// The entropy of classes, in nats.
fn entropy(targets: impl Iterator<Item = f32>, classes: usize) -> f64 {
    let mut counts = vec![0usize; classes];
    for target in targets.filter(|&target| target >= 0.0) {
        if let Some(count) = counts.get_mut(target as usize) {
            *count += 1;
        }
    }
    let total = counts.iter().sum::<usize>().max(1) as f64;
    let fractions = counts.iter().filter(|&&count| count > 0).map(|&count| count as f64 / total);
    fractions.map(|fraction| -fraction * libm::log(fraction)).sum()
}

/// The mean square difference from the mean.
fn variance(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let count = values.clone().count().max(1) as f64;
    let mean = values.clone().sum::<f64>() / count;
    values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count
}

/// A task: what an example looks like and how to make its data from a seed.
pub trait Task: Send + Sync {
    /// The name in experiments and on the command line.
    fn id(&self) -> &str;
    /// What a network sees of one example.
    fn input(&self) -> Input;
    /// What is to be predicted of one example.
    fn targets(&self) -> Targets;
    /// Where the data comes from, to be named wherever it is shown; empty for data that is drawn.
    fn source(&self) -> &str {
        ""
    }
    /// Whether its training examples are a set that stays, rather than fresh ones every step.
    fn has_training_set(&self) -> bool {
        true
    }
    /// Draws the data of a seed; of the same size for every seed.
    fn generate(&self, seed: u32) -> Box<dyn TaskData>;
}

/// A kind of task that comes with the program.
pub struct TaskKind {
    /// The name in experiments and on the command line.
    pub id: &'static str,
    /// Its metaparameters, each at `data.` and its name; every one has a default.
    pub metaparameters: &'static [Definition],
    /// The file of data that it reads, if any.
    pub file: Option<&'static DataFile>,
    /// Makes a task of their values.
    make: fn(&Settings) -> Arc<dyn Task>,
}

/// All kinds of tasks that come with the program, in the order in which they are offered.
pub static TASKS: &[&TaskKind] =
    &[&teacher::KIND, &digits::KIND, &spirals::KIND, &teacher_stream::KIND, &sequence::REVERSE, &sequence::SORT];

/// The kind with this id.
pub fn find(id: &str) -> Option<&'static TaskKind> {
    TASKS.iter().copied().find(|kind| kind.id == id)
}

impl TaskKind {
    /// The task with these values of its metaparameters, checked; those that are absent have their defaults.
    pub fn task(&self, data: &Map<String, Value>) -> Arc<dyn Task> {
        (self.make)(&Settings { data, definitions: self.metaparameters })
    }

    /// The task with every metaparameter at its default.
    pub fn default_task(&self) -> Arc<dyn Task> {
        self.task(&Map::new())
    }
}

/// The values of a task's metaparameters.
struct Settings<'a> {
    data: &'a Map<String, Value>,
    definitions: &'static [Definition],
}

impl Settings<'_> {
    /// The value of a metaparameter by its name.
    fn number(&self, name: &str) -> f64 {
        let default = || {
            let definition = self.definitions.iter().find(|definition| definition.name() == name)?;
            let Absent::Omitted(json) = definition.absent else { return None };
            serde_json::from_str(json).ok()
        };
        // A test makes every task of nothing but defaults.
        self.data.get(name).and_then(Value::as_f64).or_else(default).unwrap_or(f64::NAN)
    }

    /// The value of a whole one.
    fn whole(&self, name: &str) -> usize {
        self.number(name) as usize
    }
}

/// Examples with their targets.
#[derive(Clone, Debug, PartialEq)]
pub struct Examples {
    /// The inputs, each of the task's input shape, one after another.
    pub inputs: Vec<f32>,
    /// The targets, each of the task's target shape, one after another: classes as whole numbers from 0, or
    /// numbers.
    pub targets: Vec<f32>,
    /// The targets of one example.
    target_len: usize,
}

impl Examples {
    /// No examples yet, of `target_len` targets each, at least 1.
    pub fn new(target_len: usize) -> Self {
        Self { inputs: Vec::new(), targets: Vec::new(), target_len: target_len.max(1) }
    }

    /// The number of examples.
    pub fn len(&self) -> usize {
        self.targets.len() / self.target_len
    }

    /// Whether there is no example.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// The inputs of one example.
    pub fn input(&self, index: usize) -> &[f32] {
        let len = self.inputs.len() / self.len().max(1);
        &self.inputs[index * len..(index + 1) * len]
    }

    /// The targets of one example.
    pub fn target(&self, index: usize) -> &[f32] {
        &self.targets[index * self.target_len..(index + 1) * self.target_len]
    }

    /// Appends an example.
    pub fn push(&mut self, input: impl IntoIterator<Item = f32>, target: impl IntoIterator<Item = f32>) {
        self.inputs.extend(input);
        self.targets.extend(target);
    }

    /// Appends other examples of the same shapes.
    pub fn append(&mut self, other: &Self) {
        self.inputs.extend_from_slice(&other.inputs);
        self.targets.extend_from_slice(&other.targets);
    }
}

/// Where the training examples of a task come from.
pub enum TrainingExamples<'a> {
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
    fn training(&self) -> TrainingExamples<'_>;
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

/// The positions of `len` examples in an order drawn for a seed (Fisher and Yates): what a split is made of.
fn shuffled(seed: u32, len: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..len).collect();
    let stream = Stream::new(seed, Purpose::Structure, 0);
    for i in (1..order.len()).rev() {
        order.swap(i, stream.below(i as u64, i as u32 + 1) as usize);
    }
    order
}

/// A training set that stays, with its validation set.
struct ResidentTask {
    training: Examples,
    validation: Examples,
}

impl TaskData for ResidentTask {
    fn training(&self) -> TrainingExamples<'_> {
        TrainingExamples::Resident(&self.training)
    }
    fn validation(&self) -> &Examples {
        &self.validation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_has_the_data_that_it_promises() {
        for task in TASKS.iter().map(|kind| kind.default_task()) {
            let (id, data, targets) = (task.id(), task.generate(3), task.targets());
            let shape = &targets.shape;
            let width = task.input().shape.len();
            let mut fresh = Examples::new(shape.len());
            let training = match data.training() {
                TrainingExamples::Resident(examples) => examples,
                TrainingExamples::Fresh(source) => {
                    source.draw(0, 64, &mut fresh);
                    &fresh
                }
            };
            for examples in [training, data.validation()] {
                assert!(!examples.is_empty());
                assert_eq!(examples.inputs.len(), examples.len() * width, "{id}");
                assert_eq!(examples.targets.len(), examples.len() * shape.len(), "{id}");
                assert!(examples.inputs.iter().all(|x| x.is_finite()));
                let chance = targets.chance(examples);
                if let TargetKind::Classes(classes) = targets.kind {
                    let is_class = |target: &f32| target.fract() == 0.0 && (0.0..classes as f32).contains(target);
                    assert!(examples.targets.iter().all(is_class), "{id}");
                    assert!(chance > 0.5 && chance <= libm::log(classes as f64) + 1e-9);
                }
            }
            assert_eq!(task.has_training_set(), matches!(data.training(), TrainingExamples::Resident(_)), "{id}");
            assert_eq!(task.generate(3).validation(), data.validation(), "{id}");
            assert_eq!(find(id).map(|kind| kind.id), Some(id));
        }
    }

    #[test]
    fn chance_is_the_mean_over_the_positions() {
        let mut examples = Examples::new(2);
        for example in 0..8 {
            // Always the same class at the first position, one of two at the second.
            examples.push([0.0], [2.0, (example % 2) as f32]);
        }
        assert_eq!(examples.len(), 8);
        assert_eq!(examples.target(3), [2.0, 1.0]);
        let chance = |kind| Targets { shape: Shape::new(&[2]), kind }.chance(&examples);
        assert!((chance(TargetKind::Classes(3)) - libm::log(2.0) / 2.0).abs() < 1e-12);
        assert_eq!(chance(TargetKind::Numbers), 0.125, "variances 0 and 1/4");
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
