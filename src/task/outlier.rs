//! An outlier that is injected on purpose: the inputs of one step's batch, multiplied by a factor.

use super::{Examples, Input, Targets, Task, TaskData, TrainingExamples};
use std::sync::Arc;

/// The factor where an experiment names none, the one with which the playbook's jump in mid-training shows best.
pub const OUTLIER_FACTOR: f64 = 60.0;

/// A task whose batch of one step is an outlier.
pub struct Outlier {
    /// The task without it.
    pub task: Arc<dyn Task>,
    /// The step.
    pub step: u32,
    /// What every input of its batch is multiplied by.
    pub factor: f64,
}

impl Task for Outlier {
    fn id(&self) -> &str {
        self.task.id()
    }

    fn input(&self) -> Input {
        self.task.input()
    }

    fn targets(&self) -> Targets {
        self.task.targets()
    }

    fn source(&self) -> &str {
        self.task.source()
    }

    fn has_training_set(&self) -> bool {
        self.task.has_training_set()
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        Box::new(OutlierData { data: self.task.generate(seed), step: self.step, factor: self.factor as f32 })
    }
}

struct OutlierData {
    data: Box<dyn TaskData>,
    step: u32,
    factor: f32,
}

impl TaskData for OutlierData {
    fn training(&self) -> TrainingExamples<'_> {
        self.data.training()
    }

    fn validation(&self) -> &Examples {
        self.data.validation()
    }

    fn alters(&self, step: u32) -> bool {
        step == self.step
    }

    fn alter(&self, _step: u32, inputs: &mut [f32]) {
        inputs.iter_mut().for_each(|x| *x *= self.factor);
    }
}
