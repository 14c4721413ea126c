use super::{Arm, Laboratory, ProcedureError, Report};
use brink_engine::experiment::{Experiment, LearningRates, limits};
use brink_lab::diagnose::final_validation_loss;

/// The batch sizes, and the one whose lr* stands for all in the unfair comparison.
const SIZES: [usize; 3] = [8, 32, 64];
/// Three learning rates a decade.
const GRID: LearningRates = LearningRates { from: 0.001, factor: 2.154_434_690_031_884, count: 10 };

pub(super) async fn run(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<Report, ProcedureError> {
    let mut report = Report::new("batch-size");
    // Equal epochs: as many examples as the base trains on.
    let examples = base.batch_size * base.max_train_steps as usize;
    for batch_size in SIZES {
        let max_train_steps = ((examples / batch_size) as u32).clamp(1, *limits::STEPS.end());
        let experiment =
            Experiment { batch_size, max_train_steps, learning_rates: GRID, runs: Vec::new(), ..base.clone() };
        let arm = laboratory.train(format!("batch {batch_size}"), &experiment).await?;
        report.star_of(&arm);
        report.arms.push(arm);
    }
    let Some(rate) = report.arms[0].star().map(|star| star.learning_rate) else {
        return Err(ProcedureError::NothingFeasible);
    };
    report.fact("one_rate", rate);
    let at_rate =
        |arm: &Arm| arm.at(rate).map(|run| final_validation_loss(&run.record)).filter(|loss| loss.is_finite());
    let fixed: Vec<Option<f64>> = report.arms.iter().map(at_rate).collect();
    let tuned: Vec<Option<f64>> = report.arms.iter().map(|arm| arm.star().map(|star| star.final_loss)).collect();
    for (batch_size, loss) in SIZES.iter().zip(&fixed) {
        report.fact_of("final_loss_at_rate", format!("batch {batch_size}"), *loss);
    }
    let gap = |losses: &[Option<f64>]| -> Option<f64> {
        let losses: Option<Vec<f64>> = losses.iter().copied().collect();
        let losses = losses?;
        let low = losses.iter().copied().reduce(f64::min)?;
        Some(losses.iter().copied().fold(low, f64::max) - low)
    };
    report.fact("gap_fixed", gap(&fixed));
    report.fact("gap_tuned", gap(&tuned));
    Ok(report)
}
