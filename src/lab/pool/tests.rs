//! The scheduler in a world of simulated workers: direct tests of each fault, and random sequences of events.

use super::*;
use crate::{Device, Shard, ShardCommand};
use brink_engine::experiment::{LearningRates, preset};
use brink_engine::record::{Columns, RunChunk, RunRecord, ValidationPoint};
use proptest::prelude::*;
use std::collections::{BTreeMap, VecDeque};

/// The steps of each simulated run.
const STEPS: u32 = 40;
/// The values in a row: no states.
const WIDTH: usize = Columns::PROBE_STATES;

fn experiment(runs: usize) -> Experiment {
    let mut experiment = preset("figure-7a").unwrap();
    experiment.learning_rates = LearningRates { from: 0.001, factor: 2.0, count: runs };
    experiment.max_train_steps = STEPS;
    experiment
}

/// Every fourth run dies, and all from the twelfth on.
fn death(run: usize) -> Option<u32> {
    (run % 4 == 3 || run >= 12).then_some(5 + run as u32)
}

/// What a run records from one step to another.
fn chunk(run: usize, from: u32, to: u32) -> RunChunk {
    let dead_at = |step: u32| death(run).is_some_and(|death| step >= death);
    let row = |step: u32| [if dead_at(step) { -1.0 } else { (run * 1000) as f32 + step as f32 }; WIDTH];
    let last = (to == STEPS).then_some(STEPS);
    let validated = (from..to).filter(|step| step.is_multiple_of(7)).chain(last);
    RunChunk {
        run,
        first_step: from,
        stride: 1,
        rows: (from..to).flat_map(row).collect(),
        validation: validated.map(|step| ValidationPoint { step, loss: step as f32, accuracy: 0.5 }).collect(),
        death: death(run).filter(|&death| death < to),
        ..RunChunk::default()
    }
}

fn undisturbed(runs: usize) -> Vec<RunRecord> {
    let record = |run| {
        let mut record = RunRecord::new(Columns { states: vec![] }, 1);
        record.append(&chunk(run, 0, STEPS)).unwrap();
        record
    };
    (0..runs).map(record).collect()
}

/// A shard that a simulated worker trains.
struct ShardAtWork {
    shard: Shard,
    step: u32,
    limit: u32,
    seconds: f64,
    is_started: bool,
}

struct SimulatedWorker {
    method: SpawnMethod,
    is_ready: bool,
    /// Whether it has stopped answering.
    is_mute: bool,
    pings: u32,
    tasks: BTreeMap<ShardId, ShardAtWork>,
    seconds_per_step: f64,
}

/// What one job has delivered.
#[derive(Default)]
struct Delivered {
    records: Vec<RunRecord>,
    started: Vec<Device>,
    progress: Vec<u32>,
    end: Option<Event>,
    is_cancelled: bool,
    /// The longest chunk that was ever granted.
    longest_chunk: u32,
}

struct World {
    scheduler: Scheduler,
    workers: BTreeMap<WorkerId, SimulatedWorker>,
    /// The methods by which workers cannot be created.
    refused: Vec<SpawnMethod>,
    jobs: BTreeMap<JobId, Delivered>,
    faults: Vec<Fault>,
    adapters: Vec<Option<Adapter>>,
}

impl World {
    fn new(cores: usize) -> Self {
        Self::without(cores, &[])
    }

    /// A world where some methods are refused.
    fn without(cores: usize, refused: &[SpawnMethod]) -> Self {
        let mut world = Self {
            scheduler: Scheduler::new(cores),
            workers: BTreeMap::new(),
            refused: refused.to_vec(),
            jobs: BTreeMap::new(),
            faults: Vec::new(),
            adapters: Vec::new(),
        };
        world.on(PoolEvent::Open);
        world
    }

