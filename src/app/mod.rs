//! The page: leptos components, canvas, worker pool.

/// Starts the page, or the worker where the global scope is a worker's.
pub fn main() {}
