use super::figure_4::OneChange;
use super::{Arm, Claim, Figure, Plot, once, seeded};
use brink_engine::experiment::Experiment;
use brink_lab::FleetRun;
use brink_lab::diagnose::final_validation_loss;

const HIGH: f64 = 0.08;
const LOW: f64 = 0.0025;
const WARMUP: u32 = 200;

/// Figure 4 in another form: the norm inside the branch instead of before it.
pub(super) static FIGURE: Figure = Figure {
    id: "4-norm",
    about: "the same with a change of the norm's place: inside the branch instead of before it",
    plot: Plot::Axis,
    arms: |seed, arms| {
        once(arms, || {
            let (standard, changed) = (seeded("figure-4-standard", seed), seeded("figure-4-changed", seed));
            let max_train_steps = changed.max_train_steps - WARMUP;
            let warm = Experiment { warmup_steps: WARMUP, max_train_steps, ..changed.clone() };
            vec![("standard", standard), ("changed", changed), ("changed, warmup 200", warm)]
        })
    },
    claim,
    focus: (1, Some(HIGH)),
    overall: None,
};

fn last(run: &FleetRun) -> f64 {
    let loss = final_validation_loss(&run.record);
    if loss.is_finite() { loss } else { f64::INFINITY }
}

fn claim(arms: &[Arm]) -> Claim {
    let with_warmup = "changed, warmup 200";
    OneChange { high: HIGH, low: LOW, with_warmup, loss: "validation loss", last }.claim(arms)
}
