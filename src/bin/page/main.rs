//! The page: one WebAssembly file that serves the page and its workers.

#[cfg(target_arch = "wasm32")]
fn main() {
    brink::app::main();
}

#[cfg(not(target_arch = "wasm32"))]
fn main() {}
