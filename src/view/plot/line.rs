//! Curves against the step: loss, learning rate, gradient norm.

use plotters_backend::DrawingBackend;

use super::frame::LABEL;
use super::surface::{Anchor, DrawResult, Palette, Pen, Surface, dash, text_width};
use super::{Axis, Frame, Scale, Size};
use crate::number::three;
use brink_lab::diagnose::value_of_rank;

/// The steps at which a curve has values.
#[derive(Clone, Debug, PartialEq)]
pub enum Steps {
    /// From 0, at this distance.
    Every(u32),
    /// These.
    At(Vec<u32>),
}

impl Steps {
    /// The index of the value that is nearest to a step, of `count`.
    fn index_near(&self, step: u32, count: usize) -> Option<usize> {
        let last = count.checked_sub(1)?;
        Some(match self {
            Self::Every(stride) => ((step / (*stride).max(1)) as usize).min(last),
            Self::At(steps) => {
                let after = steps.partition_point(|&other| other < step).min(last);
                let before = after.saturating_sub(1);
                let distance = |index: usize| steps.get(index).map_or(u32::MAX, |other| other.abs_diff(step));
                if distance(before) < distance(after) { before } else { after }
            }
        })
    }

    fn at(&self, index: usize) -> u32 {
        match self {
            Self::Every(stride) => index as u32 * (*stride).max(1),
            Self::At(steps) => steps.get(index).copied().unwrap_or(u32::MAX),
        }
    }
}

/// One curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// The values; what is not finite is left out, and on a logarithmic axis what is not positive.
    pub values: Vec<f32>,
    /// The steps of the values.
    pub steps: Steps,
    /// Red, green and blue.
    pub color: (u8, u8, u8),
    /// The variant's slot, which gives the dash.
    pub slot: usize,
    /// In CSS pixels.
    pub width: f64,
    /// From 0 to 1.
    pub alpha: f64,
    /// How strong the range of values that fall on a few pixels is drawn behind their mean, from 0 to 1.
    pub range: f64,
    /// The step at which the run died: the curve ends there with a cross.
    pub death: Option<u32>,
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
    /// A value that the vertical axis must show.
    pub include: Option<f64>,
    /// Values above this factor times the median are cut off at the upper edge.
    pub most_above_median: f64,
    /// On a logarithmic axis, values up to this are not cut off, however far above the median they are.
    pub least_top: f64,
    /// The scales of the step and of the values.
    pub scales: (Scale, Scale),
    /// What the band above the plot is called into which diverging curves leave; without a name there is none.
    pub diverged: Option<String>,
}

/// A curve that leaves the plot through its upper edge.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Exit {
    /// Where it leaves.
    x: f64,
    /// Its greatest value, and the step of that.
    peak: f64,
    step: u32,
}

const TOP: f64 = 12.0;
/// The height of the band of diverging curves.
const BAND: f64 = 30.0;
/// Two curves that leave nearer to each other than this share an arrow.
const ARROWS: f64 = 9.0;
const PADDING: f64 = 1.15;
/// The least value that is drawn: a loss can underflow to almost nothing, and a decade more means nothing.
const LEAST: f64 = 1e-7;
/// A curve with more values than this in a stretch of so many pixels is drawn as their mean within their range.
const BIN: f64 = 3.0;
/// On a linear axis the same factor above the median would leave the rest on the floor: at most this.
const LINEAR_HEADROOM: f64 = 4.0;
/// The median is taken over at most this many values, evenly spread: it only sets the axis.
const SAMPLE: usize = 4096;

/// A line plot, laid out.
#[derive(Clone, Debug)]
pub struct LineLayout {
    pub(super) frame: Frame,
    plot: LinePlot,
}

/// A stretch of a curve without a gap: its line and, where several values fall on a few pixels, their range.
#[derive(Clone, Debug, Default)]
struct Stretch {
    line: Vec<(f64, f64)>,
    upper: Vec<(f64, f64)>,
    lower: Vec<(f64, f64)>,
    is_binned: bool,
}

