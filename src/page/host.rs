//! The engine host: trains its shards, the newest first. It runs in a dedicated worker, or on the page itself where no
//! worker can be started.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::{mpsc, oneshot};
use futures_util::future::LocalBoxFuture;
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

use super::files;
use super::panic::{self, log_error};
use brink_engine::task;
use brink_lab::pool::{PAGE_REPORT_SECONDS, ShardId, WAIT_SECONDS, WORKER_REPORT_SECONDS};
use brink_lab::protocol::{Adapter, Reply, Request, decode, encode};
use brink_lab::{Event, Platform, Shard, ShardCommand, drive};

#[wasm_bindgen]
extern "C" {
    /// The timer of whichever global scope this is.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(then: &Function, milliseconds: i32);
}

/// The thread that a host runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostThread {
    /// A worker's: nothing else runs there.
    Worker,
    /// The page's, which also draws and answers the learner.
    Page,
}

/// A shard that the host trains. Newer ones have higher ids.
struct Hosted {
    id: ShardId,
    commands: mpsc::UnboundedSender<ShardCommand>,
    step: u32,
    limit: u32,
    /// Since when it has had no step to do, in seconds of the clock.
    idle_since: f64,
    /// Whether it has waited for a higher limit since its last report.
    has_waited: bool,
}

struct Inner {
    shards: Vec<Hosted>,
    /// Older shards that wait for newer ones.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Inner {
    /// Whether a newer shard has steps to do.
    fn is_outranked(&self, id: ShardId) -> bool {
        self.shards.iter().any(|other| other.id > id && other.step < other.limit)
    }

    /// Wakes the older shards, which go on where no newer one has work.
    fn wake(&mut self) {
        for waiting in self.waiting.drain(..) {
            // A shard that ended meanwhile does not listen any more.
            let _gone = waiting.send(());
        }
    }
}

/// Trains shards, the newest first.
#[derive(Clone)]
pub struct Host {
    inner: Rc<RefCell<Inner>>,
    thread: HostThread,
    clock: Option<web_sys::Performance>,
    reply: Rc<dyn Fn(Reply)>,
}

