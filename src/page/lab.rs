//! What the page's components share: the board, what is shown, and the engine behind it.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use futures_util::StreamExt;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::live::{Live, Memo, RwSignal, live_text, memo, whenever};
use super::pool::{Fault, Pool};
use brink_engine::experiment::{Experiment, PRESETS};
use brink_engine::record::Columns;
use brink_lab::{Command, Control, Event, Runner};
use brink_view::board::{Arrangement, Board, Commit, Device, MOST_VARIANTS, Progress};
use brink_view::refusal::refusal;
use brink_view::scene::{self, StepView};
use brink_view::text::{Language, Texts};
use brink_view::theme::Theme;

/// A variant's newest training.
struct Training {
    variant: u64,
    /// The number of its start: events of an older one are left out.
    start: u64,
    control: Control,
}

/// The engine behind the board: the pool, and the training of each variant.
struct Engine {
    pool: RefCell<Option<Pool>>,
    trainings: RefCell<Vec<Training>>,
    /// What happened since the last frame, with the number of the start that it belongs to.
    pending: RefCell<Vec<(u64, u64, Event)>>,
    frame_asked: Cell<bool>,
    /// The frames that news has waited for drawings.
    frames_waited: Cell<u32>,
    next_start: Cell<u64>,
}

/// The board without its numbers: each variant with whether it is hidden and how its training stands, and what is focused.
#[derive(Clone, Debug, PartialEq)]
struct Stage {
    variants: Vec<(u64, bool, Progress)>,
    focus: (Option<u64>, Option<usize>, Option<u32>),
}

/// How often what need not follow every frame (tables, descriptions) is renewed while a network trains.
const BEAT: Duration = Duration::from_secs(1);

/// News waits for drawings at most this many frames: a cursor that is dragged keeps the plots busy all the time.
const MOST_WAITED: u32 = 6;

/// What the page's components share.
#[derive(Clone, Copy)]
pub struct Lab {
    /// The variants, the focus, the cursor.
    pub board: RwSignal<Board>,
    /// The page's language.
    pub language: RwSignal<Language>,
    /// The page's theme.
    pub theme: RwSignal<Theme>,
    /// Why the last control was not taken, or what was wrong with the address.
    pub notice: RwSignal<Option<String>>,
    /// Whether the rule's text is open.
    pub editing: RwSignal<bool>,
    /// Whether the learner paused training.
    pub paused: RwSignal<bool>,
    /// Whether nobody sees the page: training stands still then, too.
    pub hidden: RwSignal<bool>,
    /// What became of the workers.
    pub fault: RwSignal<Option<Fault>>,
    /// Whether the GPU adapter is software, as far as the browser tells.
    pub is_software: RwSignal<bool>,
    /// What the plots against the step show.
    pub view: RwSignal<StepView>,
    /// The clip threshold that is being tried, while its grip is held.
    pub tried: RwSignal<Option<f64>>,
    /// The focused variant's experiment: what the controls show.
    pub current: Memo<Experiment>,
    /// The variants' names, in the board's order.
    pub names: Memo<Vec<String>>,
    /// What changes a few times a minute and not with every frame: see [`Lab::stage`].
    stage: Memo<Stage>,
    /// Counts the seconds in which the board changed.
    beat: RwSignal<u32>,
    engine: StoredValue<Rc<Engine>, LocalStorage>,
}

impl Lab {
    /// A lab with an empty board and no engine yet.
    pub fn new(language: Language, theme: Theme) -> Self {
        let board = RwSignal::new(Board::default());
        let language = RwSignal::new(language);
        let ids = memo(move || board.with(|board| board.variants().iter().map(|v| v.id).collect::<Vec<_>>()));
        // A variant's experiment never changes: its id stands for it.
        let names = memo(move || {
            ids.with(|_| ());
            board.with_untracked(|board| scene::names(board, language.get().texts()))
        });
        let stage = memo(move || {
            board.with(|board| Stage {
                variants: board.variants().iter().map(|v| (v.id, v.hidden, v.progress.clone())).collect(),
                focus: (board.focused().map(|v| v.id), board.run(), board.cursor),
            })
        });
        let beat = RwSignal::new(0u32);
        let is_due = StoredValue::new(false);
        whenever(move |_| {
            board.track();
            if !is_due.get_value() {
                is_due.set_value(true);
                set_timeout(
                    move || {
                        is_due.set_value(false);
                        beat.update(|n| *n = n.wrapping_add(1));
                    },
                    BEAT,
                );
            }
        });
        let current = memo(move || board.with(|board| board.focused().map_or_else(default, |v| v.experiment.clone())));
        Self {
            board,
            language,
            theme: RwSignal::new(theme),
            notice: RwSignal::new(None),
            editing: RwSignal::new(false),
            paused: RwSignal::new(false),
            hidden: RwSignal::new(false),
            fault: RwSignal::new(None),
            is_software: RwSignal::new(false),
            view: RwSignal::new(StepView::default()),
            tried: RwSignal::new(None),
            current,
            names,
            stage,
            beat,
            engine: StoredValue::new_local(Rc::new(Engine {
                pool: RefCell::new(None),
                trainings: RefCell::new(Vec::new()),
                pending: RefCell::new(Vec::new()),
                frame_asked: Cell::new(false),
                frames_waited: Cell::new(0),
                next_start: Cell::new(0),
            })),
        }
    }

