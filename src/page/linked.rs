//! What is followed on the whole page. Menus that lie over it close at Escape and, once something was chosen, by themselves. And
//! symbol, control and plot of one thing are marked together: whatever carries a name in `data-symbol` and is pointed at, or has
//! the keyboard, marks all others that carry it.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, Event};

use super::lab::Lab;
use brink_view::equation;

/// The attribute that names what an element is of: a symbol as in a rule's text, such as `eta`, `lambda`, `beta1`.
const NAME: &str = "data-symbol";
/// The class of what is marked.
const MARKED: &str = "linked";

/// Takes the mark from everything, and marks all that carries this name.
fn mark(name: Option<&str>) {
    let each = |selector: &str, change: fn(&Element)| {
        let Ok(found) = document().query_selector_all(selector) else { return };
        (0..found.length())
            .filter_map(|index| found.item(index)?.dyn_into().ok())
            .for_each(|one: Element| change(&one));
    };
    // A class list refuses only names that are none.
    each(&format!(".{MARKED}"), |one| drop(one.class_list().remove_1(MARKED)));
    // Names are words of the rule language: letters, digits, underscores.
    if let Some(name) = name.filter(|name| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')) {
        each(&format!("[{NAME}=\"{name}\"]"), |one| drop(one.class_list().add_1(MARKED)));
    }
}

/// Closes what lies over the page, unless the click was on its summary, which opens and closes it by itself. The keyboard stays with it.
fn close_menus(selector: &str, clicked: Option<Element>) {
    let Ok(found) = document().query_selector_all(selector) else { return };
    for index in 0..found.length() {
        let Some(menu) = found.item(index).and_then(|menu| menu.dyn_into::<Element>().ok()) else { continue };
        let summary = menu.query_selector("summary").ok().flatten();
        let is_own =
            clicked.as_ref().is_some_and(|clicked| summary.as_ref().is_some_and(|own| own.contains(Some(clicked))));
        if !menu.has_attribute("open") || is_own {
            continue;
        }
        let has_focus = document().active_element().is_some_and(|active| menu.contains(Some(&active)));
        // Taking an attribute away does not fail.
        let _ = menu.remove_attribute("open");
        if let Some(summary) = summary.filter(|_| has_focus).and_then(|own| own.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let _ = summary.focus();
        }
    }
}

/// Follows the pointer and the keyboard, for as long as the page.
pub fn follow(lab: Lab) {
    let marked = StoredValue::new(None::<String>);
    let look = move |event: &Event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let holder = target.and_then(|target| target.closest(&format!("[{NAME}]")).ok().flatten());
        let name = holder.and_then(|holder| holder.get_attribute(NAME));
        if marked.with_value(|marked| *marked != name) {
            mark(name.as_deref());
            marked.set_value(name);
        }
    };
    std::mem::forget((
        window_event_listener(leptos::ev::keydown, |event| {
            if event.key() == "Escape" {
                close_menus("details.save, details.setup", None);
            }
        }),
        window_event_listener(leptos::ev::click, move |event| {
            let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
            // A symbol of a formula opens its entry of the glossary; by keyboard the table of the probe does.
            let symbol = target.as_ref().and_then(|target| target.closest("math [data-symbol]").ok().flatten());
            if let Some(name) = symbol.and_then(|symbol| symbol.get_attribute(NAME)) {
                lab.term.set(Some(equation::entry(&name).to_owned()));
            }
            close_menus("details.save", target);
        }),
        window_event_listener(leptos::ev::pointerover, move |event| look(&event)),
        window_event_listener(leptos::ev::focusin, move |event| look(&event)),
    ));
}
