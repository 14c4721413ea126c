//! Plots as SVG files.

use std::path::{Path, PathBuf};

use super::Failure;
use brink_playbook::figures::Plot;
use brink_playbook::procedures::Arm;
use brink_view::arms;
use brink_view::plot::{Key, Palette, Size, svg};
use brink_view::text::{Language, Texts};

/// The size of a plot in CSS pixels.
const SIZE: Size = Size { width: 760.0, height: 420.0 };
/// What stands in a file's name for the tag of a language.
const LANGUAGE: &str = "{language}";

/// Draws arms to a file, in English.
pub(super) fn write(path: &Path, plot: Plot, trained: &[Arm]) -> Result<(), Failure> {
    write_in(path, plot, trained, Language::English.texts())
}

/// Draws a figure to a file: in English, or to one file a language where the file's name has a place for it.
pub(super) fn write_figure(path: &Path, plot: Plot, trained: &[Arm]) -> Result<(), Failure> {
    let name = path.to_string_lossy();
    let is_each = name.contains(LANGUAGE);
    for language in Language::ALL.into_iter().filter(|language| is_each || *language == Language::English) {
        let (texts, path) = (language.texts(), PathBuf::from(name.replace(LANGUAGE, language.tag())));
        write_in(&path, plot, &arms::told(trained, texts), texts)?;
    }
    Ok(())
}

fn write_in(path: &Path, plot: Plot, trained: &[Arm], texts: &Texts) -> Result<(), Failure> {
    let palette = Palette { decimal: texts.decimal(), ..Palette::LIGHT };
    let axis = arms::axis(trained, SIZE, texts);
    let key = match plot {
        Plot::Axis => axis.key(&palette),
        Plot::Loss => arms::loss_key(trained, &palette, texts),
        Plot::Norm => Key::default(),
    };
    let (text, drawn) = svg(key.below(SIZE), |backend| {
        key.draw(backend, SIZE, &palette)?;
        match plot {
            Plot::Axis => axis.draw(backend, &palette),
            Plot::Loss => arms::loss(trained, SIZE, &palette, texts).draw(backend, &palette),
            Plot::Norm => {
                arms::norm(trained, SIZE, &palette, texts).map_or(Ok(()), |layout| layout.draw(backend, &palette))
            }
        }
    });
    drawn.map_err(|error| Failure::Failed(format!("cannot draw: {error}")))?;
    std::fs::write(path, text).map_err(|error| Failure::file("write", path, &error))
}
