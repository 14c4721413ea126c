//! `brink run`: an experiment from a file, trained to its end.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use futures_channel::mpsc::unbounded;
use indicatif::{ProgressBar, ProgressStyle};

use super::lines::Written;
use super::thread::Thread;
use super::{BackendChoice, Failure, Input, lines, print, read, threads, trace};
use brink_engine::experiment::Experiment;
use brink_engine::task::Table;
use brink_engine::train::cpu::CpuFleet;
use brink_engine::train::gpu::{Gpu, GpuFleet, GpuFleetError};
use brink_engine::train::{Backend, Fleet, FleetError, Plan};
use brink_lab::{Device, Ends, Event, FleetRecord, Shard, ShardCommand, Status, Training, TrainingEnd};

/// A chunk of steps takes about this long: lines come steadily, and Ctrl-C takes effect soon.
const CHUNK_SECONDS: f64 = 0.1;

#[derive(Args)]
pub(super) struct Arguments {
    /// File with the experiment as JSON (docs/experiment.md), or `-` for standard input
    experiment: Input,
    /// Train on this table instead of the experiment's task: CSV, the last column the target (docs/experiment.md)
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Where to train
    #[arg(long, value_enum, default_value = "cpu")]
    backend: BackendChoice,
    /// Write the lines to this file and a table of the runs to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write all that is needed to compute the runs again elsewhere (docs/trace.md)
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
}

/// Where the lines go and what else is kept of the runs.
struct Sink {
    output: Box<dyn Write>,
    text: String,
    /// How far the lines of each run go.
    written: Vec<Written>,
    fleet: FleetRecord,
}

impl Sink {
    /// Takes in an event, and writes the lines of what runs have recorded.
    fn take(&mut self, mut event: Event) -> Result<(), Failure> {
        self.text.clear();
        if let Event::Metrics(chunks) = &mut event {
            chunks.sort_by_key(|chunk| chunk.run);
            for chunk in chunks {
                lines::append(&mut self.text, chunk, &self.fleet.columns, &mut self.written[chunk.run]);
            }
        }
        self.fleet.apply(event);
        if let Status::Failed(reason) = &self.fleet.status {
            return Err(Failure::Failed(reason.clone()));
        }
        // Lines leave in one piece: however the program ends, none is cut.
        self.output
            .write_all(self.text.as_bytes())
            .and_then(|()| self.output.flush())
            .map_err(|error| Failure::output(&error))
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = arguments.experiment.display();
    let invalid = |error: &dyn std::fmt::Display| Failure::Invalid(format!("{file}: {error}"));
    let experiment = Experiment::from_json(&read(&arguments.experiment)?).map_err(|error| invalid(&error))?;
    let resolved = match &arguments.data {
        None => experiment.resolve(),
        Some(path) => {
            let table = Table::parse(&read(path)?);
            let table = table.map_err(|error| Failure::Invalid(format!("{}: {error}", path.display())))?;
            // What belongs to the task that the experiment names goes with it.
            let experiment = Experiment { data: serde_json::Map::new(), ..experiment.clone() };
            experiment.resolve_on(Arc::new(table))
        }
    };
    let resolved = resolved.map_err(|error| invalid(&error))?;
    let plan = Arc::new(Plan::new(resolved).map_err(|error| invalid(&error))?);
    if arguments.trace.is_some() {
        trace::check(&plan).map_err(|message| invalid(&message))?;
    }
    let output: Box<dyn Write> = match &arguments.out {
        Some(path) => {
            Box::new(BufWriter::new(File::create(path).map_err(|error| Failure::file("create", path, &error))?))
        }
        None => Box::new(io::stdout().lock()),
    };
    let runs = plan.resolved.runs.len();
    let fleet = FleetRecord::new(plan.resolved.clone());
    let mut sink = Sink { output, text: String::new(), written: vec![Written::default(); runs], fleet };
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::Failed(format!("cannot listen to Ctrl-C: {error}")))?;
    let backend = Backend::from(arguments.backend);
    let shard = Shard { experiment, runs: (0..runs).collect(), backend, threads: threads() };
    let training = Trained { plan: &plan, shard: &shard, interrupted: &interrupted, traced: arguments.trace.is_some() };
    let ends = pollster::block_on(async {
        match backend {
            Backend::Cpu => training.train(cpu(&plan)?, Device::Cpu { threads: threads() }, &mut sink).await,
            Backend::Gpu => {
                // The GPU was asked for by name: no fallback.
                let gpu = Gpu::open().await.map_err(failed)?;
                let fleet = GpuFleet::new(&gpu, plan.clone(), 0..runs, None).map_err(|error| match error {
                    GpuFleetError::Plan(error) => invalid(&error),
                    GpuFleetError::Fleet(error) => failed(error),
                })?;
                let device = Device::Gpu { adapter: gpu.name().to_owned(), software: gpu.is_software() };
                training.train(fleet, device, &mut sink).await
            }
        }
    })?;
    if let (Some(ends), Some(path)) = (ends, &arguments.trace) {
        let records: Vec<_> = sink.fleet.runs.iter().map(|run| &run.record).collect();
        trace::write(&ends, &plan, &records, path).map_err(|error| Failure::file("write", path, &error))?;
    }
    if arguments.out.is_some() { print(&table(&sink.fleet)) } else { Ok(()) }
}

