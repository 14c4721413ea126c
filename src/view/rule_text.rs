//! A rule as a learner's text: where editing starts, what is committed, and the position of an error.

use super::number::three;
use super::text::Texts;
use brink_engine::experiment::{Experiment, Optimizer, RuleSource};
use brink_engine::rule::{ExpectedToken, Found, Role, Rule, RuleError, RuleFault, Taken, builtin};

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

/// Where and why a text is not a rule, in the page's language, as a clause within a longer sentence.
pub fn rule_error_clause(error: &RuleError, texts: &Texts) -> String {
    texts.rule_at(error.line, error.column, fault_message(&error.fault, texts))
}

/// Where and why a text is not a rule, in the page's language, as a sentence of its own.
pub fn rule_error_sentence(error: &RuleError, texts: &Texts) -> String {
    texts.rule_error(error.line, error.column, fault_message(&error.fault, texts))
}

/// Why a text is not a rule: what [`RuleFault`] says in English, in each language.
fn fault_message(fault: &RuleFault, texts: &Texts) -> String {
    match fault {
        RuleFault::TooLong { bytes, most } => texts.rule_long(bytes, most),
        RuleFault::Unexpected { expected: allowed, found: present } => {
            texts.rule_unexpected(expected(*allowed, texts), found(present, texts))
        }
        RuleFault::NoName => texts.rule_no_name.to_owned(),
        RuleFault::EmptyName => texts.rule_empty_name.to_owned(),
        RuleFault::Repeated(name) => texts.rule_repeated(name),
        RuleFault::NoTheta => texts.rule_no_theta.to_owned(),
        RuleFault::AfterTheta => texts.rule_after_theta.to_owned(),
        RuleFault::NeverAssigned(name) => texts.rule_never(name),
        RuleFault::AssignedTwice(name) => texts.rule_twice(name),
        RuleFault::Taken { name, taken: by, role: wanted } => {
            texts.rule_taken(name, taken(*by, texts), role(*wanted, texts))
        }
        RuleFault::Unknown { name, known } => texts.rule_unknown(name, known),
        RuleFault::Constants(most) => texts.rule_constants(most),
        RuleFault::States(most) => texts.rule_states(most),
        RuleFault::Nodes(most) => texts.rule_nodes(most),
        RuleFault::Nesting(most) => texts.rule_nesting(most),
        RuleFault::InfiniteEnd => texts.rule_infinite.to_owned(),
        RuleFault::Default { name, value, range } => texts.rule_default(name, value, range),
        RuleFault::Power(most) => texts.rule_power(most),
        RuleFault::Exponent => texts.rule_exponent.to_owned(),
        RuleFault::Cosine => texts.rule_cosine.to_owned(),
        RuleFault::TooLarge { written, most } => texts.rule_huge(written, most),
        RuleFault::Character(written) => texts.rule_character(written),
        RuleFault::Control => texts.rule_control.to_owned(),
    }
}

fn expected(expected: ExpectedToken, texts: &Texts) -> String {
    let text = match expected {
        ExpectedToken::Line => texts.expected_line,
        ExpectedToken::LineEnd => texts.expected_end,
        ExpectedToken::Text => texts.expected_text,
        ExpectedToken::Name(wanted) => return texts.expected_name(role(wanted, texts)),
        ExpectedToken::Number => texts.expected_number,
        ExpectedToken::Bound => texts.expected_bound,
        ExpectedToken::In => texts.expected_in,
        ExpectedToken::Range => texts.expected_range,
        ExpectedToken::RangeEnd => texts.expected_range_end,
        ExpectedToken::Operand => texts.expected_operand,
        // A sign is the same in every language.
        ExpectedToken::Sign(_) => return expected.to_string(),
    };
    text.to_owned()
}

fn found(found: &Found, texts: &Texts) -> String {
    match found {
        Found::Written(_) => found.to_string(),
        Found::Text => texts.found_text.to_owned(),
        Found::LineEnd => texts.found_end.to_owned(),
    }
}

fn role(role: Role, texts: &Texts) -> &'static str {
    match role {
        Role::Constant => texts.role_constant,
        Role::State => texts.role_state,
        Role::Value => texts.value,
    }
}

fn taken(taken: Taken, texts: &Texts) -> &'static str {
    match taken {
        Taken::Keyword => texts.taken_keyword,
        Taken::Function => texts.taken_function,
        Taken::Given => texts.taken_given,
        Taken::Parameter => texts.taken_parameter,
        Taken::Constant => texts.taken_constant,
        Taken::State => texts.taken_state,
    }
}

