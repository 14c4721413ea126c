//! What to run: the serialisable description of a fleet, its validation and limits, presets, its difference from
//! another. `docs/experiment.md` describes the JSON field by field.

mod difference;
pub mod limits;
mod presets;
mod resolve;

pub use difference::{Difference, apply, difference};
pub use presets::{PRESETS, Preset, preset};
pub use resolve::{ExperimentError, Reason, Resolved, Run};

use crate::decimal::Decimal;
use crate::json::{self, Fault, Fields, Json, Mismatch, Value, json_fields, json_names};
use crate::network::Model;
use crate::rule::{Formula, schedules};
use litemap::LiteMap;

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

/// An experiment: a fleet of runs that share task, network, rule and batch size, and differ in their metaparameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Experiment {
    /// The version of the format: [`VERSION`].
    pub version: u32,
    /// The task's id (`crate::task::TASKS`).
    pub task: String,
    /// The model and its sizes.
    pub model: Model,
    /// Multiplies every initial weight that is drawn; see [`limits::INITIAL_SCALE`].
    pub initial_scale: f64,
    /// The update rule and its constants.
    pub optimizer: Optimizer,
    /// The base learning rates of the sweep, one run each. Not read where `runs` is given.
    pub learning_rates: LearningRates,
    /// The steps of linear warmup, prepended to `max_train_steps`.
    pub warmup_steps: u32,
    /// The learning rate after warmup.
    pub schedule: Schedule,
    /// The clip threshold for the global gradient norm; none clips nothing.
    pub clip_threshold: Option<f64>,
    /// The examples of a batch.
    pub batch_size: usize,
    /// The steps after warmup.
    pub max_train_steps: u32,
    /// Validation runs at steps 0, n, 2n, ... and after the last update.
    pub validation_every: u32,
    /// Decides data, initial parameters and batch order.
    pub seed: u32,
    /// The parameter whose values are recorded; by default the one with the largest gradient at step 0.
    pub probe: Option<Probe>,
    /// The runs one by one, in place of the sweep.
    pub runs: Vec<RunSettings>,
}

/// Validation every so many steps, where the experiment does not say.
const VALIDATION_EVERY: u32 = 50;

json_fields!(Experiment {
    version: required,
    task: required,
    model: required,
    initial_scale: or(1.0),
    optimizer: required,
    learning_rates: or(LearningRates::default()),
    warmup_steps: or(0),
    schedule: or(Schedule::default()),
    clip_threshold: or(None),
    batch_size: required,
    max_train_steps: required,
    validation_every: or(VALIDATION_EVERY),
    seed: or(1),
    probe: optional,
    runs: optional,
});

/// One run: its base learning rate, and what differs from the experiment's own values.
#[derive(Clone, Debug, PartialEq)]
pub struct RunSettings {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// Warmup steps other than the experiment's.
    pub warmup_steps: Option<u32>,
    /// A clip threshold other than the experiment's.
    pub clip_threshold: Option<f64>,
    /// An initial scale other than the experiment's.
    pub initial_scale: Option<f64>,
    /// Rule constants other than the experiment's.
    pub constants: LiteMap<String, f64>,
    /// A seed other than the experiment's.
    pub seed: Option<u32>,
}

json_fields!(RunSettings {
    base_learning_rate: required,
    warmup_steps: optional,
    clip_threshold: optional,
    initial_scale: optional,
    constants: optional,
    seed: optional,
});

/// A geometric sweep: `from`, `from * factor`, ... `count` values in all.
#[derive(Clone, Debug, PartialEq)]
pub struct LearningRates {
    /// The smallest learning rate.
    pub from: f64,
    /// The ratio of neighbours.
    pub factor: f64,
    /// How many.
    pub count: usize,
}

json_fields!(LearningRates { from: required, factor: required, count: required });

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
                Decimal::of(exact).significant(12).value()
            })
            .collect()
    }
}

/// The learning rate after warmup, with k steps since warmup and S = `max_train_steps`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Schedule {
    /// base
    #[default]
    Constant,
    /// base * (1 - k/S)
    Linear,
    /// base * (1 + cos(pi k/S)) / 2
    Cosine,
}

json_names!(Schedule { Constant = "constant", Linear = "linear", Cosine = "cosine" });

impl Schedule {
    /// All schedules, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Constant, Self::Linear, Self::Cosine];

    /// The learning rate after warmup.
    pub fn formula(self) -> &'static Formula {
        &schedules()[self as usize].formula
    }
}

/// An update rule with its constants.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizer {
    /// Where the rule comes from.
    pub rule: RuleSource,
    /// Constants other than the rule's defaults.
    pub constants: LiteMap<String, f64>,
}

/// Where the text of a rule comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum RuleSource {
    /// A built-in rule, by its id.
    Builtin(String),
    /// The rule's own text.
    Text(String),
}

impl Json for Optimizer {
    fn to_tree(&self) -> Value {
        let (field, text) = match &self.rule {
            RuleSource::Builtin(id) => ("rule", id),
            RuleSource::Text(text) => ("text", text),
        };
        let mut tree = json::object([(field, text.to_tree())]);
        if let (Some(fields), false) = (tree.fields_mut(), self.constants.is_empty()) {
            fields.push(("constants".to_owned(), self.constants.to_tree()));
        }
        tree
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        let fields = Fields::of(tree, &["rule", "text", "constants"])?;
        let rule = match (fields.optional("rule")?.flatten(), fields.optional("text")?.flatten()) {
            (Some(id), None) => RuleSource::Builtin(id),
            (None, Some(text)) => RuleSource::Text(text),
            _ => return Err(Mismatch::new(Fault::Either("rule", "text"))),
        };
        Ok(Self { rule, constants: fields.optional("constants")?.unwrap_or_default() })
    }
}

impl Optimizer {
    /// A built-in rule with its default constants.
    pub fn builtin(id: &str) -> Self {
        Self { rule: RuleSource::Builtin(id.to_owned()), constants: LiteMap::new() }
    }
}

/// The parameter whose gradient, value and states are recorded every step.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// The parameter's name, such as `block3.first.weight`.
    pub layer: String,
    /// The place within that parameter, row by row, from 0.
    pub index: usize,
}

json_fields!(Probe { layer: required, index: required });

impl Experiment {
    /// Reads an experiment from JSON; [`Experiment::resolve`] then checks it.
    pub fn from_json(text: &str) -> Result<Self, ExperimentError> {
        let tree = json::read(text).map_err(|error| ExperimentError::new("JSON", Reason::Json(error)))?;
        Ok(Self::from_tree(&tree)?)
    }

    /// The number of runs.
    pub fn run_count(&self) -> usize {
        if self.runs.is_empty() { self.learning_rates.count } else { self.runs.len() }
    }

    /// The experiment as JSON, one field a line.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn to_json(&self) -> String {
        json::write_lines(&self.to_tree())
    }
}
