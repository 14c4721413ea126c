//! Tests that run as WebAssembly in a dedicated worker of a real browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

mod operations;

use brink::experiment::preset;
use brink::random::{Purpose, Stream};
use brink::rule::{Program, Rule, Workspace, builtin};
use brink::train::cpu::gradient_of_run;
use brink::train::gpu::{Gpu, GpuFleet, single};
use brink::train::{Fleet, Plan};
use std::sync::Arc;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// An environment `RUSTFLAGS` silently replaces the flags of `.cargo/config.toml`; without simd128 the CPU backend is
/// four times slower and nothing else tells.
#[wasm_bindgen_test]
fn simd128_is_on() {
    const { assert!(cfg!(target_feature = "simd128")) };
}

async fn gpu() -> std::sync::Arc<Gpu> {
    Gpu::shared().await.expect("these tests need WebGPU; a software adapter is enough")
}

/// Chromium compiles WGSL with Tint, native programs with naga: each accepts what the other refuses.
#[wasm_bindgen_test]
async fn every_kernel_computes_what_its_cpu_twin_does() {
    operations::check_all(&*gpu().await).await;
}

#[wasm_bindgen_test]
async fn nan_is_never_swallowed() {
    operations::check_nan(&*gpu().await).await;
}

/// Rules that together use all of the language, beside the built-in ones.
const RULES: [&str; 6] = [
    include_str!("golden/rules/adabelief.rule"),
    include_str!("golden/rules/adadelta.rule"),
    include_str!("golden/rules/adamax.rule"),
    include_str!("golden/rules/adan.rule"),
    include_str!("golden/rules/amsgrad.rule"),
    include_str!("golden/rules/l2.rule"),
];

#[wasm_bindgen_test]
async fn every_rule_updates_as_on_the_cpu() {
    const COUNT: usize = 100;
    let gpu = gpu().await;
    for text in builtin().iter().map(|rule| rule.text).chain(RULES) {
        let rule = Rule::parse(text).unwrap();
        let program = Program::new(&rule);
        let drawn = |part| {
            let mut values = vec![0f32; COUNT];
            Stream::new(2, Purpose::Structure, part).fill_normal(0, 1.0, &mut values);
            values
        };
        let (mut theta, gradient) = (drawn(0), drawn(1));
        let mut states: Vec<f32> =
            (0..program.per_parameter_state_count()).flat_map(|plane| drawn(2 + plane as u32)).map(f32::abs).collect();
        let mut scalars = vec![0.0; program.scalar_count()];
        let mut scalar_states = program.scalar_initial().to_vec();
        program.scalars(&rule.default_constants(), &mut scalar_states, 0.1, 3, &mut scalars);
        let scalars: Vec<f32> = scalars.iter().map(|&scalar| scalar as f32).collect();
        let found = single::update(&gpu, &program, &scalars, &theta, &gradient, 0.5, &states).await.unwrap();
        program.update(&scalars, &mut theta, &gradient, 0.5, &mut states, &mut Workspace::new(&program));
        for (name, found, expected) in [("theta", &found.0, &theta), ("states", &found.1, &states)] {
            for (found, expected) in found.iter().zip(expected) {
                let tolerance = 1e-5 * (1.0 + expected.abs());
                assert!((found - expected).abs() < tolerance, "{} {name}: {found} for {expected}", rule.name);
            }
        }
    }
}

#[wasm_bindgen_test]
async fn gradients_agree_in_the_browser() {
    let mut experiment = preset("figure-4-changed").unwrap();
    experiment.batch_size = 16;
    experiment.learning_rates.count = 3;
    let plan = Arc::new(Plan::new(experiment.resolve().unwrap()).unwrap());
    let mut fleet = GpuFleet::new(&gpu().await, plan.clone(), 0..3, None).unwrap();
    let before = fleet.checkpoint().await.unwrap();
    fleet.advance(1).await.unwrap();
    assert!(fleet.dispatches() > 0);
    let gradients = fleet.gradients().await.unwrap();
    let (_, reference) = gradient_of_run::<f32>(&plan, 1, 0, &before.runs[1].theta);
    let norm = reference.iter().map(|x| x * x).sum::<f32>().sqrt();
    let error = reference.iter().zip(&gradients[1]).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
    assert!(error < 1e-4 * norm, "{error} of {norm}");
}
