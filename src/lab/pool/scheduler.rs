//! The state machine of the pool.

use std::collections::{BTreeMap, BTreeSet};

use super::lockstep::{self, Chunk, FIRST_CHUNK, LatencyFactor, Speed};
use super::{
    Effect, Fault, JobId, MOST_FAILURES, MOST_LOSSES, PAGE_HOSTS, PING_TICKS, PoolEvent, SILENT_TICKS, STARTING_TICKS,
    ShardId, SpawnMethod, WorkerId,
};
use crate::protocol::{Reply, Request};
use crate::{Command, Device, Event, Shard, ShardCommand};
use brink_engine::experiment::Experiment;
use brink_engine::record::{Columns, Extent, RunChunk};
use brink_engine::train::Backend;

/// One worker, or one host on the page.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    method: SpawnMethod,
    /// Whether it listens; what is sent to it before is lost.
    is_ready: bool,
    /// Ticks since its last message.
    silent: u32,
}

/// A shard, and who trains it.
#[derive(Clone, Debug)]
pub(super) struct ShardAssignment {
    pub job: JobId,
    /// There is always one: a shard of a lost worker goes to another at once.
    pub worker: WorkerId,
    shard: Shard,
    /// How much of each run has been delivered, by the run's index.
    extents: BTreeMap<usize, Extent>,
    /// Whether its first steps were delivered by another backend: should it be trained again, all of it is delivered anew.
    is_mixed: bool,
    /// The number of values in a row, as far as known.
    width: usize,
    /// The steps that have been reported, by this worker or one before it.
    pub reached: u32,
    /// The number of steps up to which its worker may train.
    pub limit: u32,
    /// The step and the seconds of training in the present worker's latest report.
    reported: (u32, f64),
    speed: Speed,
    /// The runs that have died.
    dead: BTreeSet<usize>,
    pub is_finished: bool,
    losses: u32,
}

impl ShardAssignment {
    /// Whether a run of it still trains: only such a shard is waited for.
    pub fn is_living(&self) -> bool {
        !self.is_finished && self.dead.len() < self.shard.runs.len()
    }

    /// Leaves out what has been delivered before.
    fn undelivered(&mut self, mut chunks: Vec<RunChunk>) -> Vec<RunChunk> {
        let width = self.width;
        chunks.retain(|chunk| self.extents.entry(chunk.run).or_default().is_news(chunk, width));
        chunks
    }
}

/// An experiment in training: its shards' events, joined.
#[derive(Clone, Debug)]
pub(super) struct Job {
    backend: Backend,
    is_started: bool,
    dispatches: u64,
    seconds: f64,
    /// No shard gets further ahead of the slowest living one.
    pub chunk: Chunk,
    stretch: LatencyFactor,
    /// The number of steps up to which its living shards may train.
    limit: u32,
    /// While paused, the step at which every run stands or is about to stand.
    pause: Option<u32>,
}

/// Decides who trains what. Its state changes only in [`Scheduler::on`].
#[derive(Clone, Debug)]
pub struct Scheduler {
    pub(super) workers: BTreeMap<WorkerId, Worker>,
    pub(super) jobs: BTreeMap<JobId, Job>,
    pub(super) assignments: BTreeMap<ShardId, ShardAssignment>,
    next_worker: u64,
    next_shard: u64,
    /// How many workers there shall be, at least 1: one a core, or as many as could be created.
    pub(super) wanted: usize,
    cores: usize,
    pub(super) method: SpawnMethod,
    /// Whether a worker of the present method has ever been ready.
    method_is_proven: bool,
    /// Whether a worker of the present method has ever trained.
    method_has_trained: bool,
    /// Workers lost in a row before any of them had trained.
    failures: u32,
    /// Losses in a row before a shard was finished: the more, the longer silence is borne.
    losses: u32,
    /// Why the methods before the present one failed.
    reason: String,
    is_adapter_asked: bool,
    effects: Vec<Effect>,
}

impl Scheduler {
    /// A pool of a worker for each core; [`PoolEvent::Open`] starts them.
    pub fn new(cores: usize) -> Self {
        Self {
            workers: BTreeMap::new(),
            jobs: BTreeMap::new(),
            assignments: BTreeMap::new(),
            next_worker: 0,
            next_shard: 0,
            wanted: cores.max(1),
            cores: cores.max(1),
            method: SpawnMethod::Blob,
            method_is_proven: false,
            method_has_trained: false,
            failures: 0,
            losses: 0,
            reason: String::new(),
            is_adapter_asked: false,
            effects: Vec::new(),
        }
    }

