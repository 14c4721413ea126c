//! A plot as a file: its picture as SVG and PNG, its numbers as CSV.

use std::time::Duration;

use js_sys::Array;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{Blob, BlobPropertyBag, HtmlAnchorElement, HtmlCanvasElement, Url};

use super::canvas::Canvas;
use super::lab::Lab;
use brink_view::plot::{AxisLayout, Key, LineLayout, NormLayout, Palette, Size, svg};
use brink_view::text::Texts;

/// How long a file is kept for the browser to read it.
const KEPT: Duration = Duration::from_secs(60);

/// A plot as it was laid out last, to be drawn wherever it is wanted.
pub enum Plotted {
    Axis(AxisLayout),
    Line(LineLayout),
    Norm(NormLayout),
}

impl Plotted {
    /// Draws it; a plot that cannot be drawn leaves what it had drawn until then.
    pub fn draw<B: plotters_backend::DrawingBackend>(&self, backend: &mut B, palette: &Palette) {
        let _ = match self {
            Self::Axis(layout) => layout.draw(backend, palette),
            Self::Line(layout) => layout.draw(backend, palette),
            Self::Norm(layout) => layout.draw(backend, palette),
        };
    }

    /// With a key below it.
    fn draw_with<B: plotters_backend::DrawingBackend>(
        &self,
        key: &Key,
        backend: &mut B,
        size: Size,
        palette: &Palette,
    ) {
        let _ = key.draw(backend, size, palette);
        self.draw(backend, palette);
    }

    /// The picture as SVG, on the ground that the page has beneath its plots.
    fn svg(&self, key: &Key, size: Size, palette: &Palette) -> String {
        let (text, ()) = svg(key.below(size), |backend| self.draw_with(key, backend, size, palette));
        let (r, g, b) = palette.card;
        let ground = format!("<rect width=\"100%\" height=\"100%\" fill=\"rgb({r},{g},{b})\"/>");
        // Behind everything: after the opening tag.
        match text.find('>') {
            Some(end) => format!("{}{ground}{}", &text[..=end], &text[end + 1..]),
            None => text,
        }
    }
}

/// Hands a file to the browser's downloads.
fn download(blob: &Blob, name: &str) -> Result<(), JsValue> {
    let address = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&address);
    link.set_download(name);
    link.click();
    // The browser reads it after the click.
    set_timeout(move || drop(Url::revoke_object_url(&address)), KEPT);
    Ok(())
}

fn save_text(text: &str, kind: &str, name: &str) -> Result<(), JsValue> {
    let options = BlobPropertyBag::new();
    options.set_type(kind);
    let blob = Blob::new_with_str_sequence_and_options(&Array::of1(&text.into()), &options)?;
    download(&blob, name)
}

fn save_svg(plotted: &Plotted, key: &Key, size: Size, palette: &Palette, name: String) -> Result<(), JsValue> {
    save_text(&plotted.svg(key, size, palette), "image/svg+xml", &name)
}

fn save_png(plotted: &Plotted, key: &Key, size: Size, palette: &Palette, name: String) -> Result<(), JsValue> {
    let element: HtmlCanvasElement = document().create_element("canvas")?.unchecked_into();
    if let Some(mut canvas) = Canvas::saved(&element, key.below(size), palette.scale, palette.card) {
        plotted.draw_with(key, &mut canvas, size, palette);
    }
    let done = Closure::once_into_js(move |blob: JsValue| {
        // None where the picture is too large for the browser.
        if let Ok(blob) = blob.dyn_into::<Blob>() {
            let _ = download(&blob, &name);
        }
    });
    element.to_blob(done.unchecked_ref())
}

/// Writes a picture to a file of this name.
type SavePicture = fn(&Plotted, &Key, Size, &Palette, String) -> Result<(), JsValue>;

/// The menu of a plot: its picture, its numbers. `drawn` is the plot as it was drawn last, with its size; `key` says what its lines
/// mean.
#[component]
pub fn Save(
    lab: Lab,
    id: &'static str,
    palette: Memo<Palette>,
    drawn: StoredValue<Option<(Plotted, Size)>>,
    key: Box<dyn Fn(&Palette) -> Key + Send + Sync>,
    csv: Box<dyn Fn() -> String + Send + Sync>,
) -> impl IntoView {
    let key = StoredValue::new(key);
    let csv = StoredValue::new(csv);
    let name = move |extension: &str| format!("brink-{id}.{extension}");
    let picture = move |save: SavePicture, extension: &'static str| {
        move |_| {
            let palette = palette.get_untracked();
            drawn.with_value(|drawn| {
                if let Some((plotted, size)) = drawn {
                    // A browser that refuses a download says so itself.
                    let _ = key.with_value(|key| save(plotted, &key(&palette), *size, &palette, name(extension)));
                }
            });
        }
    };
    let svg = picture(save_svg, "svg");
    let png = picture(save_png, "png");
    let numbers = move |_| {
        let _ = csv.with_value(|csv| save_text(&csv(), "text/csv", &name("csv")));
    };
    let item = move |kind: &'static str, text: fn(&Texts) -> &'static str, save: Box<dyn Fn(web_sys::MouseEvent)>| {
        view! {
            <button type="button" data-save=kind on:click=save>
                {move || text(lab.texts())}
            </button>
        }
    };
    view! {
        <details class="save">
            <summary>{move || lab.texts().save}</summary>
            <div>
                {item("svg", |texts| texts.save_svg, Box::new(svg))}
                {item("png", |texts| texts.save_png, Box::new(png))}
                {item("csv", |texts| texts.save_csv, Box::new(numbers))}
            </div>
        </details>
    }
}
