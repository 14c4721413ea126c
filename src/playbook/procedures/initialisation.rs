use super::{Laboratory, ProcedureError, Report, sweep};
use brink_engine::experiment::{Experiment, limits};
use brink_engine::number::significant;
use brink_lab::diagnose::fixes::first_warmup;

/// How much too large the initial weights are made.
const SCALE: f64 = 3.0;

pub(super) async fn run(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<Report, ProcedureError> {
    let mut report = Report::new("initialisation");
    let plain = Experiment { warmup_steps: 0, clip_threshold: None, clip_window: 0, ..base.clone() };
    let (good, _) = sweep::star(laboratory, &plain).await?;
    let p90 = good.norm_p90().ok_or(ProcedureError::NothingFeasible)?;
    report.star_of(&good);
    report.arms.push(good);
    let initial_scale = (SCALE * base.initial_scale).min(*limits::INITIAL_SCALE.end());
    let bad = Experiment { initial_scale, ..plain };
    let warmup_steps = first_warmup(base.max_train_steps);
    let clip_threshold = Some(significant(p90, 3));
    for (name, experiment) in [
        ("initial scale 3", bad.clone()),
        ("with warmup", Experiment { warmup_steps, ..bad.clone() }),
        ("with clipping", Experiment { clip_threshold, ..bad.clone() }),
        ("with both", Experiment { warmup_steps, clip_threshold, ..bad }),
    ] {
        let arm = laboratory.train(name, &experiment).await?;
        report.star_of(&arm);
        report.arms.push(arm);
    }
    Ok(report)
}
