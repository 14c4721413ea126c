use super::{Arm, Claim, Figure, Plot, once, seeded};

/// The learning rate that is unstable in mid-training, and how far its loss rises at least.
const HIGH: f64 = 0.18;
const PEAK: f64 = 1.5;

/// Figure 7b: an instability in mid-training, here made by a ramp that is too long.
pub(super) static FIGURE: Figure = Figure {
    id: "7b",
    about: "the loss of a run above lr* rises again in mid-training",
    plot: Plot::Loss,
    arms: |seed, arms| once(arms, || vec![("sweep", seeded("figure-7b", seed))]),
    claim,
    focus: (0, Some(HIGH)),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let Some((arm, star)) = arms.first().and_then(|arm| Some((arm, arm.star()?))) else { return claim };
    let Some(high) = arm.at(HIGH).and_then(|run| run.judgement) else { return claim };
    let at_star = arm.fleet.runs[star.run].judgement.map(|found| found.verdict.id);
    claim.fact("verdict at 0.18", high.verdict.id);
    claim.fact("peak at 0.18, as a multiple of the best before", high.finding.peak);
    claim.fact("lr*", star.learning_rate);
    claim.fact("verdict at lr*", at_star);
    claim.holds = high.verdict.id == "mid_instability"
        && high.finding.peak.is_some_and(|peak| peak >= PEAK)
        && at_star != Some("mid_instability");
    claim
}
