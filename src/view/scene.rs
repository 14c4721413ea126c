//! The plots of a board: which lines they show, in which colours.

use super::board::{Board, RunState, Variant};
use super::name::{base_name, variant_name};
use super::number::three;
use super::plot::{AxisLayout, AxisSeries, Curve, LineLayout, LinePlot, Mark, Palette, Size, rate_color};
use super::summary::summary;
use super::text::{Texts, fill};
use crate::diagnose::clipped_share;
use crate::record::Columns;

/// Losses are shown up to this factor above their median: a run that blows up must not squash the rest.
const LOSS_HEADROOM: f64 = 60.0;
/// The same for gradient norms, whose early peaks are part of the story.
const NORM_HEADROOM: f64 = 1e4;
/// For learning rates, which hold no surprise: warmup begins at 0 and the first steps would take decades.
const RATE_HEADROOM: f64 = 1e6;

/// The name of each variant, in the board's order: the first by what it is, the others by what differs from it.
pub fn names(board: &Board, texts: &Texts) -> Vec<String> {
    let Some(first) = board.variants().first() else { return Vec::new() };
    let name = |(index, variant): (usize, &Variant)| {
        if index == 0 {
            base_name(&first.experiment, texts)
        } else {
            variant_name(&first.experiment, &variant.experiment, texts)
        }
    };
    board.variants().iter().enumerate().map(name).collect()
}

/// The variants that are shown, each with its name; the focused one last, so that it lies on top.
fn shown<'a>(board: &'a Board, texts: &Texts) -> Vec<(&'a Variant, String)> {
    let mut shown: Vec<(&Variant, String)> =
        board.variants().iter().zip(names(board, texts)).filter(|(variant, _)| !variant.hidden).collect();
    let focus = board.focused().map(|variant| variant.id);
    shown.sort_by_key(|(variant, _)| Some(variant.id) == focus);
    shown
}

/// The axis plot, and the variant of each of its lines.
pub fn axis(board: &Board, size: Size, texts: &Texts) -> (AxisLayout, Vec<u64>) {
    let shown = shown(board, texts);
    let ids = shown.iter().map(|(variant, _)| variant.id).collect();
    let focus = board.focused().map(|variant| variant.id);
    let series = shown
        .into_iter()
        .map(|(variant, name)| {
            let summary = summary(variant);
            AxisSeries {
                name,
                slot: variant.slot,
                dimmed: !board.same_problem(variant),
                focused: Some(variant.id) == focus,
                points: summary.points,
                best: summary.best,
                focus: board.focused_run(variant),
            }
        })
        .collect();
    (AxisLayout::new(size, series), ids)
}

fn column(run: &RunState, column: usize) -> Vec<f32> {
    run.record.column(column).collect()
}

/// One line for each shown variant, at its focused run, in the variant's own colour.
fn focused_runs(board: &Board, texts: &Texts, palette: &Palette, which: usize) -> Vec<Curve> {
    let focus = board.focused().map(|variant| variant.id);
    shown(board, texts)
        .into_iter()
        .filter_map(|(variant, _)| {
            let run = variant.runs.get(board.focused_run(variant)?)?;
            let focused = Some(variant.id) == focus;
            Some(Curve {
                values: column(run, which),
                stride: run.record.stride,
                color: palette.variant(variant.slot),
                slot: variant.slot,
                width: if focused { 2.0 } else { 1.3 },
                alpha: if board.same_problem(variant) { 1.0 } else { 0.4 },
                death: run.record.death,
            })
        })
        .collect()
}

/// The steps of the longest run that is shown.
fn longest(board: &Board) -> u32 {
    board.variants().iter().filter(|variant| !variant.hidden).map(Variant::longest).max().unwrap_or(1)
}

fn plot(board: &Board, curves: Vec<Curve>, mark: Option<Mark>, most_above_median: f64) -> LinePlot {
    LinePlot { curves, steps: longest(board), cursor: Some(board.cursor_step()), mark, most_above_median }
}

