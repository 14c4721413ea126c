//! What the plots show, in words and in tables: for those who do not see them, and for those who want the numbers.

use super::board::{Board, Variant};
use super::number::{short, three};
use super::plot::{PointState, Scale};
use super::scene::{StepView, clipping, focused_run, percent, percentile_90};
use super::summary::{Summary, run_state, summary};
use super::text::Texts;
use brink_engine::record::Columns;
use brink_lab::FleetRun;

/// The most rows of a table against the step; beyond them steps are left out, evenly on the plot's axis.
const MOST_ROWS: usize = 50;

/// Which plot against the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// Training or validation loss.
    Loss,
    /// Learning rate.
    Rate,
    /// Gradient norm.
    Norm,
}

impl Against {
    /// Its name in the document.
    pub fn id(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Rate => "rate",
            Self::Norm => "norm",
        }
    }

    /// Its title.
    pub fn title(self, view: StepView, texts: &Texts) -> &'static str {
        match self {
            Self::Loss if view.validation => texts.validation_plot,
            Self::Loss => texts.loss_plot,
            Self::Rate => texts.rate_plot,
            Self::Norm => texts.norm_plot,
        }
    }

    pub(super) fn column(self) -> usize {
        match self {
            Self::Loss => Columns::LOSS,
            Self::Rate => Columns::LEARNING_RATE,
            Self::Norm => Columns::GRADIENT_NORM,
        }
    }
}

/// A table: its head and its rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// What the columns hold.
    pub head: Vec<String>,
    /// The rows; the first cell of each names it.
    pub rows: Vec<Vec<String>>,
}

impl Table {
    /// With its numbers as a language writes them.
    fn in_language(self, texts: &Texts) -> Self {
        let all = |cells: Vec<String>| cells.into_iter().map(|cell| texts.number(cell)).collect::<Vec<_>>();
        Self { head: all(self.head), rows: self.rows.into_iter().map(all).collect() }
    }
}

/// The table of the axis plot: variant, base learning rate, final loss, state.
pub fn axis_table(board: &Board, names: &[String], texts: &Texts) -> Table {
    let head = [texts.column_variant, texts.column_rate, texts.column_loss, texts.column_state];
    let mut rows = Vec::new();
    for (variant, name) in board.variants().iter().zip(names).filter(|(variant, _)| !variant.hidden) {
        let own = summary(variant);
        for (index, run) in variant.fleet.runs.iter().enumerate() {
            let loss = final_loss(&own, index).map_or_else(|| "–".to_owned(), three);
            rows.push(vec![name.clone(), short(run.base_learning_rate), loss, run_state(variant, index, &own, texts)]);
        }
    }
    Table { head: head.map(str::to_owned).to_vec(), rows }.in_language(texts)
}

fn final_loss(own: &Summary, run: usize) -> Option<f64> {
    match own.points.get(run)?.outcome {
        PointState::Loss { loss, ended: true } => Some(loss),
        _ => None,
    }
}

/// At most [`MOST_ROWS`] steps up to `last`, evenly spread over an axis.
fn steps_on(scale: Scale, last: u32) -> Vec<u32> {
    let count = MOST_ROWS.min(last as usize + 1);
    let mut steps: Vec<u32> = (0..count)
        .map(|i| {
            let fraction = i as f64 / (count.max(2) - 1) as f64;
            match scale {
                Scale::Log => (libm::pow(f64::from(last) + 1.0, fraction) - 1.0).round() as u32,
                Scale::Linear => (f64::from(last) * fraction).round() as u32,
            }
        })
        .collect();
    steps.dedup();
    steps
}

/// What a plot against the step shows of a run at a step.
fn value_at(run: &FleetRun, of: Against, view: StepView, step: u32) -> Option<f64> {
    let value = if of == Against::Loss && view.validation {
        run.record.validation.iter().take_while(|point| point.step <= step).last()?.loss
    } else {
        run.row_at(step)?[of.column()]
    };
    value.is_finite().then(|| f64::from(value))
}

