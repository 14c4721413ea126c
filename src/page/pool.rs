//! The worker pool: a [`Runner`] that splits a CPU fleet by runs over dedicated workers, and over slices of the page's own
//! time where no worker can be started.
//!
//! A worker may end at any moment: its program fails, the browser runs out of memory, a tool stops it. What it trained is then
//! trained again from its start by another one. Training is deterministic, so that gives the same bits; what the page
//! knows already is left out ([`Extent`]).

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures_channel::oneshot;
use futures_util::StreamExt;
use js_sys::{Array, Uint8Array};
use leptos::prelude::set_interval;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::blob_worker;
use crate::host::{Host, Thread};
use brink_engine::experiment::Experiment;
use brink_engine::record::{Columns, Extent, RunChunk};
use brink_engine::train::Backend;
use brink_lab::protocol::{Adapter, Reply, Request, decode, encode};
use brink_lab::{Command, Control, Event, Runner, Running, Share};

/// The most workers, however many cores there are: each has its own copy of the data.
const MOST_WORKERS: usize = 16;
/// Hosts on the page itself where there are no workers: each trains few runs, so that a step of it is short.
const PAGE_HOSTS: usize = 16;
/// The script that a worker begins with, beside the page.
const WORKER_SCRIPT: &str = "./worker.js";
/// How often the pool looks whether its workers are there.
const WATCH: Duration = Duration::from_secs(1);
/// A worker that says nothing for so many looks, asked or not, is gone. One step of the largest fleet takes some seconds
/// on a slow machine; where a worker has been lost already the patience doubles.
const SILENT_LOOKS: u32 = 10;
/// The same for a worker that has not started yet: it may have to fetch the program again.
const STARTING_LOOKS: u32 = 30;
/// A share whose worker is lost once more than this fails: it may be what its workers die of.
const MOST_LOSSES: u32 = 3;

#[wasm_bindgen]
extern "C" {
    /// `import.meta` of the program's glue: its address is what a worker imports.
    #[wasm_bindgen(thread_local_v2, js_namespace = import, js_name = meta)]
    static META: JsValue;
}

/// What became of the workers that the learner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No worker can be started, and why: training runs on the page itself.
    OnPage(String),
    /// A worker was lost, and why; another trains its share again.
    Replaced(String),
}

/// How a worker is started; where one way fails the next is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Script,
    Blob,
    /// Not at all: the page trains.
    Page,
}

/// Where a member of the pool trains.
enum Place {
    Worker {
        worker: Worker,
        // Kept alive as long as the worker.
        _listen: Closure<dyn Fn(MessageEvent)>,
        _fail: Closure<dyn Fn(ErrorEvent)>,
    },
    Page(Host),
}

/// One member of the pool.
struct Member {
    place: Place,
    way: Way,
    /// What to send once the host listens; messages before that are lost.
    unsent: Option<Vec<Request>>,
    /// Looks since it was last heard.
    silent: u32,
    /// How many before it held its place and were lost.
    losses: u32,
}

impl Member {
    fn send(&mut self, request: Request) {
        match (&mut self.unsent, &self.place) {
            (Some(unsent), _) => unsent.push(request),
            (None, Place::Worker { worker, .. }) => post(worker, &request),
            (None, Place::Page(host)) => host.take(request),
        }
    }

    /// Whether it has been silent for longer than it may.
    fn is_overdue(&self) -> bool {
        let patience = if self.unsent.is_some() { STARTING_LOOKS } else { SILENT_LOOKS };
        matches!(self.place, Place::Worker { .. }) && self.silent > patience << self.losses.min(MOST_LOSSES)
    }
}

fn post(worker: &Worker, request: &Request) {
    let message = Uint8Array::from(encode(request).as_slice());
    // Bytes can always be posted.
    let _ = worker.post_message_with_transfer(&message, &Array::of1(&message.buffer()));
}

/// The part of a job that one member trains.
struct Task {
    job: u64,
    member: u64,
    share: Share,
    /// How far each run has been told, by its number; as long as the highest that has been.
    extents: Vec<Extent>,
    /// Whether its beginning was told by another backend: should it be trained again, all of it is told anew.
    is_mixed: bool,
    /// The values in a row, as far as known.
    width: usize,
    step: u32,
    is_over: bool,
    losses: u32,
}

