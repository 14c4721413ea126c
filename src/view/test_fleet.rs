//! What the tests of several rooms need of a fleet that was never trained.

use crate::board::Variant;
use brink_engine::record::Columns;
use brink_lab::FleetRun;

/// Gives a variant runs with these base learning rates and steps, of a rule without states.
pub fn set_runs(variant: &mut Variant, runs: &[(f64, u32)]) {
    let columns = Columns { states: Vec::new() };
    let warmup_steps = variant.experiment().warmup_steps;
    let run = |&(rate, steps): &(f64, u32)| FleetRun::new(rate, warmup_steps, steps, &columns, 1);
    variant.fleet.runs = runs.iter().map(run).collect();
    variant.fleet.columns = columns;
}
