//! The board: the variants that are drawn side by side, which run is focused, and the step at the cursor.

use brink_engine::experiment::{Experiment, ExperimentError, Resolved, definitions, difference, limits};
use brink_engine::metaparameter::Definition;
use brink_lab::{FleetRecord, Status};
use serde_json::Value;
use std::sync::Arc;

/// The most variants on a board.
pub const MOST_VARIANTS: usize = 12;
/// The most that the records of deleted variants may take, in bytes: they come back with undo; beyond this they train again.
pub const MOST_PARKED_BYTES: usize = 64 << 20;
/// The most that the records of a board's variants may take, in bytes: the largest variant that the limits of an experiment
/// allow takes nearly all of it.
pub const MOST_RECORD_BYTES: usize = 256 << 20;
/// The most that the parameters and states of the variants in training may take, in bytes.
pub const MOST_FLEET_BYTES: usize = limits::CPU_BYTES;
/// What a link may start without being asked, in runs times steps: about a minute of training on two cores.
pub const MOST_UNASKED_RUN_STEPS: u64 = 1 << 20;
/// What a link may start without being asked, in bytes.
pub const MOST_UNASKED_BYTES: usize = 64 << 20;
/// Turning the same control again before this step replaces the variant instead of adding one.
pub const REPLACE_BEFORE_STEP: u32 = 50;

/// How much work and memory an experiment takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// The number of runs.
    pub runs: usize,
    /// The steps of all runs.
    pub run_steps: u64,
    /// What its runs record, in bytes.
    pub record_bytes: usize,
    /// The parameters and states of its runs, in bytes.
    pub fleet_bytes: usize,
}

impl Load {
    /// The load of an experiment.
    pub fn of(resolved: &Resolved) -> Self {
        let states = resolved.rule.states.len();
        let width = resolved.columns().width();
        let runs = resolved.runs.len();
        let steps = || (0..runs).map(|run| resolved.steps(run));
        let rows: u64 = steps().map(|steps| u64::from(steps.div_ceil(resolved.stride()))).sum();
        Self {
            runs,
            run_steps: steps().map(u64::from).sum(),
            record_bytes: usize::try_from(rows).unwrap_or(usize::MAX).saturating_mul(width * size_of::<f32>()),
            fleet_bytes: runs * resolved.network.parameter_count() * (1 + states) * size_of::<f32>(),
        }
    }

    /// What it takes in memory, in bytes.
    pub fn bytes(&self) -> usize {
        self.record_bytes.saturating_add(self.fleet_bytes)
    }

    /// Whether a link may start it without being asked.
    pub fn is_small(&self) -> bool {
        self.run_steps <= MOST_UNASKED_RUN_STEPS && self.bytes() <= MOST_UNASKED_BYTES
    }
}

impl std::ops::Add for Load {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            runs: self.runs + other.runs,
            run_steps: self.run_steps + other.run_steps,
            record_bytes: self.record_bytes.saturating_add(other.record_bytes),
            fleet_bytes: self.fleet_bytes.saturating_add(other.fleet_bytes),
        }
    }
}

impl std::iter::Sum for Load {
    fn sum<I: Iterator<Item = Self>>(loads: I) -> Self {
        loads.fold(Self::default(), |sum, load| sum + load)
    }
}

/// One variant: a fleet with its records, and how it stands on the board.
#[derive(Clone)]
pub struct Variant {
    /// Never used twice on a board.
    pub id: u64,
    /// The experiment, what its runs have recorded, and what they came to.
    pub fleet: FleetRecord,
    /// Which colour, dash and marker it has.
    pub slot: usize,
    /// Whether it is left out of the plots.
    pub hidden: bool,
    /// Whether the board has room for what it records; without, it does not train.
    pub has_room: bool,
    /// How much work and memory it takes.
    pub load: Load,
    /// The values that make the problem what it is, by their paths: losses of different problems are not compared.
    problem: Vec<(&'static str, Value)>,
}

impl Variant {
    fn new(id: u64, resolved: Arc<Resolved>, slot: usize) -> Self {
        let load = Load::of(&resolved);
        let experiment = &resolved.experiment;
        let value = |definition: &'static Definition| (definition.path, experiment.get(definition.path));
        let problem = definitions(&experiment.task, experiment.model.kind())
            .filter(|one| one.changes_problem)
            .map(value)
            .collect();
        Self { id, load, problem, fleet: FleetRecord::new(resolved), slot, hidden: false, has_room: true }
    }