impl Task {
    /// Leaves out what has been told before.
    fn news(&mut self, chunks: Vec<RunChunk>) -> Vec<RunChunk> {
        let Self { extents, width, .. } = self;
        let is_news = |chunk: &RunChunk| {
            if extents.len() <= chunk.run {
                extents.resize_with(chunk.run + 1, Extent::default);
            }
            extents[chunk.run].is_news(chunk, *width)
        };
        chunks.into_iter().filter(is_news).collect()
    }
}

/// One experiment in training, as the pool sees it: what its members say, joined.
struct Job {
    events: UnboundedSender<Event>,
    dispatches: u64,
    is_started: bool,
    paused: bool,
    /// While paused, steps up to this one may be done.
    allowed: u32,
}

/// Things by their numbers, which are never used twice: newer ones have higher numbers and come later.
type Numbered<T> = Vec<(u64, T)>;

fn find<T>(all: &mut [(u64, T)], number: u64) -> Option<&mut T> {
    all.iter_mut().find(|(one, _)| *one == number).map(|(_, found)| found)
}

fn take<T>(all: &mut Numbered<T>, number: u64) -> Option<T> {
    let place = all.iter().position(|(one, _)| *one == number)?;
    Some(all.remove(place).1)
}

struct Inner {
    /// What a lost one still says finds nobody.
    members: Numbered<Member>,
    next_member: u64,
    /// How many workers there shall be.
    wanted: usize,
    way: Way,
    /// Whether a worker has ever started that way.
    way_works: bool,
    /// Why the ways before it were given up.
    reason: String,
    jobs: Numbered<Job>,
    /// By the numbers that hosts know them by.
    tasks: Numbered<Task>,
    next_job: u64,
    next_task: u64,
    backend: Backend,
    adapter: Vec<oneshot::Sender<Option<Adapter>>>,
    faults: UnboundedSender<Fault>,
}

/// The worker pool.
#[derive(Clone)]
pub struct Pool(Rc<RefCell<Inner>>);

impl Pool {
    /// Starts the workers, one for each core, or takes slices of the page's time where none can be started. What the
    /// learner should know of their faults comes through the channel.
    pub fn new() -> (Self, UnboundedReceiver<Fault>) {
        let cores = web_sys::window().map_or(1.0, |window| window.navigator().hardware_concurrency());
        let (faults, receiver) = mpsc::unbounded();
        let pool = Self(Rc::new(RefCell::new(Inner {
            members: Vec::new(),
            next_member: 0,
            wanted: (cores as usize).clamp(1, MOST_WORKERS),
            way: if blob_worker::is_needed() { Way::Blob } else { Way::Script },
            way_works: false,
            reason: String::new(),
            jobs: Vec::new(),
            tasks: Vec::new(),
            next_job: 0,
            next_task: 0,
            backend: Backend::Cpu,
            adapter: Vec::new(),
            faults,
        })));
        pool.fill(0);
        let watched = pool.clone();
        set_interval(move || watched.look(), WATCH);
        (pool, receiver)
    }

    /// Where fleets that start from now on train.
    pub fn set_backend(&self, backend: Backend) {
        self.0.borrow_mut().backend = backend;
    }

