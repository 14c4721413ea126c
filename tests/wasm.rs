//! Tests that run as WebAssembly in a dedicated worker of a real browser.
#![cfg(target_arch = "wasm32")]

mod golden;
#[path = "golden/gpu.rs"]
mod gpu;

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// An environment `RUSTFLAGS` silently replaces the flags of `.cargo/config.toml`; without simd128 the CPU backend is
/// four times slower and nothing else tells.
#[wasm_bindgen_test]
fn simd128_is_on() {
    const { assert!(cfg!(target_feature = "simd128")) };
}

/// Tint accepts the kernel of every known rule, and they compute what they should.
#[wasm_bindgen_test]
async fn golden_gpu_kernels_keep_to_sixteen_units_in_the_last_place() {
    gpu::check_golden(&gpu::device().await).await;
}

#[wasm_bindgen_test]
async fn nan_passes_through_the_kernels() {
    gpu::check_nan(&gpu::device().await).await;
}