/// Starts a host in a worker's global scope.
pub fn start(scope: DedicatedWorkerGlobalScope) {
    let panicked = scope.clone();
    panic::set_hook(move |message| post(&panicked, &Reply::Panicked(message.to_owned())));
    let replies = scope.clone();
    let host = Host::new(HostThread::Worker, move |reply| post(&replies, &reply));
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        match decode(&Uint8Array::new(&event.data()).to_vec()) {
            Ok(request) => host.take(request),
            Err(error) => log_error(&error.to_string()),
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The host lives as long as its worker.
    on_message.forget();
    post(&scope, &Reply::Ready);
}

/// Sends a reply to the page.
fn post(scope: &DedicatedWorkerGlobalScope, reply: &Reply) {
    match encode(reply) {
        Ok(bytes) => {
            let buffer = Uint8Array::from(&bytes[..]).buffer();
            // The memory is handed over, not copied. This fails only where the page is gone.
            let _gone = scope.post_message_with_transfer(&buffer, &Array::of1(&buffer));
        }
        Err(error) => log_error(&error.to_string()),
    }
}

impl Host {
    /// A host on a thread; it calls `reply` with each reply.
    pub fn new(thread: HostThread, reply: impl Fn(Reply) + 'static) -> Self {
        let inner = Rc::new(RefCell::new(Inner { shards: Vec::new(), waiting: Vec::new() }));
        Self { inner, thread, clock: performance(), reply: Rc::new(reply) }
    }

    /// Does what the page asks; what takes time is done later.
    pub fn take(&self, request: Request) {
        match request {
            Request::Ping => (self.reply)(Reply::Pong),
            Request::Adapter => {
                let reply = self.reply.clone();
                spawn_local(async move { reply(Reply::Adapter(adapter().await)) });
            }
            Request::Start { id, shard, limit } => {
                let (commands, receiver) = mpsc::unbounded();
                // It is read before the first step.
                let _open = commands.unbounded_send(ShardCommand::AdvanceTo(limit));
                let hosted = Hosted { id, commands, step: 0, limit, idle_since: self.seconds(), has_waited: false };
                self.inner.borrow_mut().shards.push(hosted);
                let host = self.clone();
                spawn_local(async move { host.train(id, *shard, receiver).await });
            }
            Request::Command { id, command } => {
                let now = self.seconds();
                let mut inner = self.inner.borrow_mut();
                if let Some(hosted) = inner.shards.iter_mut().find(|hosted| hosted.id == id) {
                    hosted.has_waited |= hosted.step >= hosted.limit && now - hosted.idle_since > WAIT_SECONDS;
                    hosted.limit = match command {
                        ShardCommand::AdvanceTo(limit) => limit,
                        // It asks for nothing more.
                        ShardCommand::Cancel => 0,
                    };
                    let _ended = hosted.commands.unbounded_send(command);
                }
                inner.wake();
            }
        }
    }

    /// Trains one shard to its end.
    async fn train(&self, id: ShardId, shard: Shard, mut commands: mpsc::UnboundedReceiver<ShardCommand>) {
        let turn = Turn { host: self.clone(), id };
        // A newer shard that was asked for at the same moment goes first.
        turn.yield_now().await;
        let mut unsent = Vec::new();
        let mut emit = |event: Event| {
            let step = if let Event::Progress { step, .. } = event { Some(step) } else { None };
            // Metrics go with the progress that follows them, in one message.
            let is_held = matches!(event, Event::Metrics(_));
            unsent.push(event);
            if !is_held {
                let has_waited = self.note_report(id, step);
                (self.reply)(Reply::Events { shard: id, has_waited, events: std::mem::take(&mut unsent) });
            }
        };
        let file = task::find(&shard.experiment.task).and_then(|kind| kind.file);
        let loaded = match file {
            Some(file) => files::provide(file).await,
            None => Ok(()),
        };
        match loaded {
            Ok(()) => drive(shard, &turn, &mut commands, &mut emit).await,
            Err(error) => emit(Event::Failed(error.to_string())),
        }
        let mut inner = self.inner.borrow_mut();
        inner.shards.retain(|hosted| hosted.id != id);
        inner.wake();
    }

    /// A shard reports, a step perhaps: where that is its limit, older ones have their turn. Returns whether it has waited
    /// since its last report.
    fn note_report(&self, id: ShardId, step: Option<u32>) -> bool {
        let now = self.seconds();
        let mut inner = self.inner.borrow_mut();
        let Some(hosted) = inner.shards.iter_mut().find(|hosted| hosted.id == id) else { return false };
        let has_waited = std::mem::take(&mut hosted.has_waited);
        if let Some(step) = step {
            (hosted.step, hosted.idle_since) = (step, now);
            if step >= hosted.limit {
                inner.wake();
            }
        }
        has_waited
    }

    /// A clock that never runs backwards, in seconds.
    fn seconds(&self) -> f64 {
        self.clock.as_ref().map_or_else(js_sys::Date::now, web_sys::Performance::now) / 1000.0
    }
}

fn performance() -> Option<web_sys::Performance> {
    js_sys::Reflect::get(&js_sys::global(), &"performance".into()).ok()?.dyn_into().ok()
}

/// A shard's part of its host's time.
struct Turn {
    host: Host,
    id: ShardId,
}

impl Platform for Turn {
    fn seconds(&self) -> f64 {
        self.host.seconds()
    }

    fn report_seconds(&self) -> f64 {
        match self.host.thread {
            HostThread::Worker => WORKER_REPORT_SECONDS,
            HostThread::Page => PAGE_REPORT_SECONDS,
        }
    }

    /// Lets messages in, and newer shards go first.
    fn yield_now(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async {
            match self.host.thread {
                HostThread::Worker => next_message().await,
                HostThread::Page => next_timer().await,
            }
            while self.host.inner.borrow().is_outranked(self.id) {
                let (wake, turn) = oneshot::channel();
                self.host.inner.borrow_mut().waiting.push(wake);
                // The host drops a sender only after it has used it.
                let _ = turn.await;
            }
        })
    }
}

/// Continues after the messages that have arrived. By a message of its own: timers wait 4 ms once they are nested.
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

/// Continues after the page has had its turn: those 4 ms are the page's.
async fn next_timer() {
    let promise = js_sys::Promise::new(&mut |resolve, _| set_timeout(&resolve, 0));
    let _ = JsFuture::from(promise).await;
}

/// The GPU adapter that WebGPU offers to this host.
async fn adapter() -> Option<Adapter> {
    // Without this question wgpu panics where WebGPU is missing.
    if !wgpu::util::is_browser_webgpu_supported().await {
        return None;
    }
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance.request_adapter(&wgpu::RequestAdapterOptions::default()).await.ok()?;
    Some(Adapter { software: adapter.get_info().device_type == wgpu::DeviceType::Cpu })
}
