//! Properties of random rules: printing and parsing, the fast update against the tree, WGSL.

use brink_engine::rule::{Program, Rule, ValueKind, builtin};
use brink_tests::golden;
use proptest::prelude::*;

/// An expression as written by the generator, with every parenthesis.
fn expression(names: Vec<String>) -> BoxedStrategy<String> {
    let leaf = prop_oneof![
        4 => proptest::sample::select(names),
        1 => (0u32..2000).prop_map(|thousandths| format!("{}", f64::from(thousandths) / 1000.0)),
        1 => Just("1e-8".to_owned()),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            6 => (inner.clone(), proptest::sample::select(vec!["+", "-", "*", "/"]), inner.clone())
                .prop_map(|(left, operator, right)| format!("({left} {operator} {right})")),
            1 => inner.clone().prop_map(|inner| format!("(-{inner})")),
            1 => (inner.clone(), prop_oneof![-3i32..0, 1i32..6])
                .prop_map(|(base, power)| format!("({base})^{power}")),
            1 => Just("(0.9^(t + 1))".to_owned()),
            1 => (proptest::sample::select(vec!["sqrt", "exp", "log", "abs", "sign"]), inner.clone())
                .prop_map(|(function, argument)| format!("{function}({argument})")),
            1 => (proptest::sample::select(vec!["min", "max"]), inner.clone(), inner)
                .prop_map(|(function, first, second)| format!("{function}({first}, {second})")),
        ]
    })
    .boxed()
}

/// The text of a random rule: up to three constants, four states, three temporaries, in any order of assignment.
fn rule_text() -> impl Strategy<Value = String> {
    (0usize..=3, 0usize..=4, 0usize..=3)
        .prop_flat_map(|(constants, states, temporaries)| {
            let targets: Vec<String> = (0..states)
                .map(|index| format!("s{index}"))
                .chain((0..temporaries).map(|index| format!("x{index}")))
                .collect();
            (Just(constants), Just(states), Just(targets).prop_shuffle())
        })
        .prop_flat_map(|(constants, states, targets)| {
            let mut names: Vec<String> = ["g", "theta", "eta", "t"].map(str::to_owned).to_vec();
            names.extend((0..constants).map(|index| format!("c_{index}")));
            names.extend((0..states).map(|index| format!("s{index}")));
            let mut expressions = Vec::new();
            for target in &targets {
                expressions.push(expression(names.clone()));
                if target.starts_with('x') {
                    names.push(target.clone());
                }
            }
            // Theta comes last, and most rules use the gradient there.
            names.push("g".to_owned());
            expressions.push(expression(names));
            (Just(constants), Just(states), Just(targets), expressions, proptest::collection::vec(-2.0..2.0f64, states))
        })
        .prop_map(|(constants, states, targets, expressions, initial)| {
            let mut text = String::from("name \"Random\"\n# a comment\n");
            for index in 0..constants {
                text += &format!("constant c_{index} = 0.{}  in [0, inf)\n", index + 3);
            }
            for (index, value) in (0..states).zip(initial) {
                text += &format!("state s{index} = {value}\n");
            }
            let targets = targets.iter().map(String::as_str).chain(["theta"]);
            for (target, expression) in targets.zip(expressions) {
                text += &format!("{target} = {expression}\n");
            }
            text
        })
}

