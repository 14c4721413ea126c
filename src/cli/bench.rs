//! `brink bench`: how fast training is, on two fixed works.

use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use serde::Serialize;

use super::{Failure, print, threads};
use crate::experiment::preset;
use crate::train::cpu::CpuFleet;
use crate::train::gpu::{Gpu, GpuFleet};
use crate::train::{Backend, Fleet, Plan};

/// Steps before the clock starts: caches fill, buffers are made, and the validation of step 0 is done.
const WARMUP_STEPS: u32 = 50;
/// Steps that are timed; with those before they stay within the works' 1000 steps, the last of which validates.
const TIMED_STEPS: u32 = 900;
/// A timing goes on for at most about this long.
const MAX_SECONDS: f64 = 10.0;

#[derive(Args)]
pub(super) struct Arguments {
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

/// One measurement.
#[derive(Serialize)]
struct Timing {
    /// Preset in capitals: W1 or W2.
    work: String,
    backend: Backend,
    runs: usize,
    /// Steps timed, each of all runs.
    steps: u32,
    seconds: f64,
    run_steps_per_second: f64,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut timings = Vec::new();
    let gpu = match pollster::block_on(Gpu::open()) {
        Ok(gpu) => {
            let kind = if gpu.is_software() { ", a software adapter: slower than the CPU backend" } else { "" };
            eprintln!("brink: gpu is {}{kind}", gpu.name());
            Some(gpu)
        }
        Err(error) => {
            eprintln!("brink: {error}; the CPU alone is measured");
            None
        }
    };
    for backend in [Some(None), gpu.map(Some)].into_iter().flatten() {
        for id in ["w1", "w2"] {
            timings.push(measure(id, backend.as_ref())?);
        }
    }
    if arguments.json {
        let json = serde_json::to_string_pretty(&timings).map_err(|error| Failure::Failed(error.to_string()))?;
        return print(&format!("{json}\n"));
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
    print(&table)
}

/// Measures a work on a GPU, or without one on all cores of the CPU.
fn measure(id: &str, gpu: Option<&Arc<Gpu>>) -> Result<Timing, Failure> {
    let failed = |error: &dyn std::fmt::Display| Failure::Failed(error.to_string());
    let experiment = preset(id).ok_or_else(|| Failure::Failed(format!("there is no preset {id}")))?;
    let resolved = experiment.resolve().map_err(|error| failed(&error))?;
    let plan = Arc::new(Plan::new(resolved).map_err(|error| failed(&error))?);
    let runs = plan.resolved.runs.len();
    let timed = match gpu {
        None => {
            let fleet = CpuFleet::<f32>::new(plan, 0..runs, None, threads()).map_err(|error| failed(&error))?;
            pollster::block_on(time(fleet))
        }
        Some(gpu) => {
            let fleet = GpuFleet::new(gpu, plan, 0..runs, None).map_err(|error| failed(&error))?;
            pollster::block_on(time(fleet))
        }
    };
    let (steps, seconds) = timed.map_err(|error| failed(&error))?;
    let backend = if gpu.is_some() { Backend::Gpu } else { Backend::Cpu };
    let run_steps_per_second = runs as f64 * f64::from(steps) / seconds;
    Ok(Timing { work: id.to_uppercase(), backend, runs, steps, seconds, run_steps_per_second })
}

async fn time(mut fleet: impl Fleet) -> Result<(u32, f64), crate::train::FleetError> {
    fleet.advance(WARMUP_STEPS).await?;
    let first = fleet.step();
    let start = Instant::now();
    // Chunks as the program itself makes them; the clock ends early on a slow machine.
    while fleet.step() < first + TIMED_STEPS && start.elapsed().as_secs_f64() < MAX_SECONDS {
        fleet.advance((first + TIMED_STEPS - fleet.step()).min(WARMUP_STEPS)).await?;
    }
    Ok((fleet.step() - first, start.elapsed().as_secs_f64()))
}
