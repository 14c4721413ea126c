//! Metrics as recorded: one row per run and step, taken at theta_t, before the update.

use serde::{Deserialize, Serialize};

/// A value that is recorded every step, whatever the rule. In the order of the columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// The training loss.
    Loss,
    /// The global gradient norm before clipping.
    GradientNorm,
    /// The learning rate of the step, after warmup and decay.
    LearningRate,
    /// The factor that clipping applied to the gradient, in (0, 1].
    ClipScale,
    /// The probe's gradient after clipping.
    ProbeGradient,
    /// The probe's parameter.
    ProbeTheta,
}

/// The column of a metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricColumn {
    /// Which metric.
    pub metric: Metric,
    /// Its name in lines, traces and kernels.
    pub name: &'static str,
    /// Whether it belongs to the probe.
    pub of_probe: bool,
    /// Whether the host knows it before the step; the step computes the others.
    pub on_host: bool,
}

const fn column(metric: Metric, name: &'static str) -> MetricColumn {
    MetricColumn { metric, name, of_probe: false, on_host: false }
}

/// The columns that every row begins with, all taken before the update; the probe's states follow, in the order of the rule
/// (a scalar state too). Both backends, the lines and the traces are laid out by this table.
pub const METRICS: [MetricColumn; 6] = [
    column(Metric::Loss, "loss"),
    column(Metric::GradientNorm, "gradient_norm"),
    MetricColumn { on_host: true, ..column(Metric::LearningRate, "learning_rate") },
    column(Metric::ClipScale, "clip_scale"),
    MetricColumn { of_probe: true, ..column(Metric::ProbeGradient, "g") },
    MetricColumn { of_probe: true, ..column(Metric::ProbeTheta, "theta") },
];

/// What the values of a row mean: [`METRICS`], then the probe's states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Columns {
    /// The names of the rule's states.
    pub states: Vec<String>,
}

impl Columns {
    /// The index of the training loss.
    pub const LOSS: usize = Metric::Loss as usize;
    /// The index of the unclipped global gradient norm.
    pub const GRADIENT_NORM: usize = Metric::GradientNorm as usize;
    /// The index of the learning rate of the step, after warmup and decay.
    pub const LEARNING_RATE: usize = Metric::LearningRate as usize;
    /// The index of the factor that clipping applied to the gradient, in (0, 1].
    pub const CLIP_SCALE: usize = Metric::ClipScale as usize;
    /// The index of the probe's gradient after clipping.
    pub const PROBE_GRADIENT: usize = Metric::ProbeGradient as usize;
    /// The index of the probe's parameter.
    pub const PROBE_THETA: usize = Metric::ProbeTheta as usize;
    /// The index of the probe's first state.
    pub const PROBE_STATES: usize = METRICS.len();

    /// The number of values in a row.
    pub fn width(&self) -> usize {
        Self::PROBE_STATES + self.states.len()
    }
}

/// The mean validation loss at one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationPoint {
    /// The number of updates done before it was taken.
    pub step: u32,
    /// The mean loss over the validation examples; NaN for a dead run.
    pub loss: f32,
    /// The fraction of validation examples classified right, 0 to 1; NaN for a dead run, and where there are no classes.
    pub accuracy: f32,
}

/// The norm of the gradient over the whole training set at one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FullNorm {
    /// The step before whose update it was taken.
    pub step: u32,
    /// The norm; NaN where it is not finite.
    pub norm: f32,
}

/// The critical learning rate at one step.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CriticalRate {
    /// The step whose batch and direction it belongs to.
    pub step: u32,
    /// What was found.
    pub outcome: CriticalOutcome,
}

/// What a search for the critical learning rate came to.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum CriticalOutcome {
    /// Below this learning rate a step in the rule's direction lowers the loss of its batch, above it it does not.
    Crossing(f64),
    /// The direction leads uphill, however short the step.
    NoDescent,
    /// Still downhill at this learning rate, the largest that was tried.
    Above(f64),
}

