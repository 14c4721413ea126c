use super::figure_4::{EARLY, HIGH, SPIKE};
use super::{Arm, Claim, Figure, Plot, once, seeded};
use brink_engine::experiment::Experiment;
use brink_engine::record::Columns;

/// Evaluating this seldom hides the spike.
const SELDOM: usize = 100;

/// Figure 5: evaluated every step, the changed network of Figure 4 shows its spike; evaluated every 100th, it does not.
pub(super) static FIGURE: Figure = Figure {
    id: "5",
    about: "evaluating every step shows an early instability that evaluating every 100th step hides",
    plot: Plot::Loss,
    arms: |seed, arms| {
        once(arms, || {
            let changed = seeded("figure-4-stride-changed", seed);
            let runs = changed.runs.iter().filter(|run| run.base_learning_rate == HIGH).cloned().collect();
            vec![("changed", Experiment { runs, ..changed })]
        })
    },
    claim,
    focus: (0, None),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let Some(run) = arms.first().and_then(|arm| arm.at(HIGH)) else { return claim };
    let losses: Vec<f64> = run.record.column(Columns::LOSS).map(f64::from).collect();
    let first = losses.first().copied().unwrap_or(f64::NAN);
    let top = losses.iter().take(EARLY).copied().fold(0.0, f64::max);
    let seldom = losses.iter().step_by(SELDOM).skip(1).copied().fold(0.0, f64::max);
    let verdict = run.judgement.map(|found| found.verdict.id);
    claim.fact("first loss", first);
    claim.fact("highest loss of the first 20 steps", top);
    claim.fact("highest loss at multiples of 100", seldom);
    claim.fact("verdict", verdict);
    claim.holds = top >= SPIKE * first && seldom <= first && verdict == Some("early_instability");
    claim
}
