//! Drawing, spread over frames: what is asked for is drawn once a frame, and as much in one frame as leaves the page time to
//! answer.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use leptos::prelude::*;

/// Drawing that has taken longer than this in one frame goes on in the next, in milliseconds. The browser's own part (layout,
/// and painting where no graphics adapter does it) takes several times what the calls take.
const BUDGET: f64 = 2.0;

type Draw = Rc<dyn Fn()>;

thread_local! {
    static QUEUE: RefCell<VecDeque<(usize, Draw)>> = const { RefCell::new(VecDeque::new()) };
    static IS_ASKED: Cell<bool> = const { Cell::new(false) };
    static NEXT: Cell<usize> = const { Cell::new(0) };
    static COST: Cell<f64> = const { Cell::new(0.0) };
    static IS_MEASURED: Cell<bool> = const { Cell::new(false) };
}

/// The time on the page's clock, in milliseconds.
pub fn now() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

/// Measures what the frame that has begun costs the page's thread, until a task can follow it: layout and painting are in it.
pub fn measure() {
    if IS_MEASURED.replace(true) {
        return;
    }
    let start = now();
    let end = move || {
        IS_MEASURED.set(false);
        COST.set(COST.get() + now() - start);
    };
    set_timeout(end, Duration::ZERO);
}

/// What is built in a task of its own, once a frame has shown what stands before it: the page is built in several short tasks.
#[component]
pub fn Later(children: ChildrenFn) -> impl IntoView {
    let is_due = RwSignal::new(false);
    // The frame's callbacks run before it is shown, a timer after.
    // The page may have gone elsewhere meanwhile, which is no fault.
    let due = move || set_timeout(move || _ = is_due.try_set(true), Duration::ZERO);
    request_animation_frame(due);
    move || is_due.get().then(|| children())
}

/// What the frames that were measured have cost together, in milliseconds.
pub fn cost() -> f64 {
    COST.get()
}

/// Something that is drawn.
#[derive(Clone)]
pub struct Drawing {
    number: usize,
    draw: Draw,
}

impl Drawing {
    /// Something that is drawn by this.
    pub fn new(draw: impl Fn() + 'static) -> Self {
        let number = NEXT.get();
        NEXT.set(number + 1);
        Self { number, draw: Rc::new(draw) }
    }

    /// Asks for it to be drawn: in the next frame, or soon after. Asked again before that, it is still drawn once.
    pub fn ask(&self) {
        let is_new = QUEUE.with_borrow_mut(|queue| {
            let is_new = queue.iter().all(|(number, _)| *number != self.number);
            if is_new {
                queue.push_back((self.number, self.draw.clone()));
            }
            is_new
        });
        if is_new && !IS_ASKED.replace(true) {
            request_animation_frame(work);
        }
    }
}

/// Whether something waits to be drawn.
pub fn is_busy() -> bool {
    QUEUE.with_borrow(|queue| !queue.is_empty())
}

/// Draws what was asked for, the oldest first, as far as the frame's budget goes.
fn work() {
    IS_ASKED.set(false);
    measure();
    let start = now();
    while let Some((_, draw)) = QUEUE.with_borrow_mut(VecDeque::pop_front) {
        draw();
        if now() - start > BUDGET {
            break;
        }
    }
    let is_done = QUEUE.with_borrow(VecDeque::is_empty);
    if !is_done && !IS_ASKED.replace(true) {
        request_animation_frame(work);
    }
}
