//! Plots as SVG files.

use std::path::Path;

use plotters_svg::SVGBackend;

use super::Failure;
use brink_playbook::figures::Plot;
use brink_playbook::procedures::Arm;
use brink_view::arms;
use brink_view::plot::{Palette, SUBPIXELS, Size};

/// The size of a plot in CSS pixels.
const SIZE: Size = Size { width: 760.0, height: 420.0 };

/// Draws arms to a file.
pub(super) fn write(path: &Path, plot: Plot, trained: &[Arm]) -> Result<(), Failure> {
    let mut text = String::new();
    let units = [SIZE.width, SIZE.height].map(|length| (length * SUBPIXELS) as u32);
    {
        let mut backend = SVGBackend::with_string(&mut text, (units[0], units[1]));
        let palette = Palette::LIGHT;
        let drawn = match plot {
            Plot::Axis => arms::axis(trained, SIZE).draw(&mut backend, &palette),
            Plot::Loss => arms::loss(trained, SIZE, &palette).draw(&mut backend, &palette),
            Plot::Norm => match arms::norm(trained, SIZE, &palette) {
                Some(layout) => layout.draw(&mut backend, &palette),
                None => Ok(()),
            },
        };
        drawn.map_err(|error| Failure::Failed(format!("cannot draw: {error}")))?;
    }
    // plotters counts in units; a picture is shown in pixels.
    let (width, height) = (format!(r#"width="{}""#, units[0]), format!(r#"height="{}""#, units[1]));
    let text = text.replacen(&width, &format!(r#"width="{}""#, SIZE.width), 1);
    let text = text.replacen(&height, &format!(r#"height="{}""#, SIZE.height), 1);
    std::fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