    /// Takes an event in and returns what is to be done, in this order.
    pub fn on(&mut self, event: PoolEvent) -> Vec<Effect> {
        match event {
            PoolEvent::Open => self.fill(),
            PoolEvent::SpawnFailed { worker, reason } => self.on_spawn_failed(worker, &reason),
            PoolEvent::Lost { worker, reason } => self.on_lost(worker, &reason),
            PoolEvent::Reply { worker, reply } => self.on_reply(worker, reply),
            PoolEvent::Tick => self.on_tick(),
            PoolEvent::Start { job, experiment, backend, paused } => self.on_start(job, &experiment, backend, paused),
            PoolEvent::Command { job, command } => self.on_command(job, command),
            PoolEvent::AskAdapter => {
                self.is_adapter_asked = true;
                self.ask_adapter();
            }
        }
        std::mem::take(&mut self.effects)
    }

    // ---- Workers ----

    /// Starts what is missing: afterwards there is at least one worker, or host on the page.
    fn fill(&mut self) {
        if self.method != SpawnMethod::Page {
            while self.workers.len() < self.wanted {
                self.spawn(false);
            }
        } else if self.workers.is_empty() {
            // The page does all or nothing: while workers are left, they do.
            self.effects.push(Effect::Report(Fault::OnPage(self.reason.clone())));
            for _ in 0..PAGE_HOSTS {
                self.spawn(true);
            }
        }
    }

    fn spawn(&mut self, is_ready: bool) {
        let worker = WorkerId(self.next_worker);
        self.next_worker += 1;
        self.workers.insert(worker, Worker { method: self.method, is_ready, silent: 0 });
        self.effects.push(Effect::Spawn { worker, method: self.method });
    }

    /// A method to start workers leads nowhere: from now on the next one is used.
    fn use_next_method(&mut self, reason: &str) {
        self.method = self.method.next();
        if self.method_is_proven && self.method != SpawnMethod::Page {
            self.effects.push(Effect::Report(Fault::Respawned(reason.to_owned())));
        }
        (self.method_is_proven, self.method_has_trained, self.failures) = (false, false, 0);
        self.wanted = self.cores;
        self.reason = reason.to_owned();
    }

    fn on_spawn_failed(&mut self, worker: WorkerId, reason: &str) {
        if self.workers.remove(&worker).is_none() {
            return;
        }
        if self.workers.is_empty() {
            self.use_next_method(reason);
        } else {
            // Fewer workers than cores are enough.
            self.wanted = self.workers.len();
        }
        self.fill();
        self.reassign(worker);
    }

    /// A worker is lost: another one takes its place and trains its shards again.
    fn on_lost(&mut self, worker: WorkerId, reason: &str) {
        let Some(lost) = self.workers.remove(&worker) else { return };
        self.effects.push(Effect::Terminate(worker));
        self.losses += 1;
        let held = self.assignments.values().any(|one| one.worker == worker && !one.is_finished);
        let had_work = lost.is_ready && held;
        if had_work {
            self.count_losses(worker, reason);
            if self.assignments.values().any(|one| one.worker == worker && !one.is_finished) {
                self.effects.push(Effect::Report(Fault::Replaced(reason.to_owned())));
            }
        }
        if lost.method == self.method {
            let never_started = !lost.is_ready && !self.method_is_proven;
            if !had_work || !self.method_has_trained {
                self.failures += 1;
            }
            // What a worker died of while it trained is not to be tried on the page.
            let is_safe = !had_work || self.method.next() != SpawnMethod::Page;
            if never_started || (self.failures > MOST_FAILURES && is_safe) {
                self.use_next_method(reason);
            }
        }
        self.fill();
        self.reassign(worker);
        if self.is_adapter_asked {
            self.ask_adapter();
        }
    }

    /// Notes that a worker was lost with its shards, and fails the jobs of those that have lost too many.
    fn count_losses(&mut self, worker: WorkerId, reason: &str) {
        let mut failed = BTreeSet::new();
        for one in self.assignments.values_mut().filter(|one| one.worker == worker && !one.is_finished) {
            one.losses += 1;
            if one.losses > MOST_LOSSES {
                failed.insert(one.job);
            }
        }
        for job in failed {
            self.fail(job, format!("its worker was lost {} times: {reason}", MOST_LOSSES + 1));
        }
    }

