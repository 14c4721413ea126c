//! The equations of what runs besides the rule itself (warmup and schedule, clipping, the block), and the values of their
//! symbols at the cursor.

use brink_engine::experiment::{Experiment, Schedule};
use brink_engine::network::Model;
use brink_engine::network::models::{Branch, Placement};
use brink_engine::record::Columns;
use brink_engine::rule::{MathNode, Rule, Symbol};

fn leaf(tag: &'static str, text: impl Into<String>) -> MathNode {
    MathNode { tag, attributes: Vec::new(), text: Some(text.into()), children: Vec::new(), symbol: None }
}

fn parent(tag: &'static str, children: Vec<MathNode>) -> MathNode {
    MathNode { tag, attributes: Vec::new(), text: None, children, symbol: None }
}

fn name(text: &str) -> MathNode {
    leaf("mi", text)
}

fn number(text: impl Into<String>) -> MathNode {
    leaf("mn", text)
}

fn sign(text: &str) -> MathNode {
    leaf("mo", text)
}

fn row(children: Vec<MathNode>) -> MathNode {
    parent("mrow", children)
}

fn under(base: MathNode, index: MathNode) -> MathNode {
    parent("msub", vec![base, index])
}

fn fraction(above: MathNode, below: MathNode) -> MathNode {
    parent("mfrac", vec![above, below])
}

fn apply(function: &str, argument: MathNode) -> MathNode {
    let wide = if function.chars().count() > 1 { leaf("mtext", function) } else { name(function) };
    row(vec![wide, sign("("), argument, sign(")")])
}

fn math(children: Vec<MathNode>) -> MathNode {
    let mut node = parent("math", vec![row(children)]);
    node.attributes.push(("display", "block"));
    node
}

fn base_rate() -> MathNode {
    under(name("η"), leaf("mtext", "base"))
}

fn rate() -> MathNode {
    under(name("η"), name("t"))
}

/// The learning rate during warmup; `None` where there is no warmup.
pub fn warmup(experiment: &Experiment) -> Option<MathNode> {
    let steps = experiment.warmup_steps;
    (steps > 0).then(|| {
        math(vec![
            rate(),
            sign("="),
            base_rate(),
            fraction(name("t"), number(steps.to_string())),
            sign(","),
            leaf("mtext", "\u{2003}"),
            name("t"),
            sign("<"),
            number(steps.to_string()),
        ])
    })
}

/// The learning rate after warmup.
pub fn schedule(experiment: &Experiment) -> MathNode {
    let (warmup, steps) = (experiment.warmup_steps, experiment.max_train_steps);
    let since = if warmup == 0 { name("t") } else { row(vec![name("t"), sign("−"), number(warmup.to_string())]) };
    let share = fraction(since, number(steps.to_string()));
    let mut parts = vec![rate(), sign("="), base_rate()];
    match experiment.schedule {
        Schedule::Constant => {}
        Schedule::Linear => parts.extend([sign("("), number("1"), sign("−"), share, sign(")")]),
        Schedule::Cosine => parts.push(fraction(
            row(vec![number("1"), sign("+"), leaf("mi", "cos"), sign("("), name("π"), share, sign(")")]),
            number("2"),
        )),
    }
    math(parts)
}

/// Clipping by the global norm; `None` where nothing is clipped.
pub fn clipping(experiment: &Experiment) -> Option<MathNode> {
    let threshold = super::number::three(experiment.clip_threshold?);
    let norm = || row(vec![sign("‖"), name("g"), sign("‖")]);
    Some(math(vec![
        name("g′"),
        sign("="),
        apply("min", row(vec![number("1"), sign(","), fraction(number(threshold), norm())])),
        name("g"),
    ]))
}

/// What a residual block makes of x; `None` for a network without blocks.
pub fn block(experiment: &Experiment) -> Option<MathNode> {
    let Model::ResidualMlp(model) = &experiment.model else { return None };
    let f = |argument: MathNode| apply("f", argument);
    let norm = |argument: MathNode| apply("Norm", argument);
    let mut branch = match model.placement {
        Placement::Pre => f(norm(name("x"))),
        Placement::Inside => norm(f(name("x"))),
        Placement::None | Placement::Post => f(name("x")),
    };
    if model.branch == Branch::Rezero {
        branch = row(vec![name("α"), branch]);
    }
    let sum = row(vec![name("x"), sign("+"), branch]);
    Some(math(vec![if model.placement == Placement::Post { norm(sum) } else { sum }]))
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

/// The first place in a tree that shows a symbol: what stands beside its value.
pub fn find<'a>(node: &'a MathNode, symbol: &Symbol) -> Option<&'a MathNode> {
    if node.symbol.as_ref() == Some(symbol) {
        return Some(node);
    }
    node.children.iter().find_map(|child| find(child, symbol))
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::{Optimizer, PRESETS};
    use brink_engine::rule::When;

    #[test]
    fn each_placement_has_its_own_formula() {
        let mut experiment = (PRESETS[0].experiment)();
        let mut seen = Vec::new();
        for placement in Placement::ALL {
            if let Model::ResidualMlp(model) = &mut experiment.model {
                model.placement = placement;
            }
            let text = block(&experiment).expect("a block").to_string();
            assert!(!seen.contains(&text), "{placement:?}");
            seen.push(text);
        }
        let letters: String =
            seen[3].replace("</", "<").split('<').filter_map(|p| p.split_once('>').map(|x| x.1)).collect();
        assert_eq!(letters, "Norm(x+f(x))");
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
        assert!(warmup(&on).expect("on").to_string().contains("<mn>200</mn>"));
        assert!(clipping(&on).expect("on").to_string().contains("<mn>6.1</mn>"));
        assert!(schedule(&on).to_string().contains("−"));
    }
}
