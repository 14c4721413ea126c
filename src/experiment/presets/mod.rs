//! Presets: experiments with a name. Each is one file and one line in the list below.

use super::{Experiment, LearningRates, Optimizer, RunSettings, Schedule};
use brink_network::Model;
use brink_network::models::{Branch, Convnet, Mlp, NormKind, Placement, Pooling, ResidualMlp, Transformer};
use brink_network::operations::ActivationKind;

/// An experiment with a name.
pub struct Preset {
    /// The name on the command line and in links.
    pub id: &'static str,
    /// What it shows, in one line of English.
    pub about: &'static str,
    /// Makes the experiment.
    pub experiment: fn() -> Experiment,
}

macro_rules! presets {
    ($($module:ident,)+) => {
        $(mod $module;)+

        /// All presets; the first opens the page.
        pub static PRESETS: &[&Preset] = &[$(&$module::PRESET),+];
    };
}

presets! {
    figure_7a,
    figure_4_stride_standard,
    figure_4_stride_changed,
    figure_4_standard,
    figure_4_changed,
    figure_6,
    figure_6_transformer,
    figure_7b,
    outlier,
    figure_8,
    figure_9,
    adam_deep,
    batch_size,
    norm_placement,
    w1,
    w2,
    w3,
    w4,
}

/// The preset with this id.
pub fn preset(id: &str) -> Option<Experiment> {
    PRESETS.iter().find(|preset| preset.id == id).map(|preset| (preset.experiment)())
}

/// A residual network without a final norm.
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

/// A pre-norm residual network with a final norm.
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

/// The transformer of Figures 6 and 8: four blocks, post-norm, sequences of 8 of 10 tokens, Adam at a constant learning rate.
fn transformer(task: &str) -> Experiment {
    Experiment {
        task: task.to_owned(),
        model: Model::Transformer(Transformer {
            depth: 4,
            width: 16,
            heads: 2,
            mlp_width: 32,
            activation: ActivationKind::Relu,
            placement: Placement::Post,
            final_norm: false,
            branch: Branch::Plain,
        }),
        optimizer: Optimizer::builtin("adam"),
        learning_rates: LearningRates { from: 0.001, factor: std::f64::consts::SQRT_2, count: 15 },
        schedule: Schedule::Constant,
        batch_size: 16,
        max_train_steps: 300,
        ..figure_7a::experiment()
    }
}

/// The convnet of Figures 4 and 5 in the playbook's literal form, the second block of this stride, on the digits.
fn convnet(stride2: usize) -> Experiment {
    Experiment {
        task: "digits".to_owned(),
        model: Model::Convnet(Convnet {
            stem_channels: 2,
            channels1: 4,
            stride1: 1,
            channels2: 16,
            stride2,
            activation: ActivationKind::Relu,
            norm: NormKind::Batch,
            pooling: Pooling::Flatten,
            head_learning_rate: 1.0,
        }),
        learning_rates: LearningRates { from: 0.003, factor: 3.162_277_66, count: 5 },
        batch_size: 30,
        max_train_steps: 400,
        validation_every: 100,
        runs: [0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4].map(run).to_vec(),
        ..figure_7a::experiment()
    }
}

/// A run at a base learning rate, all else as in its experiment.
fn run(base_learning_rate: f64) -> RunSettings {
    RunSettings { base_learning_rate, ..RunSettings::default() }
}

/// Runs at one learning rate after these lengths of warmup.
fn warmups(base_learning_rate: f64, steps: [u32; 6]) -> Vec<RunSettings> {
    steps.map(|steps| RunSettings { warmup_steps: Some(steps), ..run(base_learning_rate) }).to_vec()
}

/// A work of the benchmarks: an MLP 64-128-128-10 with Adam, at `count` learning rates.
fn work(count: usize) -> Experiment {
    Experiment {
        task: "digits".to_owned(),
        model: Model::Mlp(Mlp { depth: 2, width: 128, activation: ActivationKind::Relu }),
        optimizer: Optimizer::builtin("adam"),
        learning_rates: LearningRates { from: 1e-4, factor: 1.2, count },
        schedule: Schedule::Constant,
        max_train_steps: 1000,
        validation_every: 100_000,
        ..figure_7a::experiment()
    }
}
