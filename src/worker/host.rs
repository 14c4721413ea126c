//! The engine host: runs in a dedicated worker and drives one fleet at a time.

use web_sys::DedicatedWorkerGlobalScope;

/// Starts the host in a worker's global scope.
pub fn start(_scope: DedicatedWorkerGlobalScope) {}
