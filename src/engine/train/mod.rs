//! A fleet in training: plan, schedule, clipping, checkpoint; `cpu/` and `gpu/` behind one trait.

mod batches;
mod checkpoint;
pub mod cpu;
mod critical;
pub mod gpu;
mod plan;
pub mod schedule;
mod tape;

pub use checkpoint::{Checkpoint, RunCheckpoint};
pub use critical::CriticalSearch;
pub use plan::{Plan, PlanError};
pub use tape::{Location, Tape, TapeInstruction, Tensor};

use brink_base::record::RunChunk;
use serde::{Deserialize, Serialize};

/// Where a fleet trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backend {
    /// ndarray and matrixmultiply.
    Cpu,
    /// wgpu.
    Gpu,
}

/// Why a fleet cannot continue.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum FleetError {
    /// The GPU device is gone; training continues on the CPU from the last checkpoint.
    #[error("the GPU device was lost: {0}")]
    DeviceLost(String),
    /// There is no adapter, or it refused.
    #[error("no GPU: {0}")]
    NoDevice(String),
    /// A checkpoint that does not belong to the plan.
    #[error("the checkpoint does not fit the experiment: {0}")]
    Checkpoint(&'static str),
}

/// A fleet on some backend. All runs are at the same step; a run past its last step, or dead, stands still.
#[allow(async_fn_in_trait, reason = "callers are generic and never need the future to be Send")]
pub trait Fleet {
    /// What it trains.
    fn plan(&self) -> &Plan;
    /// The number of steps done.
    fn step(&self) -> u32;
    /// The GPU dispatches issued so far; 0 on the CPU.
    fn dispatches(&self) -> u64;
    /// What it costs to learn of the end of a chunk, in seconds: 0 on the CPU, 0.1 on the GPU in some browsers.
    fn readback_seconds(&self) -> f64 {
        0.0
    }
    /// Trains at most `steps` further steps and returns what its runs recorded. A GPU does as many as it records between two
    /// readbacks, and no backend goes beyond the longest run.
    async fn advance(&mut self, steps: u32) -> Result<Vec<RunChunk>, FleetError>;
    /// All that is needed to continue from here on any backend.
    async fn checkpoint(&mut self) -> Result<Checkpoint, FleetError>;
    /// For each run, the loss of the batch of its current step at its parameters plus each of `scales` times its direction;
    /// NaN for a dead run. Nothing is trained. `directions` has one value for each parameter, for each run in the order in
    /// which the fleet was given its runs.
    async fn evaluate(&mut self, directions: &[Vec<f32>], scales: &[f64]) -> Result<Vec<Vec<f64>>, FleetError>;
    /// Whether every run has done its last step.
    fn finished(&self) -> bool {
        self.step() >= self.plan().longest()
    }
}
