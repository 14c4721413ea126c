//! The learning rate of a step, and the factor of gradient clipping.

use crate::experiment::Schedule;

/// The learning rate of step `t`: base * t / W during the `warmup_steps` W, then the schedule over the
/// `max_train_steps` S that follow (`docs/experiment.md`).
pub fn learning_rate(base: f64, warmup_steps: u32, max_train_steps: u32, schedule: Schedule, t: u32) -> f64 {
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

/// The factor that brings a gradient of norm `norm` to the clip threshold; 1 at or below it (Pascanu et al. 2013).
pub fn clip_scale(norm: f32, threshold: Option<f64>) -> f32 {
    match threshold {
        Some(threshold) if f64::from(norm) > threshold => (threshold / f64::from(norm)) as f32,
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
