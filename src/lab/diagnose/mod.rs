//! Verdicts and statistics, pure functions of recorded metrics; data, never sentences.

mod statistics;
mod sweep;
mod verdicts;

pub use statistics::{
    LogHistogram, clipped_fraction, fraction_above, log_histogram, median, percentile, value_of_rank,
};
pub use sweep::{Sweep, SweepRun, best_and_edge};
pub use verdicts::{JudgedRun, Remedy, VERDICTS, Verdict, judge};

use brink_engine::record::{Columns, RunRecord};

/// Steps at the end of a run over which its final training loss is the median: a fraction, and a least number.
const FINAL_FRACTION: f64 = 0.05;
const FINAL_STEPS: usize = 10;

/// The final training loss: the median over the last max(10, 5 %) steps.
pub fn final_training_loss(record: &RunRecord) -> f64 {
    let last = ((record.len() as f64 * FINAL_FRACTION).ceil() as usize).max(FINAL_STEPS);
    median(record.column(Columns::LOSS).skip(record.len().saturating_sub(last)))
}

/// The final loss of a finished run: the mean validation loss after its last step; NaN for a dead run.
pub fn final_validation_loss(record: &RunRecord) -> f64 {
    if record.death.is_some() {
        return f64::NAN;
    }
    record.validation.last().map_or(f64::NAN, |point| f64::from(point.loss))
}
