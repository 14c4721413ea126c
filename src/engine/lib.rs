//! The engine of Brink: the rooms that know of no program, from the ground up; each imports only rooms below it
//! (`docs/architecture.md`). It is a package of its own so that its loops are compiled for speed where the page that
//! stands on it is compiled for size (`docs/decisions.md`).

pub mod decimal;
pub mod diagnose;
pub mod experiment;
pub mod json;
pub mod network;
pub mod random;
pub mod record;
pub mod rule;
pub mod task;
pub mod tensor;
pub mod train;
