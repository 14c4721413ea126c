//! The worker pool of the page: carries out what a [`Scheduler`] decides. It creates workers, or hosts on the page where
//! no worker can be started, passes messages between them and the scheduler, and keeps the time.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc::{self, UnboundedReceiver, UnboundedSender};
use futures_channel::oneshot;
use js_sys::{Array, Uint8Array};
use leptos::prelude::set_interval;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{ErrorEvent, MessageEvent, Worker, WorkerOptions, WorkerType};

use super::blob_worker;
use super::files;
use super::host::{Host, HostThread};
use super::panic::log_error;
use brink_engine::experiment::Experiment;
use brink_engine::train::Backend;
use brink_lab::pool::{Effect, Fault, JobId, PoolEvent, Scheduler, SpawnMethod, TICK_SECONDS, WorkerId};
use brink_lab::protocol::{Adapter, Request, decode, encode};
use brink_lab::{Command, Control, Event, Runner, Running};

/// The most workers, however many cores there are: each has its own copy of the data.
const MOST_WORKERS: usize = 16;
/// The script that a worker begins with, beside the page, where one from a blob is forbidden.
const WORKER_SCRIPT: &str = "./worker.js";

/// Whom the scheduler calls a worker.
enum Handle {
    Worker {
        worker: Worker,
        // They are called for as long as the worker lives.
        _on_message: Closure<dyn Fn(MessageEvent)>,
        _on_error: Closure<dyn Fn(ErrorEvent)>,
    },
    OnPage(Host),
}

struct Inner {
    scheduler: RefCell<Scheduler>,
    handles: RefCell<BTreeMap<WorkerId, Handle>>,
    listeners: RefCell<BTreeMap<JobId, UnboundedSender<Event>>>,
    faults: UnboundedSender<Fault>,
    /// Who waits to know the GPU adapter.
    adapter: RefCell<Vec<oneshot::Sender<Option<Adapter>>>>,
    /// Events that wait until the effects of those before them have been carried out.
    queue: RefCell<VecDeque<PoolEvent>>,
    is_handling: Cell<bool>,
    next_job: Cell<u64>,
    backend: Cell<Backend>,
}

/// The worker pool.
#[derive(Clone)]
pub struct Pool(Rc<Inner>);

impl Pool {
    /// Starts the workers, one for each core, or hosts on the page where none can be started. What the learner should know
    /// of them comes through the channel.
    pub fn new() -> (Self, UnboundedReceiver<Fault>) {
        let cores = web_sys::window().map_or(1.0, |window| window.navigator().hardware_concurrency()) as usize;
        let (faults, receiver) = mpsc::unbounded();
        let pool = Self(Rc::new(Inner {
            scheduler: RefCell::new(Scheduler::new(cores.clamp(1, MOST_WORKERS))),
            handles: RefCell::default(),
            listeners: RefCell::default(),
            faults,
            adapter: RefCell::default(),
            queue: RefCell::default(),
            is_handling: Cell::new(false),
            next_job: Cell::new(0),
            backend: Cell::new(Backend::Cpu),
        }));
        pool.on(PoolEvent::Open);
        let ticking = pool.clone();
        set_interval(move || ticking.on(PoolEvent::Tick), Duration::from_secs(TICK_SECONDS));
        (pool, receiver)
    }

    /// Where experiments that start from now on train.
    pub fn set_backend(&self, backend: Backend) {
        self.0.backend.set(backend);
    }

    /// Asks which GPU adapter there is.
    pub async fn adapter(&self) -> Option<Adapter> {
        let (sender, receiver) = oneshot::channel();
        self.0.adapter.borrow_mut().push(sender);
        self.on(PoolEvent::AskAdapter);
        receiver.await.ok().flatten()
    }

    /// Starts training an experiment, or, `paused`, waits before its first step.
    pub fn train(&self, experiment: &Experiment, paused: bool) -> Running {
        let (sender, events) = mpsc::unbounded();
        let job = JobId(self.0.next_job.get());
        self.0.next_job.set(job.0 + 1);
        self.0.listeners.borrow_mut().insert(job, sender);
        let (experiment, backend) = (Box::new(experiment.clone()), self.0.backend.get());
        self.on(PoolEvent::Start { job, experiment, backend, paused });
        let pool = self.clone();
        let control = Control::new(move |command| {
            if command == Command::Cancel {
                pool.0.listeners.borrow_mut().remove(&job);
            }
            pool.on(PoolEvent::Command { job, command });
        });
        Running { events, control }
    }

