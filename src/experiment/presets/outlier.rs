use super::{Preset, figure_7a, residual};
use crate::{Experiment, LearningRates, Schedule};
use brink_network::models::Placement;

/// One outlier batch in mid-training, injected on purpose.
pub static PRESET: Preset = Preset {
    id: "outlier",
    about: "one injected outlier batch (inputs times 60 at step 500): a jump in mid-training, which clipping prevents",
    experiment: || Experiment {
        data: [("outlier_step".to_owned(), 500.into())].into_iter().collect(),
        model: residual(8, 32, Placement::Pre),
        learning_rates: LearningRates { from: 0.005, factor: 2.0, count: 4 },
        warmup_steps: 200,
        schedule: Schedule::Constant,
        batch_size: 32,
        max_train_steps: 800,
        ..figure_7a::experiment()
    },
};