/// Deterministic test values for parameter i: ordinary ones, zeros, large and small ones.
fn sample(seed: u64, i: usize) -> f64 {
    let mut bits = seed.wrapping_add(1 + i as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits ^= bits >> 32;
    let unit = (bits >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0;
    match bits % 11 {
        0 => 0.0,
        1 => unit * 1000.0,
        2 => unit * 1e-4,
        _ => unit * 2.0,
    }
}

fn same(a: f64, b: f64) -> bool {
    a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())
}

/// A kernel around a rule's fragment, as an engine embeds it.
fn kernel(program: &Program) -> String {
    let states: Vec<String> =
        (0..program.per_parameter_state_count()).map(|state| format!(", planes[{state}u]")).collect();
    format!(
        "@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read_write> planes: array<f32>;
fn rule_scalar(index: u32) -> f32 {{ return table[index]; }}
{}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {{
    let values = update_rule(RuleValues(planes[id.x]{}), planes[id.y], 3u);
    planes[id.x] = values.theta;
}}
",
        program.wgsl(),
        states.concat()
    )
}

fn accept_wgsl(program: &Program) {
    let source = kernel(program);
    let module = naga::front::wgsl::parse_str(&source)
        .unwrap_or_else(|error| panic!("{}\n{source}", error.emit_to_string(&source)));
    naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|error| panic!("{error:?}\n{source}"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}") {
        let _ = Rule::parse(&text);
    }

    #[test]
    fn no_line_of_the_language_s_words_makes_the_parser_panic(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "name", "\"x\"", "source", "constant", "state", "in", "inf", "[", "]", "(", ")", ",", "=", "+", "-", "*",
                "/", "^", "theta", "g", "eta", "t", "m", "0.9", "1e-8", "1e999", ".", "sqrt", "max", "\n", "#", "\"", "é",
            ]),
            0..60,
        )
    ) {
        let text = words.join(" ");
        if let Err(error) = Rule::parse(&text) {
            let line = text.split('\n').nth(error.line - 1).unwrap_or("");
            prop_assert!((1..=line.chars().count() + 1).contains(&error.column), "{error} in {text:?}");
            prop_assert!(!error.fault.to_string().is_empty());
        }
    }

    #[test]
    fn printing_and_parsing_round_trip(text in rule_text()) {
        let rule = Rule::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let printed = rule.text();
        let again = Rule::parse(&printed);
        prop_assert_eq!(again.as_ref(), Ok(&rule), "{}", &printed);
        prop_assert_eq!(again.map(|rule| rule.text()), Ok(printed));
    }

    #[test]
    fn the_update_is_the_evaluation(text in rule_text(), seed in any::<u64>(), count in 1usize..600, scale in 0.01f64..1.0) {
        let rule = Rule::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let program = Program::new(&rule);
        let constants = rule.default_constants();
        let mut workspace = program.workspace();
        let planes = program.per_parameter_state_count();
        let mut scalar_states = program.scalar_initial().to_vec();
        let mut theta: Vec<f64> = (0..count).map(|i| sample(seed, i)).collect();
        let mut states: Vec<f64> = (0..planes * count).map(|i| sample(seed ^ 1, i)).collect();
        // A few steps, so that scalar states move on; they are the same for all parameters.
        for t in 0..3u64 {
            let gradient: Vec<f64> = (0..count).map(|i| sample(seed ^ (2 + t), i)).collect();
            let before = (theta.clone(), states.clone(), scalar_states.clone());
            let mut scalars = vec![0.0; program.scalar_count()];
            program.scalars(&constants, &mut scalar_states, 0.1, t, &mut scalars);
            program.update(&scalars, &mut theta, &gradient, scale, &mut states, &mut workspace);
            for i in 0..count {
                let (mut scalar, mut plane) = (0, 0);
                let mut own: Vec<f64> = rule.states.iter().map(|state| match state.kind {
                    ValueKind::Scalar => { scalar += 1; before.2[scalar - 1] }
                    ValueKind::PerParameter => { plane += 1; before.1[(plane - 1) * count + i] }
                }).collect();
                let mut own_theta = before.0[i];
                rule.reference_step(&constants, 0.1, t, gradient[i] * scale, &mut own_theta, &mut own);
                prop_assert!(same(theta[i], own_theta), "theta[{i}] {} {own_theta}\n{text}", theta[i]);
                let (mut scalar, mut plane) = (0, 0);
                for (state, expected) in rule.states.iter().zip(own) {
                    let found = match state.kind {
                        ValueKind::Scalar => { scalar += 1; scalar_states[scalar - 1] }
                        ValueKind::PerParameter => { plane += 1; states[(plane - 1) * count + i] }
                    };
                    prop_assert!(same(found, expected), "{}[{i}] {found} {expected}\n{text}", state.name);
                }
            }
        }
    }

    #[test]
    fn the_f32_update_keeps_to_the_bounds_of_rounding(text in rule_text(), seed in any::<u64>()) {
        let rule = Rule::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        let program = Program::new(&rule);
        let count = 300;
        let narrow = |seed: u64, length: usize| (0..length).map(|i| sample(seed, i) as f32).collect::<Vec<f32>>();
        let (mut theta, gradient) = (narrow(seed, count), narrow(seed ^ 1, count));
        let planes = program.per_parameter_state_count();
        let mut states = narrow(seed ^ 2, planes * count);
        let before = (theta.clone(), states.clone());
        let mut scalar_states = program.scalar_initial().to_vec();
        let mut row = vec![0.0; program.scalar_count()];
        program.scalars(&rule.default_constants(), &mut scalar_states, 0.1, 5, &mut row);
        let row: Vec<f32> = row.into_iter().map(|scalar| scalar as f32).collect();
        let wide: Vec<f64> = row.iter().map(|&scalar| f64::from(scalar)).collect();
        program.update(&row, &mut theta, &gradient, 0.5, &mut states, &mut program.workspace());
        for i in 0..count {
            let own: Vec<f64> = (0..planes).map(|plane| f64::from(before.1[plane * count + i])).collect();
            let expected = program.bounds(&wide, f64::from(gradient[i] * 0.5), f64::from(before.0[i]), &own);
            let found = std::iter::once(theta[i]).chain((0..planes).map(|plane| states[plane * count + i]));
            for (found, bound) in found.zip(std::iter::once(&expected.theta).chain(&expected.states)) {
                // Beyond the range of f32, and where a divisor or an argument may be 0 within its rounding error,
                // nothing is promised.
                let promised = bound.value.is_finite() && bound.error.is_finite() && bound.highest + bound.error < 1e38;
                prop_assert!(
                    !promised || (f64::from(found) - bound.value).abs() <= bound.error * 1.001,
                    "{found} instead of {bound:?}\n{text}"
                );
            }
        }
    }

    #[test]
    fn naga_accepts_the_wgsl(text in rule_text()) {
        let rule = Rule::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        accept_wgsl(&Program::new(&rule));
    }
}

