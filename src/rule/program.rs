//! A rule compiled: a list of values in single-assignment form, each computed once. Scalars are computed on the host in
//! f64; those that per-parameter values need make up the scalar table of one run and step.

use super::MAX_NODES;
use super::instructions::select_instructions;
use super::power::integer_power;
use super::tree::{BinaryOperator, Expression, Function, Name, Rule, Symbol, Target, ValueKind};
use brink_base::tensor::Real;
use brink_base::vector::UpdateInstruction;

/// How one value of a program comes about. A `usize` that is no name's index is the index of an earlier value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Computation {
    Number(f64),
    Constant(usize),
    Eta,
    Step,
    /// A scalar state before the step; the index counts scalar states only.
    ScalarState(usize),
    Theta,
    Gradient,
    /// A per-parameter state before the step; the index counts per-parameter states only.
    State(usize),
    Negative(usize),
    Sqrt(usize),
    Exp(usize),
    Log(usize),
    Cos(usize),
    Abs(usize),
    Sign(usize),
    Add(usize, usize),
    Subtract(usize, usize),
    Multiply(usize, usize),
    Divide(usize, usize),
    Min(usize, usize),
    Max(usize, usize),
    /// A scalar to an integer power, by multiplication.
    IntegerPower(usize, i32),
    /// A scalar to a scalar power.
    Power(usize, usize),
}

impl Computation {
    /// The same operation on renumbered values.
    fn renumbered(self, number: impl Fn(usize) -> usize) -> Self {
        match self {
            Self::Number(_)
            | Self::Constant(_)
            | Self::Eta
            | Self::Step
            | Self::ScalarState(_)
            | Self::Theta
            | Self::Gradient
            | Self::State(_) => self,
            Self::Negative(a) => Self::Negative(number(a)),
            Self::Sqrt(a) => Self::Sqrt(number(a)),
            Self::Exp(a) => Self::Exp(number(a)),
            Self::Log(a) => Self::Log(number(a)),
            Self::Cos(a) => Self::Cos(number(a)),
            Self::Abs(a) => Self::Abs(number(a)),
            Self::Sign(a) => Self::Sign(number(a)),
            Self::IntegerPower(a, power) => Self::IntegerPower(number(a), power),
            Self::Add(a, b) => Self::Add(number(a), number(b)),
            Self::Subtract(a, b) => Self::Subtract(number(a), number(b)),
            Self::Multiply(a, b) => Self::Multiply(number(a), number(b)),
            Self::Divide(a, b) => Self::Divide(number(a), number(b)),
            Self::Min(a, b) => Self::Min(number(a), number(b)),
            Self::Max(a, b) => Self::Max(number(a), number(b)),
            Self::Power(a, b) => Self::Power(number(a), number(b)),
        }
    }

    /// The values it is computed from, none, one or two.
    pub(super) fn operands(self) -> impl Iterator<Item = usize> {
        let (first, second) = match self {
            Self::Number(_)
            | Self::Constant(_)
            | Self::Eta
            | Self::Step
            | Self::ScalarState(_)
            | Self::Theta
            | Self::Gradient
            | Self::State(_) => (None, None),
            Self::Negative(a)
            | Self::Sqrt(a)
            | Self::Exp(a)
            | Self::Log(a)
            | Self::Cos(a)
            | Self::Abs(a)
            | Self::Sign(a)
            | Self::IntegerPower(a, _) => (Some(a), None),
            Self::Add(a, b)
            | Self::Subtract(a, b)
            | Self::Multiply(a, b)
            | Self::Divide(a, b)
            | Self::Min(a, b)
            | Self::Max(a, b)
            | Self::Power(a, b) => (Some(a), Some(b)),
        };
        first.into_iter().chain(second)
    }
}

/// A value of the program.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ProgramValue {
    pub(super) operation: Computation,
    pub(super) kind: ValueKind,
    /// Position in the scalar table, for a scalar that a per-parameter value is computed from.
    pub(super) slot: Option<usize>,
}

