use super::{Command, Event};
use crate::experiment::Experiment;
use crate::train::cpu::CpuFleet;
use crate::train::gpu::{Gpu, GpuFleet, GpuFleetError};
use crate::train::{Backend, Checkpoint, Fleet, FleetError, Plan};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use std::sync::Arc;

/// A chunk takes about this long, so that curves grow smoothly and commands are heard soon.
const CHUNK_SECONDS: f64 = 0.03;
/// A chunk on a GPU takes this long: between the end of one and the start of the next the GPU waits for some milliseconds.
const GPU_CHUNK_SECONDS: f64 = 0.1;
/// A chunk takes at least this many times what hearing of its end costs, so that most of the time is training.
const CHUNK_READBACKS: f64 = 4.0;
/// A checkpoint is taken after this much training.
const CHECKPOINT_SECONDS: f64 = 2.0;

/// What a fleet needs of where it runs.
#[allow(async_fn_in_trait, reason = "callers are generic and never need the future to be Send")]
pub trait Platform {
    /// A clock in seconds that never runs backwards.
    fn seconds(&self) -> f64;
    /// Lets messages arrive; nothing to do where they come from another thread.
    async fn breathe(&self);
}

/// Which part of an experiment to train, and where.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Share {
    /// The experiment.
    pub experiment: Experiment,
    /// The runs to train, by their index.
    pub runs: Vec<usize>,
    /// Where to train.
    pub backend: Backend,
    /// The threads to use on the CPU; 1 in a browser.
    pub threads: usize,
}

/// Trains a share of an experiment to its end, obeying `commands` and passing every event to `emit`.
pub async fn drive(
    share: Share,
    platform: &impl Platform,
    commands: &mut UnboundedReceiver<Command>,
    mut emit: impl FnMut(Event),
) {
    let plan = share.experiment.resolve().map_err(Into::into).and_then(Plan::new);
    let plan = match plan {
        Ok(plan) => Arc::new(plan),
        Err(error) => return emit(Event::Failed(error.to_string())),
    };
    let result = train(&plan, &share, platform, commands, &mut emit).await;
    match result {
        Ok(true) => emit(Event::Finished),
        Ok(false) => {}
        Err(error) => emit(Event::Failed(error.to_string())),
    }
}

fn started(plan: &Plan, backend: Backend, device: String, reason: Option<String>) -> Event {
    let offsets = plan.resolved.network.parameter_offsets();
    let layer = offsets.partition_point(|&offset| offset <= plan.probe) - 1;
    let name = plan.resolved.network.parameters[layer].name.clone();
    let states = plan.columns.states.clone();
    Event::Started { backend, device, reason, probe: (name, plan.probe - offsets[layer]), states }
}

/// Trains where the share asks to, or on the CPU where that cannot be; a lost GPU goes on there from the last checkpoint.
async fn train(
    plan: &Arc<Plan>,
    share: &Share,
    platform: &impl Platform,
    commands: &mut UnboundedReceiver<Command>,
    emit: &mut impl FnMut(Event),
) -> Result<bool, FleetError> {
    let mut pace = Pace::default();
    let mut checkpoint = None;
    let mut reason = None;
    if share.backend == Backend::Gpu {
        match gpu_fleet(plan, share).await {
            Ok((fleet, name)) => {
                emit(started(plan, Backend::Gpu, name, None));
                match advance(fleet, platform, commands, emit, &mut pace, Some(&mut checkpoint)).await {
                    Ok(outcome) => return Ok(outcome == Outcome::Finished),
                    Err(error @ FleetError::DeviceLost(_)) => reason = Some(error.to_string()),
                    Err(error) => return Err(error),
                }
            }
            Err(error) => reason = Some(error.to_string()),
        }
    }
    let runs = share.runs.iter().copied();
    let fleet = CpuFleet::<f32>::new(plan.clone(), runs, checkpoint.as_ref(), share.threads)?;
    emit(started(plan, Backend::Cpu, share.threads.to_string(), reason));
    let outcome = advance(fleet, platform, commands, emit, &mut pace, None).await?;
    Ok(outcome == Outcome::Finished)
}

async fn gpu_fleet(plan: &Arc<Plan>, share: &Share) -> Result<(GpuFleet, String), GpuFleetError> {
    let gpu = Gpu::shared().await?;
    let fleet = GpuFleet::new(&gpu, plan.clone(), share.runs.iter().copied(), None)?;
    Ok((fleet, gpu.name().to_owned()))
}

#[derive(PartialEq)]
enum Outcome {
    Finished,
    Cancelled,
}

/// How fast training goes, carried over when the backend changes.
#[derive(Default)]
struct Pace {
    seconds: f64,
    paused: bool,
    /// While paused, steps up to this one may be done.
    allowed: u32,
}

async fn advance(
    mut fleet: impl Fleet,
    platform: &impl Platform,
    commands: &mut UnboundedReceiver<Command>,
    emit: &mut impl FnMut(Event),
    pace: &mut Pace,
    mut checkpoint: Option<&mut Option<Checkpoint>>,
) -> Result<Outcome, FleetError> {
    let length = if fleet.readback_seconds() > 0.0 { GPU_CHUNK_SECONDS } else { CHUNK_SECONDS };
    let target = length.max(CHUNK_READBACKS * fleet.readback_seconds());
    let mut steps = 1;
    let mut since_checkpoint = 0.0;
    while !fleet.finished() {
        loop {
            let waits = pace.paused && fleet.step() >= pace.allowed;
            let command = if waits { commands.next().await } else { commands.try_recv().ok() };
            match command {
                Some(Command::Pause) => (pace.paused, pace.allowed) = (true, fleet.step()),
                Some(Command::Resume) => pace.paused = false,
                Some(Command::Step(steps)) => pace.allowed = fleet.step().saturating_add(steps),
                Some(Command::StepTo(step)) => pace.allowed = step,
                Some(Command::Cancel) => return Ok(Outcome::Cancelled),
                // Nobody can resume a paused fleet any more.
                None if waits => return Ok(Outcome::Cancelled),
                None => break,
            }
        }
        let most = if pace.paused { pace.allowed - fleet.step() } else { u32::MAX };
        let before = platform.seconds();
        let first = fleet.step();
        let chunks = fleet.advance(steps.min(most)).await?;
        let took = (platform.seconds() - before).max(1e-6);
        pace.seconds += took;
        since_checkpoint += took;
        let done = fleet.step() - first;
        if done == steps {
            let ideal = f64::from(steps) * target / took;
            steps = (ideal as u32).clamp(1, steps.saturating_mul(4));
        }
        emit(Event::Metrics(chunks));
        emit(Event::Progress { step: fleet.step(), dispatches: fleet.dispatches(), seconds: pace.seconds });
        if since_checkpoint > CHECKPOINT_SECONDS {
            since_checkpoint = 0.0;
            if let Some(checkpoint) = &mut checkpoint {
                **checkpoint = Some(fleet.checkpoint().await?);
            }
        }
        platform.breathe().await;
    }
    Ok(Outcome::Finished)
}
