//! The parsed tree of a rule: constants, states, assignments; kinds; canonical printing.

use brink_base::number::shortest;
use std::fmt::{self, Display, Write};

/// Whether a value is one number for a whole run, or one number for each parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// One number per run and step, computed on the host in f64.
    Scalar,
    /// One number per parameter.
    PerParameter,
}

/// An interval of real numbers; each end is closed or open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Lower end, -inf if there is none.
    pub lower: f64,
    /// Whether `lower` itself belongs to the range.
    pub lower_closed: bool,
    /// Upper end, inf if there is none.
    pub upper: f64,
    /// Whether `upper` itself belongs to the range.
    pub upper_closed: bool,
}

impl Range {
    /// Whether `value` lies in the range; NaN lies in none.
    pub fn contains(&self, value: f64) -> bool {
        let above = value > self.lower || (self.lower_closed && value == self.lower);
        let below = value < self.upper || (self.upper_closed && value == self.upper);
        above && below
    }
}

impl Display for Range {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let open = if self.lower_closed { '[' } else { '(' };
        let close = if self.upper_closed { ']' } else { ')' };
        write!(formatter, "{open}{}, {}{close}", shortest(self.lower), shortest(self.upper))
    }
}

/// A constant of a rule: a metaparameter that stays the same for a whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct Constant {
    /// Name as in the text of the rule.
    pub name: String,
    /// Value if the experiment gives none; lies in `range`.
    pub default: f64,
    /// Values allowed.
    pub range: Range,
}

/// Why values for the constants of a rule are refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ConstantError {
    /// A value outside the range that the rule declares.
    #[error("constant {name} is {}, but must lie in {range}", shortest(*value))]
    OutOfRange {
        /// Name of the constant.
        name: String,
        /// Value that was given.
        value: f64,
        /// Values allowed.
        range: Range,
    },
    /// More or fewer values than constants.
    #[error("{given} constants were given, but the rule declares {expected}")]
    Count {
        /// Number of values given.
        given: usize,
        /// Number of constants declared.
        expected: usize,
    },
}

impl Constant {
    /// Refuses a value outside the declared range (or not finite); the message names constant and range.
    pub fn check(&self, value: f64) -> Result<(), ConstantError> {
        if value.is_finite() && self.range.contains(value) {
            Ok(())
        } else {
            Err(ConstantError::OutOfRange { name: self.name.clone(), value, range: self.range })
        }
    }
}

/// A state of a rule: a value that is carried from step to step.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Name as in the text of the rule.
    pub name: String,
    /// Value before step 0, finite.
    pub initial: f64,
    /// Scalar if only scalars flow into it.
    pub kind: ValueKind,
}

/// What a name in an expression stands for; indices go into the rule's lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Name {
    /// A declared constant.
    Constant(usize),
    /// A state read before its assignment: its value at t.
    StateBefore(usize),
    /// A state read after its assignment: its value at t + 1.
    StateAfter(usize),
    /// A name assigned further up that is no state.
    Temporary(usize),
    /// The parameter, before its assignment.
    Theta,
    /// The gradient after clipping.
    Gradient,
    /// The learning rate of this step, after warmup and decay.
    Eta,
    /// The step, from 0.
    Step,
    /// The ratio of a circle's circumference to its diameter.
    Pi,
}

/// An operator between two expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOperator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`
    Divide,
    /// `^`
    Power,
}

/// A function of the language. NaN passes through each of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Function {
    /// Square root.
    Sqrt,
    /// e to the power of the argument.
    Exp,
    /// Natural logarithm.
    Log,
    /// Cosine, of a scalar only: WGSL promises it to three digits.
    Cos,
    /// Magnitude.
    Abs,
    /// -1, 0 or 1; sign(0) = 0.
    Sign,
    /// The smaller of two.
    Min,
    /// The larger of two.
    Max,
}

impl Function {
    /// All functions.
    pub const ALL: [Self; 8] =
        [Self::Sqrt, Self::Exp, Self::Log, Self::Cos, Self::Abs, Self::Sign, Self::Min, Self::Max];

    /// Name in the text of a rule.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqrt => "sqrt",
            Self::Exp => "exp",
            Self::Log => "log",
            Self::Cos => "cos",
            Self::Abs => "abs",
            Self::Sign => "sign",
            Self::Min => "min",
            Self::Max => "max",
        }
    }

    /// Number of arguments, 1 or 2.
    pub fn arity(self) -> usize {
        match self {
            Self::Min | Self::Max => 2,
            _ => 1,
        }
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A literal: finite, at least 0.
    Number(f64),
    /// A name.
    Name(Name),
    /// A leading minus.
    Negative(Box<Expression>),
    /// An operator between two expressions.
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    /// A function of one or two arguments ([`Function::arity`]).
    Call(Function, Vec<Expression>),
}

