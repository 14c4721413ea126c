//! Golden trajectories of update rules, shared by the tests of every implementation of the rules.
//!
//! `update_rules.json` comes from numpy and the formulas of the Deep Learning Tuning Playbook, `optax_rules.json` from
//! optax (`make_optax.py`). Rules that are not built in lie in `rules/`. If the environment variable `BRINK_GOLDEN` is
//! set, all `*.json` of the directory it names are read instead.
#![allow(dead_code, reason = "each test program uses a part")]

use std::collections::BTreeMap;
#[cfg(not(target_arch = "wasm32"))]
use std::path::{Path, PathBuf};

use brink_engine::rule::{Program, Rule, StepBounds, builtin};

/// The content of one file.
#[derive(serde::Deserialize)]
struct File {
    cases: Vec<Case>,
}

/// One run of one rule on given gradients; P parameters, T steps.
#[derive(serde::Deserialize)]
pub struct Case {
    /// Identifier of the rule.
    pub rule: String,
    /// Value of every constant by name.
    pub constants: BTreeMap<String, f64>,
    /// Parameters before step 0, P values.
    pub theta0: Vec<f64>,
    /// Unclipped gradients, T rows of P.
    pub gradients: Vec<Vec<f64>>,
    /// Learning rate of each step.
    pub lr: Vec<f64>,
    /// Factor that clips each step's gradient.
    pub clip_scale: Vec<f64>,
    /// Parameters after each step, T rows of P.
    pub theta: Vec<Vec<f64>>,
}

/// What a fast update of one step starts from, and what it must come to.
pub struct Step {
    /// Row of the scalar table.
    pub scalars: Vec<f32>,
    /// Parameters, P values.
    pub theta: Vec<f32>,
    /// Unclipped gradient, P values.
    pub gradient: Vec<f32>,
    /// Clip scale.
    pub gradient_scale: f32,
    /// Planes of the per-parameter states, P values each.
    pub states: Vec<f32>,
    /// Expected for each parameter.
    pub expected: Vec<StepBounds>,
}

/// Directory of the golden files that come with the repository.
#[cfg(not(target_arch = "wasm32"))]
fn own_directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Name and text of every golden file.
#[cfg(not(target_arch = "wasm32"))]
fn files() -> Vec<(String, String)> {
    let directory = std::env::var_os("BRINK_GOLDEN").map_or_else(own_directory, PathBuf::from);
    let mut paths: Vec<PathBuf> = std::fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}", directory.display()))
        .map(|entry| entry.expect("a directory entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no golden files in {}", directory.display());
    let read = |path: PathBuf| (path.display().to_string(), std::fs::read_to_string(&path).expect("a golden file"));
    paths.into_iter().map(read).collect()
}

/// Name and text of every golden file; a browser has no directories.
#[cfg(target_arch = "wasm32")]
fn files() -> Vec<(String, String)> {
    [
        ("update_rules.json", include_str!("golden/update_rules.json")),
        ("optax_rules.json", include_str!("golden/optax_rules.json")),
    ]
    .map(|(name, text)| (name.to_owned(), text.to_owned()))
    .to_vec()
}

/// All cases, each with the name of its file. Fails if there are none.
pub fn cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    for (name, text) in files() {
        let file: File = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(!file.cases.is_empty(), "{name} has no cases");
        cases.extend(file.cases.into_iter().map(|case| (name.clone(), case)));
    }
    cases
}

/// The rules that are not built in, but known to be expressible.
pub const EXPRESSIBLE: [(&str, &str); 6] = [
    ("amsgrad", include_str!("golden/rules/amsgrad.rule")),
    ("adamax", include_str!("golden/rules/adamax.rule")),
    ("adabelief", include_str!("golden/rules/adabelief.rule")),
    ("adadelta", include_str!("golden/rules/adadelta.rule")),
    ("adan", include_str!("golden/rules/adan.rule")),
    ("l2", include_str!("golden/rules/l2.rule")),
];