    /// Passes an event to the scheduler, carries its effects out, and checks what must always hold.
    fn on(&mut self, event: PoolEvent) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for effect in self.scheduler.on(event) {
                match effect {
                    Effect::Spawn { worker, method } if self.refused.contains(&method) => {
                        events.push_back(PoolEvent::SpawnFailed { worker, reason: "refused".to_owned() });
                    }
                    Effect::Spawn { worker, method } => {
                        let number = worker.0;
                        let simulated = SimulatedWorker {
                            method,
                            is_ready: method == SpawnMethod::Page,
                            is_mute: false,
                            pings: 0,
                            tasks: BTreeMap::new(),
                            seconds_per_step: 0.002 + 0.003 * (number % 3) as f64,
                        };
                        assert!(self.workers.insert(worker, simulated).is_none(), "ids are never reused");
                    }
                    Effect::Terminate(worker) => {
                        self.workers.remove(&worker);
                    }
                    Effect::Send { worker, request } => {
                        let Some(worker) = self.workers.get_mut(&worker) else { panic!("sent to nobody: {request:?}") };
                        assert!(worker.is_ready, "what is sent to a worker that is not ready is lost");
                        worker.take(request);
                    }
                    Effect::Deliver { job, event } => self.deliver(job, event),
                    Effect::Adapter(adapter) => self.adapters.push(adapter),
                    Effect::Report(fault) => self.faults.push(fault),
                }
            }
        }
        self.check();
    }

    fn deliver(&mut self, id: JobId, event: Event) {
        let job = self.jobs.get_mut(&id).expect("a job that was started");
        assert!(job.end.is_none() && !job.is_cancelled, "nothing follows the end of a job: {event:?}");
        match event {
            Event::Started { device, .. } => job.started.push(device),
            Event::Metrics(chunks) => {
                for chunk in chunks {
                    let record = &mut job.records[chunk.run];
                    let before = (record.len(), record.validation.len(), record.death);
                    record.append(&chunk).expect("no gap");
                    assert!(record.len() >= before.0, "a curve went back");
                    assert!((record.len(), record.validation.len(), record.death) != before, "metrics delivered twice");
                }
            }
            Event::Progress { step, .. } => job.progress.push(step),
            Event::Finished | Event::Failed(_) => job.end = Some(event),
        }
    }

    /// What holds after every event.
    fn check(&mut self) {
        let scheduler = &self.scheduler;
        assert!(!scheduler.workers.is_empty(), "there is always somebody who can train");
        assert!(scheduler.workers.keys().eq(self.workers.keys()), "the scheduler knows who is there");
        let on_page = self.workers.values().filter(|worker| worker.method == SpawnMethod::Page).count();
        if on_page == 0 {
            assert!(self.workers.len() <= scheduler.wanted, "at most the wanted workers");
        } else {
            assert_eq!(on_page, self.workers.len(), "the page does all or nothing");
            assert_eq!(on_page, PAGE_HOSTS);
        }
        for (&id, one) in scheduler.assignments.iter().filter(|(_, one)| !one.is_finished) {
            assert!(scheduler.jobs.contains_key(&one.job), "a shard of no job");
            assert!(self.workers.contains_key(&one.worker), "a shard without a worker");
            // Only its own worker trains it, and does unless it does not listen yet.
            for (worker, simulated) in &self.workers {
                let is_own = *worker == one.worker && simulated.is_ready;
                let trains = simulated.tasks.contains_key(&id);
                assert!(!trains || is_own, "two workers on one shard");
                assert!(trains || !is_own || !one.is_living(), "nobody trains a shard");
            }
        }
        for (id, job) in &scheduler.jobs {
            assert!(scheduler.assignments.values().any(|one| one.job == *id), "a job without shards");
            let living = || scheduler.assignments.iter().filter(|(_, one)| one.job == *id && one.is_living());
            let Some(slowest) = living().map(|(_, one)| one.reached).min() else { continue };
            let delivered = self.jobs.get_mut(id).expect("a job that was started");
            delivered.longest_chunk = delivered.longest_chunk.max(job.chunk.steps);
            for (shard, one) in living() {
                let step = self.workers[&one.worker].tasks.get(shard).map_or(0, |task| task.step);
                let furthest = one.limit.max(one.reached).max(step);
                assert!(
                    furthest <= slowest + delivered.longest_chunk,
                    "{shard:?} may reach {furthest}, the slowest is at {slowest}, a chunk is {}",
                    delivered.longest_chunk
                );
            }
        }
        for (id, job) in &self.jobs {
            let is_open = job.end.is_none() && !job.is_cancelled;
            assert_eq!(scheduler.jobs.contains_key(id), is_open, "a job ends, or is in training");
        }
    }

    fn start(&mut self, runs: usize, backend: Backend, paused: bool) -> JobId {
        let job = JobId(self.jobs.len() as u64);
        let records = vec![RunRecord::new(Columns { states: vec![] }, 1); runs];
        self.jobs.insert(job, Delivered { records, longest_chunk: 2, ..Delivered::default() });
        self.on(PoolEvent::Start { job, experiment: Box::new(experiment(runs)), backend, paused });
        job
    }

    fn command(&mut self, job: JobId, command: Command) {
        if command == Command::Cancel {
            self.jobs.get_mut(&job).expect("a job").is_cancelled = true;
        }
        self.on(PoolEvent::Command { job, command });
    }

    fn reply(&mut self, worker: WorkerId, reply: Reply) {
        self.on(PoolEvent::Reply { worker, reply });
    }

    fn ready(&mut self, worker: WorkerId) {
        let simulated = self.workers.get_mut(&worker).expect("a worker");
        if !simulated.is_ready {
            simulated.is_ready = true;
            self.reply(worker, Reply::Ready);
        }
    }

    fn ready_all(&mut self) {
        for worker in self.ids() {
            self.ready(worker);
        }
    }

    fn ids(&self) -> Vec<WorkerId> {
        self.workers.keys().copied().collect()
    }

    /// The program of a worker fails.
    fn crash(&mut self, worker: WorkerId) {
        self.workers.remove(&worker);
        self.on_lost(worker);
    }

    fn on_lost(&mut self, worker: WorkerId) {
        self.on(PoolEvent::Lost { worker, reason: "it crashed".to_owned() });
    }

    /// Lets a worker train its newest shard that may advance, at most so many steps. Returns whether there was one.
    fn advance(&mut self, worker: WorkerId, steps: u32) -> bool {
        let simulated = self.workers.get_mut(&worker).expect("a worker");
        if simulated.is_mute {
            return false;
        }
        let Some((&shard, task)) = simulated.tasks.iter_mut().rev().find(|(_, task)| task.step < task.limit) else {
            return false;
        };
        let (from, to) = (task.step, (task.step + steps.min(task.limit - task.step)).min(STEPS));
        task.step = to;
        task.seconds += f64::from(to - from) * simulated.seconds_per_step;
        let mut events = Vec::new();
        if !task.is_started {
            task.is_started = true;
            let device = match task.shard.backend {
                Backend::Cpu => Device::Cpu { threads: 1 },
                Backend::Gpu => Device::Gpu { adapter: "simulated".to_owned(), software: false },
            };
            events.push(started(device, None));
        }
        events.push(Event::Metrics(task.shard.runs.iter().map(|&run| chunk(run, from, to)).collect()));
        events.push(Event::Progress { step: to, dispatches: 0, seconds: task.seconds });
        if to == STEPS {
            events.push(Event::Finished);
            simulated.tasks.remove(&shard);
        }
        self.reply(worker, Reply::Events { shard, has_waited: false, events });
        true
    }

    /// The step that each living run stands at, by its delivered record.
    fn living_steps(&self, job: JobId) -> Vec<u32> {
        let living = self.jobs[&job].records.iter().filter(|record| record.death.is_none());
        living.map(|record| record.len() as u32).collect()
    }

    /// Lets everything come to an end: workers start, train and answer, and nothing fails any more.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            self.ready_all();
            let mut is_busy = false;
            for worker in self.ids() {
                if self.workers.contains_key(&worker) {
                    is_busy |= self.advance(worker, 3);
                }
            }
            for worker in self.ids() {
                let simulated = self.workers.get_mut(&worker).expect("a worker");
                let answers = if simulated.is_mute { 0 } else { std::mem::take(&mut simulated.pings) };
                for _ in 0..answers {
                    self.reply(worker, Reply::Pong);
                }
            }
            if !is_busy && self.workers.values().all(|worker| !worker.is_mute) {
                return;
            }
            self.on(PoolEvent::Tick);
        }
        panic!("it never comes to rest");
    }

    fn assert_finished(&self, job: JobId) {
        let delivered = &self.jobs[&job];
        assert_eq!(delivered.end, Some(Event::Finished));
        assert_eq!(delivered.records, undisturbed(delivered.records.len()));
    }
}

