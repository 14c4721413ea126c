//! Verdicts and statistics, pure functions of recorded metrics; data, never sentences.

use brink_engine::record::{Columns, RunRecord};

/// Steps at the end of a run over which its final training loss is the median: a share, and a least number.
const FINAL_SHARE: f64 = 0.05;
const FINAL_STEPS: usize = 10;
/// A run whose final loss is above this many times the larger of its first loss and chance has diverged.
const DIVERGED_FACTOR: f64 = 2.0;
/// A run whose final loss is above this share of the smaller of its first loss and chance has learned nothing.
const COLLAPSED_SHARE: f64 = 0.9;
/// A collapsed run must not have been falling: its final loss is above this share of its loss at a quarter of the run.
const COLLAPSED_PROGRESS: f64 = 0.95;

/// Why a run is infeasible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Infeasible {
    /// A loss or gradient norm that is not finite, or a final loss far above where it began.
    Diverged,
    /// Finite, but the loss ends at chance.
    Collapsed,
}

/// The value of a rank, 0 for the least of them; `None` where there are not so many. The values change places.
pub fn value_of_rank(values: &mut [f64], rank: usize) -> Option<f64> {
    (rank < values.len()).then(|| *values.select_nth_unstable_by(rank, f64::total_cmp).1)
}

/// The median; NaN for no values.
pub fn median(values: impl IntoIterator<Item = f32>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().map(f64::from).collect();
    let (upper, lower) = (values.len() / 2, values.len().saturating_sub(1) / 2);
    let mut at = |rank| value_of_rank(&mut values, rank).unwrap_or(f64::NAN);
    // The same value twice where there is one in the middle.
    (at(lower) + at(upper)) / 2.0
}

/// The final training loss: the median over the last max(10, 5 %) steps.
pub fn final_training_loss(record: &RunRecord) -> f64 {
    let last = ((record.len() as f64 * FINAL_SHARE).ceil() as usize).max(FINAL_STEPS);
    median(record.column(Columns::LOSS).skip(record.len().saturating_sub(last)))
}

/// The final loss of a finished run: the mean validation loss after its last step; NaN for a dead run.
pub fn final_validation_loss(record: &RunRecord) -> f64 {
    if record.death.is_some() {
        return f64::NAN;
    }
    record.validation.last().map_or(f64::NAN, |point| f64::from(point.loss))
}

/// Whether and why a run is infeasible, given the loss of the best constant prediction (`chance`, label entropy in nats).
/// Of a run that is still training, only a death is told.
pub fn infeasible(record: &RunRecord, chance: f64, is_finished: bool) -> Option<Infeasible> {
    if record.death.is_some() {
        return Some(Infeasible::Diverged);
    }
    let first = f64::from(record.column(Columns::LOSS).next()?);
    if !is_finished {
        return None;
    }
    let last = final_training_loss(record);
    if last.is_nan() || last > DIVERGED_FACTOR * first.max(chance) {
        return Some(Infeasible::Diverged);
    }
    let quarter = record.len() / 4;
    let around = FINAL_STEPS.min(record.len());
    let at_quarter = median(record.column(Columns::LOSS).skip(quarter).take(around));
    let learned_nothing = last > COLLAPSED_SHARE * first.min(chance);
    let stood_still = last > COLLAPSED_PROGRESS * at_quarter;
    (learned_nothing && stood_still).then_some(Infeasible::Collapsed)
}

/// One run of a sweep, as far as [`best_learning_rate`] looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// The final loss.
    pub final_loss: f64,
    /// Whether and why the run is infeasible.
    pub infeasible: Option<Infeasible>,
}

/// lr*: the index of the feasible run of least final loss, if any run is feasible.
pub fn best_learning_rate(outcomes: &[Outcome]) -> Option<usize> {
    let feasible = |(_, outcome): &(usize, &Outcome)| outcome.infeasible.is_none() && outcome.final_loss.is_finite();
    outcomes
        .iter()
        .enumerate()
        .filter(feasible)
        .min_by(|(_, a), (_, b)| a.final_loss.total_cmp(&b.final_loss))
        .map(|(index, _)| index)
}

/// The value below which a share of the finite values lies (nearest rank), `share` in 0 to 1; `None` for none.
pub fn percentile(values: impl IntoIterator<Item = f32>, share: f64) -> Option<f64> {
    let mut finite: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).map(f64::from).collect();
    let last = finite.len().saturating_sub(1);
    let rank = (share * finite.len() as f64).ceil() as usize;
    value_of_rank(&mut finite, rank.saturating_sub(1).min(last))
}

/// The share of updates that clipping touched, 0 to 1; NaN where nothing was recorded.
pub fn clipped_share(record: &RunRecord) -> f64 {
    let (mut clipped, mut count) = (0.0, 0.0);
    for scale in record.column(Columns::CLIP_SCALE).filter(|scale| scale.is_finite()) {
        count += 1.0;
        clipped += f64::from(u8::from(scale < 1.0));
    }
    clipped / count
}

/// The share of the finite values that lie above a threshold, 0 to 1: of gradient norms, the share of updates that this
/// threshold would clip if it changed nothing else. NaN for no values.
pub fn share_above(values: impl IntoIterator<Item = f32>, threshold: f64) -> f64 {
    let (mut above, mut count) = (0.0, 0.0);
    for value in values.into_iter().filter(|value| value.is_finite()) {
        count += 1.0;
        above += f64::from(u8::from(f64::from(value) > threshold));
    }
    above / count
}