fn failed(error: FleetError) -> Failure {
    Failure::Failed(error.to_string())
}

/// The whole fleet on the CPU.
fn cpu(plan: &Arc<Plan>) -> Result<CpuFleet<f32>, Failure> {
    CpuFleet::new(plan.clone(), 0..plan.resolved.runs.len(), None, threads()).map_err(failed)
}

/// How a fleet is trained.
struct Trained<'a> {
    plan: &'a Arc<Plan>,
    shard: &'a Shard,
    /// Set by Ctrl-C.
    interrupted: &'a AtomicBool,
    /// Whether the first and last parameters are kept.
    traced: bool,
}

impl Trained<'_> {
    /// Trains a fleet to its end and writes what it records.
    async fn train(&self, fleet: impl Fleet, device: Device, sink: &mut Sink) -> Result<Option<Ends>, Failure> {
        // Hidden where standard error is no terminal.
        let bar = ProgressBar::new(u64::from(self.plan.longest()));
        if let Ok(style) = ProgressStyle::with_template("{bar:40} step {pos} of {len}, {eta} left") {
            bar.set_style(style);
        }
        let (orders, mut commands) = unbounded();
        let mut stopped = None;
        let mut emit = |event: Event| {
            let result = match event {
                Event::Progress { step, .. } => {
                    bar.set_position(u64::from(step));
                    if self.interrupted.load(Ordering::Relaxed) { Err(Failure::Interrupted) } else { Ok(()) }
                }
                // Nothing is written after a failure to write.
                _ if stopped.is_some() => Ok(()),
                event => {
                    if let Event::Started { reason: Some(reason), .. } = &event {
                        bar.suspend(|| eprintln!("brink: {reason}; what is left runs on the CPU"));
                    }
                    sink.take(event)
                }
            };
            if let Err(failure) = result {
                stopped.get_or_insert(failure);
                // The training listens before its next chunk; after the last there is nothing left to stop.
                let _over = orders.unbounded_send(ShardCommand::Cancel);
            }
        };
        let thread = Thread::new(CHUNK_SECONDS);
        let training = Training::new(self.plan, self.shard, &thread, &mut commands, &mut emit);
        let mut training = if self.traced { training.keep_ends() } else { training };
        let outcome = training.train(fleet, device).await;
        drop(training);
        if let Some(failure) = stopped {
            bar.abandon();
            return Err(failure);
        }
        match outcome {
            Ok(TrainingEnd::Finished(ends)) => {
                bar.finish_and_clear();
                Ok(ends)
            }
            Ok(TrainingEnd::Cancelled) => Err(Failure::Interrupted),
            Err(error) => {
                bar.abandon();
                Err(failed(error))
            }
        }
    }
}

