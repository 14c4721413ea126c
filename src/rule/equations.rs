//! The equations on the page: MathML Core as a tree, and plain text, with the playbook's time indices.

use brink_base::number::shortest;
use std::fmt::{self, Display};

use super::tree::{
    BinaryOperator, Expression, Function, Name, Precedence, Rule, Style, Symbol, When, write_expression,
};

/// A MathML element. The page builds its elements from this tree; [`Display`] gives escaped MathML.
#[derive(Clone, Debug, PartialEq)]
pub struct MathNode {
    /// Name of the element.
    pub tag: &'static str,
    /// Names and values of its attributes.
    pub attributes: Vec<(&'static str, &'static str)>,
    /// Its text; only elements without children have one.
    pub text: Option<String>,
    /// Its children, in order.
    pub children: Vec<MathNode>,
    /// The symbol that this element shows, time index included.
    pub symbol: Option<Symbol>,
}

impl MathNode {
    pub(super) fn leaf(tag: &'static str, text: impl Into<String>) -> Self {
        Self { tag, attributes: Vec::new(), text: Some(text.into()), children: Vec::new(), symbol: None }
    }

    pub(super) fn parent(tag: &'static str, children: Vec<Self>) -> Self {
        Self { tag, attributes: Vec::new(), text: None, children, symbol: None }
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.attributes.push((name, value));
        self
    }
}

impl Display for MathNode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "<{}", self.tag)?;
        for (name, value) in &self.attributes {
            write!(formatter, " {name}=\"{}\"", escaped(value))?;
        }
        formatter.write_str(">")?;
        if let Some(text) = &self.text {
            formatter.write_str(&escaped(text))?;
        }
        for child in &self.children {
            child.fmt(formatter)?;
        }
        write!(formatter, "</{}>", self.tag)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// One equation of a rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Equation {
    /// What it defines.
    pub target: Symbol,
    /// A `math` element.
    pub mathml: MathNode,
    /// The same on one line of plain text.
    pub text: String,
}

impl Rule {
    /// The equations of a step, one for each assignment, in order. With `clipped`, the gradient shows as g′, the
    /// gradient after clipping, else as the gradient of the loss.
    pub fn equations(&self, clipped: bool) -> Vec<Equation> {
        let show = Show { rule: self, clipped, formula: None };
        self.assignments
            .iter()
            .map(|assignment| {
                let target = self.target_symbol(assignment.target);
                let time = Some(Time::Next);
                let left = symbol_node(&target, time);
                let mut text = symbol_text(&target.name, time);
                text.push_str(" = ");
                text.push_str(&show.plain(&assignment.expression));
                Equation { mathml: equation(left, show.expression(&assignment.expression)), target, text }
            })
            .collect()
    }

    /// The values of the states before step 0, one equation for each state, such as m_0 = 0.
    pub fn initial_equations(&self) -> Vec<Equation> {
        self.states
            .iter()
            .map(|state| {
                let target = Symbol { name: state.name.clone(), when: When::Before };
                let number = shortest(state.initial.abs());
                let mut right = vec![MathNode::leaf("mn", number.clone())];
                let mut sign = "";
                if state.initial.is_sign_negative() {
                    right.insert(0, MathNode::leaf("mo", MINUS).with("form", "prefix"));
                    sign = MINUS;
                }
                let mut left = symbol_node(&target, Some(Time::Zero));
                // The value of m_0 is written beside it; the probe has the value at the cursor.
                left.symbol = None;
                let text = format!("{} = {sign}{number}", symbol_text(&state.name, Some(Time::Zero)));
                Equation { mathml: equation(left, MathNode::parent("mrow", right)), target, text }
            })
            .collect()
    }
}

/// A `math` element that says that two things are equal.
pub(super) fn equation(left: MathNode, right: MathNode) -> MathNode {
    MathNode::parent("math", vec![left, MathNode::leaf("mo", "="), right]).with("display", "block")
}