/// A rule compiled for execution.
///
/// One step of one run is: [`Program::scalars`] once, which fills the run's row of the scalar table in f64 and advances
/// its scalar states; then, over the run's parameters, [`Program::update`] on the CPU or the function of
/// [`Program::wgsl`] on the GPU, both with the row rounded to their own type.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) values: Vec<ProgramValue>,
    /// Whether a state or theta needs the value: for scalars, whether it is in the table.
    pub(super) live: Vec<bool>,
    /// The scalar values alone, their operands numbered among themselves. At most [`MAX_NODES`]: every scalar value
    /// stands for at least one node of the rule (the 1 that a negative power divides stands for the exponent).
    scalar_operations: Vec<Computation>,
    /// Scalar value of each position in the scalar table.
    slot_positions: Vec<usize>,
    /// Scalar value that each scalar state becomes.
    scalar_root_positions: Vec<usize>,
    /// New value of each per-parameter state.
    pub(super) roots: Vec<usize>,
    /// New value of the parameter.
    pub(super) theta_root: usize,
    /// ProgramValue of every assigned name, in order of assignment.
    pub(super) assigned: Vec<(Symbol, usize)>,
    pub(super) instructions: Vec<UpdateInstruction>,
    /// Buffers of one chunk that the instructions need.
    pub(super) buffers: usize,
    constants: usize,
    scalar_initial: Vec<f64>,
    per_parameter_initial: Vec<f64>,
    kinds: Vec<ValueKind>,
}

/// Turns expressions into values.
pub(super) struct Lowering<'a> {
    rule: &'a Rule,
    pub(super) values: Vec<ProgramValue>,
    /// Index of each state among the states of its kind.
    state_index: Vec<usize>,
    state_after: Vec<usize>,
    temporaries: Vec<usize>,
}

impl<'a> Lowering<'a> {
    /// Of the expressions of a rule, whose states of each kind are numbered in the order declared.
    pub(super) fn new(rule: &'a Rule) -> Self {
        let mut counts = [0, 0];
        let state_index = rule
            .states
            .iter()
            .map(|state| {
                let count = &mut counts[usize::from(state.kind == ValueKind::PerParameter)];
                *count += 1;
                *count - 1
            })
            .collect();
        Self { rule, values: Vec::new(), state_index, state_after: vec![0; rule.states.len()], temporaries: Vec::new() }
    }

    /// The index of a value, the same one for the same operation.
    fn value(&mut self, operation: Computation) -> usize {
        // NaN never is a literal, and 0 and -0 compare equal only among literals, which are never negative.
        if let Some(index) = self.values.iter().position(|value| value.operation == operation) {
            return index;
        }
        let per_parameter = matches!(operation, Computation::Theta | Computation::Gradient | Computation::State(_))
            || operation.operands().any(|operand| self.values[operand].kind == ValueKind::PerParameter);
        let kind = if per_parameter { ValueKind::PerParameter } else { ValueKind::Scalar };
        self.values.push(ProgramValue { operation, kind, slot: None });
        self.values.len() - 1
    }

    /// The value of an expression.
    pub(super) fn expression(&mut self, expression: &Expression) -> usize {
        let operation = match expression {
            Expression::Number(value) => Computation::Number(*value),
            Expression::Name(name) => match *name {
                Name::Constant(index) => Computation::Constant(index),
                Name::StateBefore(index) => match self.rule.states[index].kind {
                    ValueKind::Scalar => Computation::ScalarState(self.state_index[index]),
                    ValueKind::PerParameter => Computation::State(self.state_index[index]),
                },
                Name::StateAfter(index) => return self.state_after[index],
                Name::Temporary(index) => return self.temporaries[index],
                Name::Theta => Computation::Theta,
                Name::Gradient => Computation::Gradient,
                Name::Eta => Computation::Eta,
                Name::Step => Computation::Step,
                Name::Pi => Computation::Number(std::f64::consts::PI),
            },
            Expression::Negative(inner) => Computation::Negative(self.expression(inner)),
            Expression::Binary(operator, left, right) => {
                let a = self.expression(left);
                if *operator == BinaryOperator::Power {
                    return self.power(a, right);
                }
                let b = self.expression(right);
                match operator {
                    BinaryOperator::Add => Computation::Add(a, b),
                    BinaryOperator::Subtract => Computation::Subtract(a, b),
                    BinaryOperator::Multiply => Computation::Multiply(a, b),
                    BinaryOperator::Divide => Computation::Divide(a, b),
                    BinaryOperator::Power => Computation::Power(a, b),
                }
            }
            Expression::Call(function, arguments) => {
                let a = self.expression(&arguments[0]);
                match function {
                    Function::Sqrt => Computation::Sqrt(a),
                    Function::Exp => Computation::Exp(a),
                    Function::Log => Computation::Log(a),
                    Function::Cos => Computation::Cos(a),
                    Function::Abs => Computation::Abs(a),
                    Function::Sign => Computation::Sign(a),
                    Function::Min => Computation::Min(a, self.expression(&arguments[1])),
                    Function::Max => Computation::Max(a, self.expression(&arguments[1])),
                }
            }
        };
        self.value(operation)
    }

