//! A rule as a learner's text: where editing starts, what is committed, and the place of an error.

use super::number::three;
use crate::experiment::{Experiment, Optimizer, RuleSource};
use crate::rule::{Rule, RuleError, builtin};

/// The longest line that a name repeats, in characters.
const MOST_NAMED: usize = 40;

/// The text that editing starts from: the rule as it runs, so with the experiment's own constants as defaults.
pub fn text_of(experiment: &Experiment) -> String {
    let source = match &experiment.optimizer.rule {
        RuleSource::Text(text) => text.as_str(),
        RuleSource::Builtin(id) => builtin().iter().find(|rule| rule.id == id).map_or("", |rule| rule.text),
    };
    let constants = &experiment.optimizer.constants;
    match Rule::parse(source) {
        Ok(mut rule) if !constants.is_empty() => {
            for constant in &mut rule.constants {
                constant.default = constants.get(&constant.name).copied().unwrap_or(constant.default);
            }
            rule.text()
        }
        _ => source.to_owned(),
    }
}

/// The optimizer that a text asks for: a built-in rule where it is the text of one.
pub fn optimizer(text: &str) -> Optimizer {
    match builtin().iter().find(|rule| rule.text == text) {
        Some(rule) => Optimizer::builtin(rule.id),
        None => Optimizer { rule: RuleSource::Text(text.to_owned()), constants: Default::default() },
    }
}

/// The line of an error, and below it a caret at its column.
pub fn excerpt(text: &str, error: &RuleError) -> String {
    let line = text.lines().nth(error.line.saturating_sub(1)).unwrap_or_default();
    let mut indent: String = line.chars().take(error.column.saturating_sub(1)).collect();
    // A tab stays one, so that the caret stands below its column.
    indent = indent.chars().map(|c| if c == '\t' { c } else { ' ' }).collect();
    indent.extend(std::iter::repeat_n(' ', error.column.saturating_sub(1).saturating_sub(indent.chars().count())));
    format!("{line}\n{indent}^")
}

/// What a rule is called beside another: by its own name, or, where the other has the same name, by the first line that
/// differs. `None` where they are the same rule.
pub fn name_beside(base: &Rule, rule: &Rule) -> Option<String> {
    if base.name != rule.name {
        return Some(rule.name.clone());
    }
    let constant = |c: &crate::rule::Constant| format!("{} {}", c.name, three(c.default));
    let lines = |rule: &Rule| -> Vec<String> {
        let assignment = |a: &crate::rule::Assignment| {
            format!("{} = {}", rule.target_symbol(a.target).name, rule.expression_text(&a.expression))
        };
        rule.assignments.iter().map(assignment).chain(rule.constants.iter().map(constant)).collect()
    };
    let (before, after) = (lines(base), lines(rule));
    let line = after.iter().find(|line| !before.contains(line))?;
    let mut short: String = line.chars().take(MOST_NAMED).collect();
    if short.len() < line.len() {
        short.push('…');
    }
    Some(format!("{}: {short}", rule.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;

    fn momentum() -> Experiment {
        (PRESETS[0].experiment)()
    }

    #[test]
    fn editing_starts_from_the_rule_that_runs() {
        let mut experiment = momentum();
        let text = text_of(&experiment);
        assert!(builtin().iter().any(|rule| rule.id == "momentum" && rule.text == text));
        assert_eq!(optimizer(&text), Optimizer::builtin("momentum"), "the same text is the same rule");
        experiment.optimizer.constants.insert("gamma".into(), 0.5);
        let text = text_of(&experiment);
        assert_eq!(Rule::parse(&text).expect("a rule").constants[0].default, 0.5);
        let own = optimizer(&text);
        assert_eq!(own.rule, RuleSource::Text(text.clone()));
        assert_eq!(text_of(&Experiment { optimizer: own, ..momentum() }), text);
    }

    #[test]
    fn an_error_is_shown_at_its_place() {
        let text = text_of(&momentum()).replace("v = gamma * v + g", "v = gamma * + g");
        let error = Rule::parse(&text).expect_err("no operand");
        assert_eq!(excerpt(&text, &error), "v = gamma * + g\n            ^");
        let missing = RuleError { line: 9, column: 3, message: String::new() };
        assert_eq!(excerpt("", &missing), "\n  ^", "past the end of the text");
        let tab = RuleError { line: 1, column: 3, message: String::new() };
        assert_eq!(excerpt("\ta?", &tab), "\ta?\n\t ^");
    }

    #[test]
    fn a_changed_rule_is_named_by_the_line_that_differs() {
        let base = momentum().rule().expect("a rule");
        let name = |from: &str, to: &str| {
            let text = text_of(&momentum()).replace(from, to);
            name_beside(&base, &Rule::parse(&text).expect("a rule"))
        };
        assert_eq!(name("", ""), None);
        assert_eq!(name("Momentum", "Mine").as_deref(), Some("Mine"));
        assert_eq!(name("v + g", "v + sign(g)").as_deref(), Some("Momentum: v = gamma * v + sign(g)"));
        assert_eq!(name("0.9", "0.5").as_deref(), Some("Momentum: gamma 0.5"));
    }
}
