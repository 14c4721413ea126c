use super::{JudgedRun, Remedy, Verdict};

/// A run whose final loss is above this many times the larger of its first loss and chance has diverged.
const FACTOR: f64 = 2.0;

/// Every number is finite, but the loss ends far above where it began.
pub static VERDICT: Verdict =
    Verdict { id: "diverged", is_feasible: false, remedies: &[Remedy::Warmup], holds: has_diverged };

fn has_diverged(run: &JudgedRun) -> bool {
    let last = run.final_loss();
    last.is_nan() || last > FACTOR * run.first_loss().max(run.chance)
}