/// What one run recorded over some consecutive steps.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RunChunk {
    /// The run's index in its experiment.
    pub run: usize,
    /// The step of the first row.
    pub first_step: u32,
    /// The steps between two rows: 1, or more where an experiment is thinned.
    pub stride: u32,
    /// The rows, one after another, each [`Columns::width`] values.
    pub rows: Vec<f32>,
    /// Validation points taken in these steps.
    pub validation: Vec<ValidationPoint>,
    /// Norms of the gradient over the whole training set, taken in these steps.
    pub full_norms: Vec<FullNorm>,
    /// Critical learning rates of these steps.
    pub critical: Vec<CriticalRate>,
    /// The loss of the best constant prediction on the run's validation examples: for classes the label entropy, in nats.
    pub chance: f64,
    /// The step at which the run died, if it has: its first step with a loss or gradient norm that is not finite.
    pub death: Option<u32>,
}

/// All that one run has recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct RunRecord {
    /// What the values of a row mean.
    pub columns: Columns,
    /// The steps between two rows.
    pub stride: u32,
    /// The rows, one after another.
    pub rows: Vec<f32>,
    /// Validation points, in order of steps.
    pub validation: Vec<ValidationPoint>,
    /// Norms of the gradient over the whole training set, in order of steps.
    pub full_norms: Vec<FullNorm>,
    /// Critical learning rates, in order of steps.
    pub critical: Vec<CriticalRate>,
    /// The loss of the best constant prediction on the run's validation examples; NaN until something is recorded.
    pub chance: f64,
    /// The step at which the run died.
    pub death: Option<u32>,
}

impl RunRecord {
    /// An empty record.
    pub fn new(columns: Columns, stride: u32) -> Self {
        Self {
            columns,
            stride,
            rows: Vec::new(),
            validation: Vec::new(),
            full_norms: Vec::new(),
            critical: Vec::new(),
            chance: f64::NAN,
            death: None,
        }
    }

    /// Appends a chunk, or writes it again where steps are computed anew after a checkpoint. A chunk that would leave a
    /// gap is refused.
    pub fn append(&mut self, chunk: &RunChunk) -> Result<(), RecordError> {
        let width = self.columns.width();
        let first_row = (chunk.first_step as usize).div_ceil(self.stride.max(1) as usize);
        if first_row > self.len() {
            return Err(RecordError::Gap { expected: self.len(), found: first_row });
        }
        self.rows.truncate(first_row * width);
        self.rows.extend_from_slice(&chunk.rows);
        replace_from(&mut self.validation, &chunk.validation, |point| point.step);
        replace_from(&mut self.full_norms, &chunk.full_norms, |point| point.step);
        replace_from(&mut self.critical, &chunk.critical, |point| point.step);
        self.chance = chunk.chance;
        self.death = chunk.death;
        Ok(())
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.rows.len() / self.columns.width()
    }

    /// Whether nothing has been recorded.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The step of a row.
    pub fn step_of(&self, row: usize) -> u32 {
        row as u32 * self.stride
    }

    /// One row.
    pub fn row(&self, row: usize) -> Option<&[f32]> {
        let width = self.columns.width();
        self.rows.get(row * width..(row + 1) * width)
    }

    /// One column over all rows ([`Columns::LOSS`] and so on).
    pub fn column(&self, column: usize) -> impl ExactSizeIterator<Item = f32> + '_ {
        self.rows.chunks_exact(self.columns.width()).map(move |row| row[column])
    }
}

/// Appends points; those from the first of their steps on are replaced.
fn replace_from<T: Copy>(points: &mut Vec<T>, new: &[T], step: impl Fn(&T) -> u32) {
    if let Some(first) = new.first() {
        points.retain(|old| step(old) < step(first));
        points.extend_from_slice(new);
    }
}

/// How far a run's chunks have come. A run that is trained again from its start, to the same bits, reports all of it again:
/// what is known already is left out, so that no curve goes back to grow anew.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The end of the rows, in values.
    values: usize,
    validated: Option<u32>,
    is_dead: bool,
}

impl Extent {
    /// Whether a chunk says more than the chunks before it did; if so it belongs to them from now on. `width` is that of a
    /// row. A chunk that is news in part passes whole: [`RunRecord::append`] writes the part that is known once more.
    pub fn is_news(&mut self, chunk: &RunChunk, width: usize) -> bool {
        let first = (chunk.first_step as usize).div_ceil(chunk.stride.max(1) as usize) * width;
        let values = first + chunk.rows.len();
        let validated = chunk.validation.last().map(|point| point.step);
        let is_dead = chunk.death.is_some();
        let is_news = values > self.values || validated > self.validated || (is_dead && !self.is_dead);
        if is_news {
            self.values = self.values.max(values);
            self.validated = self.validated.max(validated);
            self.is_dead |= is_dead;
        }
        is_news
    }
}

