//! Statistics of recorded values.

use brink_engine::record::{Columns, RunRecord};

/// The value of a rank, 0 for the least of them; `None` where there are not so many. The values change positions.
pub fn value_of_rank(values: &mut [f64], rank: usize) -> Option<f64> {
    (rank < values.len()).then(|| *values.select_nth_unstable_by(rank, f64::total_cmp).1)
}

/// The median; NaN for no values.
pub fn median(values: impl IntoIterator<Item = f32>) -> f64 {
    median_of(&mut values.into_iter().map(f64::from).collect::<Vec<f64>>())
}

/// The median of values that may change positions; NaN for none.
pub fn median_of(values: &mut [f64]) -> f64 {
    let (upper, lower) = (values.len() / 2, values.len().saturating_sub(1) / 2);
    let mut at = |rank| value_of_rank(values, rank).unwrap_or(f64::NAN);
    (at(lower) + at(upper)) / 2.0
}

/// For each value the median of the `window` values that end with it, or of all up to it where there are fewer. The lower of two
/// in the middle. The values are finite.
pub fn trailing_medians(values: &[f64], window: usize) -> Vec<f64> {
    // In rising order; one value enters and one leaves at a time.
    let mut sorted: Vec<f64> = Vec::with_capacity(window + 1);
    let position = |sorted: &[f64], value: f64| sorted.partition_point(|&other| other < value);
    let mut medians = Vec::with_capacity(values.len());
    for (row, &value) in values.iter().enumerate() {
        if row >= window.max(1) {
            let leaving = position(&sorted, values[row - window.max(1)]);
            sorted.remove(leaving);
        }
        let entering = position(&sorted, value);
        sorted.insert(entering, value);
        medians.push(sorted[(sorted.len() - 1) / 2]);
    }
    medians
}

/// The value below which a fraction of the finite values lies (nearest rank), `fraction` in 0 to 1; `None` for none.
pub fn percentile(values: impl IntoIterator<Item = f32>, fraction: f64) -> Option<f64> {
    let mut finite: Vec<f64> = values.into_iter().filter(|value| value.is_finite()).map(f64::from).collect();
    let last = finite.len().saturating_sub(1);
    let rank = (fraction * finite.len() as f64).ceil() as usize;
    value_of_rank(&mut finite, rank.saturating_sub(1).min(last))
}

/// The 90th percentile of a run's gradient norms, which the playbook starts a clip threshold from; `None` for none.
pub fn norm_p90(record: &RunRecord) -> Option<f64> {
    percentile(record.column(Columns::GRADIENT_NORM), 0.9)
}

/// The fraction of updates that clipping touched, 0 to 1; NaN where nothing was recorded.
pub fn clipped_fraction(record: &RunRecord) -> f64 {
    let (mut clipped, mut count) = (0.0, 0.0);
    for scale in record.column(Columns::CLIP_SCALE).filter(|scale| scale.is_finite()) {
        count += 1.0;
        clipped += f64::from(u8::from(scale < 1.0));
    }
    clipped / count
}

/// The fraction of the finite values that lie above a threshold, 0 to 1: of gradient norms, the fraction of updates that this
/// threshold would clip if it changed nothing else. NaN for no values.
pub fn fraction_above(values: impl IntoIterator<Item = f32>, threshold: f64) -> f64 {
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

    #[test]
    fn percentiles_take_the_nearest_rank() {
        let values = (1..=10).map(|x| x as f32).chain([f32::NAN]);
        assert_eq!(percentile(values.clone(), 0.9), Some(9.0));
        assert_eq!(percentile(values, 1.0), Some(10.0));
        assert_eq!(percentile([], 0.5), None);
    }

    #[test]
    fn trailing_medians_are_those_of_the_last_values() {
        let stream = brink_engine::random::Stream::new(1, brink_engine::random::Purpose::Structure, 0);
        // Few different values, so that many are equal.
        let values: Vec<f64> = (0..200).map(|k| f64::from(stream.below(k, 9))).collect();
        for window in [1, 2, 9, 50, 300] {
            for (row, found) in trailing_medians(&values, window).into_iter().enumerate() {
                let mut last: Vec<f64> = values[(row + 1).saturating_sub(window)..=row].to_vec();
                last.sort_by(f64::total_cmp);
                assert_eq!(found, last[(last.len() - 1) / 2], "window {window} row {row}");
            }
        }
    }

    #[test]
    fn a_threshold_clips_what_lies_above_it() {
        let norms = [1.0, 2.0, 3.0, 4.0, f32::NAN, f32::INFINITY];
        assert_eq!(fraction_above(norms, 2.0), 0.5, "a norm equal to the threshold is not clipped");
        assert_eq!(fraction_above(norms, 0.5), 1.0);
        assert_eq!(fraction_above(norms, 9.0), 0.0);
        assert!(fraction_above([f32::NAN], 1.0).is_nan());
    }

    #[test]
    fn a_histogram_has_bins_of_equal_width_on_a_logarithmic_axis_and_counts_each_value_once() {
        let norms = [1.0, 1.5, 11.0, 99.0, 100.0, f32::NAN, 0.0];
        let histogram = log_histogram(norms, 2).expect("values");
        assert_eq!(histogram.range, (1.0, 100.0));
        assert_eq!(histogram.counts, [2, 3]);
        let (low, high) = histogram.edges(0);
        assert!((low - 1.0).abs() < 1e-9 && (high - 10.0).abs() < 1e-9);
        let (low, high) = log_histogram([10.0, 1000.0], 2).expect("values").edges(1);
        assert!((low - 100.0).abs() < 1e-9 && (high - 1000.0).abs() < 1e-9);
        let same = log_histogram([3.0; 7], 5).expect("values");
        assert_eq!(same.counts.iter().sum::<usize>(), 7);
        assert!(same.range.0 < 3.0 && same.range.1 > 3.0);
        assert_eq!(log_histogram([f32::NAN], 5), None);
    }
}
