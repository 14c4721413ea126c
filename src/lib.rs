//! Brink: a laboratory for training instability.
//!
//! The upper rooms; each imports only rooms below it (`docs/architecture.md`). The lower ones are the engine's.

pub use brink_engine::{decimal, diagnose, experiment, json, network, random, record, rule, task, tensor, train};

#[cfg(target_arch = "wasm32")]
pub mod app;
#[cfg(not(target_arch = "wasm32"))]
pub mod cli;
pub mod lab;
pub mod view;
pub mod worker;
