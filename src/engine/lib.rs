//! The engine of Brink: the rooms whose loops do the work, from the ground up; each imports only rooms below it
//! (`docs/architecture.md`). It is a package of its own so that these loops are compiled for speed where the page that
//! stands on it is compiled for size (`docs/decisions.md`).

pub mod json;
pub mod network;
pub mod random;
pub mod task;
pub mod tensor;
pub mod vector;