pub(super) const MINUS: &str = "−";
const INVISIBLE_TIMES: &str = "\u{2062}";
const APPLY_FUNCTION: &str = "\u{2061}";

/// The time index of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Zero,
    Now,
    Next,
}

/// The time index that a name in an expression carries, if any.
fn time(name: Name) -> Option<Time> {
    match name {
        Name::Constant(_) | Name::Step | Name::Gradient | Name::Pi => None,
        Name::StateBefore(_) | Name::Theta | Name::Eta => Some(Time::Now),
        Name::StateAfter(_) | Name::Temporary(_) => Some(Time::Next),
    }
}

/// The parts of a name: letter or word, whether it wears a hat, subscript.
struct Parts {
    base: String,
    hat: bool,
    subscript: Option<String>,
}

fn parts(name: &str) -> Parts {
    let (base, subscript) = match name.split_once('_') {
        Some((base, subscript)) if !base.is_empty() && !subscript.is_empty() => (base, Some(subscript)),
        _ => {
            let base = name.trim_end_matches(|character: char| character.is_ascii_digit());
            (base, Some(&name[base.len()..]).filter(|digits| !digits.is_empty()))
        }
    };
    let hat = subscript == Some("hat");
    let subscript = subscript.filter(|_| !hat).map(|subscript| greek(subscript).to_owned());
    Parts { base: greek(base).to_owned(), hat, subscript }
}

fn greek(name: &str) -> &str {
    const LETTERS: [(&str, &str); 34] = [
        ("alpha", "α"),
        ("beta", "β"),
        ("gamma", "γ"),
        ("delta", "δ"),
        ("epsilon", "ε"),
        ("zeta", "ζ"),
        ("eta", "η"),
        ("theta", "θ"),
        ("iota", "ι"),
        ("kappa", "κ"),
        ("lambda", "λ"),
        ("mu", "μ"),
        ("nu", "ν"),
        ("xi", "ξ"),
        ("omicron", "ο"),
        ("pi", "π"),
        ("rho", "ρ"),
        ("sigma", "σ"),
        ("tau", "τ"),
        ("upsilon", "υ"),
        ("phi", "φ"),
        ("chi", "χ"),
        ("psi", "ψ"),
        ("omega", "ω"),
        ("Gamma", "Γ"),
        ("Delta", "Δ"),
        ("Theta", "Θ"),
        ("Lambda", "Λ"),
        ("Xi", "Ξ"),
        ("Pi", "Π"),
        ("Sigma", "Σ"),
        ("Phi", "Φ"),
        ("Psi", "Ψ"),
        ("Omega", "Ω"),
    ];
    LETTERS.iter().find(|(word, _)| *word == name).map_or(name, |(_, letter)| letter)
}

/// A symbol in plain text: `β_1`, `m_{t+1}`, `x_{max,t}`.
pub(super) fn symbol_text(name: &str, time: Option<Time>) -> String {
    let Parts { mut base, hat, subscript } = parts(name);
    if hat {
        base.push('\u{302}');
    }
    let time = time.map(|time| match time {
        Time::Zero => "0",
        Time::Now => "t",
        Time::Next => "t+1",
    });
    let subscripts: Vec<&str> = subscript.as_deref().into_iter().chain(time).collect();
    let subscript = subscripts.join(",");
    match subscript.chars().count() {
        0 => base,
        1 => format!("{base}_{subscript}"),
        _ => format!("{base}_{{{subscript}}}"),
    }
}

/// Parentheses (or bars) around a node.
pub(super) fn fenced(open: &str, inner: MathNode, close: &str) -> MathNode {
    MathNode::parent("mrow", vec![MathNode::leaf("mo", open), inner, MathNode::leaf("mo", close)])
}

