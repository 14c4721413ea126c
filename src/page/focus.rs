//! Where the keyboard is.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

/// Gives the keyboard to the first of these that is there, and tells which that was.
pub fn give(selectors: &[&str]) -> Option<HtmlElement> {
    let found = selectors.iter().find_map(|selector| document().query_selector(selector).ok().flatten());
    let element: HtmlElement = found?.dyn_into().ok()?;
    // Fails only for an element that is gone.
    let _ = element.focus();
    Some(element)
}

/// Where the element that had the keyboard has gone, or can no longer be used: gives it to the first of these that is there, once
/// the page has changed.
pub fn keep(selectors: &'static [&'static str]) {
    let look = move || {
        if document().active_element().is_none_or(|active| active.tag_name() == "BODY") {
            give(selectors);
        }
    };
    // Browsers take the focus from a disabled button only once they have drawn it.
    request_animation_frame(move || request_animation_frame(look));
}
