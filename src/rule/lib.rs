//! The update-rule language and its renderings.
//!
//! An update rule is a few lines of text ([`Rule::parse`]). From the one parsed tree come
//!
//! - the vectorised update of the CPU ([`Program::update`]) and its slow, obvious twin ([`Rule::evaluate_step`]),
//! - the WGSL of the update kernel ([`Program::wgsl`]),
//! - the equations on the page, as MathML and as plain text ([`Rule::equations`]),
//! - the text again, in canonical form ([`Rule::text`]).
//!
//! A [`Formula`] is a scalar in the same language: the learning rate of a step, the factor of gradient clipping.
//!
//! The language itself is described in `docs/rules.md`.

mod builtin;
mod equations;
mod fault;
mod formula;
mod instructions;
mod parse;
mod power;
mod program;
mod reference;
mod schedules;
mod tree;
mod wgsl;

pub use builtin::{Builtin, builtin};
pub use equations::{Equation, MathNode};
pub use fault::{ExpectedToken, Found, Role, RuleError, RuleFault, Taken};
pub use formula::{Formula, FormulaEquation, FormulaKind, clipping};
pub use program::Program;
pub use reference::{Bounded, StepBounds};
pub use schedules::{Schedule, warmup};
pub use tree::{
    Assignment, BinaryOperator, Constant, ConstantError, Expression, Function, Name, Range, Rule, State, Symbol,
    Target, ValueKind, When,
};

/// Largest size of a rule's text, in bytes.
pub const MAX_TEXT_BYTES: usize = 4096;
/// Deepest nesting of parentheses, function calls, signs and powers within one expression.
pub const MAX_NESTING: usize = 64;
/// Most nodes (numbers, names, operators, function calls) that all expressions of a rule may have together.
pub const MAX_NODES: usize = 256;
/// Most states a rule may declare, scalar ones included.
pub const MAX_STATES: usize = 8;
/// Most constants a rule may declare.
pub const MAX_CONSTANTS: usize = 16;
/// Largest magnitude of an integer power that is computed by multiplication, and so of any power of a per-parameter
/// value.
pub const MAX_INTEGER_POWER: u32 = 16;
