//! The engine behind the board: the pool, the training of each variant, and what it has reported since the last frame.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc::UnboundedSender;
use futures_util::StreamExt;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::frames;
use super::pool::Pool;
use brink_engine::experiment::Experiment;
use brink_lab::{Command, Control, Event};
use brink_view::board::Board;

/// Events wait for drawings at most this many frames: a cursor that is dragged keeps the plots busy all the time.
const MOST_FRAMES_WAITED: u32 = 6;

/// Pictures of what trains take at most one part in this many of the time: without a graphics adapter the browser paints on the
/// cores that train.
const PICTURE_SHARE: f64 = 4.0;
/// And they are never further apart than this, in milliseconds.
const LONGEST_WAIT: f64 = 250.0;

/// A variant's newest training.
struct ActiveTraining {
    /// The number of its start: events of an older one are left out.
    start: u64,
    control: Control,
}

/// Trains the variants of a board and takes what they report into it, once a frame.
pub struct Engine {
    board: RwSignal<Board>,
    pool: RefCell<Option<Pool>>,
    /// By the variant's id.
    trainings: RefCell<BTreeMap<u64, ActiveTraining>>,
    next_start: Cell<u64>,
    /// What happened since the last frame: the variant, the number of its start, the event.
    pending: RefCell<Vec<(u64, u64, Event)>>,
    is_frame_asked: Cell<bool>,
    frames_waited: Cell<u32>,
    /// When events were last taken into the board, and what all frames until then had cost.
    last_picture: Cell<(f64, f64)>,
}

impl Engine {
    /// An engine without workers, for a board.
    pub fn new(board: RwSignal<Board>) -> Self {
        Self {
            board,
            pool: RefCell::new(None),
            trainings: RefCell::new(BTreeMap::new()),
            next_start: Cell::new(0),
            pending: RefCell::new(Vec::new()),
            is_frame_asked: Cell::new(false),
            frames_waited: Cell::new(0),
            last_picture: Cell::new((f64::NEG_INFINITY, 0.0)),
        }
    }

    /// Gives it its workers. What was started before did not train: it is to be started again.
    pub fn set_pool(&self, pool: Pool) {
        *self.pool.borrow_mut() = Some(pool);
    }

    /// Trains a variant from its start, or, `paused`, waits before its first step. `listener` hears what the board hears.
    pub fn start(
        self: &Rc<Self>,
        variant: u64,
        experiment: &Experiment,
        paused: bool,
        listener: Option<UnboundedSender<Event>>,
    ) {
        self.cancel(variant);
        let Some(pool) = self.pool.borrow().clone() else { return };
        let mut running = pool.train(experiment, paused);
        let start = self.next_start.get();
        self.next_start.set(start + 1);
        self.trainings.borrow_mut().insert(variant, ActiveTraining { start, control: running.control });
        let engine = self.clone();
        spawn_local(async move {
            while let Some(event) = running.events.next().await {
                if let Some(listener) = &listener {
                    // Who listened may be gone.
                    let _ = listener.unbounded_send(event.clone());
                }
                engine.pending.borrow_mut().push((variant, start, event));
                engine.ask_frame();
            }
        });
    }

    /// Ends a variant's training.
    pub fn cancel(&self, variant: u64) {
        let training = self.trainings.borrow_mut().remove(&variant);
        if let Some(training) = training {
            training.control.send(Command::Cancel);
        }
    }

    /// Sends a command to a variant's training.
    pub fn command(&self, variant: u64, command: Command) {
        if let Some(training) = self.trainings.borrow().get(&variant) {
            training.control.send(command);
        }
    }

    /// Sends a command to all trainings.
    pub fn command_all(&self, command: Command) {
        self.trainings.borrow().values().for_each(|training| training.control.send(command));
    }

    fn ask_frame(self: &Rc<Self>) {
        if !self.is_frame_asked.replace(true) {
            let engine = self.clone();
            request_animation_frame(move || engine.on_frame());
        }
    }

    /// Takes what happened since the last frame into the board: once a frame, however many messages came.
    fn on_frame(self: Rc<Self>) {
        self.is_frame_asked.set(false);
        frames::measure();
        // What is on its way to the screen goes first: a slow screen gets fewer pictures, not longer frames.
        let waited = self.frames_waited.get();
        if frames::is_busy() && waited < MOST_FRAMES_WAITED {
            self.frames_waited.set(waited + 1);
            return self.ask_frame();
        }
        let (now, cost) = (frames::now(), frames::cost());
        let (last, cost_then) = self.last_picture.get();
        let wait = ((cost - cost_then) * PICTURE_SHARE).min(LONGEST_WAIT) - (now - last);
        if wait >= 1.0 {
            self.is_frame_asked.set(true);
            let engine = self.clone();
            let ask = move || {
                engine.is_frame_asked.set(false);
                engine.ask_frame();
            };
            return set_timeout(ask, Duration::from_secs_f64(wait / 1000.0));
        }
        self.frames_waited.set(0);
        self.last_picture.set((now, cost));
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        self.board.update(|board| {
            for (variant, start, event) in pending {
                let is_current = self.trainings.borrow().get(&variant).is_some_and(|training| training.start == start);
                if let Some(variant) = board.get_mut(variant).filter(|_| is_current) {
                    variant.fleet.apply(event);
                }
            }
        });
    }
}