    /// Asks a member which GPU adapter there is.
    pub async fn adapter(&self) -> Option<Adapter> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut inner = self.0.borrow_mut();
            inner.adapter.push(sender);
            inner.ask_adapter();
        }
        receiver.await.ok().flatten()
    }

    /// Starts what is missing. `losses` is how often the place of the new ones has been lost.
    fn fill(&self, losses: u32) {
        loop {
            let (way, count) = {
                let inner = self.0.borrow();
                let wanted = match inner.way {
                    // The page does all or nothing: where workers are left, they do.
                    Way::Page if inner.members.is_empty() => PAGE_HOSTS,
                    Way::Page => return,
                    Way::Script | Way::Blob => inner.wanted,
                };
                (inner.way, wanted.saturating_sub(inner.members.len()))
            };
            if count == 0 {
                return;
            }
            if way == Way::Page {
                let inner = self.0.borrow();
                // Whoever started the pool may not listen.
                let _ = inner.faults.unbounded_send(Fault::OnPage(inner.reason.clone()));
            }
            for _ in 0..count {
                let Err(error) = self.hire(way, losses) else { continue };
                let members = self.0.borrow().members.len();
                if members > 0 {
                    // Fewer workers than cores are enough.
                    self.0.borrow_mut().wanted = members;
                } else {
                    self.give_up(way, &js_text(&error));
                }
                break;
            }
        }
    }

    /// A way to start workers leads nowhere: from now on the next one is taken.
    fn give_up(&self, way: Way, reason: &str) {
        let mut inner = self.0.borrow_mut();
        if inner.way != way {
            return;
        }
        if inner.way_works {
            // Enough are there, or as many as there can be.
            inner.wanted = inner.members.len();
            if inner.wanted > 0 {
                return;
            }
        }
        inner.way_works = false;
        inner.way = if way == Way::Script { Way::Blob } else { Way::Page };
        inner.reason = reason.to_owned();
    }

    /// Starts a worker and hands it the compiled program; or gives the page a host.
    fn hire(&self, way: Way, losses: u32) -> Result<(), JsValue> {
        let number = self.0.borrow().next_member;
        let member = if way == Way::Page {
            let pool = self.clone();
            let host = Host::new(Thread::Page, move |reply| pool.heed(number, reply));
            Member { place: Place::Page(host), way, unsent: None, silent: 0, losses }
        } else {
            let worker = match way {
                Way::Blob => blob_worker::start()?,
                _ => {
                    let options = WorkerOptions::new();
                    options.set_type(WorkerType::Module);
                    Worker::new_with_options(WORKER_SCRIPT, &options)?
                }
            };
            let pool = self.clone();
            let listen = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| pool.hear(number, &event));
            worker.set_onmessage(Some(listen.as_ref().unchecked_ref()));
            let pool = self.clone();
            let fail = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
                // A script that cannot be fetched fires an event without a message.
                let message = js_sys::Reflect::get(&event, &"message".into()).ok().and_then(|text| text.as_string());
                pool.lose(number, message.as_deref().unwrap_or("it did not start"));
            });
            worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
            let address = META.with(|meta| js_sys::Reflect::get(meta, &"url".into()))?;
            worker.post_message(&Array::of2(&address, &wasm_bindgen::module()))?;
            let place = Place::Worker { worker, _listen: listen, _fail: fail };
            Member { place, way, unsent: Some(Vec::new()), silent: 0, losses }
        };
        let mut inner = self.0.borrow_mut();
        inner.members.push((number, member));
        inner.next_member += 1;
        Ok(())
    }

    /// Looks whether the workers are there: asks those that have been silent, and replaces those that do not answer.
    fn look(&self) {
        let mut lost = Vec::new();
        for (number, member) in &mut self.0.borrow_mut().members {
            member.silent += 1;
            if member.is_overdue() {
                lost.push(*number);
            } else if let (2, None, Place::Worker { worker, .. }) = (member.silent, &member.unsent, &member.place) {
                post(worker, &Request::Ping);
            }
        }
        for number in lost {
            self.lose(number, "it does not answer");
        }
    }

    /// A worker is lost: its program failed, or it is gone. Another one takes its place and trains its shares again.
    fn lose(&self, number: u64, message: &str) {
        let Some(old) = take(&mut self.0.borrow_mut().members, number) else { return };
        if let Place::Worker { worker, .. } = &old.place {
            worker.terminate();
        }
        let (way, was_ready, mut losses) = (old.way, old.unsent.is_none(), old.losses + 1);
        // This may run inside the old worker's own handler: it may be dropped only after it has returned.
        spawn_local(async move { drop(old) });
        let (orphans, has_failed) = self.0.borrow_mut().count_loss(number, was_ready, message);
        if has_failed {
            // What the workers died of is gone.
            losses = 0;
        } else if was_ready && orphans.is_empty() && losses > MOST_LOSSES {
            // It dies of itself. One worker fewer is better than an endless row of them.
            let mut inner = self.0.borrow_mut();
            inner.wanted = inner.wanted.saturating_sub(1);
            losses = 0;
        }
        if was_ready && !orphans.is_empty() {
            let _ = self.0.borrow().faults.unbounded_send(Fault::Replaced(message.to_owned()));
        }
        let is_dead_end = {
            let inner = self.0.borrow();
            inner.wanted == 0 || (!was_ready && (!inner.way_works || losses > MOST_LOSSES))
        };
        if is_dead_end {
            self.give_up(way, message);
        }
        self.fill(losses);
        let mut inner = self.0.borrow_mut();
        for task in orphans {
            inner.hand_out(task);
        }
        if !inner.adapter.is_empty() {
            inner.ask_adapter();
        }
    }

    /// Hears what a worker says.
    fn hear(&self, number: u64, event: &MessageEvent) {
        match decode::<Reply>(&Uint8Array::new(&event.data()).to_vec()) {
            Ok(reply) => self.heed(number, reply),
            Err(error) => web_sys::console::error_1(&format!("pool: {error}").into()),
        }
    }

    /// Does what a member's reply asks for.
    fn heed(&self, number: u64, reply: Reply) {
        let mut inner = self.0.borrow_mut();
        let Some(member) = find(&mut inner.members, number) else { return };
        member.silent = 0;
        match reply {
            Reply::Pong => {}
            Reply::Ready => {
                for request in member.unsent.take().unwrap_or_default() {
                    member.send(request);
                }
                let way = member.way;
                inner.way_works |= inner.way == way;
            }
            Reply::Adapter(adapter) => {
                for asked in inner.adapter.drain(..) {
                    // Whoever asked may be gone.
                    let _ = asked.send(adapter.clone());
                }
            }
            Reply::Event { job, event } => inner.pass(number, job, event),
        }
    }
}

