//! What follows signals or events, behind one type for each kind instead of one for each place: for every other type of
//! closure leptos brings its own attribute, effect and rebuild, and the page grows.

use std::borrow::Cow;

use leptos::prelude::*;

/// A value that follows signals.
pub type Live<T> = Box<dyn FnMut() -> T + Send>;

/// A value that follows the signals that `make` reads: a boolean or a number for an attribute or a property, or a part
/// of the page.
pub fn live<T>(make: impl FnMut() -> T + Send + 'static) -> Live<T> {
    Box::new(make)
}

/// A text that follows the signals that `make` reads.
pub fn live_text<T: Into<Cow<'static, str>>>(mut make: impl FnMut() -> T + Send + 'static) -> Live<Cow<'static, str>> {
    Box::new(move || make().into())
}

/// A value that follows the signals that `make` reads, computed once for all who read it; they hear of it only when it is
/// another one.
pub fn memo<T: PartialEq + Send + Sync + 'static>(make: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn new<T: PartialEq + Send + Sync + 'static>(make: Box<dyn Fn() -> T + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| make())
    }
    new(Box::new(make))
}

/// Views in a row.
pub fn list<V: IntoAny>(views: impl IntoIterator<Item = V>) -> AnyView {
    views.into_iter().map(V::into_any).collect::<Vec<_>>().into_any()
}

/// A view that may be missing.
pub fn maybe<V: IntoAny>(view: Option<V>) -> AnyView {
    view.map(V::into_any).into_any()
}

/// Does something now, and again whenever a signal that `act` reads changes.
pub fn whenever(act: impl FnMut(Option<()>) + 'static) {
    Effect::new(handler(act));
}

/// What to do at an event.
pub fn handler<E: 'static>(act: impl FnMut(E) + 'static) -> Box<dyn FnMut(E)> {
    Box::new(act)
}
