use super::{Arm, Laboratory, ProcedureError, Report, sweep};
use brink_engine::experiment::Experiment;
use brink_lab::Runner;
use brink_lab::diagnose::clipped_fraction;
use brink_lab::diagnose::fixes::{Case, fixes};

/// What an arm bought against the base.
fn bought(report: &mut Report, arm: &Arm) {
    let name = &arm.name;
    report.star_of(arm, "final validation loss at lr*");
    report.fact(format!("{name}: best checkpoint at lr*"), arm.star().map(|star| star.best_loss));
    report.fact(format!("{name}: working range"), arm.working_range());
}

pub(super) async fn run<R: Runner>(
    laboratory: &Laboratory<'_, R>,
    base: &Experiment,
) -> Result<Report, ProcedureError> {
    let mut report = Report::new("diagnose");
    let (grid, star) = sweep::star(laboratory, base).await?;
    report.fact("lr*", star.learning_rate);
    report.fact("unstable_base_learning_rate", grid.unstable());
    report.fact("lr* is at the edge", grid.sweep().is_at_edge);
    let case = grid.sweep().unstable.and_then(|run| grid.fleet.runs[run].judgement);
    report.fact("instability above lr*", case.map(|found| found.verdict.id));
    let norm_p90 = grid.norm_p90();
    let clipped = grid.star().map(|star| clipped_fraction(&grid.fleet.runs[star.run].record));
    bought(&mut report, &grid);
    report.arms.push(grid);
    let Some(judgement) = case else { return Ok(report) };
    for (fix, experiment) in fixes(&Case { experiment: base, judgement, norm_p90, clipped }) {
        let arm = laboratory.train(fix.id, &experiment).await?;
        bought(&mut report, &arm);
        report.arms.push(arm);
    }
    Ok(report)
}
