//! The engine host: trains its jobs, the newest first. It runs in a dedicated worker, or on the page itself where no worker
//! can be started.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::{mpsc, oneshot};
use js_sys::{Array, Function, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

use brink_lab::protocol::{Adapter, Reply, Request, decode, encode};
use brink_lab::{CHUNK_SECONDS, Command, Event, Platform, Share, drive};

/// On the page itself a chunk takes about this long: a frame of 60 a second has time for some, and for drawing.
const PAGE_CHUNK_SECONDS: f64 = 0.004;

#[wasm_bindgen]
extern "C" {
    /// The timer of whichever global scope this is.
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(then: &Function, milliseconds: i32);
}

/// The thread that a host shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thread {
    /// A worker's: nobody else wants it.
    Own,
    /// The page's: it draws and listens to the learner, too.
    Page,
}

/// A job as the host sees it. Newer jobs have higher numbers.
struct Job {
    number: u64,
    commands: mpsc::UnboundedSender<Command>,
    paused: bool,
}

struct Inner {
    jobs: Vec<Job>,
    /// Older jobs that wait for newer ones.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Inner {
    /// Whether a newer job wants the host.
    fn is_outranked(&self, job: u64) -> bool {
        self.jobs.iter().any(|other| other.number > job && !other.paused)
    }

    /// Lets the older jobs see whether it is their turn.
    fn wake(&mut self) {
        for waiting in self.waiting.drain(..) {
            // A job that ended meanwhile does not listen any more.
            let _ = waiting.send(());
        }
    }
}

/// Sends a reply to the page.
type Tell = Rc<dyn Fn(Reply)>;

/// Trains jobs, the newest first.
#[derive(Clone)]
pub struct Host {
    inner: Rc<RefCell<Inner>>,
    thread: Thread,
    tell: Tell,
}

/// Starts a host in a worker's global scope.
pub fn start(scope: DedicatedWorkerGlobalScope) {
    let voice = scope.clone();
    let host = Host::new(Thread::Own, move |reply| post(&voice, &reply));
    let listen = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        match decode::<Request>(&Uint8Array::new(&event.data()).to_vec()) {
            Ok(request) => host.take(request),
            Err(error) => web_sys::console::error_1(&format!("host: {error}").into()),
        }
    });
    scope.set_onmessage(Some(listen.as_ref().unchecked_ref()));
    // The host lives as long as its worker.
    listen.forget();
    post(&scope, &Reply::Ready);
}

/// Sends a reply.
fn post(scope: &DedicatedWorkerGlobalScope, reply: &Reply) {
    let message = Uint8Array::from(encode(reply).as_slice());
    // The buffer is handed over, not copied. This fails only where the page is gone.
    let _ = scope.post_message_with_transfer(&message, &Array::of1(&message.buffer()));
}

impl Host {
    /// A host on a thread; it calls `tell` with each reply.
    pub fn new(thread: Thread, tell: impl Fn(Reply) + 'static) -> Self {
        let inner = Rc::new(RefCell::new(Inner { jobs: Vec::new(), waiting: Vec::new() }));
        Self { inner, thread, tell: Rc::new(tell) }
    }

    /// Does what the page asks; what takes time is done later, and told.
    pub fn take(&self, request: Request) {
        match request {
            Request::Ping => (self.tell)(Reply::Pong),
            Request::Adapter => {
                let tell = self.tell.clone();
                spawn_local(async move { tell(Reply::Adapter(adapter().await)) });
            }
            Request::Start { job, share } => {
                let (commands, receiver) = mpsc::unbounded();
                self.inner.borrow_mut().jobs.push(Job { number: job, commands, paused: false });
                let host = self.clone();
                spawn_local(async move { host.train(job, *share, receiver).await });
            }
            Request::Command { job, command } => {
                let mut inner = self.inner.borrow_mut();
                if let Some(job) = inner.jobs.iter_mut().find(|one| one.number == job) {
                    match command {
                        Command::Pause | Command::Cancel => job.paused = true,
                        Command::Resume => job.paused = false,
                        Command::Step(_) | Command::StepTo(_) => {}
                    }
                    let _ended = job.commands.unbounded_send(command);
                }
                inner.wake();
            }
        }
    }

    /// Trains one job to its end.
    async fn train(&self, job: u64, share: Share, mut commands: mpsc::UnboundedReceiver<Command>) {
        let place = Place { host: self.clone(), job, clock: performance() };
        // A newer job that was asked for at the same moment goes first.
        place.breathe().await;
        let emit = |event: Event| (self.tell)(Reply::Event { job, event });
        drive(share, &place, &mut commands, emit).await;
        let mut inner = self.inner.borrow_mut();
        inner.jobs.retain(|one| one.number != job);
        inner.wake();
    }
}

fn performance() -> Option<web_sys::Performance> {
    js_sys::Reflect::get(&js_sys::global(), &"performance".into()).ok()?.dyn_into().ok()
}

/// Where a job trains: this host, shared with other jobs.
struct Place {
    host: Host,
    job: u64,
    clock: Option<web_sys::Performance>,
}

impl Platform for Place {
    fn seconds(&self) -> f64 {
        self.clock.as_ref().map_or_else(js_sys::Date::now, web_sys::Performance::now) / 1000.0
    }

    fn chunk_seconds(&self) -> f64 {
        match self.host.thread {
            Thread::Own => CHUNK_SECONDS,
            Thread::Page => PAGE_CHUNK_SECONDS,
        }
    }

    /// Lets messages in, and newer jobs go first.
    async fn breathe(&self) {
        match self.host.thread {
            Thread::Own => next_message().await,
            Thread::Page => next_timer().await,
        }
        while self.host.inner.borrow().is_outranked(self.job) {
            let (wake, turn) = oneshot::channel();
            self.host.inner.borrow_mut().waiting.push(wake);
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

/// Goes on after the page has had its turn: those 4 ms are the page's.
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
