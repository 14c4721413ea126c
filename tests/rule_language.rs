//! What the language refuses and says, and how equations look.

use brink_engine::rule::{MAX_NESTING, MAX_NODES, MAX_TEXT_BYTES, Program, Rule, ValueKind, When, builtin};

/// A rule with these lines between its name and its last line.
fn with(lines: &str) -> String {
    format!("name \"X\"\n{lines}\ntheta = theta - eta * g\n")
}

fn refused(text: &str, line: usize, column: usize, part: &str) {
    match Rule::parse(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => {
            assert_eq!((error.line, error.column), (line, column), "{error}\n{text}");
            assert!(error.fault.to_string().contains(part), "{error}\n{text}");
        }
    }
}

#[test]
fn alpha_is_the_learning_rate_unless_a_rule_declares_it() {
    let of = |text: &str| Rule::parse(&format!("name \"x\"\n{text}"));
    let rule = of("theta = theta - alpha * g").expect("a rule");
    assert_eq!(rule.rate_name, "alpha");
    let same = of("theta = theta - eta * g").expect("a rule");
    assert_eq!(same.rate_name, "eta");
    // The same numbers, whichever letter.
    let step = |rule: &Rule| {
        rule.evaluate_step(&[], 0.5, 3, 2.0, 1.0, &[]).into_iter().map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(step(&rule), step(&same));
    assert!(rule.equations(false)[0].text.contains("α_t"), "{}", rule.equations(false)[0].text);
    // PyTorch's name for the decay of RMSProp goes on being a name.
    let own = of(
        "constant alpha = 0.9 in [0, 1)\nstate v = 0\nv = alpha * v + (1 - alpha) * g^2\ntheta = theta - eta * g / sqrt(v)",
    );
    assert_eq!(own.expect("a rule").rate_name, "eta");
    let twice = of("x = alpha * g\nalpha = 2\ntheta = theta - x").expect_err("it has a meaning by then");
    assert_eq!((twice.line, twice.column), (3, 1));
}

#[test]
fn errors_name_place_and_expectation() {
    refused("", 1, 1, "expected a line `name");
    refused("name \"X\"", 1, 9, "expected a last line `theta");
    refused("name X", 1, 6, "expected a text in double quotes, found `X`");
    refused("name \"X", 1, 8, "expected `\"`");
    refused("name \"X\"\nname \"Y\"", 2, 1, "a name already");
    refused(&with("constant c = 2 in [0, 1)"), 2, 10, "expected a value in [0, 1)");
    refused(&with("constant c = 1 in [0, 1)"), 2, 10, "expected a value in [0, 1)");
    refused(&with("constant c = 0.5 [0, 1)"), 2, 18, "expected `in`");
    refused(&with("constant c = 0.5 in [0, inf]"), 2, 21, "infinite end");
    refused(&with("state m"), 2, 8, "expected `=`, found the end of the line");
    refused(&with("state m = 0"), 2, 7, "never assigned");
    refused(&with("state m = 0\nm = g\nm = g"), 4, 1, "assigned already");
    refused(&with("x = g\nx = g"), 3, 1, "assigned already");
    refused(&with("x = y"), 2, 5, "nothing is named `y`");
    refused(&with("x = cos(theta)"), 2, 5, "expected a scalar");
    refused(&with("pi = 3"), 2, 1, "given to every rule");
    refused(&with("x = 1 < 2"), 2, 7, "no meaning");
    refused(&with("x = x"), 2, 5, "nothing is named `x`");
    refused(&with("é = 1"), 2, 1, "no meaning");
    refused(&with("x = 1 + é"), 2, 9, "no meaning");
    refused(&with("x = (1 + 2"), 2, 11, "expected `)`");
    refused(&with("x = 1 2"), 2, 7, "expected the end of the line or an operator, found `2`");
    refused(&with("x = max(1)"), 2, 10, "expected `,`");
    refused(&with("x = sqrt 1"), 2, 10, "expected `(`");
    refused(&with("x = 1e999"), 2, 5, "too large");
    refused(&with("x = ."), 2, 5, "expected a number");
    refused(&with("g = 1"), 2, 1, "cannot be assigned");
    refused(&with("sqrt = 1"), 2, 1, "is a function");
    refused(&with("constant theta = 1 in [0, 2]"), 2, 10, "the parameter itself");
    refused(&with("x = g^0.5"), 2, 6, "integer from 1 to 16");
    refused(&with("x = g^0"), 2, 6, "integer from 1 to 16");
    refused(&with("x = g^17"), 2, 6, "integer from 1 to 16");
    refused(&with("x = 2^g"), 2, 6, "expected a scalar");
    refused("name \"X\"\ntheta = g\nx = 1", 3, 1, "theta is assigned last");
    refused("name \"X\"\ntheta = g\ntheta = g", 3, 1, "theta is assigned last");
    // Found to be per parameter only by what flows into it further down.
    refused(&with("state m = 0\nx = m^0.5\nm = g"), 3, 6, "integer from 1 to 16");
}

#[test]
fn limits_hold_and_are_named() {
    let nested = |depth: usize| with(&format!("x = {}1{}", "(".repeat(depth), ")".repeat(depth)));
    assert!(Rule::parse(&nested(MAX_NESTING)).is_ok());
    refused(&nested(MAX_NESTING + 1), 2, 5 + MAX_NESTING + 1, "64");
    refused(&with(&format!("x = {}1", "-".repeat(2000))), 2, 5 + MAX_NESTING + 1, "64");

    // theta - eta * g has 5 nodes; n ones joined by + have 2n - 1.
    let long = |ones: usize| with(&format!("x = {}", vec!["1"; ones].join("+")));
    let most = (MAX_NODES - 4) / 2;
    assert!(Rule::parse(&long(most)).is_ok());
    // A minus is one node more.
    let error = Rule::parse(&long(most).replace("x = ", "x = -")).expect_err("too many nodes");
    assert!(error.fault.to_string().contains("256"), "{error}");

    let states = |count: usize| {
        let declared: String = (0..count).map(|index| format!("state s{index} = 0\n")).collect();
        let assigned: String = (0..count).map(|index| format!("s{index} = g\n")).collect();
        with(&format!("{declared}{assigned}"))
    };
    assert!(Rule::parse(&states(8)).is_ok());
    refused(&states(9), 10, 7, "at most 8 states");

    let constants =
        |count: usize| with(&(0..count).map(|index| format!("constant c{index} = 0 in [0, 1]\n")).collect::<String>());
    assert!(Rule::parse(&constants(16)).is_ok());
    refused(&constants(17), 18, 10, "at most 16 constants");

    let padded = |bytes: usize| {
        let text = with("");
        format!("{text}#{}", "x".repeat(bytes - text.len() - 1))
    };
    assert!(Rule::parse(&padded(MAX_TEXT_BYTES)).is_ok());
    refused(&padded(MAX_TEXT_BYTES + 1), 1, 1, "4096");
}

/// Runs a rule without states on one parameter.
fn run(last: &str, theta: f64, g: f64) -> f64 {
    let rule = Rule::parse(&format!("name \"X\"\ntheta = {last}")).unwrap_or_else(|error| panic!("{error}"));
    let program = Program::new(&rule);
    let mut scalars = vec![0.0; program.scalar_count()];
    program.scalars(&[], &mut [], 0.5, 3, &mut scalars);
    let mut theta = [theta];
    program.update(&scalars, &mut theta, &[g], 1.0, &mut [], &mut program.workspace());
    theta[0]
}

#[test]
fn operators_bind_as_documented() {
    assert_eq!(run("-theta^2", 3.0, 0.0), -9.0);
    assert_eq!(run("(-theta)^2", 3.0, 0.0), 9.0);
    assert_eq!(run("theta + 2^3^2", 0.0, 0.0), 512.0);
    assert_eq!(run("theta^-2", 2.0, 0.0), 0.25);
    assert_eq!(run("theta - 1 - 1", 5.0, 0.0), 3.0);
    assert_eq!(run("theta / 2 / 2", 8.0, 0.0), 2.0);
    assert_eq!(run("theta / 2 * 2", 8.0, 0.0), 8.0);
    assert_eq!(run("2 - theta * -g", 3.0, 4.0), 14.0);
    assert_eq!(run("theta - eta * g * t", 1.0, 2.0), -2.0);
    assert_eq!(run("sign(g) + theta", 1.0, 0.0), 1.0);
    assert_eq!(run("sign(g) + theta", 1.0, -7.0), 0.0);
    assert_eq!(run("max(g, 0) + theta", 1.0, -7.0), 1.0);
    assert_eq!(run("min(g, 0) + theta", 1.0, -7.0), -6.0);
    assert_eq!(run("abs(g) + theta", 1.0, -7.0), 8.0);
    assert_eq!(run("exp(log(g)) + 0 * theta", 1.0, 1.0), 1.0);
}

#[test]
fn nan_in_the_gradient_reaches_theta_through_every_function() {
    for last in [
        "theta - g",
        "max(g, theta)",
        "max(0, g)",
        "max(g, 0)",
        "min(theta, g)",
        "min(g, 0)",
        "abs(g)",
        "sign(g)",
        "sqrt(g)",
    ] {
        assert!(run(last, 1.0, f64::NAN).is_nan(), "{last}");
    }
}

#[test]
fn a_state_is_scalar_if_only_scalars_flow_into_it() {
    let rule =
        Rule::parse(&with("state p = 1\nstate q = 0\nstate m = 0\np = p * 0.5\nq = m\nm = q + g")).expect("a rule");
    let kinds: Vec<ValueKind> = rule.states.iter().map(|state| state.kind).collect();
    assert_eq!(kinds, [ValueKind::Scalar, ValueKind::PerParameter, ValueKind::PerParameter]);
    let program = Program::new(&rule);
    assert_eq!((program.scalar_state_count(), program.per_parameter_state_count()), (1, 2));
    let mut scalar_states = program.scalar_initial().to_vec();
    let mut scalars = vec![0.0; program.scalar_count()];
    program.scalars(&[], &mut scalar_states, 0.1, 0, &mut scalars);
    assert_eq!(scalar_states, [0.5]);
}

#[test]
fn states_swap_through_a_temporary() {
    let rule = Rule::parse(&with("state a = 1\nstate b = 2\nx = a + 0 * g\na = b + 0 * g\nb = x")).expect("a rule");
    let program = Program::new(&rule);
    let mut scalars = vec![0.0; program.scalar_count()];
    program.scalars(&[], &mut [], 0.1, 0, &mut scalars);
    let mut states: Vec<f64> = [vec![1.0; 300], vec![2.0; 300]].concat();
    let mut workspace = program.workspace();
    program.update(&scalars, &mut vec![0.0; 300], &vec![1.0; 300], 1.0, &mut states, &mut workspace);
    assert_eq!(states, [vec![2.0; 300], vec![1.0; 300]].concat());
}

#[test]
fn values_under_the_symbols_are_those_of_the_step() {
    let adam = Rule::parse(builtin().iter().find(|rule| rule.id == "adam").expect("adam").text).expect("a rule");
    let values = adam.evaluate_step(&[0.9, 0.999, 1e-8], 0.1, 0, 2.0, 1.0, &[0.0, 0.0]);
    let value = |name: &str, when: When| {
        values.iter().find(|(symbol, _)| symbol.name == name && symbol.when == when).map(|(_, value)| *value)
    };
    assert_eq!(value("m", When::Before), Some(0.0));
    assert!((value("m", When::After).expect("m") - 0.2).abs() < 1e-15);
    assert!((value("v", When::After).expect("v") - 0.004).abs() < 1e-15);
    assert_eq!(value("g", When::Before), Some(2.0));
    assert_eq!(value("t", When::Before), Some(0.0));
    assert_eq!(value("beta1", When::Before), Some(0.9));
    // The first step of Adam is nearly the learning rate, whatever the gradient.
    assert!((value("theta", When::After).expect("theta") - 0.9).abs() < 1e-6);
    // Each symbol of an equation has a value.
    for equation in adam.equations(false) {
        let mut nodes = vec![&equation.mathml];
        while let Some(node) = nodes.pop() {
            if let Some(symbol) = &node.symbol {
                assert!(values.iter().any(|(known, _)| known == symbol), "{symbol:?}");
            }
            nodes.extend(&node.children);
        }
    }
}

#[test]
fn constants_out_of_range_are_refused_by_name() {
    let adam = Rule::parse(builtin().iter().find(|rule| rule.id == "adam").expect("adam").text).expect("a rule");
    assert!(adam.check_constants(&adam.default_constants()).is_ok());
    let message = adam.check_constants(&[1.0, 0.9, 1e-8]).expect_err("1 is not in [0, 1)").to_string();
    assert_eq!(message, "constant beta1 is 1, but must lie in [0, 1)");
    assert!(adam.check_constants(&[0.9, f64::NAN, 1e-8]).is_err());
    assert!(adam.check_constants(&[0.9, 0.9, f64::INFINITY]).is_err());
    assert!(adam.check_constants(&[0.9]).is_err());
}

/// Names and expressions of every form: words of several letters beside each other and beside numbers, subscripts, hats,
/// magnitudes, fractions within products, a minus in a product.
const EVERY_FORM: &str = "name \"Every form\"
constant decay = 0.9 in (-inf, inf)
constant rate1 = -1 in [-2, -1]
constant gamma_ = 1 in (-2, inf)
state v_hat = -1
v_hat = decay * v_hat + 2 * decay * abs(g)
x = decay * 2 * rate1 * v_hat / (g * gamma_)
y = 3 * g * (-x) + x * (2 * decay) * (g / 2)
w = x * 2 + y * 3 * x / 2
z1 = (g + w) * max(x, y) * decay^2 - (-decay)^2
theta = theta - eta * abs(z1) * sqrt(abs(y)) * x
";

/// The equations of the playbook's six rules, as plain text and MathML, against the file that was read by a person. To
/// write it anew after a deliberate change: `UPDATE_SNAPSHOTS=1 cargo test --test rule_language`, then read the
/// difference.
#[test]
fn equations_look_as_they_did() {
    let mut found = String::new();
    for builtin in builtin() {
        let rule = Rule::parse(builtin.text).expect("a built-in rule");
        for clipped in [false, true] {
            found += &format!("{}{}\n", builtin.id, if clipped { ", clipped" } else { "" });
            for equation in rule.equations(clipped) {
                found += &format!("  {}\n    {}\n", equation.text, equation.mathml);
            }
        }
        for equation in rule.initial_equations() {
            found += &format!("  {}\n    {}\n", equation.text, equation.mathml);
        }
    }
    found += "every form\n";
    for equation in Rule::parse(EVERY_FORM).expect("a rule").equations(false) {
        found += &format!("  {}\n    {}\n", equation.text, equation.mathml);
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/equations.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &found).expect("a snapshot");
    }
    let expected = std::fs::read_to_string(&path).expect("the snapshot");
    for (line, (found, expected)) in found.lines().zip(expected.lines()).enumerate() {
        assert_eq!(found, expected, "line {} of {}", line + 1, path.display());
    }
    assert_eq!(found.lines().count(), expected.lines().count());
}

