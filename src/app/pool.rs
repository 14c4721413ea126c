//! The worker pool: a [`Runner`] that splits a CPU fleet by runs over dedicated workers.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use futures_channel::mpsc::{self, UnboundedSender};
use futures_channel::oneshot;
use futures_util::StreamExt;
use js_sys::{Array, Float32Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use crate::experiment::Experiment;
use crate::lab::{Command, Control, Event, Runner, Running, Share};
use crate::train::Backend;
use crate::worker::{Adapter, Reply, Request, unpack};

/// The most workers, however many cores there are: each has its own copy of the data.
const MOST_WORKERS: usize = 16;
/// The script that a worker begins with, beside the page.
const WORKER_SCRIPT: &str = "./worker.js";

#[wasm_bindgen]
extern "C" {
    /// `import.meta` of the program's glue: its address is what a worker imports.
    #[wasm_bindgen(thread_local_v2, js_namespace = import, js_name = meta)]
    static META: JsValue;
}

/// One worker of the pool.
struct Member {
    worker: Worker,
    /// What to send once the host listens; messages before that are lost.
    unsent: Option<Vec<Request>>,
    // Kept alive as long as the worker.
    _listen: Closure<dyn Fn(MessageEvent)>,
    _fail: Closure<dyn Fn(ErrorEvent)>,
}

impl Member {
    fn send(&mut self, request: Request) {
        match &mut self.unsent {
            Some(unsent) => unsent.push(request),
            None => post(&self.worker, &request),
        }
    }
}

fn post(worker: &Worker, request: &Request) {
    if let Ok(text) = serde_json::to_string(request) {
        // A string can always be posted.
        let _ = worker.post_message(&text.into());
    }
}

/// One experiment in training, as the pool sees it: what its workers say, joined.
struct Job {
    events: UnboundedSender<Event>,
    /// The members that train a share of it, each with its step and whether it has ended.
    shares: HashMap<usize, (u32, bool)>,
    dispatches: u64,
    is_started: bool,
}

struct Inner {
    members: Vec<Member>,
    jobs: HashMap<u64, Job>,
    next_job: u64,
    backend: Backend,
    adapter: Vec<oneshot::Sender<Option<Adapter>>>,
}

/// The worker pool.
#[derive(Clone)]
pub struct Pool(Rc<RefCell<Inner>>);

impl Pool {
    /// Starts the workers, one for each core. The error says why there is none.
    pub fn new() -> Result<Self, String> {
        let cores = web_sys::window().map_or(1.0, |window| window.navigator().hardware_concurrency());
        let count = (cores as usize).clamp(1, MOST_WORKERS);
        let pool = Self(Rc::new(RefCell::new(Inner {
            members: Vec::new(),
            jobs: HashMap::new(),
            next_job: 0,
            backend: Backend::Cpu,
            adapter: Vec::new(),
        })));
        for index in 0..count {
            match pool.hire(index) {
                Ok(member) => pool.0.borrow_mut().members.push(member),
                // Fewer workers than cores are enough.
                Err(_) if index > 0 => break,
                Err(error) => return Err(js_text(&error)),
            }
        }
        Ok(pool)
    }

    /// Where fleets that start from now on train.
    pub fn set_backend(&self, backend: Backend) {
        self.0.borrow_mut().backend = backend;
    }

    /// Asks a worker which GPU adapter there is.
    pub async fn adapter(&self) -> Option<Adapter> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut inner = self.0.borrow_mut();
            inner.adapter.push(sender);
            if let Some(member) = inner.members.first_mut() {
                member.send(Request::Adapter);
            }
        }
        receiver.await.ok().flatten()
    }

    /// Starts a worker and hands it the compiled program.
    fn hire(&self, index: usize) -> Result<Member, JsValue> {
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker = Worker::new_with_options(WORKER_SCRIPT, &options)?;
        let pool = self.clone();
        let listen = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| pool.hear(index, &event));
        worker.set_onmessage(Some(listen.as_ref().unchecked_ref()));
        let pool = self.clone();
        let fail = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| pool.lose(index, &event.message()));
        worker.set_onerror(Some(fail.as_ref().unchecked_ref()));
        let address = META.with(|meta| js_sys::Reflect::get(meta, &"url".into()))?;
        worker.post_message(&Array::of2(&address, &wasm_bindgen::module()))?;
        Ok(Member { worker, unsent: Some(Vec::new()), _listen: listen, _fail: fail })
    }

    /// A worker's program failed: it is poisoned. Its jobs fail, and another worker takes its place.
    fn lose(&self, index: usize, message: &str) {
        let fresh = self.hire(index);
        let mut inner = self.0.borrow_mut();
        let failed: Vec<u64> =
            inner.jobs.iter().filter(|(_, job)| job.shares.contains_key(&index)).map(|(id, _)| *id).collect();
        for id in failed {
            if let Some(job) = inner.jobs.remove(&id) {
                let _gone = job.events.unbounded_send(Event::Failed(message.to_owned()));
                for other in job.shares.into_keys().filter(|&other| other != index) {
                    if let Some(member) = inner.members.get_mut(other) {
                        member.send(Request::Command { job: id, command: Command::Cancel });
                    }
                }
            }
        }
        if let (Ok(fresh), Some(place)) = (fresh, inner.members.get_mut(index)) {
            place.worker.terminate();
            // This runs inside the old worker's own handler: it may be dropped only after it has returned.
            let old = std::mem::replace(place, fresh);
            spawn_local(async move { drop(old) });
        }
    }

    /// Hears what a worker says.
    fn hear(&self, index: usize, event: &MessageEvent) {
        let message: Array = event.data().unchecked_into();
        let text = message.get(0).as_string().unwrap_or_default();
        match serde_json::from_str::<Reply>(&text) {
            Ok(Reply::Ready) => {
                let mut inner = self.0.borrow_mut();
                if let Some(member) = inner.members.get_mut(index) {
                    for request in member.unsent.take().unwrap_or_default() {
                        post(&member.worker, &request);
                    }
                }
            }
            Ok(Reply::Adapter(adapter)) => {
                for asked in self.0.borrow_mut().adapter.drain(..) {
                    // Whoever asked may be gone.
                    let _ = asked.send(adapter.clone());
                }
            }
            Ok(Reply::Metrics { job, heads }) => {
                let rows: Float32Array = message.get(1).unchecked_into();
                match unpack(heads, &rows.to_vec()) {
                    Ok(chunks) => self.pass(index, job, Event::Metrics(chunks)),
                    Err(error) => self.pass(index, job, Event::Failed(error.to_string())),
                }
            }
            Ok(Reply::Event { job, event }) => self.pass(index, job, event),
            Err(error) => web_sys::console::error_1(&format!("pool: {error}").into()),
        }
    }

    /// Passes an event of one share on as an event of the whole job.
    fn pass(&self, index: usize, id: u64, event: Event) {
        let mut inner = self.0.borrow_mut();
        let workers = inner.jobs.get(&id).map_or(0, |job| job.shares.len());
        let Some(job) = inner.jobs.get_mut(&id) else { return };
        let mut is_over = false;
        let joined = match event {
            // The first share speaks for all, unless one had to change its backend.
            Event::Started { reason: None, .. } if job.is_started => None,
            Event::Started { backend, device, reason, probe, states } => {
                job.is_started = true;
                let device = if backend == Backend::Cpu { workers.to_string() } else { device };
                Some(Event::Started { backend, device, reason, probe, states })
            }
            Event::Progress { step, dispatches, seconds } => {
                if let Some(share) = job.shares.get_mut(&index) {
                    share.0 = step;
                }
                job.dispatches = job.dispatches.max(dispatches);
                let step = job.shares.values().filter(|share| !share.1).map(|share| share.0).min().unwrap_or(step);
                Some(Event::Progress { step, dispatches: job.dispatches, seconds })
            }
            Event::Finished => {
                if let Some(share) = job.shares.get_mut(&index) {
                    share.1 = true;
                }
                is_over = job.shares.values().all(|share| share.1);
                is_over.then_some(Event::Finished)
            }
            Event::Failed(reason) => {
                is_over = true;
                Some(Event::Failed(reason))
            }
            other => Some(other),
        };
        if let Some(event) = joined {
            // Whoever started it may have let it go.
            let _gone = job.events.unbounded_send(event);
        }
        if is_over {
            inner.jobs.remove(&id);
        }
    }
}

