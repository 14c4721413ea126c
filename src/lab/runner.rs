//! What a learner does: procedures over one trait, [`Runner`]: an experiment in, a stream of events out, with pause and
//! cancel.

use brink_engine::experiment::Experiment;
use brink_engine::record::RunChunk;
use brink_engine::train::Backend;
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use serde::{Deserialize, Serialize};

/// Trains experiments. The page's is a pool of workers, the command line's a thread of its own.
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

/// Sends commands to a fleet in training; a command to one that has ended is lost without harm.
#[derive(Clone, Debug)]
pub struct Control {
    commands: Vec<UnboundedSender<Command>>,
}

impl Control {
    /// A control over the receivers of all these channels (one a worker).
    pub fn new(commands: Vec<UnboundedSender<Command>>) -> Self {
        Self { commands }
    }

    /// Sends a command to every worker.
    pub fn send(&self, command: Command) {
        for channel in &self.commands {
            let _ended = channel.unbounded_send(command);
        }
    }
}

/// What can be asked of a fleet in training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Command {
    /// Stand still after the steps in hand.
    Pause,
    /// Go on.
    Resume,
    /// While paused: do this many steps.
    Step(u32),
    /// While paused: do the steps up to this one, so that all workers of a fleet stand at the same step.
    StepTo(u32),
    /// Stop for good.
    Cancel,
}

/// What happens to a fleet in training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Training begins, or goes on after a lost device.
    Started {
        /// Where it really trains.
        backend: Backend,
        /// The device in words: an adapter's name, or the number of threads or workers.
        device: String,
        /// Why it trains there and not where it was asked to, if so.
        reason: Option<String>,
        /// The parameter whose values are recorded: its name and the place within it.
        probe: (String, usize),
        /// The names of the rule's states, in the order of a row's last values.
        states: Vec<String>,
        /// The loss of the best constant prediction: the label entropy of the first run's data, in nats.
        chance: f64,
    },
    /// Runs have recorded further steps.
    Metrics(Vec<RunChunk>),
    /// How far it is.
    Progress {
        /// The number of steps done.
        step: u32,
        /// GPU dispatches so far.
        dispatches: u64,
        /// Seconds spent training so far.
        seconds: f64,
    },
    /// Every run has done its last step.
    Finished,
    /// Training cannot go on; the message names the field where the experiment is at fault.
    Failed(String),
}