    /// Gives the shards of a worker that is gone to others.
    fn reassign(&mut self, gone: WorkerId) {
        let orphans: Vec<ShardId> = self
            .assignments
            .iter()
            .filter(|(_, one)| one.worker == gone && !one.is_finished)
            .map(|(&shard, _)| shard)
            .collect();
        for id in orphans {
            let Some(worker) = self.least_loaded(self.assignments[&id].job).first().copied() else { continue };
            if let Some(one) = self.assignments.get_mut(&id) {
                one.worker = worker;
                if one.is_mixed {
                    one.is_mixed = false;
                    one.extents.clear();
                    one.dead.clear();
                    one.reached = 0;
                    // One that is paused trains up to where it stood.
                    if let Some(job) = self.jobs.get_mut(&one.job).filter(|job| job.pause.is_none()) {
                        job.limit = job.chunk.steps;
                    }
                }
            }
            self.send_shard(id);
        }
    }

    /// The workers, those first that have the fewest shards of a job, then those that have the fewest at all.
    fn least_loaded(&self, job: JobId) -> Vec<WorkerId> {
        let load = |worker: &WorkerId| {
            let held = self.assignments.values().filter(|one| one.worker == *worker && !one.is_finished);
            let (own, all) = held.fold((0, 0), |(own, all), one| (own + usize::from(one.job == job), all + 1));
            (own, all, *worker)
        };
        let mut workers: Vec<WorkerId> = self.workers.keys().copied().collect();
        workers.sort_by_cached_key(load);
        workers
    }

    /// A tick: asks workers that have been silent, and takes those that do not answer for lost.
    fn on_tick(&mut self) {
        let mut overdue = Vec::new();
        for (&id, worker) in self.workers.iter_mut().filter(|(_, worker)| worker.method != SpawnMethod::Page) {
            worker.silent += 1;
            let patience = if worker.is_ready { SILENT_TICKS } else { STARTING_TICKS };
            if worker.silent > patience << self.losses.min(MOST_LOSSES) {
                overdue.push(id);
            } else if worker.is_ready && worker.silent == PING_TICKS {
                self.effects.push(Effect::Send { worker: id, request: Request::Ping });
            }
        }
        for worker in overdue {
            self.on_lost(worker, "it does not answer");
        }
    }

    fn ask_adapter(&mut self) {
        // Any worker knows; one that is not ready is asked once it is.
        if let Some((&worker, _)) = self.workers.iter().find(|(_, worker)| worker.is_ready) {
            self.effects.push(Effect::Send { worker, request: Request::Adapter });
        }
    }

    fn on_reply(&mut self, id: WorkerId, reply: Reply) {
        let Some(worker) = self.workers.get_mut(&id) else { return };
        worker.silent = 0;
        match reply {
            Reply::Pong => {}
            Reply::Ready => {
                worker.is_ready = true;
                self.method_is_proven |= worker.method == self.method;
                let held = self.assignments.iter().filter(|(_, one)| one.worker == id && !one.is_finished);
                let held: Vec<ShardId> = held.map(|(&shard, _)| shard).collect();
                for shard in held {
                    self.send_shard(shard);
                }
                if self.is_adapter_asked {
                    self.ask_adapter();
                }
            }
            Reply::Adapter(adapter) => {
                self.is_adapter_asked = false;
                self.effects.push(Effect::Adapter(adapter));
            }
            Reply::Panicked(message) => self.on_lost(id, &message),
            Reply::Events { shard, has_waited, events } => {
                self.note_wait(shard, has_waited);
                for event in events {
                    self.forward(id, shard, event);
                }
            }
        }
    }

    // ---- Jobs ----

    fn on_start(&mut self, id: JobId, experiment: &Experiment, backend: Backend, paused: bool) {
        self.fill();
        let runs = experiment.run_count();
        // A GPU fleet is one dispatch for all runs and stays whole, on one device; on the CPU neighbours go to different
        // workers, for runs of high learning rates die early and cost less.
        let (count, workers) = match backend {
            Backend::Gpu => (1, self.workers.keys().copied().collect()),
            Backend::Cpu => (self.workers.len().min(runs).max(1), self.least_loaded(id)),
        };
        let (limit, pause) = if paused { (0, Some(0)) } else { (FIRST_CHUNK, None) };
        let job = Job {
            backend,
            is_started: false,
            dispatches: 0,
            seconds: 0.0,
            chunk: Chunk { steps: FIRST_CHUNK, is_growing: true },
            stretch: LatencyFactor::NONE,
            limit,
            pause,
        };
        self.jobs.insert(id, job);
        for (index, worker) in workers.into_iter().take(count).enumerate() {
            let shard = Shard {
                experiment: experiment.clone(),
                runs: (index..runs).step_by(count).collect(),
                backend,
                threads: 1,
            };
            let shard_id = ShardId(self.next_shard);
            self.next_shard += 1;
            let assignment = ShardAssignment {
                job: id,
                worker,
                shard,
                extents: BTreeMap::new(),
                is_mixed: false,
                width: 0,
                reached: 0,
                limit: 0,
                reported: (0, 0.0),
                speed: Speed::default(),
                dead: BTreeSet::new(),
                is_finished: false,
                losses: 0,
            };
            self.assignments.insert(shard_id, assignment);
            self.send_shard(shard_id);
        }
    }

