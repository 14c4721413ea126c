//! Brink: a laboratory for training instability.
//!
//! The upper rooms; each imports only rooms below it (`docs/architecture.md`). The lower ones are the engine's.

pub use brink_engine::{json, network, random, task, tensor, vector};

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod decimal;
pub mod diagnose;
pub mod experiment;
pub mod lab;
pub mod record;
pub mod rule;
pub mod train;
pub mod view;
pub mod worker;
