//! What page and host say to each other.

use crate::{Command, Event, Share};
use brink_engine::json::{self, Fields, Json, Mismatch, Value, json_fields};
use brink_engine::record::{RunChunk, ValidationPoint};

/// A message as text.
pub fn encode(message: &impl Json) -> String {
    json::write(&message.to_tree())
}

/// The message of a text.
pub fn decode<T: Json>(text: &str) -> Result<T, ProtocolError> {
    Ok(T::from_tree(&json::read(text).map_err(ProtocolError::Json)?)?)
}

/// What the page asks of a host.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Is anybody there? A worker that was stopped from outside says nothing, and no browser tells.
    Ping,
    /// Which GPU adapter is there?
    Adapter,
    /// Train a share of an experiment. The newest job of a host goes first.
    Start {
        /// The page's number for it, higher than any before.
        job: u64,
        /// What to train.
        share: Box<Share>,
    },
    /// A command for a job.
    Command {
        /// Which job.
        job: u64,
        /// What it shall do.
        command: Command,
    },
}

impl Json for Request {
    fn to_tree(&self) -> Value {
        match self {
            Self::Ping => Value::from("ping"),
            Self::Adapter => Value::from("adapter"),
            Self::Start { job, share } => {
                json::object([("start", json::object([("job", job.to_tree()), ("share", share.to_tree())]))])
            }
            Self::Command { job, command } => {
                json::object([("command", json::object([("job", job.to_tree()), ("command", command.to_tree())]))])
            }
        }
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        Ok(match json::case(tree)? {
            ("ping", _) => Self::Ping,
            ("adapter", _) => Self::Adapter,
            ("start", tree) => {
                let fields = Fields::of(tree, &["job", "share"])?;
                Self::Start { job: fields.required("job")?, share: Box::new(fields.required("share")?) }
            }
            ("command", tree) => {
                let fields = Fields::of(tree, &["job", "command"])?;
                Self::Command { job: fields.required("job")?, command: fields.required("command")? }
            }
            (other, _) => return Err(Mismatch::unknown(other, &["ping", "adapter", "start", "command"])),
        })
    }
}

/// A GPU adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// Whether it is software: slower than the CPU backend, and used only where asked for.
    pub software: bool,
}

json_fields!(Adapter { software: required });

/// What a host tells the page.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// The host listens; what was sent before is lost.
    Ready,
    /// Somebody is there.
    Pong,
    /// The GPU adapter, if there is one.
    Adapter(Option<Adapter>),
    /// Metrics of a job; their rows follow in one array.
    Metrics {
        /// Which job.
        job: u64,
        /// The chunks without their rows.
        heads: Vec<ChunkHead>,
    },
    /// Whatever else happens to a job.
    Event {
        /// Which job.
        job: u64,
        /// What happens; never [`Event::Metrics`].
        event: Event,
    },
}

impl Json for Reply {
    fn to_tree(&self) -> Value {
        match self {
            Self::Ready => Value::from("ready"),
            Self::Pong => Value::from("pong"),
            Self::Adapter(adapter) => json::object([("adapter", adapter.to_tree())]),
            Self::Metrics { job, heads } => {
                json::object([("metrics", json::object([("job", job.to_tree()), ("heads", heads.to_tree())]))])
            }
            Self::Event { job, event } => {
                json::object([("event", json::object([("job", job.to_tree()), ("event", event.to_tree())]))])
            }
        }
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        Ok(match json::case(tree)? {
            ("ready", _) => Self::Ready,
            ("pong", _) => Self::Pong,
            ("adapter", adapter) => Self::Adapter(Json::from_tree(adapter)?),
            ("metrics", tree) => {
                let fields = Fields::of(tree, &["job", "heads"])?;
                Self::Metrics { job: fields.required("job")?, heads: fields.required("heads")? }
            }
            ("event", tree) => {
                let fields = Fields::of(tree, &["job", "event"])?;
                Self::Event { job: fields.required("job")?, event: fields.required("event")? }
            }
            (other, _) => return Err(Mismatch::unknown(other, &["ready", "pong", "adapter", "metrics", "event"])),
        })
    }
}

