//! One step of an update on the CPU, vectorised. An update is a list of instructions; each runs as one simple loop over a
//! chunk of parameters that stays in the first-level cache. No allocation per step; additions and multiplications keep
//! the order of the instructions and are never contracted, so the bits are the same on every processor.
//!
//! What the instructions compute is not known here: `brink-rule`, above, compiles an update rule into them.

mod instruction;
mod update;

pub use instruction::{Action, Binary, Unary, UpdateInstruction, VectorSource};
pub use update::{Workspace, update};
