//! A backend with a pen: the few shapes that the plots are made of.

use brink_engine::number::shortest;
use std::convert::Infallible;

use plotters_backend::text_anchor::{HPos, Pos, VPos};
use plotters_backend::{
    BackendColor, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontFamily, FontStyle,
};

use super::SUBPIXELS;
use crate::text::DecimalMark;

/// The colours of a theme, as far as plots need them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Text and strong lines.
    pub ink: (u8, u8, u8),
    /// Labels.
    pub soft: (u8, u8, u8),
    /// Grid lines.
    pub line: (u8, u8, u8),
    /// What lies under the plot.
    pub card: (u8, u8, u8),
    /// Infeasible and dead runs.
    pub dead: (u8, u8, u8),
    /// Variants, in the order in which they are born; after the last it starts again with another dash. All are cool: warm colours
    /// are learning rates.
    pub variants: [(u8, u8, u8); 6],
    /// Whether light lines stand on a dark ground.
    pub dark: bool,
    /// How large letters, lines and markers are: 1, or more where they are seen from afar.
    pub scale: f64,
    /// How the numbers among its letters are written.
    pub decimal: DecimalMark,
}

impl Palette {
    /// Dark lines on a light ground.
    pub const LIGHT: Self = Self {
        ink: (0x1d, 0x22, 0x29),
        soft: (0x5f, 0x67, 0x72),
        line: (0xe4, 0xe1, 0xd9),
        card: (0xff, 0xff, 0xff),
        dead: (0xb3, 0x26, 0x1e),
        variants: [
            (0x0b, 0x5f, 0xa5),
            (0x1f, 0x7a, 0x34),
            (0x4d, 0x58, 0x66),
            (0x00, 0x7f, 0x8a),
            (0x5d, 0x6b, 0x00),
            (0x39, 0x49, 0xab),
        ],
        dark: false,
        scale: 1.0,
        decimal: DecimalMark::Point,
    };
    /// Light lines on a dark ground.
    pub const DARK: Self = Self {
        ink: (0xe8, 0xe6, 0xe1),
        soft: (0x9a, 0xa3, 0xaf),
        line: (0x2c, 0x31, 0x3a),
        card: (0x1b, 0x1e, 0x24),
        dead: (0xff, 0x8a, 0x80),
        variants: [
            (0x6d, 0xb3, 0xf2),
            (0x6f, 0xcf, 0x86),
            (0xb4, 0xbe, 0xca),
            (0x5c, 0xd0, 0xdb),
            (0xb9, 0xc6, 0x55),
            (0x9f, 0xa8, 0xf0),
        ],
        dark: true,
        scale: 1.0,
        decimal: DecimalMark::Point,
    };
    /// For a projector in a room that is not dark: large, thick, and as dark as colours can be on white.
    pub const PROJECTOR: Self = Self {
        ink: (0x00, 0x00, 0x00),
        soft: (0x1a, 0x1a, 0x1a),
        line: (0xc4, 0xc4, 0xc4),
        card: (0xff, 0xff, 0xff),
        dead: (0x9c, 0x00, 0x10),
        variants: [
            (0x00, 0x3c, 0xa8),
            (0x00, 0x5c, 0x20),
            (0x33, 0x3b, 0x46),
            (0x00, 0x59, 0x66),
            (0x46, 0x50, 0x00),
            (0x2a, 0x2f, 0x9a),
        ],
        dark: false,
        scale: 2.7,
        decimal: DecimalMark::Point,
    };

    /// The colour of a variant's slot.
    pub fn variant(&self, slot: usize) -> (u8, u8, u8) {
        self.variants[slot % self.variants.len()]
    }
}

/// Dashes by variant slot, in CSS pixels, on and off by turns; the first is a whole line. Six dashes and four markers distinguish
/// [`super::VARIANT_STYLES`] variants apart without colour.
const DASHES: [&[f64]; 6] = [&[], &[7.0, 4.0], &[2.0, 3.0], &[9.0, 3.0, 2.0, 3.0], &[12.0, 4.0], &[4.0, 2.0]];

/// Anchors of a ramp from low learning rates (dark violet) to high ones (amber), ordered in lightness too. All are warm: cool
/// colours are variants.
const RATE_RAMP: [(u8, u8, u8); 8] = [
    (0x4b, 0x1d, 0x6b),
    (0x74, 0x1f, 0x80),
    (0x9a, 0x22, 0x80),
    (0xb9, 0x2b, 0x6b),
    (0xcf, 0x3a, 0x4c),
    (0xd4, 0x54, 0x25),
    (0xc8, 0x6a, 0x0c),
    (0xb5, 0x7d, 0x00),
];