#[test]
fn naga_accepts_the_wgsl_of_every_known_rule() {
    let known = builtin().iter().map(|builtin| builtin.id);
    for id in known.chain(golden::EXPRESSIBLE.map(|(id, _)| id)) {
        let rule = Rule::parse(golden::rule_text(id)).unwrap_or_else(|error| panic!("{id}: {error}"));
        accept_wgsl(&Program::new(&rule));
    }
}

#[test]
fn bounds_say_nothing_where_what_underflows_decides() {
    // 1e-25 squared is 0 in f32: its logarithm is no number near ln 1e-50, and 0 divided by it is NaN.
    for expression in ["min(log(g * g), 0)", "sign(theta / (g * g))"] {
        let rule = Rule::parse(&format!("name \"Underflow\"\ntheta = {expression}\n"));
        let rule = rule.unwrap_or_else(|error| panic!("{expression}: {error}"));
        let program = Program::new(&rule);
        let mut row = vec![0.0; program.scalar_count()];
        program.scalars(&[], &mut [], 0.1, 0, &mut row);
        assert_eq!(program.bounds(&row, 1e-25, 0.0, &[]).theta.error, f64::INFINITY, "{expression}");
    }
}

/// The bounds are as tight as rounding is: nothing hides behind them.
#[test]
fn bounds_are_no_wider_than_rounding() {
    // Half units in the last place of the result: one for each rounding on the way, three more for exp and log, and what the
    // rounding of an argument becomes. At g = 3, theta = 2.
    let cases = [
        ("g + theta", 1.0),
        ("g - theta", 1.0),
        ("g * theta", 1.0),
        ("g / theta", 1.0),
        ("g * g * theta", 2.0),
        ("(g * g) / (theta * theta)", 3.0),
        ("-g", 0.0),
        ("abs(g)", 0.0),
        ("sign(g)", 0.0),
        ("sign(g * g)", 0.0),
        ("min(g, theta)", 0.0),
        ("max(g * g, theta)", 1.0),
        ("sqrt(g)", 1.0),
        ("sqrt(g * g)", 1.5),
        ("exp(g)", 4.0),
        ("exp(g * theta)", 6.0 + 4.0),
        ("log(g)", 4.0),
        ("log(g * g)", 1.0 / 9f64.ln() + 4.0),
    ];
    for (expression, half_units) in cases {
        let rule = Rule::parse(&format!("name \"Bounds\"\ntheta = {expression}\n")).unwrap();
        let program = Program::new(&rule);
        let mut row = vec![0.0; program.scalar_count()];
        program.scalars(&[], &mut [], 0.1, 0, &mut row);
        let found = program.bounds(&row, 3.0, 2.0, &[]).theta;
        let relative = found.error / found.value.abs() / (f64::from(f32::EPSILON) / 2.0);
        assert!((relative - half_units).abs() < 1e-3, "{expression}: {relative} half units, not {half_units}");
    }
}
