//! The protocol between the page and the engine host.

#[cfg(target_arch = "wasm32")]
pub mod host;
