//! The protocol between the page and the engine host, and the host.
//!
//! A message is JSON, which says what it is, and, for metrics, one `Float32Array` beside it, which is handed over and not
//! copied. The protocol compiles natively and is tested there; the host needs a worker.

#[cfg(target_arch = "wasm32")]
pub mod host;
mod protocol;

pub use protocol::{Adapter, ChunkHead, ProtocolError, Reply, Request, decode, encode, pack, unpack};
