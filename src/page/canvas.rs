//! A plotters backend that draws on a canvas, in [`SUBPIXELS`] units per CSS pixel at the screen's own density.

use plotters_backend::text_anchor::HPos;
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};
use wasm_bindgen::JsCast;
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use brink_engine::number::shortest;
use brink_view::plot::{SUBPIXELS, Size};

/// Canvas methods that plots use do not fail; what fails is getting the context, which is seen before drawing.
#[derive(Debug, thiserror::Error)]
#[error("the canvas refused to draw")]
pub struct CanvasError;

/// plotters gives text sizes as line heights; the font's size is smaller by this factor, as in its other backends.
const LINE_HEIGHT: f64 = 1.24;
/// The font of the page's own text, so that plots look like it.
const FONT: &str = "system-ui, sans-serif";
/// How far below the baseline "middle" the middle of a letter lies, as a fraction of the font's size.
const TEXT_DROP: f64 = 0.06;

/// A canvas, ready to be drawn on: that of a plot on the page, or one that is saved.
pub struct Canvas {
    context: CanvasRenderingContext2d,
    size: Size,
    /// The colour and width that strokes have: a dashed line is hundreds of strokes of one style.
    stroke: Option<(BackendColor, u32)>,
}

/// The pixels of a saved picture for each of CSS.
const SAVED_DENSITY: f64 = 2.0;

impl Canvas {
    /// Clears a canvas and fits its pixels to its size on the screen; what is drawn is `zoom` times as large, and the
    /// plot's size smaller by that. `None` where it has no size or no context.
    pub fn prepare(element: &HtmlCanvasElement, zoom: f64) -> Option<Self> {
        let on_screen = Size { width: f64::from(element.client_width()), height: f64::from(element.client_height()) };
        if on_screen.width < 1.0 || on_screen.height < 1.0 {
            return None;
        }
        let size = Size { width: on_screen.width / zoom, height: on_screen.height / zoom };
        let density = web_sys::window()?.device_pixel_ratio().clamp(1.0, 4.0);
        let (width, height) = ((on_screen.width * density).round() as u32, (on_screen.height * density).round() as u32);
        if (element.width(), element.height()) != (width, height) {
            element.set_width(width);
            element.set_height(height);
        }
        Self::scaled(element, size, density * zoom)
    }

    /// A canvas of a plot's size, to be saved; on the ground that the page has beneath its plots.
    pub fn saved(element: &HtmlCanvasElement, size: Size, zoom: f64, (r, g, b): (u8, u8, u8)) -> Option<Self> {
        let density = SAVED_DENSITY * zoom;
        element.set_width((size.width * density).round() as u32);
        element.set_height((size.height * density).round() as u32);
        let canvas = Self::scaled(element, size, density)?;
        canvas.context.set_fill_style_str(&format!("rgb({r} {g} {b})"));
        canvas.context.fill_rect(0.0, 0.0, size.width * SUBPIXELS, size.height * SUBPIXELS);
        Some(canvas)
    }

    /// Clears a canvas for a plot of this size, `density` pixels for each of its lengths.
    fn scaled(element: &HtmlCanvasElement, size: Size, density: f64) -> Option<Self> {
        let context: CanvasRenderingContext2d = element.get_context("2d").ok()??.dyn_into().ok()?;
        let scale = density / SUBPIXELS;
        context.set_transform(scale, 0.0, 0.0, scale, 0.0, 0.0).ok()?;
        context.clear_rect(0.0, 0.0, size.width * SUBPIXELS, size.height * SUBPIXELS);
        context.set_line_join("round");
        Some(Self { context, size, stroke: None })
    }

    /// The plot's size.
    pub fn size(&self) -> Size {
        self.size
    }

    fn stroke_style<S: BackendStyle>(&mut self, style: &S) {
        let (color, width) = (style.color(), style.stroke_width());
        if self.stroke.is_some_and(|(c, w)| (c.rgb, c.alpha, w) == (color.rgb, color.alpha, width)) {
            return;
        }
        self.stroke = Some((color, width));
        self.context.set_stroke_style_str(&css(style.color()));
        self.context.set_line_width(f64::from(style.stroke_width()));
    }

    fn trace(&self, path: impl IntoIterator<Item = BackendCoord>) {
        self.context.begin_path();
        for (i, (x, y)) in path.into_iter().enumerate() {
            let (x, y) = (f64::from(x), f64::from(y));
            if i == 0 { self.context.move_to(x, y) } else { self.context.line_to(x, y) }
        }
    }
}

fn css(color: BackendColor) -> String {
    let (r, g, b) = color.rgb;
    format!("rgb({r} {g} {b} / {})", shortest(color.alpha))
}

type DrawResult = Result<(), DrawingErrorKind<CanvasError>>;

impl DrawingBackend for Canvas {
    type ErrorType = CanvasError;

    fn get_size(&self) -> (u32, u32) {
        ((self.size.width * SUBPIXELS) as u32, (self.size.height * SUBPIXELS) as u32)
    }

    fn ensure_prepared(&mut self) -> DrawResult {
        Ok(())
    }

    fn present(&mut self) -> DrawResult {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, color: BackendColor) -> DrawResult {
        self.context.set_fill_style_str(&css(color));
        self.context.fill_rect(f64::from(x), f64::from(y), 1.0, 1.0);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> DrawResult {
        self.draw_path([from, to], style)
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> DrawResult {
        let corners = [from, (to.0, from.1), to, (from.0, to.1)];
        if fill { self.fill_polygon(corners, style) } else { self.draw_path(corners.into_iter().chain([from]), style) }
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> DrawResult {
        self.stroke_style(style);
        self.trace(path);
        self.context.stroke();
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> DrawResult {
        self.context.begin_path();
        self.context
            .arc(f64::from(x), f64::from(y), f64::from(radius), 0.0, std::f64::consts::TAU)
            .map_err(|_| DrawingErrorKind::DrawingError(CanvasError))?;
        if fill {
            self.context.set_fill_style_str(&css(style.color()));
            self.context.fill();
        } else {
            self.stroke_style(style);
            self.context.stroke();
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        path: I,
        style: &S,
    ) -> DrawResult {
        self.context.set_fill_style_str(&css(style.color()));
        self.trace(path);
        self.context.close_path();
        self.context.fill();
        Ok(())
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> DrawResult {
        let size = style.size() / LINE_HEIGHT;
        let weight = if matches!(style.style(), FontStyle::Bold) { "600 " } else { "" };
        self.context.set_font(&format!("{weight}{}px {FONT}", shortest(size)));
        self.context.set_text_align(match style.anchor().h_pos {
            HPos::Left => "left",
            HPos::Center => "center",
            HPos::Right => "right",
        });
        // All texts of the plots are anchored at their middle.
        self.context.set_text_baseline("middle");
        self.context.set_fill_style_str(&css(style.color()));
        self.context
            .fill_text(text, f64::from(x), f64::from(y) + size * TEXT_DROP)
            .map_err(|_| DrawingErrorKind::DrawingError(CanvasError))
    }
}
