//! The rules' golden trajectories on the engine's own update kernel, natively and in a browser.

use crate::golden::cases;
use brink_engine::rule::{Program, Rule};
use brink_engine::train::gpu::{Gpu, single};

/// Tolerance in units in the last place of the largest intermediate; WGSL allows a division 2.5 of them and a square
/// root still more.
const GPU_UNITS: f64 = 16.0;

/// Every step of every golden case.
pub async fn check_golden(gpu: &Gpu) {
    let mut worst = 0f64;
    for (file, case) in cases() {
        let program = Program::new(&case.rule());
        for (t, step) in case.steps().into_iter().enumerate() {
            let (scale, states) = (step.gradient_scale, &step.states);
            let updated = single::update(gpu, &program, &step.scalars, &step.theta, &step.gradient, scale, states);
            let (theta, states) = updated.await.expect("an update");
            worst = worst.max(step.check(&theta, &states, GPU_UNITS, &format!("{file}, {}, step {t}", case.rule)));
        }
    }
    println!("largest difference: {worst} units in the last place");
}

/// NaN in the gradient reaches theta through every function.
pub async fn check_nan(gpu: &Gpu) {
    for last in
        ["max(g, theta)", "max(0, g)", "max(g, 0)", "min(theta, g)", "min(g, 0)", "abs(g)", "sign(g)", "theta - g"]
    {
        let rule = Rule::parse(&format!("name \"X\"\ntheta = {last}")).expect("a rule");
        let program = Program::new(&rule);
        let scalars = vec![0.0; program.scalar_count()];
        let gradient = [f32::NAN, -f32::NAN];
        let updated = single::update(gpu, &program, &scalars, &[1.0, 1.0], &gradient, 1.0, &[]);
        let (theta, _) = updated.await.expect("an update");
        assert!(theta.iter().all(|theta| theta.is_nan()), "{last}: {theta:?}");
    }
}
