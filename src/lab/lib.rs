//! What is done with the engine, without a page: the loop that trains a fleet, verdicts on what it recorded, benchmarks, the
//! decisions of a worker pool, and the protocol between a page and its workers.

pub mod bench;
pub mod diagnose;
mod drive;
mod fleet_record;
pub mod pool;
pub mod protocol;
mod runner;

pub use drive::{CHUNK_SECONDS, Ends, Platform, Shard, ShardCommand, Training, TrainingEnd, drive};
pub use fleet_record::{FleetRecord, FleetRun, Status};
pub use runner::{Command, Control, Device, Event, Runner, Running};
