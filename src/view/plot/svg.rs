//! A plot as a text of SVG.

use plotters_svg::SVGBackend;

use super::{SUBPIXELS, Size};

/// What `draw` draws, as SVG of this size in CSS pixels, and what it answers. plotters counts in units; a picture is shown in pixels.
pub fn svg<T>(size: Size, draw: impl FnOnce(&mut SVGBackend) -> T) -> (String, T) {
    let mut text = String::new();
    let units = [size.width, size.height].map(|length| (length * SUBPIXELS).round() as u32);
    let drawn = draw(&mut SVGBackend::with_string(&mut text, (units[0], units[1])));
    for (name, units, pixels) in [("width", units[0], size.width), ("height", units[1], size.height)] {
        text = text.replacen(&format!("{name}=\"{units}\""), &format!("{name}=\"{}\"", pixels.round()), 1);
    }
    (text, drawn)
}
