//! The state that the page's components have in common: signals of the board and of what is shown, and the learner's actions.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc::{self, UnboundedSender};
use leptos::prelude::*;

use super::engine::Engine;
use super::pool::Pool;
use brink_engine::experiment::{Experiment, ExperimentError, PRESETS};
use brink_engine::metaparameter::Metaparameter;
use brink_lab::pool::Fault;
use brink_lab::{Command, Control, Event, FleetRecord, Runner, Running, Status};
use brink_playbook::figures::Figure;
use brink_playbook::procedures::Arm;
use brink_view::board::{Arrangement, Board, Commit, Load, MOST_RECORD_BYTES, MOST_VARIANTS, Variant};
use brink_view::locks::Locks;
use brink_view::metaparameter::presentation;
use brink_view::query::{Panel, Query};
use brink_view::refusal::refusal;
use brink_view::scene::{self, StepView};
use brink_view::story::{Story, arm_name};
use brink_view::text::{Language, Texts};
use brink_view::theme::Theme;

/// The board without its numbers: each variant with whether it is hidden and how its training stands, and what is focused.
#[derive(Clone, Debug, PartialEq)]
struct Stage {
    variants: Vec<(u64, bool, bool, Status)>,
    focus: (Option<u64>, Option<usize>, Option<u32>),
}

/// How often what need not follow every frame (tables, descriptions) is renewed while a network trains.
const BEAT: Duration = Duration::from_secs(1);

/// Variants that a link brought and that wait for a click, and their load.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// How many.
    pub variants: usize,
    /// What they take together.
    pub load: Load,
}

/// The state that the page's components have in common.
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
    /// Variants that wait for a click before they train.
    held: RwSignal<BTreeSet<u64>>,
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
    /// How many variants there are, once all of them have ended.
    ended: Memo<Option<usize>>,
    /// Counts the seconds in which the board changed.
    beat: RwSignal<u32>,
    ready: RwSignal<bool>,
    /// The entry of the glossary that is open.
    pub term: RwSignal<Option<String>>,
    /// The section of the chapter that was read last, and how far the page was scrolled.
    pub read_to: StoredValue<Option<(String, f64)>>,
    /// The story that the board is, until something else is tried.
    pub story: RwSignal<Option<&'static str>>,
    /// What a figure calls its arms, in the board's order: the names of the first variants while they are its arms. The others are
    /// called by what differs from the first.
    pub arms: RwSignal<Vec<&'static str>>,
    engine: StoredValue<Rc<Engine>, LocalStorage>,
    /// What the address shows and takes away.
    query: StoredValue<Query>,
    /// What it locks.
    locks: StoredValue<Locks>,
}

impl Lab {
    /// A lab with an empty board and no engine yet, which shows what the address asks for.
    pub fn new(language: Language, theme: Theme, query: Query) -> Self {
        let lab = Self::with(RwSignal::new(language), RwSignal::new(theme));
        lab.query.set_value(query);
        lab
    }

