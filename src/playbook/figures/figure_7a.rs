use super::{Arm, Claim, Figure, Plot, once, seeded};

/// lr* is at the edge where the first infeasible learning rate is at most this many times as high.
const EDGE: f64 = 4.0;

/// Figure 7a: the best learning rate is at the edge of what is unstable.
pub(super) static FIGURE: Figure = Figure {
    id: "7a",
    about: "final loss against base learning rate: the best is at the edge of a cliff",
    plot: Plot::Axis,
    arms: |seed, arms| once(arms, || vec![("sweep", seeded("figure-7a", seed))]),
    claim,
    focus: (0, None),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let Some((arm, star)) = arms.first().and_then(|arm| Some((arm, arm.star()?))) else { return claim };
    let edge = arm.sweep().edge.map(|run| arm.fleet.runs[run].base_learning_rate);
    claim.fact("lr*", star.learning_rate);
    claim.fact("final loss at lr*", star.final_loss);
    claim.fact("first infeasible learning rate", edge);
    let ratio = edge.map(|edge| edge / star.learning_rate);
    claim.fact("first infeasible / lr*", ratio);
    claim.holds = ratio.is_some_and(|ratio| ratio <= EDGE * (1.0 + 1e-9));
    claim
}
