//! What a metaparameter is: its name in the JSON and in links, what it may hold, and what it means, in one [`Definition`].
//!
//! Those of every experiment are listed in `METAPARAMETERS` of `brink-experiment`, those of a model or a task in its own file.
//! Validation, the controls of the page, the names of variants, links, refusals and the table in `docs/experiment.md`
//! follow from the definitions.

use serde_json::Value;

/// Every metaparameter. What is shown of one (its label, its control, how a variant is named by it) is an exhaustive match
/// over these, so that one without a presentation does not compile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the definition of each says what it is")]
pub enum Metaparameter {
    Task,
    LabelNoise,
    SequenceLength,
    Vocabulary,
    OutlierStep,
    OutlierFactor,
    Model,
    Depth,
    Width,
    Heads,
    MlpWidth,
    StemChannels,
    Channels1,
    Stride1,
    Channels2,
    Stride2,
    Activation,
    NormKind,
    Pooling,
    HeadLearningRate,
    Placement,
    FinalNorm,
    Branch,
    InitialScale,
    Rule,
    RuleText,
    Constants,
    LowestLearningRate,
    LearningRateFactor,
    LearningRateCount,
    WarmupSteps,
    Schedule,
    ClipThreshold,
    ClipDuringWarmup,
    ClipWindow,
    BatchSize,
    MaxTrainSteps,
    ValidationEvery,
    FullGradientEvery,
    CriticalEvery,
    Seed,
    ProbeLayer,
    ProbeIndex,
}

/// One metaparameter: the definition from which all its uses follow.
#[derive(Clone, Copy, Debug)]
pub struct Definition {
    /// Which one it is.
    pub id: Metaparameter,
    /// Its path in the JSON and in links: `model.width`.
    pub path: &'static str,
    /// What it may hold.
    pub kind: Kind,
    /// What an experiment without it gets.
    pub absent: Absent,
    /// The unit; empty for a plain number, a name or a switch.
    pub unit: &'static str,
    /// What it means, as `docs/experiment.md` says it.
    pub about: &'static str,
    /// Whether each run of a fleet may have a value of its own.
    pub varies_by_run: bool,
    /// Whether another value makes another problem, so that losses can no longer be compared.
    pub changes_problem: bool,
}

/// A text for the documentation and the command line: the page, which shows none of them, goes without.
pub const fn documented(text: &'static str) -> &'static str {
    if cfg!(target_arch = "wasm32") { "" } else { text }
}

impl Definition {
    /// What most metaparameters have: required, without a unit, the same for all runs and every problem.
    pub const PLAIN: Self = Self {
        id: Metaparameter::Task,
        path: "",
        kind: Kind::Text,
        absent: Absent::Refused,
        unit: "",
        about: "",
        varies_by_run: false,
        changes_problem: false,
    };

    /// The last name of the path: `width` of `model.width`.
    pub fn name(&self) -> &'static str {
        self.path.rsplit('.').next().unwrap_or(self.path)
    }

    /// What an experiment has whose JSON holds this value: the default where none is written.
    pub fn value(&self, written: &Value) -> Value {
        match self.absent {
            Absent::Omitted(json) if written.is_null() => serde_json::from_str(json).unwrap_or_default(),
            _ => written.clone(),
        }
    }
}

/// What a metaparameter may hold.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A finite number between two bounds, both included.
    Number {
        /// The smallest allowed.
        least: f64,
        /// The largest allowed.
        most: f64,
    },
    /// A whole number between two bounds, both included.
    Whole {
        /// The smallest allowed.
        least: u64,
        /// The largest allowed.
        most: u64,
    },
    /// One of these names.
    Choice(fn() -> Vec<&'static str>),
    /// True or false.
    Flag,
    /// Any text.
    Text,
    /// Numbers by name; which names and which ranges, the update rule decides.
    Constants,
}

/// What an experiment gets that leaves a metaparameter out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// It is refused.
    Refused,
    /// It is refused where the object that would hold it is there.
    RefusedWithParent,
    /// This value, as JSON. Where that is `null`, null may also be written.
    Default(&'static str),
    /// The same, but it is not written: one that is written is taken away. Of fields that come and go with the task.
    Omitted(&'static str),
    /// Nothing: the experiment does without.
    Nothing,
}