impl Runner for Pool {
    fn start(&self, experiment: &Experiment) -> Running {
        let (events, receiver) = mpsc::unbounded();
        let runs = experiment.run_count();
        let mut inner = self.0.borrow_mut();
        let id = inner.next_job;
        inner.next_job += 1;
        let backend = inner.backend;
        // A GPU fleet is one dispatch for all runs and stays whole; on the CPU neighbours go to different workers, for
        // runs of high learning rates die early and cost less.
        let count = if backend == Backend::Gpu { 1 } else { inner.members.len().min(runs).max(1) };
        let mut shares = HashMap::new();
        let mut commands = Vec::new();
        for index in 0..count {
            let share = Share {
                experiment: experiment.clone(),
                runs: (index..runs).step_by(count).collect(),
                backend,
                threads: 1,
            };
            if let Some(member) = inner.members.get_mut(index) {
                member.send(Request::Start { job: id, share: Box::new(share) });
                shares.insert(index, (0, false));
                let (sender, mut orders) = mpsc::unbounded();
                commands.push(sender);
                let pool = self.clone();
                spawn_local(async move {
                    while let Some(command) = orders.next().await {
                        let mut inner = pool.0.borrow_mut();
                        if let Some(member) = inner.members.get_mut(index) {
                            member.send(Request::Command { job: id, command });
                        }
                        if command == Command::Cancel {
                            inner.jobs.remove(&id);
                        }
                    }
                });
            }
        }
        inner.jobs.insert(id, Job { events, shares, dispatches: 0, is_started: false });
        Running { events: receiver, control: Control::new(commands) }
    }
}

fn js_text(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
