use super::super::FINAL_STEPS;
use super::super::statistics::median;
use super::{JudgedRun, Remedy, Verdict};
use brink_engine::record::Columns;

/// A run whose final loss is above this fraction of the smaller of its first loss and chance has learned nothing.
const LEARNED_FRACTION: f64 = 0.9;
/// A collapsed run must not have been falling: its final loss is above this fraction of its loss at a quarter of the run.
const PROGRESS_FRACTION: f64 = 0.95;

/// The loss is finite, but ends at chance and has stood still.
pub static VERDICT: Verdict =
    Verdict { id: "collapsed", is_feasible: false, remedies: &[Remedy::Norm, Remedy::Warmup], holds: has_collapsed };

fn has_collapsed(run: &JudgedRun) -> bool {
    let last = run.final_loss();
    let quarter = run.record.len() / 4;
    let around = FINAL_STEPS.min(run.record.len());
    let at_quarter = median(run.record.column(Columns::LOSS).skip(quarter).take(around));
    let learned_nothing = last > LEARNED_FRACTION * run.first_loss().min(run.chance);
    let stood_still = last > PROGRESS_FRACTION * at_quarter;
    learned_nothing && stood_still
}
