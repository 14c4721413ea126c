//! The plots of a board: which lines they show, in which colours.

use super::board::{Board, Variant};
use super::name::{base_name, differs_in_warmup, run_names, variant_name};
use super::number::three;
use super::plot::{
    AxisLayout, AxisSeries, Curve, Entry, Key, LineLayout, LinePlot, Mark, NormLayout, NormPlot, Palette, Scale, Size,
    Steps, rate_color,
};
use super::summary::summary;
use super::text::Texts;
use super::words::Against;
use brink_engine::record::Columns;
use brink_lab::diagnose::{clipped_fraction, fraction_above, log_histogram, norm_p90};
use brink_lab::{FleetRecord, FleetRun};

/// Losses are shown up to this factor above their median: a run that blows up must not squash the rest.
const LOSS_HEADROOM: f64 = 60.0;
/// And always up to this multiple of the first loss: twice the first loss is early instability.
const SPIKE: f64 = 3.0;
/// The same for gradient norms, whose early peaks are part of the story.
const NORM_HEADROOM: f64 = 1e4;
/// For learning rates, which hold no surprise: warmup begins at 0 and the first steps would take decades.
const RATE_HEADROOM: f64 = 1e6;
/// How strong the range of the focused run's values is drawn behind their mean, and that of the others.
const FOCUSED_RANGE: f64 = 0.28;
const OTHER_RANGE: f64 = 0.08;
/// The bars of the histogram of gradient norms.
const HISTOGRAM_BINS: usize = 24;

/// The name of each variant, in the board's order: the first by what it is, the others by what differs from it.
pub fn names(board: &Board, texts: &'static Texts) -> Vec<String> {
    let Some(first) = board.variants().first() else { return Vec::new() };
    let name = |(index, variant): (usize, &Variant)| {
        if index == 0 {
            base_name(first.experiment(), texts)
        } else {
            variant_name(first.experiment(), variant.experiment(), texts)
        }
    };
    board.variants().iter().enumerate().map(name).collect()
}

/// The variants that are shown, by their position on the board; the focused one last, so that it lies on top.
fn shown(board: &Board) -> Vec<(usize, &Variant)> {
    let focus = board.focused().map(|variant| variant.id);
    let shown = board.variants().iter().enumerate().filter(|(_, variant)| !variant.hidden);
    let (focused, mut shown): (Vec<_>, Vec<_>) = shown.partition(|(_, variant)| Some(variant.id) == focus);
    shown.extend(focused);
    shown
}

/// The axis plot, and the variant of each of its lines. `names` are the variants', in the board's order.
pub fn axis(board: &Board, names: &[String], size: Size, texts: &Texts) -> (AxisLayout, Vec<u64>) {
    let shown = shown(board);
    let ids = shown.iter().map(|(_, variant)| variant.id).collect();
    let focus = board.focused().map(|variant| variant.id);
    let series = shown
        .into_iter()
        .map(|(position, variant)| {
            let summary = summary(variant);
            AxisSeries {
                name: names.get(position).cloned().unwrap_or_default(),
                slot: variant.slot,
                dimmed: !board.same_problem(variant),
                focused: Some(variant.id) == focus,
                points: summary.points,
                best: summary.best,
                focus: board.focused_run(variant),
            }
        })
        .collect();
    let titles = (texts.rate_axis.to_owned(), texts.final_loss_axis.to_owned());
    (AxisLayout::new(size, series).titled(titles), ids)
}

/// What the plots against the step show, and on which scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepView {
    /// The scale of the step.
    pub x: Scale,
    /// The scale of the loss.
    pub y: Scale,
    /// The validation loss instead of the training loss.
    pub validation: bool,
}

impl Default for StepView {
    fn default() -> Self {
        Self { x: Scale::Log, y: Scale::Log, validation: false }
    }
}

fn column(run: &FleetRun, column: usize) -> (Vec<f32>, Steps) {
    (run.record.column(column).collect(), Steps::Every(run.record.stride))
}

