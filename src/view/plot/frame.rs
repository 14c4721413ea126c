//! A frame with two axes, each logarithmic or linear.

use plotters_backend::DrawingBackend;

use super::surface::{Anchor, DrawResult, Palette, Pen, Surface, text_width};

/// A plot's size in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// Left to right.
    pub width: f64,
    /// Top to bottom.
    pub height: f64,
}

/// The size of labels at the axes.
pub(super) const LABEL: f64 = 12.0;
const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const BOTTOM: f64 = 22.0;
/// The room for an axis's title.
pub(super) const TITLE: f64 = 15.0;
/// The least distance between two labels of one axis.
const LABEL_GAP: f64 = 14.0;
/// The least number of labels that an axis should have; one alone gives no scale.
const ENOUGH_TICKS: usize = 2;
/// The least room for a label of the horizontal and of the vertical axis.
const TICK_ROOM: (f64, f64) = (60.0, 28.0);

/// How values spread over an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Scale {
    /// By their logarithm.
    #[default]
    Log,
    /// As they are.
    Linear,
}

/// One axis: its range, wide enough to be seen, and its scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Axis {
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
    scale: Scale,
    /// The ends on a logarithmic scale: taken once, not once a point.
    logarithms: (f64, f64),
}

impl Axis {
    /// An axis over a range; one that is empty, or that the scale has no position for, is widened.
    pub fn new((low, high): (f64, f64), scale: Scale) -> Self {
        let low = match scale {
            Scale::Log if !(low.is_finite() && low > 0.0) => 1e-3,
            Scale::Linear if !low.is_finite() => 0.0,
            _ => low,
        };
        let least = match scale {
            Scale::Log => low * 1.01,
            Scale::Linear => low + low.abs().max(1e-9) * 0.01,
        };
        let widened = if scale == Scale::Log { low * 10.0 } else { low + low.abs().max(1.0) };
        let high = if high.is_finite() && high > least { high } else { widened };
        Self { low, high, scale, logarithms: (libm::log(low), libm::log(high)) }
    }

    /// Where a value lies, as a fraction of the axis.
    fn fraction(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Log => (libm::log(value) - self.logarithms.0) / (self.logarithms.1 - self.logarithms.0),
            Scale::Linear => (value - self.low) / (self.high - self.low),
        }
    }

    /// The value at a fraction of the axis.
    fn value(&self, fraction: f64) -> f64 {
        let fraction = fraction.clamp(0.0, 1.0);
        match self.scale {
            Scale::Log => libm::exp(self.logarithms.0 + fraction * (self.logarithms.1 - self.logarithms.0)),
            Scale::Linear => self.low + fraction * (self.high - self.low),
        }
    }

    fn ticks(&self, wanted: usize) -> Vec<(f64, String)> {
        match self.scale {
            Scale::Log => log_ticks(self.low, self.high, wanted),
            Scale::Linear => linear_ticks(self.low, self.high, wanted),
        }
    }
}

/// A frame with two axes: where values lie, and what the axes say.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// The whole plot's size.
    pub size: Size,
    /// The horizontal axis.
    pub x: Axis,
    /// The vertical axis.
    pub y: Axis,
    /// The room above the upper edge, for crosses and titles.
    pub top: f64,
    /// The room beside the right edge, for a histogram and labels.
    pub beside: f64,
    /// What the horizontal and the vertical axis are titled.
    titles: Option<(String, String)>,
    /// Whether the horizontal axis counts steps from 0, which lie one further on a logarithmic scale.
    pub counts_steps: bool,
}

impl Frame {
    /// A frame over two axes.
    pub fn new(size: Size, x: Axis, y: Axis, top: f64) -> Self {
        Self { size, x, y, top, beside: 0.0, titles: None, counts_steps: false }
    }

    /// Titles the axes: the horizontal and the vertical one.
    pub(super) fn set_titles(&mut self, titles: (String, String)) {
        self.titles = Some(titles);
        self.top += TITLE;
    }

    /// The left and right edge.
    pub fn across(&self) -> (f64, f64) {
        (LEFT, (self.size.width - RIGHT - self.beside).max(LEFT + 1.0))
    }

    /// The upper and lower edge.
    pub fn down(&self) -> (f64, f64) {
        let below = BOTTOM + if self.titles.is_some() { TITLE } else { 0.0 };
        (self.top, (self.size.height - below).max(self.top + 1.0))
    }

