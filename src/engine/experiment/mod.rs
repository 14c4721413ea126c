//! What to run: the serialisable description of a fleet, its validation and limits, presets, its difference from
//! another. `docs/experiment.md` describes the JSON field by field.

mod difference;
pub mod limits;
mod presets;
mod resolve;

pub use difference::{Difference, apply, difference};
pub use presets::{PRESETS, Preset, preset};
pub use resolve::{ExperimentError, Reason, Resolved, Run};

use crate::network::Model;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

/// An experiment: a fleet of runs that share task, network, rule and batch size, and differ in their metaparameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The version of the format: [`VERSION`].
    pub version: u32,
    /// The task's id (`crate::task::TASKS`).
    pub task: String,
    /// The model and its sizes.
    pub model: Model,
    /// Multiplies every initial weight that is drawn; see [`limits::INITIAL_SCALE`].
    #[serde(default = "one")]
    pub initial_scale: f64,
    /// The update rule and its constants.
    pub optimizer: Optimizer,
    /// The base learning rates of the sweep, one run each. Not read where `runs` is given.
    #[serde(default)]
    pub learning_rates: LearningRates,
    /// The steps of linear warmup, prepended to `max_train_steps`.
    #[serde(default)]
    pub warmup_steps: u32,
    /// The learning rate after warmup.
    #[serde(default)]
    pub schedule: Schedule,
    /// The clip threshold for the global gradient norm; none clips nothing.
    #[serde(default)]
    pub clip_threshold: Option<f64>,
    /// The examples of a batch.
    pub batch_size: usize,
    /// The steps after warmup.
    pub max_train_steps: u32,
    /// Validation runs at steps 0, n, 2n, ... and after the last update.
    #[serde(default = "default_validation_every")]
    pub validation_every: u32,
    /// Decides data, initial parameters and batch order.
    #[serde(default = "default_seed")]
    pub seed: u32,
    /// The parameter whose values are recorded; by default the one with the largest gradient at step 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// The runs one by one, in place of the sweep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunSettings>,
}

fn one() -> f64 {
    1.0
}

fn default_validation_every() -> u32 {
    50
}

fn default_seed() -> u32 {
    1
}

/// One run: its base learning rate, and what differs from the experiment's own values.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunSettings {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// Warmup steps other than the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_steps: Option<u32>,
    /// A clip threshold other than the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clip_threshold: Option<f64>,
    /// An initial scale other than the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_scale: Option<f64>,
    /// Rule constants other than the experiment's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, f64>,
    /// A seed other than the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
}

/// A geometric sweep: `from`, `from * factor`, ... `count` values in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LearningRates {
    /// The smallest learning rate.
    pub from: f64,
    /// The ratio of neighbours.
    pub factor: f64,
    /// How many.
    pub count: usize,
}

impl Default for LearningRates {
    fn default() -> Self {
        Self { from: 0.001, factor: 2.0, count: 9 }
    }
}

impl LearningRates {
    /// The learning rates, smallest first, each rounded to 12 significant digits so that 0.001 * 2^3 prints as 0.008.
    pub fn values(&self) -> Vec<f64> {
        (0..self.count)
            .map(|k| {
                let exact = self.from * libm::pow(self.factor, k as f64);
                format!("{exact:.11e}").parse().unwrap_or(exact)
            })
            .collect()
    }
}

/// The learning rate after warmup, with k steps since warmup and S = `max_train_steps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// base
    #[default]
    Constant,
    /// base * (1 - k/S)
    Linear,
    /// base * (1 + cos(pi k/S)) / 2
    Cosine,
}

impl Schedule {
    /// All schedules, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Constant, Self::Linear, Self::Cosine];
}

/// An update rule with its constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "OptimizerFields", into = "OptimizerFields")]
pub struct Optimizer {
    /// Where the rule comes from.
    pub rule: RuleSource,
    /// Constants other than the rule's defaults.
    pub constants: BTreeMap<String, f64>,
}

/// Where the text of a rule comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleSource {
    /// A built-in rule, by its id.
    Builtin(String),
    /// The rule's own text.
    Text(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptimizerFields {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rule: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    constants: BTreeMap<String, f64>,
}

impl TryFrom<OptimizerFields> for Optimizer {
    type Error = &'static str;

    fn try_from(fields: OptimizerFields) -> Result<Self, Self::Error> {
        let rule = match (fields.rule, fields.text) {
            (Some(id), None) => RuleSource::Builtin(id),
            (None, Some(text)) => RuleSource::Text(text),
            _ => return Err("optimizer: give either `rule` (a built-in rule) or `text` (a rule's text)"),
        };
        Ok(Self { rule, constants: fields.constants })
    }
}

impl From<Optimizer> for OptimizerFields {
    fn from(optimizer: Optimizer) -> Self {
        let (rule, text) = match optimizer.rule {
            RuleSource::Builtin(id) => (Some(id), None),
            RuleSource::Text(text) => (None, Some(text)),
        };
        Self { rule, text, constants: optimizer.constants }
    }
}

impl Optimizer {
    /// A built-in rule with its default constants.
    pub fn builtin(id: &str) -> Self {
        Self { rule: RuleSource::Builtin(id.to_owned()), constants: BTreeMap::new() }
    }
}

/// The parameter whose gradient, value and states are recorded every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Probe {
    /// The parameter's name, such as `block3.first.weight`.
    pub layer: String,
    /// The place within that parameter, row by row, from 0.
    pub index: usize,
}

impl Experiment {
    /// Reads an experiment from JSON; [`Experiment::resolve`] then checks it.
    pub fn from_json(text: &str) -> Result<Self, ExperimentError> {
        serde_json::from_str(text).map_err(|error| ExperimentError::new("JSON", Reason::Json(error.to_string())))
    }

    /// The number of runs.
    pub fn run_count(&self) -> usize {
        if self.runs.is_empty() { self.learning_rates.count } else { self.runs.len() }
    }

    /// The experiment as JSON, one field a line.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}