impl Expression {
    /// The integer that a power of a per-parameter value may have, if this is one: a literal of magnitude 1 to
    /// [`super::MAX_INTEGER_POWER`], or minus such a literal.
    pub(super) fn as_integer_power(&self) -> Option<i32> {
        match self {
            Self::Number(value)
                if value.fract() == 0.0 && (1.0..=f64::from(super::MAX_INTEGER_POWER)).contains(value) =>
            {
                Some(*value as i32)
            }
            Self::Negative(inner) if matches!(**inner, Self::Number(_)) => inner.as_integer_power().map(|power| -power),
            _ => None,
        }
    }
}

/// What an assignment assigns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The state of this index.
    State(usize),
    /// The temporary of this index.
    Temporary(usize),
    /// The parameter; always the last assignment.
    Theta,
}

/// One line `name = expression`.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// What is assigned.
    pub target: Target,
    /// What to.
    pub expression: Expression,
    /// ValueKind of the target.
    pub kind: ValueKind,
}

/// An update rule: how gradient, learning rate, constants and states give the next states and parameter.
///
/// Two rules are equal if their texts are, comments and spacing apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Name for people, such as "Adam".
    pub name: String,
    /// Where the rule comes from; may be empty.
    pub source: String,
    /// Constants, in the order declared.
    pub constants: Vec<Constant>,
    /// States, in the order declared.
    pub states: Vec<State>,
    /// Names of the temporaries, in the order assigned.
    pub temporaries: Vec<String>,
    /// Assignments in order; each state once, theta once and last.
    pub assignments: Vec<Assignment>,
    /// What the text calls the learning rate of a step: `eta`, or `alpha` as the papers of Adam and NAdam.
    pub rate_name: &'static str,
}

/// Whether a symbol shows a value from before the step or after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum When {
    /// What the step starts from: constants, `g`, `eta`, `t`, and states and `theta` before their assignment (m_t).
    Before,
    /// What the step assigns: temporaries, and states and `theta` after their assignment (m_{t+1}).
    After,
}

/// A name in an equation, with the moment its value belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Symbol {
    /// Name as in the text of the rule; `g`, `eta` or `alpha`, `t` and `theta` for the names every rule has.
    pub name: String,
    /// Before or after the step.
    pub when: When,
}

impl Rule {
    /// The symbol of a name in an expression.
    pub fn symbol(&self, name: Name) -> Symbol {
        let (text, when) = match name {
            Name::Constant(index) => (self.constants[index].name.as_str(), When::Before),
            Name::StateBefore(index) => (self.states[index].name.as_str(), When::Before),
            Name::StateAfter(index) => (self.states[index].name.as_str(), When::After),
            Name::Temporary(index) => (self.temporaries[index].as_str(), When::After),
            Name::Theta => ("theta", When::Before),
            Name::Gradient => ("g", When::Before),
            Name::Eta => (self.rate_name, When::Before),
            Name::Step => ("t", When::Before),
            Name::Pi => ("pi", When::Before),
        };
        Symbol { name: text.to_owned(), when }
    }

    /// The symbol that an assignment assigns.
    pub fn target_symbol(&self, target: Target) -> Symbol {
        let name = match target {
            Target::State(index) => self.states[index].name.as_str(),
            Target::Temporary(index) => self.temporaries[index].as_str(),
            Target::Theta => "theta",
        };
        Symbol { name: name.to_owned(), when: When::After }
    }

    /// The constants' default values, in order.
    pub fn default_constants(&self) -> Vec<f64> {
        self.constants.iter().map(|constant| constant.default).collect()
    }

    /// Refuses values for the constants that are too many, too few or out of range.
    pub fn check_constants(&self, values: &[f64]) -> Result<(), ConstantError> {
        if values.len() != self.constants.len() {
            return Err(ConstantError::Count { given: values.len(), expected: self.constants.len() });
        }
        self.constants.iter().zip(values).try_for_each(|(constant, &value)| constant.check(value))
    }

    /// ValueKind of an expression, given the kinds of states and temporaries so far.
    pub(super) fn kind_of(expression: &Expression, states: &[State], temporaries: &[ValueKind]) -> ValueKind {
        let per_parameter = match expression {
            Expression::Number(_) => false,
            Expression::Name(name) => match *name {
                Name::Constant(_) | Name::Eta | Name::Step | Name::Pi => false,
                Name::Theta | Name::Gradient => true,
                Name::StateBefore(index) | Name::StateAfter(index) => states[index].kind == ValueKind::PerParameter,
                Name::Temporary(index) => temporaries.get(index) == Some(&ValueKind::PerParameter),
            },
            Expression::Negative(inner) => Self::kind_of(inner, states, temporaries) == ValueKind::PerParameter,
            Expression::Binary(_, left, right) => {
                Self::kind_of(left, states, temporaries) == ValueKind::PerParameter
                    || Self::kind_of(right, states, temporaries) == ValueKind::PerParameter
            }
            Expression::Call(_, arguments) => {
                arguments.iter().any(|argument| Self::kind_of(argument, states, temporaries) == ValueKind::PerParameter)
            }
        };
        if per_parameter { ValueKind::PerParameter } else { ValueKind::Scalar }
    }

