//! The engine of Brink: what a network, a task, an update rule and an experiment are, and how a fleet of runs trains on the
//! CPU or the GPU. The lowest floor: it imports no other package of the workspace (`docs/architecture.md`).

mod excerpt;
pub mod experiment;
pub mod metaparameter;
pub mod network;
pub mod number;
pub mod random;
pub mod record;
pub mod rule;
pub mod task;
pub mod tensor;
pub mod train;
pub mod vector;
