//! Scalar formulas in the rule language: the learning rate of a step and the factor of gradient clipping. As with an update
//! rule, what is computed, the WGSL and the equation on the page come from one text.

use super::equations::{MINUS, MathNode, Show, ShowGiven, Time, fenced, symbol_node, symbol_text};
use super::fault::RuleError;
use super::parse::{ParsedFormula, parse_formula};
use super::program::{Computation, Lowering, scalar_values};
use super::tree::{BinaryOperator, Expression, Name, Rule, Symbol, When};
use super::wgsl::{helpers, right_side};
use std::fmt::Write;
use std::sync::LazyLock;

/// What a formula computes, and from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormulaKind {
    /// The learning rate `eta` of a step, from the base learning rate `base`, the step `t` from 0, the warmup steps `W` and
    /// the steps after warmup `S` (`max_train_steps`).
    LearningRate,
    /// The factor `scale` that clipping applies to the gradient, from its global norm `norm` and the clip threshold
    /// `lambda`.
    ClipScale,
}

impl FormulaKind {
    /// The names that the text may use, in the order in which their values are given.
    pub fn given(self) -> &'static [&'static str] {
        match self {
            Self::LearningRate => &["base", "t", "W", "S"],
            Self::ClipScale => &["norm", "lambda"],
        }
    }

    /// The name that the text assigns.
    fn target(self) -> &'static str {
        match self {
            Self::LearningRate => "eta",
            Self::ClipScale => "scale",
        }
    }
}

/// A scalar formula, compiled.
#[derive(Clone, Debug)]
pub struct Formula {
    kind: FormulaKind,
    /// Carries the name and the source; its constants are the given names.
    rule: Rule,
    condition: Option<(Expression, Expression)>,
    expression: Expression,
    operations: Vec<Computation>,
    result: usize,
    /// The values of the condition's two sides.
    condition_values: Option<(usize, usize)>,
}

/// A formula as it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct FormulaEquation {
    /// A `math` element.
    pub mathml: MathNode,
    /// The same on one line of plain text.
    pub text: String,
}

impl Formula {
    /// Parses and compiles a text: lines `name` and, if there is one, `source`, as in a rule; `for a < b` where the formula
    /// holds for some steps only; and one assignment. Every function and operator of the language may be used.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its line and column.
    pub fn parse(text: &str, kind: FormulaKind) -> Result<Self, RuleError> {
        let ParsedFormula { rule, condition, expression } = parse_formula(text, kind.given(), kind.target())?;
        let mut lowering = Lowering::new(&rule);
        let result = lowering.expression(&expression);
        let condition_values =
            condition.as_ref().map(|(left, right)| (lowering.expression(left), lowering.expression(right)));
        let operations = lowering.values.iter().map(|value| value.operation).collect();
        Ok(Self { kind, rule, condition, expression, operations, result, condition_values })
    }

    /// Its name for people.
    pub fn name(&self) -> &str {
        &self.rule.name
    }

    /// Whether the formula holds for these values of the given names ([`FormulaKind::given`]).
    ///
    /// # Panics
    ///
    /// If there are fewer values than given names.
    pub fn holds(&self, given: &[f64]) -> bool {
        self.condition_values.is_none_or(|(left, right)| {
            let values = scalar_values(&self.operations, given, &[], f64::NAN, f64::NAN);
            values[left] < values[right]
        })
    }

    /// The value, computed in f64 in the order of the text.
    ///
    /// # Panics
    ///
    /// If there are fewer values than given names.
    pub fn value(&self, given: &[f64]) -> f64 {
        scalar_values(&self.operations, given, &[], f64::NAN, f64::NAN)[self.result]
    }

