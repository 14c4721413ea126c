use super::{Device, Event};
use brink_engine::experiment::Experiment;
use brink_engine::train::cpu::CpuFleet;
use brink_engine::train::gpu::{Gpu, GpuFleet, GpuFleetError};
use brink_engine::train::{Backend, Checkpoint, Fleet, FleetError, Plan};
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A chunk of training takes about this long: curves grow smoothly, and commands take effect soon. The shards of a job are
/// at most a chunk apart (see [`crate::pool`]).
pub const CHUNK_SECONDS: f64 = 0.03;
/// A GPU reports at most this often: between two reports it waits for some milliseconds.
const GPU_REPORT_SECONDS: f64 = 0.1;
/// The time between two reports is at least this many times what learning of a report's end costs, so that most of the
/// time is training.
const REPORT_READBACKS: f64 = 4.0;
/// A report covers at most this many times the steps of the one before it, however short that was.
const MOST_GROWTH: u32 = 4;
/// A checkpoint is taken after this much training.
const CHECKPOINT_SECONDS: f64 = 2.0;

/// What a fleet needs of where it runs.
pub trait Platform {
    /// A clock in seconds that never runs backwards.
    fn seconds(&self) -> f64;
    /// The seconds of training between two reports; after each of them the commands that have arrived are obeyed.
    fn report_seconds(&self) -> f64 {
        CHUNK_SECONDS
    }
    /// Lets messages arrive after a report; nothing to do where they come from another thread.
    fn yield_now(&self) -> LocalBoxFuture<'_, ()>;
}

/// Which part of an experiment to train, and where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shard {
    /// The experiment; in messages it is its JSON text, the form in which experiments are read everywhere.
    #[serde(with = "as_json")]
    pub experiment: Experiment,
    /// The runs to train, by their index.
    pub runs: Vec<usize>,
    /// Where to train.
    pub backend: Backend,
    /// The threads to use on the CPU; 1 in a browser.
    pub threads: usize,
}

/// An experiment as its JSON text.
mod as_json {
    use brink_engine::experiment::Experiment;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(experiment: &Experiment, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&experiment.to_value().to_string())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Experiment, D::Error> {
        Experiment::from_json(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// What can be asked of a shard in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShardCommand {
    /// Train until this many steps are done, and wait there. Without one, the shard trains to its end.
    AdvanceTo(u32),
    /// Stop for good.
    Cancel,
}

/// Trains a shard of an experiment to its end, obeying `commands` and passing every event to `emit`.
///
/// The future is boxed, and nothing here is generic over its caller: so the loop is compiled once, with this package.
pub fn drive<'a>(
    shard: Shard,
    platform: &'a dyn Platform,
    commands: &'a mut UnboundedReceiver<ShardCommand>,
    emit: &'a mut dyn FnMut(Event),
) -> LocalBoxFuture<'a, ()> {
    Box::pin(async move {
        let plan = shard.experiment.resolve().map_err(Into::into).and_then(Plan::new);
        let plan = match plan {
            Ok(plan) => Arc::new(plan),
            Err(error) => return emit(Event::Failed(error.to_string())),
        };
        let result = Training::new(&plan, &shard, platform, commands, emit).start().await;
        match result {
            Ok(TrainingEnd::Finished(_)) => emit(Event::Finished),
            Ok(TrainingEnd::Cancelled) => {}
            Err(error) => emit(Event::Failed(error.to_string())),
        }
    })
}

/// How a training came to its end.
pub enum TrainingEnd {
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

/// A shard in training: the one loop in which every fleet advances, wherever it runs.
pub struct Training<'a> {
    plan: &'a Arc<Plan>,
    shard: &'a Shard,
    platform: &'a dyn Platform,
    commands: &'a mut UnboundedReceiver<ShardCommand>,
    emit: &'a mut dyn FnMut(Event),
    keeps_ends: bool,
    initial: Option<Checkpoint>,
    /// The last checkpoint of a fleet that may lose its device.
    saved: Option<Checkpoint>,
    /// Seconds spent training, on one backend and the next.
    seconds: f64,
    /// The number of steps after which it waits for a command.
    limit: u32,
}

impl<'a> Training<'a> {
    /// The training of a shard of a plan, obeying `commands` and passing every event to `emit`.
    pub fn new(
        plan: &'a Arc<Plan>,
        shard: &'a Shard,
        platform: &'a dyn Platform,
        commands: &'a mut UnboundedReceiver<ShardCommand>,
        emit: &'a mut dyn FnMut(Event),
    ) -> Self {
        Self {
            plan,
            shard,
            platform,
            commands,
            emit,
            keeps_ends: false,
            initial: None,
            saved: None,
            seconds: 0.0,
            limit: u32::MAX,
        }
    }

    /// Keeps the state of the fleet before its first step and after its last.
    pub fn keep_ends(mut self) -> Self {
        self.keeps_ends = true;
        self
    }

