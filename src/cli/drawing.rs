//! Plots as SVG files.

use std::path::Path;

use super::Failure;
use brink_playbook::figures::Plot;
use brink_playbook::procedures::Arm;
use brink_view::arms;
use brink_view::plot::{Key, Palette, Size, svg};

/// The size of a plot in CSS pixels.
const SIZE: Size = Size { width: 760.0, height: 420.0 };

/// Draws arms to a file.
pub(super) fn write(path: &Path, plot: Plot, trained: &[Arm]) -> Result<(), Failure> {
    let palette = Palette::LIGHT;
    let axis = arms::axis(trained, SIZE);
    let key = match plot {
        Plot::Axis => axis.key(&palette),
        Plot::Loss => arms::loss_key(trained, &palette),
        Plot::Norm => Key::default(),
    };
    let (text, drawn) = svg(key.below(SIZE), |backend| {
        key.draw(backend, SIZE, &palette)?;
        match plot {
            Plot::Axis => axis.draw(backend, &palette),
            Plot::Loss => arms::loss(trained, SIZE, &palette).draw(backend, &palette),
            Plot::Norm => arms::norm(trained, SIZE, &palette).map_or(Ok(()), |layout| layout.draw(backend, &palette)),
        }
    });
    drawn.map_err(|error| Failure::Failed(format!("cannot draw: {error}")))?;
    std::fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