/// What became of each run, for people.
fn table(fleet: &FleetRecord) -> String {
    let mut text = format!(
        "{:>4}  {:>13}  {:>15}  {:>19}  {:>12}  verdict\n",
        "run", "learning rate", "validation loss", "validation accuracy", "died at step"
    );
    for (index, run) in fleet.runs.iter().enumerate() {
        let last = run.record.validation.last();
        let figure = |value: Option<f32>| match value {
            Some(value) if value.is_finite() => format!("{value:.4}"),
            _ => "-".to_owned(),
        };
        let is_best = fleet.sweep.is_some_and(|sweep| sweep.best == Some(index));
        let _ = writeln!(
            text,
            "{index:>4}  {:>13}  {:>15}  {:>19}  {:>12}  {}{}",
            run.base_learning_rate,
            figure(last.map(|point| point.loss)),
            figure(last.map(|point| point.accuracy)),
            run.record.death.map_or_else(|| "-".to_owned(), |step| step.to_string()),
            run.judgement.map_or("-", |judgement| judgement.verdict.id),
            if is_best { " (lr*)" } else { "" },
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::{LearningRates, preset};
    use brink_engine::record::RunChunk;
    use brink_engine::train::Checkpoint;
    use std::sync::Mutex;

    /// A fleet whose device is lost once it has done some steps.
    struct Losing {
        fleet: CpuFleet<f32>,
        after: u32,
    }

    impl Fleet for Losing {
        fn plan(&self) -> &Plan {
            self.fleet.plan()
        }
        fn step(&self) -> u32 {
            self.fleet.step()
        }
        fn dispatches(&self) -> u64 {
            1
        }
        async fn advance(&mut self, steps: u32) -> Result<Vec<RunChunk>, FleetError> {
            if self.step() >= self.after {
                return Err(FleetError::DeviceLost("a test".to_owned()));
            }
            self.fleet.advance(steps.min(self.after - self.step())).await
        }
        async fn checkpoint(&mut self) -> Result<Checkpoint, FleetError> {
            self.fleet.checkpoint().await
        }
        async fn evaluate(&mut self, directions: &[Vec<f32>], scales: &[f64]) -> Result<Vec<Vec<f64>>, FleetError> {
            self.fleet.evaluate(directions, scales).await
        }
    }

    /// Output that a test can read afterwards.
    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_lost_device_changes_no_line() {
        let mut experiment = preset("figure-7a").unwrap();
        experiment.learning_rates = LearningRates { from: 0.004, factor: 2.0, count: 3 };
        experiment.max_train_steps = 30;
        experiment.validation_every = 10;
        let plan = Arc::new(Plan::new(experiment.resolve().unwrap()).unwrap());
        let shard = Shard { experiment, runs: vec![0, 1, 2], backend: Backend::Gpu, threads: 2 };
        let lost = Device::Gpu { adapter: "a test".to_owned(), software: false };
        let train = |after: u32| {
            let shared = Shared::default();
            let mut sink = Sink {
                output: Box::new(shared.clone()),
                text: String::new(),
                written: vec![Written::default(); 3],
                fleet: FleetRecord::new(plan.resolved.clone()),
            };
            let training = Trained { plan: &plan, shard: &shard, interrupted: &AtomicBool::new(false), traced: true };
            let fleet = Losing { fleet: cpu(&plan).ok().unwrap(), after };
            let ends = pollster::block_on(training.train(fleet, lost.clone(), &mut sink)).ok().unwrap().unwrap();
            let text = String::from_utf8(shared.0.lock().unwrap().clone()).unwrap();
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            // NaN differs from itself, its text does not.
            (lines, format!("{:?}", ends.last), format!("{:?}", sink.fleet.runs))
        };
        let undisturbed = train(u32::MAX);
        assert_eq!(undisturbed.0.len(), 3 * (30 + 4));
        for after in [0, 1, 17] {
            assert!(train(after) == undisturbed, "lost after {after} steps");
        }
    }
}