/// A [`RunChunk`] without its rows.
#[derive(Clone, Debug, PartialEq)]
pub struct ChunkHead {
    /// The run's index in its experiment.
    pub run: usize,
    /// The step of the first row.
    pub first_step: u32,
    /// The steps between two rows.
    pub stride: u32,
    /// How many values its rows have in all.
    pub values: usize,
    /// Validation points.
    pub validation: Vec<ValidationPoint>,
    /// The step at which the run died.
    pub death: Option<u32>,
}

json_fields!(ChunkHead {
    run: required,
    first_step: required,
    stride: required,
    values: required,
    validation: required,
    death: or(None),
});

/// A message that makes no sense.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The message is no JSON.
    #[error("{0}")]
    Json(String),
    /// The message is none that is known.
    #[error("{0}")]
    Message(#[from] Mismatch),
    /// The array beside the message is shorter or longer than the heads say.
    #[error("the metrics have {found} values, {expected} were announced")]
    Length {
        /// As announced.
        expected: usize,
        /// As found.
        found: usize,
    },
}

/// Takes chunks apart: their heads, and all rows in one array.
pub fn pack(chunks: Vec<RunChunk>) -> (Vec<ChunkHead>, Vec<f32>) {
    let mut rows = Vec::with_capacity(chunks.iter().map(|chunk| chunk.rows.len()).sum());
    let heads = chunks
        .into_iter()
        .map(|chunk| {
            rows.extend_from_slice(&chunk.rows);
            ChunkHead {
                run: chunk.run,
                first_step: chunk.first_step,
                stride: chunk.stride,
                values: chunk.rows.len(),
                validation: chunk.validation,
                death: chunk.death,
            }
        })
        .collect();
    (heads, rows)
}

/// Puts chunks together again.
pub fn unpack(heads: Vec<ChunkHead>, rows: &[f32]) -> Result<Vec<RunChunk>, ProtocolError> {
    let expected = heads.iter().fold(0usize, |sum, head| sum.saturating_add(head.values));
    if expected != rows.len() {
        return Err(ProtocolError::Length { expected, found: rows.len() });
    }
    let mut rest = rows;
    Ok(heads
        .into_iter()
        .map(|head| {
            let (rows, others) = rest.split_at(head.values);
            rest = others;
            RunChunk {
                run: head.run,
                first_step: head.first_step,
                stride: head.stride,
                rows: rows.to_vec(),
                validation: head.validation,
                death: head.death,
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::PRESETS;
    use brink_engine::train::Backend;

    fn chunk(run: usize, rows: Vec<f32>) -> RunChunk {
        let validation = vec![ValidationPoint { step: 50, loss: 0.5, accuracy: 0.75 }];
        RunChunk { run, first_step: 50, stride: 1, rows, validation, death: None }
    }

    #[test]
    fn chunks_survive_the_way() {
        let mut chunks = vec![chunk(0, vec![1.0, 2.0, 3.0]), chunk(4, Vec::new()), chunk(7, vec![4.0])];
        chunks[1].death = Some(51);
        let (heads, rows) = pack(chunks.clone());
        let text = encode(&Reply::Metrics { job: 3, heads });
        let Ok(Reply::Metrics { heads, .. }) = decode(&text) else { panic!("{text}") };
        assert_eq!(unpack(heads, &rows).expect("whole"), chunks);
    }

    #[test]
    fn a_validation_that_is_not_finite_survives_as_nan() {
        let mut dead = chunk(0, Vec::new());
        dead.validation[0].loss = f32::INFINITY;
        let (heads, _) = pack(vec![dead]);
        let text = encode(&heads);
        let heads: Vec<ChunkHead> = decode(&text).expect("the same");
        assert!(heads[0].validation[0].loss.is_nan());
    }

    #[test]
    fn an_array_of_another_length_is_refused() {
        let (mut heads, rows) = pack(vec![chunk(0, vec![1.0, 2.0])]);
        assert_eq!(unpack(heads.clone(), &rows[..1]), Err(ProtocolError::Length { expected: 2, found: 1 }));
        heads[0].values = usize::MAX;
        assert!(unpack(heads, &rows).is_err());
    }

    #[test]
    fn a_request_carries_each_preset() {
        for preset in PRESETS {
            let experiment = (preset.experiment)();
            let share = Box::new(Share { experiment, runs: vec![0, 2], backend: Backend::Cpu, threads: 1 });
            let request = Request::Start { job: 1, share };
            let text = encode(&request);
            assert_eq!(decode::<Request>(&text).expect("the same"), request, "{}", preset.id);
        }
    }
}
