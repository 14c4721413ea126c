use super::{Preset, transformer, warmups};
use crate::Experiment;

/// Figure 6 of the playbook on a transformer that sorts.
pub static PRESET: Preset = Preset {
    id: "figure-6-transformer",
    about: "the same on a post-norm transformer that sorts",
    experiment: || Experiment { runs: warmups(0.05, [1, 10, 30, 100, 300, 1000]), ..transformer("sort") },
};
