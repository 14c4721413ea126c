//! The thread that a command trains on.

use std::time::Instant;

use brink_lab::Platform;
use futures_util::future::LocalBoxFuture;

/// A thread of the program's own: commands reach it without its yielding.
pub(super) struct Thread {
    clock: Instant,
    report_seconds: f64,
}

impl Thread {
    /// A thread on which training reports about so often, in seconds.
    pub(super) fn new(report_seconds: f64) -> Self {
        Self { clock: Instant::now(), report_seconds }
    }
}

impl Platform for Thread {
    fn seconds(&self) -> f64 {
        self.clock.elapsed().as_secs_f64()
    }

    fn report_seconds(&self) -> f64 {
        self.report_seconds
    }

    fn yield_now(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
