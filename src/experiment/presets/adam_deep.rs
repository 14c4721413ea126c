use super::{Preset, figure_7a, residual};
use crate::{Experiment, LearningRates, Optimizer};
use brink_network::models::Placement;

/// Twenty blocks without normalisation, trained by Adam.
pub static PRESET: Preset = Preset {
    id: "adam-deep",
    about: "Adam on a deep network without normalisation",
    experiment: || Experiment {
            model: residual(20, 24, Placement::None),
            optimizer: Optimizer::builtin("adam"),
            learning_rates: LearningRates { from: 1e-4, factor: 2.154_434_69, count: 9 },
            batch_size: 32,
            max_train_steps: 500,
            ..figure_7a::experiment()
        },
};
