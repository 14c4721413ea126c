//! What to run: the serialisable description of a fleet, its validation and limits, presets, its difference from
//! another. `docs/experiment.md` describes the JSON field by field.

mod check;
mod difference;
mod fault;
pub mod limits;
mod metaparameters;
mod presets;
mod resolve;

pub use brink_base::excerpt::beginning;
pub use brink_rule::Schedule;
pub use difference::{Difference, apply, difference};
pub use fault::{Expected, ExperimentError, Reason};
pub use metaparameters::{METAPARAMETERS, definition, definitions};
pub use presets::{PRESETS, Preset, preset};
pub use resolve::{ClipThreshold, Resolved, Run};

use brink_base::number::significant;
use brink_network::Model;
use brink_task::TaskKind;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The version of the format that this program writes and reads.
pub const VERSION: u32 = 1;

/// An experiment: a fleet of runs that share task, network, rule and batch size, and differ in their metaparameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Experiment {
    /// The version of the format: [`VERSION`].
    pub version: u32,
    /// The task's id ([`brink_task::TASKS`]).
    pub task: String,
    /// The values of the task's metaparameters, by name, where they are not the defaults.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub data: Map<String, Value>,
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
    /// Whether the steps of warmup are clipped, too.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub clip_during_warmup: bool,
    /// The steps whose gradient norms give a trailing clip threshold, their 90th percentile; 0 for a threshold that stays.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub clip_window: u32,
    /// The examples of a batch.
    pub batch_size: usize,
    /// The steps after warmup.
    pub max_train_steps: u32,
    /// Validation runs at steps 0, n, 2n, ... and after the last update.
    pub validation_every: u32,
    /// The gradient over the whole training set is taken at steps 0, n, 2n, ...; 0 for never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub full_gradient_every: u32,
    /// The critical learning rate is searched at steps 0, n, 2n, ...; 0 for never.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub critical_every: u32,
    /// Decides data, initial parameters and batch order.
    pub seed: u32,
    /// The parameter whose values are recorded; by default the one with the largest gradient at step 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// The runs one by one, instead of the sweep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runs: Vec<RunSettings>,
}

/// One run: its base learning rate, and what differs from the experiment's own values.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunSettings {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// Warmup steps other than the experiment's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warmup_steps: Option<u32>,
    /// A clip threshold other than the experiment's; null clips nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "given")]
    pub clip_threshold: Option<Option<f64>>,
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

/// A value that is there, though it be null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<f64>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn yes() -> bool {
    true
}

fn is_true(value: &bool) -> bool {
    *value
}

fn is_zero(value: &u32) -> bool {
    *value == 0
}

/// A geometric sweep: `from`, `from * factor`, ... `count` values in all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
                significant(exact, 12)
            })
            .collect()
    }
}

/// An update rule with its constants.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Optimizer {
    /// Where the rule comes from.
    #[serde(flatten)]
    pub rule: RuleSource,
    /// Constants other than the rule's defaults.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, f64>,
}

/// Where the text of a rule comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum RuleSource {
    /// A built-in rule, by its id.
    #[serde(rename = "rule")]
    Builtin(String),
    /// The rule's own text.
    #[serde(rename = "text")]
    Text(String),
}

impl Optimizer {
    /// A built-in rule with its default constants.
    pub fn builtin(id: &str) -> Self {
        Self { rule: RuleSource::Builtin(id.to_owned()), constants: BTreeMap::new() }
    }
}

/// The parameter whose gradient, value and states are recorded every step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probe {
    /// The parameter's name, such as `block3.first.weight`.
    pub layer: String,
    /// The index within that parameter, row by row, from 0.
    pub index: usize,
}

/// The value of the metaparameter at a path in an experiment's JSON; null where it has none.
pub fn value_at<'a>(experiment: &'a Value, path: &str) -> &'a Value {
    path.split('.').fold(experiment, |value, name| &value[name])
}

impl Experiment {
    /// Whether any step is clipped.
    pub fn clips(&self) -> bool {
        self.clip_threshold.is_some() || self.clip_window > 0
    }

    /// The clip threshold, where it stays as it is through training.
    pub fn fixed_clip_threshold(&self) -> Option<f64> {
        self.clip_threshold.filter(|_| self.clip_window == 0)
    }

    /// The same with gradients clipped at this threshold throughout.
    pub fn clipped_at(&self, threshold: f64) -> Self {
        Self { clip_threshold: Some(threshold), clip_window: 0, ..self.clone() }
    }

