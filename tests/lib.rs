//! What several test programs share: golden trajectories of update rules, and the check of every operation.
#![allow(clippy::unwrap_used, reason = "all of it is test code")]

pub mod golden;
pub mod golden_gpu;
pub mod operations;
#[cfg(not(target_arch = "wasm32"))]
pub mod written;
