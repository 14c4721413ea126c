use super::{Arm, Claim, Figure, Plot, arm, once, seeded};
use crate::procedures::Star;
use brink_engine::experiment::apply;

const ARMS: [&str; 2] = ["Adam", "Momentum"];

/// Another optimizer as a fix: the working range of Adam is wider than that of Momentum.
pub(super) static FIGURE: Figure = Figure {
    id: "adam-deep",
    about: "twenty blocks without a norm: Adam learns at more learning rates than Momentum, and ends lower",
    plot: Plot::Axis,
    arms: |seed, arms| {
        once(arms, || {
            let adam = seeded("adam-deep", seed);
            let momentum = apply(&adam, [("optimizer.rule", "momentum".into())]).unwrap_or_else(|_| adam.clone());
            vec![(ARMS[0], adam), (ARMS[1], momentum)]
        })
    },
    claim,
    focus: (0, None),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let [Some(adam), Some(momentum)] = ARMS.map(|name| arm(arms, name)) else { return claim };
    for (name, arm) in ARMS.into_iter().zip([adam, momentum]) {
        claim.fact(&format!("feasible learning rates, {name}"), arm.feasible().count());
        claim.fact(&format!("lr*, {name}"), arm.star().map(|star| star.learning_rate));
        claim.fact(&format!("best loss, {name}"), arm.star().map(|star| star.final_loss));
    }
    let is_wider = adam.feasible().count() > momentum.feasible().count();
    let lower = |star: Star| momentum.star().is_none_or(|other| star.final_loss < other.final_loss);
    claim.holds = is_wider && adam.star().is_some_and(lower);
    claim
}