/// The values of a run's loss: training or validation.
fn losses(run: &FleetRun, view: StepView) -> (Vec<f32>, Steps) {
    if !view.validation {
        return column(run, Columns::LOSS);
    }
    let points = &run.record.validation;
    (points.iter().map(|point| point.loss).collect(), Steps::At(points.iter().map(|point| point.step).collect()))
}

/// One line for each shown variant, at its focused run, in the variant's own colour, with the variant and the run.
fn focused_runs(
    board: &Board,
    palette: &Palette,
    values: impl Fn(&FleetRun) -> (Vec<f32>, Steps),
) -> Vec<((u64, usize), Curve)> {
    let focus = board.focused().map(|variant| variant.id);
    shown(board)
        .into_iter()
        .filter_map(|(_, variant)| {
            let index = board.focused_run(variant)?;
            let run = variant.fleet.runs.get(index)?;
            let focused = Some(variant.id) == focus;
            let (values, steps) = values(run);
            let curve = Curve {
                values,
                steps,
                color: palette.variant(variant.slot),
                slot: variant.slot,
                width: if focused { 2.0 } else { 1.3 },
                alpha: if board.same_problem(variant) { 1.0 } else { 0.4 },
                range: if focused { FOCUSED_RANGE } else { OTHER_RANGE },
                death: run.record.death,
            };
            Some(((variant.id, index), curve))
        })
        .collect()
}

/// The steps of the longest run that is shown.
fn longest(board: &Board) -> u32 {
    board.variants().iter().filter(|variant| !variant.hidden).map(|variant| variant.fleet.longest()).max().unwrap_or(1)
}

fn plot(board: &Board, curves: Vec<Curve>, most_above_median: f64, scales: (Scale, Scale)) -> LinePlot {
    let cursor = Some(board.cursor_step());
    LinePlot {
        curves,
        steps: longest(board),
        cursor,
        include: None,
        most_above_median,
        least_top: 0.0,
        scales,
        diverged: None,
    }
}

/// Loss: the focused variant's runs by learning rate, each other variant one line at the focused rate.
/// With the variant and the run of each of its curves.
pub fn loss(
    board: &Board,
    size: Size,
    texts: &Texts,
    palette: &Palette,
    view: StepView,
) -> (LineLayout, Vec<(u64, usize)>) {
    let (mut curves, mut of) = (Vec::new(), Vec::new());
    let mut top = None;
    if let Some(focused) = board.focused() {
        let focused_run = board.focused_run(focused);
        if !focused.hidden {
            for (index, run) in focused.fleet.runs.iter().enumerate() {
                let is_focused = Some(index) == focused_run;
                let (values, steps) = losses(run, view);
                let curve = Curve {
                    values,
                    steps,
                    color: rate_color(index, focused.fleet.runs.len(), palette),
                    slot: 0,
                    width: if is_focused { 2.8 } else { 1.2 },
                    alpha: if is_focused { 1.0 } else { 0.8 },
                    range: if is_focused { FOCUSED_RANGE } else { OTHER_RANGE },
                    death: run.record.death,
                };
                if is_focused {
                    top = Some((curve, (focused.id, index)));
                } else {
                    curves.push(curve);
                    of.push((focused.id, index));
                }
            }
        }
        let others = focused_runs(board, palette, |run| losses(run, view));
        let count = others.len().saturating_sub(usize::from(!focused.hidden));
        let (other_runs, other_curves): (Vec<_>, Vec<_>) = others.into_iter().take(count).unzip();
        of.extend(other_runs);
        curves.extend(other_curves);
    }
    if let Some((curve, run)) = top {
        curves.push(curve);
        of.push(run);
    }
    // Validation points are steps apart: there is one after the last step, too.
    let mut plot = plot(board, curves, LOSS_HEADROOM, (view.x, view.y));
    plot.steps += u32::from(view.validation);
    plot.least_top = SPIKE * first_loss(&plot.curves);
    plot.diverged = Some(texts.diverged_band.to_owned());
    (LineLayout::new(size, plot).titled(step_titles(texts, texts.loss_axis)), of)
}

