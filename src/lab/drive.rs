use super::{Command, Event};
use brink_engine::experiment::Experiment;
use brink_engine::train::cpu::CpuFleet;
use brink_engine::train::gpu::{Gpu, GpuFleet, GpuFleetError};
use brink_engine::train::{Backend, Checkpoint, Fleet, FleetError, Plan};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A chunk takes about this long, so that curves grow smoothly and commands are heard soon.
pub const CHUNK_SECONDS: f64 = 0.03;
/// A chunk on a GPU takes at least this long: between two chunks it waits for some milliseconds.
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
    /// How long a chunk shall take.
    fn chunk_seconds(&self) -> f64 {
        CHUNK_SECONDS
    }
    /// Lets messages arrive; nothing to do where they come from another thread.
    async fn breathe(&self);
}

/// Which part of an experiment to train, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
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
    let mut training = Training::new(&plan, &share, platform, commands, &mut emit);
    let result = training.start().await;
    match result {
        Ok(Outcome::Finished(_)) => emit(Event::Finished),
        Ok(Outcome::Cancelled) => {}
        Err(error) => emit(Event::Failed(error.to_string())),
    }
}

/// How a training came to its end.
pub enum Outcome {
    /// Every run did its last step. With its ends, where they were to be kept.
    Finished(Option<Ends>),
    /// It was cancelled.
    Cancelled,
}

/// The state of a fleet before its first step and after its last.
pub struct Ends {
    /// Before the first step.
    pub initial: Checkpoint,
    /// After the last.
    pub last: Checkpoint,
}

/// A share in training: the one loop in which every fleet advances, wherever it runs.
pub struct Training<'a, P, E> {
    plan: &'a Arc<Plan>,
    share: &'a Share,
    platform: &'a P,
    commands: &'a mut UnboundedReceiver<Command>,
    emit: E,
    keeps_ends: bool,
    initial: Option<Checkpoint>,
    /// The last checkpoint of a fleet that may lose its device.
    saved: Option<Checkpoint>,
    /// Seconds spent training, on one backend and the next.
    seconds: f64,
    paused: bool,
    /// While paused, steps up to this one may be done.
    allowed: u32,
}

impl<'a, P: Platform, E: FnMut(Event)> Training<'a, P, E> {
    /// The training of a share of a plan, obeying `commands` and passing every event to `emit`.
    pub fn new(
        plan: &'a Arc<Plan>,
        share: &'a Share,
        platform: &'a P,
        commands: &'a mut UnboundedReceiver<Command>,
        emit: E,
    ) -> Self {
        Self {
            plan,
            share,
            platform,
            commands,
            emit,
            keeps_ends: false,
            initial: None,
            saved: None,
            seconds: 0.0,
            paused: false,
            allowed: 0,
        }
    }

    /// Keeps the state of the fleet before its first step and after its last.
    pub fn keep_ends(mut self) -> Self {
        self.keeps_ends = true;
        self
    }

    /// Trains where the share asks to, or on the CPU where that cannot be.
    async fn start(&mut self) -> Result<Outcome, FleetError> {
        let mut reason = None;
        if self.share.backend == Backend::Gpu {
            match gpu_fleet(self.plan, self.share).await {
                Ok((fleet, name)) => return self.train(fleet, Backend::Gpu, name).await,
                Err(error) => reason = Some(error.to_string()),
            }
        }
        self.train_on_cpu(reason).await
    }

    /// Trains a fleet to its end; one whose device is lost goes on on the CPU from its last checkpoint.
    pub async fn train(&mut self, fleet: impl Fleet, backend: Backend, device: String) -> Result<Outcome, FleetError> {
        self.begin(backend, device, None);
        match self.advance(fleet, backend == Backend::Gpu).await {
            Err(error @ FleetError::DeviceLost(_)) => self.train_on_cpu(Some(error.to_string())).await,
            other => other,
        }
    }

