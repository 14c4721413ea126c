//! The board: the variants that are drawn side by side, which run is focused, and the step at the cursor.

use brink_engine::experiment::{Experiment, definition, difference};
use brink_engine::record::{Columns, RecordError, RunChunk, RunRecord};
use brink_engine::train::Backend;

/// The most variants on a board.
pub const MOST_VARIANTS: usize = 12;
/// The most that the records of deleted variants may take, in bytes: they come back with undo; beyond this they train again.
pub const MOST_PARKED_BYTES: usize = 64 << 20;
/// Turning the same control again before this step replaces the variant instead of adding one.
pub const REPLACE_BEFORE_STEP: u32 = 50;

/// What one run has recorded, and what it was asked to do.
#[derive(Clone, Debug)]
pub struct RunState {
    /// The base learning rate.
    pub rate: f64,
    /// The steps it takes, warmup included.
    pub steps: u32,
    /// What it has recorded.
    pub record: RunRecord,
}

impl RunState {
    /// The steps recorded so far. A dead run has all of its steps behind it.
    pub fn done(&self) -> u32 {
        if self.record.death.is_some() {
            return self.steps;
        }
        (self.record.len() as u32).saturating_mul(self.record.stride).min(self.steps)
    }

    /// The steps trained so far: up to its death, for a dead run.
    pub fn trained(&self) -> u32 {
        self.record.death.map_or_else(|| self.done(), |step| step.min(self.steps))
    }

    /// Whether the run has ended.
    pub fn ended(&self) -> bool {
        // The last validation is taken after the last update: until it is there, something is still to come.
        self.record.death.is_some() || self.record.validation.last().is_some_and(|point| point.step >= self.steps)
    }

    /// A row of its record by step.
    pub fn row_at(&self, step: u32) -> Option<&[f32]> {
        self.record.row((step / self.record.stride.max(1)) as usize)
    }
}

/// How a variant's training stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Asked for, nothing has arrived.
    Waiting,
    /// Metrics arrive.
    Training,
    /// Every run has ended.
    Ended,
    /// It cannot go on; why.
    Failed(String),
}

/// Where a variant really trains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// CPU or GPU.
    pub backend: Backend,
    /// In words: an adapter's name, or the number of workers.
    pub name: String,
    /// Why it trains there and not where it was asked to, if so.
    pub reason: Option<String>,
}

/// One variant: an experiment, its place among the others, and what it has recorded.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Never used twice on a board.
    pub id: u64,
    /// What runs.
    pub experiment: Experiment,
    /// Which colour, dash and marker it has.
    pub slot: usize,
    /// Whether it is left out of the plots.
    pub hidden: bool,
    /// How its training stands.
    pub progress: Progress,
    /// The runs, by rising learning rate.
    pub runs: Vec<RunState>,
    /// What a row of metrics means; empty states until training starts.
    pub columns: Columns,
    /// The probe's layer and place within it.
    pub probe: Option<(String, usize)>,
    /// The loss of the best constant prediction; NaN until training starts.
    pub chance: f64,
    /// Where it really trains, once it does.
    pub device: Option<Device>,
    /// The GPU dispatches issued for it so far.
    pub dispatches: u64,
    /// The seconds that its training took so far, waiting left out.
    pub seconds: f64,
}

impl Variant {
    fn new(id: u64, experiment: Experiment, slot: usize) -> Self {
        Self {
            id,
            experiment,
            slot,
            hidden: false,
            progress: Progress::Waiting,
            runs: Vec::new(),
            columns: Columns { states: Vec::new() },
            probe: None,
            chance: f64::NAN,
            device: None,
            dispatches: 0,
            seconds: 0.0,
        }
    }

