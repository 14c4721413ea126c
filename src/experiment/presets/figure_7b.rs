use super::{Preset, figure_7a, residual};
use crate::{Experiment, LearningRates, Schedule};
use brink_network::models::Placement;

/// Figure 7b of the playbook: warmup so long that the instability comes in mid-training.
pub static PRESET: Preset = Preset {
    id: "figure-7b",
    about: "a ramp too long: an instability in mid-training",
    experiment: || Experiment {
            model: residual(8, 32, Placement::Inside),
            learning_rates: LearningRates { from: 0.0225, factor: 2.0, count: 4 },
            warmup_steps: 400,
            schedule: Schedule::Constant,
            batch_size: 32,
            ..figure_7a::experiment()
        },
};
