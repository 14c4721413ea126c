//! How far the shards of a job may be apart: none gets more than one chunk ahead of the slowest living one.
//!
//! A chunk is granted in steps and measured in time: the steps that the slowest shard trains in [`CHUNK_SECONDS`]. A shard
//! reports several times a chunk, and each report of the slowest one raises the limit of all: while a report and its answer
//! are under way every shard has work left, so that staying together costs no throughput.

use super::SpawnMethod;
use crate::drive::CHUNK_SECONDS;
use brink_engine::train::Backend;

/// A chunk lasts as long as this many reports of the slowest shard.
const REPORTS_PER_CHUNK: f64 = 3.0;
/// The time between two reports of a page's worker, in seconds.
pub const WORKER_REPORT_SECONDS: f64 = CHUNK_SECONDS / REPORTS_PER_CHUNK;
/// The same for a host on the page's own thread: a frame of 60 a second has time for some, and for drawing.
pub const PAGE_REPORT_SECONDS: f64 = 0.004;
/// On a GPU one shard is the whole job and reports every tenth of a second or less often. Its chunk is one report in
/// training and one that follows it.
const GPU_REPORTS_PER_CHUNK: f64 = 2.0;
/// The steps of a chunk before anything is measured.
pub(super) const FIRST_CHUNK: u32 = 2;
/// A chunk has at least this many steps: with one alone a shard would wait for every answer.
const LEAST_CHUNK: u32 = 2;
/// A chunk has at most this many times the steps of the one before.
const MOST_GROWTH: u32 = 4;
/// With each report this share of the older measurements remains.
const MEMORY: f64 = 0.7;

/// The speed of a shard, from its reports; recent ones count most.
#[derive(Clone, Debug, Default)]
pub(super) struct Speed {
    steps: f64,
    seconds: f64,
    /// The duration of a report, in seconds: of the latest, or of longer ones before it.
    report_seconds: f64,
}

impl Speed {
    /// Takes in a report of this many steps, trained in so many seconds.
    pub fn record(&mut self, steps: u32, seconds: f64) {
        self.steps = MEMORY * self.steps + f64::from(steps);
        self.seconds = MEMORY * self.seconds + seconds;
        self.report_seconds = seconds.max(MEMORY * self.report_seconds);
    }

    fn steps_per_second(&self) -> Option<f64> {
        (self.steps > 0.0 && self.seconds > 0.0).then(|| self.steps / self.seconds)
    }
}

/// The steps of a chunk, given the speeds of the living shards, where they train, and the chunk before.
pub(super) fn chunk<'a>(
    speeds: impl Iterator<Item = &'a Speed>,
    backend: Backend,
    method: SpawnMethod,
    before: u32,
) -> u32 {
    let mut slowest: Option<(f64, &Speed)> = None;
    for speed in speeds {
        // Until each has reported, nothing is known of the slowest.
        let Some(rate) = speed.steps_per_second() else { return before };
        if slowest.is_none_or(|(least, _)| rate < least) {
            slowest = Some((rate, speed));
        }
    }
    let Some((rate, speed)) = slowest else { return before };
    let mut seconds = match method {
        SpawnMethod::Page => REPORTS_PER_CHUNK * PAGE_REPORT_SECONDS,
        SpawnMethod::Script | SpawnMethod::Blob => CHUNK_SECONDS,
    };
    if backend == Backend::Gpu {
        seconds = seconds.max(GPU_REPORTS_PER_CHUNK * speed.report_seconds);
    }
    ((rate * seconds).ceil() as u32).min(before.saturating_mul(MOST_GROWTH)).max(LEAST_CHUNK)
}
