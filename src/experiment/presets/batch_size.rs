use super::{Preset, figure_7a, residual_with_final_norm};
use crate::{Experiment, LearningRates};

/// A small network for studies of the batch size.
pub static PRESET: Preset = Preset {
    id: "batch-size",
    about: "a small pre-norm network, to compare batch sizes with",
    experiment: || Experiment {
            model: residual_with_final_norm(4, 24),
            learning_rates: LearningRates { from: 0.001, factor: 2.154_434_69, count: 10 },
            max_train_steps: 1024,
            ..figure_7a::experiment()
        },
};
