//! Signals, and what follows signals or events, behind one type for each kind instead of one for each value or place:
//! for every other type of value leptos brings its own signal, for every other closure its own attribute, effect and
//! rebuild, and the page grows.

use std::any::Any;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use leptos::prelude::{AnyView, Effect, IntoAny, Read, ReadUntracked, Track, Write};
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

/// What a signal holds, whatever it is.
pub type Content = Box<dyn Any + Send + Sync>;

fn content<T: 'static>(content: &Content) -> &T {
    content.downcast_ref().unwrap_or_else(|| unreachable!("a signal holds the type that it was made with"))
}

/// A signal of leptos, `S`, and the type of what it holds.
pub struct Holding<S, T> {
    signal: S,
    holds: PhantomData<fn() -> T>,
}

/// leptos's `RwSignal`: a value that changes, and of which whoever read it hears.
pub type RwSignal<T> = Holding<leptos::prelude::RwSignal<Content>, T>;

/// leptos's `Memo`, made by [`memo`].
pub type Memo<T> = Holding<leptos::prelude::Memo<Content>, T>;

impl<S: Copy, T> Clone for Holding<S, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Copy, T> Copy for Holding<S, T> {}

impl<S, T: 'static> Holding<S, T>
where
    S: Read<Value: Deref<Target = Content>> + ReadUntracked<Value: Deref<Target = Content>> + Track,
{
    /// Reads the value.
    pub fn with<R>(self, read: impl FnOnce(&T) -> R) -> R {
        read(content(&self.signal.read()))
    }

    /// Reads the value, without hearing of its changes.
    pub fn with_untracked<R>(self, read: impl FnOnce(&T) -> R) -> R {
        read(content(&self.signal.read_untracked()))
    }

    /// A copy of the value.
    pub fn get(self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value, without hearing of its changes.
    pub fn get_untracked(self) -> T
    where
        T: Clone,
    {
        self.with_untracked(T::clone)
    }

    /// Hears of changes without reading.
    pub fn track(self) {
        self.signal.track();
    }
}

impl<T: Send + Sync + 'static> RwSignal<T> {
    /// A signal that holds `value` at first.
    pub fn new(value: T) -> Self {
        Self { signal: leptos::prelude::RwSignal::new(Box::new(value)), holds: PhantomData }
    }

    /// Changes the value in place and tells everyone who read it.
    pub fn update<R>(self, change: impl FnOnce(&mut T) -> R) -> R {
        let mut held = self.signal.write();
        change(held.downcast_mut().unwrap_or_else(|| unreachable!("a signal holds the type that it was made with")))
    }

    /// Puts another value in its place and tells everyone who read it.
    pub fn set(self, value: T) {
        self.update(|held| *held = value);
    }
}

/// A value that follows the signals that `make` reads, computed once for all who read it; they hear of it only when it is
/// another one.
pub fn memo<T: PartialEq + Send + Sync + 'static>(make: impl Fn() -> T + Send + Sync + 'static) -> Memo<T> {
    fn new(make: Box<dyn Compute<Content> + Send + Sync>, changed: Changed) -> leptos::prelude::Memo<Content> {
        leptos::prelude::Memo::new_with_compare(move |_| make.compute(), changed)
    }
    Holding { signal: new(Box::new(move || -> Content { Box::new(make()) }), changed::<T>), holds: PhantomData }
}

/// Whether a memo's value is another one than before.
type Changed = fn(Option<&Content>, Option<&Content>) -> bool;

fn changed<T: PartialEq + 'static>(before: Option<&Content>, after: Option<&Content>) -> bool {
    before.map(content::<T>) != after.map(content::<T>)
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
