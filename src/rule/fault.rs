//! What can be wrong with the text of a rule. Everything a sentence about it needs is data, so that the page can say it in
//! each of its languages; what stands here in English is for the command line.

use brink_base::excerpt::beginning;
use std::fmt;

/// Where and why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {fault}")]
pub struct RuleError {
    /// Line of the text, from 1.
    pub line: usize,
    /// Column of the line in characters, from 1; one past the end where something is missing there.
    pub column: usize,
    /// What is wrong, and what was expected.
    pub fault: RuleFault,
}

/// Why a text is not a rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleFault {
    /// A text that is too long.
    #[error("the rule has {bytes} bytes, but at most {most} are allowed")]
    TooLong {
        /// Its length.
        bytes: usize,
        /// The longest that is allowed.
        most: usize,
    },
    /// Something stands where something else may stand.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What may stand there.
        expected: ExpectedToken,
        /// What stands there.
        found: Found,
    },
    /// No line `name`.
    #[error("expected a line `name \"...\"`; the rule has no name")]
    NoName,
    /// A name without a letter.
    #[error("the rule's name is empty; expected a text between the quotes")]
    EmptyName,
    /// A second line `name` or `source`; which.
    #[error("the rule has a {0} already; expected one line `{0}`")]
    Repeated(&'static str),
    /// No line that assigns theta.
    #[error("expected a last line `theta = ...`; the rule never assigns theta")]
    NoTheta,
    /// A line below the one that assigns theta.
    #[error("theta is assigned last; expected nothing after its line")]
    AfterTheta,
    /// A state that no line assigns.
    #[error("the state `{0}` is never assigned; expected a line `{0} = ...`")]
    NeverAssigned(String),
    /// A second assignment of a name.
    #[error("`{0}` is assigned already, and a name is assigned at most once; expected another name")]
    AssignedTwice(String),
    /// A name that cannot be declared or assigned.
    #[error("`{name}` {taken}; expected another name for the {role}")]
    Taken {
        /// The name.
        name: String,
        /// What it stands for.
        taken: Taken,
        /// What it was to be.
        role: Role,
    },
    /// A name that stands for nothing.
    #[error("nothing is named `{name}` up to here; there are {known}")]
    Unknown {
        /// The name.
        name: String,
        /// The names that stand for something.
        known: String,
    },
    /// Too many constants; the most that are allowed.
    #[error("a rule may declare at most {0} constants")]
    Constants(usize),
    /// Too many states; the most that are allowed.
    #[error("a rule may declare at most {0} states")]
    States(usize),
    /// Too much in all expressions together; the most that is allowed.
    #[error("the rule has more than {0} numbers, names, operators and functions; expected a shorter one")]
    Nodes(usize),
    /// An expression that is nested too deep; the deepest that is allowed.
    #[error("the expression is nested more than {0} deep")]
    Nesting(usize),
    /// A range that includes infinity.
    #[error("an infinite end of a range is open; expected `(` or `)` there")]
    InfiniteEnd,
    /// A constant whose default lies outside its range.
    #[error("the default of `{name}` is {value}; expected a value in {range}")]
    Default {
        /// The constant.
        name: String,
        /// Its default.
        value: String,
        /// Its range.
        range: String,
    },
    /// A power of a value per parameter that is not computed by multiplication; the largest exponent that is.
    #[error(
        "the power of a value that differs from parameter to parameter must be an integer from 1 to {0}, or minus one"
    )]
    Power(u32),
    /// An exponent that is not a scalar.
    #[error("the exponent differs from parameter to parameter; expected a scalar")]
    Exponent,
    /// A cosine of a value that is not a scalar.
    #[error("cos of a value that differs from parameter to parameter; expected a scalar")]
    Cosine,
    /// A number beyond those of f64.
    #[error("the number {written} is too large; expected at most {most}")]
    TooLarge {
        /// As written.
        written: String,
        /// The largest that is allowed.
        most: String,
    },
    /// A character that nothing begins with, escaped.
    #[error("`{0}` has no meaning here; expected a name, a number, an operator or `#`")]
    Character(String),
    /// A quoted text that cannot be shown.
    #[error("the text holds a control character; expected printable ones")]
    Control,
}

/// The most names that a message lists, in characters.
const MOST_LISTED: usize = 200;

