//! How far the shards of a job may be apart: none gets more than one chunk ahead of the slowest living one.
//!
//! A chunk is granted in steps and measured in time: the steps that the slowest shard trains in [`CHUNK_SECONDS`]. A shard
//! reports several times a chunk, and each report of the slowest one raises the limit of all: while a report and its answer
//! are under way every shard has work left, so that staying together costs no throughput. Where the page is so busy that
//! answers take longer than that, the chunk becomes longer ([`LatencyFactor`]).

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
const MOST_GROWTH: u32 = 16;
/// With each report this share of the older measurements remains.
const MEMORY: f64 = 0.7;

/// A chunk becomes this many times as long when the slowest shard has waited for an answer.
const STRETCH_WHEN_LATE: f64 = 2.0;
/// With each report of a shard that had steps left all the time it becomes shorter again by this factor.
const RELAX: f64 = 0.995;
/// It is never longer than this many times [`CHUNK_SECONDS`]: 0.15 seconds.
const MOST_STRETCH: f64 = 5.0;

/// How many times as long as [`CHUNK_SECONDS`] a chunk is, because answers take long.
#[derive(Clone, Copy, Debug)]
pub(super) struct LatencyFactor(f64);

impl LatencyFactor {
    /// None: answers come in time.
    pub const NONE: Self = Self(1.0);

    /// Takes in a report of the slowest shard: whether it had to wait for more steps before it.
    pub fn record(&mut self, has_waited: bool) {
        let factor = if has_waited { STRETCH_WHEN_LATE } else { RELAX };
        self.0 = (self.0 * factor).clamp(1.0, MOST_STRETCH);
    }
}

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

/// How far the shards of a job may be apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    /// In steps.
    pub steps: u32,
    /// Whether it is still smaller than the time allows.
    pub is_growing: bool,
}

/// The steps of a chunk, given the speeds of the living shards, where they train, and the chunk before. The chunk still
/// grows where it is smaller than the time allows.
pub(super) fn chunk<'a>(
    speeds: impl Iterator<Item = &'a Speed>,
    backend: Backend,
    method: SpawnMethod,
    stretch: LatencyFactor,
    before: u32,
) -> Chunk {
    let mut slowest: Option<(f64, &Speed)> = None;
    for speed in speeds {
        // Until each has reported, nothing is known of the slowest.
        let Some(rate) = speed.steps_per_second() else { return Chunk { steps: before, is_growing: true } };
        if slowest.is_none_or(|(least, _)| rate < least) {
            slowest = Some((rate, speed));
        }
    }
    let Some((rate, speed)) = slowest else { return Chunk { steps: before, is_growing: true } };
    let mut seconds = match method {
        SpawnMethod::Page => REPORTS_PER_CHUNK * PAGE_REPORT_SECONDS,
        SpawnMethod::Blob | SpawnMethod::Script => CHUNK_SECONDS,
    };
    if backend == Backend::Gpu {
        seconds = seconds.max(GPU_REPORTS_PER_CHUNK * speed.report_seconds);
    }
    let most = before.saturating_mul(MOST_GROWTH);
    let steps = (rate * seconds * stretch.0).ceil() as u32;
    Chunk { steps: steps.min(most).max(LEAST_CHUNK), is_growing: steps > most }
}