/// A symbol with its time index.
pub(super) fn symbol_node(symbol: &Symbol, time: Option<Time>) -> MathNode {
    let Parts { base, hat, subscript } = parts(&symbol.name);
    let mut node = MathNode::leaf("mi", base);
    if hat {
        node = MathNode::parent("mover", vec![node, MathNode::leaf("mo", "^").with("stretchy", "false")])
            .with("accent", "true");
    }
    let mut below = Vec::new();
    if let Some(subscript) = subscript {
        let tag = if subscript.starts_with(|character: char| character.is_ascii_digit()) { "mn" } else { "mi" };
        below.push(MathNode::leaf(tag, subscript));
    }
    if let Some(time) = time {
        if !below.is_empty() {
            below.push(MathNode::leaf("mo", ","));
        }
        match time {
            Time::Zero => below.push(MathNode::leaf("mn", "0")),
            Time::Now => below.push(MathNode::leaf("mi", "t")),
            Time::Next => {
                below.extend([MathNode::leaf("mi", "t"), MathNode::leaf("mo", "+"), MathNode::leaf("mn", "1")]);
            }
        }
    }
    let mut node = match below.len() {
        0 => node,
        1 => MathNode::parent("msub", [vec![node], below].concat()),
        _ => MathNode::parent("msub", vec![node, MathNode::parent("mrow", below)]),
    };
    node.symbol = Some(symbol.clone());
    node
}

/// How the given names of a formula are shown.
pub(super) trait ShowGiven {
    /// As plain text.
    fn text(&self, name: &str) -> String;
    /// As MathML.
    fn node(&self, name: &str) -> MathNode;
}

/// Shows the expressions of a rule or of a formula.
pub(super) struct Show<'a> {
    pub(super) rule: &'a Rule,
    pub(super) clipped: bool,
    /// For a formula, whose given names are the constants of `rule`.
    pub(super) formula: Option<&'a dyn ShowGiven>,
}

