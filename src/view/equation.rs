//! The equations of what runs besides the rule itself (warmup and schedule, clipping, the block), and the values of their
//! symbols at the cursor.

use brink_engine::experiment::Experiment;
use brink_engine::network::models::{BlockEquation, BlockFormula};
use brink_engine::record::Columns;
use brink_engine::rule::{self, FormulaEquation, MathNode, Rule, Symbol};

fn leaf(tag: &'static str, text: &str) -> MathNode {
    MathNode { tag, attributes: Vec::new(), text: Some(text.to_owned()), children: Vec::new(), symbol: None }
}

fn row(children: Vec<MathNode>) -> MathNode {
    MathNode { tag: "mrow", attributes: Vec::new(), text: None, children, symbol: None }
}

/// What a formula's given names stand for in an experiment.
fn given(experiment: &Experiment) -> Vec<(&'static str, String)> {
    let steps = [("W", experiment.warmup_steps), ("S", experiment.max_train_steps)];
    // A trailing threshold is another number at every step.
    let threshold = experiment.fixed_clip_threshold().map(|threshold| ("lambda", super::number::three(threshold)));
    steps.map(|(name, steps)| (name, steps.to_string())).into_iter().chain(threshold).collect()
}

/// The entry of the glossary that says what a symbol is, by its name in the text of a rule or formula.
pub fn entry(symbol: &str) -> &'static str {
    match symbol {
        "eta" | "alpha" => "learning_rate",
        "base" | "eta_base" | "alpha_base" => "base_learning_rate",
        "g" => "gradient",
        "gamma" => "momentum",
        "lambda" => "clip_threshold",
        "norm" => "gradient_norm",
        "theta" => "parameters",
        "W" => "warmup",
        "S" | "t" => "step",
        _ => "rule_symbols",
    }
}

/// What the experiment's rule calls the learning rate of a step.
fn rate_name(experiment: &Experiment) -> &'static str {
    experiment.rule().map_or("eta", |rule| rule.rate_name)
}

/// The learning rate during warmup; `None` where there is no warmup.
pub fn warmup(experiment: &Experiment) -> Option<FormulaEquation> {
    (experiment.warmup_steps > 0).then(|| rule::warmup().equation(&given(experiment), rate_name(experiment)))
}

/// The learning rate after warmup.
pub fn schedule(experiment: &Experiment) -> FormulaEquation {
    experiment.schedule.formula().equation(&given(experiment), rate_name(experiment))
}

/// Clipping by the global norm; `None` where nothing is clipped.
pub fn clipping(experiment: &Experiment) -> Option<FormulaEquation> {
    if !experiment.clips() {
        return None;
    }
    let mut equation = rule::clipping().equation(&given(experiment), rate_name(experiment));
    if experiment.clip_window > 0 {
        let (trailing, text) = trailing_threshold(experiment.clip_window);
        equation.mathml.children.extend(trailing);
        equation.text += &text;
    }
    if !experiment.clip_during_warmup && experiment.warmup_steps > 0 {
        let first = experiment.warmup_steps.to_string();
        let condition = [leaf("mtext", ",\u{2003}"), leaf("mi", "t"), leaf("mo", "≥"), leaf("mn", &first)];
        equation.mathml.children.extend(condition);
        equation.text += &format!(", t ≥ {first}");
    }
    Some(equation)
}

/// What λ is where it follows the gradient norms of the last steps, and the same as text.
fn trailing_threshold(window: u32) -> (Vec<MathNode>, String) {
    let pair = |tag, base, script| MathNode { tag, children: vec![base, script], ..row(Vec::new()) };
    let norm = |steps: &str| {
        let step = row(vec![leaf("mi", "t"), leaf("mo", "−"), leaf("mn", steps)]);
        pair("msub", row(vec![leaf("mo", "‖"), leaf("mi", "g"), leaf("mo", "‖")]), step)
    };
    let steps = window.to_string();
    let percentile = pair("msub", leaf("mi", "P"), leaf("mn", "90"));
    let mut children = vec![leaf("mtext", ",\u{2003}"), leaf("mi", "λ"), leaf("mo", "="), percentile, leaf("mo", "(")];
    children.push(norm(&steps));
    if window > 1 {
        children.extend([leaf("mo", ","), leaf("mo", "…"), leaf("mo", ","), norm("1")]);
    }
    children.push(leaf("mo", ")"));
    let last = if window > 1 { ", …, ‖g‖_{t−1}" } else { "" };
    (children, format!(", λ = P_90(‖g‖_{{t−{steps}}}{last})"))
}

/// What a residual block makes of x, line by line; none for a network without residual blocks.
pub fn block(experiment: &Experiment) -> Vec<FormulaEquation> {
    let equation = |equation: BlockEquation| {
        let children = vec![leaf("mi", equation.result), leaf("mo", "="), block_node(&equation.formula)];
        let mathml = MathNode { tag: "math", attributes: vec![("display", "block")], ..row(children) };
        FormulaEquation { mathml, text: equation.to_string() }
    };
    experiment.model.block_equations().into_iter().map(equation).collect()
}

fn block_node(formula: &BlockFormula) -> MathNode {
    let apply = |function: MathNode, argument: &BlockFormula| {
        row(vec![function, leaf("mo", "("), block_node(argument), leaf("mo", ")")])
    };
    match formula {
        BlockFormula::Symbol(name) => leaf("mi", name),
        // A function of several letters is a word.
        BlockFormula::Branch(name, x) => apply(leaf(if name.len() > 1 { "mtext" } else { "mi" }, name), x),
        BlockFormula::Norm(x) => apply(leaf("mtext", "Norm"), x),
        BlockFormula::Scaled(x) => row(vec![leaf("mi", "α"), block_node(x)]),
        BlockFormula::Sum(x, y) => row(vec![block_node(x), leaf("mo", "+"), block_node(y)]),
    }
}

