//! The gradient norm against the step, its histogram on the same axis, the 90th percentile and the clip threshold.

use plotters_backend::DrawingBackend;

use super::frame::LABEL;
use super::surface::{Anchor, DrawResult, Palette, Pen, Surface, text_width};
use super::{LineLayout, LinePlot, Size};
use brink_lab::diagnose::LogHistogram;

/// A horizontal line with what it says beside it.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// Where it lies.
    pub value: f64,
    /// What it says; each line of at most a dozen letters.
    pub lines: Vec<String>,
}

/// What the plot of gradient norms shows.
#[derive(Clone, Debug, PartialEq)]
pub struct NormPlot {
    /// The curves.
    pub line: LinePlot,
    /// The norms of the focused run.
    pub histogram: Option<LogHistogram>,
    /// The focused variant's slot, which gives the colour.
    pub slot: usize,
    /// The 90th percentile of the focused run's norms.
    pub percentile: Option<Mark>,
    /// The clip threshold, or the one that is being dragged.
    pub threshold: Option<Mark>,
    /// Whether the threshold is only being tried.
    pub is_tried: bool,
}

/// The room for the bars, as a fraction of the plot's width and in CSS pixels.
const BARS: (f64, f64, f64) = (0.14, 34.0, 110.0);
/// Between the strip, the bars and the labels.
const GAP: f64 = 8.0;
/// The room for the threshold's grip, between bars and labels.
const GRIP: f64 = 22.0;
/// The letters that a label has room for at least, and the steps in which it takes more: the plot must not move with each
/// digit while a threshold is dragged.
const LETTERS: &str = "λ 0.00123";
const ROOM_STEP: f64 = 24.0;

/// The plot of gradient norms, laid out.
#[derive(Clone, Debug)]
pub struct NormLayout {
    strip: LineLayout,
    plot: NormPlot,
    bars: f64,
}

impl NormLayout {
    /// Lays the plot out.
    pub fn new(size: Size, plot: NormPlot) -> Self {
        let bars = (size.width * BARS.0).clamp(BARS.1, BARS.2);
        let lines = plot.threshold.iter().chain(&plot.percentile).flat_map(|mark| &mark.lines);
        let widest = lines.map(|line| text_width(line, LABEL)).fold(text_width(LETTERS, LABEL), f64::max);
        let beside = GAP + bars + GRIP + (widest / ROOM_STEP).ceil() * ROOM_STEP;
        let strip = LineLayout::new(size, plot.line.clone()).with_room(beside);
        Self { strip, plot, bars }
    }

    /// With the axes titled: the horizontal and the vertical one.
    pub fn titled(mut self, titles: (String, String)) -> Self {
        self.strip = self.strip.titled(titles);
        self
    }

    /// The step at a position.
    pub fn step_at(&self, x: f64) -> u32 {
        self.strip.step_at(x)
    }

    /// The norm at a position.
    pub fn value_at(&self, y: f64) -> f64 {
        self.strip.frame.value_down(y)
    }

    /// Where a norm lies; at the edge, for one outside the axis.
    pub fn position_of(&self, value: f64) -> f64 {
        let frame = &self.strip.frame;
        frame.at_y(value.clamp(frame.y.low, frame.y.high))
    }

    /// The least and the greatest norm of the axis.
    pub fn range(&self) -> (f64, f64) {
        (self.strip.frame.y.low, self.strip.frame.y.high)
    }

    /// The upper and lower edge, and the middle of the room that is left for the threshold's grip.
    pub fn grip(&self) -> ((f64, f64), f64) {
        (self.strip.frame.down(), self.bars_from() + self.bars + GRIP / 2.0)
    }

    fn bars_from(&self) -> f64 {
        self.strip.frame.across().1 + GAP
    }

    /// Draws the plot.
    pub fn draw<B: DrawingBackend>(&self, backend: &mut B, palette: &Palette) -> DrawResult<B> {
        let mut surface = Surface::new(backend, palette);
        self.draw_on(&mut surface, palette)?;
        surface.finish()
    }

    fn draw_on<B: DrawingBackend>(&self, surface: &mut Surface<'_, B>, palette: &Palette) -> DrawResult<B> {
        self.strip.draw_on(surface, palette)?;
        let frame = &self.strip.frame;
        let ((top, bottom), from) = (frame.down(), self.bars_from());
        let color = palette.variant(self.plot.slot);
        surface.line((from, top), (from, bottom), Pen::new(palette.soft, 1.0))?;
        if let Some(histogram) = &self.plot.histogram {
            let most = histogram.counts.iter().copied().max().unwrap_or(0).max(1) as f64;
            for (index, &count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                let (low, high) = histogram.edges(index);
                let (upper, lower) = (self.position_of(high), self.position_of(low));
                let length = (self.bars * count as f64 / most).max(1.0);
                // A gap between bars, as far as there is room for one.
                let gap = ((lower - upper) / 4.0).min(1.0);
                let corners =
                    [(from, upper + gap), (from + length, upper + gap), (from + length, lower), (from, lower)];
                surface.area(corners, Pen { alpha: 0.55, ..Pen::new(color, 1.0) })?;
            }
        }
        let (left, right) = (frame.across().0, from + self.bars);
        let label = right + GRIP;
        let threshold = self.plot.threshold.as_ref().map(|mark| self.position_of(mark.value));
        if let Some(mark) = &self.plot.percentile {
            let y = self.position_of(mark.value);
            surface.path(&[(from, y), (right, y)], Pen::new(palette.soft, 1.4), &[2.0, 2.0])?;
            // The threshold often lies there too: its label goes first.
            let at = match threshold {
                Some(other) if (y - other).abs() < self.height(self.plot.threshold.as_ref()) => {
                    let below = other + self.height(self.plot.threshold.as_ref());
                    if below > bottom { other - LABEL - 3.0 } else { below }
                }
                _ => y,
            };
            self.label(surface, mark, (label, at), palette.soft, false)?;
        }
        if let (Some(mark), Some(y)) = (&self.plot.threshold, threshold) {
            let dash: &[f64] = if self.plot.is_tried { &[3.0, 3.0] } else { &[8.0, 3.0] };
            surface.path(&[(left, y), (right + GRIP, y)], Pen::new(palette.ink, 1.8), dash)?;
            self.label(surface, mark, (label, y), palette.ink, true)?;
        }
        Ok(())
    }

    fn height(&self, mark: Option<&Mark>) -> f64 {
        mark.map_or(0.0, |mark| mark.lines.len() as f64 * (LABEL + 2.0)) + 1.0
    }

    fn label<B: DrawingBackend>(
        &self,
        surface: &mut Surface<'_, B>,
        mark: &Mark,
        (x, y): (f64, f64),
        color: (u8, u8, u8),
        bold: bool,
    ) -> DrawResult<B> {
        for (index, line) in mark.lines.iter().enumerate() {
            let y = y + index as f64 * (LABEL + 2.0);
            surface.text(line, (x, y), LABEL, color, Anchor::Start, bold && index == 0)?;
        }
        Ok(())
    }
}
