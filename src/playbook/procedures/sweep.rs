use super::{Arm, Laboratory, ProcedureError, Report, Star, at_rates};
use brink_engine::experiment::Experiment;

/// The refinement: learning rates between lr* and its neighbours, as powers of the grid's factor.
const BETWEEN: [f64; 4] = [-0.6, -0.3, 0.3, 0.6];
/// The playbook looks at curves just above lr*.
const MULTIPLES: [f64; 4] = [1.0, 2.0, 5.0, 10.0];

/// Trains the grid of an experiment and finds lr*.
pub(super) async fn star(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<(Arm, Star), ProcedureError> {
    let arm = laboratory.train("base", base).await?;
    let star = arm.star().ok_or(ProcedureError::NothingFeasible)?;
    Ok((arm, star))
}

/// Trains learning rates between lr* and its neighbours and returns the better of the stars.
pub(super) async fn refined(
    laboratory: &Laboratory<'_>,
    base: &Experiment,
    star: Star,
) -> Result<(Arm, Star), ProcedureError> {
    let factor = base.learning_rates.factor;
    let rates = BETWEEN.map(|power| star.learning_rate * libm::pow(factor, power));
    let arm = laboratory.train("around lr*", &at_rates(base, rates)).await?;
    let best = arm.star().filter(|found| found.final_loss < star.final_loss).unwrap_or(star);
    Ok((arm, best))
}

pub(super) async fn run(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<Report, ProcedureError> {
    let mut report = Report::new("sweep");
    let (grid, star) = star(laboratory, base).await?;
    let (around, best) = refined(laboratory, base, star).await?;
    let rates = MULTIPLES.map(|multiple| multiple * best.learning_rate);
    let multiples = laboratory.train("1, 2, 5 and 10 lr*", &at_rates(base, rates)).await?;
    report.fact("star", star.learning_rate);
    report.fact("refined_star", best.learning_rate);
    report.fact("final_loss_at_star", best.final_loss);
    report.fact("best_loss_at_star", best.best_loss);
    report.fact("unstable_rate", grid.unstable());
    report.fact("at_edge", grid.sweep().is_at_edge);
    report.fact("lowest_of_grid", grid.sweep().is_lowest);
    report.fact("highest_of_grid", grid.sweep().is_highest);
    for (multiple, run) in MULTIPLES.iter().zip(&multiples.fleet.runs) {
        let verdict = run.judgement.map(|found| found.verdict.id);
        report.fact_of("verdict", format!("{multiple} lr*"), verdict);
    }
    report.arms = vec![grid, around, multiples];
    Ok(report)
}
