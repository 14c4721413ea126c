//! Plots as SVG files.

use std::path::Path;

use super::Failure;
use brink_playbook::figures::Plot;
use brink_playbook::procedures::Arm;
use brink_view::arms;
use brink_view::plot::{Palette, Size, svg};

/// The size of a plot in CSS pixels.
const SIZE: Size = Size { width: 760.0, height: 420.0 };

/// Draws arms to a file.
pub(super) fn write(path: &Path, plot: Plot, trained: &[Arm]) -> Result<(), Failure> {
    let palette = Palette::LIGHT;
    let (text, drawn) = svg(SIZE, |backend| match plot {
        Plot::Axis => arms::axis(trained, SIZE).draw(backend, &palette),
        Plot::Loss => arms::loss(trained, SIZE, &palette).draw(backend, &palette),
        Plot::Norm => arms::norm(trained, SIZE, &palette).map_or(Ok(()), |layout| layout.draw(backend, &palette)),
    });
    drawn.map_err(|error| Failure::Failed(format!("cannot draw: {error}")))?;
    std::fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
