//! The learning rate of a step, and the factor of gradient clipping: the program's formulas (`rule/schedules/`,
//! `rule/clipping.rule`) on the values of a run.

use brink_experiment::{ClipThreshold, Schedule};
use brink_rule::{clipping, warmup};

/// The learning rate of step `t` from 0: that of the warmup where its text says that it holds (`t < warmup_steps`), then the
/// schedule's over the `max_train_steps` that follow (`docs/experiment.md`).
pub fn learning_rate(base: f64, warmup_steps: u32, max_train_steps: u32, schedule: Schedule, t: u32) -> f64 {
    let given = [base, f64::from(t), f64::from(warmup_steps), f64::from(max_train_steps)];
    let formula = if warmup().holds(&given) { warmup() } else { schedule.formula() };
    formula.value(&given)
}

/// The factor that brings a gradient of norm `norm` to the clip threshold; 1 at or below it, and where there is no threshold.
pub fn clip_scale(norm: f32, threshold: Option<f64>) -> f32 {
    threshold.map_or(1.0, |threshold| clipping().value(&[f64::from(norm), threshold]) as f32)
}

/// The 90th percentile of gradient norms, by nearest rank; `None` for none, and where it is 0: a gradient that has vanished is
/// not to be kept so.
pub fn trailing_threshold(norms: &[f32]) -> Option<f64> {
    let mut sorted = norms.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    // 9/10 of the count, rounded up, in whole numbers: the GPU has no f64.
    let rank = (9 * sorted.len()).div_ceil(10);
    let threshold = sorted.get(rank.checked_sub(1)?)?;
    (*threshold > 0.0).then_some(f64::from(*threshold))
}

/// The clip threshold of a step, if it is clipped; `recent` are the gradient norms of the steps of the window before it.
pub fn threshold(clipping: ClipThreshold, recent: &[f32]) -> Option<f64> {
    match clipping {
        ClipThreshold::None => None,
        ClipThreshold::Fixed(threshold) => Some(threshold),
        ClipThreshold::Trailing => trailing_threshold(recent),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_base::random::{Purpose, Stream};

    #[test]
    fn warmup_is_prepended_and_starts_at_zero() {
        let rate = |t| learning_rate(0.5, 10, 100, Schedule::Linear, t);
        assert_eq!(rate(0), 0.0);
        assert_eq!(rate(5), 0.25);
        assert_eq!(rate(10), 0.5);
        assert_eq!(rate(60), 0.25);
        assert!(rate(109) > 0.0 && rate(109) < 0.0051);
        assert_eq!(learning_rate(0.5, 0, 100, Schedule::Cosine, 50), 0.25);
        assert_eq!(learning_rate(0.5, 0, 100, Schedule::Constant, 99), 0.5);
    }

    #[test]
    fn a_norm_at_the_threshold_is_not_clipped() {
        assert_eq!(clip_scale(5.0, Some(5.0)), 1.0);
        assert_eq!(clip_scale(10.0, Some(5.0)), 0.5);
        assert_eq!(clip_scale(10.0, None), 1.0);
    }

    #[test]
    fn a_trailing_threshold_is_the_90th_percentile() {
        let norms = |count: u8| (1..=count).rev().map(f32::from).collect::<Vec<f32>>();
        assert_eq!(trailing_threshold(&norms(10)), Some(9.0));
        assert_eq!(trailing_threshold(&norms(11)), Some(10.0));
        assert_eq!(trailing_threshold(&norms(1)), Some(1.0));
        assert_eq!(trailing_threshold(&[]), None);
        assert_eq!(trailing_threshold(&[0.0; 4]), None, "nothing is scaled to zero");
    }

    /// The closed forms that the texts stand for.
    fn reference(base: f64, warmup_steps: u32, max_train_steps: u32, schedule: Schedule, t: u32) -> f64 {
        if t < warmup_steps {
            return base * f64::from(t) / f64::from(warmup_steps);
        }
        let progress = f64::from(t - warmup_steps) / f64::from(max_train_steps);
        match schedule {
            Schedule::Constant => base,
            Schedule::Linear => base * (1.0 - progress),
            Schedule::Cosine => base * (1.0 + libm::cos(std::f64::consts::PI * progress)) / 2.0,
        }
    }

    #[test]
    fn learning_rates_are_the_closed_forms_bit_for_bit() {
        let stream = Stream::new(1, Purpose::Structure, 0);
        for case in 0..3000 {
            let draw = |part: u64, most: u32| stream.below(8 * case + part, most);
            let base = libm::pow(10.0, 8.0 * stream.uniform(8 * case) - 6.0);
            let (warmup, train) = (draw(1, 4) * draw(2, 500), 1 + draw(3, 99_000));
            for schedule in Schedule::ALL {
                for t in [0, 1, warmup.saturating_sub(1), warmup, warmup + draw(4, train), warmup + train - 1] {
                    let found = learning_rate(base, warmup, train, schedule, t);
                    let expected = reference(base, warmup, train, schedule, t);
                    assert_eq!(found.to_bits(), expected.to_bits(), "{schedule:?} {base} {warmup} {train} {t}");
                }
            }
        }
    }

    #[test]
    fn clip_scales_are_the_closed_form_bit_for_bit() {
        let stream = Stream::new(2, Purpose::Structure, 0);
        for case in 0..20_000 {
            let threshold = libm::pow(10.0, 18.0 * stream.uniform(2 * case) - 9.0);
            let drawn = f32::from_bits(stream.below(2 * case + 1, f32::INFINITY.to_bits()));
            let near = threshold as f32;
            for norm in [drawn, 0.0, near, near.next_up(), near.next_down(), f32::MIN_POSITIVE, f32::MAX] {
                let is_clipped = f64::from(norm) > threshold;
                let expected = if is_clipped { (threshold / f64::from(norm)) as f32 } else { 1.0 };
                let found = clip_scale(norm, Some(threshold));
                assert_eq!(found.to_bits(), expected.to_bits(), "norm {norm}, threshold {threshold}");
            }
        }
    }
}
