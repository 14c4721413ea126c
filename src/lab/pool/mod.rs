//! The decisions of a worker pool: which worker trains which shard of a job, how far it may advance, what happens when a
//! worker is lost, and how workers are started where one method fails.
//!
//! [`Scheduler`] is a pure state machine: [`Scheduler::on`] takes one [`PoolEvent`] and returns the [`Effect`]s that it asks
//! for. Whoever owns the workers (a page) carries the effects out and reports events; timers, messages and threads are
//! no part of this module, so that its tests run it over any sequence of events.

mod lockstep;
mod scheduler;

#[cfg(test)]
mod tests;

pub use lockstep::{PAGE_REPORT_SECONDS, WORKER_REPORT_SECONDS};
pub use scheduler::Scheduler;

use crate::protocol::{Adapter, Reply, Request};
use crate::{Command, Event};
use brink_engine::experiment::Experiment;
use brink_engine::train::Backend;
use serde::{Deserialize, Serialize};

/// How many hosts train on the page itself where there are no workers: each trains few runs, so that one step of it is
/// short.
pub const PAGE_HOSTS: usize = 16;
/// The time between two [`PoolEvent::Tick`]s, in seconds.
pub const TICK_SECONDS: u64 = 1;
/// A worker that has sent nothing for this many ticks, although it was asked, is lost. One step of the largest fleet takes
/// some seconds on a slow machine; after a loss the patience doubles.
pub const SILENT_TICKS: u32 = 10;
/// The same for a worker that has not started yet: it may have to fetch the program again.
pub const STARTING_TICKS: u32 = 30;
/// A shard that stood still for this long, in seconds, because its limit was reached, has waited.
pub const WAIT_SECONDS: f64 = 0.002;
/// A worker that has been silent for this many ticks is asked whether it is there.
const PING_TICKS: u32 = 2;
/// A shard whose worker is lost more often than this fails with its job: it may be what its workers crash on.
pub const MOST_LOSSES: u32 = 3;
/// When more workers than this are lost in a row before any of them has trained, the next method to start them is used.
pub const MOST_FAILURES: u32 = 3;

/// A worker, or a host on the page. Ids are never reused, so late messages of a lost worker find nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerId(pub u64);

/// An experiment that the pool trains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub u64);

/// The part of a job that one worker trains. A shard of a newer job has a higher id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ShardId(pub u64);

/// How a worker is started, in the order in which the methods are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpawnMethod {
    /// A worker of a script that the page makes itself: nothing is requested for it, and it works in a frame of an opaque
    /// origin, too.
    Blob,
    /// A worker of the script beside the page, for servers whose policy forbids the other.
    Script,
    /// No worker: a host that takes short slices of the page's own thread. It is always to be had.
    Page,
}

impl SpawnMethod {
    /// The method to try when this one fails.
    fn next(self) -> Self {
        match self {
            Self::Blob => Self::Script,
            Self::Script | Self::Page => Self::Page,
        }
    }
}

/// What became of the workers that the learner should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No worker can be started, and why: training runs on the page itself.
    OnPage(String),
    /// Workers ended again and again before they trained anything, and why; new ones are started by another method.
    Respawned(String),
    /// A worker was lost, and why; another one trains its shards again.
    Replaced(String),
}

/// What happens to the pool.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolEvent {
    /// The pool opens: workers are to be started.
    Open,
    /// A worker could not be created.
    SpawnFailed {
        /// Which one.
        worker: WorkerId,
        /// Why, in the browser's words.
        reason: String,
    },
    /// A worker's program failed.
    Lost {
        /// Which one.
        worker: WorkerId,
        /// Why, in the browser's words.
        reason: String,
    },
    /// A worker sent a reply.
    Reply {
        /// Which one.
        worker: WorkerId,
        /// Its reply.
        reply: Reply,
    },
    /// [`TICK_SECONDS`] have passed.
    Tick,
    /// An experiment is to be trained.
    Start {
        /// Its id: higher than every one before.
        job: JobId,
        /// What to train.
        experiment: Box<Experiment>,
        /// Where to train.
        backend: Backend,
        /// Whether it waits before its first step.
        paused: bool,
    },
    /// A command for a job.
    Command {
        /// Which job.
        job: JobId,
        /// What it is to do.
        command: Command,
    },
    /// Somebody asks which GPU adapter there is.
    AskAdapter,
}

/// What is to be done for the pool.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Create a worker or, on the page, a host. A worker reports [`Reply::Ready`] once it listens; a host on the page
    /// listens at once.
    Spawn {
        /// Its id.
        worker: WorkerId,
        /// How.
        method: SpawnMethod,
    },
    /// Stop a worker, whatever it does.
    Terminate(WorkerId),
    /// Send a worker a request.
    Send {
        /// To whom.
        worker: WorkerId,
        /// What.
        request: Request,
    },
    /// Pass an event on to whoever started the job. After [`Event::Finished`] and [`Event::Failed`] nothing follows.
    Deliver {
        /// Which job.
        job: JobId,
        /// What happened to it.
        event: Event,
    },
    /// Answer everybody who asked for the GPU adapter.
    Adapter(Option<Adapter>),
    /// Tell the learner.
    Report(Fault),
}