/// The values of a curve in a few columns of pixels.
struct Bin {
    position: i64,
    count: f64,
    x: f64,
    y: f64,
    upper: f64,
    lower: f64,
}

impl Bin {
    fn close(bin: &mut Option<Self>, stretch: &mut Stretch) {
        if let Some(Self { count, x, y, upper, lower, .. }) = bin.take() {
            let (x, y) = (x / count, y / count);
            stretch.line.push((x, y));
            stretch.upper.push((x, upper));
            stretch.lower.push((x, lower));
            stretch.is_binned |= count > 1.0;
        }
    }
}

impl LineLayout {
    /// Lays the plot out.
    pub fn new(size: Size, plot: LinePlot) -> Self {
        let (x_scale, y_scale) = plot.scales;
        let (mut low, mut high, mut count) = (f64::INFINITY, 0f64, 0usize);
        let values = || plot.curves.iter().flat_map(|curve| &curve.values).map(|&value| f64::from(value));
        let is_shown = |value: &f64| value.is_finite() && *value > LEAST;
        for value in values().filter(is_shown) {
            (low, high, count) = (low.min(value), high.max(value), count + 1);
        }
        let mut sample: Vec<f64> = values().filter(is_shown).step_by(count.div_ceil(SAMPLE).max(1)).collect();
        let middle = sample.len() / 2;
        if let Some(median) = value_of_rank(&mut sample, middle) {
            high = high.min(match y_scale {
                Scale::Log => (median * plot.most_above_median).max(plot.least_top),
                Scale::Linear => median * plot.most_above_median.min(LINEAR_HEADROOM),
            });
        } else {
            (low, high) = (0.1, 10.0);
        }
        if let Some(value) = plot.include {
            low = low.min(value);
            high = high.max(value);
        }
        let y = match y_scale {
            Scale::Log => (low / PADDING, high * PADDING),
            Scale::Linear => (0.0, high * 1.05),
        };
        let last = plot.steps.saturating_sub(1).max(1);
        let x = (position_of(0, x_scale), position_of(last, x_scale));
        let top = TOP + if plot.diverged.is_some() { BAND } else { 0.0 };
        let mut frame = Frame::new(size, Axis::new(x, x_scale), Axis::new(y, y_scale), top);
        frame.counts_steps = true;
        Self { frame, plot }
    }

    /// With the axes titled: the horizontal and the vertical one.
    pub fn titled(mut self, titles: (String, String)) -> Self {
        self.frame.set_titles(titles);
        self
    }

    /// The curve (its index) that is nearest to a position, and its step and value there; none further off than `within`.
    pub fn nearest(&self, (x, y): (f64, f64), within: f64) -> Option<(usize, u32, f64)> {
        let step = self.step_at(x);
        let found = self.plot.curves.iter().enumerate().filter_map(|(index, curve)| {
            let at = curve.steps.index_near(step, curve.values.len())?;
            let value = f64::from(*curve.values.get(at)?);
            if !value.is_finite() {
                return None;
            }
            let place =
                (self.x_of(curve.steps.at(at)), self.frame.at_y(value.clamp(self.frame.y.low, self.frame.y.high)));
            let distance = (place.1 - y).abs();
            (distance <= within && (place.0 - x).abs() <= within.max(BIN))
                .then_some((distance, (index, curve.steps.at(at), value)))
        });
        // The last lies on top: of two that are as near, it is meant.
        found.reduce(|a, b| if b.0 <= a.0 { b } else { a }).map(|(_, found)| found)
    }

    /// Where a curve leaves the plot for the first time, if it does.
    fn exit(&self, curve: &Curve) -> Option<Exit> {
        let is_above = |&(_, value): &(usize, f64)| value.is_finite() && value > self.frame.y.high;
        let mut above = curve.values.iter().map(|&value| f64::from(value)).enumerate().filter(is_above);
        let first = above.next()?;
        let (index, peak) = above.fold(first, |best, other| if other.1 > best.1 { other } else { best });
        Some(Exit { x: self.x_of(curve.steps.at(first.0)), peak, step: curve.steps.at(index) })
    }

