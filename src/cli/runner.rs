//! Trains a procedure's experiments, each on a thread of its own.

use brink_engine::experiment::Experiment;
use brink_engine::train::Backend;
use brink_lab::{CHUNK_SECONDS, Command, Control, Event, Runner, Running, Shard, ShardCommand, drive};
use futures_channel::mpsc::unbounded;

use super::thread::Thread;
use super::threads;

/// Trains on a thread of its own.
pub(super) struct ThreadRunner {
    /// Where to train.
    pub(super) backend: Backend,
}

impl Runner for ThreadRunner {
    fn start(&self, experiment: &Experiment) -> Running {
        let (events, received) = unbounded();
        let (commands, mut obeyed) = unbounded();
        let runs = (0..experiment.run_count()).collect();
        let shard = Shard { experiment: experiment.clone(), runs, backend: self.backend, threads: threads() };
        let end = commands.clone();
        std::thread::spawn(move || {
            let mut emit = |event| {
                // The GPU was asked for by name: no fallback, as in `brink run`.
                let event = match event {
                    Event::Started { reason: Some(reason), .. } => {
                        let _ended = end.unbounded_send(ShardCommand::Cancel);
                        Event::Failed(reason)
                    }
                    event => event,
                };
                // Nobody listens any more once a work is timed.
                let _gone = events.unbounded_send(event);
            };
            pollster::block_on(drive(shard, &Thread::new(CHUNK_SECONDS), &mut obeyed, &mut emit));
        });
        let control = Control::new(move |command| {
            // Nothing on the command line pauses.
            if command == Command::Cancel {
                let _ended = commands.unbounded_send(ShardCommand::Cancel);
            }
        });
        Running { events: received, control }
    }
}
