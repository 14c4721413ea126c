use super::{Preset, convnet};
use crate::Experiment;

/// The fourth work of `brink bench`.
pub static PRESET: Preset = Preset {
    id: "w4",
    about: "the benchmark's fourth work: the changed convnet of Figure 4, batch 30, Momentum, 7 learning rates",
    experiment: || Experiment { max_train_steps: 1000, validation_every: 100_000, ..convnet(1) },
};
