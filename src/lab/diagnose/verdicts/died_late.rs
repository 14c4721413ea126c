use super::{Remedy, Verdict};

/// The loss or the gradient norm became NaN or infinite, later than [`super::died_early`]: instability in mid-training, for
/// which the playbook names gradient clipping.
pub static VERDICT: Verdict = Verdict {
    id: "died_late",
    is_feasible: false,
    remedies: &[Remedy::Clipping],
    holds: |run| run.record.death.is_some(),
};
