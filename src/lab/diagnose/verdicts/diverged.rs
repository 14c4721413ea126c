use super::{Finding, Phase, Verdict};
use crate::diagnose::curve::Curve;

/// A run whose final loss is above this many times the larger of its first loss and chance has diverged.
const FACTOR: f64 = 1.1;

/// The loss or the gradient norm became NaN or infinite, or so did the validation loss, or the loss ends above both where it began
/// and chance. Early where nothing had been learned before, else in mid-training.
pub static VERDICT: Verdict =
    Verdict { id: "diverged", may_be_feasible: false, is_instability: true, holds: has_diverged };

fn has_diverged(curve: &Curve) -> Option<Finding> {
    let ends_above = curve.last > FACTOR * curve.first.max(curve.chance);
    let holds = curve.death.is_some() || ends_above || !curve.validation.is_finite() || !curve.last.is_finite();
    let phase = if curve.learned_at().is_some() { Phase::Mid } else { Phase::Early };
    holds.then_some(Finding { step: curve.death, phase: Some(phase), ..Finding::default() })
}
