use super::{Arm, Laboratory, ProcedureError, Report, sweep};
use brink_engine::experiment::Experiment;
use brink_lab::diagnose::clipped_fraction;
use brink_lab::diagnose::fixes::{Case, fixes};

/// What an arm bought against the base.
fn bought(report: &mut Report, arm: &Arm) {
    report.star_of(arm);
    report.fact_of("best_loss_at_star", &arm.name, arm.star().map(|star| star.best_loss));
    report.fact_of("working_range", &arm.name, arm.working_range());
}

pub(super) async fn run(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<Report, ProcedureError> {
    let mut report = Report::new("diagnose");
    let (grid, star) = sweep::star(laboratory, base).await?;
    report.fact("star", star.learning_rate);
    report.fact("unstable_rate", grid.unstable());
    report.fact("at_edge", grid.sweep().is_at_edge);
    let case = grid.sweep().unstable.and_then(|run| grid.fleet.runs[run].judgement);
    report.fact("instability", case.map(|found| found.verdict.id));
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
