use super::{Laboratory, ProcedureError, Report, at_rates, sweep};
use brink_engine::experiment::Experiment;
use brink_engine::number::significant;
use brink_engine::record::{Columns, RunRecord};
use brink_lab::diagnose::fixes::{MOST_CLIPPED, first_warmup};
use brink_lab::diagnose::{clipped_fraction, percentile};

/// Thresholds, as fractions of the 90th percentile.
const TIGHTER: [f64; 4] = [1.0, 0.5, 0.25, 0.1];

/// The steps that a trailing threshold looks back on.
const WINDOW: u32 = 50;

/// The mean factor that clipping applied: what it does to the learning rate on average.
fn mean_scale(record: &RunRecord) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for scale in record.column(Columns::CLIP_SCALE).filter(|scale| scale.is_finite()) {
        sum += f64::from(scale);
        count += 1.0;
    }
    sum / count
}

pub(super) async fn run(laboratory: &Laboratory<'_>, base: &Experiment) -> Result<Report, ProcedureError> {
    let mut report = Report::new("clip");
    let unclipped = Experiment { clip_threshold: None, clip_window: 0, ..base.clone() };
    let (grid, star) = sweep::star(laboratory, &unclipped).await?;
    let norms = || grid.fleet.runs[star.run].record.column(Columns::GRADIENT_NORM);
    report.fact("star", star.learning_rate);
    report.fact("final_loss_at_star", star.final_loss);
    for percent in [10, 50, 90, 99] {
        let norm = percentile(norms(), f64::from(percent) / 100.0);
        report.fact_of("norm_percentile", percent.to_string(), norm);
    }
    let p90 = grid.norm_p90().ok_or(ProcedureError::NothingFeasible)?;
    report.arms.push(grid);
    // The learning rate that would do the same as the tightest threshold.
    let mut same = None;
    for fraction in TIGHTER {
        let threshold = significant(fraction * p90, 3);
        let clipped = unclipped.clipped_at(threshold);
        let arm = laboratory.train(format!("clip {threshold}"), &clipped).await?;
        let at_star = arm.at(star.learning_rate).map(|run| &run.record);
        let share = at_star.map(clipped_fraction);
        report.fact_of("clipped_at_star", &arm.name, share);
        let is_most = share.is_some_and(|share| share > MOST_CLIPPED);
        report.fact_of("lower_rate_instead", &arm.name, is_most);
        same = at_star.map(|record| star.learning_rate * mean_scale(record));
        report.fact_of("equal_rate", &arm.name, same);
        report.star_of(&arm);
        report.arms.push(arm);
    }
    // The playbook leaves open whether warmup should be clipped, too.
    let warmup_steps = match base.warmup_steps {
        0 => first_warmup(base.max_train_steps),
        steps => steps,
    };
    for (name, clip_during_warmup) in [("during warmup, too", true), ("after warmup only", false)] {
        let clip_threshold = Some(significant(p90, 3));
        let experiment = Experiment { warmup_steps, clip_threshold, clip_during_warmup, ..unclipped.clone() };
        let name = format!("clip at P90 {name} (warmup {warmup_steps})");
        let arm = laboratory.train(name, &experiment).await?;
        report.star_of(&arm);
        report.arms.push(arm);
    }
    // And whether the threshold should follow the norms.
    let trailing = Experiment { clip_threshold: Some(significant(p90, 3)), clip_window: WINDOW, ..unclipped.clone() };
    let arm = laboratory.train(format!("clip at the trailing P90 of {WINDOW} steps"), &trailing).await?;
    let share = arm.at(star.learning_rate).map(|run| clipped_fraction(&run.record));
    report.fact_of("clipped_at_star", &arm.name, share);
    report.star_of(&arm);
    report.arms.push(arm);
    // What clipping of almost every update does, a lower learning rate does, too.
    if let Some(rate) = same.filter(|rate| *rate > 1e-9) {
        let arm = laboratory.train("the lower learning rate, unclipped", &at_rates(&unclipped, [rate])).await?;
        report.fact("lower_rate_loss", arm.of(0).final_loss);
        report.arms.push(arm);
    }
    Ok(report)
}
