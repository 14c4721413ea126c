use super::{Laboratory, ProcedureError, Report, at_rates, sweep};
use brink_engine::experiment::Experiment;
use brink_engine::record::Columns;

/// The playbook trains a short run at twice the best learning rate: about 500 steps, evaluated at every one.
const STEPS: u32 = 500;
const MULTIPLE: f64 = 2.0;
/// What evaluating this seldom would show.
const SELDOM: usize = 100;

pub(super) async fn run(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<Report, ProcedureError> {
    let mut report = Report::new("early-check");
    let (grid, star) = sweep::star(laboratory, base).await?;
    let rate = MULTIPLE * star.learning_rate;
    let short = Experiment { max_train_steps: STEPS, ..at_rates(base, [rate]) };
    let check = laboratory.train("500 steps at 2 lr*", &short).await?;
    let run = &check.fleet.runs[0];
    let losses: Vec<f64> = run.record.column(Columns::LOSS).map(f64::from).collect();
    let first = losses.first().copied().unwrap_or(f64::NAN);
    let highest = |losses: &mut dyn Iterator<Item = (usize, f64)>| {
        losses.filter(|(_, loss)| loss.is_finite()).max_by(|a, b| a.1.total_cmp(&b.1))
    };
    let every = highest(&mut losses.iter().copied().enumerate());
    let seldom = highest(&mut losses.iter().copied().enumerate().step_by(SELDOM));
    report.fact("star", star.learning_rate);
    report.fact("check_rate", rate);
    report.fact("first_loss", first);
    report.fact("highest_loss", every.map(|(_, loss)| loss));
    report.fact("highest_step", every.map(|(step, _)| step));
    report.fact("highest_loss_seldom", seldom.map(|(_, loss)| loss));
    report.fact("verdict", run.judgement.map(|found| found.verdict.id));
    // A run that diverged for good is seen to have, however seldom one looks.
    let is_seen = |top: Option<(usize, f64)>| run.record.death.is_some() || top.is_some_and(|(_, loss)| loss > first);
    report.fact("seen", is_seen(every));
    report.fact("seen_seldom", is_seen(seldom));
    report.arms = vec![grid, check];
    Ok(report)
}
