//! The engine host: runs in a dedicated worker and trains its jobs, the newest first.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use js_sys::{Array, Float32Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, MessageEvent};

use super::{Device, Pace, Reply, Request, pack};
use crate::experiment::Experiment;
use crate::record::RunChunk;
use crate::train::cpu::CpuFleet;
use crate::train::{Backend, Fleet, FleetError, Plan};

/// A fleet on either backend.
enum AnyFleet {
    Cpu(Box<CpuFleet<f32>>),
}

impl AnyFleet {
    async fn advance(&mut self, steps: u32) -> Result<Vec<RunChunk>, FleetError> {
        match self {
            Self::Cpu(fleet) => fleet.advance(steps).await,
        }
    }

    fn step(&self) -> u32 {
        match self {
            Self::Cpu(fleet) => fleet.step(),
        }
    }

    fn finished(&self) -> bool {
        match self {
            Self::Cpu(fleet) => fleet.finished(),
        }
    }

    fn dispatches(&self) -> u64 {
        match self {
            Self::Cpu(fleet) => fleet.dispatches(),
        }
    }
}

/// What a job is waiting to do.
enum Work {
    /// To be planned and built.
    Asked { experiment: Box<Experiment>, runs: Vec<usize>, backend: Backend },
    /// In training.
    Fleet(Box<AnyFleet>),
    /// Taken out by the loop, which puts it back after a chunk.
    Taken,
}

struct Job {
    id: u64,
    work: Work,
    paused: bool,
    /// Where paused: train up to this step all the same.
    until: u32,
    pace: Pace,
}

impl Job {
    /// Whether there is something to do now.
    fn is_due(&self) -> bool {
        match &self.work {
            // A paused job is begun all the same, so that the page knows what it is.
            Work::Asked { .. } => true,
            Work::Fleet(fleet) => !self.paused || fleet.step() < self.until,
            Work::Taken => false,
        }
    }
}

struct Host {
    scope: DedicatedWorkerGlobalScope,
    jobs: Vec<Job>,
    /// Whether the loop runs.
    awake: bool,
}

type Shared = Rc<RefCell<Host>>;

/// Starts the host in a worker's global scope.
pub fn start(scope: DedicatedWorkerGlobalScope) {
    let host = Rc::new(RefCell::new(Host { scope: scope.clone(), jobs: Vec::new(), awake: false }));
    let shared = host.clone();
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
    let mut host = shared.borrow_mut();
    let find = |jobs: &mut Vec<Job>, id: u64| jobs.iter().position(|job| job.id == id);
    match request {
        Request::Adapter => {
            let scope = host.scope.clone();
            spawn_local(async move {
                let device = adapter().await;
                tell(&scope, &Reply::Adapter { device }, &[]);
            });
        }
        Request::Start { job: id, experiment, runs, backend } => {
            let work = Work::Asked { experiment, runs, backend };
            host.jobs.push(Job { id, work, paused: false, until: 0, pace: Pace::default() });
        }
        Request::Pause { job, paused } => {
            if let Some(index) = find(&mut host.jobs, job) {
                host.jobs[index].paused = paused;
                host.jobs[index].until = 0;
            }
        }
        Request::StepTo { job, step } => {
            if let Some(index) = find(&mut host.jobs, job) {
                host.jobs[index].paused = true;
                host.jobs[index].until = step;
            }
        }
        Request::Cancel { job } => host.jobs.retain(|other| other.id != job),
    }
    if !host.awake {
        host.awake = true;
        let shared = shared.clone();
        spawn_local(async move { train(shared).await });
    }
}

/// The loop: a chunk of the newest job that is due, then a look at the messages, until nothing is due.
async fn train(shared: Shared) {
    loop {
        let Some((id, work, steps)) = next(&shared) else {
            shared.borrow_mut().awake = false;
            return;
        };
        let scope = shared.borrow().scope.clone();
        match work {
            Work::Asked { experiment, runs, backend } => match begin(id, &experiment, runs, backend).await {
                Ok((fleet, begun)) => {
                    tell(&scope, &begun, &[]);
                    put_back(&shared, id, Some(fleet), None);
                }
                Err(failed) => {
                    tell(&scope, &failed, &[]);
                    put_back(&shared, id, None, None);
                }
            },
            Work::Fleet(mut fleet) => {
                let start = js_sys::Date::now();
                match fleet.advance(steps).await {
                    Ok(chunks) => {
                        let (heads, rows) = pack(chunks);
                        let dispatches = fleet.dispatches();
                        tell(&scope, &Reply::Chunks { job: id, heads, dispatches }, &rows);
                        let took = (steps, js_sys::Date::now() - start);
                        if fleet.finished() {
                            tell(&scope, &Reply::Ended { job: id }, &[]);
                            put_back(&shared, id, None, None);
                        } else {
                            put_back(&shared, id, Some(*fleet), Some(took));
                        }
                    }
                    Err(error) => {
                        let gpu_missing = matches!(error, FleetError::DeviceLost(_) | FleetError::NoDevice(_));
                        let reason = error.to_string();
                        tell(&scope, &Reply::Failed { job: id, reason, gpu_missing }, &[]);
                        put_back(&shared, id, None, None);
                    }
                }
            }
            Work::Taken => {}
        }
        breathe().await;
    }
}

