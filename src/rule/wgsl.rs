//! The WGSL of the update kernel: the program's per-parameter values, one `let` each.

use std::fmt::Write;

use super::program::{Computation, Program};

/// NaN by bit pattern: WGSL promises nothing about comparisons with NaN, and a compiler may assume there is none.
const IS_NAN: &str = "\
fn rule_is_nan(x: f32) -> bool {
    return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
";
const MIN: &str = "\
fn rule_min(a: f32, b: f32) -> f32 {
    if (rule_is_nan(a)) { return a; }
    if (rule_is_nan(b)) { return b; }
    return min(a, b);
}
";
const MAX: &str = "\
fn rule_max(a: f32, b: f32) -> f32 {
    if (rule_is_nan(a)) { return a; }
    if (rule_is_nan(b)) { return b; }
    return max(a, b);
}
";
const SIGN: &str = "\
fn rule_sign(x: f32) -> f32 {
    if (rule_is_nan(x)) { return x; }
    if (x > 0.0) { return 1.0; }
    if (x < 0.0) { return -1.0; }
    return 0.0;
}
";
const ABS: &str = "\
fn rule_abs(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) & 0x7fffffffu);
}
";

/// The functions that these operations call.
pub(super) fn helpers(operations: impl Iterator<Item = Computation> + Clone) -> String {
    let uses = |wanted: fn(Computation) -> bool| operations.clone().any(wanted);
    let min = uses(|operation| matches!(operation, Computation::Min(..)));
    let max = uses(|operation| matches!(operation, Computation::Max(..)));
    let sign = uses(|operation| matches!(operation, Computation::Sign(_)));
    let abs = uses(|operation| matches!(operation, Computation::Abs(_)));
    let all = [(min || max || sign, IS_NAN), (min, MIN), (max, MAX), (sign, SIGN), (abs, ABS)];
    all.into_iter().filter(|(used, _)| *used).map(|(_, helper)| helper).collect()
}

/// The expression that computes an operation from values with these names; `None` where nothing is computed.
pub(super) fn right_side(operation: Computation, name: impl Fn(usize) -> String) -> Option<String> {
    Some(match operation {
        Computation::Negative(a) => format!("-{}", name(a)),
        Computation::Sqrt(a) => format!("sqrt({})", name(a)),
        Computation::Exp(a) => format!("exp({})", name(a)),
        Computation::Log(a) => format!("log({})", name(a)),
        Computation::Cos(a) => format!("cos({})", name(a)),
        Computation::Abs(a) => format!("rule_abs({})", name(a)),
        Computation::Sign(a) => format!("rule_sign({})", name(a)),
        Computation::Add(a, b) => format!("{} + {}", name(a), name(b)),
        Computation::Subtract(a, b) => format!("{} - {}", name(a), name(b)),
        Computation::Multiply(a, b) => format!("{} * {}", name(a), name(b)),
        Computation::Divide(a, b) => format!("{} / {}", name(a), name(b)),
        Computation::Min(a, b) => format!("rule_min({}, {})", name(a), name(b)),
        Computation::Max(a, b) => format!("rule_max({}, {})", name(a), name(b)),
        Computation::Number(_)
        | Computation::Constant(_)
        | Computation::Eta
        | Computation::Step
        | Computation::ScalarState(_)
        | Computation::Theta
        | Computation::Gradient
        | Computation::State(_)
        | Computation::IntegerPower(..)
        | Computation::Power(..) => return None,
    })
}

impl Program {
    /// A fragment of WGSL that defines
    ///
    /// ```wgsl
    /// struct RuleValues { theta: f32, s0: f32, s1: f32, ... }
    /// fn update_rule(values: RuleValues, g: f32, base: u32) -> RuleValues
    /// ```
    ///
    /// `s0`, `s1` and so on are the per-parameter states in the order of their planes, none if the rule has none. `g` is
    /// the clipped gradient. The embedding kernel defines `fn rule_scalar(index: u32) -> f32`, which reads the scalar
    /// table; `base` is the first position of the run's row. Further names that the fragment may define begin with `rule_`.
    pub fn wgsl(&self) -> String {
        let mut text = String::new();
        let computed = self.values.iter().zip(&self.live).filter(|(value, live)| **live && value.slot.is_none());
        text.push_str(&helpers(computed.map(|(value, _)| value.operation)));
        text.push_str("struct RuleValues {\n    theta: f32,\n");
        for state in 0..self.per_parameter_state_count() {
            // Writing to a String cannot fail, here and below.
            let _ = writeln!(text, "    s{state}: f32,");
        }
        text.push_str("}\nfn update_rule(values: RuleValues, g: f32, base: u32) -> RuleValues {\n");
        for slot in 0..self.scalar_count() {
            let _ = writeln!(text, "    let c{slot} = rule_scalar(base + {slot}u);");
        }
        let name = |index: usize| match (self.values[index].slot, self.values[index].operation) {
            (Some(slot), _) => format!("c{slot}"),
            (None, Computation::Theta) => "values.theta".to_owned(),
            (None, Computation::Gradient) => "g".to_owned(),
            (None, Computation::State(state)) => format!("values.s{state}"),
            _ => format!("v{index}"),
        };
        for (index, value) in self.values.iter().enumerate() {
            if !self.live[index] || value.slot.is_some() {
                continue;
            }
            // Theta, g and states are read by name.
            let Some(right) = right_side(value.operation, name) else { continue };
            let _ = writeln!(text, "    let v{index} = {right};");
        }
        let _ = write!(text, "    return RuleValues({}", name(self.theta_root));
        for &root in &self.roots {
            let _ = write!(text, ", {}", name(root));
        }
        text.push_str(");\n}\n");
        text
    }
}
