//! What a fleet has recorded and what it came to: the one type in which the page, the command line and procedures collect
//! the events of a training.

use crate::diagnose::{JudgedRun, Judgement, Sweep, SweepRun, final_validation_loss, judge, sweep};
use crate::{Device, Event};
use brink_engine::experiment::Resolved;
use brink_engine::record::{Columns, RecordError, RunChunk, RunRecord, ValidationPoint};
use std::sync::Arc;

/// How the training of a fleet stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// Asked for; nothing has been recorded.
    Waiting,
    /// Metrics arrive.
    Training,
    /// Every run has ended.
    Ended,
    /// It cannot continue; why.
    Failed(String),
}

/// One run of a fleet.
#[derive(Clone, Debug)]
pub struct FleetRun {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// The steps of warmup.
    pub warmup_steps: u32,
    /// All steps, warmup included.
    pub steps: u32,
    /// What it has recorded.
    pub record: RunRecord,
    /// The judgement, once the run has ended.
    pub judgement: Option<Judgement>,
}

impl FleetRun {
    /// A run that has recorded nothing.
    pub fn new(base_learning_rate: f64, warmup_steps: u32, steps: u32, columns: &Columns, stride: u32) -> Self {
        let record = RunRecord::new(columns.clone(), stride);
        Self { base_learning_rate, warmup_steps, steps, record, judgement: None }
    }

    /// Whether the run still has steps to train: it has neither died nor done its last step.
    pub fn is_living(&self) -> bool {
        self.record.death.is_none() && self.done() < self.steps
    }

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
    pub fn has_ended(&self) -> bool {
        // The last validation is taken after the last update: until it is there, something is still to come.
        self.record.death.is_some() || self.record.validation.last().is_some_and(|point| point.step >= self.steps)
    }

    /// A row of its record by step.
    pub fn row_at(&self, step: u32) -> Option<&[f32]> {
        self.record.row((step / self.record.stride.max(1)) as usize)
    }

    /// Whether the run has ended and may not be lr*.
    pub fn is_infeasible(&self) -> bool {
        self.judgement.is_some_and(|judgement| !judgement.is_feasible)
    }
}

/// A fleet's experiment, what its runs have recorded, and the verdicts on them, each computed once when it is due.
#[derive(Clone)]
pub struct FleetRecord {
    /// The experiment, checked and looked up.
    pub resolved: Arc<Resolved>,
    /// What a row of metrics means.
    pub columns: Columns,
    /// The runs, in the experiment's order.
    pub runs: Vec<FleetRun>,
    /// How training stands.
    pub status: Status,
    /// lr* and the edge, once every run has ended.
    pub sweep: Option<Sweep>,
    /// The probe's layer and index within it, once training has started.
    pub probe: Option<(String, usize)>,
    /// What it really trains on, once it does.
    pub device: Option<Device>,
    /// Why it trains there and not where it was asked to, if so.
    pub device_reason: Option<String>,
    /// The GPU dispatches issued so far.
    pub dispatches: u64,
    /// The seconds that training took so far, waiting left out.
    pub seconds: f64,
}

impl FleetRecord {
    /// The empty record of a fleet that has not started.
    pub fn new(resolved: Arc<Resolved>) -> Self {
        let columns = resolved.columns();
        let run = |(index, run): (usize, &brink_engine::experiment::Run)| {
            let steps = resolved.steps(index);
            FleetRun::new(run.base_learning_rate, run.warmup_steps, steps, &columns, resolved.stride())
        };
        Self {
            runs: resolved.runs.iter().enumerate().map(run).collect(),
            columns,
            resolved,
            status: Status::Waiting,
            sweep: None,
            probe: None,
            device: None,
            device_reason: None,
            dispatches: 0,
            seconds: 0.0,
        }
    }

