//! The rules against golden trajectories.

use std::collections::BTreeSet;

use brink_engine::rule::{Program, builtin};
use brink_tests::golden::{self, cases};

/// Relative tolerance of the f64 evaluation.
const F64_TOLERANCE: f64 = 1e-12;
/// Tolerance of the f32 update, in units in the last place of the largest intermediate.
const F32_UNITS: f64 = 4.0;

#[test]
fn golden_f64_evaluation_follows_every_trajectory() {
    for (file, case) in cases() {
        let rule = case.rule();
        let constants = case.constant_values(&rule);
        for i in 0..case.theta0.len() {
            let mut theta = case.theta0[i];
            let mut states: Vec<f64> = rule.states.iter().map(|state| state.initial).collect();
            for t in 0..case.lr.len() {
                let g = case.gradients[t][i] * case.clip_scale[t];
                rule.reference_step(&constants, case.lr[t], t as u64, g, &mut theta, &mut states);
                let expected = case.theta[t][i];
                assert!(
                    (theta - expected).abs() <= F64_TOLERANCE * expected.abs(),
                    "{file}, {}, parameter {i}, step {t}: {theta} instead of {expected}",
                    case.rule
                );
            }
        }
    }
}

#[test]
fn golden_cpu_f64_update_is_the_evaluation_bit_for_bit() {
    for (file, case) in cases() {
        let rule = case.rule();
        let program = Program::new(&rule);
        let constants = case.constant_values(&rule);
        let count = case.theta0.len();
        let mut theta = case.theta0.clone();
        let mut states: Vec<f64> =
            program.per_parameter_initial().iter().flat_map(|&initial| vec![initial; count]).collect();
        let mut scalar_states = program.scalar_initial().to_vec();
        let mut scalars = vec![0.0; program.scalar_count()];
        let mut workspace = program.workspace();
        let initial: Vec<f64> = rule.states.iter().map(|state| state.initial).collect();
        let mut reference: Vec<(f64, Vec<f64>)> = theta.iter().map(|&theta| (theta, initial.clone())).collect();
        for t in 0..case.lr.len() {
            program.scalars(&constants, &mut scalar_states, case.lr[t], t as u64, &mut scalars);
            program.update(&scalars, &mut theta, &case.gradients[t], case.clip_scale[t], &mut states, &mut workspace);
            for (i, (own_theta, own_states)) in reference.iter_mut().enumerate() {
                let g = case.gradients[t][i] * case.clip_scale[t];
                rule.reference_step(&constants, case.lr[t], t as u64, g, own_theta, own_states);
                assert_eq!(theta[i].to_bits(), own_theta.to_bits(), "{file}, {}, parameter {i}, step {t}", case.rule);
            }
        }
    }
}

#[test]
fn golden_cpu_f32_update_keeps_to_four_units_in_the_last_place() {
    let mut worst = 0f64;
    for (file, case) in cases() {
        let program = Program::new(&case.rule());
        let mut workspace = program.workspace();
        for (t, step) in case.steps().into_iter().enumerate() {
            let (mut theta, mut states) = (step.theta.clone(), step.states.clone());
            program.update(&step.scalars, &mut theta, &step.gradient, step.gradient_scale, &mut states, &mut workspace);
            let what = format!("{file}, {}, step {t}", case.rule);
            worst = worst.max(step.check(&theta, &states, F32_UNITS, &what));
        }
    }
    println!("largest difference: {worst} units in the last place");
}

#[test]
fn the_golden_files_cover_every_builtin_rule() {
    if std::env::var_os("BRINK_GOLDEN").is_some() {
        return;
    }
    let covered: BTreeSet<String> = cases().into_iter().map(|(_, case)| case.rule).collect();
    for builtin in builtin() {
        assert!(covered.contains(builtin.id), "no golden trajectory for {}", builtin.id);
    }
    for (expressible, _) in golden::EXPRESSIBLE {
        assert!(covered.contains(expressible), "no golden trajectory for {expressible}");
    }
}