    /// The run-steps trained so far, over all runs.
    pub fn trained(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.trained())).sum()
    }

    /// Run-steps per second; `None` before anything is measured.
    pub fn speed(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.trained() as f64 / self.seconds)
    }

    /// The least number of steps that a run still alive has done.
    pub fn step(&self) -> u32 {
        self.runs
            .iter()
            .filter(|run| run.record.death.is_none())
            .map(RunState::done)
            .min()
            .unwrap_or_else(|| self.longest())
    }

    /// What its records take, in bytes.
    fn bytes(&self) -> usize {
        let rows: usize = self.runs.iter().map(|run| run.record.len()).sum();
        rows * self.columns.width() * size_of::<f32>()
    }

    /// The steps of the longest run.
    pub fn longest(&self) -> u32 {
        self.runs.iter().map(|run| run.steps).max().unwrap_or(0)
    }

    /// Empties the records: the training starts (again). `runs` holds each run's base learning rate and steps.
    pub fn begin(&mut self, columns: Columns, stride: u32, runs: &[(f64, u32)]) {
        self.runs = runs
            .iter()
            .map(|&(rate, steps)| RunState { rate, steps, record: RunRecord::new(columns.clone(), stride) })
            .collect();
        self.columns = columns;
        self.progress = Progress::Waiting;
        self.dispatches = 0;
        self.seconds = 0.0;
    }

    /// Takes what a run has recorded. A chunk for a run that the variant does not have is left out.
    pub fn take(&mut self, chunk: &RunChunk) -> Result<(), RecordError> {
        let Some(run) = self.runs.get_mut(chunk.run) else { return Ok(()) };
        run.record.append(chunk)?;
        self.progress = Progress::Training;
        if self.runs.iter().all(RunState::ended) {
            self.progress = Progress::Ended;
        }
        Ok(())
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
    /// The board is full.
    Full,
}

/// The variants that are drawn side by side, which run is focused, and the step at the cursor.
#[derive(Clone, Debug, Default)]
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
    /// The place of the focused variant.
    pub focus: Option<usize>,
    /// The focused run; without one, the board chooses.
    pub run: Option<usize>,
    /// The step at the cursor; without one, the latest.
    pub cursor: Option<u32>,
}

impl Arrangement {
    /// The board of one experiment.
    pub fn of(experiment: Experiment) -> Self {
        let variants = vec![Placed { experiment, slot: 0, hidden: false }];
        Self { variants, focus: Some(0), run: None, cursor: None }
    }
}

