//! How each metaparameter is shown: its label, its control, and how a variant is named by it. One entry each, in one
//! exhaustive match: a metaparameter without an entry does not compile.

use super::board::Board;
use super::name::{constants_name, rates_name, rule_change_name};
use super::number::{Stepping, rounded, three};
use super::scene::percentile_90;
use super::text::Texts;
use brink_engine::experiment::{Difference, Experiment, ExperimentError, Optimizer, apply};
use brink_engine::metaparameter::{Absent, Definition, Kind, Metaparameter};
use brink_engine::rule::{Rule, builtin};
use brink_lab::diagnose::fixes::first_warmup;
use serde_json::Value;
use std::borrow::Cow;

/// How a metaparameter is shown.
pub struct Presentation {
    /// The group of controls that it belongs to.
    pub group: Group,
    /// The control's id in the document.
    pub id: &'static str,
    /// The label; it may depend on the kind of the model.
    pub label: fn(&'static Texts, &str) -> Cow<'static, str>,
    /// The control.
    pub control: ControlKind,
    /// How a variant is named that differs from the first one in it; `None` where another difference says enough.
    pub named: fn(&Change) -> Option<String>,
}

/// Groups of controls, in the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// Task and model.
    Network,
    /// Where the norm sits in a residual block.
    Block,
    /// The update rule and its constants.
    Optimizer,
    /// Warmup and schedule.
    Warmup,
    /// Gradient clipping.
    Clipping,
    /// The base learning rates.
    LearningRates,
    /// Batch size, steps, seed.
    Budget,
    /// Not in the setup.
    None,
}

impl Group {
    /// All groups that are shown.
    pub const ALL: [Self; 7] =
        [Self::Network, Self::Block, Self::Optimizer, Self::Warmup, Self::Clipping, Self::LearningRates, Self::Budget];

    /// The groups of what the page is about, in one row above the plots: see [`is_in_row`].
    pub const ROW: [Self; 4] = [Self::Optimizer, Self::Warmup, Self::Clipping, Self::Block];

    /// The entry of the glossary that says what it is, if there is one.
    pub fn entry(self) -> Option<&'static str> {
        match self {
            Self::Block => Some("placement"),
            Self::Warmup => Some("warmup"),
            Self::Clipping => Some("gradient_clipping"),
            Self::LearningRates => Some("base_learning_rate"),
            Self::Network | Self::Optimizer | Self::Budget | Self::None => None,
        }
    }

    /// Its name in an address: see [`super::query`].
    pub fn tag(self) -> &'static str {
        match self {
            Self::Network => "network",
            Self::Block => "placement",
            Self::Optimizer => "optimizer",
            Self::Warmup => "warmup",
            Self::Clipping => "clipping",
            Self::LearningRates => "learning-rates",
            Self::Budget => "budget",
            Self::None => "",
        }
    }

    /// Its title.
    pub fn title(self, texts: &'static Texts) -> &'static str {
        match self {
            Self::Network => texts.network,
            Self::Block => texts.placement,
            Self::Optimizer => texts.optimizer,
            Self::Warmup => texts.warmup,
            Self::Clipping => texts.clipping,
            Self::LearningRates => texts.rate_grid,
            Self::Budget => texts.budget,
            Self::None => "",
        }
    }
}

/// The control of a metaparameter. Which values it allows, the definition says.
#[derive(Clone, Copy, Debug)]
pub enum ControlKind {
    /// A field for a number.
    Number,
    /// A switch that turns the group on or off, and beside it, while on, a field for the number.
    Switch(Switch),
    /// A list to choose from.
    List,
    /// Buttons of which one is pressed.
    Buttons,
    /// The same, each with a picture of the residual block.
    BlockPictures,
    /// A checkbox.
    Checkbox,
    /// A field for each constant of the rule.
    Constants,
    /// None: a link or a file sets it.
    None,
}

