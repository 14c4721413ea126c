//! The slow, obvious twin of [`Program::update`]: one parameter, f64, straight down the tree.

use super::power::integer_power;
use super::program::{Computation, Program};
use super::tree::{BinaryOperator, Expression, Function, Name, Rule, Symbol, Target};
use brink_base::tensor::Real;

/// What the names of a rule stand for while one step of one parameter is evaluated.
struct Scope<'a> {
    constants: &'a [f64],
    eta: f64,
    t: u64,
    g: f64,
    theta: f64,
    states: &'a [f64],
    /// New values of the states assigned so far; NaN for the others.
    new_states: Vec<f64>,
    temporaries: Vec<f64>,
}

impl Scope<'_> {
    fn evaluate(&self, expression: &Expression) -> f64 {
        match expression {
            Expression::Number(value) => *value,
            Expression::Name(name) => match *name {
                Name::Constant(index) => self.constants[index],
                Name::StateBefore(index) => self.states[index],
                Name::StateAfter(index) => self.new_states[index],
                Name::Temporary(index) => self.temporaries[index],
                Name::Theta => self.theta,
                Name::Gradient => self.g,
                Name::Eta => self.eta,
                Name::Step => self.t as f64,
                Name::Pi => std::f64::consts::PI,
            },
            Expression::Negative(inner) => -self.evaluate(inner),
            Expression::Binary(BinaryOperator::Power, base, exponent) => match exponent.as_integer_power() {
                Some(power) => integer_power(self.evaluate(base), power),
                None => libm::pow(self.evaluate(base), self.evaluate(exponent)),
            },
            Expression::Binary(operator, left, right) => {
                let (left, right) = (self.evaluate(left), self.evaluate(right));
                match operator {
                    BinaryOperator::Add => left + right,
                    BinaryOperator::Subtract => left - right,
                    BinaryOperator::Multiply => left * right,
                    BinaryOperator::Divide => left / right,
                    BinaryOperator::Power => libm::pow(left, right),
                }
            }
            Expression::Call(function, arguments) => {
                let first = self.evaluate(&arguments[0]);
                match function {
                    Function::Sqrt => Real::sqrt(first),
                    Function::Exp => Real::exp(first),
                    Function::Log => Real::ln(first),
                    Function::Cos => Real::cos(first),
                    Function::Abs => Real::abs(first),
                    Function::Sign => first.sign(),
                    Function::Min => first.lesser(self.evaluate(&arguments[1])),
                    Function::Max => first.greater(self.evaluate(&arguments[1])),
                }
            }
        }
    }
}

impl Rule {
    /// Evaluates one step of one parameter in f64 and returns the value of every symbol that the equations show: what
    /// the step starts from ([`super::When::Before`]: constants, eta, t, g, theta, states), then what it assigns
    /// ([`super::When::After`]: temporaries, states, theta), in the order of the text.
    ///
    /// `constants` and `states` hold one value for each constant and state of the rule, in the order declared; `g` is
    /// the clipped gradient.
    ///
    /// # Panics
    ///
    /// If `constants` or `states` has another length.
    pub fn evaluate_step(
        &self,
        constants: &[f64],
        eta: f64,
        t: u64,
        g: f64,
        theta: f64,
        states: &[f64],
    ) -> Vec<(Symbol, f64)> {
        assert_eq!(constants.len(), self.constants.len(), "one value for each constant of the rule");
        assert_eq!(states.len(), self.states.len(), "one value for each state of the rule");
        let mut scope = Scope {
            constants,
            eta,
            t,
            g,
            theta,
            states,
            new_states: vec![f64::NAN; states.len()],
            temporaries: Vec::new(),
        };
        let names = (0..constants.len())
            .map(Name::Constant)
            .chain([Name::Eta, Name::Step, Name::Gradient, Name::Theta])
            .chain((0..states.len()).map(Name::StateBefore));
        let mut values: Vec<(Symbol, f64)> =
            names.map(|name| (self.symbol(name), scope.evaluate(&Expression::Name(name)))).collect();
        for assignment in &self.assignments {
            let value = scope.evaluate(&assignment.expression);
            match assignment.target {
                Target::State(index) => scope.new_states[index] = value,
                Target::Temporary(_) => scope.temporaries.push(value),
                Target::Theta => {}
            }
            values.push((self.target_symbol(assignment.target), value));
        }
        values
    }