    /// A WGSL function of this name with one parameter for each given name, in their order.
    pub fn wgsl(&self, function: &str) -> String {
        let mut text = helpers(self.operations.iter().copied());
        let parameters: Vec<String> = self.kind.given().iter().map(|name| format!("{name}: f32")).collect();
        // Writing to a String cannot fail, here and below.
        let _ = writeln!(text, "fn {function}({}) -> f32 {{", parameters.join(", "));
        for (index, &operation) in self.operations.iter().enumerate() {
            let right = match operation {
                // The debug form has a decimal point or an exponent, as WGSL's f32 literals need.
                Computation::Number(value) => Some(format!("{:?}", value as f32)),
                Computation::Constant(given) => Some(self.kind.given()[given].to_owned()),
                other => right_side(other, |operand| format!("v{operand}")),
            };
            if let Some(right) = right {
                let _ = writeln!(text, "    let v{index} = {right};");
            }
        }
        let _ = writeln!(text, "    return v{};\n}}", self.result);
        text
    }

    /// The formula as an equation, with its condition. A given name that `values` has is shown as that text (a number), the
    /// others as symbols; the learning rate as `rate_name` ([`Rule::rate_name`]).
    pub fn equation(&self, values: &[(&str, String)], rate_name: &str) -> FormulaEquation {
        let given = Given { values, base: format!("{rate_name}_base") };
        let show = Show { rule: &self.rule, clipped: false, formula: Some(&given) };
        let expression = given.without_zeros(&self.expression, &self.rule);
        let (right, text) = (show.expression(&expression), show.plain(&expression));
        let sign = |text: &str| MathNode::leaf("mo", text);
        let (mut parts, mut text) = match self.kind {
            FormulaKind::LearningRate => {
                let left = symbol_node(&symbol(rate_name), Some(Time::Now));
                (vec![left, sign("="), right], format!("{} = {text}", symbol_text(rate_name, Some(Time::Now))))
            }
            // What an update rule reads as g is the scale times the gradient.
            FormulaKind::ClipScale => {
                let prime = MathNode::leaf("mi", "g′");
                (vec![prime, sign("="), right, MathNode::leaf("mi", "g")], format!("g′ = {text} · g"))
            }
        };
        if let Some((left, right)) = &self.condition {
            parts.extend([sign(","), MathNode::leaf("mtext", "\u{2003}")]);
            parts.extend([show.expression(left), sign("<"), show.expression(right)]);
            let _ = write!(text, ", {} < {}", show.plain(left), show.plain(right));
        }
        let mathml = MathNode {
            attributes: vec![("display", "block")],
            ..MathNode::parent("math", vec![MathNode::parent("mrow", parts)])
        };
        FormulaEquation { mathml, text }
    }
}

/// How the given names are shown.
struct Given<'a> {
    values: &'a [(&'a str, String)],
    /// The name of the base learning rate.
    base: String,
}

impl Given<'_> {
    fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    /// The name in the form that the rules for symbols expect.
    fn symbol<'s>(&'s self, name: &'s str) -> &'s str {
        if name == "base" { &self.base } else { name }
    }

    /// An expression less the subtraction of given names that are 0: t - W without warmup is t.
    fn without_zeros(&self, expression: &Expression, rule: &Rule) -> Expression {
        let inner = |expression: &Expression| self.without_zeros(expression, rule);
        match expression {
            Expression::Binary(BinaryOperator::Subtract, left, right)
                if matches!(**right, Expression::Name(name @ Name::Constant(_))
                    if self.value(&rule.symbol(name).name) == Some("0")) =>
            {
                inner(left)
            }
            Expression::Binary(operator, left, right) => {
                Expression::Binary(*operator, Box::new(inner(left)), Box::new(inner(right)))
            }
            Expression::Negative(operand) => Expression::Negative(Box::new(inner(operand))),
            Expression::Call(function, arguments) => Expression::Call(*function, arguments.iter().map(inner).collect()),
            Expression::Number(_) | Expression::Name(_) => expression.clone(),
        }
    }
}

impl ShowGiven for Given<'_> {
    fn text(&self, name: &str) -> String {
        match (self.value(name), name) {
            (Some(value), _) => value.replace('-', MINUS),
            (None, "norm") => "‖g‖".to_owned(),
            (None, _) => symbol_text(self.symbol(name), None),
        }
    }

    fn node(&self, name: &str) -> MathNode {
        match (self.value(name), name) {
            (Some(value), _) => MathNode::leaf("mn", value),
            (None, "norm") => fenced("‖", MathNode::leaf("mi", "g"), "‖"),
            (None, _) => MathNode { symbol: Some(symbol(name)), ..symbol_node(&symbol(self.symbol(name)), None) },
        }
    }
}

