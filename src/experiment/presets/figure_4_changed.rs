use super::{Preset, figure_7a, residual};
use crate::{Experiment, LearningRates};
use brink_network::models::Placement;

/// The changed network of the playbook's Figures 4 and 5.
pub static PRESET: Preset = Preset {
    id: "figure-4-changed",
    about: "the norm inside the residual branch: an early spike and a slow recovery",
    experiment: || Experiment {
            model: residual(12, 32, Placement::Inside),
            learning_rates: LearningRates { from: 0.0025, factor: 2.0, count: 8 },
            ..figure_7a::experiment()
        },
};
