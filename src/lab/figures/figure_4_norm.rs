use super::figure_4::{SPIKE, spike};
use super::{Arm, Claim, Figure, Plot, arm, once, seeded};
use crate::FleetRun;
use crate::diagnose::final_validation_loss;
use brink_engine::experiment::Experiment;

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
    overall: None,
};

fn last(run: &FleetRun) -> f64 {
    let loss = final_validation_loss(&run.record);
    if loss.is_finite() { loss } else { f64::INFINITY }
}

fn claim(arms: &[Arm]) -> Claim {
    let mut claim = Claim::default();
    let at = |name: &str, rate: f64| arm(arms, name).and_then(|arm| arm.at(rate));
    let (Some(standard), Some(changed), Some(warm)) =
        (at("standard", HIGH), at("changed", HIGH), at("changed, warmup 200", HIGH))
    else {
        return claim;
    };
    let (Some(low_standard), Some(low_changed)) = (at("standard", LOW), at("changed", LOW)) else { return claim };
    let spikes = [standard, changed, warm].map(spike);
    let high = [standard, changed, warm].map(last);
    let low = [low_standard, low_changed].map(last);
    claim.fact("spike of the standard network at 0.08", spikes[0]);
    claim.fact("spike of the changed network at 0.08", spikes[1]);
    claim.fact("spike with warmup at 0.08", spikes[2]);
    claim.fact("final validation loss of the standard network at 0.08", high[0]);
    claim.fact("final validation loss of the changed network at 0.08", high[1]);
    claim.fact("final validation loss with warmup at 0.08", high[2]);
    claim.fact("final validation loss of the standard network at 0.0025", low[0]);
    claim.fact("final validation loss of the changed network at 0.0025", low[1]);
    let spikes_only_changed = spikes[0] < SPIKE && spikes[1] >= SPIKE && spikes[2] < SPIKE;
    claim.holds = spikes_only_changed && high[1] > high[0] && low[1] < low[0] && high[2] < high[1];
    claim
}