    /// A power; a per-parameter base is multiplied out in the order of [`integer_power`].
    fn power(&mut self, base: usize, exponent: &Expression) -> usize {
        let Some(power) = exponent.as_integer_power() else {
            let exponent = self.expression(exponent);
            return self.value(Computation::Power(base, exponent));
        };
        if self.values[base].kind == ValueKind::Scalar {
            return self.value(Computation::IntegerPower(base, power));
        }
        let mut remaining = power.unsigned_abs();
        let mut square = base;
        let mut product = None;
        while remaining > 0 {
            if remaining & 1 == 1 {
                product = Some(match product {
                    None => square,
                    Some(product) => self.value(Computation::Multiply(product, square)),
                });
            }
            remaining >>= 1;
            if remaining > 0 {
                square = self.value(Computation::Multiply(square, square));
            }
        }
        let product = product.unwrap_or(base);
        if power < 0 {
            let one = self.value(Computation::Number(1.0));
            self.value(Computation::Divide(one, product))
        } else {
            product
        }
    }
}

impl Program {
    /// Compiles a rule.
    pub fn new(rule: &Rule) -> Self {
        let mut lowering = Lowering::new(rule);
        let count = |kind: ValueKind| rule.states.iter().filter(|state| state.kind == kind).count();
        let mut scalar_roots = vec![0; count(ValueKind::Scalar)];
        let mut roots = vec![0; count(ValueKind::PerParameter)];
        let mut theta_root = 0;
        let mut assigned = Vec::new();
        for assignment in &rule.assignments {
            let value = lowering.expression(&assignment.expression);
            assigned.push((rule.target_symbol(assignment.target), value));
            match assignment.target {
                Target::Theta => theta_root = value,
                Target::Temporary(_) => lowering.temporaries.push(value),
                Target::State(index) => {
                    lowering.state_after[index] = value;
                    let position = lowering.state_index[index];
                    match rule.states[index].kind {
                        ValueKind::Scalar => scalar_roots[position] = value,
                        ValueKind::PerParameter => roots[position] = value,
                    }
                }
            }
        }
        let mut values = lowering.values;

        // Only per-parameter values that a state or theta needs are computed, and only scalars that those need (or that
        // theta itself is) enter the table.
        let mut live = vec![false; values.len()];
        live[theta_root] = true;
        for &root in &roots {
            live[root] = true;
        }
        for index in (0..values.len()).rev() {
            if live[index] && values[index].kind == ValueKind::PerParameter {
                for operand in values[index].operation.operands() {
                    live[operand] = true;
                }
            }
        }
        let mut slots = Vec::new();
        for (index, value) in values.iter_mut().enumerate() {
            if live[index] && value.kind == ValueKind::Scalar {
                value.slot = Some(slots.len());
                slots.push(index);
            }
        }
        let mut positions = vec![0; values.len()];
        let mut scalar_operations = Vec::new();
        for (index, value) in values.iter().enumerate() {
            if value.kind == ValueKind::Scalar {
                positions[index] = scalar_operations.len();
                scalar_operations.push(value.operation.renumbered(|operand| positions[operand]));
            }
        }
        let (instructions, buffers) = select_instructions(&values, &live, &roots, theta_root);
        let initial = |kind: ValueKind| {
            rule.states.iter().filter(|state| state.kind == kind).map(|state| state.initial).collect()
        };
        Self {
            values,
            live,
            scalar_operations,
            slot_positions: slots.iter().map(|&slot: &usize| positions[slot]).collect(),
            scalar_root_positions: scalar_roots.iter().map(|&root: &usize| positions[root]).collect(),
            roots,
            theta_root,
            assigned,
            instructions,
            buffers,
            constants: rule.constants.len(),
            scalar_initial: initial(ValueKind::Scalar),
            per_parameter_initial: initial(ValueKind::PerParameter),
            kinds: rule.states.iter().map(|state| state.kind).collect(),
        }
    }