/// The colour of run `index` of `count`, from dark (low learning rates) to bright (high ones).
pub fn rate_color(index: usize, count: usize, palette: &Palette) -> (u8, u8, u8) {
    let position = if count < 2 { 0.5 } else { index as f64 / (count - 1) as f64 } * (RATE_RAMP.len() - 1) as f64;
    let low = (position.floor() as usize).min(RATE_RAMP.len() - 2);
    let fraction = position - low as f64;
    let mix = |a: u8, b: u8| {
        let value = f64::from(a) * (1.0 - fraction) + f64::from(b) * fraction;
        // On a dark ground the same hues, a third of the way to white.
        (if palette.dark { value + (255.0 - value) * 0.36 } else { value }) as u8
    };
    let (a, b) = (RATE_RAMP[low], RATE_RAMP[low + 1]);
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

/// The dash of a variant's slot. Where colours begin again, dashes are one further.
pub(super) fn dash(slot: usize) -> &'static [f64] {
    DASHES[(slot + slot / DASHES.len()) % DASHES.len()]
}

/// The dash of a variant's slot as SVG writes it; empty for a whole line.
pub fn dash_text(slot: usize) -> String {
    dash(slot).iter().map(|length| shortest(*length)).collect::<Vec<_>>().join(" ")
}

/// A line's colour and width.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    /// Red, green and blue.
    pub color: (u8, u8, u8),
    /// From 0 (unseen) to 1.
    pub alpha: f64,
    /// In CSS pixels.
    pub width: f64,
}

impl Pen {
    pub(super) fn new(color: (u8, u8, u8), width: f64) -> Self {
        Self { color, alpha: 1.0, width }
    }
}

impl BackendStyle for Pen {
    fn color(&self) -> BackendColor {
        BackendColor { alpha: self.alpha, rgb: self.color }
    }
    fn stroke_width(&self) -> u32 {
        (self.width * SUBPIXELS).round().max(1.0) as u32
    }
}

/// plotters gives text sizes as line heights; its backends divide by this to get the font's size.
const LINE_HEIGHT: f64 = 1.24;
/// The width of a letter, as a fraction of the font's size, that collisions of labels are judged by: a wide font's, in bold.
const LETTER_WIDTH: f64 = 0.64;

struct Letters {
    color: (u8, u8, u8),
    size: f64,
    anchor: Pos,
    bold: bool,
}

impl BackendTextStyle for Letters {
    type FontError = Infallible;

    fn color(&self) -> BackendColor {
        BackendColor { alpha: 1.0, rgb: self.color }
    }
    fn size(&self) -> f64 {
        self.size * SUBPIXELS * LINE_HEIGHT
    }
    fn style(&self) -> FontStyle {
        if self.bold { FontStyle::Bold } else { FontStyle::Normal }
    }
    fn anchor(&self) -> Pos {
        self.anchor
    }
    fn family(&self) -> FontFamily<'_> {
        FontFamily::SansSerif
    }
    fn layout_box(&self, text: &str) -> Result<((i32, i32), (i32, i32)), Infallible> {
        let width = text.chars().count() as f64 * self.size * LETTER_WIDTH * SUBPIXELS;
        Ok(((0, 0), (width as i32, (self.size * SUBPIXELS) as i32)))
    }
    fn draw<E, D: FnMut(i32, i32, BackendColor) -> Result<(), E>>(
        &self,
        _text: &str,
        _pos: (i32, i32),
        _draw: D,
    ) -> Result<Result<(), E>, Infallible> {
        // For backends that have no fonts and ask for pixels; SVG and canvas draw text themselves.
        Ok(Ok(()))
    }
}

/// Where text stands relative to its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// The text begins at the point.
    Start,
    /// The text is centred on the point.
    Middle,
    /// The text ends at the point.
    End,
}

/// The markers that distinguish variants, by slot.
const MARKERS: usize = 4;

/// A backend with a pen, in CSS pixels. Points and lengths outside any sensible range are drawn where they fall; NaN is not drawn.
pub struct Surface<'a, B: DrawingBackend> {
    backend: &'a mut B,
    decimal: DecimalMark,
}

/// What drawing on a backend can end with.
pub type DrawResult<B> = Result<(), DrawingErrorKind<<B as DrawingBackend>::ErrorType>>;

fn unit(point: (f64, f64)) -> (i32, i32) {
    ((point.0 * SUBPIXELS).round() as i32, (point.1 * SUBPIXELS).round() as i32)
}

impl<'a, B: DrawingBackend> Surface<'a, B> {
    /// A surface over a backend whose size is [`SUBPIXELS`] times the plot's.
    pub fn new(backend: &'a mut B, palette: &Palette) -> Self {
        Self { backend, decimal: palette.decimal }
    }