    /// Passes an event to the scheduler and carries out what it asks for. An event that this causes has its turn after.
    fn on(&self, event: PoolEvent) {
        self.0.queue.borrow_mut().push_back(event);
        if self.0.is_handling.replace(true) {
            return;
        }
        loop {
            let Some(event) = self.0.queue.borrow_mut().pop_front() else { break };
            let effects = self.0.scheduler.borrow_mut().on(event);
            effects.into_iter().for_each(|effect| self.carry_out(effect));
        }
        self.0.is_handling.set(false);
    }

    fn carry_out(&self, effect: Effect) {
        match effect {
            Effect::Spawn { worker, method } => match self.spawn(worker, method) {
                Ok(handle) => {
                    self.0.handles.borrow_mut().insert(worker, handle);
                }
                Err(error) => self.on(PoolEvent::SpawnFailed { worker, reason: error_message(&error) }),
            },
            Effect::Terminate(worker) => {
                let handle = self.0.handles.borrow_mut().remove(&worker);
                if let Some(Handle::Worker { worker, .. }) = &handle {
                    // Events that are under way must not find a closure that is gone.
                    worker.set_onmessage(None);
                    worker.set_onerror(None);
                    worker.terminate();
                }
                // This may run inside a closure of the handle, which must not be dropped before it returns.
                spawn_local(async move { drop(handle) });
            }
            Effect::Send { worker, request } => self.send(worker, request),
            Effect::Deliver { job, event } => {
                let mut listeners = self.0.listeners.borrow_mut();
                let is_last = matches!(event, Event::Finished | Event::Failed(_));
                if let Some(listener) = listeners.get(&job) {
                    // Whoever started the job may have dropped its end.
                    let _gone = listener.unbounded_send(event);
                }
                if is_last {
                    listeners.remove(&job);
                }
            }
            Effect::Adapter(adapter) => {
                for asked in self.0.adapter.borrow_mut().drain(..) {
                    let _gone = asked.send(adapter.clone());
                }
            }
            Effect::Report(fault) => {
                let _gone = self.0.faults.unbounded_send(fault);
            }
        }
    }

    /// Creates a worker and hands it the compiled program, or creates a host on the page.
    fn spawn(&self, id: WorkerId, method: SpawnMethod) -> Result<Handle, JsValue> {
        let pool = self.clone();
        let worker = match method {
            SpawnMethod::Page => {
                let reply = move |reply| pool.on(PoolEvent::Reply { worker: id, reply });
                return Ok(Handle::OnPage(Host::new(HostThread::Page, reply)));
            }
            SpawnMethod::Blob => blob_worker::start()?,
            SpawnMethod::Script => {
                let options = WorkerOptions::new();
                options.set_type(WorkerType::Module);
                Worker::new_with_options(WORKER_SCRIPT, &options)?
            }
        };
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let bytes = Uint8Array::new(&event.data()).to_vec();
            match decode(&bytes) {
                Ok(reply) => pool.on(PoolEvent::Reply { worker: id, reply }),
                Err(error) => pool.on(PoolEvent::Lost { worker: id, reason: error.to_string() }),
            }
        });
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let pool = self.clone();
        let on_error = Closure::<dyn Fn(ErrorEvent)>::new(move |event: ErrorEvent| {
            // A script that cannot be fetched fires an event without a message.
            let message = js_sys::Reflect::get(&event, &"message".into()).ok().and_then(|text| text.as_string());
            let reason = message.unwrap_or_else(|| "it did not start".to_owned());
            pool.on(PoolEvent::Lost { worker: id, reason });
        });
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let address = files::glue()?;
        worker.post_message(&Array::of2(&address, &wasm_bindgen::module()))?;
        Ok(Handle::Worker { worker, _on_message: on_message, _on_error: on_error })
    }

    fn send(&self, id: WorkerId, request: Request) {
        // A host on the page may reply at once: by then the handles must be free again.
        let host = match self.0.handles.borrow().get(&id) {
            Some(Handle::OnPage(host)) => Some(host.clone()),
            Some(Handle::Worker { worker, .. }) => {
                let sent = encode(&request).map_err(|error| JsValue::from_str(&error.to_string())).and_then(|bytes| {
                    let buffer = Uint8Array::from(&bytes[..]).buffer();
                    worker.post_message_with_transfer(&buffer, &Array::of1(&buffer))
                });
                if let Err(error) = sent {
                    log_error(&format!("a request was not sent: {}", error_message(&error)));
                }
                None
            }
            None => None,
        };
        if let Some(host) = host {
            host.take(request);
        }
    }
}

impl Runner for Pool {
    fn start(&self, experiment: &Experiment) -> Running {
        self.train(experiment, false)
    }
}

fn error_message(error: &JsValue) -> String {
    error.dyn_ref::<js_sys::Error>().map_or_else(|| format!("{error:?}"), |error| String::from(error.message()))
}
