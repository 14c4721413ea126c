//! Verdicts: what a run came to. Each is one file and one line in [`VERDICTS`]; a verdict looks at the run's loss curve and says
//! whether it holds, and what it found.
//!
//! Sources: the Deep Learning Tuning Playbook, "How can optimization failures be debugged and mitigated?", names early and
//! mid-training instability; the thresholds were set by eye on half of the labelled runs of `tests/verdicts`, and are judged on
//! the other half (`docs/verdicts.md`).

mod collapsed;
mod diverged;
mod early_instability;
mod mid_instability;
mod not_yet_learned;
mod stable;

use super::curve::{Curve, JudgedRun};

/// When an instability came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the run had learned anything.
    Early,
    /// After it had.
    Mid,
}

/// How a run recovered from an instability.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It ended about as low as before, or lower.
    Full,
    /// It ended nearer to where it was before than to the peak.
    Partial,
    /// Neither.
    None,
}

/// What a verdict found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Finding {
    /// The step of a death, of a spike's top, or at which an instability begins.
    pub step: Option<u32>,
    /// The top of an instability, as a multiple of the first loss (early) or of the best loss before it (mid).
    pub peak: Option<f64>,
    /// When the instability came.
    pub phase: Option<Phase>,
    /// How the run recovered.
    pub recovery: Option<Recovery>,
}

/// One verdict.
#[derive(Debug)]
pub struct Verdict {
    /// Its id, by which its texts are named.
    pub id: &'static str,
    /// Whether a run with this verdict may be lr*, if its final loss is good enough.
    pub may_be_feasible: bool,
    /// Whether it names an instability.
    pub is_instability: bool,
    /// What it found, where it holds.
    holds: fn(&Curve) -> Option<Finding>,
}

impl PartialEq for Verdict {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// All verdicts, in the order in which they are tried: the first that holds is the run's. The last holds always.
pub static VERDICTS: [&Verdict; 6] = [
    &diverged::VERDICT,
    &early_instability::VERDICT,
    &mid_instability::VERDICT,
    &collapsed::VERDICT,
    &not_yet_learned::VERDICT,
    &stable::VERDICT,
];

/// What a run came to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: &'static Verdict,
    /// What it found.
    pub finding: Finding,
    /// Whether the run may be lr*: its verdict allows it, and its final validation loss is finite and not above chance.
    pub is_feasible: bool,
}

/// The judgement of a run that has ended, or died; a run that has recorded nothing has none.
pub fn judge(run: &JudgedRun) -> Option<Judgement> {
    if run.record.is_empty() {
        return None;
    }
    let curve = Curve::new(run);
    let (verdict, finding) =
        VERDICTS.into_iter().find_map(|verdict| (verdict.holds)(&curve).map(|finding| (verdict, finding)))?;
    // NaN is not below chance.
    let is_feasible = verdict.may_be_feasible && curve.validation <= curve.chance;
    Some(Judgement { verdict, finding, is_feasible })
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::record::{Columns, RunChunk, RunRecord, ValidationPoint};

    const CHANCE: f64 = 2.0;

    /// The judgement of a run with these losses; its validation loss is its last.
    fn judged(losses: &[f64], death: Option<u32>) -> Judgement {
        let mut record = RunRecord::new(Columns { states: vec![] }, 1);
        let rows = losses.iter().flat_map(|&loss| [loss as f32, 1.0, 0.1, 1.0, 0.0, 0.0]).collect();
        let loss = losses.last().copied().unwrap_or(f64::NAN) as f32;
        let steps = losses.len() as u32;
        let validation = vec![ValidationPoint { step: steps, loss, accuracy: 0.5 }];
        let chunk = RunChunk { stride: 1, rows, validation, death, chance: CHANCE, ..RunChunk::default() };
        record.append(&chunk).unwrap();
        judge(&JudgedRun { record: &record, batch_size: 64, steps }).unwrap()
    }

    fn falling(steps: usize) -> Vec<f64> {
        (0..steps).map(|t| 0.3 + 4.0 / (1.0 + t as f64 * 0.1)).collect()
    }

    #[test]
    fn each_verdict_holds_for_its_own_runs() {
        let id = |losses: &[f64], death| judged(losses, death).verdict.id;
        assert_eq!(id(&falling(600), None), "stable");
        assert_eq!(id(&(0..600).map(|t| 5.0 + f64::from(t)).collect::<Vec<_>>(), None), "diverged");
        assert_eq!(id(&[2.05; 600], None), "collapsed");
        assert_eq!(id(&(0..600).map(|t| 60.0 - f64::from(t) * 0.08).collect::<Vec<_>>(), None), "not_yet_learned");
        // An early spike of four times the first loss, then down.
        let mut spiked = falling(600);
        spiked[4..12].fill(17.0);
        spiked[4] = 17.2;
        let found = judged(&spiked, None);
        assert_eq!((found.verdict.id, found.finding.step), ("early_instability", Some(4)));
        assert!((found.finding.peak.unwrap() - 4.0).abs() < 0.01 && found.is_feasible);
        // The same later on.
        let mut risen = falling(600);
        for (loss, k) in risen[300..450].iter_mut().zip(0..) {
            *loss = 0.5 + 0.02 * f64::from(if k < 75 { k } else { 150 - k });
        }
        let found = judged(&risen, None);
        assert_eq!((found.verdict.id, found.finding.recovery), ("mid_instability", Some(Recovery::Full)));
        assert!((300..340).contains(&found.finding.step.unwrap()), "{found:?}");
    }

    #[test]
    fn a_death_is_early_until_something_was_learned() {
        let phase = |losses: &[f64]| judged(losses, Some(losses.len() as u32)).finding.phase;
        assert_eq!(phase(&[f64::NAN]), Some(Phase::Early));
        assert_eq!(phase(&[5.0; 300]), Some(Phase::Early), "late, but it had learned nothing");
        assert_eq!(phase(&falling(300)), Some(Phase::Mid));
    }

    #[test]
    fn what_recovers_by_half_recovers_in_part() {
        let recovery = |end: f64| {
            let mut losses = falling(600);
            losses[300..].fill(end);
            losses[300..400].fill(2.5);
            judged(&losses, None).finding.recovery
        };
        assert_eq!(recovery(0.4), Some(Recovery::Full));
        assert_eq!(recovery(1.0), Some(Recovery::Partial));
        assert_eq!(recovery(1.9), Some(Recovery::None));
    }

    #[test]
    fn a_run_above_chance_is_infeasible_however_calm() {
        let calm: Vec<f64> = (0..600).map(|t| 60.0 - f64::from(t) * 0.08).collect();
        assert!(!judged(&calm, None).is_feasible);
        let mut overfitted = falling(600);
        *overfitted.last_mut().unwrap() = 2.1;
        let found = judged(&overfitted, None);
        assert!(found.verdict.id == "stable" && !found.is_feasible, "its validation loss is above chance");
    }

    #[test]
    fn each_verdict_has_an_id_of_its_own() {
        for (index, verdict) in VERDICTS.iter().enumerate() {
            assert!(VERDICTS[..index].iter().all(|other| other.id != verdict.id));
        }
    }
}
