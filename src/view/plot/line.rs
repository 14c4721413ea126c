//! Curves against the step: loss, learning rate, gradient norm.

use plotters_backend::DrawingBackend;

use super::frame::LABEL;
use super::surface::{Anchor, Drawn, Palette, Pen, Surface, dash};
use super::{Frame, Size};

/// One curve: values at steps that rise evenly.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The values; what is not finite or not positive is left out.
    pub values: Vec<f32>,
    /// The steps between two values.
    pub stride: u32,
    /// Red, green and blue.
    pub color: (u8, u8, u8),
    /// The variant's slot, which gives the dash.
    pub slot: usize,
    /// In CSS pixels.
    pub width: f64,
    /// From 0 to 1.
    pub alpha: f64,
    /// The step at which the run died: the curve ends there with a cross.
    pub death: Option<u32>,
}

/// A horizontal line with a label: the clip threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where it lies.
    pub value: f64,
    /// What it says.
    pub label: String,
    /// The variant's slot, which gives the colour.
    pub slot: usize,
}

/// What a line plot shows.
#[derive(Clone, Debug, PartialEq)]
pub struct LinePlot {
    /// The curves, the last on top.
    pub curves: Vec<Curve>,
    /// The steps of the longest run.
    pub steps: u32,
    /// The step at the cursor.
    pub cursor: Option<u32>,
    /// A horizontal line.
    pub mark: Option<Mark>,
    /// Values above this factor times the median are cut off at the upper edge.
    pub most_above_median: f64,
}

const TOP: f64 = 12.0;
const PADDING: f64 = 1.15;
/// The least value that is drawn: a loss can underflow to almost nothing, and a decade more tells nobody anything.
const LEAST: f64 = 1e-7;

/// A line plot, laid out.
#[derive(Clone, Debug)]
pub struct LineLayout {
    frame: Frame,
    plot: LinePlot,
}

/// The points of a curve in one column of pixels: the uppermost and the lowermost, in the order in which they came.
struct Column {
    pixel: i64,
    upper: (f64, f64),
    lower: (f64, f64),
    upper_first: bool,
}

impl Column {
    fn take(&mut self, at: (f64, f64)) {
        if at.1 < self.upper.1 {
            self.upper = at;
            self.upper_first = false;
        } else if at.1 > self.lower.1 {
            self.lower = at;
            self.upper_first = true;
        }
    }

    fn close(column: &mut Option<Self>, points: &mut Vec<(f64, f64)>) {
        if let Some(Self { upper, lower, upper_first, .. }) = column.take() {
            let (first, second) = if upper_first { (upper, lower) } else { (lower, upper) };
            points.push(first);
            if first != second {
                points.push(second);
            }
        }
    }
}

/// The horizontal axis is step + 1: a logarithm has no place for step 0.
fn place_of(step: u32) -> f64 {
    f64::from(step) + 1.0
}

impl LineLayout {
    /// Lays the plot out.
    pub fn new(size: Size, plot: LinePlot) -> Self {
        let mut seen: Vec<f64> = plot
            .curves
            .iter()
            .flat_map(|curve| &curve.values)
            .map(|&v| f64::from(v))
            .filter(|v| v.is_finite() && *v > LEAST)
            .collect();
        seen.sort_by(f64::total_cmp);
        let mut low = seen.first().copied().unwrap_or(0.1);
        let mut high = seen.last().copied().unwrap_or(10.0);
        if let Some(&median) = seen.get(seen.len() / 2) {
            high = high.min(median * plot.most_above_median);
        }
        if let Some(mark) = &plot.mark {
            low = low.min(mark.value);
            high = high.max(mark.value);
        }
        let x = (1.0, place_of(plot.steps.saturating_sub(1)).max(2.0));
        Self { frame: Frame::new(size, x, (low / PADDING, high * PADDING), TOP), plot }
    }

    /// The step at a place.
    pub fn step_at(&self, x: f64) -> u32 {
        (self.frame.value_at(x).round() as u32).saturating_sub(1)
    }

    /// The value at a place.
    pub fn value_at(&self, y: f64) -> f64 {
        self.frame.value_down(y)
    }

    /// The points of a curve, thinned to two per pixel column: the least and the greatest, so that no spike is lost.
    fn points(&self, curve: &Curve) -> Vec<Vec<(f64, f64)>> {
        let mut stretches = Vec::new();
        let mut points: Vec<(f64, f64)> = Vec::new();
        let mut column: Option<Column> = None;
        let is_above = |i: usize| curve.values.get(i).is_some_and(|&value| f64::from(value) > self.frame.y.1);
        for (i, &value) in curve.values.iter().enumerate() {
            let value = f64::from(value);
            // A curve leaves at the upper edge and comes back there; what lies above is no line along the edge.
            let is_outside = is_above(i) && (i == 0 || is_above(i - 1)) && is_above(i + 1);
            if !(value.is_finite() && value > 0.0) || is_outside {
                Column::close(&mut column, &mut points);
                if !points.is_empty() {
                    stretches.push(std::mem::take(&mut points));
                }
                continue;
            }
            let step = i as u32 * curve.stride.max(1);
            let at = (self.frame.at_x(place_of(step)), self.frame.at_y(value.clamp(self.frame.y.0, self.frame.y.1)));
            let pixel = at.0.floor() as i64;
            match &mut column {
                Some(column) if column.pixel == pixel => column.take(at),
                _ => {
                    Column::close(&mut column, &mut points);
                    column = Some(Column { pixel, upper: at, lower: at, upper_first: true });
                }
            }
        }
        Column::close(&mut column, &mut points);
        if !points.is_empty() {
            stretches.push(points);
        }
        stretches
    }

