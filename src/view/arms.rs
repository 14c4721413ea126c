//! The arms of a procedure or a figure as plots.

use super::number::three;
use super::plot::{
    AxisLayout, AxisPoint, AxisSeries, Curve, Entry, Key, LineLayout, LinePlot, Mark, NormLayout, NormPlot, Palette,
    PointState, Scale, Size, Steps, rate_color,
};
use super::scene::ramp;
use super::story::arm_name;
use super::text::Texts;
use brink_engine::record::Columns;
use brink_lab::FleetRun;
use brink_lab::diagnose::{final_validation_loss, log_histogram};
use brink_playbook::procedures::Arm;

/// Losses above this many times the median leave through the upper edge.
const MOST_ABOVE_MEDIAN: f64 = 50.0;
const HISTOGRAM_BINS: usize = 40;

/// The arms of a figure with their names in a language.
pub fn told(arms: &[Arm], texts: &Texts) -> Vec<Arm> {
    let told = |arm: &Arm| Arm { name: arm_name(&arm.name, texts).into_owned(), fleet: arm.fleet.clone() };
    arms.iter().map(told).collect()
}

/// Final validation loss against base learning rate, one line an arm.
pub fn axis(arms: &[Arm], size: Size, texts: &Texts) -> AxisLayout {
    let series = |(slot, arm): (usize, &Arm)| {
        let mut order: Vec<usize> = (0..arm.fleet.runs.len()).collect();
        let rate = |run: usize| arm.fleet.runs[run].base_learning_rate;
        order.sort_by(|&a, &b| rate(a).total_cmp(&rate(b)));
        let point = |&run: &usize| AxisPoint { rate: rate(run), outcome: outcome(&arm.fleet.runs[run]) };
        let best = arm.sweep().best.and_then(|best| order.iter().position(|&run| run == best));
        let points = order.iter().map(point).collect();
        AxisSeries { name: arm.name.clone(), slot, dimmed: false, focused: false, points, best, focus: None }
    };
    let titles = (texts.rate_axis.to_owned(), texts.final_loss_axis.to_owned());
    AxisLayout::new(size, arms.iter().enumerate().map(series).collect()).titled(titles)
}

fn outcome(run: &FleetRun) -> PointState {
    if run.is_infeasible() {
        return PointState::Infeasible;
    }
    PointState::Loss { loss: final_validation_loss(&run.record), ended: true }
}

/// The curves of a column over steps, each arm with a dash of its own, coloured by learning rate.
fn curves(arms: &[Arm], column: usize, palette: &Palette) -> LinePlot {
    let mut curves = Vec::new();
    for (slot, arm) in arms.iter().enumerate() {
        let count = arm.fleet.runs.len();
        for (index, run) in arm.fleet.runs.iter().enumerate() {
            curves.push(Curve {
                values: run.record.column(column).collect(),
                steps: Steps::Every(run.record.stride.max(1)),
                color: if count > 1 { rate_color(index, count, palette) } else { palette.variant(slot) },
                slot,
                width: 1.4,
                alpha: 0.9,
                range: 0.1,
                death: run.record.death,
            });
        }
    }
    let steps = arms.iter().map(|arm| arm.fleet.resolved.longest()).max().unwrap_or(1);
    let scales = (Scale::Log, Scale::Log);
    LinePlot {
        curves,
        steps,
        cursor: None,
        include: None,
        most_above_median: MOST_ABOVE_MEDIAN,
        least_top: 0.0,
        scales,
        diverged: None,
    }
}

/// Training loss against step, both logarithmic.
pub fn loss(arms: &[Arm], size: Size, palette: &Palette, texts: &Texts) -> LineLayout {
    let mut plot = curves(arms, Columns::LOSS, palette);
    plot.diverged = Some(texts.diverged_band.to_owned());
    LineLayout::new(size, plot).titled((texts.step_axis.to_owned(), texts.loss_axis.to_owned()))
}

/// What the colours and dashes of [`loss`] mean.
pub fn loss_key(arms: &[Arm], palette: &Palette, texts: &Texts) -> Key {
    let mut entries = Vec::new();
    let is_family = |arm: &Arm| arm.fleet.runs.len() > 1;
    if let Some(first) = arms.iter().find(|arm| is_family(arm)) {
        entries.extend(ramp("", &first.fleet, texts, palette));
    }
    if arms.len() > 1 {
        let line = |(slot, arm): (usize, &Arm)| {
            // The runs of a family have colours of their own: the dash is the arm's.
            let color = if is_family(arm) { palette.ink } else { palette.variant(slot) };
            Entry::Line { name: arm.name.clone(), color, slot, has_markers: false }
        };
        entries.extend(arms.iter().enumerate().map(line));
    }
    Key { entries }
}

/// Gradient norms at the first arm's lr* against step, with their histogram and 90th percentile, and the threshold of the first arm
/// that clips.
pub fn norm(arms: &[Arm], size: Size, palette: &Palette, texts: &Texts) -> Option<NormLayout> {
    let arm = arms.first()?;
    let star = arm.star()?;
    let run = &arm.fleet.runs[star.run];
    let mut line = curves(&arms[..1], Columns::GRADIENT_NORM, palette);
    line.curves = vec![line.curves.swap_remove(star.run)];
    let mark = |name: &str, value: f64| Mark { value, lines: vec![format!("{name} {}", three(value))] };
    Some(
        NormLayout::new(
            size,
            NormPlot {
                line,
                histogram: log_histogram(run.record.column(Columns::GRADIENT_NORM), HISTOGRAM_BINS),
                slot: 0,
                percentile: arm.norm_p90().map(|value| mark("P90", value)),
                threshold: arms
                    .iter()
                    .find_map(|arm| arm.experiment().fixed_clip_threshold())
                    .map(|value| mark("λ", value)),
                is_tried: false,
            },
        )
        .titled((texts.step_axis.to_owned(), "‖g‖".to_owned())),
    )
}
