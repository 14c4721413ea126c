//! `brink run`: an experiment from a file, trained to its end.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};

use super::trace::Trace;
use super::{Device, Failure, Input, lines, print, read, threads};
use crate::experiment::Experiment;
use crate::record::RunRecord;
use crate::train::cpu::CpuFleet;
use crate::train::{Fleet, Plan};

/// A chunk of steps takes about this long: lines come steadily, and Ctrl-C is heard soon.
const CHUNK_SECONDS: f64 = 0.1;

#[derive(Args)]
pub(super) struct Arguments {
    /// File with the experiment as JSON (docs/experiment.md), or `-` for standard input
    experiment: Input,
    /// Where to train
    #[arg(long, value_enum, default_value = "cpu")]
    backend: Device,
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
    records: Vec<RunRecord>,
}

impl Sink {
    fn write(&mut self, plan: &Plan, mut chunks: Vec<crate::record::RunChunk>) -> Result<(), Failure> {
        chunks.sort_by_key(|chunk| chunk.run);
        self.text.clear();
        for chunk in &chunks {
            lines::append(&mut self.text, chunk, &plan.columns);
            self.records[chunk.run].append(chunk).map_err(|error| Failure::Failed(error.to_string()))?;
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
    let resolved = experiment.resolve().map_err(|error| invalid(&error))?;
    let plan = Arc::new(Plan::new(resolved).map_err(|error| invalid(&error))?);
    if arguments.trace.is_some() {
        Trace::check(&plan).map_err(|message| invalid(&message))?;
    }
    let output: Box<dyn Write> = match &arguments.out {
        Some(path) => {
            Box::new(BufWriter::new(File::create(path).map_err(|error| Failure::file("create", path, &error))?))
        }
        None => Box::new(io::stdout().lock()),
    };
    let runs = plan.resolved.runs.len();
    let records = vec![RunRecord::new(plan.columns.clone(), plan.resolved.stride()); runs];
    let mut sink = Sink { output, text: String::new(), records };
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let trace = pollster::block_on(async {
        match arguments.backend {
            Device::Cpu => {
                let fleet = CpuFleet::<f32>::new(plan.clone(), 0..runs, None, threads());
                train(fleet.map_err(|error| failed(&error))?, &plan, &mut sink, arguments.trace.is_some()).await
            }
            Device::Gpu => Err(Failure::Failed("this build has no GPU backend; use --backend cpu".to_owned())),
        }
    })?;
    if let (Some(trace), Some(path)) = (trace, &arguments.trace) {
        trace.write(&plan, &sink.records, path).map_err(|error| Failure::file("write", path, &error))?;
    }
    if arguments.out.is_some() { print(&table(&plan, &sink.records)) } else { Ok(()) }
}

/// Trains a fleet to its end; with `traced`, keeps the first and last parameters.
async fn train(mut fleet: impl Fleet, plan: &Plan, sink: &mut Sink, traced: bool) -> Result<Option<Trace>, Failure> {
    let failed = |error: crate::train::FleetError| Failure::Failed(error.to_string());
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = interrupted.clone();
    ctrlc::set_handler(move || flag.store(true, Ordering::Relaxed))
        .map_err(|error| Failure::Failed(format!("cannot listen to Ctrl-C: {error}")))?;
    // Hidden where standard error is no terminal.
    let bar = ProgressBar::new(u64::from(plan.longest()));
    if let Ok(style) = ProgressStyle::with_template("{bar:40} step {pos} of {len}, {eta} left") {
        bar.set_style(style);
    }
    let initial = if traced { Some(fleet.checkpoint().await.map_err(failed)?) } else { None };
    let mut steps = 1u32;
    while !fleet.finished() {
        let before = Instant::now();
        let chunks = fleet.advance(steps).await.map_err(failed)?;
        let took = before.elapsed().as_secs_f64().max(1e-6);
        sink.write(plan, chunks)?;
        bar.set_position(u64::from(fleet.step()));
        if interrupted.load(Ordering::Relaxed) {
            bar.abandon();
            return Err(Failure::Interrupted);
        }
        steps = ((f64::from(steps) * CHUNK_SECONDS / took) as u32).clamp(1, steps.saturating_mul(4));
    }
    bar.finish_and_clear();
    match initial {
        Some(initial) => Ok(Some(Trace { initial, last: fleet.checkpoint().await.map_err(failed)? })),
        None => Ok(None),
    }
}

/// What became of each run, for people.
fn table(plan: &Plan, records: &[RunRecord]) -> String {
    let mut text = format!(
        "{:>4}  {:>13}  {:>15}  {:>19}  died at step\n",
        "run", "learning rate", "validation loss", "validation accuracy"
    );
    for (index, (run, record)) in plan.resolved.runs.iter().zip(records).enumerate() {
        let last = record.validation.last();
        let figure = |value: Option<f32>| match value {
            Some(value) if value.is_finite() => format!("{value:.4}"),
            _ => "-".to_owned(),
        };
        let _ = writeln!(
            text,
            "{index:>4}  {:>13}  {:>15}  {:>19}  {}",
            run.base_learning_rate,
            figure(last.map(|point| point.loss)),
            figure(last.map(|point| point.accuracy)),
            record.death.map_or_else(|| "-".to_owned(), |step| step.to_string()),
        );
    }
    text
}