/// Whether a metaparameter's control stands in the row above the plots, rather than among the rest of the setup.
pub fn is_in_row(id: Metaparameter) -> bool {
    use Metaparameter as M;
    matches!(id, M::Rule | M::WarmupSteps | M::ClipThreshold | M::Placement | M::Branch)
}

/// The symbol that a metaparameter sets in the equations, as in a rule's text.
pub fn symbol(id: Metaparameter) -> Option<&'static str> {
    use Metaparameter as M;
    match id {
        M::LowestLearningRate | M::LearningRateFactor | M::LearningRateCount => Some("eta"),
        M::ClipThreshold | M::ClipWindow => Some("lambda"),
        M::WarmupSteps => Some("W"),
        _ => None,
    }
}

/// How the buttons of a metaparameter's field step it, with its bounds; `None` where it is no number.
pub fn stepping(definition: &Definition) -> Option<Stepping> {
    match definition.kind {
        Kind::Number { least, most } => Some(Stepping { bounds: (least, most), whole: false, by_one: false }),
        Kind::Whole { least, most } => {
            let by_one = most <= MOST_BY_ONE || definition.id == Metaparameter::Seed;
            Some(Stepping { bounds: (least as f64, most as f64), whole: true, by_one })
        }
        _ => None,
    }
}

/// Whole numbers up to this are stepped by one: depths, strides, heads.
const MOST_BY_ONE: u64 = 64;

/// What a switch turns on and off.
#[derive(Clone, Copy, Debug)]
pub struct Switch {
    /// The switch's id in the document; the number has the presentation's.
    pub id: &'static str,
    /// The value while it is off.
    pub off: fn() -> Value,
    /// The value that turning it on begins with, for this board.
    pub on: fn(&Board) -> Value,
}

/// One difference between a variant and the first one.
pub struct Change<'a> {
    /// The metaparameter.
    pub definition: &'static Definition,
    /// Its path, which may lead into it: `optimizer.constants.gamma`.
    pub path: &'a str,
    /// Its value in the variant; null where it has none.
    pub to: &'a Value,
    /// All differences.
    pub all: &'a [Difference],
    /// The first variant's experiment.
    pub base: &'a Experiment,
    /// The variant's experiment.
    pub experiment: &'a Experiment,
    /// The texts of the page's language.
    pub texts: &'static Texts,
}

impl Change<'_> {
    /// Whether the variants differ in a field.
    pub fn differs_in(&self, path: &str) -> bool {
        self.all.iter().any(|one| one.field == path)
    }

    /// The value as text: numbers with three significant digits, names as the page calls them.
    fn value(&self) -> String {
        match self.to {
            Value::Number(number) => three(number.as_f64().unwrap_or(f64::NAN)),
            Value::String(name) => choice_name(self.definition, name, self.texts),
            other => other.to_string(),
        }
    }

    /// A count: all of its digits.
    fn count(&self) -> String {
        self.to.to_string()
    }

    /// The value, or the default where none is written.
    fn value_or_default(&self) -> String {
        match (self.to, self.definition.absent) {
            (Value::Null, Absent::Omitted(json)) => three(json.parse().unwrap_or(f64::NAN)),
            _ => self.value(),
        }
    }

    /// Whether the task is another: fields that come and go with it need no saying.
    fn is_other_task(&self) -> bool {
        self.differs_in("task")
    }

    /// Whether the model is of another kind: fields that come and go with it need no saying.
    fn is_other_model(&self) -> bool {
        self.differs_in("model.kind") || self.to.is_null()
    }
}

const WARMUP: Switch = Switch {
    id: "warmup",
    off: || Value::from(0),
    on: |board| Value::from(board.focused().map_or(1, |focused| first_warmup(focused.experiment().max_train_steps))),
};
const CLIPPING: Switch = Switch {
    id: "clipping",
    off: || Value::Null,
    on: |board| Value::from(percentile_90(board).map_or(FIRST_THRESHOLD, rounded)),
};