/// The highest of the losses that curves begin with; 0 where none has begun.
fn first_loss(curves: &[Curve]) -> f64 {
    let first = curves.iter().filter_map(|curve| curve.values.first()).copied().filter(|loss| loss.is_finite());
    f64::from(first.fold(0.0, f32::max))
}

/// The learning rate of each shown variant's focused run.
pub fn learning_rate(board: &Board, size: Size, texts: &Texts, palette: &Palette, view: StepView) -> LineLayout {
    // A learning rate does not die; the loss plot says that the run does.
    let immortal = |(_, curve)| Curve { death: None, ..curve };
    let curves =
        focused_runs(board, palette, |run| column(run, Columns::LEARNING_RATE)).into_iter().map(immortal).collect();
    // On linear scales a linear warmup is a straight line.
    LineLayout::new(size, plot(board, curves, RATE_HEADROOM, (view.x, view.y))).titled(step_titles(texts, "η"))
}

/// The colours of a family of runs, by whatever they are of, as entries of a key.
pub fn ramp(of: &str, fleet: &FleetRecord, texts: &Texts, palette: &Palette) -> Vec<Entry> {
    let names = run_names(fleet, texts);
    let colors = (0..names.len()).map(|run| rate_color(run, names.len(), palette)).collect();
    let parts = [of, if differs_in_warmup(fleet) { "" } else { texts.column_rate }];
    let what: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let ends = [names.first(), names.last()].map(|end| end.cloned().unwrap_or_default());
    let title = (!what.is_empty()).then(|| Entry::Title(what.join(", ")));
    title.into_iter().chain([Entry::Ramp { colors, ends }]).collect()
}

/// What the lines of a plot against the step mean, for a picture that is saved. `names` are the variants', in the board's order.
pub fn key(board: &Board, of: Against, names: &[String], texts: &Texts, palette: &Palette) -> Key {
    let focus = board.focused().map(|variant| variant.id);
    let entry = |(name, variant): (&String, &Variant)| {
        if of == Against::Loss && Some(variant.id) == focus {
            return ramp(name, &variant.fleet, texts, palette);
        }
        let (color, slot) = (palette.variant(variant.slot), variant.slot);
        vec![Entry::Line { name: name.clone(), color, slot, has_markers: false }]
    };
    let shown = names.iter().zip(board.variants()).filter(|(_, variant)| !variant.hidden);
    Key { entries: shown.flat_map(entry).collect() }
}

/// What the axes of a plot against the step are titled.
fn step_titles(texts: &Texts, value: &str) -> (String, String) {
    (texts.step_axis.to_owned(), value.to_owned())
}

/// What clipping does, or would do, to the focused run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Clipping {
    /// The threshold: the experiment's own, or one that is being tried.
    pub threshold: f64,
    /// The fraction of updates that it clips, or would clip, 0 to 1; NaN where nothing is recorded.
    pub fraction: f64,
    /// Whether it is only being tried.
    pub is_tried: bool,
}

/// The focused run.
pub fn focused_run(board: &Board) -> Option<&FleetRun> {
    let focused = board.focused()?;
    focused.fleet.runs.get(board.focused_run(focused)?)
}

/// The clip threshold of the focused variant, or the one that is `tried`, and the fraction of the focused run's updates
/// that it clips.
pub fn clipping(board: &Board, tried: Option<f64>) -> Option<Clipping> {
    let run = focused_run(board)?;
    match tried {
        Some(threshold) => {
            let fraction = fraction_above(run.record.column(Columns::GRADIENT_NORM), threshold);
            Some(Clipping { threshold, fraction, is_tried: true })
        }
        None => {
            let threshold = board.focused()?.experiment().fixed_clip_threshold()?;
            Some(Clipping { threshold, fraction: clipped_fraction(&run.record), is_tried: false })
        }
    }
}

