use brink_base::excerpt::beginning;
use brink_network::models::{Needs, Unfit};
use brink_rule::RuleError;

/// What is wrong with an experiment: the field, and what it may hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub struct ExperimentError {
    /// The field, as in the JSON: `learning_rates.count`.
    pub field: String,
    /// What is wrong and what is allowed.
    pub reason: Reason,
}

/// What is wrong with a field, as data, so that it can be said in each language.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// It has to be there.
    #[error("is missing")]
    Missing,
    /// A value of another kind than the field's.
    #[error("{found} is not {expected}")]
    Kind {
        /// As found, as JSON; the beginning of it where it is long.
        found: String,
        /// What is allowed.
        expected: Expected,
    },
    /// A number out of its range.
    #[error("{value} is not between {least} and {most}")]
    Range {
        /// As found.
        value: String,
        /// The least that is allowed.
        least: String,
        /// The most that is allowed.
        most: String,
    },
    /// A name that stands for nothing.
    #[error("{value} is none of {known}")]
    Unknown {
        /// As found, quoted.
        value: String,
        /// The names that are known.
        known: String,
    },
    /// Of two fields there must be exactly one.
    #[error("give either {0} or {1}")]
    Either(&'static str, &'static str),
    /// A network that is too large.
    #[error("the network has {count} parameters, at most {most} are allowed; lower model.width or model.depth")]
    Parameters {
        /// Its parameters.
        count: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// Too many runs, or none.
    #[error("{count} runs, at most {most} are allowed")]
    Runs {
        /// The runs.
        count: usize,
        /// The most that are allowed.
        most: usize,
    },
    /// A constant of the rule out of its interval.
    #[error("{value} is not in {range}")]
    Interval {
        /// As found.
        value: String,
        /// The values that are allowed.
        range: String,
    },
    /// A field that does not exist, where no other could be meant.
    #[error("there is no such field")]
    NoField,
    /// A model that cannot read what the task gives.
    #[error("reads {0}, which the task does not have")]
    Unreadable(Needs),
    /// A size that must be a multiple of another.
    #[error("is not a multiple of {divisor}, {value}")]
    Multiple {
        /// The path of the divisor.
        divisor: &'static str,
        /// The divisor.
        value: usize,
    },
    /// The gradient over the whole training set, of a task that draws every batch anew.
    #[error("the task has no training set that stays")]
    NoTrainingSet,
    /// A probe whose steps are multiplied by a factor: its numbers would not follow the equations.
    #[error("this layer has a learning rate of its own, which the equations do not show; choose another layer")]
    OwnLearningRate,
    /// An outlier among tokens.
    #[error("tokens have no outliers")]
    NoOutlier,
    /// The text of a rule that is wrong.
    #[error("{0}")]
    Rule(RuleError),
    /// A text that is no JSON: the parser's message, in English.
    #[error("{0}")]
    Json(String),
    /// Anything else, in English: nothing that a control or a link can get wrong.
    #[error("{0}")]
    Other(String),
}

/// What kind of value a field holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    /// A finite number.
    #[error("a number")]
    Number,
    /// A number without fraction, between two bounds.
    #[error("a whole number from {least} to {most}")]
    Whole {
        /// The least that is allowed.
        least: u64,
        /// The most that is allowed.
        most: u64,
    },
    /// A text.
    #[error("a text")]
    Text,
    /// True or false.
    #[error("true or false")]
    Boolean,
    /// A list.
    #[error("a list")]
    List,
    /// An object with fields.
    #[error("an object")]
    Object,
}

/// The refusal of the field that is at fault.
impl From<Unfit> for ExperimentError {
    fn from(unfit: Unfit) -> Self {
        match unfit {
            Unfit::Input(needs) => Self::new("model.kind", Reason::Unreadable(needs)),
            Unfit::Divisor { size, divisor, value } => Self::new(size, Reason::Multiple { divisor, value }),
            Unfit::Length { length, most } => {
                let (value, least, most) = (length.to_string(), "1".to_owned(), most.to_string());
                Self::new("data.length", Reason::Range { value, least, most })
            }
        }
    }
}

impl Reason {
    /// A name that is none of those that are known.
    pub fn unknown(name: &str, known: &[&str]) -> Self {
        if known.is_empty() {
            return Self::NoField;
        }
        Self::Unknown { value: format!("{:?}", beginning(name)), known: known.join(", ") }
    }

    /// A value of another kind than the field's.
    pub(super) fn kind(found: &serde_json::Value, expected: Expected) -> Self {
        Self::Kind { found: beginning(&found.to_string()), expected }
    }
}

impl ExperimentError {
    pub(super) fn new(field: impl Into<String>, reason: Reason) -> Self {
        Self { field: beginning(&field.into()), reason }
    }
}
