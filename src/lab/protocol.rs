//! What a page and its engine hosts send each other, as MessagePack: one buffer a message, which is transferred to the other
//! thread and not copied. MessagePack keeps the bits of every number, NaN included.

use crate::{Command, Event, Share};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A message as bytes.
pub fn encode(message: &impl Serialize) -> Vec<u8> {
    // Writing to memory does not fail, and every message has only fields that MessagePack knows.
    rmp_serde::to_vec_named(message).unwrap_or_default()
}

/// The message of some bytes.
///
/// # Errors
///
/// The bytes are no message of this type.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProtocolError> {
    Ok(rmp_serde::from_slice(bytes)?)
}

/// A message that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("a message cannot be read: {0}")]
pub struct ProtocolError(#[from] rmp_serde::decode::Error);

/// What the page asks of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Asks for [`Reply::Pong`]: a worker that was stopped from outside is silent, and no browser reports it.
    Ping,
    /// Asks for [`Reply::Adapter`].
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

/// A GPU adapter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adapter {
    /// Whether it is software: slower than the CPU backend, and used only where asked for.
    pub software: bool,
}

/// What a host reports to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The host listens; what was sent before is lost.
    Ready,
    /// The answer to [`Request::Ping`].
    Pong,
    /// The GPU adapter, if there is one.
    Adapter(Option<Adapter>),
    /// What happens to a job.
    Event {
        /// Which job.
        job: u64,
        /// What happens.
        event: Event,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::PRESETS;
    use brink_engine::record::{RunChunk, ValidationPoint};
    use brink_engine::train::Backend;

    #[test]
    fn metrics_keep_the_bits_of_every_number() {
        let rows = vec![1.0, f32::NAN, f32::INFINITY, -0.0, 1e-45, f32::MAX];
        let validation = vec![ValidationPoint { step: 50, loss: f32::NEG_INFINITY, accuracy: f32::NAN }];
        let chunk = RunChunk { run: 4, first_step: 50, stride: 2, rows, validation, death: Some(51) };
        let sent = Reply::Event { job: 3, event: Event::Metrics(vec![chunk.clone()]) };
        let received: Reply = decode(&encode(&sent)).expect("a reply");
        let Reply::Event { job: 3, event: Event::Metrics(chunks) } = received else { panic!("{received:?}") };
        let bits = |rows: &[f32]| rows.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&chunks[0].rows), bits(&chunk.rows));
        assert_eq!(chunks[0].validation[0].loss, f32::NEG_INFINITY);
        assert!(chunks[0].validation[0].accuracy.is_nan());
        assert_eq!((chunks[0].run, chunks[0].first_step, chunks[0].stride), (4, 50, 2));
        assert_eq!(chunks[0].death, Some(51));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        let whole = encode(&Request::Start {
            job: 1,
            share: Box::new(Share {
                experiment: (PRESETS[0].experiment)(),
                runs: vec![0],
                backend: Backend::Cpu,
                threads: 1,
            }),
        });
        for length in 0..whole.len() {
            assert!(decode::<Request>(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
        assert!(decode::<Reply>(&whole).is_err());
    }

    #[test]
    fn a_request_carries_each_preset() {
        for preset in PRESETS {
            let experiment = (preset.experiment)();
            let share = Box::new(Share { experiment, runs: vec![0, 2], backend: Backend::Cpu, threads: 1 });
            let request = Request::Start { job: 1, share };
            assert_eq!(decode::<Request>(&encode(&request)).expect("a request"), request, "{}", preset.id);
        }
    }
}