    /// The band into which diverging curves leave: an arrow for each, with the greatest value and its step where there is room.
    fn draw_band<B: DrawingBackend>(
        &self,
        surface: &mut Surface<'_, B>,
        palette: &Palette,
        name: &str,
    ) -> DrawResult<B> {
        let ((left, right), (top, _)) = (self.frame.across(), self.frame.down());
        let upper = top - BAND;
        let corners = [(left, upper), (right, upper), (right, top), (left, top)];
        surface.area(corners, Pen { alpha: 0.09, ..Pen::new(palette.dead, 1.0) })?;
        surface.text(name, (left + 4.0, upper + LABEL / 2.0 + 2.0), LABEL, palette.dead, Anchor::Start, false)?;
        let mut taken = vec![(left, left + text_width(name, LABEL) + 8.0)];
        let mut arrows: Vec<f64> = Vec::new();
        // The focused curve is the last: its numbers go first.
        for curve in self.plot.curves.iter().rev() {
            let Some(Exit { x, peak, step }) = self.exit(curve) else { continue };
            if arrows.iter().any(|other| (other - x).abs() < ARROWS) {
                continue;
            }
            arrows.push(x);
            let pen = Pen { alpha: 1.0, ..Pen::new(curve.color, 1.6) };
            let tip = upper + LABEL + 7.0;
            surface.line((x, top), (x, tip), pen)?;
            surface.path(&[(x - 3.5, tip + 5.0), (x, tip), (x + 3.5, tip + 5.0)], pen, &[])?;
            let label = format!("{}, t = {step}", three(peak));
            let width = text_width(&label, LABEL);
            let from = (x - width / 2.0).clamp(left, (right - width).max(left));
            if taken.iter().all(|&(low, high)| from > high || from + width < low) {
                taken.push((from - 3.0, from + width + 3.0));
                surface.text(&label, (from, upper + LABEL / 2.0 + 2.0), LABEL, palette.ink, Anchor::Start, false)?;
            }
        }
        Ok(())
    }

    /// Leaves room beside the plot.
    pub(super) fn with_room(mut self, beside: f64) -> Self {
        self.frame.beside = beside;
        self
    }

    /// The step at a position.
    pub fn step_at(&self, x: f64) -> u32 {
        let position = self.frame.value_at(x).round() as u32;
        if self.plot.scales.0 == Scale::Log { position.saturating_sub(1) } else { position }
    }

    fn x_of(&self, step: u32) -> f64 {
        self.frame.at_x(position_of(step, self.plot.scales.0))
    }

    /// The points of a curve, a few pixels at a time: their mean, and the least and the greatest, so that no spike is lost.
    fn stretches(&self, curve: &Curve) -> Vec<Stretch> {
        let mut stretches = Vec::new();
        let mut stretch = Stretch::default();
        let mut bin: Option<Bin> = None;
        let y = self.frame.y;
        let is_log = self.plot.scales.1 == Scale::Log;
        let is_above = |i: usize| curve.values.get(i).is_some_and(|&value| f64::from(value) > y.high);
        for (i, &value) in curve.values.iter().enumerate() {
            let value = f64::from(value);
            // A curve leaves at the upper edge and comes back there; what lies above is no line along the edge.
            let is_outside = is_above(i) && (i == 0 || is_above(i - 1)) && is_above(i + 1);
            if !value.is_finite() || (is_log && value <= 0.0) || is_outside {
                Bin::close(&mut bin, &mut stretch);
                if !stretch.line.is_empty() {
                    stretches.push(std::mem::take(&mut stretch));
                }
                continue;
            }
            let at = (self.x_of(curve.steps.at(i)), self.frame.at_y(value.clamp(y.low, y.high)));
            let position = (at.0 / BIN).floor() as i64;
            match &mut bin {
                Some(bin) if bin.position == position => {
                    (bin.count, bin.x, bin.y) = (bin.count + 1.0, bin.x + at.0, bin.y + at.1);
                    (bin.upper, bin.lower) = (bin.upper.min(at.1), bin.lower.max(at.1));
                }
                _ => {
                    Bin::close(&mut bin, &mut stretch);
                    bin = Some(Bin { position, count: 1.0, x: at.0, y: at.1, upper: at.1, lower: at.1 });
                }
            }
        }
        Bin::close(&mut bin, &mut stretch);
        if !stretch.line.is_empty() {
            stretches.push(stretch);
        }
        stretches
    }