/// The values of every symbol of a rule for the probe, from one recorded row. `None` where the run is dead there, or the
/// row is not of this rule.
pub fn probe_values(rule: &Rule, constants: &[f64], step: u32, row: &[f32]) -> Option<Vec<(Symbol, f64)>> {
    let states: Vec<f64> = row.get(Columns::PROBE_STATES..)?.iter().map(|&value| f64::from(value)).collect();
    if states.len() != rule.states.len() || constants.len() != rule.constants.len() {
        return None;
    }
    let (g, theta) = (f64::from(row[Columns::PROBE_GRADIENT]), f64::from(row[Columns::PROBE_THETA]));
    if !(g.is_finite() && theta.is_finite()) {
        return None;
    }
    let eta = f64::from(row[Columns::LEARNING_RATE]);
    Some(rule.evaluate_step(constants, eta, u64::from(step), g, theta, &states))
}

/// The first position in a tree that shows a symbol: what stands beside its value.
pub fn find<'a>(node: &'a MathNode, symbol: &Symbol) -> Option<&'a MathNode> {
    if node.symbol.as_ref() == Some(symbol) {
        return Some(node);
    }
    node.children.iter().find_map(|child| find(child, symbol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::{Optimizer, PRESETS, Schedule};
    use brink_engine::network::Model;
    use brink_engine::network::models::{Branch, Placement};
    use brink_engine::rule::When;

    #[test]
    fn the_formula_of_a_block_is_that_of_its_model() {
        let mut experiment = (PRESETS[0].experiment)();
        let letters = |node: &MathNode| {
            let text = node.to_string().replace("</", "<");
            text.split('<').filter_map(|part| part.split_once('>').map(|pair| pair.1)).collect::<String>()
        };
        for placement in Placement::ALL {
            for branch in Branch::ALL {
                if let Model::ResidualMlp(model) = &mut experiment.model {
                    (model.placement, model.branch) = (placement, branch);
                }
                let [shown] = &block(&experiment)[..] else { panic!("one line") };
                assert_eq!(letters(&shown.mathml), shown.text.replace(' ', ""), "{placement:?} {branch:?}");
            }
        }
        let transformer = block(&experiment.with_model_kind("transformer").expect("a transformer"));
        let lines: Vec<&str> = transformer.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(lines, ["a = Norm(x + α Attention(x))", "y = Norm(a + α f(a))"]);
        let convnet = experiment.with_model_kind("convnet").expect("a convnet");
        assert!(block(&convnet).is_empty());
    }

    #[test]
    fn the_numbers_beside_the_equation_are_one_step_of_the_rule() {
        let mut experiment = (PRESETS[0].experiment)();
        experiment.optimizer = Optimizer::builtin("momentum");
        let rule = experiment.rule().expect("a rule");
        // loss, norm, eta, scale, g, theta, v
        let row = [1.0, 4.0, 0.5, 1.0, 2.0, 10.0, 3.0];
        let values = probe_values(&rule, &[0.5], 7, &row).expect("values");
        let value = |name: &str, when| values.iter().find(|(s, _)| s.name == name && s.when == when).map(|v| v.1);
        assert_eq!(value("v", When::After), Some(0.5 * 3.0 + 2.0));
        assert_eq!(value("theta", When::After), Some(10.0 - 0.5 * 3.5));
        for (symbol, _) in &values {
            let shown = rule.equations(false).iter().any(|equation| find(&equation.mathml, symbol).is_some());
            assert!(shown || symbol.name == "t", "{symbol:?} is in no equation");
        }
        assert_eq!(probe_values(&rule, &[0.5], 7, &row[..6]), None, "a row of another rule");
        let dead = [f32::NAN; 7];
        assert_eq!(probe_values(&rule, &[0.5], 7, &dead), None);
    }

    #[test]
    fn what_is_off_has_no_equation() {
        let experiment = (PRESETS[0].experiment)();
        assert!(warmup(&experiment).is_none() && clipping(&experiment).is_none());
        let on = Experiment { warmup_steps: 200, clip_threshold: Some(6.1), ..experiment };
        assert_eq!(warmup(&on).expect("on").text, "η_t = η_{base} · t / 200, t < 200");
        assert_eq!(clipping(&on).expect("on").text, "g′ = min(1, 6.1 / ‖g‖) · g");
        let after_warmup = Experiment { clip_during_warmup: false, ..on.clone() };
        assert_eq!(clipping(&after_warmup).expect("on").text, "g′ = min(1, 6.1 / ‖g‖) · g, t ≥ 200");
        let trailing = Experiment { clip_threshold: None, clip_window: 50, ..on.clone() };
        let text = "g′ = min(1, λ / ‖g‖) · g, λ = P_90(‖g‖_{t−50}, …, ‖g‖_{t−1})";
        assert_eq!(clipping(&trailing).expect("on").text, text);
        let constant = Experiment { schedule: Schedule::Constant, ..on };
        assert_eq!(schedule(&constant).text, "η_t = η_{base}");
        let linear = Experiment { schedule: Schedule::Linear, max_train_steps: 600, ..constant };
        assert_eq!(schedule(&linear).text, "η_t = η_{base} · (1 − (t − 200) / 600)");
        let without_warmup = Experiment { warmup_steps: 0, ..linear };
        assert_eq!(schedule(&without_warmup).text, "η_t = η_{base} · (1 − t / 600)");
    }
}