/// What a rule is called beside another: by its own name, or, where the other has the same name, by the first line that
/// differs. `None` where they are the same rule.
pub fn name_beside(base: &Rule, rule: &Rule) -> Option<String> {
    if base.name != rule.name {
        return Some(rule.name.clone());
    }
    let constant = |c: &brink_engine::rule::Constant| format!("{} {}", c.name, three(c.default));
    let lines = |rule: &Rule| -> Vec<String> {
        let assignment = |a: &brink_engine::rule::Assignment| {
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
    use crate::text::Language;
    use brink_engine::experiment::PRESETS;

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
        let missing = RuleError { line: 9, column: 3, fault: RuleFault::NoTheta };
        assert_eq!(excerpt("", &missing), "\n  ^", "past the end of the text");
        let tab = RuleError { line: 1, column: 3, fault: RuleFault::NoTheta };
        assert_eq!(excerpt("\ta?", &tab), "\ta?\n\t ^");
    }

    /// The names of an enum's cases, and the name of one. A case that is not listed does not compile.
    macro_rules! cases {
        ($names:ident, $name:ident, $type:ident: $($case:ident)*) => {
            const $names: &[&str] = &[$(concat!(stringify!($type), "::", stringify!($case)),)*];
            fn $name(value: &$type) -> &'static str {
                match value {
                    $($type::$case { .. } => concat!(stringify!($type), "::", stringify!($case)),)*
                }
            }
        };
    }

    cases!(FAULTS, fault_name, RuleFault: TooLong Unexpected NoName EmptyName Repeated NoTheta AfterTheta NeverAssigned Cosine
        AssignedTwice Taken Unknown Constants States Nodes Nesting InfiniteEnd Default Power Exponent TooLarge Character
        Control);
    cases!(EXPECTED, expected_name, ExpectedToken: Line LineEnd Text Name Number Bound In Range RangeEnd Operand Sign);
    cases!(FOUND, found_name, Found: Written Text LineEnd);
    cases!(ROLES, role_name, Role: Constant State Value);
    cases!(TAKEN, taken_name, Taken: Keyword Function Given Parameter Constant State);

    /// A rule with these lines between its name and its last line; the first of them is line 2.
    fn with(lines: &str) -> String {
        format!("name \"X\"\n{lines}\ntheta = theta - eta * g\n")
    }

    #[test]
    fn all_that_can_be_wrong_with_a_rule_is_told_in_each_language_with_place_and_name() {
        use brink_engine::rule::{
            MAX_CONSTANTS, MAX_INTEGER_POWER, MAX_NESTING, MAX_NODES, MAX_STATES, MAX_TEXT_BYTES,
        };
        let lines = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
        // The text, the position of what is wrong, and what both sentences name besides it.
        let wrong: [(String, (usize, usize), &[&str]); 48] = [
            ("#".repeat(MAX_TEXT_BYTES + 1), (1, 1), &["4097", "4096"]),
            ("theta = g".to_owned(), (1, 1), &["`name \"...\"`"]),
            ("name \" \"".to_owned(), (1, 1), &[]),
            ("name \"X\"".to_owned(), (1, 9), &["`theta = ...`"]),
            ("name X".to_owned(), (1, 6), &["`X`"]),
            ("name \"X".to_owned(), (1, 8), &["`\"`"]),
            ("name \"X\u{7}\"".to_owned(), (1, 6), &[]),
            (with("name \"Y\""), (2, 1), &["`name`"]),
            (with("source \"Y\"\nsource \"Z\""), (3, 1), &["`source`"]),
            (with("theta = g\nx = 1"), (3, 1), &["theta"]),
            (with("+ 1"), (2, 1), &["`name`, `source`, `constant`, `state`", "`+`"]),
            (with("\"x\" = 1"), (2, 1), &["`state`"]),
            (with("x = 1 2"), (2, 7), &["`2`"]),
            (with("constant 3 = 1 in [0, 1]"), (2, 10), &["`3`"]),
            (with("state 3 = 1"), (2, 7), &["`3`"]),
            (with("state m = x"), (2, 11), &["`x`", "1e-8"]),
            (with("x = ."), (2, 5), &["`.`", "1e-8"]),
            (with("constant c = 0.5 in [a, 1]"), (2, 22), &["`a`", "`inf`"]),
            (with("constant c = 0.5 [0, 1]"), (2, 18), &["`[`", "`in [0, 1)`"]),
            (with("constant c = 0.5 in 0, 1"), (2, 21), &["`0`", "`[0, 1)`"]),
            (with("constant c = 0.5 in [0, 1 x"), (2, 27), &["`x`", "`]`", "`)`"]),
            (with("constant c = 0.5 in [0, inf]"), (2, 21), &["`(`", "`)`"]),
            (with("constant c = 1 in [0, 1)"), (2, 10), &["`c`", "1", "[0, 1)"]),
            (with("x = 1 + *"), (2, 9), &["`*`", "`-`", "`(`"]),
            (with("x = 1 + state"), (2, 9), &["`state`"]),
            (with("x = (1 + 2"), (2, 11), &["`)`"]),
            (with("x = max(1)"), (2, 10), &["`,`", "`)`"]),
            (with("state m = 0"), (2, 7), &["`m`", "`m = ...`"]),
            (with("x = g\nx = g"), (3, 1), &["`x`"]),
            (with("state m = 0\nm = g\nm = g"), (4, 1), &["`m`"]),
            (with("in = 1"), (2, 1), &["`in`"]),
            (with("sqrt = 1"), (2, 1), &["`sqrt`"]),
            (with("state eta = 1"), (2, 7), &["`eta`"]),
            (with("constant theta = 1 in [0, 2]"), (2, 10), &["`theta`"]),
            (with("constant c = 1 in [0, 2]\nc = 1"), (3, 1), &["`c`"]),
            (with("state m = 1\nconstant m = 1 in [0, 2]"), (3, 10), &["`m`"]),
            (
                with("constant c = 1 in [0, 2]\nstate m = 0\nx = 1\ny = gama"),
                (5, 5),
                &["`gama`", "theta, g, eta, t, pi, c, m, x, sqrt, exp, log, cos, abs, sign, min, max"],
            ),
            (
                with(&lines(MAX_CONSTANTS + 1, &|i| format!("constant c{i} = 0 in [0, 1]\n"))),
                (MAX_CONSTANTS + 2, 10),
                &["16"],
            ),
            (with(&lines(MAX_STATES + 1, &|i| format!("state s{i} = 0\n"))), (MAX_STATES + 2, 7), &["8"]),
            (with(&format!("x = 1{}", "+1".repeat(MAX_NODES))), (2, 260), &["256"]),
            (with(&format!("x = {}1", "(".repeat(MAX_NESTING + 1))), (2, 6 + MAX_NESTING), &["64"]),
            (with(&format!("x = g^{}", MAX_INTEGER_POWER + 1)), (2, 6), &["16"]),
            (with("x = 2^g"), (2, 6), &[]),
            (with("x = 1 + cos(2 * g)"), (2, 9), &["cos"]),
            (with("pi = 3"), (2, 1), &["`pi`"]),
            (with("x = 1e999"), (2, 5), &["1e999", "1.7976931348623157e308"]),
            (with("x = 1 + é"), (2, 9), &["`é`", "`#`"]),
            (with("x = \u{7}"), (2, 5), &["`\\u{7}`"]),
        ];
        let (english, indonesian) = (Language::English.texts(), Language::Indonesian.texts());
        let mut seen = std::collections::BTreeSet::new();
        for (text, position, named) in wrong {
            let error = Rule::parse(&text).expect_err(&text);
            seen.insert(fault_name(&error.fault));
            match &error.fault {
                RuleFault::Unexpected { expected, found } => {
                    seen.extend([expected_name(expected), found_name(found)]);
                    if let ExpectedToken::Name(role) = expected {
                        seen.insert(role_name(role));
                    }
                }
                RuleFault::Taken { taken, role, .. } => seen.extend([taken_name(taken), role_name(role)]),
                _ => {}
            }
            assert_eq!((error.line, error.column), position, "{error}\n{text}");
            assert_eq!(rule_error_clause(&error, english), error.to_string(), "as on the command line");
            let (line, column) = position;
            for (texts, beginning) in [
                (english, format!("Line {line}, column {column}: ")),
                (indonesian, format!("Baris {line}, kolom {column}: ")),
            ] {
                let sentence = rule_error_sentence(&error, texts);
                let message = sentence.strip_prefix(&beginning).unwrap_or_else(|| panic!("{beginning}: {sentence}"));
                assert!(message.len() > 1, "{sentence}");
                for part in named {
                    assert!(message.contains(part), "{part} is not in: {sentence}");
                }
            }
            assert_ne!(fault_message(&error.fault, english), fault_message(&error.fault, indonesian));
        }
        let all: Vec<&str> = [FAULTS, EXPECTED, FOUND, ROLES, TAKEN].concat();
        let missing: Vec<&&str> = all.iter().filter(|name| !seen.contains(**name)).collect();
        assert!(missing.is_empty(), "no rule has these wrong: {missing:?}");
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
