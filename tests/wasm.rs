//! Tests that run as WebAssembly in a dedicated worker of a real browser.
#![cfg(target_arch = "wasm32")]

use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_dedicated_worker);

/// An environment `RUSTFLAGS` silently replaces the flags of `.cargo/config.toml`; without simd128 the CPU backend is
/// four times slower and nothing else tells.
#[wasm_bindgen_test]
fn simd128_is_on() {
    const { assert!(cfg!(target_feature = "simd128")) };
}