impl RuleFault {
    /// The same with long names cut: a message is never as long as the text that it is about.
    pub(super) fn shortened(self) -> Self {
        let list = |names: String| match names.char_indices().nth(MOST_LISTED) {
            Some((end, _)) => format!("{}…", &names[..end]),
            None => names,
        };
        let short = |name: String| beginning(&name);
        match self {
            Self::NeverAssigned(name) => Self::NeverAssigned(short(name)),
            Self::AssignedTwice(name) => Self::AssignedTwice(short(name)),
            Self::Taken { name, taken, role } => Self::Taken { name: short(name), taken, role },
            Self::Unknown { name, known } => Self::Unknown { name: short(name), known: list(known) },
            Self::Default { name, value, range } => Self::Default { name: short(name), value, range },
            Self::TooLarge { written, most } => Self::TooLarge { written: short(written), most },
            Self::Unexpected { expected, found: Found::Written(written) } => {
                Self::Unexpected { expected, found: Found::Written(short(written)) }
            }
            other => other,
        }
    }
}

/// What may stand at a position of a rule's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpectedToken {
    /// The beginning of a line.
    Line,
    /// The end of a line, or an operator.
    LineEnd,
    /// A quoted text.
    Text,
    /// A name for something new.
    Name(Role),
    /// A number.
    Number,
    /// An end of a range.
    Bound,
    /// `in`, before the range of a constant.
    In,
    /// The beginning of a range.
    Range,
    /// The end of a range.
    RangeEnd,
    /// The beginning of an expression.
    Operand,
    /// This one sign.
    Sign(char),
}

impl fmt::Display for ExpectedToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Line => "`name`, `source`, `constant`, `state` or a name to assign",
            Self::LineEnd => "the end of the line or an operator",
            Self::Text => "a text in double quotes",
            Self::Name(role) => return write!(formatter, "the name of a {role}"),
            Self::Number => "a number such as 0.9 or 1e-8",
            Self::Bound => "a number or `inf`",
            Self::In => "`in` and the range allowed, such as `in [0, 1)`",
            Self::Range => "a range, such as `[0, 1)`",
            Self::RangeEnd => "`]` or `)`",
            Self::Operand => "a number, a name, a function, `-` or `(`",
            Self::Sign(sign) => return write!(formatter, "`{sign}`"),
        })
    }
}

/// What stands at a position of a rule's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A word, a number or a sign, as written.
    Written(String),
    /// A quoted text.
    Text,
    /// The end of the line.
    LineEnd,
}

impl fmt::Display for Found {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Written(text) => write!(formatter, "`{text}`"),
            Self::Text => formatter.write_str("a quoted text"),
            Self::LineEnd => formatter.write_str("the end of the line"),
        }
    }
}

/// What a new name is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A constant.
    Constant,
    /// A state.
    State,
    /// A temporary.
    Value,
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Constant => "constant",
            Self::State => "state",
            Self::Value => "value",
        })
    }
}

/// What a name stands for that cannot be declared or assigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// A word of the language.
    Keyword,
    /// A function.
    Function,
    /// A name that every rule has.
    Given,
    /// The parameter.
    Parameter,
    /// A constant.
    Constant,
    /// A state.
    State,
}

impl fmt::Display for Taken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Keyword => "is a word of the language",
            Self::Function => "is a function",
            Self::Given => "is given to every rule and cannot be assigned",
            Self::Parameter => "is the parameter itself",
            Self::Constant => "is a constant already",
            Self::State => "is a state already",
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::{MAX_TEXT_BYTES, Rule};

    #[test]
    fn a_message_is_much_shorter_than_the_text_that_it_is_about() {
        let long = "a".repeat(1000);
        let constants: String = (0..3).map(|i| format!("constant {long}{i} = 1 in [0, 2]\n")).collect();
        for text in [
            format!("name \"x\"\n{constants}theta = {long}\n"),
            format!("name \"x\"\nstate {long} = 0\ntheta = g\n"),
            format!("name \"x\"\n{long} = 1\n{long} = 2\ntheta = g\n"),
            format!("name \"x\"\nconstant {long} = 5 in [0, 1]\ntheta = g\n"),
            format!("name \"x\"\ntheta = g {long}\n"),
            format!("name \"x\"\ntheta = {}\n", "9".repeat(1000)),
            format!("name \"x\"\ntheta = g {}", "*".repeat(MAX_TEXT_BYTES)),
        ] {
            let message = Rule::parse(&text).expect_err("it is wrong").to_string();
            assert!(message.len() < 400, "{} bytes: {message}", message.len());
        }
    }
}