const OUTLIER: Switch = Switch { id: "outlier", off: || Value::Null, on: |_| Value::from(FIRST_OUTLIER) };

/// The step of the outlier that turning it on begins with.
const FIRST_OUTLIER: u32 = 300;

/// The clip threshold that turning clipping on begins with, where the focused run has no gradient norms yet.
const FIRST_THRESHOLD: f64 = 5.0;

/// The presentation of a metaparameter.
pub fn presentation(id: Metaparameter) -> Presentation {
    use Metaparameter as M;
    let entry = |group, id, label, control, named| Presentation { group, id, label, control, named };
    match id {
        M::Task => entry(Group::Network, "task", |t, _| t.task.into(), ControlKind::List, |c| Some(c.value())),
        M::LabelNoise => entry(
            Group::Network,
            "label-noise",
            |t, _| t.label_noise.into(),
            ControlKind::Number,
            |c| (!c.is_other_task()).then(|| c.texts.named_label_noise(c.value_or_default())),
        ),
        M::SequenceLength => entry(
            Group::Network,
            "sequence-length",
            |t, _| t.sequence_length.into(),
            ControlKind::Number,
            |c| (!c.is_other_task()).then(|| c.texts.named_length(c.value_or_default())),
        ),
        M::Vocabulary => entry(
            Group::Network,
            "vocabulary",
            |t, _| t.vocabulary.into(),
            ControlKind::Number,
            |c| (!c.is_other_task()).then(|| c.texts.named_vocabulary(c.value_or_default())),
        ),
        M::OutlierStep => entry(
            Group::Budget,
            "outlier-step",
            |t, _| t.outlier_step.into(),
            ControlKind::Switch(OUTLIER),
            |c| {
                let text = || c.texts.named_outlier(c.count());
                Some(if c.to.is_null() { c.texts.named_no_outlier.to_owned() } else { text() })
            },
        ),
        M::OutlierFactor => entry(
            Group::Budget,
            "outlier-factor",
            |t, _| t.outlier_factor.into(),
            ControlKind::Number,
            |c| Some(c.texts.named_outlier_factor(c.value_or_default())),
        ),
        M::Model => entry(Group::Network, "model", |t, _| t.model.into(), ControlKind::List, |c| Some(c.value())),
        M::Depth => entry(
            Group::Network,
            "depth",
            |t, model| t.named(&format!("depth_{model}"), &[]).unwrap_or(t.depth.into()),
            ControlKind::Number,
            |c| (!c.to.is_null()).then(|| c.texts.named_depth(c.count())),
        ),
        M::Width => entry(
            Group::Network,
            "width",
            |t, _| t.width.into(),
            ControlKind::Number,
            |c| (!c.to.is_null()).then(|| c.texts.named_width(c.count())),
        ),
        M::Heads => entry(
            Group::Network,
            "heads",
            |t, _| t.heads.into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_heads(c.count())),
        ),
        M::MlpWidth => entry(
            Group::Network,
            "mlp-width",
            |t, _| t.mlp_width.into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_mlp_width(c.count())),
        ),
        M::StemChannels => entry(
            Group::Network,
            "stem-channels",
            |t, _| t.stem_channels.into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_stem(c.count())),
        ),
        M::Channels1 => entry(
            Group::Network,
            "channels1",
            |t, _| t.channels(1).into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_channels(1, c.count())),
        ),
        M::Stride1 => entry(
            Group::Network,
            "stride1",
            |t, _| t.stride(1).into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_stride(1, c.count())),
        ),
        M::Channels2 => entry(
            Group::Network,
            "channels2",
            |t, _| t.channels(2).into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_channels(2, c.count())),
        ),
        M::Stride2 => entry(
            Group::Network,
            "stride2",
            |t, _| t.stride(2).into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_stride(2, c.count())),
        ),
        M::NormKind => entry(
            Group::Network,
            "norm-kind",
            |t, _| t.norm_kind.into(),
            ControlKind::List,
            |c| (!c.is_other_model()).then(|| c.value()),
        ),
        M::Pooling => entry(
            Group::Network,
            "pooling",
            |t, _| t.pooling.into(),
            ControlKind::List,
            |c| (!c.is_other_model()).then(|| c.value()),
        ),
        M::HeadLearningRate => entry(
            Group::Network,
            "head-learning-rate",
            |t, _| t.head_learning_rate.into(),
            ControlKind::Number,
            |c| (!c.is_other_model()).then(|| c.texts.named_head(c.value())),
        ),
        M::Activation => {
            entry(Group::Network, "activation", |t, _| t.activation.into(), ControlKind::List, |c| Some(c.value()))
        }
        M::InitialScale => entry(
            Group::Network,
            "initial-scale",
            |t, _| t.initial_scale.into(),
            ControlKind::Number,
            |c| Some(c.texts.named_scale(c.value())),
        ),
        M::Placement => entry(
            Group::Block,
            "placement",
            |t, _| t.placement.into(),
            ControlKind::BlockPictures,
            |c| {
                (!c.is_other_model()).then(|| match c.to.as_str() {
                    Some("none") => c.texts.named_no_norm.to_owned(),
                    _ => c.texts.named_norm(c.value()),
                })
            },
        ),
        M::FinalNorm => entry(
            Group::Block,
            "final-norm",
            |t, _| t.final_norm.into(),
            ControlKind::Checkbox,
            |c| {
                let text =
                    if *c.to == Value::Bool(true) { c.texts.named_final_norm } else { c.texts.named_no_final_norm };
                (!c.is_other_model()).then(|| text.to_owned())
            },
        ),
        M::Branch => entry(
            Group::Block,
            "branch",
            |t, _| t.branch.into(),
            ControlKind::List,
            |c| {
                let value = c.value();
                // What stands in brackets explains the choice; a name goes without.
                let start = value.split(" (").next().unwrap_or_default();
                (!c.is_other_model()).then(|| c.texts.named_branch(start))
            },
        ),
        M::Rule => {
            entry(Group::Optimizer, "optimizer", |t, _| t.optimizer.into(), ControlKind::Buttons, rule_change_name)
        }
        M::RuleText => entry(Group::None, "rule-text", |t, _| t.rule_text.into(), ControlKind::None, rule_change_name),
        M::Constants => entry(Group::Optimizer, "constant", |_, _| "".into(), ControlKind::Constants, constants_name),
        M::WarmupSteps => entry(
            Group::Warmup,
            "warmup-steps",
            |t, _| t.warmup_steps.into(),
            ControlKind::Switch(WARMUP),
            |c| {
                Some(match c.to.as_u64() {
                    Some(0) => c.texts.no_warmup.to_owned(),
                    _ => c.texts.with_warmup(c.count()),
                })
            },
        ),
        M::Schedule => {
            entry(Group::Warmup, "schedule", |t, _| t.schedule.into(), ControlKind::List, |c| Some(c.value()))
        }
        M::ClipThreshold => entry(
            Group::Clipping,
            "clip-threshold",
            |t, _| t.threshold.into(),
            ControlKind::Switch(CLIPPING),
            |c| Some(if c.to.is_null() { c.texts.no_clipping.to_owned() } else { c.texts.with_clipping(c.value()) }),
        ),
        M::ClipDuringWarmup => entry(
            Group::Clipping,
            "clip-during-warmup",
            |t, _| t.clip_during_warmup.into(),
            ControlKind::Checkbox,
            |c| {
                let is_on = *c.to == Value::Bool(true);
                Some(if is_on { c.texts.named_clip_warmup } else { c.texts.named_no_clip_warmup }.to_owned())
            },
        ),
        M::ClipWindow => entry(
            Group::Clipping,
            "clip-window",
            |t, _| t.clip_window.into(),
            ControlKind::Number,
            |c| {
                let is_off = c.to.as_u64() == Some(0);
                Some(if is_off {
                    c.texts.named_no_clip_window.to_owned()
                } else {
                    c.texts.named_clip_window(c.value())
                })
            },
        ),
        M::LowestLearningRate => {
            entry(Group::LearningRates, "rate-lowest", |t, _| t.rate_lowest.into(), ControlKind::Number, rates_name)
        }
        M::LearningRateFactor => {
            entry(Group::LearningRates, "rate-factor", |t, _| t.rate_factor.into(), ControlKind::Number, rates_name)
        }
        M::LearningRateCount => {
            entry(Group::LearningRates, "rate-count", |t, _| t.rate_count.into(), ControlKind::Number, rates_name)
        }
        M::BatchSize => entry(
            Group::Budget,
            "batch-size",
            |t, _| t.batch_size.into(),
            ControlKind::Number,
            |c| Some(c.texts.named_batch(c.count())),
        ),
        M::MaxTrainSteps => entry(
            Group::Budget,
            "steps",
            |t, _| t.steps.into(),
            ControlKind::Number,
            |c| Some(c.texts.named_steps(c.count())),
        ),
        M::Seed => entry(
            Group::Budget,
            "seed",
            |t, _| t.seed.into(),
            ControlKind::Number,
            |c| Some(c.texts.named_seed(c.count())),
        ),
        M::ValidationEvery => entry(
            Group::None,
            "validation-every",
            |t, _| t.validation_every.into(),
            ControlKind::None,
            |c| Some(c.texts.named_validation(c.count())),
        ),
        M::FullGradientEvery => entry(
            Group::Budget,
            "full-gradient-every",
            |t, _| t.full_gradient_every.into(),
            ControlKind::Number,
            |c| Some(c.texts.named_full_gradient(c.value_or_default())),
        ),
        M::CriticalEvery => entry(
            Group::Budget,
            "critical-every",
            |t, _| t.critical_every.into(),
            ControlKind::Number,
            |c| Some(c.texts.named_critical(c.value_or_default())),
        ),
        // The probe is what is looked at, not what is trained.
        M::ProbeLayer => entry(Group::None, "probe-layer", |t, _| t.probe.into(), ControlKind::None, |_| None),
        M::ProbeIndex => entry(Group::None, "probe-index", |t, _| t.probe.into(), ControlKind::None, |_| None),
    }
}