    /// Draws the plot.
    pub fn draw<B: DrawingBackend>(&self, backend: &mut B, palette: &Palette) -> DrawResult<B> {
        let mut surface = Surface::new(backend, palette);
        self.draw_on(&mut surface, palette)?;
        surface.finish()
    }

    pub(super) fn draw_on<B: DrawingBackend>(&self, surface: &mut Surface<'_, B>, palette: &Palette) -> DrawResult<B> {
        self.frame.draw(surface, palette)?;
        if let Some(name) = &self.plot.diverged {
            self.draw_band(surface, palette, name)?;
        }
        let (top, bottom) = self.frame.down();
        // From left to right.
        let mut deaths: Vec<(f64, (u8, u8, u8))> = Vec::new();
        for curve in &self.plot.curves {
            let pen = Pen { color: curve.color, alpha: curve.alpha, width: curve.width };
            for stretch in self.stretches(curve) {
                if let [only] = stretch.line[..] {
                    surface.marker(0, only, curve.width, pen, true)?;
                }
                if stretch.is_binned && curve.range > 0.0 {
                    let around = stretch.upper.iter().chain(stretch.lower.iter().rev()).copied();
                    surface.area(around, Pen { alpha: curve.alpha * curve.range, ..pen })?;
                }
                surface.path(&stretch.line, pen, dash(curve.slot))?;
            }
            if let Some(step) = curve.death {
                let x = self.x_of(step);
                let position = deaths.partition_point(|death| death.0 <= x);
                deaths.insert(position, (x, curve.color));
            }
        }
        // Crosses stand at the upper edge, where a dying run's loss goes; two at one step stand one under the other.
        let mut row = 0;
        for (i, &(x, color)) in deaths.iter().enumerate() {
            row = if i > 0 && x - deaths[i - 1].0 < 8.0 { row + 1 } else { 0 };
            surface.cross((x, top + 2.0 + f64::from(row) * 11.0), 4.5, Pen::new(color, 2.0))?;
        }
        if let Some(cursor) = self.plot.cursor {
            let x = self.x_of(cursor.min(self.plot.steps.saturating_sub(1)));
            surface.path(&[(x, top), (x, bottom)], Pen::new(palette.ink, 1.0), &[2.0, 3.0])?;
        }
        Ok(())
    }
}