    /// Trains on the CPU, from the last checkpoint if there is one.
    async fn train_on_cpu(&mut self, reason: Option<String>) -> Result<Outcome, FleetError> {
        let runs = self.share.runs.iter().copied();
        let fleet = CpuFleet::<f32>::new(self.plan.clone(), runs, self.saved.as_ref(), self.share.threads)?;
        self.begin(Backend::Cpu, self.share.threads.to_string(), reason);
        self.advance(fleet, false).await
    }

    fn begin(&mut self, backend: Backend, device: String, reason: Option<String>) {
        let plan = self.plan;
        let offsets = plan.resolved.network.parameter_offsets();
        let layer = offsets.partition_point(|&offset| offset <= plan.probe) - 1;
        let name = plan.resolved.network.parameters[layer].name.clone();
        let states = plan.columns.states.clone();
        let probe = (name, plan.probe - offsets[layer]);
        let chance = plan.chance();
        (self.emit)(Event::Started { backend, device, reason, probe, states, chance });
    }

    /// Obeys what has been commanded; waits while there is nothing to do. Gives the most steps that may be done, or none
    /// where the training is cancelled.
    async fn obey(&mut self, step: u32) -> Option<u32> {
        loop {
            let waits = self.paused && step >= self.allowed;
            let command = if waits { self.commands.next().await } else { self.commands.try_recv().ok() };
            match command {
                Some(Command::Pause) => (self.paused, self.allowed) = (true, step),
                Some(Command::Resume) => self.paused = false,
                Some(Command::Step(steps)) => self.allowed = step.saturating_add(steps),
                Some(Command::StepTo(step)) => self.allowed = step,
                Some(Command::Cancel) => return None,
                // Nobody can resume a paused fleet any more.
                None if waits => return None,
                None if self.paused => return Some(self.allowed - step),
                None => return Some(u32::MAX),
            }
        }
    }

    /// A GPU takes longer chunks, and can be lost: then checkpoints are kept.
    async fn advance(&mut self, mut fleet: impl Fleet, is_gpu: bool) -> Result<Outcome, FleetError> {
        let least = if is_gpu { GPU_CHUNK_SECONDS } else { 0.0 };
        let target = self.platform.chunk_seconds().max(least).max(CHUNK_READBACKS * fleet.readback_seconds());
        let mut steps = 1;
        let mut since_checkpoint = 0.0;
        if self.keeps_ends && self.initial.is_none() {
            self.initial = Some(fleet.checkpoint().await?);
        }
        while !fleet.finished() {
            let Some(most) = self.obey(fleet.step()).await else { return Ok(Outcome::Cancelled) };
            let before = self.platform.seconds();
            let first = fleet.step();
            let chunks = fleet.advance(steps.min(most)).await?;
            let took = (self.platform.seconds() - before).max(1e-6);
            self.seconds += took;
            since_checkpoint += took;
            let done = fleet.step() - first;
            if done == steps {
                let ideal = f64::from(steps) * target / took;
                steps = (ideal as u32).clamp(1, steps.saturating_mul(4));
            }
            (self.emit)(Event::Metrics(chunks));
            let seconds = self.seconds;
            (self.emit)(Event::Progress { step: fleet.step(), dispatches: fleet.dispatches(), seconds });
            if is_gpu && since_checkpoint > CHECKPOINT_SECONDS {
                since_checkpoint = 0.0;
                self.saved = Some(fleet.checkpoint().await?);
            }
            self.platform.breathe().await;
        }
        let last = if self.keeps_ends { Some(fleet.checkpoint().await?) } else { None };
        Ok(Outcome::Finished(self.initial.take().zip(last).map(|(initial, last)| Ends { initial, last })))
    }
}

async fn gpu_fleet(plan: &Arc<Plan>, share: &Share) -> Result<(GpuFleet, String), GpuFleetError> {
    let gpu = Gpu::shared().await?;
    let fleet = GpuFleet::new(&gpu, plan.clone(), share.runs.iter().copied(), None)?;
    Ok((fleet, gpu.name().to_owned()))
}