    /// Where a value of the horizontal axis lies.
    pub fn at_x(&self, value: f64) -> f64 {
        let (left, right) = self.across();
        left + self.x.fraction(value) * (right - left)
    }

    /// Where a value of the vertical axis lies.
    pub fn at_y(&self, value: f64) -> f64 {
        let (top, bottom) = self.down();
        bottom - self.y.fraction(value) * (bottom - top)
    }

    /// The value of the horizontal axis at a position.
    pub fn value_at(&self, x: f64) -> f64 {
        let (left, right) = self.across();
        self.x.value((x - left) / (right - left))
    }

    /// The value of the vertical axis at a position.
    pub fn value_down(&self, y: f64) -> f64 {
        let (top, bottom) = self.down();
        self.y.value((bottom - y) / (bottom - top))
    }

    /// The round values of the horizontal axis, where each lies on it, and its label.
    fn ticks_across(&self, wanted: usize) -> Vec<(f64, String)> {
        if !(self.counts_steps && self.x.scale == Scale::Log) {
            return self.x.ticks(wanted);
        }
        // Step 0 lies at 1, step 10 at 11: a logarithm has no place for 0.
        let steps = log_ticks(1.0, (self.x.high - 1.0).max(2.0), wanted.saturating_sub(1));
        let shifted = steps.into_iter().map(|(step, label)| (step + 1.0, label));
        [(1.0, "0".to_owned())].into_iter().chain(shifted).filter(|tick| tick.0 <= self.x.high * 1.001).collect()
    }

    pub(super) fn draw<B: DrawingBackend>(&self, surface: &mut Surface<'_, B>, palette: &Palette) -> DrawResult<B> {
        let (left, right) = self.across();
        let (top, bottom) = self.down();
        let pen = Pen::new(palette.line, 1.0);
        let mut free = f64::NEG_INFINITY;
        for (tick, label) in self.ticks_across(((right - left) / TICK_ROOM.0) as usize) {
            let x = self.at_x(tick);
            surface.line((x, top), (x, bottom), pen)?;
            let half = text_width(&label, LABEL) / 2.0;
            if x - half > free {
                let at = (x.min(self.size.width - half), bottom + LABEL);
                surface.text(&label, at, LABEL, palette.soft, Anchor::Middle, false)?;
                free = x + half + LABEL / 2.0;
            }
        }
        let mut free = f64::INFINITY;
        for (tick, label) in self.y.ticks(((bottom - top) / TICK_ROOM.1) as usize) {
            let y = self.at_y(tick);
            surface.line((left, y), (right, y), pen)?;
            if y < free {
                surface.text(&label, (left - 6.0, y), LABEL, palette.soft, Anchor::End, false)?;
                free = y - LABEL_GAP;
            }
        }
        if let Some((across, down)) = &self.titles {
            let (below, above) = ((right, self.size.height - TITLE / 2.0), (2.0, TITLE / 2.0 + 1.0));
            surface.text(across, below, LABEL, palette.soft, Anchor::End, false)?;
            surface.text(down, above, LABEL, palette.soft, Anchor::Start, false)?;
        }
        Ok(())
    }
}

/// Round values from `low` to `high`, at even distances of 1, 2 or 5 times a power of ten.
pub fn linear_ticks(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    if !(low.is_finite() && high.is_finite() && low < high) {
        return Vec::new();
    }
    let rough = (high - low) / wanted.max(ENOUGH_TICKS) as f64;
    let power = libm::pow(10.0, libm::log10(rough).floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|step| *step >= rough).unwrap_or(power);
    let (first, last) = ((low / step).ceil() as i64, (high / step).floor() as i64);
    (first..=last)
        .map(|i| {
            let tick = i as f64 * step;
            (tick, super::super::number::short(tick))
        })
        .collect()
}

/// The steps within a decade, from coarse to fine.
const STEPS: [&[f64]; 5] = [
    &[1.0],
    &[1.0, 3.0],
    &[1.0, 1.5, 2.0, 3.0, 5.0, 7.0],
    &[1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0],
    &[
        1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7, 1.8, 1.9, 2.0, 2.2, 2.4, 2.6, 2.8, 3.0, 3.2, 3.4, 3.6, 3.8, 4.0, 4.2,
        4.4, 4.6, 4.8, 5.0, 5.5, 6.0, 6.5, 7.0, 7.5, 8.0, 8.5, 9.0, 9.5,
    ],
];

