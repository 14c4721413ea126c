use super::{Laboratory, ProcedureError, Report};
use brink_engine::experiment::{Experiment, LearningRates, Optimizer};
use brink_lab::diagnose::final_validation_loss;

/// The playbook's six rules.
const RULES: [&str; 6] = ["sgd", "momentum", "nesterov", "rmsprop", "adam", "nadam"];
/// The grid of every rule, wide enough for all: half a decade a step.
const GRID: LearningRates = LearningRates { from: 1e-4, factor: 3.162_277_660_168_379_5, count: 9 };

pub(super) async fn run(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<Report, ProcedureError> {
    let mut report = Report::new("compare");
    for id in RULES {
        let experiment =
            Experiment { optimizer: Optimizer::builtin(id), learning_rates: GRID, runs: Vec::new(), ..base.clone() };
        let arm = laboratory.train(id, &experiment).await?;
        report.star_of(&arm);
        report.fact_of("working_range", id, arm.working_range());
        report.arms.push(arm);
    }
    // At one learning rate, that of the base's own rule, the comparison is unfair.
    let own = report.arms.iter().find(|arm| arm.experiment().optimizer.rule == base.optimizer.rule);
    if let Some(star) = own.unwrap_or(&report.arms[1]).star() {
        report.fact("one_rate", star.learning_rate);
        let losses: Vec<(String, Option<f64>)> = report
            .arms
            .iter()
            .map(|arm| {
                let run = arm.at(star.learning_rate).filter(|run| run.judgement.is_some_and(|found| found.is_feasible));
                (arm.name.clone(), run.map(|run| final_validation_loss(&run.record)))
            })
            .collect();
        for (name, loss) in losses {
            report.fact_of("final_loss_at_rate", name, loss);
        }
    }
    Ok(report)
}