impl Inner {
    fn ask_adapter(&mut self) {
        if let Some((_, member)) = self.members.first_mut() {
            member.send(Request::Adapter);
        }
    }

    /// The tasks that a lost member leaves, each with one loss more, and whether one that has too many failed with its job.
    fn count_loss(&mut self, member: u64, was_ready: bool, message: &str) -> (Vec<u64>, bool) {
        let mut orphans = Vec::new();
        let mut failed = Vec::new();
        for (number, task) in self.tasks.iter_mut().filter(|(_, task)| task.member == member && !task.is_over) {
            // One that never started has done nothing to it.
            task.losses += u32::from(was_ready);
            if task.losses > MOST_LOSSES {
                failed.push(task.job);
            }
            orphans.push(*number);
        }
        for &job in &failed {
            self.fail(job, &format!("its worker was lost {} times: {message}", MOST_LOSSES + 1));
        }
        orphans.retain(|&task| find(&mut self.tasks, task).is_some());
        (orphans, !failed.is_empty())
    }

    /// Ends a job with a reason.
    fn fail(&mut self, job: u64, reason: &str) {
        if let Some(job) = find(&mut self.jobs, job) {
            let _gone = job.events.unbounded_send(Event::Failed(reason.to_owned()));
        }
        self.forget(job);
    }

    /// Lets a job go, wherever it trains.
    fn forget(&mut self, job: u64) {
        take(&mut self.jobs, job);
        for (number, task) in self.tasks.extract_if(.., |(_, task)| task.job == job) {
            if let Some(member) = find(&mut self.members, task.member).filter(|_| !task.is_over) {
                member.send(Request::Command { job: number, command: Command::Cancel });
            }
        }
    }

    /// Gives a task to the member that has the fewest, from its start; paused ones go as far as they had come.
    fn hand_out(&mut self, number: u64) {
        let tasks = &self.tasks;
        let load = |member| tasks.iter().filter(|(_, task)| task.member == member && !task.is_over).count();
        let Some((chosen, member)) = self.members.iter_mut().min_by_key(|(member, _)| load(*member)) else { return };
        let Some(task) = find(&mut self.tasks, number) else { return };
        task.member = *chosen;
        if task.is_mixed {
            task.is_mixed = false;
            task.extents.clear();
        }
        member.send(Request::Start { job: number, share: Box::new(task.share.clone()) });
        if let Some(job) = find(&mut self.jobs, task.job).filter(|job| job.paused) {
            member.send(Request::Command { job: number, command: Command::Pause });
            let furthest = task.step.max(job.allowed);
            member.send(Request::Command { job: number, command: Command::StepTo(furthest) });
        }
    }

    /// Passes a command on to all tasks of a job.
    fn command(&mut self, id: u64, command: Command) {
        let Some(job) = find(&mut self.jobs, id) else { return };
        let done = self.tasks.iter().filter(|(_, task)| task.job == id).map(|(_, task)| task.step).max().unwrap_or(0);
        match command {
            Command::Pause => (job.paused, job.allowed) = (true, 0),
            Command::Resume => job.paused = false,
            Command::Step(steps) => job.allowed = done.saturating_add(steps),
            Command::StepTo(step) => job.allowed = step,
            Command::Cancel => return self.forget(id),
        }
        for (number, task) in self.tasks.iter().filter(|(_, task)| task.job == id && !task.is_over) {
            if let Some(member) = find(&mut self.members, task.member) {
                member.send(Request::Command { job: *number, command });
            }
        }
    }

