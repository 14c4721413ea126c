use super::{Finding, Verdict};
use crate::diagnose::curve::Curve;

/// The loss ends above chance, but still falls: more steps or a higher learning rate may do, no fix for an instability.
pub static VERDICT: Verdict = Verdict {
    id: "not_yet_learned",
    may_be_feasible: false,
    is_instability: false,
    holds: |curve: &Curve| (curve.last > curve.chance).then(Finding::default),
};
