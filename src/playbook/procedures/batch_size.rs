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
    let gaps = Gaps::of(&report.arms, rate);
    report.fact("one_rate", rate);
    for (batch_size, loss) in SIZES.iter().zip(&gaps.at_rate) {
        report.fact_of("final_loss_at_rate", format!("batch {batch_size}"), *loss);
    }
    report.fact("gap_fixed", gaps.fixed());
    report.fact("gap_tuned", gaps.tuned());
    Ok(report)
}

/// Final losses of several arms at one learning rate, and of each at its own lr*.
pub(crate) struct Gaps {
    /// The final validation losses at the one, where they are finite.
    at_rate: Vec<Option<f64>>,
    at_star: Vec<Option<f64>>,
}

impl Gaps {
    /// Of these arms at this learning rate.
    pub(crate) fn of(arms: &[Arm], rate: f64) -> Self {
        let at_rate =
            |arm: &Arm| arm.at(rate).map(|run| final_validation_loss(&run.record)).filter(|loss| loss.is_finite());
        let at_star = |arm: &Arm| arm.star().map(|star| star.final_loss);
        Self { at_rate: arms.iter().map(at_rate).collect(), at_star: arms.iter().map(at_star).collect() }
    }

    /// How far the losses at the one learning rate lie apart, where all are finite.
    pub(crate) fn fixed(&self) -> Option<f64> {
        range(&self.at_rate)
    }

    /// How far the losses at the arms' own lr* lie apart, where each has one.
    pub(crate) fn tuned(&self) -> Option<f64> {
        range(&self.at_star)
    }
}

/// The largest less the smallest, where all are there.
fn range(losses: &[Option<f64>]) -> Option<f64> {
    let losses: Vec<f64> = losses.iter().copied().collect::<Option<_>>()?;
    let low = losses.iter().copied().reduce(f64::min)?;
    Some(losses.iter().copied().fold(low, f64::max) - low)
}
