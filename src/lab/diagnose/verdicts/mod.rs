//! Verdicts: what a run came to. Each is one file and one line in [`VERDICTS`].

mod collapsed;
mod died_early;
mod died_late;
mod diverged;
mod feasible;

use super::final_training_loss;
use brink_engine::record::{Columns, RunRecord};

/// A run as far as verdicts look at it.
#[derive(Clone, Copy, Debug)]
pub struct JudgedRun<'a> {
    /// What it recorded.
    pub record: &'a RunRecord,
    /// The loss of the best constant prediction, in nats: the label entropy.
    pub chance: f64,
    /// Its steps of warmup.
    pub warmup_steps: u32,
    /// All of its steps, warmup included.
    pub steps: u32,
}

impl JudgedRun<'_> {
    /// The loss before the first update; NaN where nothing is recorded.
    fn first_loss(&self) -> f64 {
        self.record.column(Columns::LOSS).next().map_or(f64::NAN, f64::from)
    }

    /// The training loss at the end: a median over the last steps.
    fn final_loss(&self) -> f64 {
        final_training_loss(self.record)
    }
}

/// What is tried first against an instability (Deep Learning Tuning Playbook, "How can optimization failures be debugged
/// and mitigated?").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Learning-rate warmup.
    Warmup,
    /// Gradient clipping.
    Clipping,
    /// A norm as the last operation of each residual branch.
    Norm,
}

/// One verdict.
#[derive(Debug)]
pub struct Verdict {
    /// Its id, by which its texts are named.
    pub id: &'static str,
    /// Whether a run with this verdict may be lr*.
    pub is_feasible: bool,
    /// What to try against it, the mildest first.
    pub remedies: &'static [Remedy],
    /// Whether it holds for a run that has ended.
    holds: fn(&JudgedRun) -> bool,
}

impl PartialEq for Verdict {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// All verdicts, in the order in which they are tried: the first that holds is the run's. The last holds always.
pub static VERDICTS: [&Verdict; 5] =
    [&died_early::VERDICT, &died_late::VERDICT, &diverged::VERDICT, &collapsed::VERDICT, &feasible::VERDICT];

/// The verdict on a run. Of a run that is still training only a death is judged; a run that has recorded nothing has none.
pub fn judge(run: &JudgedRun, is_finished: bool) -> Option<&'static Verdict> {
    let is_due = run.record.death.is_some() || (is_finished && !run.record.is_empty());
    is_due.then(|| VERDICTS.into_iter().find(|verdict| (verdict.holds)(run))).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::record::{RunChunk, ValidationPoint};

    /// The verdict on a run with these losses, at a chance of 2.3 nats.
    fn verdict(losses: &[f32], death: Option<u32>, warmup_steps: u32, is_finished: bool) -> Option<&'static str> {
        let mut record = RunRecord::new(Columns { states: vec![] }, 1);
        let rows = losses.iter().flat_map(|&loss| [loss, 1.0, 0.1, 1.0, 0.0, 0.0]).collect();
        let last = losses.last().copied().unwrap_or(f32::NAN);
        let validation = vec![ValidationPoint { step: losses.len() as u32, loss: last, accuracy: 0.5 }];
        record
            .append(&RunChunk {
                run: 0,
                first_step: 0,
                stride: 1,
                rows,
                validation,
                death,
                chance: 2.3,
                ..RunChunk::default()
            })
            .unwrap();
        let run = JudgedRun { record: &record, chance: 2.3, warmup_steps, steps: 200 };
        judge(&run, is_finished).map(|verdict| verdict.id)
    }

    #[test]
    fn each_verdict_holds_for_its_own_runs() {
        let falling: Vec<f32> = (0..200).map(|t| 5.0 / (1.0 + t as f32 * 0.1)).collect();
        assert_eq!(verdict(&falling, None, 0, true), Some("feasible"));
        let rising: Vec<f32> = (0..200).map(|t| 5.0 + t as f32).collect();
        assert_eq!(verdict(&rising, None, 0, true), Some("diverged"));
        assert_eq!(verdict(&[2.3; 200], None, 0, true), Some("collapsed"));
        assert_eq!(verdict(&[2.3; 200], None, 0, false), None, "it may still learn");
        assert_eq!(verdict(&[f32::NAN], Some(0), 0, false), Some("died_early"));
        assert_eq!(verdict(&falling, Some(19), 0, true), Some("died_early"), "within the first tenth");
        assert_eq!(verdict(&falling, Some(20), 0, true), Some("died_late"));
        assert_eq!(verdict(&falling, Some(120), 120, true), Some("died_early"), "as warmup ends");
        assert_eq!(verdict(&falling, Some(121), 120, true), Some("died_late"));
    }

    #[test]
    fn only_the_last_verdict_is_feasible_and_each_has_an_id_of_its_own() {
        for (index, verdict) in VERDICTS.iter().enumerate() {
            assert_eq!(verdict.is_feasible, index + 1 == VERDICTS.len(), "{}", verdict.id);
            assert!(VERDICTS[..index].iter().all(|other| other.id != verdict.id));
        }
    }
}
