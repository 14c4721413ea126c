//! What follows signals or events, behind one type for each kind instead of one for each place: for every other type of
//! closure leptos brings its own attribute, effect and rebuild, and the page grows.

use std::borrow::Cow;

use leptos::prelude::*;

/// A value that follows signals.
pub type Live<T> = Box<dyn FnMut() -> T + Send>;

/// A value that follows the signals that `make` reads: a boolean or a number for an attribute or a property.
pub fn live<T>(make: impl FnMut() -> T + Send + 'static) -> Live<T> {
    Box::new(make)
}

/// A text that follows the signals that `make` reads.
pub fn live_text<T: Into<Cow<'static, str>>>(mut make: impl FnMut() -> T + Send + 'static) -> Live<Cow<'static, str>> {
    Box::new(move || make().into())
}

/// A part of the page that follows the signals that `make` reads.
pub fn live_view<V: IntoAny>(mut make: impl FnMut() -> V + Send + 'static) -> Live<AnyView> {
    Box::new(move || make().into_any())
}

/// What to do at an event.
pub fn handler<E: 'static>(act: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(act)
}
