use super::{Arm, Claim, Figure, Plot, arm, seeded};
use brink_engine::number::significant;

/// How far above lr* clipping rescues a run.
const MULTIPLE: f64 = 10.0;

/// Figure 9: gradient norms, and clipping at their 90th percentile, which lets a run live that diverges without.
pub(super) static FIGURE: Figure = Figure {
    id: "9",
    about: "gradient norms, and what clipping at their 90th percentile does ten times above lr*",
    plot: Plot::Norm,
    arms: |seed, arms| match arms {
        [] => vec![("unclipped", seeded("figure-9", seed))],
        [unclipped] => {
            let clipped = unclipped.norm_p90().map(|p90| unclipped.experiment().clipped_at(significant(p90, 3)));
            clipped.map(|clipped| ("clipped at P90", clipped)).into_iter().collect()
        }
        _ => Vec::new(),
    },
    claim,
    focus: (0, None),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let (Some(unclipped), Some(clipped)) = (arm(arms, "unclipped"), arm(arms, "clipped at P90")) else { return claim };
    let (Some(star), Some(best)) = (unclipped.star(), clipped.star()) else { return claim };
    // The grid has steps of half a decade: this is one of its learning rates, or above all.
    let high = MULTIPLE * star.learning_rate;
    let near = |arm: &Arm| arm.fleet.runs.iter().position(|run| (run.base_learning_rate / high - 1.0).abs() < 0.01);
    let verdict = |arm: &Arm| near(arm).and_then(|run| arm.fleet.runs[run].judgement);
    let (Some(without), Some(with)) = (verdict(unclipped), verdict(clipped)) else { return claim };
    claim.fact("lr* unclipped", star.learning_rate);
    claim.fact("P90 of the norms at lr*", clipped.experiment().clip_threshold);
    claim.fact("verdict at 10 lr*, unclipped", without.verdict.id);
    claim.fact("verdict at 10 lr*, clipped", with.verdict.id);
    claim.fact("best loss unclipped", star.final_loss);
    claim.fact("best loss clipped", best.final_loss);
    claim.holds = without.verdict.id == "diverged" && with.is_feasible && best.final_loss < star.final_loss;
    claim
}