/// Round values from `low` to `high`, about `wanted` of them at most, each with its label.
pub fn log_ticks(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    // As long as the range is positive and finite the number of decades is at most 617.
    let within = |steps: &[f64], every: i32| -> Vec<f64> {
        let (first, last) = (libm::log10(low).floor() as i32, libm::log10(high).ceil() as i32);
        (first..=last)
            .filter(|decade| decade.rem_euclid(every) == 0)
            .flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)))
            .filter(|tick| (low * 0.999..=high * 1.001).contains(tick))
            .collect()
    };
    if !(low > 0.0 && high.is_finite() && low < high) {
        return Vec::new();
    }
    let wanted = wanted.max(ENOUGH_TICKS);
    let mut ticks = within(STEPS[0], 1);
    if ticks.len() > wanted {
        let every = ticks.len().div_ceil(wanted) as i32;
        ticks = within(STEPS[0], every);
    } else {
        for steps in &STEPS[1..] {
            let finer = within(steps, 1);
            if finer.len() > wanted && ticks.len() >= ENOUGH_TICKS {
                break;
            }
            ticks = finer;
            if ticks.len() >= wanted {
                break;
            }
        }
    }
    ticks.into_iter().map(|tick| (tick, super::super::number::short(tick))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(low: f64, high: f64, wanted: usize) -> Vec<String> {
        log_ticks(low, high, wanted).into_iter().map(|(_, label)| label).collect()
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(labels(0.0009, 0.3, 8), ["0.001", "0.003", "0.01", "0.03", "0.1", "0.3"]);
        assert_eq!(labels(0.5, 2.2, 6), ["0.5", "0.7", "1", "1.5", "2"]);
        assert_eq!(labels(0.55, 0.9, 6), ["0.6", "0.7", "0.8", "0.9"]);
        assert_eq!(labels(1.0, 1e12, 5), ["1", "1000", "1e6", "1e9", "1e12"]);
        assert!(labels(0.0, 1.0, 5).is_empty() && labels(f64::NAN, 1.0, 5).is_empty());
    }

    #[test]
    fn linear_ticks_are_round_and_few() {
        let labels = |low, high, wanted| -> Vec<String> {
            linear_ticks(low, high, wanted).into_iter().map(|(_, label)| label).collect()
        };
        assert_eq!(labels(0.0, 799.0, 8), ["0", "100", "200", "300", "400", "500", "600", "700"]);
        assert_eq!(labels(0.31, 0.92, 4), ["0.4", "0.6", "0.8"]);
        assert!(labels(1.0, 1.0, 4).is_empty() && labels(f64::NAN, 1.0, 4).is_empty());
    }

    #[test]
    fn a_place_gives_back_its_value() {
        let (x, y) = (Axis::new((1.0, 800.0), Scale::Log), Axis::new((0.1, 100.0), Scale::Log));
        let frame = Frame::new(Size { width: 600.0, height: 200.0 }, x, y, 8.0);
        let linear = Frame { x: Axis::new((0.0, 799.0), Scale::Linear), ..frame.clone() };
        for value in [1.0, 7.0, 120.0, 799.0] {
            assert!((frame.value_at(frame.at_x(value)) / value - 1.0).abs() < 1e-9);
            assert!((linear.value_at(linear.at_x(value)) / value - 1.0).abs() < 1e-9);
        }
        assert!((linear.at_x(399.5) * 2.0 - linear.at_x(0.0) - linear.at_x(799.0)).abs() < 1e-9);
        assert!((frame.value_down(frame.at_y(3.0)) / 3.0 - 1.0).abs() < 1e-9);
        assert!((frame.value_at(-50.0) - 1.0).abs() < 1e-9, "outside: the nearest edge");
    }

    #[test]
    fn a_range_of_nothing_is_widened() {
        for scale in [Scale::Log, Scale::Linear] {
            let (x, y) = (Axis::new((0.0, f64::NAN), scale), Axis::new((2.0, 2.0), scale));
            let frame = Frame::new(Size { width: 0.0, height: 0.0 }, x, y, 8.0);
            assert!(frame.at_x(1.0).is_finite() && frame.at_y(1.0).is_finite());
        }
    }
}