    /// Lets the worker of a shard train it from its start, once it listens.
    fn send_shard(&mut self, id: ShardId) {
        let Some(one) = self.assignments.get_mut(&id) else { return };
        let Some(job) = self.jobs.get(&one.job) else { return };
        if !self.workers.get(&one.worker).is_some_and(|worker| worker.is_ready) {
            return;
        }
        one.limit = if one.is_living() { job.limit } else { u32::MAX };
        one.reported = (0, 0.0);
        let request = Request::Start { id, shard: Box::new(one.shard.clone()), limit: one.limit };
        self.effects.push(Effect::Send { worker: one.worker, request });
    }

    fn on_command(&mut self, id: JobId, command: Command) {
        // A job that is not paused pauses at the step that the furthest of its shards may already be training.
        let living = self.assignments.values().filter(|one| one.job == id && one.is_living());
        let furthest = living.clone().map(|one| one.limit).max().unwrap_or(0);
        let slowest = living.map(|one| one.reached).min().unwrap_or(furthest);
        let Some(job) = self.jobs.get_mut(&id) else { return };
        match command {
            Command::Pause => job.pause = job.pause.or(Some(furthest)),
            Command::Step => {
                let paused = job.pause.unwrap_or(furthest);
                // Asked faster than the slowest can follow, nobody runs away from it.
                let next = (paused + 1).min(slowest.saturating_add(job.chunk.steps));
                job.pause = Some(paused.max(next));
            }
            Command::Resume => job.pause = None,
            Command::Cancel => return self.forget(id),
        }
        self.grant(id);
    }

    /// Raises the limits of a job's shards: those of living ones in lockstep, those of others to the end.
    fn grant(&mut self, id: JobId) {
        let Some(job) = self.jobs.get_mut(&id) else { return };
        let living = self.assignments.values().filter(|one| one.job == id && one.is_living());
        let slowest = living.clone().map(|one| one.reached).min();
        let method =
            living.clone().find_map(|one| self.workers.get(&one.worker)).map_or(self.method, |worker| worker.method);
        let speeds = living.map(|one| &one.speed);
        job.chunk = lockstep::chunk(speeds, job.backend, method, job.stretch, job.chunk.steps);
        job.limit = match (job.pause, slowest) {
            (Some(step), _) => step,
            (None, Some(slowest)) => job.limit.max(slowest.saturating_add(job.chunk.steps)),
            (None, None) => job.limit,
        };
        for (&shard, one) in self.assignments.iter_mut().filter(|(_, one)| one.job == id && !one.is_finished) {
            let limit = if one.is_living() { job.limit } else { u32::MAX };
            // A message for every step would cost more than it brings; whoever waits gets what there is.
            let is_worth_it = one.reached >= one.limit || limit - one.limit.min(limit) > job.chunk.steps / 4;
            if limit <= one.limit || !(is_worth_it || job.pause.is_some()) {
                continue;
            }
            if self.workers.get(&one.worker).is_some_and(|worker| worker.is_ready) {
                one.limit = limit;
                let request = Request::Command { id: shard, command: ShardCommand::AdvanceTo(limit) };
                self.effects.push(Effect::Send { worker: one.worker, request });
            }
        }
    }

    /// Takes notice of whether a shard had to wait for more steps before its report. That one waits for another is what
    /// keeps them together; where the slowest waits, the answers come too late.
    fn note_wait(&mut self, shard: ShardId, has_waited: bool) {
        let Some(one) = self.assignments.get(&shard).filter(|one| one.is_living()) else { return };
        let Some(job) = self.jobs.get_mut(&one.job).filter(|job| job.pause.is_none() && !job.chunk.is_growing) else {
            return;
        };
        let mut living = self.assignments.values().filter(|other| other.job == one.job && other.is_living());
        if living.all(|other| one.reached <= other.reached) {
            job.stretch.record(has_waited);
        }
    }