/// The table of a plot against the step: the loss of each run of the focused variant; learning rate and gradient norm of
/// each shown variant at its focused run.
pub fn step_table(board: &Board, of: Against, view: StepView, names: &[String], texts: &Texts) -> Table {
    let mut columns: Vec<(String, &FleetRun)> = Vec::new();
    if of == Against::Loss {
        columns.extend(
            board.focused().into_iter().flat_map(|v| &v.fleet.runs).map(|run| (short(run.base_learning_rate), run)),
        );
    } else {
        for (variant, name) in board.variants().iter().zip(names).filter(|(variant, _)| !variant.hidden) {
            let run = board.focused_run(variant).and_then(|run| variant.fleet.runs.get(run));
            columns.extend(run.map(|run| (format!("{name} · {}", short(run.base_learning_rate)), run)));
        }
    }
    let is_validation = of == Against::Loss && view.validation;
    let last =
        columns.iter().map(|(_, run)| run.trained().saturating_sub(u32::from(!is_validation))).max().unwrap_or(0);
    let rows = steps_on(view.x, last).into_iter().map(|step| {
        let values = columns.iter().map(|(_, run)| {
            let is_there = run.record.death.is_none_or(|death| step <= death) && step <= run.trained();
            value_at(run, of, view, step).filter(|_| is_there).map_or_else(|| "–".to_owned(), three)
        });
        std::iter::once(step.to_string()).chain(values).collect()
    });
    let rows = rows.collect();
    let head = std::iter::once(texts.column_step.to_owned()).chain(columns.into_iter().map(|(name, _)| name)).collect();
    Table { head, rows }.in_language(texts)
}

/// A plot against the step in a sentence or two: what it shows at the cursor.
pub fn step_words(board: &Board, of: Against, view: StepView, names: &[String], texts: &Texts) -> String {
    let Some(focused) = board.focused() else { return String::new() };
    // While the cursor goes along with training it changes every frame; a screen reader must not be kept talking.
    if board.cursor.is_none() && !focused.has_ended() {
        return texts.words_training.to_owned();
    }
    let step = board.cursor_step();
    let at = texts.words_at(step);
    let mut parts = Vec::new();
    if of == Against::Loss {
        let of_run = |run: &FleetRun| value_at(run, of, view, step);
        if let Some(run) = focused_run(board) {
            let value = of_run(run).map_or_else(|| texts.words_nothing.to_owned(), three);
            parts.push(texts.words_run(short(run.base_learning_rate), &value));
        }
        let least = focused.fleet.runs.iter().filter_map(|run| Some((of_run(run)?, run.base_learning_rate)));
        if let Some((value, rate)) = least.min_by(|a, b| a.0.total_cmp(&b.0)) {
            parts.push(texts.words_least(short(rate), three(value)));
        }
        let dead = focused.fleet.runs.iter().filter(|run| run.record.death.is_some_and(|death| death <= step)).count();
        let count = focused.fleet.runs.len().to_string();
        parts.push(texts.words_dead(dead, &count));
    } else {
        let shown = |(variant, _): &(&Variant, &String)| !variant.hidden;
        for (variant, name) in board.variants().iter().zip(names).filter(shown) {
            let run = board.focused_run(variant).and_then(|run| variant.fleet.runs.get(run));
            let value = run.and_then(|run| value_at(run, of, view, step));
            parts.push(format!("{name} {}", value.map_or_else(|| texts.words_nothing.to_owned(), three)));
        }
    }
    if of == Against::Norm {
        parts.extend(percentile_90(board).ok().map(|value| format!("P90 {}", three(value))));
        parts.extend(
            clipping(board, None)
                .map(|clipping| texts.clipped_share(three(clipping.threshold), percent(clipping.fraction))),
        );
    }
    texts.number(format!("{at} {}.", parts.join("; ")))
}

/// What the axis plot says about one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunWords {
    /// Its variant.
    pub name: String,
    /// Its base learning rate.
    pub rate: String,
    /// Its final loss, if it has one.
    pub loss: Option<String>,
    /// How it stands, in words.
    pub state: String,
}

/// What the axis plot says about one run of a variant.
pub fn run_words(board: &Board, id: u64, run: usize, names: &[String], texts: &Texts) -> Option<RunWords> {
    let position = board.variants().iter().position(|variant| variant.id == id)?;
    let variant = &board.variants()[position];
    let own = summary(variant);
    Some(RunWords {
        name: names.get(position).cloned().unwrap_or_default(),
        rate: texts.number(short(variant.fleet.runs.get(run)?.base_learning_rate)),
        loss: final_loss(&own, run).map(|loss| texts.number(three(loss))),
        state: run_state(variant, run, &own, texts),
    })
}