/// Why the 90th percentile of the focused run's gradient norms is no threshold to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoPercentile {
    /// Nothing is recorded yet.
    Nothing,
    /// The run is infeasible: its norms are those of a run that does not learn.
    Infeasible,
}

/// The 90th percentile of the focused run's finite gradient norms, or why there is none to use.
pub fn percentile_90(board: &Board) -> Result<f64, NoPercentile> {
    let run = focused_run(board).ok_or(NoPercentile::Nothing)?;
    if run.is_infeasible() {
        return Err(NoPercentile::Infeasible);
    }
    percentile_of(run).ok_or(NoPercentile::Nothing)
}

/// The 90th percentile of a run's finite gradient norms.
pub fn percentile_of(run: &FleetRun) -> Option<f64> {
    norm_p90(&run.record)
}

/// The unclipped gradient norm of each shown variant's focused run; the focused one's histogram, 90th percentile and clip
/// threshold, or the threshold that is being `tried`.
pub fn gradient_norm(
    board: &Board,
    size: Size,
    texts: &Texts,
    palette: &Palette,
    view: StepView,
    tried: Option<f64>,
) -> NormLayout {
    let norms = focused_runs(board, palette, |run| column(run, Columns::GRADIENT_NORM));
    let mut curves: Vec<Curve> = norms.into_iter().map(|(_, curve)| curve).collect();
    // The norm over the whole training set, where it was taken, as a second, thinner line on top.
    let full = focused_runs(board, palette, |run| {
        let points = &run.record.full_norms;
        (points.iter().map(|point| point.norm).collect(), Steps::At(points.iter().map(|point| point.step).collect()))
    });
    curves.extend(
        full.into_iter().map(|(_, curve)| curve).filter(|curve| !curve.values.is_empty()).map(|curve| Curve {
            width: 1.0,
            color: palette.ink,
            ..curve
        }),
    );
    let mut line = plot(board, curves, NORM_HEADROOM, (view.x, Scale::Log));
    let focused = board.focused().filter(|variant| !variant.hidden);
    // The axis stands still while a threshold is dragged.
    line.include = focused.and_then(|variant| variant.experiment().fixed_clip_threshold());
    let threshold = focused.and_then(|_| clipping(board, tried)).map(|clipping| {
        let fraction = texts.clipped_short(percent(clipping.fraction));
        Mark { value: clipping.threshold, lines: vec![format!("λ {}", three(clipping.threshold)), fraction] }
    });
    let percentile = focused
        .and_then(|_| percentile_90(board).ok())
        .map(|value| Mark { value, lines: vec![format!("P90 {}", three(value))] });
    let histogram = focused
        .and_then(|_| focused_run(board))
        .and_then(|run| log_histogram(run.record.column(Columns::GRADIENT_NORM), HISTOGRAM_BINS));
    let slot = focused.map_or(0, |variant| variant.slot);
    let plot = NormPlot { line, histogram, slot, percentile, threshold, is_tried: tried.is_some() };
    NormLayout::new(size, plot).titled(step_titles(texts, "‖g‖"))
}

