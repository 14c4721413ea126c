use super::{Preset, residual};
use crate::{Experiment, LearningRates, Optimizer, Schedule, VERSION};
use brink_network::models::Placement;

/// The experiment that opens the page, and the base of most others: a residual network without normalisation, Momentum,
/// linear decay, nine learning rates over the cliff of Figure 7a of the Deep Learning Tuning Playbook.
pub static PRESET: Preset = Preset { id: "figure-7a", about: "a learning-rate sweep that ends at a cliff", experiment };

pub(super) fn experiment() -> Experiment {
    Experiment {
        version: VERSION,
        task: "teacher".to_owned(),
        data: serde_json::Map::new(),
        model: residual(8, 32, Placement::None),
        initial_scale: 1.0,
        optimizer: Optimizer::builtin("momentum"),
        learning_rates: LearningRates { from: 0.001, factor: 2.0, count: 9 },
        warmup_steps: 0,
        schedule: Schedule::Linear,
        clip_threshold: None,
        clip_during_warmup: true,
        clip_window: 0,
        batch_size: 64,
        max_train_steps: 600,
        validation_every: 50,
        full_gradient_every: 0,
        critical_every: 0,
        // A typical seed, and one whose best run is not at the very edge: there the last bit decides, and a backend that rounds
        // otherwise would show another star.
        seed: 2,
        probe: None,
        runs: Vec::new(),
    }
}
