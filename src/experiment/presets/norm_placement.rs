use super::{Preset, figure_7a, residual};
use crate::{Experiment, LearningRates};
use brink_network::models::Placement;

/// A deeper network, to compare placements of the norm and starts of the branch with.
pub static PRESET: Preset = Preset {
    id: "norm-placement",
    about: "sixteen blocks without normalisation, to compare norm placements and branch starts with",
    experiment: || Experiment {
        model: residual(16, 24, Placement::None),
        learning_rates: LearningRates { from: 1e-4, factor: 2.154_434_69, count: 13 },
        batch_size: 32,
        max_train_steps: 300,
        ..figure_7a::experiment()
    },
};
