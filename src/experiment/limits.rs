//! Every limit of an experiment, as named constants.

use std::ops::RangeInclusive;

/// The runs of a fleet.
pub const RUNS: RangeInclusive<usize> = 1..=256;
/// The parameters of one run.
pub const PARAMETERS: RangeInclusive<usize> = 1..=60_000;
/// The steps of a run, warmup included.
pub const STEPS: RangeInclusive<u32> = 1..=100_000;
/// The steps of warmup; with what follows at most [`STEPS`].
pub const WARMUP_STEPS: RangeInclusive<u32> = 0..=99_999;
/// Runs times recorded steps; beyond it every n-th step is recorded.
pub const RECORDED_ROWS: usize = 1 << 22;
/// The examples of a batch.
pub const BATCH_SIZE: RangeInclusive<usize> = 1..=1024;
/// The factor on initial weights.
pub const INITIAL_SCALE: RangeInclusive<f64> = 0.1..=10.0;
/// Base learning rates.
pub const LEARNING_RATE: RangeInclusive<f64> = 1e-9..=1e6;
/// The ratio of neighbouring learning rates of a sweep.
pub const LEARNING_RATE_FACTOR: RangeInclusive<f64> = 1.01..=100.0;
/// Clip thresholds.
pub const CLIP_THRESHOLD: RangeInclusive<f64> = 1e-9..=1e9;
/// The steps whose gradient norms give a trailing clip threshold; 0 for a threshold that stays.
pub const CLIP_WINDOW: RangeInclusive<u32> = 0..=100;
/// The bytes that a fleet may take on the GPU.
pub const GPU_BYTES: usize = 256 << 20;
/// The bytes that a fleet may take on the CPU.
pub const CPU_BYTES: usize = 512 << 20;
/// The factor on the inputs of an injected outlier.
pub const OUTLIER_FACTOR: RangeInclusive<f64> = 1.0..=1e6;