    /// Advances one parameter and its states (all states of the rule, in the order declared) by one step in f64, by
    /// [`Rule::evaluate_step`].
    ///
    /// # Panics
    ///
    /// If `constants` or `states` has not one value for each constant or state.
    pub fn reference_step(&self, constants: &[f64], eta: f64, t: u64, g: f64, theta: &mut f64, states: &mut [f64]) {
        let values = self.evaluate_step(constants, eta, t, g, *theta, states);
        // What is assigned comes last, in the order of the assignments.
        let first = values.len() - self.assignments.len();
        for (assignment, (_, value)) in self.assignments.iter().zip(&values[first..]) {
            match assignment.target {
                Target::State(index) => states[index] = *value,
                Target::Temporary(_) => {}
                Target::Theta => *theta = *value,
            }
        }
    }
}

/// A value in f64, and how far the same computation in f32 may stray from it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounded {
    /// The value.
    pub value: f64,
    /// Largest magnitude among the value, everything computed for it within its own assignment, and the
    /// values that this starts from.
    pub largest: f64,
    /// Largest magnitude of all that is computed for the value, in every assignment.
    pub highest: f64,
    /// Bound on the rounding error of f32 (running error analysis, to first order; Higham 2002, section 3.3), if every
    /// operation is correctly rounded and what the step starts from is exact. Underflow is included. The bound of exp
    /// and log counts 2 units in the last place.
    pub error: f64,
}

/// What one step makes of one parameter, with bounds on what it makes of it in f32.
#[derive(Clone, Debug, PartialEq)]
pub struct StepBounds {
    /// The parameter after the step.
    pub theta: Bounded,
    /// The per-parameter states after the step, in the order of their planes.
    pub states: Vec<Bounded>,
}

impl Program {
    /// Evaluates one step of one parameter in f64 from a row of the scalar table, and bounds what f32 may make of it.
    /// For tests of the fast updates: give it the very scalars, gradient, parameter and states that they start from.
    ///
    /// # Panics
    ///
    /// If `scalars` or `states` has not one value for each position of the table or per-parameter state.
    pub fn bounds(&self, scalars: &[f64], g: f64, theta: f64, states: &[f64]) -> StepBounds {
        assert_eq!(scalars.len(), self.scalar_count(), "one scalar for each position of the table");
        assert_eq!(states.len(), self.per_parameter_state_count(), "one value for each per-parameter state");
        let exact = |value: f64| Bounded { value, largest: value.abs(), highest: value.abs(), error: 0.0 };
        let mut results = vec![exact(f64::NAN); self.values.len()];
        // `largest` of a value as seen from a later assignment is its own magnitude.
        let mut seen = results.clone();
        for (index, value) in self.values.iter().enumerate() {
            if !self.live[index] {
                continue;
            }
            let result = match (value.slot, value.operation) {
                (Some(slot), _) => exact(scalars[slot]),
                (None, Computation::Theta) => exact(theta),
                (None, Computation::Gradient) => exact(g),
                (None, Computation::State(state)) => exact(states[state]),
                (None, operation) => {
                    let operands: Vec<Bounded> = operation.operands().map(|operand| seen[operand]).collect();
                    match operands[..] {
                        [a] => unary(operation, a),
                        [a, b] => binary(operation, a, b),
                        _ => exact(f64::NAN),
                    }
                }
            };
            results[index] = result;
            let assigned = self.assigned.iter().any(|(_, value)| *value == index);
            seen[index] = if assigned { Bounded { largest: result.value.abs(), ..result } } else { result };
        }
        StepBounds { theta: results[self.theta_root], states: self.roots.iter().map(|&root| results[root]).collect() }
    }
}