    /// Passes an event of one task on as an event of the whole job.
    fn pass(&mut self, member: u64, number: u64, event: Event) {
        let Some(task) = find(&mut self.tasks, number).filter(|task| task.member == member) else { return };
        let id = task.job;
        let Some(job) = find(&mut self.jobs, id) else { return };
        let joined = match event {
            Event::Started { backend, device, reason, probe, states, chance } => {
                task.width = Columns { states: states.clone() }.width();
                if backend != task.share.backend {
                    // What it trains from now on has other bits: it is told even where it was told before.
                    task.share.backend = backend;
                    task.is_mixed = !task.extents.is_empty();
                    task.extents.clear();
                }
                // The first speaks for all, unless one had to change its backend.
                let is_told = job.is_started && reason.is_none();
                job.is_started = true;
                let trains = |member: u64| self.tasks.iter().any(|(_, task)| task.job == id && task.member == member);
                let members = self.members.iter().filter(|(member, _)| trains(*member)).count();
                let place = find(&mut self.members, member).map(|member| &member.place);
                let is_on_page = matches!(place, Some(Place::Page(_)));
                let device = match backend {
                    Backend::Cpu if is_on_page => PAGE.to_owned(),
                    Backend::Cpu => members.to_string(),
                    Backend::Gpu => device,
                };
                (!is_told).then_some(Event::Started { backend, device, reason, probe, states, chance })
            }
            Event::Metrics(chunks) => {
                let news = task.news(chunks);
                (!news.is_empty()).then_some(Event::Metrics(news))
            }
            Event::Progress { step, dispatches, seconds } => {
                task.step = task.step.max(step);
                job.dispatches = job.dispatches.max(dispatches);
                let dispatches = job.dispatches;
                let open = self.tasks.iter().filter(|(_, task)| task.job == id && !task.is_over);
                let step = open.map(|(_, task)| task.step).min().unwrap_or(step);
                Some(Event::Progress { step, dispatches, seconds })
            }
            Event::Finished => {
                task.is_over = true;
                if let Some(member) = find(&mut self.members, member) {
                    member.losses = 0;
                }
                let is_over = self.tasks.iter().filter(|(_, task)| task.job == id).all(|(_, task)| task.is_over);
                is_over.then_some(Event::Finished)
            }
            Event::Failed(reason) => return self.fail(id, &reason),
        };
        let is_over = joined == Some(Event::Finished);
        if let (Some(event), Some(job)) = (joined, find(&mut self.jobs, id)) {
            // Whoever started it may have let it go.
            let _gone = job.events.unbounded_send(event);
        }
        if is_over {
            self.forget(id);
        }
    }
}

/// The device of a fleet that trains on the page itself.
pub const PAGE: &str = "page";

impl Runner for Pool {
    fn start(&self, experiment: &Experiment) -> Running {
        let (events, receiver) = mpsc::unbounded();
        let runs = experiment.run_count();
        let mut inner = self.0.borrow_mut();
        let id = inner.next_job;
        inner.next_job += 1;
        let backend = inner.backend;
        inner.jobs.push((id, Job { events, dispatches: 0, is_started: false, paused: false, allowed: 0 }));
        // A GPU fleet is one dispatch for all runs and stays whole; on the CPU neighbours go to different workers, for
        // runs of high learning rates die early and cost less.
        let count = if backend == Backend::Gpu { 1 } else { inner.members.len().min(runs).max(1) };
        let members: Vec<u64> = inner.members.iter().map(|(member, _)| *member).take(count).collect();
        for (index, member) in members.into_iter().enumerate() {
            let share = Share {
                experiment: experiment.clone(),
                runs: (index..runs).step_by(count).collect(),
                backend,
                threads: 1,
            };
            let number = inner.next_task;
            inner.next_task += 1;
            if let Some(member) = find(&mut inner.members, member) {
                member.send(Request::Start { job: number, share: Box::new(share.clone()) });
            }
            let task = Task {
                job: id,
                member,
                share,
                extents: Vec::new(),
                is_mixed: false,
                width: 0,
                step: 0,
                is_over: false,
                losses: 0,
            };
            inner.tasks.push((number, task));
        }
        let (sender, mut orders) = mpsc::unbounded();
        let pool = self.clone();
        spawn_local(async move {
            while let Some(command) = orders.next().await {
                pool.0.borrow_mut().command(id, command);
            }
        });
        Running { events: receiver, control: Control::new(vec![sender]) }
    }
}

fn js_text(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
