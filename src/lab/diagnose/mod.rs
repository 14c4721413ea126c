//! Verdicts and statistics, pure functions of recorded metrics; data, never sentences.

mod curve;
pub mod fixes;
mod statistics;
mod sweep;
mod verdicts;

pub use curve::{Curve, JudgedRun};
pub use statistics::{
    LogHistogram, clipped_fraction, fraction_above, log_histogram, median, median_of, norm_p90, percentile,
    value_of_rank,
};
pub use sweep::{Sweep, SweepRun, sweep};
pub use verdicts::{Finding, Judgement, Phase, Recovery, VERDICTS, Verdict, judge};

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

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::record::{RunChunk, ValidationPoint};

    /// A run whose loss at step t is t, whose updates are clipped at every fourth step, validated twice.
    fn record(steps: u32, death: Option<u32>) -> RunRecord {
        let mut record = RunRecord::new(Columns { states: vec![] }, 1);
        let row = |t: u32| [t as f32, 1.0, 0.1, if t.is_multiple_of(4) { 0.5 } else { 1.0 }, 0.0, 0.0];
        let point = |step, loss| ValidationPoint { step, loss, accuracy: 0.5 };
        let validation = vec![point(0, 3.0), point(steps, 0.75)];
        let rows = (0..steps).flat_map(row).collect();
        record
            .append(&RunChunk { run: 0, first_step: 0, stride: 1, rows, validation, death, ..RunChunk::default() })
            .unwrap();
        record
    }

    #[test]
    fn the_final_training_loss_is_the_median_of_the_last_steps() {
        // Of 1,000 steps the last 50: 950 to 999. Of 40 steps the last 10: 30 to 39.
        assert_eq!(final_training_loss(&record(1000, None)), 974.5);
        assert_eq!(final_training_loss(&record(40, None)), 34.5);
        assert_eq!(final_training_loss(&record(3, None)), 1.0, "all there are");
    }

    #[test]
    fn the_final_validation_loss_is_the_last_one_of_a_living_run() {
        assert_eq!(final_validation_loss(&record(40, None)), 0.75);
        assert!(final_validation_loss(&record(40, Some(39))).is_nan());
        assert!(final_validation_loss(&RunRecord::new(Columns { states: vec![] }, 1)).is_nan());
    }

    #[test]
    fn the_clipped_fraction_is_that_of_scales_below_one() {
        assert_eq!(clipped_fraction(&record(40, None)), 0.25);
        assert!(clipped_fraction(&RunRecord::new(Columns { states: vec![] }, 1)).is_nan());
    }

    #[test]
    fn a_median_is_the_middle_value_or_the_mean_of_the_two() {
        assert_eq!(median([5.0, 1.0, 3.0]), 3.0);
        assert_eq!(median([8.0, 1.0, 2.0, 7.0]), 4.5);
        assert_eq!(median([4.0]), 4.0);
        assert!(median([]).is_nan());
    }
}
