use super::{Arm, Laboratory, ProcedureError, Report, Star, at_rates, best_validation_loss, sweep};
use brink_engine::experiment::{Experiment, RunSettings, limits};
use brink_engine::number::significant;
use brink_lab::FleetRun;
use brink_lab::diagnose::fixes::MOST_WARMUP;

/// The warmups that are tried, in orders of magnitude; those beyond the limit on steps are left out.
const WARMUPS: [u32; 7] = [1, 10, 30, 100, 300, 1000, 10_000];
/// Steps after warmup in the search: this many times the warmup, at least so many.
const POST_WARMUP: (u32, u32) = (2, 200);
/// A run that survives has learned: its final loss is at most the base's best and this fraction of what lies up to chance.
const LEARNED: f64 = 1.0 / 3.0;
/// Warmup over this fraction of the steps asks for more steps.
const MANY: f64 = 0.05;

/// What the search aims at.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    /// The target learning rate as a multiple of `unstable_base_learning_rate`; the playbook's 10, up to 100.
    pub multiple: f64,
    /// Whether lower multiples (5, 3, 2) are tried where nothing survives.
    pub steps_down: bool,
}

impl Default for Target {
    fn default() -> Self {
        Self { multiple: 10.0, steps_down: true }
    }
}

/// Lower targets, tried in turn.
const LOWER: [f64; 4] = [10.0, 5.0, 3.0, 2.0];

/// Whether a run of the search survived its warmup and learned.
fn survives(run: &FleetRun, best: f64) -> bool {
    let chance = run.record.chance;
    let is_feasible = run.judgement.is_some_and(|found| found.is_feasible);
    is_feasible && brink_lab::diagnose::final_validation_loss(&run.record) <= best + (chance - best) * LEARNED
}

/// The search at one learning rate: every warmup, each with its own steps after it.
async fn search(
    laboratory: &Laboratory<'_>,
    base: &Experiment,
    rate: f64,
    best: f64,
) -> Result<(Vec<Arm>, Option<u32>), ProcedureError> {
    let mut arms = Vec::new();
    for warmup in WARMUPS {
        let after = (POST_WARMUP.0 * warmup).max(POST_WARMUP.1);
        if warmup + after > *limits::STEPS.end() || warmup > 4 * base.max_train_steps.max(POST_WARMUP.1) {
            continue;
        }
        let run = RunSettings { warmup_steps: Some(warmup), ..at_rates(base, [rate]).runs.remove(0) };
        let experiment = Experiment { runs: vec![run], max_train_steps: after, ..base.clone() };
        let arm = laboratory.train(format!("warmup {warmup} to {rate}"), &experiment).await?;
        let holds = survives(&arm.fleet.runs[0], best);
        arms.push(arm);
        if holds {
            return Ok((arms, Some(warmup)));
        }
    }
    Ok((arms, None))
}

pub(super) async fn run(
    laboratory: &Laboratory<'_>,
    base: &Experiment,
    target: Target,
) -> Result<Report, ProcedureError> {
    let mut report = Report::new("warmup");
    let without = Experiment { warmup_steps: 0, ..base.clone() };
    let (grid, star) = sweep::star(laboratory, &without).await?;
    let unstable = grid.unstable().ok_or(ProcedureError::NothingUnstable)?;
    report.fact("star", star.learning_rate);
    report.fact("final_loss_at_star", star.final_loss);
    report.fact("unstable_rate", unstable);
    report.arms.push(grid);
    let lower = LOWER.into_iter().filter(|&lower| target.steps_down && lower < target.multiple);
    let mut found = None;
    for multiple in std::iter::once(target.multiple).chain(lower) {
        let rate = significant(multiple * unstable, 6);
        if rate > *limits::LEARNING_RATE.end() {
            continue;
        }
        let (arms, shortest) = search(laboratory, &without, rate, star.final_loss).await?;
        report.arms.extend(arms);
        report.fact_of("shortest_warmup", multiple.to_string(), shortest);
        if let Some(warmup) = shortest {
            found = Some((rate, warmup));
            break;
        }
    }
    let Some((rate, warmup)) = found else {
        report.fact("warmup_found", false);
        return Ok(report);
    };
    report.fact("warmup_found", true);
    report.fact("target_rate", rate);
    report.fact("warmup_steps", warmup);
    compare(laboratory, &without, star, (rate, warmup), &mut report).await?;
    Ok(report)
}

/// Prepends the warmup to the baseline, and compares best checkpoints with the baseline and with a baseline of as many steps.
async fn compare(
    laboratory: &Laboratory<'_>,
    base: &Experiment,
    star: Star,
    (rate, warmup): (f64, u32),
    report: &mut Report,
) -> Result<(), ProcedureError> {
    let warm = Experiment { warmup_steps: warmup, ..at_rates(base, [rate]) };
    let prepended = laboratory.train("warmup prepended", &warm).await?;
    let matched = Experiment { max_train_steps: base.max_train_steps + warmup, ..at_rates(base, [star.learning_rate]) };
    let control = laboratory.train("as many steps without warmup", &matched).await?;
    report.fact("best_baseline", star.best_loss);
    report.fact("best_warm", best_validation_loss(&prepended.fleet.runs[0]));
    report.fact("best_matched", best_validation_loss(&control.fleet.runs[0]));
    let fraction = f64::from(warmup) / f64::from(base.max_train_steps);
    report.fact("warmup_fraction", fraction);
    report.fact("advised", fraction <= MOST_WARMUP);
    report.fact("more_steps", fraction > MANY);
    report.arms.extend([prepended, control]);
    Ok(())
}
