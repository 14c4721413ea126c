//! The graph: one file an operation, differentiation as a function from graph to graph, models, initialisation.

mod differentiate;
mod graph;
pub mod models;
pub mod operations;

pub use differentiate::differentiate;
pub use graph::{Graph, GraphError, Initial, Network, Parameter, Source, Value, ValueId};
pub use models::{Form, Model};