    /// Draws the plot.
    pub fn draw<B: DrawingBackend>(&self, backend: &mut B, palette: &Palette) -> Drawn<B> {
        let mut surface = Surface::new(backend);
        self.frame.draw(&mut surface, palette)?;
        let (left, right) = self.frame.across();
        let (top, bottom) = self.frame.down();
        let mut deaths: Vec<(f64, (u8, u8, u8))> = Vec::new();
        for curve in &self.plot.curves {
            let pen = Pen { color: curve.color, alpha: curve.alpha, width: curve.width };
            for stretch in self.points(curve) {
                if let [only] = stretch[..] {
                    surface.marker(0, only, curve.width, pen, true)?;
                }
                surface.path(&stretch, pen, dash(curve.slot))?;
            }
            if let Some(step) = curve.death {
                deaths.push((self.frame.at_x(place_of(step)), curve.color));
            }
        }
        // Crosses stand at the upper edge, where a dying run's loss goes; two at one step stand one under the other.
        deaths.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut row = 0;
        for (i, &(x, color)) in deaths.iter().enumerate() {
            row = if i > 0 && x - deaths[i - 1].0 < 8.0 { row + 1 } else { 0 };
            surface.cross((x, top + 2.0 + f64::from(row) * 11.0), 4.5, Pen::new(color, 2.0))?;
        }
        if let Some(mark) = &self.plot.mark {
            let (y, color) = (self.frame.at_y(mark.value), palette.variant(mark.slot));
            surface.path(&[(left, y), (right, y)], Pen::new(color, 1.5), &[6.0, 4.0])?;
            surface.text(&mark.label, (right - 2.0, y - 8.0), LABEL, color, Anchor::End, true)?;
        }
        if let Some(cursor) = self.plot.cursor {
            let x = self.frame.at_x(place_of(cursor.min(self.plot.steps.saturating_sub(1))));
            surface.path(&[(x, top), (x, bottom)], Pen::new(palette.ink, 1.0), &[2.0, 3.0])?;
        }
        surface.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::plot::SUBPIXELS;
    use plotters_svg::SVGBackend;

    fn curve(values: Vec<f32>) -> Curve {
        Curve { values, stride: 1, color: (1, 2, 3), slot: 0, width: 1.0, alpha: 1.0, death: None }
    }

    fn plot(curves: Vec<Curve>) -> LinePlot {
        let steps = curves.iter().map(|c| c.values.len() as u32).max().unwrap_or(1);
        LinePlot { curves, steps, cursor: Some(1), mark: None, most_above_median: 1e6 }
    }

    #[test]
    fn thinning_keeps_each_spike() {
        let mut values = vec![1.0f32; 50_000];
        values[40_321] = 900.0;
        let layout = LineLayout::new(Size { width: 400.0, height: 200.0 }, plot(vec![curve(values)]));
        let points: Vec<_> = layout.points(&layout.plot.curves[0]).concat();
        assert!(points.len() <= 2 * 400, "{} points", points.len());
        let top = points.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        assert!((top - layout.frame.at_y(900.0)).abs() < 1e-6);
    }

    #[test]
    fn a_dead_run_ends_in_a_cross_and_its_nan_is_not_drawn() {
        let size = Size { width: 400.0, height: 200.0 };
        let mut alive = curve(vec![2.0, 1.5, 1.2, 1.1]);
        let layout = LineLayout::new(size, plot(vec![alive.clone()]));
        let svg = |layout: &LineLayout| {
            let mut text = String::new();
            let units = ((size.width * SUBPIXELS) as u32, (size.height * SUBPIXELS) as u32);
            layout.draw(&mut SVGBackend::with_string(&mut text, units), &Palette::LIGHT).expect("drawn");
            text
        };
        let before = svg(&layout);
        alive.values = vec![2.0, 40.0, f32::NAN, f32::NAN];
        alive.death = Some(2);
        let after = svg(&LineLayout::new(size, plot(vec![alive])));
        let strokes = |text: &str| text.matches("#010203").count();
        assert_eq!(strokes(&before), 1);
        assert_eq!(strokes(&after), 3, "the curve and two strokes of a cross");
        assert!(!after.contains("NaN"));
    }

    #[test]
    fn the_pointer_finds_its_step() {
        let layout = LineLayout::new(Size { width: 400.0, height: 200.0 }, plot(vec![curve(vec![1.0; 600])]));
        for step in [0, 1, 10, 599] {
            assert_eq!(layout.step_at(layout.frame.at_x(place_of(step))), step);
        }
    }
}
