use super::{Preset, figure_7a, warmups};
use crate::Experiment;

/// Figure 6 of the playbook: one learning rate beyond the cliff of Figure 7a, after warmup of several lengths.
pub static PRESET: Preset = Preset {
    id: "figure-6",
    about: "one learning rate beyond the cliff, after warmup of 1 to 1000 steps",
    experiment: || Experiment { runs: warmups(0.128, [1, 10, 30, 100, 300, 1000]), ..figure_7a::experiment() },
};
