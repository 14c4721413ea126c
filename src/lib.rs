//! Brink: a laboratory for training instability.
//!
//! The rooms, from the ground up; each imports only rooms below it (`docs/architecture.md`).

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod decimal;
pub mod diagnose;
pub mod experiment;
pub mod json;
pub mod lab;
pub mod network;
pub mod random;
pub mod record;
pub mod rule;
pub mod task;
pub mod tensor;
pub mod train;
pub mod view;
pub mod worker;