    fn with(language: RwSignal<Language>, theme: RwSignal<Theme>) -> Self {
        let board = RwSignal::new(Board::default());
        let ids = Memo::new(move |_| board.with(|board| board.variants().iter().map(|v| v.id).collect::<Vec<_>>()));
        // A variant's experiment never changes: its id stands for it.
        let arms = RwSignal::new(Vec::new());
        let names = Memo::new(move |_| {
            ids.with(|_| ());
            let texts = language.get().texts();
            let mut names = board.with_untracked(|board| scene::names(board, texts));
            arms.with(|arms: &Vec<&'static str>| {
                names.iter_mut().zip(arms).for_each(|(name, arm)| *name = arm_name(arm, texts).into_owned());
            });
            names
        });
        let stage = Memo::new(move |_| {
            board.with(|board| Stage {
                variants: board
                    .variants()
                    .iter()
                    .map(|v| (v.id, v.hidden, v.has_room, v.fleet.status.clone()))
                    .collect(),
                focus: (board.focused().map(|v| v.id), board.run(), board.cursor),
            })
        });
        let ended = Memo::new(move |_| {
            stage.with(|stage| {
                let all = &stage.variants;
                (!all.is_empty() && all.iter().all(|one| one.3 == Status::Ended)).then_some(all.len())
            })
        });
        let beat = RwSignal::new(0u32);
        let is_due = StoredValue::new(false);
        Effect::new(move |_| {
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
        let current =
            Memo::new(move |_| board.with(|board| board.focused().map_or_else(default, |v| v.experiment().clone())));
        Self {
            board,
            language,
            theme,
            notice: RwSignal::new(None),
            editing: RwSignal::new(false),
            paused: RwSignal::new(false),
            hidden: RwSignal::new(false),
            fault: RwSignal::new(None),
            held: RwSignal::new(BTreeSet::new()),
            view: RwSignal::new(StepView::default()),
            tried: RwSignal::new(None),
            current,
            names,
            stage,
            ended,
            beat,
            ready: RwSignal::new(false),
            term: RwSignal::new(None),
            read_to: StoredValue::new(None),
            story: RwSignal::new(None),
            arms,
            engine: StoredValue::new_local(Rc::new(Engine::new(board))),
            query: StoredValue::new(Query::default()),
            locks: StoredValue::new(Locks::default()),
        }
    }

    /// Whether the page shows a panel.
    pub fn shows(&self, panel: Panel) -> bool {
        self.query.with_value(|query| query.shows(panel))
    }

    /// Whether the page is embedded in another.
    pub fn is_embedded(&self) -> bool {
        self.query.with_value(|query| query.is_embedded)
    }

    /// What the address asks for.
    pub fn query(&self) -> Query {
        self.query.get_value()
    }

    /// Whether the control of a metaparameter is taken away.
    pub fn is_hidden(&self, id: Metaparameter) -> bool {
        self.query.with_value(|query| query.is_hidden(id))
    }

    /// Whether a metaparameter keeps its value.
    pub fn is_locked(&self, id: Metaparameter) -> bool {
        self.locks.with_value(|locks| locks.holds(id))
    }

    /// Whether anything is locked.
    pub fn has_locks(&self) -> bool {
        self.locks.with_value(|locks| !locks.is_empty())
    }

    /// Locks what the address locks, at the values that the board has now.
    pub fn lock(&self) {
        let fallback = default();
        let locks = self.board.with_untracked(|board| {
            let all = board.variants().iter().map(Variant::experiment);
            let empty = board.variants().is_empty().then_some(&fallback);
            self.query.with_value(|query| Locks::of(query.locked(), all.chain(empty)))
        });
        self.locks.set_value(locks);
    }

    /// Whether what is locked allows an experiment.
    pub fn allows(&self, experiment: &Experiment) -> bool {
        self.locks.with_value(|locks| locks.broken_by(experiment).is_none())
    }

    /// Says which locked value an experiment would change, if it would.
    fn is_refused(&self, experiment: &Experiment) -> bool {
        let broken = self.locks.with_value(|locks| locks.broken_by(experiment));
        if let Some(id) = broken {
            let texts = self.language.get_untracked().texts();
            let label = (presentation(id).label)(texts, experiment.model.kind());
            let name = if label.is_empty() { presentation(id).group.title(texts) } else { &label };
            self.notice.set(Some(texts.locked(name)));
        }
        broken.is_some()
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

    /// Follows whether all variants have ended: how many there are then. Neither the focus nor the cursor changes it.
    pub fn ended(&self) -> Option<usize> {
        self.ended.get()
    }

    /// Follows the board, but no more than about once a second.
    pub fn slow(&self) {
        self.stage();
        self.beat.track();
    }

    /// Makes the board that of a story, for a seed.
    pub fn open(&self, story: Story) {
        self.notice.set(None);
        if self.restore(&story.board()) {
            self.tell(Some(story));
        }
    }

    /// Says which story the board is, if it is one, and calls its variants as its figure does.
    pub fn tell(&self, story: Option<Story>) {
        self.story.set(story.map(|story| story.id));
        self.arms.set(story.map(Story::arms).unwrap_or_default());
    }

    /// Trains what a figure asks for next, once all on the board has ended: some of its arms depend on others. Its arms where it asks
    /// for no more.
    pub fn go_on(&self, figure: &'static Figure, seed: u32) -> Option<Vec<Arm>> {
        let mut arms: Vec<Arm> = self.board.with_untracked(|board| {
            let names = self.names.get_untracked();
            let ended = |(variant, name): (&Variant, String)| {
                variant.has_ended().then(|| Arm { name, fleet: variant.fleet.clone() })
            };
            board.variants().iter().zip(names).map(ended).collect::<Option<_>>()
        })?;
        // A figure knows its arms by its own names, in the order in which it asked for them.
        let mut named = 0;
        loop {
            let next = figure.next(seed, &arms[..named]);
            if next.is_empty() || arms.is_empty() {
                break;
            }
            for (name, experiment) in next {
                let Some(arm) = arms.get_mut(named) else {
                    let story = self.story.get_untracked();
                    if self.arms.with_untracked(|arms| arms.len() == named) {
                        self.arms.update(|arms| arms.push(name));
                    }
                    self.commit(experiment);
                    self.story.set(story);
                    return None;
                };
                name.clone_into(&mut arm.name);
                named += 1;
            }
        }
        (!arms.is_empty()).then_some(arms)
    }

    /// Puts experiments on the board, with what they recorded elsewhere where they have ended there.
    pub fn adopt(&self, fleets: Vec<FleetRecord>) {
        let mut arrangement = self.board.with_untracked(Board::arrangement);
        let taken = self.board.try_update(|board| {
            let mut has_places = true;
            // What a link locks stays as it is; the rest comes.
            for fleet in fleets.into_iter().filter(|fleet| self.allows(&fleet.resolved.experiment)) {
                has_places &= arrangement.add(fleet.resolved.experiment.clone());
                board.park(fleet);
            }
            has_places
        });
        if self.restore(&arrangement) && taken == Some(false) {
            let texts = self.language.get_untracked().texts();
            self.notice.set(Some(texts.too_many(MOST_VARIANTS)));
        }
    }

    /// A second lab on the same workers, with a board of its own.
    pub fn beside(&self) -> Self {
        let other = Self::with(self.language, self.theme);
        Self { term: self.term, ..other }
    }

    /// Whether the lab has its workers.
    pub fn is_ready(&self) -> bool {
        self.ready.get()
    }

    /// Takes everything off the board.
    pub fn clear(&self) {
        self.restore(&Arrangement::default());
    }

    /// Gives the lab its workers; whatever waits trains from now on.
    pub fn set_pool(&self, pool: Pool) {
        self.engine.with_value(|engine| engine.set_pool(pool));
        self.ready.set(true);
        let waiting = self.board.with_untracked(|board| {
            let waits = |variant: &&Variant| variant.has_room && variant.fleet.status == Status::Waiting;
            board.variants().iter().filter(waits).map(|variant| variant.id).collect::<Vec<_>>()
        });
        let held = self.held.get_untracked();
        waiting.into_iter().filter(|id| !held.contains(id)).for_each(|id| self.start(id));
    }

    /// A control was turned: the experiment becomes a variant and trains, or a notice says why not.
    pub fn commit(&self, experiment: Experiment) {
        if let Err(error) = self.try_commit(experiment) {
            self.refuse(&error);
        }
    }

    /// The same; an experiment that is not valid is said by who asked.
    ///
    /// # Errors
    ///
    /// The first field that is wrong.
    pub fn try_commit(&self, experiment: Experiment) -> Result<(), ExperimentError> {
        let texts = self.language.get_untracked().texts();
        if self.is_refused(&experiment) {
            return Ok(());
        }
        let had_focus = self.board.with_untracked(|board| board.focused().is_some());
        let commit = self.board.write().commit(experiment);
        self.notice.set(None);
        self.story.set(None);
        match commit {
            Commit::Added { id, replaced } => {
                if let Some(gone) = replaced {
                    self.arms.set(Vec::new());
                    self.cancel(gone);
                }
                self.start(id);
                let is_other =
                    self.board.with_untracked(|board| board.variants().iter().any(|v| !board.same_problem(v)));
                if had_focus && is_other {
                    self.notice.set(Some(texts.other_problem.to_owned()));
                }
            }
            Commit::Full => self.notice.set(Some(texts.too_many(MOST_VARIANTS))),
            Commit::NoRoom => self.notice.set(Some(texts.no_room(megabytes(MOST_RECORD_BYTES)))),
            Commit::Refused(error) => return Err(error),
            Commit::There(_) => {}
        }
        Ok(())
    }

    /// Says why an experiment is not trained.
    pub fn refuse(&self, error: &ExperimentError) {
        let texts = self.language.get_untracked().texts();
        self.notice.set(Some(texts.refused(refusal(error, texts))));
    }

    /// Makes the board what an arrangement says. What is new on it trains; where that is a great deal, it waits for a click. One
    /// that changes what is locked is refused, and false is the answer.
    pub fn restore(&self, arrangement: &Arrangement) -> bool {
        if arrangement.variants.iter().any(|placed| self.is_refused(&placed.experiment)) {
            return false;
        }
        self.story.set(None);
        self.arms.set(Vec::new());
        let restored = self.board.write().restore(arrangement);
        for id in restored.gone {
            self.cancel(id);
        }
        let is_small = self.board.with_untracked(|board| {
            let new = restored.new.iter().filter_map(|id| board.get(*id));
            new.map(|variant| variant.load).sum::<Load>().is_small()
        });
        if is_small {
            restored.new.into_iter().for_each(|id| self.start(id));
        } else {
            self.held.update(|held| held.extend(restored.new));
        }
        true
    }

    /// What waits for a click, if anything does.
    pub fn held(&self) -> Option<Held> {
        let held = self.held.get();
        self.stage();
        let loads: Vec<Load> = self.board.with_untracked(|board| {
            let waits = |variant: &&Variant| held.contains(&variant.id);
            board.variants().iter().filter(waits).map(|variant| variant.load).collect()
        });
        (!loads.is_empty()).then(|| Held { variants: loads.len(), load: loads.into_iter().sum() })
    }

    /// The learner's click: what waited for it trains.
    pub fn start_held(&self) {
        for id in self.held.get_untracked() {
            self.start(id);
        }
    }

    /// Changes the focused experiment and commits it.
    pub fn change(&self, change: impl FnOnce(&mut Experiment)) {
        let mut experiment = self.current.get_untracked();
        change(&mut experiment);
        self.commit(experiment);
    }

    /// Trains a variant from its start, where the board has room for what it records.
    pub fn start(&self, id: u64) {
        self.start_heard(id, None);
    }

    /// The same; `listener` hears what the board hears. Tells whether there was room.
    fn start_heard(&self, id: u64, listener: Option<UnboundedSender<Event>>) -> bool {
        self.cancel(id);
        if !self.board.write().make_room(id) {
            return false;
        }
        // Clear a notice that a worker was replaced; that there are none, or others than usual, stays true.
        if self.fault.with_untracked(|fault| matches!(fault, Some(Fault::Replaced(_)))) {
            self.fault.set(None);
        }
        let experiment = self.board.try_update(|board| {
            let variant = board.get_mut(id)?;
            variant.restart();
            Some(variant.experiment().clone())
        });
        if let Some(experiment) = experiment.flatten() {
            self.engine.with_value(|engine| engine.start(id, &experiment, self.stands_still(), listener));
        }
        true
    }

    /// Trains an experiment as a further variant, in the place of the oldest where the board is full. What happens is heard by
    /// the board and by who asked.
    fn train(&self, experiment: &Experiment) -> Running {
        let (sender, events) = mpsc::unbounded();
        let pushed = self.board.write().push(experiment.clone());
        let id = match pushed {
            Commit::Added { id, .. } | Commit::There(id) => Some(id),
            Commit::Full | Commit::NoRoom | Commit::Refused(_) => None,
        };
        let Some(id) = id.filter(|id| self.start_heard(*id, Some(sender.clone()))) else {
            let texts = self.language.get_untracked().texts();
            // Nobody is told where the asker is gone.
            let _ = sender.unbounded_send(Event::Failed(texts.no_room(megabytes(MOST_RECORD_BYTES))));
            return Running { events, control: Control::new(|_| {}) };
        };
        let lab = *self;
        let control = Control::new(move |command| match command {
            Command::Cancel => lab.cancel(id),
            command => lab.engine.with_value(|engine| engine.command(id, command)),
        });
        Running { events, control }
    }

    /// Ends a variant's training.
    fn cancel(&self, id: u64) {
        if self.held.with_untracked(|held| held.contains(&id)) {
            self.held.update(|held| {
                held.remove(&id);
            });
        }
        self.engine.with_value(|engine| engine.cancel(id));
    }

    /// Takes a variant off the board.
    pub fn delete(&self, id: u64) {
        self.story.set(None);
        // Those that are left stand in other places.
        self.arms.set(Vec::new());
        self.cancel(id);
        self.board.update(|board| board.delete(id));
    }

    fn stands_still(&self) -> bool {
        self.paused.get_untracked() || self.hidden.get_untracked()
    }

    /// The learner pauses, or continues.
    pub fn set_paused(&self, paused: bool) {
        let before = self.stands_still();
        self.paused.set(paused);
        self.pause_or_resume(before);
    }

    /// The page is hidden, or seen again; what the learner paused stays paused.
    pub fn set_hidden(&self, hidden: bool) {
        let before = self.stands_still();
        self.hidden.set(hidden);
        self.pause_or_resume(before);
    }

    /// Pauses or resumes all trainings, where that changed.
    fn pause_or_resume(&self, before: bool) {
        let now = self.stands_still();
        if now != before {
            let command = if now { Command::Pause } else { Command::Resume };
            self.engine.with_value(|engine| engine.command_all(command));
        }
    }

    /// Pauses, and trains the focused variant one step further.
    pub fn step(&self) {
        if !self.paused.get_untracked() {
            self.set_paused(true);
        }
        if let Some(id) = self.board.with_untracked(|board| board.focused().map(|variant| variant.id)) {
            self.engine.with_value(|engine| engine.command(id, Command::Step));
            self.board.update(|board| board.cursor = None);
        }
    }

    /// Trains all variants that are shown again from their start.
    pub fn reset(&self) {
        let shown = self.board.with_untracked(|board| {
            board.variants().iter().filter(|variant| !variant.hidden).map(|variant| variant.id).collect::<Vec<_>>()
        });
        self.board.update(|board| board.cursor = None);
        shown.into_iter().for_each(|id| self.start(id));
    }
}

/// A procedure trains on a board of its own, where it is watched.
impl Runner for Lab {
    fn start(&self, experiment: &Experiment) -> Running {
        self.train(experiment)
    }
}

/// Bytes as whole megabytes, rounded up.
pub fn megabytes(bytes: usize) -> usize {
    bytes.div_ceil(1_000_000)
}

/// The experiment that opens the page.
pub fn default() -> Experiment {
    (PRESETS[0].experiment)()
}
