//! The messages between a page and the hosts that train for it, and their encoding.
//!
//! A message is [postcard](https://postcard.jamesmunns.com/wire-format): both ends are the same program, so that it need not
//! describe itself, and a value that is not finite, which is a result here, keeps its bits.

use crate::pool::ShardId;
use crate::{Event, Shard, ShardCommand};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A message that cannot be encoded or read.
#[derive(Debug, thiserror::Error)]
#[error("a message cannot be encoded or read: {0}")]
pub struct ProtocolError(#[from] postcard::Error);

/// A message as bytes.
pub fn encode(message: &impl Serialize) -> Result<Vec<u8>, ProtocolError> {
    Ok(postcard::to_stdvec(message)?)
}

/// The message of these bytes, all of them.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ProtocolError> {
    match postcard::take_from_bytes(bytes)? {
        (message, []) => Ok(message),
        _ => Err(ProtocolError(postcard::Error::DeserializeBadEncoding)),
    }
}

/// What the page asks of a host.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Request {
    /// Answer [`Reply::Pong`]. A worker that was stopped from outside is silent, and no browser reports it.
    Ping,
    /// Answer with the GPU adapter.
    Adapter,
    /// Train a shard of an experiment. The newest shard of a host that may advance goes first.
    Start {
        /// Its id, higher than any before.
        id: ShardId,
        /// What to train.
        shard: Box<Shard>,
        /// The number of steps after which it waits for a command.
        limit: u32,
    },
    /// A command for a shard.
    Command {
        /// Which shard.
        id: ShardId,
        /// What it is to do.
        command: ShardCommand,
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
    /// The host is there.
    Pong,
    /// The GPU adapter, if there is one.
    Adapter(Option<Adapter>),
    /// The host's program has panicked, and will do nothing more: the message, and where in the source.
    Panicked(String),
    /// What happened to a shard, in order.
    Events {
        /// Which shard.
        shard: ShardId,
        /// Whether it had to wait for more steps before it.
        has_waited: bool,
        /// What happened to it.
        events: Vec<Event>,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::PRESETS;
    use brink_engine::record::{RunChunk, ValidationPoint};
    use brink_engine::train::Backend;

    #[test]
    fn metrics_survive_bit_for_bit_finite_or_not() {
        let rows = vec![1.0, f32::NAN, f32::INFINITY, -0.0, f32::MIN_POSITIVE / 2.0, f32::from_bits(0x7fc0_1234)];
        let bits = |chunk: &RunChunk| chunk.rows.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        let validation = vec![ValidationPoint { step: 50, loss: f32::INFINITY, accuracy: f32::NAN }];
        let chunk =
            RunChunk { run: 4, first_step: 50, stride: 1, rows, validation, death: Some(51), ..RunChunk::default() };
        let events = vec![Event::Metrics(vec![chunk.clone()]), Event::Finished];
        let bytes = encode(&Reply::Events { shard: ShardId(3), has_waited: true, events }).expect("encoded");
        let Reply::Events { shard: ShardId(3), has_waited: true, events } = decode(&bytes).expect("the same") else {
            panic!("another")
        };
        let [Event::Metrics(chunks), Event::Finished] = &events[..] else { panic!("{events:?}") };
        assert_eq!(bits(&chunks[0]), bits(&chunk));
        assert_eq!((chunks[0].run, chunks[0].first_step, chunks[0].death), (4, 50, Some(51)));
        assert!(chunks[0].validation[0].loss.is_infinite() && chunks[0].validation[0].accuracy.is_nan());
    }

    #[test]
    fn a_request_carries_each_preset() {
        for preset in PRESETS {
            let experiment = (preset.experiment)();
            let shard = Box::new(Shard { experiment, runs: vec![0, 2], backend: Backend::Cpu, threads: 1 });
            let request = Request::Start { id: ShardId(1), shard, limit: u32::MAX };
            let bytes = encode(&request).expect("encoded");
            assert_eq!(decode::<Request>(&bytes).expect("the same"), request, "{}", preset.id);
        }
    }

    #[test]
    fn bytes_that_are_no_message_are_refused() {
        let bytes = encode(&Reply::Panicked("here".to_owned())).expect("encoded");
        assert!(decode::<Request>(&bytes).is_err());
        for len in 0..bytes.len() {
            assert!(decode::<Reply>(&bytes[..len]).is_err(), "{len} bytes");
        }
        assert!(decode::<Reply>(&[&bytes[..], &[0]].concat()).is_err(), "a byte too many");
        assert!(decode::<Reply>(&[9]).is_err(), "a reply that there is not");
    }
}