/// Text of a rule by identifier, built in or [`EXPRESSIBLE`].
pub fn rule_text(id: &str) -> &'static str {
    let known = builtin().iter().map(|builtin| (builtin.id, builtin.text)).chain(EXPRESSIBLE);
    known.into_iter().find(|(known, _)| *known == id).unwrap_or_else(|| panic!("no rule is named {id}")).1
}

impl Case {
    /// The rule.
    pub fn rule(&self) -> Rule {
        Rule::parse(rule_text(&self.rule)).unwrap_or_else(|error| panic!("{}: {error}", self.rule))
    }

    /// Values of the rule's constants, in its order.
    pub fn constant_values(&self, rule: &Rule) -> Vec<f64> {
        assert_eq!(self.constants.len(), rule.constants.len(), "{}: other constants", self.rule);
        let values: Vec<f64> = rule.constants.iter().map(|constant| self.constants[&constant.name]).collect();
        rule.check_constants(&values).expect("constants in range");
        values
    }

    /// Each step for a fast f32 update, from the state that the f64 trajectory has reached, rounded to f32.
    pub fn steps(&self) -> Vec<Step> {
        let rule = self.rule();
        let program = Program::new(&rule);
        let constants = self.constant_values(&rule);
        let count = self.theta0.len();
        let planes = program.per_parameter_state_count();
        let mut theta = self.theta0.clone();
        let mut scalar_states = program.scalar_initial().to_vec();
        let mut states: Vec<f64> =
            program.per_parameter_initial().iter().flat_map(|&initial| vec![initial; count]).collect();
        let mut workspace = program.workspace();
        let narrow = |values: &[f64]| values.iter().map(|&value| value as f32).collect::<Vec<f32>>();
        let wide = |values: &[f32]| values.iter().map(|&value| f64::from(value)).collect::<Vec<f64>>();
        let mut steps = Vec::new();
        for t in 0..self.lr.len() {
            let mut scalars = vec![0.0; program.scalar_count()];
            program.scalars(&constants, &mut scalar_states, self.lr[t], t as u64, &mut scalars);
            let mut step = Step {
                scalars: narrow(&scalars),
                theta: narrow(&theta),
                gradient: narrow(&self.gradients[t]),
                gradient_scale: self.clip_scale[t] as f32,
                states: narrow(&states),
                expected: Vec::new(),
            };
            let start = wide(&step.scalars);
            for i in 0..count {
                let own: Vec<f64> = (0..planes).map(|plane| f64::from(step.states[plane * count + i])).collect();
                // The clipped gradient is what the update starts from; its own rounding is part of that.
                let g = f64::from(step.gradient[i] * step.gradient_scale);
                step.expected.push(program.bounds(&start, g, f64::from(step.theta[i]), &own));
            }
            steps.push(step);
            program.update(&scalars, &mut theta, &self.gradients[t], self.clip_scale[t], &mut states, &mut workspace);
        }
        steps
    }
}

/// The unit in the last place of f32 at a magnitude.
pub fn unit_in_the_last_place(magnitude: f64) -> f64 {
    let magnitude = (magnitude as f32).max(f32::MIN_POSITIVE);
    f64::from(f32::from_bits(magnitude.to_bits() + 1)) - f64::from(magnitude)
}

impl Step {
    /// Compares the outcome of a fast update with what is expected, to `units` units in the last place of the largest
    /// intermediate; returns the largest difference in such units.
    pub fn check(&self, theta: &[f32], states: &[f32], units: f64, what: &str) -> f64 {
        let count = self.theta.len();
        let mut worst = 0f64;
        for (i, expected) in self.expected.iter().enumerate() {
            let found =
                std::iter::once(theta[i]).chain((0..expected.states.len()).map(|plane| states[plane * count + i]));
            let bounds = std::iter::once(&expected.theta).chain(&expected.states);
            for (place, (found, bound)) in found.zip(bounds).enumerate() {
                let difference = (f64::from(found) - bound.value).abs() / unit_in_the_last_place(bound.largest);
                assert!(
                    difference <= units,
                    "{what}, parameter {i}, value {place}: {found} instead of {}, {difference} units off",
                    bound.value
                );
                worst = worst.max(difference);
            }
        }
        worst
    }
}
