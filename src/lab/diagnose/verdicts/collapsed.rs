use super::{Finding, Verdict};
use crate::diagnose::curve::Curve;

/// A run that still falls ends below this fraction of its loss at a quarter of its steps.
const PROGRESS_FRACTION: f64 = 0.95;

/// The loss is finite, but the run never learned anything, and stands still at about chance.
pub static VERDICT: Verdict =
    Verdict { id: "collapsed", may_be_feasible: false, is_instability: true, holds: has_collapsed };

fn has_collapsed(curve: &Curve) -> Option<Finding> {
    let learned_nothing = curve.learned_at().is_none() && curve.last > curve.learned_below();
    let stood_still = curve.last > PROGRESS_FRACTION * curve.around(0.25);
    (learned_nothing && stood_still).then(Finding::default)
}