    pub(super) fn finish(self) -> DrawResult<B> {
        self.backend.present()
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), pen: Pen) -> DrawResult<B> {
        self.backend.draw_path([unit(from), unit(to)], &pen)
    }

    /// A line through points, dashed where `dash` (lengths on and off by turns) is not empty.
    pub(super) fn path(&mut self, points: &[(f64, f64)], pen: Pen, dash: &[f64]) -> DrawResult<B> {
        if points.len() < 2 {
            return Ok(());
        }
        if dash.is_empty() {
            return self.backend.draw_path(points.iter().map(|&p| unit(p)), &pen);
        }
        let (mut phase, mut left) = (0, dash[0]);
        let mut piece = vec![points[0]];
        for pair in points.windows(2) {
            let (mut from, to) = (pair[0], pair[1]);
            loop {
                let length = (to.0 - from.0).hypot(to.1 - from.1);
                if length <= left {
                    left -= length;
                    piece.push(to);
                    break;
                }
                let fraction = left / length;
                from = (from.0 + (to.0 - from.0) * fraction, from.1 + (to.1 - from.1) * fraction);
                piece.push(from);
                if phase % 2 == 0 {
                    self.backend.draw_path(piece.iter().map(|&p| unit(p)), &pen)?;
                }
                phase += 1;
                left = dash[phase % dash.len()];
                piece.clear();
                piece.push(from);
            }
        }
        if phase % 2 == 0 && piece.len() > 1 {
            self.backend.draw_path(piece.iter().map(|&p| unit(p)), &pen)?;
        }
        Ok(())
    }

    /// A filled area.
    pub(super) fn area(&mut self, corners: impl IntoIterator<Item = (f64, f64)>, pen: Pen) -> DrawResult<B> {
        self.backend.fill_polygon(corners.into_iter().map(unit), &pen)
    }

    pub(super) fn text(
        &mut self,
        text: &str,
        at: (f64, f64),
        size: f64,
        color: (u8, u8, u8),
        anchor: Anchor,
        bold: bool,
    ) -> DrawResult<B> {
        let h_pos = match anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let style = Letters { color, size, anchor: Pos::new(h_pos, VPos::Center), bold };
        self.backend.draw_text(&self.decimal.of(text.to_owned()), &style, unit(at))
    }

    /// A cross: an infeasible or dead run.
    pub(super) fn cross(&mut self, (x, y): (f64, f64), radius: f64, pen: Pen) -> DrawResult<B> {
        self.line((x - radius, y - radius), (x + radius, y + radius), pen)?;
        self.line((x - radius, y + radius), (x + radius, y - radius), pen)
    }

    /// A five-pointed star: lr*.
    pub(super) fn star(&mut self, (x, y): (f64, f64), radius: f64, color: (u8, u8, u8)) -> DrawResult<B> {
        let points = (0..10).map(|i| {
            let r = if i % 2 == 0 { radius } else { radius * 0.44 };
            let angle = std::f64::consts::PI * (f64::from(i) / 5.0 - 0.5);
            unit((x + r * libm::cos(angle), y + r * libm::sin(angle)))
        });
        self.backend.fill_polygon(points, &Pen::new(color, 1.0))
    }

    /// A variant's marker, filled once its run has ended.
    pub(super) fn marker(&mut self, slot: usize, (x, y): (f64, f64), r: f64, pen: Pen, filled: bool) -> DrawResult<B> {
        let corners: &[(f64, f64)] = match slot % MARKERS {
            0 => {
                let radius = (r * SUBPIXELS).round().max(1.0) as u32;
                return self.backend.draw_circle(unit((x, y)), radius, &pen, filled);
            }
            1 => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            2 => &[(0.0, -1.2), (1.1, 0.9), (-1.1, 0.9)],
            _ => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        };
        let at = |&(dx, dy): &(f64, f64)| unit((x + dx * r, y + dy * r));
        if filled {
            self.backend.fill_polygon(corners.iter().map(at), &pen)
        } else {
            self.backend.draw_path(corners.iter().chain(&corners[..1]).map(at), &pen)
        }
    }
}

/// The width that collisions of labels are judged by, in CSS pixels.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * LETTER_WIDTH
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::VARIANT_STYLES;

    #[test]
    fn variants_are_told_apart_without_colour() {
        let mut seen = Vec::new();
        for slot in 0..VARIANT_STYLES {
            let style = (dash_text(slot), slot % MARKERS);
            assert!(!seen.contains(&style), "slot {slot}");
            seen.push(style);
        }
    }
}