    /// The texts in the page's language.
    pub fn texts(&self) -> &'static Texts {
        self.language.get().texts()
    }

    /// Follows what changes a few times a minute: variants that come, go, start or end, and what is focused.
    pub fn stage(&self) {
        // A memo that is only tracked is never computed.
        self.stage.with(|_| ());
    }

    /// Follows the board, but no more than about once a second.
    pub fn slow(&self) {
        self.stage();
        self.beat.track();
    }

    /// A text that follows the language.
    pub fn say(self, text: fn(&'static Texts) -> &'static str) -> Live<Cow<'static, str>> {
        live_text(move || text(self.texts()))
    }

    /// Gives the lab its workers.
    pub fn set_pool(&self, pool: Pool) {
        self.engine.with_value(|engine| *engine.pool.borrow_mut() = Some(pool));
    }

    /// A control was turned: the experiment becomes a variant and trains, or a notice says why not.
    pub fn commit(&self, experiment: Experiment) {
        let texts = self.language.get_untracked().texts();
        if let Err(error) = experiment.resolve() {
            self.notice.set(Some(texts.refused(refusal(&error, texts))));
            return;
        }
        let (before, had) = self.board.with_untracked(|board| {
            (board.focused().map(|variant| variant.experiment.clone()), board.variants().len())
        });
        let commit = self.board.update(|board| board.commit(experiment));
        self.notice.set(None);
        match commit {
            Commit::Added { id, replaced } => {
                if let Some(gone) = replaced {
                    self.cancel(gone);
                }
                self.start(id);
                let is_other =
                    self.board.with_untracked(|board| board.variants().iter().any(|v| !board.same_problem(v)));
                if had > 0 && before.is_some() && is_other {
                    self.notice.set(Some(texts.other_problem.to_owned()));
                }
            }
            Commit::Full => {
                self.notice.set(Some(texts.too_many(MOST_VARIANTS)));
            }
            Commit::There(_) => {}
        }
    }

    /// Makes the board what an arrangement says; what is new on it trains.
    pub fn restore(&self, arrangement: &Arrangement) {
        let restored = self.board.update(|board| board.restore(arrangement));
        for id in restored.gone {
            self.cancel(id);
        }
        for id in restored.new {
            self.start(id);
        }
    }

    /// Changes the focused experiment and commits it.
    pub fn change(&self, change: impl FnOnce(&mut Experiment)) {
        let mut experiment = self.current.get_untracked();
        change(&mut experiment);
        self.commit(experiment);
    }

    /// Trains a variant from its start.
    pub fn start(&self, id: u64) {
        let Some(experiment) = self.board.with_untracked(|board| board.get(id).map(|v| v.experiment.clone())) else {
            return;
        };
        let Ok(resolved) = experiment.resolve() else { return };
        let runs: Vec<(f64, u32)> =
            resolved.runs.iter().enumerate().map(|(i, run)| (run.base_learning_rate, resolved.steps(i))).collect();
        let states = resolved.rule.states.iter().map(|state| state.name.clone()).collect();
        let stride = resolved.stride();
        let engine = self.engine.get_value();
        self.cancel(id);
        // What was lost before is history now; that there are no workers stays true.
        if self.fault.with_untracked(|fault| matches!(fault, Some(Fault::Replaced(_)))) {
            self.fault.set(None);
        }
        self.board.update(|board| {
            if let Some(variant) = board.get_mut(id) {
                variant.begin(Columns { states }, stride, &runs);
            }
        });
        let pool = engine.pool.borrow().clone();
        // Before there are workers a variant waits; `set_pool` is followed by a start.
        let Some(pool) = pool else { return };
        let mut running = pool.start(&experiment);
        let start = engine.next_start.get();
        engine.next_start.set(start + 1);
        if self.stands_still() {
            running.control.send(Command::Pause);
        }
        engine.trainings.borrow_mut().push(Training { variant: id, start, control: running.control });
        let lab = *self;
        spawn_local(async move {
            while let Some(event) = running.events.next().await {
                engine.pending.borrow_mut().push((id, start, event));
                if !engine.frame_asked.replace(true) {
                    request_animation_frame(move || lab.flush());
                }
            }
        });
    }

    /// Takes what happened since the last frame into the board: once a frame, however many messages came.
    fn flush(&self) {
        let engine = self.engine.get_value();
        // What is on its way to the screen goes first: a slow screen gets fewer pictures, not longer frames.
        let waited = engine.frames_waited.get();
        if super::frames::is_busy() && waited < MOST_WAITED {
            engine.frames_waited.set(waited + 1);
            let lab = *self;
            request_animation_frame(move || lab.flush());
            return;
        }
        engine.frames_waited.set(0);
        engine.frame_asked.set(false);
        let mut pending = std::mem::take(&mut *engine.pending.borrow_mut());
        pending.retain(|(_, start, _)| engine.trainings.borrow().iter().any(|training| training.start == *start));
        self.board.update(|board| {
            for (id, _, event) in pending {
                let Some(variant) = board.get_mut(id) else { continue };
                match event {
                    Event::Started { backend, device, reason, probe, chance, .. } => {
                        variant.chance = chance;
                        variant.probe = Some(probe);
                        variant.device = Some(Device { backend, name: device, reason });
                    }
                    Event::Metrics(chunks) => {
                        for chunk in &chunks {
                            if let Err(error) = variant.take(chunk) {
                                variant.progress = Progress::Failed(error.to_string());
                            }
                        }
                    }
                    Event::Progress { dispatches, seconds, .. } => {
                        variant.dispatches = dispatches;
                        // Shares of a fleet report one by one.
                        variant.seconds = variant.seconds.max(seconds);
                    }
                    Event::Finished => variant.progress = Progress::Ended,
                    Event::Failed(reason) => variant.progress = Progress::Failed(reason),
                }
            }
        });
    }

    /// Lets a variant's training go.
    fn cancel(&self, id: u64) {
        let engine = self.engine.get_value();
        for training in engine.trainings.borrow_mut().extract_if(.., |training| training.variant == id) {
            training.control.send(Command::Cancel);
        }
    }

    /// Takes a variant off the board.
    pub fn delete(&self, id: u64) {
        self.cancel(id);
        self.board.update(|board| board.delete(id));
    }

    fn stands_still(&self) -> bool {
        self.paused.get_untracked() || self.hidden.get_untracked()
    }

    /// The learner pauses, or goes on.
    pub fn set_paused(&self, paused: bool) {
        let stood = self.stands_still();
        self.paused.set(paused);
        self.tell_stand(stood);
    }

    /// The page is hidden, or seen again; what the learner paused stays paused.
    pub fn set_hidden(&self, hidden: bool) {
        let stood = self.stands_still();
        self.hidden.set(hidden);
        self.tell_stand(stood);
    }

    /// Tells what trains whether to stand still, where that changed.
    fn tell_stand(&self, stood: bool) {
        let stands = self.stands_still();
        if stands == stood {
            return;
        }
        let command = if stands { Command::Pause } else { Command::Resume };
        self.engine.with_value(|engine| {
            for training in engine.trainings.borrow().iter() {
                training.control.send(command);
            }
        });
    }

    /// Pauses, and trains the focused variant one step further.
    pub fn step(&self) {
        if !self.paused.get_untracked() {
            self.set_paused(true);
        }
        let place = self.board.with_untracked(|board| {
            // Workers that pause at different steps catch up with the furthest.
            board.focused().map(|v| (v.id, v.runs.iter().map(|run| run.trained()).max().unwrap_or(0)))
        });
        if let Some((id, furthest)) = place {
            self.engine.with_value(|engine| {
                if let Some(training) = engine.trainings.borrow().iter().find(|training| training.variant == id) {
                    training.control.send(Command::StepTo(furthest + 1));
                }
            });
            self.board.update(|board| board.cursor = None);
        }
    }

    /// Trains the focused variant again from its start.
    pub fn reset(&self) {
        if let Some(id) = self.board.with_untracked(|board| board.focused().map(|variant| variant.id)) {
            self.board.update(|board| board.cursor = None);
            self.start(id);
        }
    }
}

/// The experiment that opens the page.
pub fn default() -> Experiment {
    (PRESETS[0].experiment)()
}