    /// Takes in an event of the training.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::Started { device, reason, probe, .. } => {
                self.probe = Some(probe);
                self.device = Some(device);
                self.device_reason = reason;
            }
            Event::Metrics(chunks) => {
                for chunk in &chunks {
                    if let Err(error) = self.append(chunk) {
                        self.status = Status::Failed(error.to_string());
                    }
                }
            }
            Event::Progress { dispatches, seconds, .. } => {
                self.dispatches = dispatches;
                self.seconds = seconds;
            }
            Event::Finished => self.end(),
            Event::Failed(reason) => self.status = Status::Failed(reason),
        }
    }

    /// Takes in what one run has recorded. A chunk of a run that the fleet does not have is ignored.
    ///
    /// # Errors
    ///
    /// The chunk leaves a gap.
    pub fn append(&mut self, chunk: &RunChunk) -> Result<(), RecordError> {
        let Some(run) = self.runs.get_mut(chunk.run) else { return Ok(()) };
        run.record.append(chunk)?;
        run.judgement = None;
        if run.has_ended() {
            let batch_size = self.resolved.experiment.batch_size;
            run.judgement = judge(&JudgedRun { record: &run.record, batch_size, steps: run.steps });
        }
        self.status = Status::Training;
        self.sweep = None;
        if self.runs.iter().all(FleetRun::has_ended) {
            self.end();
        }
        Ok(())
    }

    fn end(&mut self) {
        self.status = Status::Ended;
        let outcome = |run: &FleetRun| SweepRun {
            base_learning_rate: run.base_learning_rate,
            final_loss: final_validation_loss(&run.record),
            is_feasible: run.judgement.is_some_and(|judgement| judgement.is_feasible),
            is_stable: run.judgement.is_some_and(|judgement| judgement.verdict.id == "stable"),
        };
        self.sweep = Some(sweep(&self.runs.iter().map(outcome).collect::<Vec<_>>()));
    }

    /// The run-steps trained so far, over all runs.
    pub fn trained(&self) -> u64 {
        self.runs.iter().map(|run| u64::from(run.trained())).sum()
    }

    /// Run-steps per second; `None` before anything is measured.
    pub fn speed(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.trained() as f64 / self.seconds)
    }

    /// The steps of the longest run.
    pub fn longest(&self) -> u32 {
        self.runs.iter().map(|run| run.steps).max().unwrap_or(0)
    }

    /// The last step that all living runs have reached: the number of steps that each of them has done. Plots, sentences and
    /// the cursor compare runs there. Where none lives, the steps of the longest run.
    pub fn common_step(&self) -> u32 {
        let living = self.runs.iter().filter(|run| run.is_living());
        living.map(FleetRun::done).min().unwrap_or_else(|| self.longest())
    }

    /// The latest validation loss of a run that may be compared with those of the others: a living run's is the latest that
    /// all living runs have reached, one that has ended keeps its last.
    pub fn comparable_validation<'a>(&self, run: &'a FleetRun) -> Option<&'a ValidationPoint> {
        if !run.is_living() {
            return run.record.validation.last();
        }
        // The validation of a step is taken before its update: with as many steps done, it is still to come.
        let step = self.common_step();
        run.record.validation.iter().take_while(|point| point.step < step).last()
    }

    /// What the records take, in bytes.
    pub fn bytes(&self) -> usize {
        let rows: usize = self.runs.iter().map(|run| run.record.len()).sum();
        rows * self.columns.width() * size_of::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::{LearningRates, preset};
    use brink_engine::record::ValidationPoint;

    /// A fleet of three runs over 30 steps, of which the last dies at step 5.
    fn fleet() -> FleetRecord {
        let mut experiment = preset("figure-7a").unwrap();
        experiment.learning_rates = LearningRates { from: 0.001, factor: 2.0, count: 3 };
        experiment.max_train_steps = 30;
        FleetRecord::new(Arc::new(experiment.resolve().unwrap()))
    }

    fn chunk(run: usize, steps: std::ops::Range<u32>, width: usize) -> RunChunk {
        let death = (run == 2 && steps.end > 5).then_some(5);
        let row = |step: u32| {
            let mut row = vec![0.0; width];
            row[Columns::LOSS] =
                if death.is_some_and(|death| step >= death) { f32::NAN } else { 9.0 / (step + 1) as f32 };
            row
        };
        let loss = 0.5 + run as f32;
        let validation = if steps.end == 30 { vec![ValidationPoint { step: 30, loss, accuracy: 0.5 }] } else { vec![] };
        RunChunk {
            run,
            first_step: steps.start,
            stride: 1,
            rows: steps.flat_map(row).collect(),
            validation,
            death,
            chance: 2.0,
            ..RunChunk::default()
        }
    }

    #[test]
    fn verdicts_are_there_when_a_run_has_ended_and_the_sweep_when_all_have() {
        let mut fleet = fleet();
        let width = fleet.columns.width();
        assert_eq!((fleet.status.clone(), fleet.common_step()), (Status::Waiting, 0));
        fleet.apply(Event::Metrics((0..3).map(|run| chunk(run, 0..10, width)).collect()));
        assert_eq!((fleet.status.clone(), fleet.common_step()), (Status::Training, 10));
        let verdicts = |fleet: &FleetRecord| {
            fleet.runs.iter().map(|run| run.judgement.map(|judgement| judgement.verdict.id)).collect::<Vec<_>>()
        };
        assert_eq!(verdicts(&fleet), [None, None, Some("diverged")]);
        assert_eq!(fleet.trained(), 10 + 10 + 5);
        fleet.apply(Event::Metrics((0..3).map(|run| chunk(run, 10..30, width)).collect()));
        assert_eq!(verdicts(&fleet), [Some("stable"), Some("stable"), Some("diverged")]);
        assert_eq!(fleet.status, Status::Ended);
        assert_eq!(
            fleet.sweep,
            Some(Sweep {
                best: Some(0),
                edge: Some(2),
                unstable: Some(2),
                is_at_edge: true,
                is_lowest: true,
                is_highest: false
            })
        );
    }

    #[test]
    fn a_gap_is_a_failure_and_a_run_of_nobody_is_ignored() {
        let mut fleet = fleet();
        let width = fleet.columns.width();
        fleet.apply(Event::Metrics(vec![chunk(7, 0..10, width)]));
        assert_eq!(fleet.status, Status::Waiting);
        fleet.apply(Event::Metrics(vec![chunk(0, 10..30, width)]));
        assert!(matches!(&fleet.status, Status::Failed(reason) if reason.contains("row 10")), "{:?}", fleet.status);
    }
}
