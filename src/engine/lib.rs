//! The engine of Brink: how a fleet of runs trains, on the CPU or the GPU. What it trains lies in packages below, which are part
//! of it under their own names: what a network, a task, an update rule and an experiment are (`docs/architecture.md`).

pub mod train;

pub use brink_base::{metaparameter, number, random, record, tensor, vector};
pub use brink_experiment as experiment;
pub use brink_network as network;
pub use brink_rule as rule;
pub use brink_task as task;