/// The experiment with another value of a metaparameter, as its control sets it: with the kind of the model comes what the
/// new kind needs, with the task a model that reads it, and another rule begins with its own constants.
///
/// # Errors
///
/// What the metaparameter does not allow.
pub fn with_value(
    experiment: &Experiment,
    definition: &Definition,
    value: Value,
) -> Result<Experiment, ExperimentError> {
    match (definition.id, &value) {
        (Metaparameter::Model, Value::String(kind)) => experiment.with_model_kind(kind),
        (Metaparameter::Task, Value::String(id)) => experiment.with_task(id),
        (Metaparameter::Rule, Value::String(id)) => {
            let optimizer = Optimizer::builtin(id);
            Experiment::from_value(Experiment { optimizer, ..experiment.clone() }.to_value())
        }
        _ => apply(experiment, [(definition.path, value)]),
    }
}

/// Whether another value would change anything in this experiment.
pub fn has_effect(id: Metaparameter, experiment: &Experiment) -> bool {
    match id {
        Metaparameter::ClipDuringWarmup => experiment.clips() && experiment.warmup_steps > 0,
        _ => true,
    }
}

/// What a value of a metaparameter is called that is chosen by name.
pub fn choice_name(definition: &Definition, value: &str, texts: &Texts) -> String {
    if definition.id == Metaparameter::Rule {
        let rule = builtin().iter().find(|rule| rule.id == value).and_then(|rule| Rule::parse(rule.text).ok());
        return rule.map_or_else(|| value.to_owned(), |rule| rule.name);
    }
    texts.named(&text_name(definition, value), &[]).map_or_else(|| value.to_owned(), Cow::into_owned)
}