    /// Width of the scalar table of one run and step.
    pub fn scalar_count(&self) -> usize {
        self.slot_positions.len()
    }

    /// Number of states that have one value per parameter.
    pub fn per_parameter_state_count(&self) -> usize {
        self.per_parameter_initial.len()
    }

    /// Number of states that have one value per run.
    pub fn scalar_state_count(&self) -> usize {
        self.scalar_initial.len()
    }

    /// Values of the per-parameter states before step 0, in the order of their planes.
    pub fn per_parameter_initial(&self) -> &[f64] {
        &self.per_parameter_initial
    }

    /// Values of the scalar states before step 0.
    pub fn scalar_initial(&self) -> &[f64] {
        &self.scalar_initial
    }

    /// ValueKind of each state, in the order the rule declares them; the states of one kind keep that order.
    pub fn state_kinds(&self) -> &[ValueKind] {
        &self.kinds
    }

    /// Computes one run's row of the scalar table for step `t` with learning rate `eta`, all in f64, and advances the
    /// run's scalar states. Allocates nothing.
    ///
    /// # Panics
    ///
    /// If `constants`, `scalar_states` or `out` is not of length [`Program::constant_count`],
    /// [`Program::scalar_state_count`] or [`Program::scalar_count`].
    pub fn scalars(&self, constants: &[f64], scalar_states: &mut [f64], eta: f64, t: u64, out: &mut [f64]) {
        assert_eq!(constants.len(), self.constants, "one value for each constant of the rule");
        assert_eq!(scalar_states.len(), self.scalar_initial.len(), "one value for each scalar state of the rule");
        assert_eq!(out.len(), self.slot_positions.len(), "one position for each scalar of the table");
        let results = scalar_values(&self.scalar_operations, constants, scalar_states, eta, t as f64);
        for (out, &position) in out.iter_mut().zip(&self.slot_positions) {
            *out = results[position];
        }
        for (state, &position) in scalar_states.iter_mut().zip(&self.scalar_root_positions) {
            *state = results[position];
        }
    }
}

/// The results of scalar operations, whose operands are numbered among themselves: the one loop in which scalars are
/// computed. Allocates nothing.
pub(super) fn scalar_values(
    operations: &[Computation],
    constants: &[f64],
    scalar_states: &[f64],
    eta: f64,
    t: f64,
) -> [f64; MAX_NODES] {
    let mut results = [0.0; MAX_NODES];
    for (index, &operation) in operations.iter().enumerate() {
        let at = |operand: usize| results[operand];
        results[index] = match operation {
            Computation::Number(number) => number,
            Computation::Constant(constant) => constants[constant],
            Computation::Eta => eta,
            Computation::Step => t,
            Computation::ScalarState(state) => scalar_states[state],
            Computation::Negative(a) => -at(a),
            Computation::Sqrt(a) => Real::sqrt(at(a)),
            Computation::Exp(a) => Real::exp(at(a)),
            Computation::Log(a) => Real::ln(at(a)),
            Computation::Cos(a) => Real::cos(at(a)),
            Computation::Abs(a) => Real::abs(at(a)),
            Computation::Sign(a) => at(a).sign(),
            Computation::Add(a, b) => at(a) + at(b),
            Computation::Subtract(a, b) => at(a) - at(b),
            Computation::Multiply(a, b) => at(a) * at(b),
            Computation::Divide(a, b) => at(a) / at(b),
            Computation::Min(a, b) => at(a).lesser(at(b)),
            Computation::Max(a, b) => at(a).greater(at(b)),
            Computation::IntegerPower(a, power) => integer_power(at(a), power),
            Computation::Power(a, b) => libm::pow(at(a), at(b)),
            Computation::Theta | Computation::Gradient | Computation::State(_) => f64::NAN,
        };
    }
    results
}
