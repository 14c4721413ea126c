use super::{Arm, Claim, Figure, Plot, arm, once, seeded};
use brink_engine::experiment::{Experiment, apply};
use brink_engine::record::Columns;
use brink_lab::FleetRun;
use brink_lab::diagnose::final_training_loss;

/// The learning rate at which the changed network spikes, and one at which it is better.
pub(super) const HIGH: f64 = 0.3;
const LOW: f64 = 0.01;
/// The steps within which it spikes, and the multiple of the first loss that it passes.
pub(super) const EARLY: usize = 20;
pub(super) const SPIKE: f64 = 2.0;
/// The steps of warmup, of the same total.
const WARMUP: u32 = 100;

/// Figure 4: one change, the stride of a block from 2 to 1, makes high learning rates unstable and low ones better; warmup mends it.
/// The reason is that the head gets four times the inputs: a quarter of its learning rate mends it, too.
pub(super) static FIGURE: Figure = Figure {
    id: "4",
    about: "a stride of 1 instead of 2: unstable at high learning rates, better at low ones; warmup mends it",
    plot: Plot::Axis,
    arms: |seed, arms| {
        once(arms, || {
            let (standard, changed) =
                (seeded("figure-4-stride-standard", seed), seeded("figure-4-stride-changed", seed));
            let max_train_steps = changed.max_train_steps - WARMUP;
            let warm = Experiment { warmup_steps: WARMUP, max_train_steps, ..changed.clone() };
            let mut all = vec![("standard", standard), ("changed", changed.clone()), ("changed, warmup 100", warm)];
            let head = apply(&changed, [("model.head_learning_rate", 0.25.into())]);
            all.extend(head.ok().map(|head| ("changed, head learning rate / 4", head)));
            all
        })
    },
    claim,
    focus: (1, Some(HIGH)),
    overall: None,
};

/// The highest of the first losses of a run, as a multiple of its first.
fn spike(run: &FleetRun) -> f64 {
    let losses: Vec<f64> = run.record.column(Columns::LOSS).take(EARLY).map(f64::from).collect();
    let first = losses.first().copied().unwrap_or(f64::NAN);
    // A loss that is not finite is a spike without bound.
    losses.iter().fold(0.0, |top: f64, &loss| if loss.is_finite() { top.max(loss) } else { f64::INFINITY }) / first
}

/// The final training loss of a run; infinite where it died.
fn last(run: &FleetRun) -> f64 {
    let loss = final_training_loss(&run.record);
    if run.record.death.is_none() && loss.is_finite() { loss } else { f64::INFINITY }
}

/// What one change does: it makes a high learning rate unstable and a low one better, and warmup mends it.
pub(super) struct OneChange {
    /// The learning rate at which the changed network spikes, and one at which it is better.
    pub high: f64,
    pub low: f64,
    /// The arm with warmup.
    pub with_warmup: &'static str,
    /// The loss that is compared at the end: its name, and its value for a run.
    pub loss: &'static str,
    pub last: fn(&FleetRun) -> f64,
}

impl OneChange {
    /// The claim that it does.
    pub(super) fn claim(&self, arms: &[Arm]) -> Claim {
        let mut claim = Claim::default();
        let &Self { high, low, with_warmup, loss, last } = self;
        let at = |name: &str, rate: f64| arm(arms, name).and_then(|arm| arm.at(rate));
        let (Some(standard), Some(changed), Some(warm)) =
            (at("standard", high), at("changed", high), at(with_warmup, high))
        else {
            return claim;
        };
        let (Some(low_standard), Some(low_changed)) = (at("standard", low), at("changed", low)) else { return claim };
        let spikes = [standard, changed, warm].map(spike);
        let at_high = [standard, changed, warm].map(last);
        let at_low = [low_standard, low_changed].map(last);
        claim.fact(&format!("spike of the standard network at {high}"), spikes[0]);
        claim.fact(&format!("spike of the changed network at {high}"), spikes[1]);
        claim.fact(&format!("spike with warmup at {high}"), spikes[2]);
        claim.fact(&format!("final {loss} of the standard network at {high}"), at_high[0]);
        claim.fact(&format!("final {loss} of the changed network at {high}"), at_high[1]);
        claim.fact(&format!("final {loss} with warmup at {high}"), at_high[2]);
        claim.fact(&format!("final {loss} of the standard network at {low}"), at_low[0]);
        claim.fact(&format!("final {loss} of the changed network at {low}"), at_low[1]);
        let spikes_only_changed = spikes[0] < SPIKE && spikes[1] >= SPIKE && spikes[2] < SPIKE;
        claim.holds =
            spikes_only_changed && at_high[1] > at_high[0] && at_low[1] < at_low[0] && at_high[2] < at_high[1];
        claim
    }
}

fn claim(arms: &[Arm]) -> Claim {
    let with_warmup = "changed, warmup 100";
    let change = OneChange { high: HIGH, low: LOW, with_warmup, loss: "training loss", last };
    let mut claim = change.claim(arms);
    if let Some(head) = arm(arms, "changed, head learning rate / 4").and_then(|arm| arm.at(HIGH)) {
        claim.fact("spike with a quarter of the head's learning rate at 0.3", spike(head));
        claim.fact("final training loss with a quarter of the head's learning rate at 0.3", last(head));
    }
    claim
}