/// The name of the text that a choice is called by: `placement_inside`, `model_mlp`.
fn text_name(definition: &Definition, value: &str) -> String {
    let name = if definition.id == Metaparameter::Model { "model" } else { definition.name() };
    format!("{name}_{value}")
}

/// The names that a metaparameter can hold; none where it is not chosen by name.
pub fn choices(definition: &Definition) -> Vec<&'static str> {
    if let Kind::Choice(names) = definition.kind { names() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;
    use brink_engine::experiment::{PRESETS, definition, definitions};
    use brink_engine::network::Model;
    use brink_engine::task::TASKS;

    /// The definitions of every task and model.
    fn every_definition() -> impl Iterator<Item = &'static Definition> {
        let pairs = TASKS.iter().flat_map(|task| Model::KINDS.iter().map(|model| (task.id, *model)));
        pairs.flat_map(|(task, model)| definitions(task, model))
    }

    #[test]
    fn every_choice_has_a_name_in_each_language() {
        for definition in every_definition() {
            for value in choices(definition) {
                for language in Language::ALL {
                    let is_rule = definition.id == Metaparameter::Rule;
                    let text = language.texts().named(&text_name(definition, value), &[]);
                    assert!(is_rule || text.is_some(), "{}: {value} in {}", definition.path, language.tag());
                    assert_eq!(is_rule, text.is_none(), "rules are named by their own text");
                }
            }
        }
    }

    #[test]
    fn a_control_sets_its_metaparameter_and_what_hangs_on_it() {
        let base = (PRESETS[0].experiment)();
        let set = |path: &str, value: Value| {
            with_value(&base, definition(path, &base.task, base.model.kind()).expect("a metaparameter"), value)
        };
        let mlp = set("model.kind", "mlp".into()).expect("an experiment");
        assert_eq!(
            mlp.get("model"),
            serde_json::json!({ "kind": "mlp", "depth": 8, "width": 32, "activation": "relu" })
        );
        let back = with_value(&mlp, definition("model.kind", "teacher", "mlp").expect("there"), "residual_mlp".into());
        assert_eq!(back.expect("an experiment").model, base.model);
        let mut own = base.clone();
        own.optimizer.constants.insert("gamma".to_owned(), 0.5);
        let rule = definition("optimizer.rule", "teacher", "mlp").expect("there");
        assert_eq!(with_value(&own, rule, "adam".into()).expect("adam").optimizer, Optimizer::builtin("adam"));
        assert_eq!(set("clip_threshold", 2.5.into()).expect("2.5").clip_threshold, Some(2.5));
        assert_eq!(set("clip_threshold", Value::Null).expect("off").clip_threshold, None);
        let after_warmup = set("clip_during_warmup", false.into()).expect("a flag");
        assert!(!after_warmup.clip_during_warmup);
        assert_eq!(
            with_value(&after_warmup, definition("clip_during_warmup", "teacher", "mlp").expect("there"), true.into()),
            Ok(base.clone())
        );
        assert_eq!(set("seed", 1.5.into()).expect_err("no whole number").field, "seed");
        assert_eq!(set("model.depth", 65.into()).expect_err("too deep").field, "model.depth");
    }

    #[test]
    fn every_control_has_an_id_of_its_own() {
        for (task, kind) in TASKS.iter().flat_map(|task| Model::KINDS.iter().map(|kind| (task.id, kind))) {
            let mut ids: Vec<&str> = definitions(task, kind).map(|one| presentation(one.id).id).collect();
            ids.sort_unstable();
            let count = ids.len();
            ids.dedup();
            assert_eq!(ids.len(), count, "{ids:?}");
        }
    }
}
