//! The loss curve of a run, and what verdicts look at of it.

use super::statistics::{median, median_of, trailing_medians};
use super::{final_training_loss, final_validation_loss};
use brink_engine::record::{Columns, RunRecord};

/// Steps at the start of a run that count as early: a fraction of all, and a least number.
const EARLY_FRACTION: f64 = 0.05;
const EARLY_STEPS: f64 = 20.0;
/// The trailing median is over about this many examples, but not over more than this part of the run, nor over fewer steps.
const SMOOTHED_EXAMPLES: usize = 512;
const SMOOTHED_PARTS: usize = 20;
const SMOOTHED_STEPS: usize = 9;
/// A run has learned something once its smoothed loss is below this fraction of the smaller of its first loss and chance.
const LEARNED_FRACTION: f64 = 0.9;
/// The median absolute deviation of a normal distribution times this is its standard deviation, and the standard error of a
/// median is 1.25 times that of a mean.
const MAD_TO_DEVIATION: f64 = 1.4826;
const MEDIAN_TO_MEAN: f64 = 1.25;

/// A run that has ended, as far as verdicts look at it.
#[derive(Clone, Copy, Debug)]
pub struct JudgedRun<'a> {
    /// What it recorded.
    pub record: &'a RunRecord,
    /// The examples of a batch: how noisy its loss is.
    pub batch_size: usize,
    /// All of its steps, warmup included.
    pub steps: u32,
}

/// The loss curve of a run that has ended. Positions count recorded rows; [`Curve::step`] gives their steps.
#[derive(Clone, Debug)]
pub struct Curve {
    /// The losses up to the run's death, all finite.
    pub losses: Vec<f64>,
    /// The trailing median of the losses.
    pub smoothed: Vec<f64>,
    /// The steps between two rows.
    stride: u32,
    /// The step at which the run died.
    pub death: Option<u32>,
    /// The first loss, L0; NaN where nothing finite was recorded.
    pub first: f64,
    /// The median loss of the last max(10, 5 %) rows; NaN for a dead run.
    pub last: f64,
    /// The loss of the best constant prediction.
    pub chance: f64,
    /// The last validation loss; NaN for a dead run.
    pub validation: f64,
    /// The rows that count as early.
    pub early: usize,
    /// The rows of the trailing median.
    window: usize,
    /// The examples of a batch.
    pub batch_size: usize,
}

impl Curve {
    /// The curve of a run.
    pub fn new(run: &JudgedRun) -> Self {
        let stride = run.record.stride.max(1);
        let losses: Vec<f64> =
            run.record.column(Columns::LOSS).map(f64::from).take_while(|loss| loss.is_finite()).collect();
        let rows = |steps: f64| (steps / f64::from(stride)).ceil() as usize;
        let most = (run.steps as usize / SMOOTHED_PARTS / stride as usize).max(1);
        let window =
            (SMOOTHED_EXAMPLES / run.batch_size.max(1) / stride as usize).clamp(SMOOTHED_STEPS.min(most), most);
        let death = run.record.death;
        Self {
            smoothed: trailing_medians(&losses, window),
            stride,
            death,
            first: losses.first().copied().unwrap_or(f64::NAN),
            last: if death.is_some() { f64::NAN } else { final_training_loss(run.record) },
            chance: run.record.chance,
            validation: final_validation_loss(run.record),
            early: rows((EARLY_FRACTION * f64::from(run.steps)).max(EARLY_STEPS)),
            window,
            batch_size: run.batch_size,
            losses,
        }
    }

    /// The rows of the trailing median.
    pub fn window(&self) -> usize {
        self.window
    }

    /// The step of a row.
    pub fn step(&self, row: usize) -> u32 {
        row as u32 * self.stride
    }

    /// Below this loss something was learned.
    pub fn learned_below(&self) -> f64 {
        LEARNED_FRACTION * self.first.min(self.chance)
    }

    /// The first row at which the smoothed loss shows that something was learned.
    pub fn learned_at(&self) -> Option<usize> {
        let below = self.learned_below();
        // The first windows are short, and one lucky batch is no learning.
        self.smoothed.iter().enumerate().skip(self.window / 2).find(|(_, loss)| **loss < below).map(|(row, _)| row)
    }

    /// The median loss around a fraction of the run.
    pub fn around(&self, fraction: f64) -> f64 {
        let width = self.window.max(super::FINAL_STEPS);
        let start = ((self.losses.len() as f64 * fraction) as usize).min(self.losses.len().saturating_sub(width));
        median(self.losses[start..].iter().take(width).map(|&loss| loss as f32))
    }

    /// How far the smoothed loss may lie from the true one by chance alone: the factor of one standard error. Relative, since
    /// the noise of a loss shrinks with it.
    pub fn standard_error(&self) -> f64 {
        let residual =
            |(loss, smoothed): (&f64, &f64)| libm::log(loss.max(f64::MIN_POSITIVE) / smoothed.max(f64::MIN_POSITIVE));
        let mut residuals: Vec<f64> =
            self.losses.iter().zip(&self.smoothed).skip(self.early).map(residual).map(f64::abs).collect();
        let deviation = MAD_TO_DEVIATION * median_of(&mut residuals);
        if deviation.is_finite() { MEDIAN_TO_MEAN * deviation / (self.window as f64).sqrt() } else { 0.0 }
    }
}