    /// Whether another variant is the same problem, so that losses and learning rates can be compared.
    pub fn is_same_problem(&self, other: &Self) -> bool {
        self.problem == other.problem
    }

    /// What runs.
    pub fn experiment(&self) -> &Experiment {
        &self.fleet.resolved.experiment
    }

    /// Whether every run has ended.
    pub fn has_ended(&self) -> bool {
        self.fleet.status == Status::Ended
    }

    /// Whether it trains or is about to.
    pub fn is_training(&self) -> bool {
        self.has_room && matches!(self.fleet.status, Status::Waiting | Status::Training)
    }

    /// Empties the records: training starts (again).
    pub fn restart(&mut self) {
        self.fleet = FleetRecord::new(self.fleet.resolved.clone());
    }
}

/// What committing a control came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The experiment is on the board already; it has the focus now.
    There(u64),
    /// A new variant; the one that it replaces is gone.
    Added {
        /// The new variant.
        id: u64,
        /// The variant that is gone.
        replaced: Option<u64>,
    },
    /// The board has as many variants as it may.
    Full,
    /// The board has no room for what the experiment would record.
    NoRoom,
    /// The experiment is refused.
    Refused(ExperimentError),
}

/// The variants that are drawn side by side, which run is focused, and the step at the cursor.
#[derive(Clone, Default)]
pub struct Board {
    variants: Vec<Variant>,
    /// Variants that had ended when they were taken off the board, the oldest first.
    parked: Vec<Variant>,
    next: u64,
    focus: Option<u64>,
    run: Option<usize>,
    /// The step at the cursor; without one, the latest.
    pub cursor: Option<u32>,
}

/// One variant as it stands on a board, without what it has recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    /// What runs.
    pub experiment: Experiment,
    /// Which colour, dash and marker it has.
    pub slot: usize,
    /// Whether it is left out of the plots.
    pub hidden: bool,
}

/// A board without its records: what a link holds, and what undo goes back to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arrangement {
    /// The variants, in the board's order.
    pub variants: Vec<Placed>,
    /// The position of the focused variant.
    pub focus: Option<usize>,
    /// The focused run; without one, the board chooses.
    pub run: Option<usize>,
    /// The step at the cursor; without one, the latest.
    pub cursor: Option<u32>,
}

impl Arrangement {
    /// The board of one experiment.
    pub fn of(experiment: Experiment) -> Self {
        Self::of_all([experiment])
    }

    /// The board of these experiments, as far as it has places; the first has the focus.
    pub fn of_all(experiments: impl IntoIterator<Item = Experiment>) -> Self {
        let place = |(slot, experiment)| Placed { experiment, slot, hidden: false };
        let variants = experiments.into_iter().take(MOST_VARIANTS).enumerate().map(place).collect();
        Self { variants, focus: Some(0), run: None, cursor: None }
    }

    /// Adds an experiment, with a colour that is free, and the focus. Tells whether the board has a place for it; one that is there
    /// already gets the focus.
    pub fn add(&mut self, experiment: Experiment) -> bool {
        if let Some(there) = self.variants.iter().position(|placed| placed.experiment == experiment) {
            self.focus = Some(there);
            return true;
        }
        let used = |slot: &usize| self.variants.iter().any(|placed| placed.slot == *slot);
        let Some(slot) = (0..MOST_VARIANTS).find(|slot| !used(slot)) else { return false };
        self.focus = Some(self.variants.len());
        self.variants.push(Placed { experiment, slot, hidden: false });
        true
    }
}

/// What restoring an arrangement came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Variants that have recorded nothing yet and have room to.
    pub new: Vec<u64>,
    /// Variants that are off the board.
    pub gone: Vec<u64>,
}