/// Why a chunk does not fit a record.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum RecordError {
    /// Rows are missing between the record and the chunk.
    #[error("the record has {expected} rows, the chunk begins at row {found}")]
    Gap {
        /// The rows recorded so far.
        expected: usize,
        /// The first row of the chunk.
        found: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(first_step: u32, rows: usize, value: f32) -> RunChunk {
        RunChunk {
            run: 0,
            first_step,
            stride: 1,
            rows: vec![value; rows * 6],
            validation: vec![ValidationPoint { step: first_step, loss: value, accuracy: 0.0 }],
            ..RunChunk::default()
        }
    }

    #[test]
    fn the_table_has_the_metrics_in_their_order() {
        for (index, column) in METRICS.iter().enumerate() {
            assert_eq!(column.metric as usize, index, "{}", column.name);
        }
    }

    #[test]
    fn a_chunk_computed_again_replaces_what_it_covers() {
        let mut record = RunRecord::new(Columns { states: vec![] }, 1);
        record.append(&chunk(0, 4, 1.0)).unwrap();
        record.append(&chunk(4, 4, 2.0)).unwrap();
        record.append(&chunk(4, 2, 3.0)).unwrap();
        assert_eq!(record.len(), 6);
        assert_eq!(record.column(Columns::LOSS).collect::<Vec<_>>(), [1., 1., 1., 1., 3., 3.]);
        assert_eq!(record.validation.len(), 2);
        assert_eq!(record.append(&chunk(9, 1, 1.0)), Err(RecordError::Gap { expected: 6, found: 9 }));
    }

    #[test]
    fn what_is_told_again_changes_no_record() {
        // Two trainings of the same run that cut it differently; the first stops after 7 of 12 steps.
        let whole = |cuts: &[u32]| -> Vec<RunChunk> {
            let piece = |pair: &[u32]| {
                let rows = (pair[0]..pair[1]).flat_map(|step| [step as f32; 6]).collect();
                let point = |step: u32| ValidationPoint { step, loss: step as f32, accuracy: 0.5 };
                let mut validation: Vec<_> =
                    (pair[0]..pair[1]).filter(|step| step.is_multiple_of(4)).map(point).collect();
                if pair[1] == 12 {
                    validation.push(point(12));
                }
                let death = (pair[1] > 9).then_some(9);
                RunChunk { first_step: pair[0], stride: 1, rows, validation, death, chance: 2.3, ..RunChunk::default() }
            };
            cuts.windows(2).map(piece).collect()
        };
        let columns = Columns { states: vec![] };
        let mut undisturbed = RunRecord::new(columns.clone(), 1);
        whole(&[0, 12]).iter().for_each(|chunk| undisturbed.append(chunk).unwrap());
        for lost_after in 0..=3 {
            let mut record = RunRecord::new(columns.clone(), 1);
            let mut extent = Extent::default();
            let first = whole(&[0, 4, 5, 10, 12]);
            let again = whole(&[0, 1, 5, 6, 9, 12]);
            let mut longest = 0;
            for chunk in first[..lost_after].iter().chain(&again) {
                if extent.is_news(chunk, columns.width()) {
                    record.append(chunk).unwrap();
                }
                assert!(record.len() >= longest, "a curve went back");
                longest = record.len();
            }
            assert_eq!(record, undisturbed, "lost after {lost_after} chunks");
        }
    }

    #[test]
    fn a_row_holds_the_metrics_and_the_states_and_is_found_by_its_step() {
        let columns = Columns { states: vec!["m".to_owned(), "v".to_owned()] };
        assert_eq!(columns.width(), METRICS.len() + 2);
        let mut record = RunRecord::new(columns, 5);
        assert!(record.is_empty());
        let rows = (0..3 * 8).map(|value| value as f32).collect();
        record.append(&RunChunk { stride: 5, rows, ..RunChunk::default() }).unwrap();
        assert!(!record.is_empty());
        assert_eq!((record.len(), record.step_of(2)), (3, 10));
        assert_eq!(record.row(2).map(|row| row[0]), Some(16.0));
        assert_eq!(record.row(3), None);
    }
}
