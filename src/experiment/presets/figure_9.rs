use super::{Preset, figure_7a};
use crate::{Experiment, LearningRates};

/// Figure 9 of the playbook: gradient norms at learning rates half a decade apart.
pub static PRESET: Preset = Preset {
    id: "figure-9",
    about: "gradient norms, to choose a clip threshold by",
    experiment: || Experiment {
            learning_rates: LearningRates { from: 0.00046, factor: 3.162_277_66, count: 5 },
            batch_size: 32,
            max_train_steps: 500,
            ..figure_7a::experiment()
        },
};
