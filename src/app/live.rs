//! What follows signals or events, behind one type for each kind instead of one for each place: for every other type of
//! closure leptos brings its own attribute, effect and rebuild, and the page grows.

use std::borrow::Cow;
use std::sync::{Arc, Mutex};

use leptos::prelude::*;
use leptos::tachys::reactive_graph::ReactiveFunction;

/// A closure that is only ever called by reference. A `dyn FnMut` holds code for a call by value besides: for each of
/// hundreds of closures a function that nobody calls.
trait Act<E, T> {
    fn act(&mut self, event: E) -> T;
}

impl<E, T, F: FnMut(E) -> T> Act<E, T> for F {
    fn act(&mut self, event: E) -> T {
        self(event)
    }
}

/// The same for a closure that changes nothing.
trait Compute<T> {
    fn compute(&self) -> T;
}

impl<T, F: Fn() -> T> Compute<T> for F {
    fn compute(&self) -> T {
        self()
    }
}

/// A value that follows signals.
pub struct Live<T>(Box<dyn Act<(), T> + Send>);

impl<T: 'static> ReactiveFunction for Live<T> {
    type Output = T;

    fn invoke(&mut self) -> T {
        self.0.act(())
    }

    fn into_shared(mut self) -> Arc<Mutex<dyn FnMut() -> T + Send>> {
        Arc::new(Mutex::new(move || self.invoke()))
    }
}

/// A value that follows the signals that `make` reads: a boolean or a number for an attribute or a property, or a part
/// of the page.
pub fn live<T>(mut make: impl FnMut() -> T + Send + 'static) -> Live<T> {
    Live(Box::new(move |()| make()))
}

/// A text that follows the signals that `make` reads.
pub fn live_text<T: Into<Cow<'static, str>>>(mut make: impl FnMut() -> T + Send + 'static) -> Live<Cow<'static, str>> {
    Live(Box::new(move |()| make().into()))
}

/// A value that follows the signals that `make` reads, computed once for all who read it; they hear of it only when it is
/// another one.
pub fn memo<T: PartialEq + Send + Sync + 'static>(make: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn new<T: PartialEq + Send + Sync + 'static>(make: Box<dyn Compute<T> + Send + Sync>) -> Memo<T> {
        Memo::new(move |_| make.compute())
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

/// Does something once the page stands, and again whenever a signal that `act` reads changes.
pub fn whenever(act: impl FnMut(Option<()>) + 'static) {
    Effect::new(handler(act));
}

/// What to do at an event.
pub fn handler<E: 'static>(act: impl FnMut(E) + 'static) -> impl FnMut(E) + 'static {
    fn new<E>(mut act: Box<dyn Act<E, ()>>) -> impl FnMut(E) {
        move |event| act.act(event)
    }
    new(Box::new(act))
}