    /// Reads an experiment from JSON; [`Experiment::resolve`] then looks up what its names refer to.
    ///
    /// # Errors
    ///
    /// The first field that is missing, unknown, of another kind or out of its range.
    pub fn from_json(text: &str) -> Result<Self, ExperimentError> {
        let value = serde_json::from_str(text)
            .map_err(|error| ExperimentError::new("JSON", Reason::Json(error.to_string())))?;
        Self::from_value(value)
    }

    /// The same, from JSON that is parsed already.
    ///
    /// # Errors
    ///
    /// As [`Experiment::from_json`].
    pub fn from_value(mut value: Value) -> Result<Self, ExperimentError> {
        check::complete(&mut value)?;
        // What the definitions do not cover is refused here, in English; serde's message names the field.
        serde_json::from_value(value)
            .map_err(|error| ExperimentError::new("experiment", Reason::Other(beginning(&error.to_string()))))
    }

    /// The experiment as JSON. A number that is not finite becomes null, which [`Experiment::from_value`] refuses.
    pub fn to_value(&self) -> Value {
        // Every field has a JSON form: there are no maps with other keys than texts.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The experiment as JSON text, one field a line.
    pub fn to_json(&self) -> String {
        format!("{:#}", self.to_value())
    }

    /// The value of the metaparameter at a path, such as `model.width`; null where the experiment has none.
    pub fn get(&self, path: &str) -> Value {
        value_at(&self.to_value(), path).clone()
    }

    /// The experiment with another kind of model: the metaparameters that both kinds have keep their values, the others
    /// get those of the kind's example. Where the kind cannot read the task, the first task that it reads takes its place.
    ///
    /// # Errors
    ///
    /// There is no such kind, or a value that the kinds have in common is out of the new one's range.
    pub fn with_model_kind(&self, kind: &str) -> Result<Self, ExperimentError> {
        let mut value = self.to_value();
        let old = value["model"].take();
        let example = Model::example(kind)
            .ok_or_else(|| ExperimentError::new("model.kind", Reason::unknown(kind, Model::KINDS)))?;
        value["model"] = serde_json::to_value(&example).unwrap_or_default();
        for definition in Model::metaparameters(kind).unwrap_or_default() {
            if let Some(kept) = old.get(definition.name()) {
                value["model"][definition.name()] = kept.clone();
            }
        }
        let reads = |task: &&&TaskKind| example.check(&task.default_task().input()).is_ok();
        if !brink_task::find(&self.task).as_ref().is_some_and(|task| reads(&task))
            && let Some(other) = brink_task::TASKS.iter().find(reads)
        {
            value["task"] = other.id.into();
            self.keep_data(&mut value, other);
        }
        Self::from_value(value)
    }

    /// The experiment on another task: the metaparameters that both tasks have keep their values. Where the model cannot read
    /// the task, the example of the first kind that can takes its place.
    ///
    /// # Errors
    ///
    /// There is no such task, or a value that the tasks have in common is out of the new one's range.
    pub fn with_task(&self, id: &str) -> Result<Self, ExperimentError> {
        let Some(task) = brink_task::find(id) else {
            let ids: Vec<&str> = brink_task::TASKS.iter().map(|task| task.id).collect();
            return Err(ExperimentError::new("task", Reason::unknown(id, &ids)));
        };
        let mut value = self.to_value();
        value["task"] = id.into();
        self.keep_data(&mut value, task);
        let input = task.default_task().input();
        if self.model.check(&input).is_err() {
            let mut examples = Model::KINDS.iter().filter_map(|kind| Model::example(kind));
            if let Some(example) = examples.find(|model| model.check(&input).is_ok()) {
                value["model"] = serde_json::to_value(example).unwrap_or_default();
            }
        }
        Self::from_value(value)
    }

    /// Keeps of the data's metaparameters those that a task has.
    fn keep_data(&self, value: &mut Value, task: &TaskKind) {
        let known = |name: &str| {
            let path = format!("data.{name}");
            METAPARAMETERS.iter().chain(task.metaparameters).any(|definition| definition.path == path)
        };
        value["data"] = self.data.iter().filter(|(name, _)| known(name)).map(|(k, v)| (k.clone(), v.clone())).collect();
    }

    /// The base learning rate of each run.
    pub fn base_learning_rates(&self) -> Vec<f64> {
        if self.runs.is_empty() {
            self.learning_rates.values()
        } else {
            self.runs.iter().map(|run| run.base_learning_rate).collect()
        }
    }

    /// The number of runs.
    pub fn run_count(&self) -> usize {
        if self.runs.is_empty() { self.learning_rates.count } else { self.runs.len() }
    }
}
