use super::{Experiment, LearningRates, Optimizer, Schedule, VERSION};
use crate::network::Model;
use crate::network::models::{Branch, Mlp, Placement, ResidualMlp};
use crate::network::operations::ActivationKind;

/// An experiment with a name.
pub struct Preset {
    /// The name on the command line and in links.
    pub id: &'static str,
    /// What it shows, in one line of English.
    pub about: &'static str,
    /// Makes the experiment.
    pub experiment: fn() -> Experiment,
}

/// The experiment that opens the page, and the base of every other preset: a residual network without normalisation,
/// Momentum, linear decay, nine learning rates over the cliff of Figure 7a of the playbook.
fn base() -> Experiment {
    Experiment {
        version: VERSION,
        task: "teacher".to_owned(),
        model: residual(8, 32, Placement::None),
        initial_scale: 1.0,
        optimizer: Optimizer::builtin("momentum"),
        learning_rates: LearningRates { from: 0.001, factor: 2.0, count: 9 },
        warmup_steps: 0,
        schedule: Schedule::Linear,
        clip_threshold: None,
        batch_size: 64,
        max_train_steps: 600,
        validation_every: 50,
        // A typical seed, and one whose best run is not at the very edge: there the last bit decides, and a backend that rounds
        // otherwise would show another star.
        seed: 2,
        probe: None,
        runs: Vec::new(),
    }
}

fn residual(depth: usize, width: usize, placement: Placement) -> Model {
    Model::ResidualMlp(ResidualMlp {
        depth,
        width,
        activation: ActivationKind::Relu,
        placement,
        final_norm: false,
        branch: Branch::Plain,
    })
}

fn residual_with_final_norm(depth: usize, width: usize) -> Model {
    Model::ResidualMlp(ResidualMlp {
        depth,
        width,
        activation: ActivationKind::Relu,
        placement: Placement::Pre,
        final_norm: true,
        branch: Branch::Plain,
    })
}

fn work(count: usize) -> Experiment {
    Experiment {
        task: "digits".to_owned(),
        model: Model::Mlp(Mlp { depth: 2, width: 128, activation: ActivationKind::Relu }),
        optimizer: Optimizer::builtin("adam"),
        learning_rates: LearningRates { from: 1e-4, factor: 1.2, count },
        schedule: Schedule::Constant,
        max_train_steps: 1000,
        validation_every: 100_000,
        ..base()
    }
}

/// All presets; the first opens the page.
pub const PRESETS: &[Preset] = &[
    Preset { id: "figure-7a", about: "a learning-rate sweep that ends at a cliff", experiment: base },
    Preset {
        id: "figure-4-standard",
        about: "pre-norm with a final norm: the standard network of Figures 4 and 5",
        experiment: || Experiment {
            model: residual_with_final_norm(12, 32),
            learning_rates: LearningRates { from: 0.0025, factor: 2.0, count: 8 },
            ..base()
        },
    },
    Preset {
        id: "figure-4-changed",
        about: "the norm inside the residual branch: an early spike and a slow recovery",
        experiment: || Experiment {
            model: residual(12, 32, Placement::Inside),
            learning_rates: LearningRates { from: 0.0025, factor: 2.0, count: 8 },
            ..base()
        },
    },
    Preset {
        id: "figure-7b",
        about: "a ramp too long: an instability in mid-training",
        experiment: || Experiment {
            model: residual(8, 32, Placement::Inside),
            learning_rates: LearningRates { from: 0.0225, factor: 2.0, count: 4 },
            warmup_steps: 400,
            schedule: Schedule::Constant,
            batch_size: 32,
            ..base()
        },
    },
    Preset {
        id: "figure-9",
        about: "gradient norms, to choose a clip threshold by",
        experiment: || Experiment {
            learning_rates: LearningRates { from: 0.00046, factor: 3.162_277_66, count: 5 },
            batch_size: 32,
            max_train_steps: 500,
            ..base()
        },
    },
    Preset {
        id: "adam-deep",
        about: "Adam on a deep network without normalisation",
        experiment: || Experiment {
            model: residual(20, 24, Placement::None),
            optimizer: Optimizer::builtin("adam"),
            learning_rates: LearningRates { from: 1e-4, factor: 2.154_434_69, count: 9 },
            batch_size: 32,
            max_train_steps: 500,
            ..base()
        },
    },
    Preset {
        id: "batch-size",
        about: "a small pre-norm network, to compare batch sizes with",
        experiment: || Experiment {
            model: residual_with_final_norm(4, 24),
            learning_rates: LearningRates { from: 0.001, factor: 2.154_434_69, count: 10 },
            max_train_steps: 1024,
            ..base()
        },
    },
    Preset { id: "w1", about: "the benchmark's first work: one MLP 64-128-128-10, Adam", experiment: || work(1) },
    Preset { id: "w2", about: "the benchmark's second work: the same with 32 learning rates", experiment: || work(32) },
];

/// The preset with this id.
pub fn preset(id: &str) -> Option<Experiment> {
    PRESETS.iter().find(|preset| preset.id == id).map(|preset| (preset.experiment)())
}
