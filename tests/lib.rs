//! What several test programs share: golden trajectories of update rules, and the check of every operation.

pub mod golden;
pub mod golden_gpu;
pub mod operations;