/// What restoring an arrangement came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Variants that have recorded nothing yet.
    pub new: Vec<u64>,
    /// Variants that are off the board.
    pub gone: Vec<u64>,
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
            let last = v.runs.len().checked_sub(1)?;
            // Until a run is chosen: one below the middle, which in a good sweep is near the edge and lives.
            Some(run.unwrap_or(v.runs.len().div_ceil(3)).min(last))
        };
        if self.focus == Some(variant.id) {
            return own(self.run, variant);
        }
        let focused = self.focused()?;
        let rate = focused.runs.get(own(self.run, focused)?)?.rate;
        (0..variant.runs.len()).min_by(|&a, &b| {
            let distance = |i: usize| libm::log(variant.runs[i].rate / rate).abs();
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
            self.run = Some(run.saturating_add_signed(by).min(focused.runs.len().saturating_sub(1)));
        }
    }

    /// The step that the equations and strips show: the cursor's, or the latest of the focused run.
    pub fn cursor_step(&self) -> u32 {
        let Some(focused) = self.focused() else { return 0 };
        let Some(run) = self.focused_run(focused).and_then(|i| focused.runs.get(i)) else { return 0 };
        let latest = match run.record.death {
            Some(step) => step,
            None => run.done().saturating_sub(1),
        };
        self.cursor.map_or(latest, |step| step.min(run.steps.saturating_sub(1)))
    }

    /// Whether a variant's losses can be compared with the focused one's.
    pub fn same_problem(&self, variant: &Variant) -> bool {
        let Some(focused) = self.focused() else { return true };
        let kind = variant.experiment.model.kind();
        difference(&focused.experiment, &variant.experiment)
            .iter()
            .all(|one| definition(&one.field, kind).is_none_or(|definition| !definition.changes_problem))
    }

    /// A control was committed: the experiment becomes a variant and has the focus, unless it is there already. Turning
    /// the same control again before step [`REPLACE_BEFORE_STEP`] replaces the variant that the first turn made.
    pub fn commit(&mut self, experiment: Experiment) -> Commit {
        if let Some(there) = self.variants.iter().find(|variant| variant.experiment == experiment) {
            let id = there.id;
            self.focus = Some(id);
            if let Some(there) = self.get_mut(id) {
                there.hidden = false;
            }
            return Commit::There(id);
        }
        let replaced = self.replaceable(&experiment);
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
        self.variants.push(Variant::new(id, experiment, slot));
        self.focus = Some(id);
        Commit::Added { id, replaced }
    }

    /// The newest variant, where the same control that made it is turned again before it got anywhere.
    fn replaceable(&self, experiment: &Experiment) -> Option<u64> {
        let [.., before, newest] = &self.variants[..] else { return None };
        // With the focus elsewhere it is another variant's control.
        if self.focus != Some(newest.id) || (newest.step() >= REPLACE_BEFORE_STEP && !newest.runs.is_empty()) {
            return None;
        }
        let fields = |a: &Experiment, b: &Experiment| -> Vec<String> {
            difference(a, b).into_iter().map(|one| one.field).collect()
        };
        let made_by = fields(&before.experiment, &newest.experiment);
        let turned = fields(&newest.experiment, experiment);
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
        let Some(place) = self.variants.iter().position(|variant| variant.id == id) else { return };
        let gone = self.variants.remove(place);
        if gone.progress == Progress::Ended {
            self.parked.push(gone);
        }
        let mut bytes: usize = self.parked.iter().map(Variant::bytes).sum();
        while bytes > MOST_PARKED_BYTES || self.parked.len() > MOST_VARIANTS {
            bytes -= self.parked.remove(0).bytes();
        }
    }

    /// The board without its records.
    pub fn arrangement(&self) -> Arrangement {
        let placed = |v: &Variant| Placed { experiment: v.experiment.clone(), slot: v.slot, hidden: v.hidden };
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
                let place = from.iter().position(|variant| variant.experiment == placed.experiment)?;
                Some(from.remove(place))
            };
            let mut variant = take(&mut self.variants).or_else(|| take(&mut self.parked)).unwrap_or_else(|| {
                let id = self.next;
                self.next += 1;
                restored.new.push(id);
                Variant::new(id, placed.experiment.clone(), placed.slot)
            });
            variant.slot = placed.slot;
            variant.hidden = placed.hidden;
            variants.push(variant);
        }
        restored.gone = self.variants.iter().map(|variant| variant.id).collect();
        for id in &restored.gone {
            self.take_off(*id);
        }
        self.focus = arrangement.focus.and_then(|place| variants.get(place)).map(|variant| variant.id);
        self.variants = variants;
        self.run = arrangement.run;
        self.cursor = arrangement.cursor;
        restored
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::PRESETS;
    use brink_engine::record::ValidationPoint;

    fn base() -> Experiment {
        (PRESETS[0].experiment)()
    }

    fn with_warmup(steps: u32) -> Experiment {
        Experiment { warmup_steps: steps, ..base() }
    }

    fn started(board: &mut Board, id: u64, steps: u32) {
        let columns = Columns { states: Vec::new() };
        let width = columns.width();
        let variant = board.get_mut(id).expect("on the board");
        variant.begin(columns, 1, &[(0.001, 600), (0.002, 600), (0.004, 600)]);
        for run in 0..3 {
            let rows = vec![1.0; steps as usize * width];
            variant
                .take(&RunChunk { run, first_step: 0, stride: 1, rows, validation: Vec::new(), death: None })
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
                .take(&RunChunk { run, first_step: 600, stride: 1, rows: Vec::new(), validation, death: None })
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
        assert_eq!(board.variants()[0].progress, Progress::Ended);
        assert_eq!(board.variants()[1].progress, Progress::Waiting);
    }

    #[test]
    fn restoring_keeps_what_is_there_and_says_what_is_gone() {
        let mut board = Board::default();
        board.commit(base());
        started(&mut board, 0, 100);
        let first = board.arrangement();
        board.commit(with_warmup(10));
        assert_eq!(board.restore(&first), Restored { new: vec![], gone: vec![1] });
        assert_eq!(board.variants()[0].step(), 100);
        assert!(board.parked.is_empty(), "one that has not ended is not kept");
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
        assert_eq!(newest.experiment.warmup_steps, 2 * MOST_VARIANTS as u32);
        assert!(newest.bytes() > 0);
    }

    #[test]
    fn a_variant_ends_when_each_run_is_validated_or_dead() {
        let mut board = Board::default();
        board.commit(base());
        started(&mut board, 0, 600);
        let variant = board.get_mut(0).expect("on the board");
        assert_eq!(variant.progress, Progress::Training, "the last validation is still to come");
        for run in 0..3 {
            let death = (run == 2).then_some(600);
            let point = ValidationPoint { step: 600, loss: 1.0, accuracy: 0.5 };
            let validation = if death.is_none() { vec![point] } else { Vec::new() };
            variant
                .take(&RunChunk { run, first_step: 600, stride: 1, rows: Vec::new(), validation, death })
                .expect("no gap");
        }
        assert_eq!(variant.progress, Progress::Ended);
    }
}
