//! `brink bench`: how fast training is, on four fixed works.

use std::sync::Arc;
use std::time::Instant;

use clap::Args;

use super::runner::ThreadRunner;
use super::{Failure, print};
use brink_engine::experiment::{Experiment, preset};
use brink_engine::train::gpu::Gpu;
use brink_engine::train::{Backend, Plan, cpu};
use brink_lab::bench::{WORKS, measure};

#[derive(Args)]
pub(super) struct Arguments {
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
    /// Also say where the time of a step goes on the CPU: what each kind of operation takes of each work
    #[arg(long)]
    parts: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut backends = vec![Backend::Cpu];
    match pollster::block_on(Gpu::open()) {
        Ok(gpu) => {
            let kind = if gpu.is_software() { ", a software adapter: slower than the CPU backend" } else { "" };
            eprintln!("brink: gpu is {}{kind}", gpu.name());
            backends.push(Backend::Gpu);
        }
        Err(error) => eprintln!("brink: {error}; the CPU alone is measured"),
    }
    let clock = Instant::now();
    let mut timings = Vec::new();
    for backend in backends {
        for work in WORKS {
            let runner = ThreadRunner { backend };
            let timing = measure(&runner, work, || clock.elapsed().as_secs_f64());
            timings.push(pollster::block_on(timing).map_err(Failure::Failed)?);
        }
    }
    if arguments.json {
        let timings = serde_json::to_string_pretty(&timings).map_err(|error| Failure::Failed(error.to_string()))?;
        return print(&format!("{timings}\n"));
    }
    let mut table = format!(
        "{:4}  {:7}  {:>4}  {:>5}  {:>8}  {:>12}\n",
        "work", "backend", "runs", "steps", "seconds", "run-steps/s"
    );
    for timing in &timings {
        let backend = match timing.backend {
            Backend::Cpu => "cpu",
            Backend::Gpu => "gpu",
        };
        table += &format!(
            "{:4}  {backend:7}  {:>4}  {:>5}  {:>8.3}  {:>12.0}\n",
            timing.work, timing.runs, timing.steps, timing.seconds, timing.run_steps_per_second
        );
    }
    if arguments.parts {
        for work in WORKS {
            table += &parts(work)?;
        }
    }
    print(&table)
}

/// Steps of which the parts are the mean.
const PART_STEPS: u32 = 2000;

/// A table of where the time of a step of a work goes.
fn parts(name: &str) -> Result<String, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let work = preset(name).ok_or_else(|| failed(&format!("there is no preset {name}")))?;
    let work = Experiment { max_train_steps: PART_STEPS, ..work };
    let plan = work.resolve().map_err(|error| failed(&error))?;
    let plan = Arc::new(Plan::new(plan).map_err(|error| failed(&error))?);
    let parts = cpu::parts(&plan, PART_STEPS);
    let whole: f64 = parts.iter().map(|part| part.1).sum();
    let mut table = format!(
        "\n{:24}  {:>8}  {:>5}\n",
        format!("a step of {}, one thread", name.to_ascii_uppercase()),
        "us",
        "share"
    );
    for (name, seconds) in parts {
        table += &format!("{name:24}  {:>8.1}  {:>4.1}%\n", seconds * 1e6, 100.0 * seconds / whole);
    }
    Ok(table)
}
