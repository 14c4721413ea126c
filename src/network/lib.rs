//! The graph: one file an operation, differentiation as a function from graph to graph, models, initialisation.

mod builder;
mod differentiate;
mod graph;
pub mod models;
pub mod operations;

pub use builder::{Builder, Form};
pub use differentiate::differentiate;
pub use graph::{Carried, Graph, GraphError, Initial, Network, Origin, Parameter, Value, ValueId};
pub use models::Model;