    /// The text of the rule in canonical form; parsing it gives an equal rule.
    pub fn text(&self) -> String {
        let width = |names: &mut dyn Iterator<Item = &str>| names.map(str::len).max().unwrap_or(0);
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = writeln!(text, "name     \"{}\"", self.name);
        if !self.source.is_empty() {
            let _ = writeln!(text, "source   \"{}\"", self.source);
        }
        let names = width(&mut self.constants.iter().map(|constant| constant.name.as_str()));
        let defaults: Vec<String> = self.constants.iter().map(|constant| shortest(constant.default)).collect();
        let values = width(&mut defaults.iter().map(String::as_str));
        for (constant, default) in self.constants.iter().zip(&defaults) {
            let _ = writeln!(text, "constant {:names$} = {default:values$} in {}", constant.name, constant.range);
        }
        for state in &self.states {
            let _ = writeln!(text, "state    {} = {}", state.name, shortest(state.initial));
        }
        for assignment in &self.assignments {
            let _ = writeln!(
                text,
                "{} = {}",
                self.target_symbol(assignment.target).name,
                self.expression_text(&assignment.expression)
            );
        }
        text
    }

    /// An expression in the syntax of the language, with no more parentheses than it needs.
    pub fn expression_text(&self, expression: &Expression) -> String {
        let mut text = String::new();
        let style = Style { name: &|name| self.symbol(name).name, minus: "-", times: " * ", primed: false };
        write_expression(&mut text, expression, Precedence::Sum, &style);
        text
    }
}

/// How [`write_expression`] writes what the language and the plain equations write differently.
pub(super) struct Style<'a> {
    pub(super) name: &'a dyn Fn(Name) -> String,
    pub(super) minus: &'a str,
    pub(super) times: &'a str,
    /// Whether g needs parentheses to be raised to a power, being written with a prime.
    pub(super) primed: bool,
}

/// Writes an expression on one line, in parentheses if it holds together more loosely than `least`.
pub(super) fn write_expression(text: &mut String, expression: &Expression, least: Precedence, style: &Style<'_>) {
    let precedence = Precedence::of(expression);
    if precedence < least {
        text.push('(');
    }
    match expression {
        Expression::Number(value) => text.push_str(&shortest(*value)),
        Expression::Name(name) => text.push_str(&(style.name)(*name)),
        Expression::Negative(inner) => {
            text.push_str(style.minus);
            write_expression(text, inner, Precedence::Sign, style);
        }
        Expression::Binary(operator, left, right) => {
            let (sign, least_left, least_right) = match operator {
                BinaryOperator::Add => (" + ", Precedence::Sum, Precedence::Product),
                BinaryOperator::Subtract => (style.minus, Precedence::Sum, Precedence::Product),
                BinaryOperator::Multiply => (style.times, Precedence::Product, Precedence::Sign),
                BinaryOperator::Divide => (" / ", Precedence::Product, Precedence::Sign),
                BinaryOperator::Power => ("^", Precedence::Atom, Precedence::Sign),
            };
            let power = *operator == BinaryOperator::Power;
            let fence = style.primed && power && **left == Expression::Name(Name::Gradient);
            text.push_str(if fence { "(" } else { "" });
            write_expression(text, left, least_left, style);
            text.push_str(if fence { ")" } else { "" });
            if *operator == BinaryOperator::Subtract {
                text.push(' ');
                text.push_str(sign);
                text.push(' ');
            } else {
                text.push_str(sign);
            }
            write_expression(text, right, least_right, style);
        }
        Expression::Call(function, arguments) => {
            text.push_str(function.name());
            text.push('(');
            for (index, argument) in arguments.iter().enumerate() {
                if index > 0 {
                    text.push_str(", ");
                }
                write_expression(text, argument, Precedence::Sum, style);
            }
            text.push(')');
        }
    }
    if precedence < least {
        text.push(')');
    }
}

/// How tightly an expression holds together, loosest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Precedence {
    Sum,
    Product,
    Sign,
    Power,
    Atom,
}

impl Precedence {
    pub(super) fn of(expression: &Expression) -> Self {
        match expression {
            Expression::Number(_) | Expression::Name(_) | Expression::Call(..) => Self::Atom,
            Expression::Negative(_) => Self::Sign,
            Expression::Binary(operator, ..) => match operator {
                BinaryOperator::Add | BinaryOperator::Subtract => Self::Sum,
                BinaryOperator::Multiply | BinaryOperator::Divide => Self::Product,
                BinaryOperator::Power => Self::Power,
            },
        }
    }
}