fn symbol(name: &str) -> Symbol {
    Symbol { name: name.to_owned(), when: When::Before }
}

/// A text that comes with the program; a test parses each.
pub(super) fn shipped(text: &str, kind: FormulaKind) -> Formula {
    Formula::parse(text, kind).expect("a text of the program itself is a formula")
}

/// The factor of gradient clipping.
pub fn clipping() -> &'static Formula {
    static CLIPPING: LazyLock<Formula> =
        LazyLock::new(|| shipped(include_str!("clipping.rule"), FormulaKind::ClipScale));
    &CLIPPING
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Schedule, warmup};

    fn plain(node: &MathNode) -> String {
        let children: String = node.children.iter().map(plain).collect();
        match node.tag {
            "mfrac" => format!("({})/({})", plain(&node.children[0]), plain(&node.children[1])),
            _ => node.text.clone().unwrap_or_default() + &children,
        }
    }

    #[test]
    fn equations_show_symbols_or_values() {
        let values = [("W", "200".to_owned()), ("S", "1000".to_owned()), ("lambda", "6.1".to_owned())];
        let shown = |formula: &Formula| {
            let FormulaEquation { mathml, text } = formula.equation(&values, "eta");
            (plain(&mathml).replace(['\u{2062}', '\u{2061}'], ""), text)
        };
        let pair = |mathml: &str, text: &str| (mathml.to_owned(), text.to_owned());
        let [constant, linear, cosine] = Schedule::ALL.map(Schedule::formula);
        assert_eq!(shown(warmup()), pair("ηt=(ηbaset)/(200),\u{2003}t<200", "η_t = η_{base} · t / 200, t < 200"));
        assert_eq!(shown(constant), pair("ηt=ηbase", "η_t = η_{base}"));
        assert_eq!(shown(linear), pair("ηt=ηbase(1−(t−200)/(1000))", "η_t = η_{base} · (1 − (t − 200) / 1000)"));
        assert_eq!(
            shown(cosine),
            pair("ηt=(ηbase(1+cos(π(t−200)/(1000))))/(2)", "η_t = η_{base} · (1 + cos(π · ((t − 200) / 1000))) / 2")
        );
        assert_eq!(shown(clipping()), pair("g′=min(1,(6.1)/(‖g‖))g", "g′ = min(1, 6.1 / ‖g‖) · g"));
        let without_warmup = linear.equation(&[("W", "0".to_owned())], "eta");
        assert_eq!(without_warmup.text, "η_t = η_{base} · (1 − t / S)");
        assert!(clipping().equation(&[], "eta").text.contains('λ'));
    }

    #[test]
    fn wrong_texts_are_refused() {
        let wrong = |text: &str| Formula::parse(text, FormulaKind::LearningRate).expect_err(text).to_string();
        assert!(wrong("name \"X\"").contains("never assigned; expected a line `eta = ...`"));
        assert!(wrong("name \"X\"\neta = g").contains("nothing is named `g` up to here; there are"));
        assert!(wrong("name \"X\"\neta = base\neta = base").contains("assigned already"));
        assert!(wrong("name \"X\"\nscale = 1").contains("line 2, column 1"));
        assert!(wrong("name \"X\"\nfor t\neta = base").contains("expected `<`"));
        assert!(wrong("name \"X\"\nfor t < W\nfor t < S\neta = base").contains("`for`"));
        assert!(wrong("name \"X\"\nstate m = 0\neta = base").contains("line 2, column 1"));
    }

    #[test]
    fn the_wgsl_of_clipping_is_its_text() {
        let text = clipping().wgsl("clip_scale");
        assert!(text.contains("fn rule_min("), "{text}");
        assert!(text.contains("fn clip_scale(norm: f32, lambda: f32) -> f32 {"), "{text}");
        assert!(text.ends_with("    let v0 = 1.0;\n    let v1 = lambda;\n    let v2 = norm;\n    let v3 = v1 / v2;\n    let v4 = rule_min(v0, v3);\n    return v4;\n}\n"), "{text}");
    }
}
