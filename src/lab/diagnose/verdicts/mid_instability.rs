use super::{Finding, Phase, Recovery, Verdict};
use crate::diagnose::curve::Curve;

/// The smoothed loss rises to this many times the best before, ...
const RISE: f64 = 1.25;
/// ... and by so many standard errors more, ...
const STANDARD_ERRORS: f64 = 3.0;
/// ... and by at least this fraction of chance: what no eye sees is no instability.
const LEAST_RISE: f64 = 0.05;
/// The rise lasts for this many windows of the smoothed loss.
const SUSTAINED: f64 = 1.0;
/// A run that ends at most this many times the best loss before the rise has recovered.
const RECOVERED: f64 = 1.1;

/// After the run had learned something, and after the early steps, the loss rises again beyond its noise: the playbook's
/// mid-training instability.
pub static VERDICT: Verdict =
    Verdict { id: "mid_instability", may_be_feasible: true, is_instability: true, holds: rises_again };

fn rises_again(curve: &Curve) -> Option<Finding> {
    let factor = RISE * libm::exp(STANDARD_ERRORS * curve.standard_error());
    let first = curve.learned_at()?.max(curve.early);
    let mut best = curve.smoothed.iter().take(first).copied().fold(f64::INFINITY, f64::min);
    let mut onset = None;
    // The rise lasts: one window of unlucky batches is none.
    let mut lasts = 0;
    for (row, &smoothed) in curve.smoothed.iter().enumerate().skip(first) {
        let is_above = smoothed > factor * best && smoothed > best + LEAST_RISE * curve.chance;
        lasts = if is_above { lasts + 1 } else { 0 };
        if lasts as f64 > SUSTAINED * curve.window() as f64 {
            onset = Some(row + 1 - lasts);
            break;
        }
        best = best.min(smoothed);
    }
    let onset = onset?;
    let peak = curve.smoothed[onset..].iter().copied().fold(0.0, f64::max);
    let recovery = if curve.last <= RECOVERED * best {
        Recovery::Full
    } else if curve.last < 0.5 * (best + peak) {
        Recovery::Partial
    } else {
        Recovery::None
    };
    Some(Finding {
        step: Some(curve.step(onset)),
        peak: Some(peak / best),
        phase: Some(Phase::Mid),
        recovery: Some(recovery),
    })
}