/// The focused run in words.
pub fn focus_words(board: &Board, names: &[String], texts: &Texts) -> String {
    let Some(focused) = board.focused() else { return String::new() };
    let Some(run) = board.focused_run(focused) else { return String::new() };
    let Some(words) = run_words(board, focused.id, run, names, texts) else { return String::new() };
    let position = format!("{}: {} {}", words.name, texts.column_rate, words.rate);
    // As above: not the step of a run that trains.
    if focused.fleet.runs.get(run).is_some_and(|run| !run.has_ended()) {
        return position;
    }
    let loss = words.loss.map(|loss| format!(", {} {loss}", texts.column_loss)).unwrap_or_default();
    format!("{position}, {}{loss}", words.state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::names;
    use crate::test_fleet::set_runs;
    use crate::text::Language;
    use brink_engine::experiment::PRESETS;
    use brink_engine::record::{RunChunk, ValidationPoint};

    /// One variant of two runs over 200 steps; the second dies at step 5.
    fn board() -> Board {
        let mut board = Board::default();
        board.commit((PRESETS[0].experiment)());
        let variant = board.get_mut(0).expect("on the board");
        set_runs(variant, &[(0.001, 200), (0.002, 200)]);
        for run in 0..2 {
            let row = |step: u32| {
                let is_dead = run == 1 && step >= 5;
                let loss = if is_dead { f32::NAN } else { 2.0 - step as f32 / 200.0 };
                [loss, 4.0, 0.001, 1.0, 0.0, 0.0]
            };
            let point = |step| ValidationPoint { step, loss: 1.0 + 1.0 / (1.0 + step as f32), accuracy: 0.5 };
            let chunk = RunChunk {
                run,
                first_step: 0,
                stride: 1,
                rows: (0..200).flat_map(row).collect(),
                validation: if run == 0 { [0, 100, 200].map(point).to_vec() } else { Vec::new() },
                death: (run == 1).then_some(5),
                chance: 2.0,
                ..RunChunk::default()
            };
            variant.fleet.append(&chunk).expect("no gap");
        }
        board
    }

    #[test]
    fn a_table_has_the_plotted_numbers_at_few_steps() {
        let board = board();
        let texts = Language::English.texts();
        let names = names(&board, texts);
        let table = step_table(&board, Against::Loss, StepView::default(), &names, texts);
        assert_eq!(table.head, ["step", "0.001", "0.002"]);
        assert!(table.rows.len() <= MOST_ROWS && table.rows.len() > 20);
        assert_eq!(table.rows[0], ["0", "2", "2"]);
        assert_eq!(table.rows.last().expect("rows"), &["199", "1", "–"]);
        let validation = StepView { validation: true, x: Scale::Linear, ..StepView::default() };
        let table = step_table(&board, Against::Loss, validation, &names, texts);
        assert_eq!(table.rows.last().expect("rows")[..2], ["200", "1"]);
        let table = step_table(&board, Against::Norm, StepView::default(), &names, texts);
        assert_eq!(table.rows[3][1..], ["4"]);
        assert_eq!(axis_table(&board, &names, texts).rows[1][1..], ["0.002", "–", "diverged at step 5"]);
    }

    #[test]
    fn the_words_of_a_plot_are_those_of_the_cursor() {
        let mut board = board();
        let texts = Language::English.texts();
        let names = names(&board, texts);
        board.cursor = Some(100);
        let words = step_words(&board, Against::Loss, StepView::default(), &names, texts);
        assert!(words.contains("step 100") && words.contains("1.5") && words.contains("1 of 2"), "{words}");
        let words = step_words(&board, Against::Norm, StepView::default(), &names, texts);
        assert!(words.contains("Momentum, no norm"), "{words}");
        board.set_focus(0, Some(1));
        assert!(focus_words(&board, &names, texts).ends_with("0.002, diverged at step 5"));
        board.set_focus(0, Some(0));
        let words = focus_words(&board, &names, texts);
        assert!(words.contains("lr*") && words.contains("loss 1"), "{words}");
        assert_eq!(run_words(&board, 9, 0, &names, texts), None);
    }

    #[test]
    fn steps_are_spread_over_the_axis_and_end_with_the_last() {
        for scale in [Scale::Log, Scale::Linear] {
            for last in [0, 1, 7, 600, 100_000] {
                let steps = steps_on(scale, last);
                assert_eq!((steps[0], *steps.last().expect("steps")), (0, last));
                assert!(steps.is_sorted() && steps.len() <= MOST_ROWS);
            }
        }
    }
}
