//! The learning-rate axis plot: final loss against base learning rate, one line per variant.

use plotters_backend::DrawingBackend;

use super::frame::LABEL;
use super::surface::{Anchor, Drawn, Palette, Pen, Surface, dash, text_width};
use super::{Frame, Size};

/// How one run of a variant stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
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
    pub outcome: Outcome,
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

/// The room above the plot's upper edge for one row of crosses.
const CROSS_ROW: f64 = 13.0;
const TOP: f64 = 8.0;
/// Losses are shown up to this factor above the worst feasible final one: a line that shoots up does not squash the rest.
const HEADROOM: f64 = 1.12;
/// While all runs still train, their losses span more; a plot must not jump with each of them.
const MOST_DECADES: f64 = 30.0;

/// The axis plot, laid out.
#[derive(Clone, Debug)]
pub struct AxisLayout {
    frame: Frame,
    series: Vec<AxisSeries>,
}

impl AxisLayout {
    /// Lays the plot out: crosses get a row each above the frame, and only losses that are feasible set its range.
    pub fn new(size: Size, series: Vec<AxisSeries>) -> Self {
        let mut x = (f64::INFINITY, 0f64);
        let mut y = (f64::INFINITY, 0f64);
        for point in series.iter().flat_map(|s| &s.points) {
            x = (x.0.min(point.rate), x.1.max(point.rate));
            if let Outcome::Loss { loss, .. } = point.outcome
                && loss.is_finite()
                && loss > 0.0
            {
                y = (y.0.min(loss), y.1.max(loss));
            }
        }
        y.1 = y.1.min(y.0 * MOST_DECADES);
        let rows = series.len() as f64;
        let frame =
            Frame::new(size, (x.0 / 1.15, x.1 * 1.15), (y.0 / HEADROOM, y.1 * HEADROOM), TOP + rows * CROSS_ROW + 4.0);
        Self { frame, series }
    }

    fn place(&self, row: usize, point: &AxisPoint) -> Option<(f64, f64)> {
        let x = self.frame.at_x(point.rate);
        match point.outcome {
            Outcome::Loss { loss, .. } if loss.is_finite() && loss > 0.0 => {
                Some((x, self.frame.at_y(loss.min(self.frame.y.1))))
            }
            Outcome::Infeasible => Some((x, TOP + (row as f64 + 0.5) * CROSS_ROW)),
            _ => None,
        }
    }

    /// The variant (index into the series) and run (index into its points) nearest to a place.
    pub fn nearest(&self, x: f64, y: f64) -> Option<(usize, usize)> {
        let mut best = None;
        for (row, series) in self.series.iter().enumerate() {
            for (index, point) in series.points.iter().enumerate() {
                if let Some((px, py)) = self.place(row, point) {
                    let distance = (px - x).hypot(py - y);
                    if best.is_none_or(|(least, _)| distance < least) {
                        best = Some((distance, (row, index)));
                    }
                }
            }
        }
        best.map(|(_, found)| found)
    }

    /// Draws the plot.
    pub fn draw<B: DrawingBackend>(&self, backend: &mut B, palette: &Palette) -> Drawn<B> {
        let mut surface = Surface::new(backend);
        self.frame.draw(&mut surface, palette)?;
        let (_, right) = self.frame.across();
        let mut labels: Vec<f64> = Vec::new();
        for (row, series) in self.series.iter().enumerate() {
            let color = palette.variant(series.slot);
            let alpha = if series.dimmed { 0.35 } else { 1.0 };
            let pen = Pen { color, alpha, width: if series.focused { 2.4 } else { 1.7 } };
            let mut stretch: Vec<(f64, f64)> = Vec::new();
            for (index, point) in series.points.iter().enumerate() {
                match (point.outcome, self.place(row, point)) {
                    (Outcome::Loss { .. }, Some(at)) => stretch.push(at),
                    (Outcome::Infeasible, Some(at)) => {
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
                    && let Some(at) = self.place(row, point)
                {
                    surface.marker(0, at, 9.5, Pen::new(palette.ink, 1.3), false)?;
                }
            }
            surface.path(&stretch, pen, dash(series.slot))?;
            let mut last = None;
            for (index, point) in series.points.iter().enumerate() {
                if let Outcome::Loss { ended, .. } = point.outcome
                    && let Some(at) = self.place(row, point)
                {
                    last = Some(at);
                    if series.best == Some(index) {
                        surface.star(at, 9.0, color)?;
                    } else {
                        surface.marker(series.slot, at, 3.6, Pen { alpha, ..Pen::new(color, 1.5) }, ended)?;
                    }
                }
            }
            if let Some((x, mut y)) = last {
                let width = text_width(&series.name, LABEL);
                y = if y - self.frame.top > 24.0 { y - 13.0 } else { y + 15.0 };
                // Two names at one place stand one under the other.
                while labels.iter().any(|other| (other - y).abs() < LABEL + 2.0) {
                    y += LABEL + 3.0;
                }
                labels.push(y);
                let x = (x + 6.0).min(right - width);
                surface.text(&series.name, (x, y), LABEL, color, Anchor::Start, true)?;
            }
        }
        surface.finish()
    }
}