/// Half a unit in the last place of f32, relative.
const HALF_UNIT: f64 = f32::EPSILON as f64 / 2.0;
/// Half the smallest f32 above 0: the error of rounding a result that underflows.
const UNDERFLOW: f64 = 7.1e-46;

/// A result whose operands' errors carry over to `carried`, rounded once more; `from` has the operands' magnitudes.
fn rounded(value: f64, carried: f64, from: Bounded) -> Bounded {
    let error = carried + (value.abs() + carried) * HALF_UNIT + UNDERFLOW;
    // The error of a logarithm of what may be 0 or less comes out as NaN, which `max` would drop further on.
    let error = if error.is_nan() { f64::INFINITY } else { error };
    Bounded { value, largest: from.largest.max(value.abs()), highest: from.highest.max(value.abs()), error }
}

fn unary(operation: Computation, a: Bounded) -> Bounded {
    let unrounded = |value: f64, error: f64| Bounded {
        value,
        largest: a.largest.max(value.abs()),
        highest: a.highest.max(value.abs()),
        error,
    };
    match operation {
        Computation::Negative(_) => unrounded(-a.value, a.error),
        Computation::Abs(_) => unrounded(a.value.abs(), a.error),
        Computation::Sign(_) => {
            // Within its error of 0, the sign may be any; where nothing is known of the argument, it may be NaN.
            let error = match a.error {
                f64::INFINITY => f64::INFINITY,
                error if error > 0.0 && a.value.abs() <= error => 2.0,
                _ => 0.0,
            };
            unrounded(a.value.sign(), error)
        }
        Computation::Sqrt(_) => {
            let value = Real::sqrt(a.value);
            // Where rounding may make the argument negative, f32 may give NaN.
            let carried =
                if a.error > 0.0 && a.value < a.error { f64::INFINITY } else { value - Real::sqrt(a.value - a.error) };
            rounded(value, carried, a)
        }
        Computation::Exp(_) => {
            let value = Real::exp(a.value);
            let carried = Real::exp(a.value + a.error) - value;
            rounded(value, carried + 3.0 * (value + carried) * HALF_UNIT, a)
        }
        Computation::Log(_) => {
            let value = Real::ln(a.value);
            let carried = value - Real::ln(a.value - a.error);
            rounded(value, carried + 3.0 * value.abs() * HALF_UNIT, a)
        }
        _ => unrounded(f64::NAN, f64::NAN),
    }
}

fn binary(operation: Computation, a: Bounded, b: Bounded) -> Bounded {
    let from = Bounded { largest: a.largest.max(b.largest), highest: a.highest.max(b.highest), ..a };
    let unrounded = |value: f64| Bounded {
        value,
        largest: from.largest.max(value.abs()),
        highest: from.highest.max(value.abs()),
        error: a.error.max(b.error),
    };
    match operation {
        Computation::Add(..) => rounded(a.value + b.value, a.error + b.error, from),
        Computation::Subtract(..) => rounded(a.value - b.value, a.error + b.error, from),
        Computation::Multiply(..) => {
            rounded(a.value * b.value, a.value.abs() * b.error + b.value.abs() * a.error + a.error * b.error, from)
        }
        Computation::Divide(..) => {
            let value = a.value / b.value;
            // Infinite if the divisor may be 0: nothing can be said then.
            let room = b.value.abs() - b.error;
            let carried = if a.error == 0.0 && b.error == 0.0 {
                0.0
            } else if room > 0.0 {
                (a.error + value.abs() * b.error) / room
            } else {
                f64::INFINITY
            };
            rounded(value, carried, from)
        }
        Computation::Min(..) => unrounded(a.value.lesser(b.value)),
        Computation::Max(..) => unrounded(a.value.greater(b.value)),
        _ => unrounded(f64::NAN),
    }
}