fn started(device: Device, reason: Option<&str>) -> Event {
    Event::Started { device, reason: reason.map(str::to_owned), probe: ("layer".to_owned(), 0), states: Vec::new() }
}

impl SimulatedWorker {
    fn take(&mut self, request: Request) {
        match request {
            Request::Ping => self.pings += 1,
            Request::Adapter => {}
            Request::Start { id, shard, limit } => {
                let task = ShardAtWork { shard: *shard, step: 0, limit, seconds: 0.0, is_started: false };
                assert!(self.tasks.insert(id, task).is_none(), "a shard is started once on a worker");
            }
            Request::Command { id, command: ShardCommand::AdvanceTo(limit) } => {
                if let Some(task) = self.tasks.get_mut(&id) {
                    assert!(limit > task.limit, "a limit is only ever raised");
                    task.limit = limit;
                }
            }
            Request::Command { id, command: ShardCommand::Cancel } => {
                self.tasks.remove(&id);
            }
        }
    }
}

#[test]
fn a_job_is_split_over_the_workers_and_its_events_are_joined() {
    let mut world = World::new(2);
    let job = world.start(5, Backend::Cpu, false);
    world.ready_all();
    let runs: Vec<Vec<usize>> =
        world.workers.values().flat_map(|worker| worker.tasks.values().map(|task| task.shard.runs.clone())).collect();
    assert_eq!(runs, [vec![0, 2, 4], vec![1, 3]]);
    world.settle();
    world.assert_finished(job);
    assert_eq!(world.jobs[&job].started, [Device::Cpu { threads: 2 }], "one speaks for all");
    assert!(world.jobs[&job].progress.is_sorted());
    assert!(world.faults.is_empty());
}

