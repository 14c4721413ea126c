use super::{Arm, Claim, Figure, Plot, arm, once, seeded};
use brink_engine::experiment::Experiment;

/// How much too large the initial weights are.
const SCALE: f64 = 3.0;
const WARMUP: u32 = 60;
const CLIP_THRESHOLD: f64 = 6.0;
const ARMS: [&str; 5] = ["as it should be", "too large", "with warmup", "with clipping", "with both"];

/// Bad initial weights, which clipping mends and warmup alone does not.
pub(super) static FIGURE: Figure = Figure {
    id: "initialisation",
    about: "initial weights three times too large: clipping mends them, warmup alone does not",
    plot: Plot::Axis,
    arms: |seed, arms| {
        once(arms, || {
            let good = seeded("figure-7a", seed);
            let bad = Experiment { initial_scale: SCALE, ..good.clone() };
            let warm = Experiment { warmup_steps: WARMUP, ..bad.clone() };
            let (clipped, both) = (bad.clipped_at(CLIP_THRESHOLD), warm.clipped_at(CLIP_THRESHOLD));
            ARMS.into_iter().zip([good, bad, warm, clipped, both]).collect()
        })
    },
    claim,
    focus: (3, None),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let all = ARMS.map(|name| arm(arms, name));
    for (name, arm) in ARMS.into_iter().zip(all) {
        claim.fact(&format!("lr*, {name}"), arm.and_then(Arm::star).map(|star| star.learning_rate));
    }
    let learns = all.map(|arm| arm.is_some_and(|arm| arm.star().is_some()));
    claim.holds = learns == [true, false, false, true, true];
    claim
}