/// How often values fall into bins of equal width on a logarithmic axis.
#[derive(Clone, Debug, PartialEq)]
pub struct LogHistogram {
    /// The lower edge of the first bin, and the upper edge of the last.
    pub range: (f64, f64),
    /// The number of values in each bin.
    pub counts: Vec<usize>,
}

impl LogHistogram {
    /// The lower and upper edge of a bin.
    pub fn edges(&self, bin: usize) -> (f64, f64) {
        let (low, high) = (libm::log(self.range.0), libm::log(self.range.1));
        let edge = |index: usize| libm::exp(low + (high - low) * index as f64 / self.counts.len().max(1) as f64);
        (edge(bin), edge(bin + 1))
    }
}

/// The histogram of the finite positive values, from the least to the greatest; `None` for none.
pub fn log_histogram(values: impl IntoIterator<Item = f32>, bins: usize) -> Option<LogHistogram> {
    let values: Vec<f64> =
        values.into_iter().filter(|value| value.is_finite() && *value > 0.0).map(f64::from).collect();
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().fold(low, f64::max);
    // All the same: one value still has a bin of some width.
    let (low, high) = if high > low * 1.001 { (low, high) } else { (low / 1.05, high * 1.05) };
    let mut counts = vec![0; bins.max(1)];
    let per_bin = counts.len() as f64 / (libm::log(high) - libm::log(low));
    for value in values {
        let bin = ((libm::log(value) - libm::log(low)) * per_bin) as usize;
        let last = counts.len() - 1;
        counts[bin.min(last)] += 1;
    }
    Some(LogHistogram { range: (low, high), counts })
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::record::{RunChunk, ValidationPoint};

    fn record(losses: &[f32], death: Option<u32>) -> RunRecord {
        let mut record = RunRecord::new(Columns { states: vec![] }, 1);
        let rows = losses.iter().flat_map(|&loss| [loss, 1.0, 0.1, 1.0, 0.0, 0.0]).collect();
        let last = losses.last().copied().unwrap_or(f32::NAN);
        let validation = vec![ValidationPoint { step: losses.len() as u32, loss: last, accuracy: 0.5 }];
        let chunk = RunChunk { run: 0, first_step: 0, stride: 1, rows, validation, death };
        record.append(&chunk).unwrap();
        record
    }

    #[test]
    fn runs_are_told_apart() {
        let falling: Vec<f32> = (0..200).map(|t| 5.0 / (1.0 + t as f32 * 0.1)).collect();
        assert_eq!(infeasible(&record(&falling, None), 2.3, true), None);
        assert_eq!(infeasible(&record(&[f32::NAN], Some(0)), 2.3, true), Some(Infeasible::Diverged));
        let rising: Vec<f32> = (0..200).map(|t| 5.0 + t as f32).collect();
        assert_eq!(infeasible(&record(&rising, None), 2.3, true), Some(Infeasible::Diverged));
        let stuck = vec![2.3; 200];
        assert_eq!(infeasible(&record(&stuck, None), 2.3, true), Some(Infeasible::Collapsed));
        assert_eq!(infeasible(&record(&stuck, None), 2.3, false), None);
    }

    #[test]
    fn the_best_learning_rate_is_feasible() {
        let outcome =
            |base_learning_rate, final_loss, infeasible| Outcome { base_learning_rate, final_loss, infeasible };
        let outcomes = [
            outcome(0.1, 0.9, None),
            outcome(0.2, 0.5, None),
            outcome(0.4, 0.1, Some(Infeasible::Collapsed)),
            outcome(0.8, f64::NAN, Some(Infeasible::Diverged)),
        ];
        assert_eq!(best_learning_rate(&outcomes), Some(1));
        assert_eq!(best_learning_rate(&outcomes[2..]), None);
    }

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let values = (1..=10).map(|x| x as f32).chain([f32::NAN]);
        assert_eq!(percentile(values.clone(), 0.9), Some(9.0));
        assert_eq!(percentile(values, 1.0), Some(10.0));
        assert_eq!(percentile([], 0.5), None);
    }

    #[test]
    fn a_threshold_clips_what_lies_above_it() {
        let norms = [1.0, 2.0, 3.0, 4.0, f32::NAN, f32::INFINITY];
        assert_eq!(share_above(norms, 2.0), 0.5, "a norm equal to the threshold is not clipped");
        assert_eq!(share_above(norms, 0.5), 1.0);
        assert_eq!(share_above(norms, 9.0), 0.0);
        assert!(share_above([f32::NAN], 1.0).is_nan());
    }

    #[test]
    fn a_histogram_has_bins_of_equal_width_on_a_logarithmic_axis_and_counts_each_value_once() {
        let norms = [1.0, 1.5, 11.0, 99.0, 100.0, f32::NAN, 0.0];
        let histogram = log_histogram(norms, 2).expect("values");
        assert_eq!(histogram.range, (1.0, 100.0));
        assert_eq!(histogram.counts, [2, 3]);
        let (low, high) = histogram.edges(0);
        assert!((low - 1.0).abs() < 1e-9 && (high - 10.0).abs() < 1e-9);
        let same = log_histogram([3.0; 7], 5).expect("values");
        assert_eq!(same.counts.iter().sum::<usize>(), 7);
        assert!(same.range.0 < 3.0 && same.range.1 > 3.0);
        assert_eq!(log_histogram([f32::NAN], 5), None);
    }
}
