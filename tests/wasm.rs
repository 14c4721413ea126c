//! Tests that run as WebAssembly in a dedicated worker of a real browser.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used)]

use brink_engine::experiment::{apply, preset};
use brink_engine::train::cpu::gradient_of_run;
use brink_engine::train::gpu::{Gpu, GpuFleet};
use brink_engine::train::{Fleet, Plan};
use brink_tests::{golden_gpu, operations};
use std::sync::Arc;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// An environment `RUSTFLAGS` silently replaces the flags of `.cargo/config.toml`; without simd128 the CPU backend is
/// four times slower and nothing else shows it.
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

/// The kernel of every known rule, against the golden trajectories.
#[wasm_bindgen_test]
async fn golden_gpu_kernels_keep_to_sixteen_units_in_the_last_place() {
    golden_gpu::check_golden(&*gpu().await).await;
}

#[wasm_bindgen_test]
async fn nan_passes_through_the_rules() {
    golden_gpu::check_nan(&*gpu().await).await;
}

#[wasm_bindgen_test]
async fn gradients_agree_in_the_browser() {
    let rezero = [("model.branch", serde_json::json!("rezero"))];
    for (name, changes) in [("figure-4-changed", &[][..]), ("w3", &rezero)] {
        let mut experiment = apply(&preset(name).unwrap(), changes.iter().cloned()).unwrap();
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
        assert!(error < 1e-4 * norm, "{name}: {error} of {norm}");
    }
}
