use super::{JudgedRun, Remedy, Verdict};

/// A death within this fraction of the run's steps is early.
const EARLY_FRACTION: f64 = 0.1;

/// The loss or the gradient norm became NaN or infinite during warmup or within the first tenth of the steps: early
/// instability, for which the playbook names warmup.
pub static VERDICT: Verdict =
    Verdict { id: "died_early", is_feasible: false, remedies: &[Remedy::Warmup], holds: is_early };

fn is_early(run: &JudgedRun) -> bool {
    let bound = EARLY_FRACTION * f64::from(run.steps);
    run.record.death.is_some_and(|step| step <= run.warmup_steps || f64::from(step) < bound)
}
