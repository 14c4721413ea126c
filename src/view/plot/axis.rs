//! The learning-rate axis plot: final loss against base learning rate, one line per variant.

use plotters_backend::DrawingBackend;

use super::frame::{LABEL, TITLE};
use super::key::{Entry, Key};
use super::surface::{Anchor, DrawResult, Palette, Pen, Surface, dash, text_width};
use super::{Axis, Frame, Scale, Size};
use crate::number::three;
use brink_lab::diagnose::value_of_rank;

/// How one run of a variant stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PointState {
    /// Its loss: final if it has ended, the latest if it still trains.
    Loss {
        /// The mean validation loss.
        loss: f64,
        /// Whether the run has ended.
        ended: bool,
    },
    /// It is infeasible: it diverged, or never learned.
    Infeasible,
    /// It has recorded nothing yet.
    Waiting,
}

/// One run of a variant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisPoint {
    /// Its base learning rate.
    pub rate: f64,
    /// How it stands.
    pub outcome: PointState,
}

/// One variant's line.
#[derive(Clone, Debug, PartialEq)]
pub struct AxisSeries {
    /// What it is called.
    pub name: String,
    /// Which colour, dash and marker it has.
    pub slot: usize,
    /// Whether it is another problem than the focused one, and so drawn faintly.
    pub dimmed: bool,
    /// Whether it is the focused variant.
    pub focused: bool,
    /// Its runs, by rising learning rate.
    pub points: Vec<AxisPoint>,
    /// The index of the point at lr*, once every run has ended.
    pub best: Option<usize>,
    /// The index of the focused run's point.
    pub focus: Option<usize>,
}

/// The room above the plot's upper edge for one row of crosses, and for all of them together.
const CROSS_ROW: f64 = 13.0;
const CROSS_ROWS: f64 = 60.0;
/// More names than this at the lines cover the lines; the list of variants has them all.
const MOST_NAMES: usize = 4;
/// A longer name ends in an ellipsis.
const LONGEST_NAME: usize = 34;
/// Where a name may stand, above or below the end of its line, the best position first.
const NAME_OFFSETS: [f64; 6] = [-13.0, 15.0, -26.0, 28.0, -39.0, 41.0];
const TOP: f64 = 8.0;
/// Losses are shown up to this factor above the worst feasible final one: a line that shoots up does not squash the rest.
const HEADROOM: f64 = 1.12;
/// A loss this many times above the median stands at the upper edge, with its number: one run that learned little must
/// not squash the lines of those that learned.
const MOST_ABOVE: f64 = 5.0;

/// The axis plot, laid out.
#[derive(Clone, Debug)]
pub struct AxisLayout {
    frame: Frame,
    series: Vec<AxisSeries>,
    /// The height at which each variant's crosses stand.
    rows: Vec<f64>,
}

/// A name short enough to stand in a plot.
fn shortened(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).chain(['…']).collect()
}

impl AxisLayout {
    /// Lays the plot out: crosses get a row each above the frame, and only losses that are feasible set its range.
    pub fn new(size: Size, series: Vec<AxisSeries>) -> Self {
        let mut x = (f64::INFINITY, 0f64);
        let mut losses = Vec::new();
        for point in series.iter().flat_map(|s| &s.points) {
            x = (x.0.min(point.rate), x.1.max(point.rate));
            if let PointState::Loss { loss, .. } = point.outcome
                && loss.is_finite()
                && loss > 0.0
            {
                losses.push(loss);
            }
        }
        let middle = losses.len() / 2;
        let most = value_of_rank(&mut losses, middle).map_or(0.0, |median| median * MOST_ABOVE);
        let y = losses.iter().fold((f64::INFINITY, 0f64), |y, &loss| (y.0.min(loss), y.1.max(loss.min(most))));
        // A variant that has no cross needs no row.
        let has_cross = |s: &AxisSeries| s.points.iter().any(|point| point.outcome == PointState::Infeasible);
        let count = series.iter().filter(|s| has_cross(s)).count().max(1) as f64;
        let row = CROSS_ROW.min(CROSS_ROWS / count);
        let mut next = 0.5;
        let rows = series
            .iter()
            .map(|s| {
                let at = TOP + next * row;
                next += f64::from(u8::from(has_cross(s)));
                at
            })
            .collect();
        let (x, y) = ((x.0 / 1.15, x.1 * 1.15), (y.0 / HEADROOM, y.1 * HEADROOM));
        let top = TOP + count * row + 4.0;
        let frame = Frame::new(size, Axis::new(x, Scale::Log), Axis::new(y, Scale::Log), top);
        Self { frame, series, rows }
    }

    /// With the axes titled: the horizontal and the vertical one.
    pub fn titled(mut self, titles: (String, String)) -> Self {
        self.frame.set_titles(titles);
        self.rows.iter_mut().for_each(|row| *row += TITLE);
        self
    }

