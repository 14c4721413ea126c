//! The engine host: runs in a dedicated worker and trains its jobs, the newest first.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use futures_channel::{mpsc, oneshot};
use js_sys::{Array, Float32Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

use super::{Adapter, Reply, Request, pack};
use crate::lab::{Command, Event, Platform, Share, drive};

/// A job as the host sees it.
struct Job {
    commands: mpsc::UnboundedSender<Command>,
    paused: bool,
}

struct Host {
    scope: DedicatedWorkerGlobalScope,
    jobs: BTreeMap<u64, Job>,
    /// Older jobs that wait for newer ones.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Host {
    /// Whether a newer job wants the worker.
    fn is_outranked(&self, job: u64) -> bool {
        self.jobs.range(job + 1..).any(|(_, newer)| !newer.paused)
    }

    /// Lets the older jobs see whether it is their turn.
    fn wake(&mut self) {
        for waiting in self.waiting.drain(..) {
            // A job that ended meanwhile does not listen any more.
            let _ = waiting.send(());
        }
    }
}

type Shared = Rc<RefCell<Host>>;

/// Starts the host in a worker's global scope.
pub fn start(scope: DedicatedWorkerGlobalScope) {
    let shared = Rc::new(RefCell::new(Host { scope: scope.clone(), jobs: BTreeMap::new(), waiting: Vec::new() }));
    let listen = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        match serde_json::from_str::<Request>(&text) {
            Ok(request) => take(&shared, request),
            Err(error) => web_sys::console::error_1(&format!("host: {error}").into()),
        }
    });
    scope.set_onmessage(Some(listen.as_ref().unchecked_ref()));
    // The host lives as long as its worker.
    listen.forget();
    tell(&scope, &Reply::Ready, &[]);
}

/// Sends a reply, with its rows where it has any.
fn tell(scope: &DedicatedWorkerGlobalScope, reply: &Reply, rows: &[f32]) {
    let Ok(text) = serde_json::to_string(reply) else { return };
    let rows = Float32Array::from(rows);
    let message = Array::of2(&text.into(), &rows);
    // The array's memory is handed over, not copied. This fails only where the page is gone.
    let _ = scope.post_message_with_transfer(&message, &Array::of1(&rows.buffer()));
}

fn take(shared: &Shared, request: Request) {
    match request {
        Request::Adapter => {
            let scope = shared.borrow().scope.clone();
            spawn_local(async move { tell(&scope, &Reply::Adapter(adapter().await), &[]) });
        }
        Request::Start { job, share } => {
            let (commands, receiver) = mpsc::unbounded();
            shared.borrow_mut().jobs.insert(job, Job { commands, paused: false });
            let shared = shared.clone();
            spawn_local(async move { train(shared, job, *share, receiver).await });
        }
        Request::Command { job, command } => {
            let mut host = shared.borrow_mut();
            if let Some(job) = host.jobs.get_mut(&job) {
                match command {
                    Command::Pause | Command::Cancel => job.paused = true,
                    Command::Resume => job.paused = false,
                    Command::Step(_) | Command::StepTo(_) => {}
                }
                let _ended = job.commands.unbounded_send(command);
            }
            host.wake();
        }
    }
}

/// Trains one job to its end.
async fn train(shared: Shared, job: u64, share: Share, mut commands: mpsc::UnboundedReceiver<Command>) {
    let scope = shared.borrow().scope.clone();
    let place = Place { shared: shared.clone(), job, clock: performance(&scope) };
    // A newer job that was asked for at the same moment goes first.
    place.breathe().await;
    let emit = |event: Event| match event {
        Event::Metrics(chunks) => {
            let (heads, rows) = pack(chunks);
            tell(&scope, &Reply::Metrics { job, heads }, &rows);
        }
        event => tell(&scope, &Reply::Event { job, event }, &[]),
    };
    drive(share, &place, &mut commands, emit).await;
    let mut host = shared.borrow_mut();
    host.jobs.remove(&job);
    host.wake();
}

fn performance(scope: &DedicatedWorkerGlobalScope) -> Option<web_sys::Performance> {
    js_sys::Reflect::get(scope, &"performance".into()).ok()?.dyn_into().ok()
}

/// Where a job trains: this worker, shared with other jobs.
struct Place {
    shared: Shared,
    job: u64,
    clock: Option<web_sys::Performance>,
}

impl Platform for Place {
    fn seconds(&self) -> f64 {
        self.clock.as_ref().map_or_else(js_sys::Date::now, web_sys::Performance::now) / 1000.0
    }

    /// Lets messages in, and newer jobs go first.
    async fn breathe(&self) {
        next_message().await;
        while self.shared.borrow().is_outranked(self.job) {
            let (wake, turn) = oneshot::channel();
            self.shared.borrow_mut().waiting.push(wake);
            // The host drops a sender only after it has used it.
            let _ = turn.await;
        }
    }
}

/// Goes on after the messages that have arrived. By a message of its own: timers wait 4 ms once they are nested.
async fn next_message() {
    let promise = js_sys::Promise::new(&mut |resolve, _| {
        let Ok(channel) = MessageChannel::new() else {
            let _ = resolve.call0(&JsValue::NULL);
            return;
        };
        channel.port1().set_onmessage(Some(&resolve));
        let _ = channel.port2().post_message(&JsValue::NULL);
    });
    let _ = JsFuture::from(promise).await;
}

/// The GPU adapter that WebGPU offers to this worker.
async fn adapter() -> Option<Adapter> {
    // Without this question wgpu panics where WebGPU is missing.
    if !wgpu::util::is_browser_webgpu_supported().await {
        return None;
    }
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.ok()?;
    Some(Adapter { software: adapter.get_info().device_type == wgpu::DeviceType::Cpu })
}
