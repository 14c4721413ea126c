use super::{Preset, figure_7a, residual_with_final_norm};
use crate::{Experiment, LearningRates};

/// The standard network of the playbook's Figures 4 and 5.
pub static PRESET: Preset = Preset {
    id: "figure-4-standard",
    about: "pre-norm with a final norm: the standard network of Figures 4 and 5",
    experiment: || Experiment {
            model: residual_with_final_norm(12, 32),
            learning_rates: LearningRates { from: 0.0025, factor: 2.0, count: 8 },
            ..figure_7a::experiment()
        },
};