    fn position(&self, row: usize, point: &AxisPoint) -> Option<(f64, f64)> {
        let x = self.frame.at_x(point.rate);
        match point.outcome {
            PointState::Loss { loss, .. } if loss.is_finite() && loss > 0.0 => {
                Some((x, self.frame.at_y(loss.min(self.frame.y.high))))
            }
            PointState::Infeasible => Some((x, *self.rows.get(row)?)),
            _ => None,
        }
    }

    /// Where a run of a variant is drawn.
    pub fn position_of(&self, series: usize, run: usize) -> Option<(f64, f64)> {
        self.position(series, self.series.get(series)?.points.get(run)?)
    }

    /// The variant (index into the series) and run (index into its points) nearest to a position.
    pub fn nearest(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let mut best = None;
        for (row, series) in self.series.iter().enumerate() {
            for (index, point) in series.points.iter().enumerate() {
                if let Some((px, py)) = self.position(row, point) {
                    let distance = (px - x).hypot(py - y);
                    if best.is_none_or(|(least, _)| distance < least) {
                        best = Some((distance, (row, index)));
                    }
                }
            }
        }
        best.map(|(_, found)| found)
    }

    /// Whether a line of the plot goes through a box.
    fn crosses(&self, (left, right): (f64, f64), (top, bottom): (f64, f64)) -> bool {
        let is_in = |(x, y): (f64, f64)| (left..=right).contains(&x) && (top..=bottom).contains(&y);
        self.series.iter().enumerate().any(|(row, series)| {
            series.points.windows(2).any(|pair| {
                let (Some(from), Some(to)) = (self.position(row, &pair[0]), self.position(row, &pair[1])) else {
                    return false;
                };
                let has_line = pair.iter().all(|point| matches!(point.outcome, PointState::Loss { .. }));
                let steps = ((to.0 - from.0).hypot(to.1 - from.1) / 4.0).ceil().max(1.0);
                has_line
                    && (0..=steps as usize).any(|i| {
                        let fraction = i as f64 / steps;
                        is_in((from.0 + (to.0 - from.0) * fraction, from.1 + (to.1 - from.1) * fraction))
                    })
            })
        })
    }

    /// What its lines mean; nothing where there is only one, which stands for all.
    pub fn key(&self, palette: &Palette) -> Key {
        let entry = |series: &AxisSeries| Entry::Line {
            name: series.name.clone(),
            color: palette.variant(series.slot),
            slot: series.slot,
            has_markers: true,
        };
        let entries = self.series.iter().map(entry);
        Key { entries: if self.series.len() > 1 { entries.collect() } else { Vec::new() } }
    }

    /// Draws the plot.
    pub fn draw<B: DrawingBackend>(&self, backend: &mut B, palette: &Palette) -> DrawResult<B> {
        let mut surface = Surface::new(backend, palette);
        self.frame.draw(&mut surface, palette)?;
        let (_, right) = self.frame.across();
        let mut labels: Vec<(f64, f64, f64)> = Vec::new();
        for (row, series) in self.series.iter().enumerate() {
            let color = palette.variant(series.slot);
            let alpha = if series.dimmed { 0.35 } else { 1.0 };
            let pen = Pen { color, alpha, width: if series.focused { 2.4 } else { 1.7 } };
            let mut stretch: Vec<(f64, f64)> = Vec::new();
            for (index, point) in series.points.iter().enumerate() {
                match (point.outcome, self.position(row, point)) {
                    (PointState::Loss { .. }, Some(at)) => stretch.push(at),
                    (PointState::Infeasible, Some(at)) => {
                        surface.path(&stretch, pen, dash(series.slot))?;
                        stretch.clear();
                        surface.cross(at, 4.5, Pen { alpha, ..Pen::new(color, 2.0) })?;
                    }
                    _ => {
                        surface.path(&stretch, pen, dash(series.slot))?;
                        stretch.clear();
                    }
                }
                if series.focus == Some(index)
                    && series.focused
                    && let Some(at) = self.position(row, point)
                {
                    surface.marker(0, at, 9.5, Pen::new(palette.ink, 1.3), false)?;
                }
            }
            surface.path(&stretch, pen, dash(series.slot))?;
            let mut last = None;
            for (index, point) in series.points.iter().enumerate() {
                if let PointState::Loss { loss, ended } = point.outcome
                    && let Some(at) = self.position(row, point)
                {
                    last = Some(at);
                    if series.best == Some(index) {
                        surface.star(at, 9.0, color)?;
                    } else {
                        surface.marker(series.slot, at, 3.6, Pen { alpha, ..Pen::new(color, 1.5) }, ended)?;
                    }
                    if ended && !series.dimmed && loss > self.frame.y.high {
                        let above = format!("↑ {}", three(loss));
                        let width = text_width(&above, LABEL);
                        let (x, y) = ((at.0 + 4.0).min(right - width), at.1 + LABEL);
                        if !is_taken(&labels, (x, x + width), y) {
                            surface.text(&above, (x, y), LABEL, color, Anchor::Start, false)?;
                            labels.push((x, x + width, y));
                        }
                    }
                }
            }
            let is_named = series.focused || (!series.dimmed && self.series.len() <= MOST_NAMES);
            if let Some((x, y)) = last.filter(|_| is_named) {
                let name = shortened(&series.name);
                let width = text_width(&name, LABEL);
                let x = (x + 6.0).min(right - width);
                let is_free = |position: &f64| {
                    let (top, bottom) = (position - LABEL / 2.0 - 2.0, position + LABEL / 2.0 + 2.0);
                    let is_inside = top > self.frame.top && bottom < self.frame.down().1;
                    let is_label = is_taken(&labels, (x, x + width), *position);
                    is_inside && !is_label && !self.crosses((x, x + width), (top, bottom))
                };
                // Where no position beside the line's end is free, the list of variants below the plot names it.
                let positions = NAME_OFFSETS.into_iter().map(|offset| y + offset);
                if let Some(y) = positions.into_iter().find(is_free) {
                    labels.push((x, x + width, y));
                    surface.text(&name, (x, y), LABEL, color, Anchor::Start, true)?;
                }
            }
        }
        surface.finish()
    }
}