    /// Trains where the shard asks to, or on the CPU where that is impossible.
    async fn start(&mut self) -> Result<TrainingEnd, FleetError> {
        let mut reason = None;
        if self.shard.backend == Backend::Gpu {
            match gpu_fleet(self.plan, self.shard).await {
                Ok((fleet, device)) => return self.train(fleet, device).await,
                Err(error) => reason = Some(error.to_string()),
            }
        }
        self.train_on_cpu(reason).await
    }

    /// Trains a fleet to its end; one whose device is lost continues on the CPU from its last checkpoint.
    pub async fn train(&mut self, fleet: impl Fleet, device: Device) -> Result<TrainingEnd, FleetError> {
        let is_gpu = device.backend() == Backend::Gpu;
        self.begin(device, None);
        match self.advance(fleet, is_gpu).await {
            Err(error @ FleetError::DeviceLost(_)) => self.train_on_cpu(Some(error.to_string())).await,
            other => other,
        }
    }

    /// Trains on the CPU, from the last checkpoint if there is one.
    async fn train_on_cpu(&mut self, reason: Option<String>) -> Result<TrainingEnd, FleetError> {
        let runs = self.shard.runs.iter().copied();
        let fleet = CpuFleet::<f32>::new(self.plan.clone(), runs, self.saved.as_ref(), self.shard.threads)?;
        self.begin(Device::Cpu { threads: self.shard.threads }, reason);
        self.advance(fleet, false).await
    }

    fn begin(&mut self, device: Device, reason: Option<String>) {
        let plan = self.plan;
        let offsets = plan.resolved.network.parameter_offsets();
        let layer = offsets.partition_point(|&offset| offset <= plan.probe) - 1;
        let name = plan.resolved.network.parameters[layer].name.clone();
        let states = plan.columns.states.clone();
        let probe = (name, plan.probe - offsets[layer]);
        (self.emit)(Event::Started { device, reason, probe, states });
    }

    /// Obeys the commands that have arrived, and waits for one where the limit is reached. Returns the steps that may be
    /// done now, at least 1, or none where the training is cancelled.
    async fn obey(&mut self, step: u32) -> Option<u32> {
        loop {
            let waits = step >= self.limit;
            let command = if waits { self.commands.next().await } else { self.commands.try_recv().ok() };
            match command {
                Some(ShardCommand::AdvanceTo(limit)) => {
                    self.limit = limit;
                    if waits {
                        // Others may have begun to use the thread meanwhile.
                        self.platform.yield_now().await;
                    }
                }
                Some(ShardCommand::Cancel) => return None,
                // The other end is gone: nobody can raise the limit any more.
                None if waits => return None,
                None => return Some(self.limit - step),
            }
        }
    }

    /// Trains a fleet to its last step. A GPU reports less often, and can be lost: then checkpoints are kept.
    async fn advance(&mut self, mut fleet: impl Fleet, is_gpu: bool) -> Result<TrainingEnd, FleetError> {
        let least = if is_gpu { GPU_REPORT_SECONDS } else { 0.0 };
        let target = self.platform.report_seconds().max(least).max(REPORT_READBACKS * fleet.readback_seconds());
        let mut steps = 1;
        let mut since_checkpoint = 0.0;
        if self.keeps_ends && self.initial.is_none() {
            self.initial = Some(fleet.checkpoint().await?);
        }
        while !fleet.finished() {
            let Some(most) = self.obey(fleet.step()).await else { return Ok(TrainingEnd::Cancelled) };
            let before = self.platform.seconds();
            let first = fleet.step();
            let chunks = fleet.advance(steps.min(most)).await?;
            let took = (self.platform.seconds() - before).max(1e-6);
            self.seconds += took;
            since_checkpoint += took;
            let done = fleet.step() - first;
            // A report that the limit cut short says as much about the speed as a whole one.
            let ideal = f64::from(done) * target / took;
            steps = (ideal as u32).clamp(1, steps.saturating_mul(MOST_GROWTH));
            (self.emit)(Event::Metrics(chunks));
            let seconds = self.seconds;
            (self.emit)(Event::Progress { step: fleet.step(), dispatches: fleet.dispatches(), seconds });
            if is_gpu && since_checkpoint > CHECKPOINT_SECONDS {
                since_checkpoint = 0.0;
                self.saved = Some(fleet.checkpoint().await?);
            }
            self.platform.yield_now().await;
        }
        let last = if self.keeps_ends { Some(fleet.checkpoint().await?) } else { None };
        Ok(TrainingEnd::Finished(self.initial.take().zip(last).map(|(initial, last)| Ends { initial, last })))
    }
}

async fn gpu_fleet(plan: &Arc<Plan>, shard: &Shard) -> Result<(GpuFleet, Device), GpuFleetError> {
    let gpu = Gpu::shared().await?;
    let fleet = GpuFleet::new(&gpu, plan.clone(), shard.runs.iter().copied(), None)?;
    Ok((fleet, Device::Gpu { adapter: gpu.name().to_owned(), software: gpu.is_software() }))
}
