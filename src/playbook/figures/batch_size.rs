use super::{Arm, Claim, Figure, Plot, once, seeded};
use crate::procedures::batch_size::Gaps;
use brink_engine::experiment::Experiment;

const SIZES: [(&str, usize); 3] = [("batch 8", 8), ("batch 32", 32), ("batch 64", 64)];
/// The one learning rate of the unfair comparison: the third of the grid, at which all three learn.
const ONE_RATE: f64 = 0.001 * 2.154_434_69 * 2.154_434_69;
/// Tuning leaves at most this much of the gap.
const MOST_LEFT: f64 = 0.5;

/// Batch sizes at one learning rate, and each at its own best: most of the gap between them goes.
pub(super) static FIGURE: Figure = Figure {
    id: "batch-size",
    about: "three batch sizes over equal epochs: most of the gap goes once each has its own learning rate",
    plot: Plot::Axis,
    arms: |seed, arms| {
        once(arms, || {
            let base = seeded("batch-size", seed);
            // Equal epochs: half the batch, twice the steps.
            let examples = base.batch_size as u32 * base.max_train_steps;
            let of = |(name, batch_size): (&'static str, usize)| {
                (name, Experiment { batch_size, max_train_steps: examples / batch_size as u32, ..base.clone() })
            };
            SIZES.map(of).to_vec()
        })
    },
    claim,
    focus: (0, None),
    overall: None,
};

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let gaps = Gaps::of(arms, ONE_RATE);
    claim.fact("one learning rate", ONE_RATE);
    claim.fact("gap at it", gaps.fixed());
    claim.fact("gap with each at its lr*", gaps.tuned());
    claim.holds = matches!((gaps.fixed(), gaps.tuned()), (Some(fixed), Some(tuned)) if tuned <= MOST_LEFT * fixed);
    claim
}