/// A fraction in percent, with the digits that say something.
pub fn percent(fraction: f64) -> String {
    let percent = fraction * 100.0;
    if percent > 0.0 && percent < 10.0 { three((percent * 10.0).round() / 10.0) } else { three(percent.round()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::SUBPIXELS;
    use crate::test_fleet::set_runs;
    use crate::text::Language;
    use brink_engine::experiment::{Experiment, PRESETS};
    use brink_engine::record::RunChunk;
    use plotters_svg::SVGBackend;

    const SIZE: Size = Size { width: 600.0, height: 240.0 };

    /// The default experiment and one with warmup, each with three runs of which the last dies.
    fn board() -> Board {
        let mut board = Board::default();
        let base = (PRESETS[0].experiment)();
        board.commit(base.clone());
        board.commit(Experiment { warmup_steps: 200, clip_threshold: Some(2.0), ..base });
        for id in [0, 1] {
            let variant = board.get_mut(id).expect("on the board");
            set_runs(variant, &[(0.001, 30), (0.002, 30), (0.004, 30)]);
            for run in 0..3 {
                let dead = run == 2;
                let row = |t: i32| {
                    let loss = if dead && t > 4 { f32::NAN } else { 2.0 / (1.0 + t as f32) };
                    [loss, 3.0, 0.001 * t as f32, if t % 2 == 0 { 0.5 } else { 1.0 }, 0.0, 0.0]
                };
                let chunk = RunChunk {
                    run,
                    first_step: 0,
                    stride: 1,
                    rows: (0..30).flat_map(row).collect(),
                    validation: vec![brink_engine::record::ValidationPoint {
                        step: 30,
                        loss: if dead { f32::NAN } else { 0.5 },
                        accuracy: 0.5,
                    }],
                    death: dead.then_some(5),
                    chance: 2.0,
                    ..RunChunk::default()
                };
                variant.fleet.append(&chunk).expect("no gap");
            }
        }
        board
    }

    fn svg(draw: impl FnOnce(&mut SVGBackend)) -> String {
        let mut text = String::new();
        draw(&mut SVGBackend::with_string(&mut text, ((600.0 * SUBPIXELS) as u32, (240.0 * SUBPIXELS) as u32)));
        assert!(!text.contains("NaN"));
        text
    }

    #[test]
    fn the_axis_plot_names_each_variant_and_crosses_each_dead_run() {
        let board = board();
        let texts = Language::English.texts();
        let (layout, ids) = axis(&board, &names(&board, texts), SIZE, texts);
        assert_eq!(ids, [0, 1], "the focused one on top");
        let text = svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
        assert!(text.contains("Momentum, no norm") && text.contains("+ clip 2, warmup 200"), "{text}");
        // One cross a variant, two strokes each, as wide as nothing else in the plot.
        assert_eq!(text.matches("stroke-width=\"8\"").count(), 4);
        // A star has ten corners.
        let stars = text
            .split("points=\"")
            .skip(1)
            .filter(|p| p.starts_with(|c: char| c.is_ascii_digit()))
            .filter(|p| p.split('"').next().is_some_and(|p| p.split_whitespace().count() == 10))
            .count();
        assert_eq!(stars, 2);
    }

    #[test]
    fn hiding_a_variant_takes_its_line_away() {
        let mut board = board();
        board.get_mut(0).expect("on the board").hidden = true;
        let (layout, ids) = axis(&board, &names(&board, Language::English.texts()), SIZE, Language::English.texts());
        assert_eq!(ids, [1]);
        let text = svg(|backend| layout.draw(backend, &Palette::DARK).expect("drawn"));
        assert!(!text.contains("Momentum, no norm"));
    }

    #[test]
    fn the_clip_threshold_is_marked_with_the_share_that_it_clips() {
        let board = board();
        let drawn = |tried| {
            let texts = Language::Indonesian.texts();
            let view = StepView::default();
            let layout = gradient_norm(&board, SIZE, texts, &Palette::LIGHT, view, tried);
            svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"))
        };
        let text = drawn(None);
        assert!(text.contains("λ 2") && text.contains("50% dipotong") && text.contains("P90 3"), "{text}");
        // All norms are 3: one that is tried above them clips nothing, one below them all.
        assert!(drawn(Some(3.1)).contains("0% dipotong"));
        assert!(drawn(Some(2.9)).contains("100% dipotong"));
    }

    #[test]
    fn the_threshold_is_where_the_pointer_is() {
        let board = board();
        let texts = Language::English.texts();
        let layout = gradient_norm(&board, SIZE, texts, &Palette::LIGHT, StepView::default(), Some(2.5));
        assert!((layout.value_at(layout.position_of(2.5)) - 2.5).abs() < 1e-9);
        let (low, high) = layout.range();
        assert!(low < 2.0 && high > 3.0, "the own threshold and the norms are on the axis");
        let ((top, bottom), grip) = layout.grip();
        assert!(top < bottom && grip < SIZE.width);
    }

    #[test]
    fn the_percentile_of_an_infeasible_run_is_none_to_use() {
        let mut board = board();
        assert_eq!(percentile_90(&board), Ok(3.0));
        board.set_focus(1, Some(2));
        assert_eq!(percentile_90(&board), Err(NoPercentile::Infeasible));
        assert_eq!(percentile_90(&Board::default()), Err(NoPercentile::Nothing));
    }

    #[test]
    fn each_scale_and_both_losses_can_be_drawn() {
        let board = board();
        for validation in [false, true] {
            for (x, y) in [(Scale::Log, Scale::Log), (Scale::Linear, Scale::Linear)] {
                let (layout, _) =
                    loss(&board, SIZE, Language::English.texts(), &Palette::LIGHT, StepView { x, y, validation });
                let text = svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
                // A validation of one point is a marker.
                assert!(text.contains(if validation { "<circle" } else { "<polyline" }));
            }
        }
        let layout = learning_rate(&board, SIZE, Language::English.texts(), &Palette::LIGHT, StepView::default());
        assert!(svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn")).contains("<polyline"));
    }

    /// Every mark of every plot, as SVG: a change is to be looked at, and taken with `INSTA_UPDATE=always cargo test -p
    /// brink-view`.
    #[test]
    fn each_plot_draws_what_it_drew_before() {
        let mut board = board();
        board.cursor = Some(12);
        let texts = Language::English.texts();
        let view = StepView::default();
        let linear = StepView { x: Scale::Linear, y: Scale::Linear, validation: false };
        let (axis, _) = axis(&board, &names(&board, texts), SIZE, texts);
        insta::assert_snapshot!("axis", svg(|backend| axis.draw(backend, &Palette::LIGHT).expect("drawn")));
        for (name, view, palette) in
            [("loss_log_light", view, Palette::LIGHT), ("loss_linear_dark", linear, Palette::DARK)]
        {
            let (layout, _) = loss(&board, SIZE, Language::English.texts(), &palette, view);
            insta::assert_snapshot!(name, svg(|backend| layout.draw(backend, &palette).expect("drawn")));
        }
        let (validation, _) = loss(&board, SIZE, texts, &Palette::LIGHT, StepView { validation: true, ..view });
        insta::assert_snapshot!("validation", svg(|backend| validation.draw(backend, &Palette::LIGHT).expect("drawn")));
        let rate = learning_rate(&board, SIZE, Language::English.texts(), &Palette::LIGHT, view);
        insta::assert_snapshot!("learning_rate", svg(|backend| rate.draw(backend, &Palette::LIGHT).expect("drawn")));
        let norm = gradient_norm(&board, SIZE, texts, &Palette::LIGHT, view, Some(2.5));
        insta::assert_snapshot!("gradient_norm", svg(|backend| norm.draw(backend, &Palette::LIGHT).expect("drawn")));
    }

    #[test]
    fn each_curve_of_the_loss_plot_is_a_run() {
        let board = board();
        let texts = Language::English.texts();
        let (layout, of) = loss(&board, SIZE, texts, &Palette::LIGHT, StepView::default());
        let focused = board.focused().expect("one");
        assert_eq!(of.len(), focused.fleet.runs.len() + 1, "the focused variant's runs, and one line of the other");
        assert_eq!(of.last(), Some(&(focused.id, board.focused_run(focused).expect("a run"))), "on top");
        let (index, ..) = layout.nearest((300.0, 120.0), 1e3).expect("a curve");
        assert!(index < of.len());
    }

    #[test]
    fn an_empty_board_can_be_drawn() {
        let board = Board::default();
        let (layout, _) = axis(&board, &[], SIZE, Language::English.texts());
        svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
        let (layout, _) = loss(&board, SIZE, Language::English.texts(), &Palette::LIGHT, StepView::default());
        svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
        let texts = Language::English.texts();
        let layout = gradient_norm(&board, SIZE, texts, &Palette::LIGHT, StepView::default(), Some(1.0));
        svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
    }
}
