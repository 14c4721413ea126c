use super::{Finding, Phase, Recovery, Verdict};
use crate::diagnose::curve::Curve;
use crate::diagnose::statistics::trailing_medians;

/// A loss this many times the first one is a spike.
const SPIKE: f64 = 2.0;
/// Below this batch size one batch may be that far off by chance: the median of three in a row is taken instead.
const SMALL_BATCH: usize = 16;
/// A run that ends below this fraction of its first loss has recovered.
const RECOVERED: f64 = 0.9;

/// In the first max(20, 5 %) steps the loss rises to at least twice its first value: the playbook's early instability.
pub static VERDICT: Verdict =
    Verdict { id: "early_instability", may_be_feasible: true, is_instability: true, holds: has_spike };

fn has_spike(curve: &Curve) -> Option<Finding> {
    let early = &curve.losses[..curve.early.min(curve.losses.len())];
    let early = if curve.batch_size < SMALL_BATCH { trailing_medians(early, 3) } else { early.to_vec() };
    let (row, top) = early.iter().copied().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let peak = top / curve.first;
    (peak >= SPIKE).then(|| Finding {
        step: Some(curve.step(row)),
        peak: Some(peak),
        phase: Some(Phase::Early),
        recovery: Some(if curve.last < RECOVERED * curve.first { Recovery::Full } else { Recovery::None }),
    })
}