    fn deliver(&mut self, job: JobId, event: Event) {
        self.effects.push(Effect::Deliver { job, event });
    }

    /// Ends a job with a reason.
    fn fail(&mut self, job: JobId, reason: String) {
        self.deliver(job, Event::Failed(reason));
        self.forget(job);
    }

    /// Removes a job, wherever it trains.
    fn forget(&mut self, id: JobId) {
        self.jobs.remove(&id);
        let (gone, kept) = std::mem::take(&mut self.assignments).into_iter().partition(|(_, one)| one.job == id);
        self.assignments = kept;
        let gone: BTreeMap<ShardId, ShardAssignment> = gone;
        for (shard, one) in gone {
            // A worker that does not listen yet was sent nothing.
            if !one.is_finished && self.workers.get(&one.worker).is_some_and(|worker| worker.is_ready) {
                let request = Request::Command { id: shard, command: ShardCommand::Cancel };
                self.effects.push(Effect::Send { worker: one.worker, request });
            }
        }
    }

    /// Passes an event of one shard on as an event of the whole job.
    fn forward(&mut self, worker: WorkerId, shard: ShardId, event: Event) {
        let Some(one) = self.assignments.get_mut(&shard).filter(|one| one.worker == worker && !one.is_finished) else {
            return;
        };
        let id = one.job;
        let Some(job) = self.jobs.get_mut(&id) else { return };
        match event {
            Event::Started { device, reason, probe, states } => {
                one.width = Columns { states: states.clone() }.width();
                let backend = device.backend();
                if backend != one.shard.backend {
                    // What it trains from now on has other bits: it is delivered even where it was delivered before.
                    one.shard.backend = backend;
                    one.is_mixed = !one.extents.is_empty();
                    one.extents.clear();
                    job.backend = backend;
                }
                // The first speaks for all, unless one had to change its backend.
                let is_known = job.is_started && reason.is_none();
                job.is_started = true;
                if !is_known {
                    let device = self.device_of(id, worker, device);
                    self.deliver(id, Event::Started { device, reason, probe, states });
                }
            }
            Event::Metrics(chunks) => {
                one.dead.extend(chunks.iter().filter(|chunk| chunk.death.is_some()).map(|chunk| chunk.run));
                let new = one.undelivered(chunks);
                self.note_trained(worker);
                if !new.is_empty() {
                    self.deliver(id, Event::Metrics(new));
                }
            }
            Event::Progress { step, dispatches, seconds } => {
                let (step_before, seconds_before) = one.reported;
                // After a lost device it begins again at its last checkpoint.
                if step > step_before {
                    one.speed.record(step - step_before, (seconds - seconds_before).max(0.0));
                }
                one.reported = (step, seconds);
                one.reached = one.reached.max(step);
                job.dispatches = job.dispatches.max(dispatches);
                job.seconds = job.seconds.max(seconds);
                let (dispatches, seconds) = (job.dispatches, job.seconds);
                let open = self.assignments.values().filter(|one| one.job == id && !one.is_finished);
                let step = open.map(|one| one.reached).min().unwrap_or(step);
                self.deliver(id, Event::Progress { step, dispatches, seconds });
                self.grant(id);
            }
            Event::Finished => {
                one.is_finished = true;
                self.losses = 0;
                if self.assignments.values().any(|one| one.job == id && !one.is_finished) {
                    self.grant(id);
                } else {
                    self.deliver(id, Event::Finished);
                    self.forget(id);
                }
            }
            Event::Failed(reason) => self.fail(id, reason),
        }
    }

    /// A worker trains: its method works.
    fn note_trained(&mut self, worker: WorkerId) {
        if self.workers.get(&worker).is_some_and(|worker| worker.method == self.method) {
            self.method_has_trained = true;
            self.failures = 0;
        }
    }

    /// What a job trains on, where one of its workers trains on `device`.
    fn device_of(&self, job: JobId, worker: WorkerId, device: Device) -> Device {
        match device {
            Device::Gpu { .. } => device,
            Device::Cpu { .. } | Device::CpuOnPage => {
                if self.workers.get(&worker).is_some_and(|worker| worker.method == SpawnMethod::Page) {
                    return Device::CpuOnPage;
                }
                let trains =
                    |worker: &WorkerId| self.assignments.values().any(|one| one.job == job && one.worker == *worker);
                Device::Cpu { threads: self.workers.keys().filter(|worker| trains(worker)).count() }
            }
        }
    }
}
