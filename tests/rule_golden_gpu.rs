//! The kernels of the rules against golden trajectories, on a GPU.

mod golden;
#[path = "golden/gpu.rs"]
mod gpu;

use std::collections::BTreeMap;

use brink::rule::{Program, Rule};
use golden::{Step, cases};
use gpu::Input;

/// Tolerance in units in the last place of the largest intermediate; WGSL allows a division 2.5 of them and a square
/// root still more.
const GPU_UNITS: f64 = 16.0;

#[test]
fn golden_gpu_kernels_keep_to_sixteen_units_in_the_last_place() {
    let mut rules: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for (_, case) in cases() {
        rules.entry(case.rule.clone()).or_default().extend(case.steps());
    }
    pollster::block_on(async {
        let device = gpu::device().await;
        for (id, steps) in rules {
            let program =
                Program::new(&Rule::parse(&golden::rule_text(&id)).unwrap_or_else(|error| panic!("{id}: {error}")));
            // All steps of all cases at once: each is independent of the others.
            let planes = program.per_parameter_state_count();
            let mut input = Input { table: vec![], rows: vec![], theta: vec![], gradient: vec![], states: vec![] };
            for (row, step) in (0..).zip(&steps) {
                input.table.extend(&step.scalars);
                input.rows.extend(step.theta.iter().map(|_| row));
                input.theta.extend(&step.theta);
                input.gradient.extend(step.gradient.iter().map(|g| g * step.gradient_scale));
            }
            for plane in 0..planes {
                for step in &steps {
                    let count = step.theta.len();
                    input.states.extend(&step.states[plane * count..(plane + 1) * count]);
                }
            }
            let (theta, states) = gpu::run(&device, &program, &input).await;
            let total = theta.len();
            let (mut first, mut worst) = (0, 0f64);
            for (t, step) in steps.iter().enumerate() {
                let range = first..first + step.theta.len();
                let own: Vec<f32> =
                    (0..planes).flat_map(|plane| &states[plane * total..][range.clone()]).copied().collect();
                worst = worst.max(step.check(&theta[range.clone()], &own, GPU_UNITS, &format!("{id}, step {t}")));
                first = range.end;
            }
            println!("{id}: largest difference {worst} units in the last place");
        }
    });
}

#[test]
fn nan_passes_through_the_kernels() {
    pollster::block_on(async {
        let device = gpu::device().await;
        for last in
            ["max(g, theta)", "max(0, g)", "max(g, 0)", "min(theta, g)", "min(g, 0)", "abs(g)", "sign(g)", "theta - g"]
        {
            let rule = Rule::parse(&format!("name \"X\"\ntheta = {last}")).unwrap();
            let program = Program::new(&rule);
            let table = vec![0.0; program.scalar_count()];
            let input = Input {
                table,
                rows: vec![0, 0],
                theta: vec![1.0, 1.0],
                gradient: vec![f32::NAN, -f32::NAN],
                states: vec![],
            };
            let (theta, _) = gpu::run(&device, &program, &input).await;
            assert!(theta.iter().all(|theta| theta.is_nan()), "{last}: {theta:?}");
        }
    });
}
