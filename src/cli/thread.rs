//! The thread that a command trains on.

use std::time::Instant;

use brink_lab::Platform;

/// A thread of the program's own: it hears commands without being given time for it.
pub(super) struct Thread {
    clock: Instant,
    chunk_seconds: f64,
}

impl Thread {
    /// A thread on which chunks take about so long.
    pub(super) fn new(chunk_seconds: f64) -> Self {
        Self { clock: Instant::now(), chunk_seconds }
    }
}

impl Platform for Thread {
    fn seconds(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }

    fn chunk_seconds(&self) -> f64 {
        self.chunk_seconds
    }

    async fn breathe(&self) {}
}