/// On a logarithmic axis the position of a step is step + 1: a logarithm has no position for step 0.
fn position_of(step: u32, scale: Scale) -> f64 {
    f64::from(step) + if scale == Scale::Log { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::SUBPIXELS;
    use plotters_svg::SVGBackend;

    fn curve(values: Vec<f32>) -> Curve {
        Curve {
            values,
            steps: Steps::Every(1),
            color: (1, 2, 3),
            slot: 0,
            width: 1.0,
            alpha: 1.0,
            range: 0.2,
            death: None,
        }
    }

    fn plot(curves: Vec<Curve>) -> LinePlot {
        let steps = curves.iter().map(|c| c.values.len() as u32).max().unwrap_or(1);
        let scales = (Scale::Log, Scale::Log);
        LinePlot {
            curves,
            steps,
            cursor: Some(1),
            include: None,
            most_above_median: 1e6,
            least_top: 0.0,
            scales,
            diverged: None,
        }
    }

    #[test]
    fn thinning_keeps_each_spike() {
        let mut values = vec![1.0f32; 50_000];
        values[40_321] = 900.0;
        let layout = LineLayout::new(Size { width: 400.0, height: 200.0 }, plot(vec![curve(values)]));
        let stretches = layout.stretches(&layout.plot.curves[0]);
        let [stretch] = &stretches[..] else { panic!("one stretch") };
        assert!(stretch.line.len() <= 400, "{} points", stretch.line.len());
        let top = stretch.upper.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        assert!((top - layout.frame.at_y(900.0)).abs() < 1e-6);
        let mean = stretch.line.iter().map(|p| p.1).fold(f64::INFINITY, f64::min);
        assert!(mean > layout.frame.at_y(2.0), "one spike among many is no level");
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
    fn the_pointer_finds_its_step_on_both_scales() {
        for scale in [Scale::Log, Scale::Linear] {
            let plot = LinePlot { scales: (scale, Scale::Log), ..plot(vec![curve(vec![1.0; 600])]) };
            let layout = LineLayout::new(Size { width: 400.0, height: 200.0 }, plot);
            for step in [0, 1, 10, 599] {
                assert_eq!(layout.step_at(layout.x_of(step)), step);
            }
        }
    }

    #[test]
    fn a_run_that_blows_up_does_not_squash_the_rest() {
        for scale in [Scale::Log, Scale::Linear] {
            let mut values = vec![1.0f32; 600];
            values.extend([1e30; 3]);
            let plot = LinePlot { scales: (Scale::Log, scale), most_above_median: 60.0, ..plot(vec![curve(values)]) };
            let layout = LineLayout::new(Size { width: 400.0, height: 200.0 }, plot);
            let (top, bottom) = layout.frame.down();
            let height = (bottom - layout.frame.at_y(1.0)) / (bottom - top);
            assert!(layout.frame.y.high < 100.0 && height < 0.9, "{height}");
        }
    }

    #[test]
    fn a_curve_that_leaves_says_how_far_it_went() {
        let mut values = vec![1.0f32; 100];
        values.extend([1e3, 1.8e16, 40.0]);
        let plot = LinePlot { most_above_median: 60.0, diverged: Some("gone".into()), ..plot(vec![curve(values)]) };
        let size = Size { width: 400.0, height: 200.0 };
        let layout = LineLayout::new(size, plot);
        let exit = layout.exit(&layout.plot.curves[0]).expect("it leaves");
        assert_eq!((exit.step, exit.peak as f32, exit.x), (101, 1.8e16, layout.x_of(100)));
        let mut text = String::new();
        let units = ((size.width * SUBPIXELS) as u32, (size.height * SUBPIXELS) as u32);
        layout.draw(&mut SVGBackend::with_string(&mut text, units), &Palette::LIGHT).expect("drawn");
        assert!(text.contains("gone") && text.contains("1.8e16, t = 101"), "{text}");
    }

    #[test]
    fn the_pointer_finds_the_curve_that_it_is_on() {
        let curves = vec![curve(vec![1.0; 100]), curve(vec![10.0; 100])];
        let layout = LineLayout::new(Size { width: 400.0, height: 200.0 }, plot(curves));
        for (index, value) in [(0, 1.0), (1, 10.0)] {
            let at = (layout.x_of(40), layout.frame.at_y(value) + 2.0);
            assert_eq!(layout.nearest(at, 8.0), Some((index, 40, value)));
        }
        let between = layout.frame.at_y(3.0);
        assert_eq!(layout.nearest((layout.x_of(40), between), 8.0), None);
    }

    #[test]
    fn values_at_uneven_steps_lie_where_they_were_taken() {
        let layout = LineLayout::new(Size { width: 400.0, height: 200.0 }, plot(vec![curve(vec![1.0; 100])]));
        let uneven = Curve { steps: Steps::At(vec![0, 40, 99]), ..curve(vec![1.05, 1.0, 0.95]) };
        let positions: Vec<f64> = layout.stretches(&uneven)[0].line.iter().map(|point| point.0).collect();
        assert_eq!(positions, [0, 40, 99].map(|step| layout.x_of(step)));
    }
}
