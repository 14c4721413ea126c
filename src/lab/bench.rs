//! How fast training is: four fixed works, measured through the same [`Runner`] that serves a learner.

use super::{Command, Event, Runner};
use brink_engine::experiment::{limits, preset};
use brink_engine::train::Backend;
use futures_util::StreamExt;
use serde::Serialize;

/// The works, by their presets: W1 is an MLP 64-128-128-10, batch 64, Adam, gradient norm recorded, one run; W2 the same
/// with 32 learning rates; W3 a post-norm transformer of four blocks with 15; W4 a residual convnet with 7.
pub const WORKS: [&str; 4] = ["w1", "w2", "w3", "w4"];
/// Seconds before the clock starts: caches fill, pipelines are made, chunks find their length.
const WARMUP_SECONDS: f64 = 0.5;
/// Steps before the clock starts, at least.
const WARMUP_STEPS: u32 = 2;
/// Seconds that are timed, at least.
const TIMED_SECONDS: f64 = 3.0;

/// One measurement.
#[derive(Clone, Debug, Serialize)]
pub struct Timing {
    /// Its name: W1 to W4.
    pub work: String,
    /// Where it really trained.
    pub backend: Backend,
    /// The number of runs.
    pub runs: usize,
    /// Steps timed, each of all runs.
    pub steps: u32,
    /// The time they took.
    pub seconds: f64,
    /// Runs times steps a second.
    pub run_steps_per_second: f64,
}

/// Trains a work for some seconds and says how fast that was. `now` is a clock in seconds. The error is the runner's message.
pub async fn measure(runner: &impl Runner, work: &str, now: impl Fn() -> f64) -> Result<Timing, String> {
    let mut experiment = preset(work).ok_or_else(|| format!("there is no preset {work}"))?;
    // More steps than can be done in the time; the last one would validate.
    experiment.max_train_steps = *limits::STEPS.end();
    let runs = experiment.run_count();
    let mut running = runner.start(&experiment);
    let begun = now();
    let mut trained_on = Backend::Cpu;
    let mut first: Option<(u32, f64)> = None;
    while let Some(event) = running.events.next().await {
        match event {
            Event::Started { device, .. } => trained_on = device.backend(),
            Event::Failed(message) => return Err(message),
            Event::Progress { step, .. } => {
                let time = now();
                let Some((first_step, start)) = first else {
                    if time - begun >= WARMUP_SECONDS && step >= WARMUP_STEPS {
                        first = Some((step, time));
                    }
                    continue;
                };
                let seconds = time - start;
                if seconds >= TIMED_SECONDS && step > first_step {
                    running.control.send(Command::Cancel);
                    // Until nothing trains any more: a program that ends while its GPU works crashes in the driver.
                    while running.events.next().await.is_some() {}
                    let steps = step - first_step;
                    let run_steps_per_second = f64::from(steps) * runs as f64 / seconds;
                    let work = work.to_ascii_uppercase();
                    return Ok(Timing { work, backend: trained_on, runs, steps, seconds, run_steps_per_second });
                }
            }
            Event::Metrics(_) | Event::Finished => {}
        }
    }
    Err("training ended before it could be timed".to_owned())
}
