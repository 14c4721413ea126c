//! Plots as drawings over any plotters backend: a canvas on the page, SVG in tests.
//!
//! A plot is laid out first (a pure value that also answers where a pointer is), then drawn. Lengths are CSS pixels; a
//! backend counts in whole units, of which [`SUBPIXELS`] make one CSS pixel, so that lines fall between pixels.

mod axis;
mod frame;
mod key;
mod line;
mod norm;
mod surface;
mod svg;

pub use axis::{AxisLayout, AxisPoint, AxisSeries, PointState};
pub use frame::{Axis, Frame, Scale, Size, linear_ticks, log_ticks};
pub use key::{Entry, Key};
pub use line::{Curve, LineLayout, LinePlot, Steps};
pub use norm::{Mark, NormLayout, NormPlot};
pub use surface::{Palette, Surface, dash_text, rate_color};
pub use svg::svg;

/// Backend units per CSS pixel.
pub const SUBPIXELS: f64 = 4.0;

/// The most variants that differ in marker, dash and colour.
pub const VARIANT_STYLES: usize = 12;
