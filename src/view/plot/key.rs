//! What the colours and dashes of a saved picture mean. On the page the controls beside a plot say it; a picture goes without them.

use plotters_backend::DrawingBackend;

use super::Size;
use super::frame::LABEL;
use super::surface::{Anchor, DrawResult, Palette, Pen, Surface, dash, text_width};

const ROW: f64 = 18.0;
const MARGIN: f64 = 12.0;
const GAP: f64 = 8.0;
const SWATCH: f64 = 11.0;
/// The length of a line's sample: every dash repeats within it.
const SAMPLE: f64 = 32.0;

/// One thing that it says.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// What the next entry is of.
    Title(String),
    /// The colours of a family of runs, from the lowest to the highest.
    Ramp {
        /// The red, green and blue of each run.
        colors: Vec<(u8, u8, u8)>,
        /// What the first and the last are called.
        ends: [String; 2],
    },
    /// A line.
    Line {
        /// What it is of.
        name: String,
        /// Red, green and blue.
        color: (u8, u8, u8),
        /// The variant's slot, which gives the dash and the marker.
        slot: usize,
        /// Whether its points have markers.
        has_markers: bool,
    },
}

impl Entry {
    fn width(&self) -> f64 {
        match self {
            Self::Title(text) => text_width(text, LABEL),
            Self::Ramp { colors, ends } => {
                ends.iter().map(|end| text_width(end, LABEL) + GAP).sum::<f64>() + colors.len() as f64 * SWATCH
            }
            Self::Line { name, .. } => SAMPLE + GAP + text_width(name, LABEL),
        }
    }
}

/// A strip below a picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Key {
    /// What it says, in order.
    pub entries: Vec<Entry>,
}

impl Key {
    /// The size of a picture with its key below it.
    pub fn below(&self, size: Size) -> Size {
        let rows = self.places(size.width).last().map_or(0, |(row, _)| row + 1);
        let height = if rows == 0 { 0.0 } else { rows as f64 * ROW + GAP };
        Size { height: size.height + height, ..size }
    }

    /// The row and the left edge of each entry: as many in a row as it has room for.
    fn places(&self, width: f64) -> Vec<(usize, f64)> {
        let (mut row, mut left) = (0, MARGIN);
        let place = |entry: &Entry| {
            if left > MARGIN && left + entry.width() > width - MARGIN {
                (row, left) = (row + 1, MARGIN);
            }
            let place = (row, left);
            left += entry.width() + 2.0 * GAP;
            place
        };
        self.entries.iter().map(place).collect()
    }

    /// Draws it below a plot of this size. To be drawn before the plot, whose last stroke finishes the picture.
    pub fn draw<B: DrawingBackend>(&self, backend: &mut B, size: Size, palette: &Palette) -> DrawResult<B> {
        let mut surface = Surface::new(backend, palette);
        for (entry, (row, left)) in self.entries.iter().zip(self.places(size.width)) {
            let y = size.height + (row as f64 + 0.5) * ROW;
            let mut x = left;
            match entry {
                Entry::Title(text) => surface.text(text, (x, y), LABEL, palette.ink, Anchor::Start, false)?,
                Entry::Ramp { colors, ends } => {
                    // The width of a text is only known roughly: it ends where the colours begin.
                    x += text_width(&ends[0], LABEL) + GAP;
                    surface.text(&ends[0], (x - GAP, y), LABEL, palette.ink, Anchor::End, false)?;
                    for color in colors {
                        let (right, top, bottom) = (x + SWATCH, y - SWATCH / 2.0, y + SWATCH / 2.0);
                        let corners = [(x, top), (right, top), (right, bottom), (x, bottom)];
                        surface.area(corners, Pen::new(*color, 1.0))?;
                        x = right;
                    }
                    surface.text(&ends[1], (x + GAP, y), LABEL, palette.ink, Anchor::Start, false)?;
                }
                Entry::Line { name, color, slot, has_markers } => {
                    surface.path(&[(x, y), (x + SAMPLE, y)], Pen::new(*color, 2.0), dash(*slot))?;
                    if *has_markers {
                        surface.marker(*slot, (x + SAMPLE / 2.0, y), 3.6, Pen::new(*color, 1.5), true)?;
                    }
                    surface.text(name, (x + SAMPLE + GAP, y), LABEL, palette.ink, Anchor::Start, false)?;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plot::svg;

    #[test]
    fn it_has_as_many_rows_as_it_needs_and_says_all() {
        let line = |index: usize| Entry::Line {
            name: format!("variant {index}"),
            color: (1, 2, 3),
            slot: index,
            has_markers: false,
        };
        let ends = ["0.001".to_owned(), "0.256".to_owned()];
        let ramp = [Entry::Title("learning rate".to_owned()), Entry::Ramp { colors: vec![(9, 9, 9); 5], ends }];
        let key = Key { entries: ramp.into_iter().chain((1..6).map(line)).collect() };
        let size = Size { width: 300.0, height: 100.0 };
        let whole = key.below(size);
        assert!(whole.height > 100.0 + 3.0 * ROW, "{whole:?}");
        let (text, drawn) = svg(whole, |backend| key.draw(backend, size, &Palette::LIGHT));
        drawn.expect("drawn");
        for name in ["learning rate", "0.001", "0.256", "variant 1", "variant 5"] {
            assert!(text.contains(name), "{name}");
        }
        assert_eq!(text.matches("<polygon").count(), 5);
        assert_eq!(Key::default().below(size), size, "a key that says nothing takes no room");
    }
}