/// Takes out the newest job that is due, and says how many steps to train.
fn next(shared: &Shared) -> Option<(u64, Work, u32)> {
    let mut host = shared.borrow_mut();
    let job = host.jobs.iter_mut().rev().find(|job| job.is_due())?;
    let work = std::mem::replace(&mut job.work, Work::Taken);
    let mut steps = job.pace.steps();
    if let Work::Fleet(fleet) = &work
        && job.paused
    {
        steps = steps.min(job.until - fleet.step());
    }
    Some((job.id, work, steps))
}

/// Puts a fleet back, unless its job was cancelled meanwhile; without a fleet the job is over.
fn put_back(shared: &Shared, id: u64, fleet: Option<AnyFleet>, took: Option<(u32, f64)>) {
    let mut host = shared.borrow_mut();
    let Some(fleet) = fleet else {
        host.jobs.retain(|job| job.id != id);
        return;
    };
    if let Some(job) = host.jobs.iter_mut().find(|job| job.id == id) {
        job.work = Work::Fleet(Box::new(fleet));
        if let Some((steps, milliseconds)) = took {
            job.pace.took(steps, milliseconds);
        }
    }
}

/// Plans an experiment and builds its fleet.
async fn begin(
    job: u64,
    experiment: &Experiment,
    runs: Vec<usize>,
    backend: Backend,
) -> Result<(AnyFleet, Reply), Reply> {
    let failed = |reason: String, gpu_missing: bool| Reply::Failed { job, reason, gpu_missing };
    let resolved = experiment.resolve().map_err(|error| failed(error.to_string(), false))?;
    let settings: Vec<(f64, u32)> =
        resolved.runs.iter().enumerate().map(|(i, run)| (run.base_learning_rate, resolved.steps(i))).collect();
    let seed = resolved.runs.first().map_or(experiment.seed, |run| run.seed);
    let chance = (resolved.task.generate)(seed).validation().label_entropy(resolved.task.classes);
    let plan = Arc::new(Plan::new(resolved).map_err(|error| failed(error.to_string(), false))?);
    let fleet_failed = |error: FleetError| {
        let gpu_missing = matches!(error, FleetError::DeviceLost(_) | FleetError::NoDevice(_));
        failed(error.to_string(), gpu_missing)
    };
    let (fleet, device) = match backend {
        Backend::Cpu => {
            let fleet = CpuFleet::new(plan.clone(), runs, None, 1).map_err(fleet_failed)?;
            (AnyFleet::Cpu(Box::new(fleet)), Device::cpu())
        }
        Backend::Gpu => return Err(fleet_failed(FleetError::NoDevice("not built in".to_owned()))),
    };
    let begun = Reply::Begun {
        job,
        columns: plan.columns.clone(),
        stride: plan.resolved.stride(),
        runs: settings,
        probe: probe_place(&plan),
        chance,
        device,
    };
    Ok((fleet, begun))
}

/// The probe's layer and its place within it.
fn probe_place(plan: &Plan) -> (String, usize) {
    let network = &plan.resolved.network;
    let offsets = network.parameter_offsets();
    let layer = offsets.iter().rposition(|&offset| offset <= plan.probe).unwrap_or(0);
    network
        .parameters
        .get(layer)
        .map_or((String::new(), plan.probe), |parameter| (parameter.name.clone(), plan.probe - offsets[layer]))
}

/// The GPU adapter that WebGPU offers.
async fn adapter() -> Option<Device> {
    None
}

/// Lets the worker look at its messages. A message of its own: timers wait 4 ms once they are nested.
async fn breathe() {
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