/// Training loss: the focused variant's runs by learning rate, each other variant one line at the focused rate.
pub fn loss(board: &Board, size: Size, texts: &Texts, palette: &Palette) -> LineLayout {
    let mut curves = Vec::new();
    let mut top = None;
    if let Some(focused) = board.focused() {
        let focused_run = board.focused_run(focused);
        if !focused.hidden {
            for (index, run) in focused.runs.iter().enumerate() {
                let is_focused = Some(index) == focused_run;
                let curve = Curve {
                    values: column(run, Columns::LOSS),
                    stride: run.record.stride,
                    color: rate_color(index, focused.runs.len(), palette),
                    slot: 0,
                    width: if is_focused { 2.4 } else { 1.0 },
                    alpha: if is_focused { 1.0 } else { 0.75 },
                    death: run.record.death,
                };
                if is_focused { top = Some(curve) } else { curves.push(curve) }
            }
        }
        let others = focused_runs(board, texts, palette, Columns::LOSS);
        let count = others.len().saturating_sub(usize::from(!focused.hidden));
        curves.extend(others.into_iter().take(count));
    }
    curves.extend(top);
    LineLayout::new(size, plot(board, curves, None, LOSS_HEADROOM))
}

/// The learning rate of each shown variant's focused run.
pub fn learning_rate(board: &Board, size: Size, texts: &Texts, palette: &Palette) -> LineLayout {
    let mut curves = focused_runs(board, texts, palette, Columns::LEARNING_RATE);
    for curve in &mut curves {
        // A learning rate does not die; the loss plot says that the run does.
        curve.death = None;
    }
    LineLayout::new(size, plot(board, curves, None, RATE_HEADROOM))
}

/// The unclipped gradient norm of each shown variant's focused run, and the focused one's clip threshold.
pub fn gradient_norm(board: &Board, size: Size, texts: &Texts, palette: &Palette) -> LineLayout {
    let curves = focused_runs(board, texts, palette, Columns::GRADIENT_NORM);
    let mark = board.focused().and_then(|variant| {
        let threshold = variant.experiment.clip_threshold?;
        let run = variant.runs.get(board.focused_run(variant)?)?;
        let share = three((clipped_share(&run.record) * 100.0).round());
        let label = fill(texts.clipped_share, &[("threshold", &three(threshold)), ("share", &share)]);
        Some(Mark { value: threshold, label, slot: variant.slot })
    });
    LineLayout::new(size, plot(board, curves, mark, NORM_HEADROOM))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, PRESETS};
    use crate::record::RunChunk;
    use crate::view::plot::SUBPIXELS;
    use crate::view::text::Language;
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
            variant.begin(Columns { states: Vec::new() }, 1, &[(0.001, 30), (0.002, 30), (0.004, 30)]);
            variant.chance = 2.0;
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
                    validation: vec![crate::record::ValidationPoint {
                        step: 30,
                        loss: if dead { f32::NAN } else { 0.5 },
                        accuracy: 0.5,
                    }],
                    death: dead.then_some(5),
                };
                variant.take(&chunk).expect("no gap");
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
        let (layout, ids) = axis(&board, SIZE, texts);
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
        let (layout, ids) = axis(&board, SIZE, Language::English.texts());
        assert_eq!(ids, [1]);
        let text = svg(|backend| layout.draw(backend, &Palette::DARK).expect("drawn"));
        assert!(!text.contains("Momentum, no norm"));
    }

    #[test]
    fn the_clip_threshold_is_marked_with_the_share_that_it_clips() {
        let board = board();
        let layout = gradient_norm(&board, SIZE, Language::Indonesian.texts(), &Palette::LIGHT);
        let text = svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
        assert!(text.contains("λ = 2: 50 % pembaruan dipotong"), "{text}");
        for layout in [
            loss(&board, SIZE, Language::English.texts(), &Palette::LIGHT),
            learning_rate(&board, SIZE, Language::English.texts(), &Palette::LIGHT),
        ] {
            let text = svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
            assert!(text.contains("<polyline"));
        }
    }

    #[test]
    fn an_empty_board_can_be_drawn() {
        let board = Board::default();
        let (layout, _) = axis(&board, SIZE, Language::English.texts());
        svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
        let layout = loss(&board, SIZE, Language::English.texts(), &Palette::LIGHT);
        svg(|backend| layout.draw(backend, &Palette::LIGHT).expect("drawn"));
    }
}
