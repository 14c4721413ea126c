//! What the Deep Learning Tuning Playbook tells somebody to do about an unstable workload: its procedures, and its figures
//! with their claims. Data in, data out; it trains through a runner.

pub mod figures;
pub mod procedures;
