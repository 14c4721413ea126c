use super::{Preset, transformer};
use crate::Experiment;

/// The third work of `brink bench`.
pub static PRESET: Preset = Preset {
    id: "w3",
    about: "the benchmark's third work: the post-norm transformer of Figure 8, batch 16, Adam, 15 learning rates",
    experiment: || Experiment { max_train_steps: 1000, validation_every: 100_000, ..transformer("reverse") },
};