#[test]
fn a_gpu_job_stays_whole_and_continues_on_the_cpu_after_a_lost_device() {
    let mut world = World::new(2);
    world.ready_all();
    let job = world.start(3, Backend::Gpu, false);
    let [first, second] = world.ids()[..] else { panic!("two workers") };
    assert!(world.workers[&second].tasks.is_empty());
    for _ in 0..4 {
        assert!(world.advance(first, 8));
    }
    let before = world.living_steps(job);
    // Its worker goes back to a checkpoint at step 2, on the CPU: other bits, delivered although they were delivered before.
    let (shard, runs) = {
        let (&shard, task) = world.workers[&first].tasks.first_key_value().expect("a task");
        (shard, task.shard.runs.clone())
    };
    world.workers.get_mut(&first).and_then(|worker| worker.tasks.get_mut(&shard)).expect("a task").step = 2;
    world.jobs.get_mut(&job).expect("a job").records = vec![
        {
            let mut record = RunRecord::new(Columns { states: vec![] }, 1);
            record.append(&chunk(0, 0, 2)).unwrap();
            record
        };
        runs.len()
    ];
    let lost = started(Device::Cpu { threads: 1 }, Some("the GPU device was lost"));
    world.reply(first, Reply::Events { shard, has_waited: false, events: vec![lost] });
    assert!(world.advance(first, 2));
    assert_eq!(world.living_steps(job), [4, 4, 4], "before: {before:?}");
    assert_eq!(world.jobs[&job].started.last(), Some(&Device::Cpu { threads: 1 }));
    // A loss now: what the GPU began is delivered anew, from the start.
    world.jobs.get_mut(&job).expect("a job").records = vec![RunRecord::new(Columns { states: vec![] }, 1); runs.len()];
    world.crash(first);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn a_worker_may_have_several_jobs() {
    let mut world = World::new(1);
    world.ready_all();
    let (old, new) = (world.start(1, Backend::Cpu, false), world.start(1, Backend::Cpu, false));
    let worker = world.ids()[0];
    world.advance(worker, 1);
    assert_eq!((world.living_steps(old), world.living_steps(new)), (vec![0], vec![1]));
    world.settle();
    world.assert_finished(old);
    world.assert_finished(new);
}

#[test]
fn small_jobs_are_spread_over_the_workers() {
    let mut world = World::new(3);
    world.ready_all();
    for _ in 0..3 {
        world.start(1, Backend::Cpu, false);
    }
    assert!(world.workers.values().all(|worker| worker.tasks.len() == 1));
}

#[test]
fn a_lost_worker_is_replaced_and_nothing_is_delivered_twice() {
    let mut world = World::new(2);
    world.ready_all();
    let job = world.start(5, Backend::Cpu, false);
    let [first, second] = world.ids()[..] else { panic!("two workers") };
    for _ in 0..3 {
        world.advance(first, 2);
        world.advance(second, 2);
    }
    world.crash(first);
    assert_eq!(world.faults, [Fault::Replaced("it crashed".to_owned())]);
    assert_eq!(world.workers.len(), 2, "another one is started");
    world.settle();
    world.assert_finished(job);
}

#[test]
fn a_worker_that_panics_is_lost_and_says_where() {
    let mut world = World::new(1);
    world.ready_all();
    let job = world.start(2, Backend::Cpu, false);
    world.reply(world.ids()[0], Reply::Panicked("panicked at src/x.rs:1:2".to_owned()));
    assert_eq!(world.faults, [Fault::Replaced("panicked at src/x.rs:1:2".to_owned())]);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn workers_that_die_before_they_have_work_leave_a_pool_that_trains() {
    let mut world = World::new(2);
    // Eight workers say that they are ready and end.
    for _ in 0..8 {
        let worker = world.ids()[0];
        if world.workers[&worker].method == SpawnMethod::Blob {
            world.ready(worker);
            world.crash(worker);
        }
    }
    assert_eq!(world.faults, [Fault::Respawned("it crashed".to_owned())], "what happened is said, once");
    assert_eq!(world.workers.len(), 2);
    let job = world.start(4, Backend::Cpu, false);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn where_every_worker_dies_before_it_has_work_the_page_trains() {
    let mut world = World::new(4);
    for _ in 0..30 {
        let worker = world.ids()[0];
        if world.workers[&worker].method != SpawnMethod::Page {
            world.ready(worker);
            world.crash(worker);
        }
    }
    assert_eq!(world.faults.last(), Some(&Fault::OnPage("it crashed".to_owned())));
    let job = world.start(4, Backend::Cpu, false);
    world.settle();
    world.assert_finished(job);
    assert_eq!(world.jobs[&job].started, [Device::CpuOnPage]);
}

#[test]
fn workers_that_say_they_are_ready_but_never_train_are_started_by_another_method() {
    let mut world = World::new(2);
    let job = world.start(2, Backend::Cpu, false);
    while world.workers.values().any(|worker| worker.method == SpawnMethod::Blob) {
        let from_blob = |id: &WorkerId| world.workers[id].method == SpawnMethod::Blob;
        let worker = world.ids().into_iter().find(from_blob).expect("one is left");
        world.ready(worker);
        world.crash(worker);
    }
    assert!(world.jobs[&job].end.is_none(), "no shard has lost too many yet");
    world.settle();
    world.assert_finished(job);
}

#[test]
fn a_method_that_starts_no_worker_is_given_up_at_once() {
    let mut world = World::new(2);
    let job = world.start(4, Backend::Cpu, false);
    let [first, second] = world.ids()[..] else { panic!("two workers") };
    world.crash(first);
    world.crash(second);
    assert!(world.workers.values().all(|worker| worker.method == SpawnMethod::Script));
    assert_eq!(world.workers.len(), 2);
    assert!(world.faults.is_empty(), "a method that never worked is no fault while another does");
    world.settle();
    world.assert_finished(job);
}

#[test]
fn where_no_worker_can_be_created_the_page_trains_and_says_why() {
    let mut world = World::without(3, &[SpawnMethod::Blob, SpawnMethod::Script]);
    assert_eq!(world.faults, [Fault::OnPage("refused".to_owned())]);
    let job = world.start(4, Backend::Cpu, false);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn fewer_workers_than_cores_are_enough() {
    let mut world = World::new(3);
    let last = *world.ids().last().expect("three workers");
    world.workers.remove(&last);
    world.on(PoolEvent::SpawnFailed { worker: last, reason: "no more".to_owned() });
    assert_eq!(world.workers.len(), 2);
    let job = world.start(4, Backend::Cpu, false);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn a_shard_that_loses_every_worker_fails_with_its_job_and_the_next_job_trains() {
    let mut world = World::new(2);
    world.ready_all();
    // The method works: what follows is the job's own fault.
    let sound = world.start(2, Backend::Cpu, false);
    world.settle();
    world.assert_finished(sound);
    let job = world.start(1, Backend::Cpu, false);
    for _ in 0..=MOST_LOSSES {
        let holds = |id: &WorkerId| !world.workers[id].tasks.is_empty();
        let worker = world.ids().into_iter().find(holds).expect("somebody trains it");
        world.crash(worker);
        world.ready_all();
    }
    assert_eq!(world.jobs[&job].end, Some(Event::Failed("its worker was lost 4 times: it crashed".to_owned())));
    let next = world.start(3, Backend::Cpu, false);
    world.settle();
    world.assert_finished(next);
    assert!(world.workers.values().all(|worker| worker.method == SpawnMethod::Blob));
}

#[test]
fn a_silent_worker_is_asked_and_then_taken_for_lost() {
    let mut world = World::new(1);
    world.ready_all();
    let job = world.start(2, Backend::Cpu, false);
    let worker = world.ids()[0];
    world.workers.get_mut(&worker).expect("a worker").is_mute = true;
    for tick in 0..=SILENT_TICKS {
        assert!(world.workers.contains_key(&worker), "{tick}");
        world.on(PoolEvent::Tick);
    }
    assert!(!world.workers.contains_key(&worker));
    assert_eq!(world.faults, [Fault::Replaced("it does not answer".to_owned())]);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn a_worker_that_answers_is_kept_and_one_that_starts_has_more_time() {
    let mut world = World::new(2);
    let [first, second] = world.ids()[..] else { panic!("two workers") };
    world.ready(first);
    for _ in 0..STARTING_TICKS {
        world.on(PoolEvent::Tick);
        if std::mem::take(&mut world.workers.get_mut(&first).expect("a worker").pings) > 0 {
            world.reply(first, Reply::Pong);
        }
    }
    assert_eq!(world.ids(), [first, second]);
    world.on(PoolEvent::Tick);
    assert!(!world.workers.contains_key(&second));
}

#[test]
fn pause_stops_every_run_at_one_step_and_step_is_one_step_of_each() {
    let mut world = World::new(3);
    world.ready_all();
    let job = world.start(3, Backend::Cpu, false);
    let ids = world.ids();
    for round in 0..5 {
        for (index, &worker) in ids.iter().enumerate() {
            world.advance(worker, 1 + (round + index as u32) % 3);
        }
    }
    let running = world.living_steps(job);
    assert!(running.iter().any(|step| *step != running[0]), "while it trains they differ: {running:?}");
    world.command(job, Command::Pause);
    world.settle();
    let paused = world.living_steps(job);
    assert!(paused.iter().all(|step| *step == paused[0]), "{paused:?}");
    for steps in 1..=3 {
        world.command(job, Command::Step);
        world.settle();
        assert_eq!(world.living_steps(job), vec![paused[0] + steps; 3]);
    }
    world.command(job, Command::Pause);
    world.settle();
    assert_eq!(world.living_steps(job), vec![paused[0] + 3; 3], "a second pause changes nothing");
    world.command(job, Command::Resume);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn a_job_that_starts_paused_does_nothing_until_it_is_stepped() {
    let mut world = World::new(2);
    world.ready_all();
    let job = world.start(3, Backend::Cpu, true);
    world.settle();
    assert_eq!(world.living_steps(job), [0, 0, 0]);
    world.command(job, Command::Step);
    world.settle();
    assert_eq!(world.living_steps(job), [1, 1, 1]);
}

#[test]
fn a_worker_lost_while_paused_is_replaced_and_trains_up_to_the_pause() {
    let mut world = World::new(2);
    world.ready_all();
    let job = world.start(4, Backend::Cpu, false);
    let ids = world.ids();
    for _ in 0..4 {
        ids.iter().for_each(|&worker| {
            world.advance(worker, 2);
        });
    }
    world.command(job, Command::Pause);
    world.settle();
    let paused = world.living_steps(job);
    world.crash(ids[1]);
    world.settle();
    assert_eq!(world.living_steps(job), paused);
    let steps: Vec<u32> =
        world.workers.values().flat_map(|worker| worker.tasks.values().map(|task| task.step)).collect();
    assert_eq!(steps, [paused[0]; 2], "what was lost is trained again, and not more");
    world.command(job, Command::Step);
    world.settle();
    assert!(world.living_steps(job).iter().all(|step| *step == paused[0] + 1));
}

#[test]
fn no_shard_gets_more_than_a_chunk_ahead_and_dead_ones_are_not_waited_for() {
    let mut world = World::new(2);
    world.ready_all();
    let job = world.start(4, Backend::Cpu, false);
    let first = world.ids()[0];
    for _ in 0..100 {
        world.advance(first, 1);
    }
    assert_eq!(world.living_steps(job), [2, 0, 2, 0], "the first chunk, and then it waits");
    world.settle();
    world.assert_finished(job);

    // One run each; the second dies at step 8 and stands still from there on: `check` holds the rest.
    let mut world = World::new(4);
    world.ready_all();
    let job = world.start(4, Backend::Cpu, false);
    let dying = world.ids()[3];
    while world.jobs[&job].records[3].death.is_none() {
        world.ids().into_iter().for_each(|worker| {
            world.advance(worker, 1);
        });
    }
    while world.workers[&dying].tasks.len() == 1 {
        assert!(world.advance(dying, 1), "one that is dead may go to its end");
    }
    assert!(world.living_steps(job)[0] < STEPS);
    world.settle();
    world.assert_finished(job);
}

#[test]
fn a_cancelled_job_leaves_nothing_behind() {
    let mut world = World::new(2);
    world.ready_all();
    let job = world.start(4, Backend::Cpu, false);
    world.advance(world.ids()[0], 1);
    world.command(job, Command::Cancel);
    assert!(world.scheduler.assignments.is_empty());
    assert!(world.workers.values().all(|worker| worker.tasks.is_empty()));
    world.command(job, Command::Resume);
    assert!(world.jobs[&job].end.is_none());
}

#[test]
fn the_adapter_is_asked_for_again_where_the_one_that_was_asked_is_lost() {
    let mut world = World::new(2);
    world.on(PoolEvent::AskAdapter);
    world.ready_all();
    world.crash(world.ids()[0]);
    world.ready_all();
    world.reply(world.ids()[0], Reply::Adapter(Some(Adapter { software: true })));
    assert_eq!(world.adapters, [Some(Adapter { software: true })]);
}

/// Messages take some milliseconds each way, because the page draws between them: the share of the time that the slowest
/// of `workers` equal workers trains, in a job that takes some seconds.
fn utilisation(workers: usize, seconds_per_step: f64, latency: f64) -> f64 {
    let mut scheduler = Scheduler::new(workers);
    // Events of the simulation by time: what arrives at the page, or at a worker.
    enum Arrival {
        Page(PoolEvent),
        Worker(WorkerId, Request),
        Report(WorkerId, u32, f64),
    }
    struct SimulatedTraining {
        shard: ShardId,
        step: u32,
        limit: u32,
        is_busy: bool,
        seconds: f64,
        /// Since when it has had no step to do.
        idle_since: f64,
        has_waited: bool,
    }
    let mut queue: BTreeMap<(u64, u64), Arrival> = BTreeMap::new();
    let mut count = 0;
    let mut push = |queue: &mut BTreeMap<(u64, u64), Arrival>, time: f64, arrival| {
        count += 1;
        queue.insert(((time * 1e9) as u64, count), arrival);
    };
    let mut trainings: BTreeMap<WorkerId, SimulatedTraining> = BTreeMap::new();
    let steps = (4.0 / seconds_per_step) as u32;
    push(&mut queue, 0.0, Arrival::Page(PoolEvent::Open));
    for worker in 0..workers as u64 {
        let reply = PoolEvent::Reply { worker: WorkerId(worker), reply: Reply::Ready };
        push(&mut queue, 0.0, Arrival::Page(reply));
    }
    let start = PoolEvent::Start {
        job: JobId(0),
        experiment: Box::new(experiment(workers.min(3))),
        backend: Backend::Cpu,
        paused: false,
    };
    push(&mut queue, 0.0, Arrival::Page(start));
    let mut now = 0.0;
    while let Some(((time, _), arrival)) = queue.pop_first() {
        now = time as f64 / 1e9;
        let worker = match arrival {
            Arrival::Page(event) => {
                for effect in scheduler.on(event) {
                    if let Effect::Send { worker, request } = effect {
                        push(&mut queue, now + latency, Arrival::Worker(worker, request));
                    }
                }
                continue;
            }
            Arrival::Worker(worker, Request::Start { id: shard, limit, .. }) => {
                let training = SimulatedTraining {
                    shard,
                    step: 0,
                    limit,
                    is_busy: false,
                    seconds: 0.0,
                    idle_since: now,
                    has_waited: false,
                };
                trainings.insert(worker, training);
                worker
            }
            Arrival::Worker(worker, Request::Command { command: ShardCommand::AdvanceTo(limit), .. }) => {
                let training = trainings.get_mut(&worker).expect("it trains");
                training.has_waited |= !training.is_busy && now - training.idle_since > WAIT_SECONDS;
                training.limit = limit;
                worker
            }
            Arrival::Worker(..) => continue,
            Arrival::Report(worker, done, seconds) => {
                let training = trainings.get_mut(&worker).expect("it trains");
                training.is_busy = false;
                training.idle_since = now;
                training.step += done;
                training.seconds += seconds;
                let progress = Event::Progress { step: training.step, dispatches: 0, seconds: training.seconds };
                let events = vec![progress];
                let has_waited = std::mem::take(&mut training.has_waited);
                let reply = Reply::Events { shard: training.shard, has_waited, events };
                push(&mut queue, now + latency, Arrival::Page(PoolEvent::Reply { worker, reply }));
                worker
            }
        };
        let training = trainings.get_mut(&worker).expect("it trains");
        let most = ((WORKER_REPORT_SECONDS / seconds_per_step) as u32).max(1);
        let next = most.min(training.limit - training.step).min(steps - training.step);
        if !training.is_busy && next > 0 {
            training.is_busy = true;
            let seconds = f64::from(next) * seconds_per_step;
            push(&mut queue, now + seconds, Arrival::Report(worker, next, seconds));
        }
    }
    assert!(trainings.values().all(|training| training.step == steps), "each came to its end");
    f64::from(steps) * seconds_per_step / now
}

#[test]
fn keeping_in_step_costs_no_throughput() {
    for workers in [1, 2, 3] {
        for seconds_per_step in [1e-5, 1e-4, 1e-3, 3e-3, 8e-3] {
            // A page that draws for long answers late: then chunks are longer.
            for (latency, least) in [(0.0005, 0.96), (0.003, 0.96), (0.006, 0.96), (0.02, 0.9), (0.06, 0.75)] {
                let share = utilisation(workers, seconds_per_step, latency);
                let what = format!("{workers} workers, {seconds_per_step} s a step, messages of {latency} s: {share}");
                assert!(share > least, "{what}");
            }
        }
    }
}

#[derive(Clone, Debug)]
enum RandomAction {
    Ready(usize),
    Advance(usize, u32),
    Crash(usize),
    Mute(usize),
    Tick,
    Start(usize, bool, bool),
    Command(usize, Command),
    Refuse(Vec<SpawnMethod>),
    Panic(usize),
    Fail(usize),
    AskAdapter,
}

fn action() -> impl Strategy<Value = RandomAction> {
    let any = 0..16usize;
    let command = prop_oneof![
        Just(Command::Pause),
        Just(Command::Resume),
        Just(Command::Step),
        Just(Command::Step),
        Just(Command::Cancel)
    ];
    let refused = prop_oneof![
        Just(vec![]),
        Just(vec![SpawnMethod::Blob]),
        Just(vec![SpawnMethod::Script]),
        Just(vec![SpawnMethod::Blob, SpawnMethod::Script])
    ];
    prop_oneof![
        6 => any.clone().prop_map(RandomAction::Ready),
        30 => (any.clone(), 1..9u32).prop_map(|(worker, steps)| RandomAction::Advance(worker, steps)),
        3 => any.clone().prop_map(RandomAction::Crash),
        1 => any.clone().prop_map(RandomAction::Mute),
        3 => Just(RandomAction::Tick),
        3 => (1..14usize, prop::bool::ANY, prop::bool::weighted(0.2)).prop_map(|(r, p, g)| RandomAction::Start(r, p, g)),
        5 => (any.clone(), command).prop_map(|(job, command)| RandomAction::Command(job, command)),
        1 => refused.prop_map(RandomAction::Refuse),
        1 => any.clone().prop_map(RandomAction::Panic),
        1 => any.prop_map(RandomAction::Fail),
        1 => Just(RandomAction::AskAdapter),
    ]
}

fn act(world: &mut World, action: RandomAction) {
    let ids = world.ids();
    let pick = |index: usize| ids[index % ids.len()];
    let is_page = |world: &World, worker: WorkerId| world.workers[&worker].method == SpawnMethod::Page;
    match action {
        RandomAction::Ready(index) => world.ready(pick(index)),
        RandomAction::Advance(index, steps) => {
            if world.workers[&pick(index)].is_ready {
                world.advance(pick(index), steps);
            }
        }
        // What runs on the page does not end without the page.
        RandomAction::Crash(index) | RandomAction::Mute(index) | RandomAction::Panic(index)
            if is_page(world, pick(index)) => {}
        RandomAction::Crash(index) => world.crash(pick(index)),
        RandomAction::Mute(index) => world.workers.get_mut(&pick(index)).expect("a worker").is_mute = true,
        RandomAction::Panic(index) => world.reply(pick(index), Reply::Panicked("here".to_owned())),
        RandomAction::Tick => world.on(PoolEvent::Tick),
        RandomAction::Start(runs, paused, is_gpu) => {
            let backend = if is_gpu { Backend::Gpu } else { Backend::Cpu };
            world.start(runs, backend, paused);
        }
        RandomAction::Command(index, command) if !world.jobs.is_empty() => {
            let job = JobId((index % world.jobs.len()) as u64);
            let is_open = world.scheduler.jobs.contains_key(&job);
            if is_open || command != Command::Cancel {
                world.command(job, command);
            }
        }
        RandomAction::Command(..) => {}
        RandomAction::Refuse(methods) => world.refused = methods,
        RandomAction::Fail(index) => {
            let worker = pick(index);
            if let Some((&shard, _)) = world.workers[&worker].tasks.first_key_value() {
                world.workers.get_mut(&worker).expect("a worker").tasks.remove(&shard);
                world.reply(
                    worker,
                    Reply::Events { shard, has_waited: false, events: vec![Event::Failed("too large".to_owned())] },
                );
            }
        }
        RandomAction::AskAdapter => world.on(PoolEvent::AskAdapter),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_each_job_ends_and_the_next_one_trains(
        cores in 1..5usize,
        actions in prop::collection::vec(action(), 0..200),
    ) {
        let mut world = World::new(cores);
        for action in actions {
            act(&mut world, action);
        }
        world.refused.clear();
        for job in world.jobs.keys().copied().collect::<Vec<_>>() {
            world.command(job, Command::Resume);
        }
        world.settle();
        for (id, job) in &world.jobs {
            match &job.end {
                Some(Event::Failed(_)) => {}
                _ if job.is_cancelled => {}
                _ => world.assert_finished(*id),
            }
        }
        let next = world.start(5, Backend::Cpu, false);
        world.settle();
        world.assert_finished(next);
    }
}