impl Show<'_> {
    fn name_text(&self, name: Name) -> String {
        if let (Name::Constant(index), Some(given)) = (name, self.formula) {
            return given.text(&self.rule.constants[index].name);
        }
        match name {
            Name::Gradient if self.clipped => "g′".to_owned(),
            Name::Gradient => format!("∇ℓ({})", symbol_text("theta", Some(Time::Now))),
            _ => symbol_text(&self.rule.symbol(name).name, time(name)),
        }
    }

    fn name(&self, name: Name) -> MathNode {
        let symbol = self.rule.symbol(name);
        if name == Name::Pi {
            return MathNode::leaf("mi", greek("pi"));
        }
        if let (Name::Constant(_), Some(given)) = (name, self.formula) {
            return given.node(&symbol.name);
        }
        if name != Name::Gradient {
            return symbol_node(&symbol, time(name));
        }
        let mut node = if self.clipped {
            MathNode::parent("msup", vec![MathNode::leaf("mi", "g"), MathNode::leaf("mo", "′")])
        } else {
            let theta = Symbol { name: "theta".to_owned(), when: When::Before };
            // The whole is one symbol: the gradient's number hangs under it, not theta's.
            let mut parameter = symbol_node(&theta, Some(Time::Now));
            parameter.symbol = None;
            let nabla = MathNode::leaf("mo", "∇").with("form", "prefix").with("rspace", "0");
            MathNode::parent("mrow", vec![nabla, MathNode::leaf("mi", "ℓ"), fenced("(", parameter, ")")])
        };
        node.symbol = Some(symbol);
        node
    }

    /// An expression on one line of plain text.
    pub(super) fn plain(&self, expression: &Expression) -> String {
        let style = Style { name: &|name| self.name_text(name), minus: MINUS, times: " · ", primed: self.clipped };
        let mut text = String::new();
        write_expression(&mut text, expression, Precedence::Sum, &style);
        text
    }

    /// An expression, in parentheses if it holds together more loosely than `least`.
    fn operand(&self, expression: &Expression, least: Precedence) -> MathNode {
        let precedence = match expression {
            // A leading minus inside an equation reads like a sum; a fraction holds together by its bar.
            Expression::Negative(_) => Precedence::Sum,
            Expression::Binary(BinaryOperator::Divide, ..) => Precedence::Power,
            _ => Precedence::of(expression),
        };
        let node = self.expression(expression);
        if precedence < least { fenced("(", node, ")") } else { node }
    }

    /// An expression.
    pub(super) fn expression(&self, expression: &Expression) -> MathNode {
        match expression {
            Expression::Number(value) => MathNode::leaf("mn", shortest(*value)),
            Expression::Name(name) => self.name(*name),
            Expression::Negative(inner) => MathNode::parent(
                "mrow",
                vec![MathNode::leaf("mo", MINUS).with("form", "prefix"), self.operand(inner, Precedence::Product)],
            ),
            Expression::Binary(operator, left, right) => {
                let sign = match operator {
                    BinaryOperator::Divide => {
                        return MathNode::parent("mfrac", vec![self.expression(left), self.expression(right)]);
                    }
                    BinaryOperator::Power => {
                        let base = self.operand(left, Precedence::Atom);
                        let primed = self.clipped && **left == Expression::Name(Name::Gradient);
                        let call = matches!(**left, Expression::Call(function, _) if function != Function::Sqrt);
                        let base = if primed || call { fenced("(", base, ")") } else { base };
                        return MathNode::parent("msup", vec![base, self.expression(right)]);
                    }
                    BinaryOperator::Multiply => {
                        let (left, right) = (self.operand(left, Precedence::Product), self.factor(right));
                        let sign = if ends_wordy(&left) || starts_wordy(&right) { "⋅" } else { INVISIBLE_TIMES };
                        return MathNode::parent("mrow", vec![left, MathNode::leaf("mo", sign), right]);
                    }
                    BinaryOperator::Add => "+",
                    BinaryOperator::Subtract => MINUS,
                };
                let (left, right) = (self.operand(left, Precedence::Sum), self.operand(right, Precedence::Product));
                MathNode::parent("mrow", vec![left, MathNode::leaf("mo", sign), right])
            }
            Expression::Call(function, arguments) => {
                let mut shown = arguments.iter().map(|argument| self.expression(argument));
                match function {
                    Function::Sqrt => return MathNode::parent("msqrt", shown.collect()),
                    Function::Abs => {
                        return fenced("|", MathNode::parent("mrow", shown.collect()), "|");
                    }
                    _ => {}
                }
                let mut inner: Vec<MathNode> = shown.next().into_iter().collect();
                for argument in shown {
                    inner.extend([MathNode::leaf("mo", ","), argument]);
                }
                MathNode::parent(
                    "mrow",
                    vec![
                        MathNode::leaf("mi", function.name()),
                        MathNode::leaf("mo", APPLY_FUNCTION),
                        fenced("(", MathNode::parent("mrow", inner), ")"),
                    ],
                )
            }
        }
    }

    /// The right factor of a product; one that is a product itself keeps its parentheses, since the order of
    /// multiplications is the order in which they run.
    fn factor(&self, expression: &Expression) -> MathNode {
        let product = matches!(expression, Expression::Binary(BinaryOperator::Multiply, ..));
        let node = self.operand(expression, Precedence::Product);
        if product { fenced("(", node, ")") } else { node }
    }
}

/// Whether a factor begins with a digit or a word of several letters, which juxtaposition would run together.
fn starts_wordy(node: &MathNode) -> bool {
    match (&node.text, node.tag) {
        (Some(text), "mn") => !text.is_empty(),
        (Some(text), "mi") => text.chars().count() > 1,
        (_, "mrow" | "msub" | "msup" | "mover") => node.children.first().is_some_and(starts_wordy),
        _ => false,
    }
}

/// Whether a factor ends with a word of several letters.
fn ends_wordy(node: &MathNode) -> bool {
    match (&node.text, node.tag) {
        (Some(text), "mi") => text.chars().count() > 1,
        (_, "mrow") => node.children.last().is_some_and(ends_wordy),
        (_, "msub" | "msup" | "mover") => node.children.first().is_some_and(ends_wordy),
        _ => false,
    }
}
