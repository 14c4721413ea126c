//! The interface to whatever trains an experiment: an experiment in, a stream of events out, with pause and
//! cancel.

use brink_engine::experiment::Experiment;
use brink_engine::record::RunChunk;
use brink_engine::train::Backend;
use futures_channel::mpsc::UnboundedReceiver;
use serde::{Deserialize, Serialize};

/// Trains experiments. The page's runner is a pool of workers, the command line's a thread of its own.
pub trait Runner {
    /// Starts training and returns at once.
    fn start(&self, experiment: &Experiment) -> Running;
}

/// An experiment in training.
pub struct Running {
    /// What happens, in order; ends after [`Event::Finished`], [`Event::Failed`] or a cancel.
    pub events: UnboundedReceiver<Event>,
    /// How to pause, step and cancel it.
    pub control: Control,
}

/// Sends commands to an experiment in training; a command to one that has ended has no effect.
pub struct Control(Box<dyn Fn(Command)>);

impl Control {
    /// A control that passes each command to `send`.
    pub fn new(send: impl Fn(Command) + 'static) -> Self {
        Self(Box::new(send))
    }

    /// Sends a command.
    pub fn send(&self, command: Command) {
        (self.0)(command);
    }
}

/// What can be asked of an experiment in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Stop every run at one and the same step.
    Pause,
    /// Continue after a pause.
    Resume,
    /// Do exactly one step of every run, and pause there.
    Step,
    /// Stop for good.
    Cancel,
}

/// What an experiment trains on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Device {
    /// The CPU.
    Cpu {
        /// The threads, or workers of a page, that share the runs.
        threads: usize,
    },
    /// The CPU, in short slices of a page's own thread.
    CpuOnPage,
    /// A GPU.
    Gpu {
        /// The adapter's name; empty where a browser withholds it.
        adapter: String,
        /// Whether the adapter is a program on the CPU.
        software: bool,
    },
}

impl Device {
    /// The backend that runs on the device.
    pub fn backend(&self) -> Backend {
        match self {
            Self::Cpu { .. } | Self::CpuOnPage => Backend::Cpu,
            Self::Gpu { .. } => Backend::Gpu,
        }
    }
}

/// What happens to an experiment in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Training begins, or continues after a lost device.
    Started {
        /// What it really trains on.
        device: Device,
        /// Why it trains there and not where it was asked to, if so.
        reason: Option<String>,
        /// The parameter whose values are recorded: its name and the index within it.
        probe: (String, usize),
        /// The names of the rule's states, in the order of a row's last values.
        states: Vec<String>,
    },
    /// Runs have recorded further steps.
    Metrics(Vec<RunChunk>),
    /// How far training has come.
    Progress {
        /// The number of steps done.
        step: u32,
        /// GPU dispatches so far.
        dispatches: u64,
        /// Seconds spent training so far, waiting left out.
        seconds: f64,
    },
    /// Every run has done its last step.
    Finished,
    /// Training cannot continue; the message names the field where the experiment is at fault.
    Failed(String),
}