/// Whether there is room beside these variants for one of this load.
fn has_room<'a>(others: impl Iterator<Item = &'a Variant>, load: &Load) -> bool {
    let (mut record_bytes, mut fleet_bytes) = (load.record_bytes, load.fleet_bytes);
    for other in others.filter(|other| other.has_room) {
        record_bytes = record_bytes.saturating_add(other.load.record_bytes);
        if other.is_training() {
            fleet_bytes = fleet_bytes.saturating_add(other.load.fleet_bytes);
        }
    }
    record_bytes <= MOST_RECORD_BYTES && fleet_bytes <= MOST_FLEET_BYTES
}

impl Board {
    /// The variants, in the order in which they were born.
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// A variant.
    pub fn get(&self, id: u64) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.id == id)
    }

    /// A variant, to be changed.
    pub fn get_mut(&mut self, id: u64) -> Option<&mut Variant> {
        self.variants.iter_mut().find(|variant| variant.id == id)
    }

    /// The focused variant.
    pub fn focused(&self) -> Option<&Variant> {
        self.focus.and_then(|id| self.get(id))
    }

    /// The focused run of a variant: the one with the learning rate nearest to the focused variant's focused run.
    pub fn focused_run(&self, variant: &Variant) -> Option<usize> {
        let own = |run: Option<usize>, v: &Variant| {
            let last = v.fleet.runs.len().checked_sub(1)?;
            // Until a run is chosen: the one at lr*; while nobody knows which that is, one below the middle, which in a good sweep
            // is near the edge and lives.
            let star = || v.fleet.sweep.and_then(|sweep| sweep.best);
            Some(run.or_else(star).unwrap_or(v.fleet.runs.len().div_ceil(3)).min(last))
        };
        if self.focus == Some(variant.id) {
            return own(self.run, variant);
        }
        let focused = self.focused()?;
        let rate = focused.fleet.runs.get(own(self.run, focused)?)?.base_learning_rate;
        (0..variant.fleet.runs.len()).min_by(|&a, &b| {
            let distance = |i: usize| libm::log(variant.fleet.runs[i].base_learning_rate / rate).abs();
            distance(a).total_cmp(&distance(b))
        })
    }

    /// The run that was chosen; without one, the board chooses.
    pub fn run(&self) -> Option<usize> {
        self.run
    }

    /// Focuses a variant, and a run of it.
    pub fn set_focus(&mut self, id: u64, run: Option<usize>) {
        if self.get(id).is_some() {
            self.focus = Some(id);
            if run.is_some() {
                self.run = run;
            }
        }
    }

    /// Moves the focus to the run with the next higher or lower learning rate.
    pub fn move_focus(&mut self, by: isize) {
        if let Some(focused) = self.focused()
            && let Some(run) = self.focused_run(focused)
        {
            self.run = Some(run.saturating_add_signed(by).min(focused.fleet.runs.len().saturating_sub(1)));
        }
    }

    /// The step that the equations and strips show: the cursor's, or the latest that the focused run has in common with the other
    /// living runs of its variant.
    pub fn cursor_step(&self) -> u32 {
        let Some(focused) = self.focused() else { return 0 };
        let Some(run) = self.focused_run(focused).and_then(|i| focused.fleet.runs.get(i)) else { return 0 };
        let latest = match run.record.death {
            Some(step) => step,
            None if run.is_living() => focused.fleet.common_step().saturating_sub(1),
            None => run.done().saturating_sub(1),
        };
        self.cursor.map_or(latest, |step| step.min(run.steps.saturating_sub(1)))
    }

    /// Whether a variant's losses can be compared with the focused one's.
    pub fn same_problem(&self, variant: &Variant) -> bool {
        self.focused().is_none_or(|focused| focused.is_same_problem(variant))
    }

    /// A control was committed: the experiment becomes a variant and has the focus, unless it is there already. Turning
    /// the same control again before step [`REPLACE_BEFORE_STEP`] replaces the variant that the first turn made.
    pub fn commit(&mut self, experiment: Experiment) -> Commit {
        if let Some(there) = self.variants.iter().find(|variant| *variant.experiment() == experiment) {
            let id = there.id;
            self.focus = Some(id);
            if let Some(there) = self.get_mut(id) {
                there.hidden = false;
            }
            return Commit::There(id);
        }
        let replaced = self.replaceable(&experiment);
        self.add(experiment, replaced)
    }

    /// Puts an experiment on the board, in the place of a variant where there is one to replace.
    fn add(&mut self, experiment: Experiment, replaced: Option<u64>) -> Commit {
        let others = self.variants.iter().filter(|variant| Some(variant.id) != replaced);
        let resolved = match experiment.resolve() {
            Ok(resolved) => resolved,
            Err(error) => return Commit::Refused(error),
        };
        if !has_room(others, &Load::of(&resolved)) {
            return Commit::NoRoom;
        }
        if let Some(id) = replaced {
            self.take_off(id);
        }
        if self.variants.len() >= MOST_VARIANTS {
            return Commit::Full;
        }
        let used = |slot: &usize| self.variants.iter().any(|variant| variant.slot == *slot);
        let slot = (0..MOST_VARIANTS).find(|slot| !used(slot)).unwrap_or(0);
        let id = self.next;
        self.next += 1;
        self.variants.push(Variant::new(id, Arc::new(resolved), slot));
        self.focus = Some(id);
        Commit::Added { id, replaced }
    }

    /// Puts an experiment on the board as a further variant, in the place of the oldest where the board is full. One that is there
    /// already stays.
    pub fn push(&mut self, experiment: Experiment) -> Commit {
        if self.variants.iter().any(|variant| *variant.experiment() == experiment) {
            return self.commit(experiment);
        }
        if self.variants.len() >= MOST_VARIANTS {
            self.take_off(self.variants[0].id);
        }
        self.add(experiment, None)
    }

    /// Keeps what an experiment recorded elsewhere: it is there once the experiment comes to the board.
    pub fn park(&mut self, fleet: FleetRecord) {
        let id = self.next;
        self.next += 1;
        let mut variant = Variant::new(id, fleet.resolved.clone(), 0);
        variant.fleet = fleet;
        if variant.has_ended() {
            self.parked.push(variant);
            self.bound_parked();
        }
    }

    /// Whether a variant may train: where the board has no room for it, it says so from now on.
    pub fn make_room(&mut self, id: u64) -> bool {
        let others = self.variants.iter().filter(|variant| variant.id != id);
        let Some(has_room) = self.get(id).map(|variant| has_room(others, &variant.load)) else { return false };
        if let Some(variant) = self.get_mut(id) {
            variant.has_room = has_room;
        }
        has_room
    }

    /// The newest variant, where the same control that made it is turned again before it got anywhere.
    fn replaceable(&self, experiment: &Experiment) -> Option<u64> {
        let [.., before, newest] = &self.variants[..] else { return None };
        // With the focus elsewhere it is another variant's control.
        if self.focus != Some(newest.id) || (newest.fleet.common_step() >= REPLACE_BEFORE_STEP) {
            return None;
        }
        let fields = |a: &Experiment, b: &Experiment| -> Vec<String> {
            difference(a, b).into_iter().map(|one| one.field).collect()
        };
        let made_by = fields(before.experiment(), newest.experiment());
        let turned = fields(newest.experiment(), experiment);
        (!turned.is_empty() && turned.iter().all(|field| made_by.contains(field))).then_some(newest.id)
    }

    /// Takes a variant off the board. The focus goes to the newest that is left.
    pub fn delete(&mut self, id: u64) {
        self.take_off(id);
        if self.focus == Some(id) {
            self.focus = self.variants.last().map(|variant| variant.id);
        }
    }

    /// Removes a variant; one that has ended is parked, so that it can come back without training again.
    fn take_off(&mut self, id: u64) {
        let Some(position) = self.variants.iter().position(|variant| variant.id == id) else { return };
        let gone = self.variants.remove(position);
        if gone.has_ended() {
            self.parked.push(gone);
        }
        self.bound_parked();
    }

    /// Forgets the oldest of what is parked, as far as it is too much.
    fn bound_parked(&mut self) {
        let mut bytes: usize = self.parked.iter().map(|variant| variant.fleet.bytes()).sum();
        while bytes > MOST_PARKED_BYTES || self.parked.len() > MOST_VARIANTS {
            bytes -= self.parked.remove(0).fleet.bytes();
        }
    }

    /// The board without its records.
    pub fn arrangement(&self) -> Arrangement {
        let placed = |v: &Variant| Placed { experiment: v.experiment().clone(), slot: v.slot, hidden: v.hidden };
        Arrangement {
            variants: self.variants.iter().map(placed).collect(),
            focus: self.focus.and_then(|id| self.variants.iter().position(|variant| variant.id == id)),
            run: self.run,
            cursor: self.cursor,
        }
    }

    /// Makes the board what an arrangement says. A variant that is here or was parked keeps its records.
    pub fn restore(&mut self, arrangement: &Arrangement) -> Restored {
        let mut restored = Restored::default();
        let mut variants = Vec::with_capacity(arrangement.variants.len());
        for placed in arrangement.variants.iter().take(MOST_VARIANTS) {
            let take = |from: &mut Vec<Variant>| {
                let position = from.iter().position(|variant| *variant.experiment() == placed.experiment)?;
                Some(from.remove(position))
            };
            let known = take(&mut self.variants).or_else(|| take(&mut self.parked));
            let mut variant = match (known, placed.experiment.resolve()) {
                (Some(variant), _) => variant,
                (None, Ok(resolved)) => {
                    let id = self.next;
                    self.next += 1;
                    let mut new = Variant::new(id, Arc::new(resolved), placed.slot);
                    new.has_room = has_room(variants.iter().chain(&self.variants), &new.load);
                    if new.has_room {
                        restored.new.push(id);
                    }
                    new
                }
                // Whoever made the arrangement has checked its experiments.
                (None, Err(_)) => continue,
            };
            variant.slot = placed.slot;
            variant.hidden = placed.hidden;
            variants.push(variant);
        }
        restored.gone = self.variants.iter().map(|variant| variant.id).collect();
        for id in &restored.gone {
            self.take_off(*id);
        }
        self.focus = arrangement.focus.and_then(|position| variants.get(position)).map(|variant| variant.id);
        self.variants = variants;
        self.run = arrangement.run;
        self.cursor = arrangement.cursor;
        restored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_fleet::set_runs;
    use brink_engine::experiment::{LearningRates, PRESETS, RuleSource};
    use brink_engine::record::{Columns, RunChunk, ValidationPoint};

    fn base() -> Experiment {
        (PRESETS[0].experiment)()
    }

    fn with_warmup(steps: u32) -> Experiment {
        Experiment { warmup_steps: steps, ..base() }
    }

    fn started(board: &mut Board, id: u64, steps: u32) {
        let width = Columns { states: Vec::new() }.width();
        let variant = board.get_mut(id).expect("on the board");
        set_runs(variant, &[(0.001, 600), (0.002, 600), (0.004, 600)]);
        for run in 0..3 {
            let rows = vec![1.0; steps as usize * width];
            variant
                .fleet
                .append(&RunChunk {
                    run,
                    first_step: 0,
                    stride: 1,
                    rows,
                    validation: Vec::new(),
                    death: None,
                    chance: 2.0,
                    ..RunChunk::default()
                })
                .expect("no gap");
        }
    }

    #[test]
    fn a_committed_control_makes_a_variant_and_the_same_one_again_replaces_it() {
        let mut board = Board::default();
        board.commit(base());
        started(&mut board, 0, 600);
        assert_eq!(board.commit(with_warmup(100)), Commit::Added { id: 1, replaced: None });
        started(&mut board, 1, 49);
        assert_eq!(board.commit(with_warmup(200)), Commit::Added { id: 2, replaced: Some(1) });
        started(&mut board, 2, 50);
        assert_eq!(board.commit(with_warmup(300)), Commit::Added { id: 3, replaced: None });
        assert_eq!(board.commit(base()), Commit::There(0));
        let slots: Vec<usize> = board.variants().iter().map(|v| v.slot).collect();
        assert_eq!(slots, [0, 1, 2]);
    }

    #[test]
    fn the_control_of_another_variant_never_replaces() {
        let mut board = Board::default();
        board.commit(base());
        board.commit(with_warmup(100));
        board.set_focus(0, None);
        assert_eq!(board.commit(with_warmup(200)), Commit::Added { id: 2, replaced: None });
    }

    #[test]
    fn another_control_never_replaces() {
        let mut board = Board::default();
        board.commit(base());
        board.commit(with_warmup(100));
        let other = Experiment { clip_threshold: Some(1.0), ..with_warmup(100) };
        assert_eq!(board.commit(other), Commit::Added { id: 2, replaced: None });
    }

    #[test]
    fn a_full_board_refuses_and_a_deleted_variant_makes_room() {
        let mut board = Board::default();
        for seed in 0..MOST_VARIANTS as u32 {
            board.commit(Experiment { seed, warmup_steps: seed * 10, ..base() });
            let id = u64::from(seed);
            started(&mut board, id, 100);
        }
        assert_eq!(board.commit(with_warmup(999)), Commit::Full);
        board.delete(3);
        assert!(matches!(board.commit(with_warmup(999)), Commit::Added { .. }));
        assert_eq!(board.variants().last().map(|v| v.slot), Some(3), "the free slot");
    }

    #[test]
    fn other_variants_follow_the_focused_learning_rate() {
        let mut board = Board::default();
        board.commit(base());
        started(&mut board, 0, 10);
        board.commit(with_warmup(10));
        started(&mut board, 1, 10);
        board.set_focus(1, Some(2));
        assert_eq!(board.focused_run(&board.variants()[0]), Some(2));
        board.move_focus(-1);
        assert_eq!(board.focused_run(&board.variants()[0]), Some(1));
        board.move_focus(-9);
        assert_eq!(board.focused_run(&board.variants()[1]), Some(0));
        assert_eq!(board.cursor_step(), 9);
    }

    #[test]
    fn another_batch_size_is_another_problem() {
        let mut board = Board::default();
        board.commit(base());
        board.commit(with_warmup(10));
        assert!(board.same_problem(&board.variants()[0]));
        board.commit(Experiment { batch_size: 32, ..base() });
        assert!(!board.same_problem(&board.variants()[0]));
    }

    fn ended(board: &mut Board, id: u64) {
        started(board, id, 600);
        let variant = board.get_mut(id).expect("on the board");
        for run in 0..3 {
            let validation = vec![ValidationPoint { step: 600, loss: 1.0, accuracy: 0.5 }];
            variant
                .fleet
                .append(&RunChunk {
                    run,
                    first_step: 600,
                    stride: 1,
                    rows: Vec::new(),
                    validation,
                    death: None,
                    chance: 2.0,
                    ..RunChunk::default()
                })
                .expect("no gap");
        }
    }

    #[test]
    fn a_deleted_variant_comes_back_with_its_records_and_one_in_training_trains_again() {
        let mut board = Board::default();
        board.commit(base());
        ended(&mut board, 0);
        board.commit(with_warmup(10));
        started(&mut board, 1, 100);
        board.cursor = Some(7);
        let before = board.arrangement();
        board.delete(0);
        board.delete(1);
        assert_eq!(board.arrangement(), Arrangement { cursor: Some(7), ..Arrangement::default() });
        let restored = board.restore(&before);
        assert_eq!(restored, Restored { new: vec![2], gone: vec![] });
        assert_eq!(board.arrangement(), before);
        assert_eq!(board.variants()[0].fleet.status, Status::Ended);
        assert_eq!(board.variants()[1].fleet.status, Status::Waiting);
    }

    #[test]
    fn restoring_keeps_what_is_there_and_says_what_is_gone() {
        let mut board = Board::default();
        board.commit(base());
        started(&mut board, 0, 100);
        let first = board.arrangement();
        board.commit(with_warmup(10));
        assert_eq!(board.restore(&first), Restored { new: vec![], gone: vec![1] });
        assert_eq!(board.variants()[0].fleet.common_step(), 100);
        assert!(board.parked.is_empty(), "one that has not ended is not kept");
    }

    #[test]
    fn what_was_trained_elsewhere_comes_with_its_records() {
        let mut other = Board::default();
        other.commit(base());
        ended(&mut other, 0);
        let fleet = other.variants()[0].fleet.clone();
        let mut board = Board::default();
        board.commit(with_warmup(7));
        let mut arrangement = board.arrangement();
        assert!(arrangement.add(base()));
        board.park(fleet.clone());
        assert!(board.restore(&arrangement).new.is_empty());
        let adopted = board.focused().expect("it has the focus");
        assert!(adopted.has_ended() && adopted.fleet.bytes() == fleet.bytes() && adopted.slot == 1);
        assert!(arrangement.add(base()) && arrangement.variants.len() == 2, "it is there already");
        for steps in 100..110 {
            assert!(arrangement.add(with_warmup(steps)));
        }
        assert!(!arrangement.add(with_warmup(1)), "the board is full");
    }

    #[test]
    fn a_further_variant_takes_the_place_of_the_oldest() {
        let mut board = Board::default();
        for steps in 0..MOST_VARIANTS as u32 + 2 {
            let Commit::Added { replaced: None, .. } = board.push(with_warmup(steps)) else {
                panic!("there is a place")
            };
        }
        let steps: Vec<u32> = board.variants().iter().map(|variant| variant.experiment().warmup_steps).collect();
        assert_eq!(steps, (2..MOST_VARIANTS as u32 + 2).collect::<Vec<_>>());
        assert!(matches!(board.push(with_warmup(5)), Commit::There(_)));
    }

    #[test]
    fn what_is_parked_is_bounded() {
        let mut board = Board::default();
        board.commit(base());
        ended(&mut board, 0);
        for step in 0..2 * MOST_VARIANTS as u32 {
            let Commit::Added { id, .. } = board.commit(with_warmup(step + 1)) else { panic!("there is room") };
            ended(&mut board, id);
            board.delete(id);
        }
        assert_eq!(board.parked.len(), MOST_VARIANTS);
        let newest = &board.parked[MOST_VARIANTS - 1];
        assert_eq!(newest.experiment().warmup_steps, 2 * MOST_VARIANTS as u32);
        assert!(newest.fleet.bytes() > 0);
    }

    #[test]
    fn a_variant_ends_when_each_run_is_validated_or_dead() {
        let mut board = Board::default();
        board.commit(base());
        started(&mut board, 0, 600);
        let variant = board.get_mut(0).expect("on the board");
        assert_eq!(variant.fleet.status, Status::Training, "the last validation is still to come");
        for run in 0..3 {
            let death = (run == 2).then_some(600);
            let point = ValidationPoint { step: 600, loss: 1.0, accuracy: 0.5 };
            let validation = if death.is_none() { vec![point] } else { Vec::new() };
            variant
                .fleet
                .append(&RunChunk {
                    run,
                    first_step: 600,
                    stride: 1,
                    rows: Vec::new(),
                    validation,
                    death,
                    chance: 2.0,
                    ..RunChunk::default()
                })
                .expect("no gap");
        }
        assert_eq!(variant.fleet.status, Status::Ended);
    }

    #[test]
    fn runs_are_compared_at_the_last_step_that_all_living_ones_have_reached() {
        let mut board = Board::default();
        board.commit(base());
        let width = Columns { states: Vec::new() }.width();
        let variant = board.get_mut(0).expect("on the board");
        // A run that is ahead, one behind, one that dies at step 3, and one that is over after 5 steps.
        set_runs(variant, &[(0.001, 600), (0.002, 600), (0.004, 600), (0.008, 5)]);
        for (run, steps, death) in [(0, 60_u32, None), (1, 50, None), (2, 60, Some(3)), (3, 5, None)] {
            let mut validation: Vec<ValidationPoint> = (0..steps)
                .filter(|step| step.is_multiple_of(50))
                .map(|step| ValidationPoint { step, loss: 10.0 + step as f32, accuracy: 0.5 })
                .collect();
            if run == 3 {
                validation.push(ValidationPoint { step: 5, loss: 5.0, accuracy: 0.5 });
            }
            let rows = vec![1.0; steps as usize * width];
            variant
                .fleet
                .append(&RunChunk {
                    run,
                    first_step: 0,
                    stride: 1,
                    rows,
                    validation,
                    death,
                    chance: 2.0,
                    ..RunChunk::default()
                })
                .expect("no gap");
        }
        assert_eq!(variant.fleet.common_step(), 50);
        let loss = |run: usize| {
            let variant = board.get(0).expect("on the board");
            variant.fleet.comparable_validation(&variant.fleet.runs[run]).expect("one").loss
        };
        assert_eq!(
            [loss(0), loss(1), loss(3)],
            [10.0, 10.0, 5.0],
            "the first has one of step 50, which the second lacks"
        );
        board.set_focus(0, Some(0));
        assert_eq!(board.cursor_step(), 49, "not where the focused run is");
        board.set_focus(0, Some(2));
        assert_eq!(board.cursor_step(), 3, "a dead run keeps its end");
        board.set_focus(0, Some(3));
        assert_eq!(board.cursor_step(), 4, "so does one that is over");
    }

    fn load_of(experiment: &Experiment) -> Load {
        Load::of(&experiment.resolve().expect("an experiment"))
    }

    fn large(seed: u32) -> Experiment {
        let rates = LearningRates { from: 0.001, factor: 1.01, count: 256 };
        Experiment { learning_rates: rates, max_train_steps: 16_384, seed, ..base() }
    }

    #[test]
    fn the_largest_variant_that_the_limits_allow_fits_on_an_empty_board() {
        let load = load_of(&large(1));
        assert_eq!((load.runs, load.run_steps), (256, 1 << 22));
        // Four metrics, the probe's gradient and parameter, and one state, of every step.
        assert_eq!(load.record_bytes, (1 << 22) * 7 * 4);
        assert!(!load.is_small() && load_of(&base()).is_small());
        let mut most = large(1);
        let states: String = (0..8).map(|i| format!("state s{i} = 0\n")).collect();
        let updates: String = (0..8).map(|i| format!("s{i} = s{i} + g\n")).collect();
        let text = format!("name \"Many\"\n{states}{updates}theta = theta - eta * g\n");
        most.optimizer.rule = RuleSource::Text(text);
        most.optimizer.constants.clear();
        assert!(load_of(&most).record_bytes > load_of(&large(1)).record_bytes);
        assert!(matches!(Board::default().commit(most), Commit::Added { .. }));
    }

    #[test]
    fn a_board_keeps_no_more_than_it_has_room_for() {
        let mut board = Board::default();
        let variants = (0..12).map(|seed| Placed { experiment: large(seed), slot: seed as usize, hidden: false });
        let bomb = Arrangement { variants: variants.collect(), focus: Some(0), run: None, cursor: None };
        let restored = board.restore(&bomb);
        let kept: usize = restored.new.iter().filter_map(|id| board.get(*id)).map(|one| one.load.record_bytes).sum();
        assert!(kept <= MOST_RECORD_BYTES && kept > MOST_RECORD_BYTES / 2, "{kept}");
        let first: Vec<u64> = board.variants().iter().map(|one| one.id).take(restored.new.len()).collect();
        assert_eq!(restored.new, first, "the first ones have room");
        let (inside, outside) = (restored.new[0], board.variants()[restored.new.len()].id);
        assert!(board.make_room(inside) && !board.make_room(outside));
        assert_eq!(board.get(outside).map(|one| one.has_room), Some(false));
        assert_eq!(board.commit(large(99)), Commit::NoRoom);
        board.delete(inside);
        assert!(board.make_room(outside), "what is deleted makes room");
        assert!(!board.make_room(board.variants().last().expect("many").id));
    }
}
