//! Presets: experiments with a name. Each is one file and one line in the list below.

use super::{Experiment, LearningRates, Optimizer, Schedule};
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

macro_rules! presets {
    ($($module:ident,)+) => {
        $(mod $module;)+

        /// All presets; the first opens the page.
        pub static PRESETS: &[&Preset] = &[$(&$module::PRESET),+];
    };
}

presets! {
    figure_7a,
    figure_4_standard,
    figure_4_changed,
    figure_7b,
    figure_9,
    adam_deep,
    batch_size,
    w1,
    w2,
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