/// Whether a label at a height would lie on one of those that stand there already: from, to, height.
fn is_taken(labels: &[(f64, f64, f64)], (left, right): (f64, f64), y: f64) -> bool {
    labels.iter().any(|&(from, to, other)| (other - y).abs() < LABEL + 2.0 && from < right && left < to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(slot: usize, last: PointState) -> AxisSeries {
        let loss = |rate, loss| AxisPoint { rate, outcome: PointState::Loss { loss, ended: true } };
        AxisSeries {
            name: "a name that is far too long to stand in a plot".to_owned(),
            slot,
            dimmed: false,
            focused: slot == 0,
            points: vec![loss(0.1, 1.0), loss(0.2, 0.5), AxisPoint { rate: 0.4, outcome: last }],
            best: Some(1),
            focus: None,
        }
    }

    #[test]
    fn crosses_never_take_the_plot() {
        let size = Size { width: 600.0, height: 260.0 };
        let layout = AxisLayout::new(size, (0..12).map(|slot| series(slot, PointState::Infeasible)).collect());
        let (top, bottom) = layout.frame.down();
        assert!(bottom - top > 0.6 * size.height, "{top} to {bottom}");
        // Each variant's cross is found where it is drawn, above the frame.
        for row in 0..12 {
            let at = layout.position(row, &layout.series[row].points[2]).expect("a position");
            assert!(at.1 < top);
            assert_eq!(layout.nearest(at.0, at.1), Some((row, 2)));
        }
    }

    #[test]
    fn a_variant_without_crosses_takes_no_row() {
        let size = Size { width: 600.0, height: 260.0 };
        let top = |outcomes: &[PointState]| {
            let all = outcomes.iter().enumerate().map(|(slot, outcome)| series(slot, *outcome)).collect();
            AxisLayout::new(size, all).frame.top
        };
        let fine = PointState::Loss { loss: 0.7, ended: true };
        assert_eq!(top(&[PointState::Infeasible, fine, fine]), top(&[PointState::Infeasible]));
        assert!(top(&[PointState::Infeasible, PointState::Infeasible]) > top(&[PointState::Infeasible, fine]));
    }

    #[test]
    fn a_run_that_learned_little_stands_at_the_edge_and_squashes_nothing() {
        let size = Size { width: 600.0, height: 260.0 };
        let layout = |last| AxisLayout::new(size, vec![series(0, PointState::Loss { loss: last, ended: true })]);
        let (near, far) = (layout(5.0), layout(400.0));
        assert_eq!(near.position_of(0, 1), far.position_of(0, 1), "the others stand where they stood");
        let (top, position) = (far.frame.top, far.position_of(0, 2).expect("a position"));
        assert!((position.1 - top).abs() < 1e-9);
        assert!(near.position_of(0, 2).expect("a position").1 > top, "and what is near is to scale");
    }

    #[test]
    fn a_long_name_ends_in_an_ellipsis() {
        assert_eq!(shortened("Momentum, no norm"), "Momentum, no norm");
        let short = shortened(&series(0, PointState::Waiting).name);
        assert!(short.ends_with('…') && short.chars().count() == LONGEST_NAME);
    }

    #[test]
    fn a_name_stands_on_no_line() {
        let size = Size { width: 600.0, height: 260.0 };
        let layout = AxisLayout::new(size, vec![series(0, PointState::Loss { loss: 0.9, ended: true })]);
        let (from, to) = (layout.position_of(0, 1).expect("a position"), layout.position_of(0, 2).expect("a position"));
        let middle = ((from.0 + to.0) / 2.0, (from.1 + to.1) / 2.0);
        let around = |(x, y): (f64, f64)| layout.crosses((x - 20.0, x + 20.0), (y - 7.0, y + 7.0));
        assert!(around(middle));
        assert!(!around((middle.0, middle.1 - 60.0)));
    }
}