#[test]
fn an_open_end_of_a_range_does_not_belong_to_it() {
    let rule = |range: &str| Rule::parse(&with(&format!("constant c = 0.5 in {range}"))).expect("a rule");
    for (range, ends) in [("[0, 1]", [true, true]), ("(0, 1)", [false, false]), ("(0, 1]", [false, true])] {
        let found = [0.0, 1.0].map(|end| rule(range).constants[0].check(end).is_ok());
        assert_eq!(found, ends, "{range}");
        assert!(rule(range).constants[0].check(-1.0).is_err() && rule(range).constants[0].check(2.0).is_err());
    }
    let below = rule("(-inf, 1)");
    assert!(below.constants[0].check(-1e300).is_ok() && below.constants[0].check(f64::NEG_INFINITY).is_err());
    refused(&with("constant c = 0 in [-frog, 1]"), 2, 21, "a number or `inf`");
}

#[test]
fn a_cosine_of_scalars_is_computed_on_the_host() {
    let rule = Rule::parse("name \"X\"\na = cos(pi * t / 4)\ntheta = theta - eta * a * g\n").unwrap();
    assert_eq!(Rule::parse(&rule.text()).unwrap(), rule);
    let program = Program::new(&rule);
    let mut scalars = vec![0.0; program.scalar_count()];
    for t in 0..9 {
        program.scalars(&[], &mut [], 0.5, t, &mut scalars);
        let (_, theta) = rule.evaluate_step(&[], 0.5, t, 2.0, 1.0, &[]).pop().unwrap();
        let cosine = brink_engine::tensor::Real::cos(std::f64::consts::PI * t as f64 / 4.0);
        assert_eq!(theta, 1.0 - 0.5 * cosine * 2.0);
        let mut after = [1.0];
        program.update(&scalars, &mut after, &[2.0], 1.0, &mut [], &mut program.workspace());
        assert_eq!(after[0], theta);
    }
    let equation = &rule.equations(false)[0];
    assert_eq!(equation.text, "a_{t+1} = cos(π · t / 4)");
    assert!(equation.mathml.to_string().contains("<mi>π</mi>"), "{}", equation.mathml);
}
