//! The engine of Brink: what a network, a task, an update rule and an experiment are, and how a fleet of runs trains on the
//! CPU or the GPU. What lies in packages of its own below is part of it under the same paths (`docs/architecture.md`).

pub mod train;

pub use brink_base::{metaparameter, number, random, record, tensor, vector};
pub use brink_experiment as experiment;
pub use brink_network as network;
pub use brink_rule as rule;
pub use brink_task as task;
