//! Shapes, layouts, the arena.

mod arena;
mod real;
mod shape;

pub use arena::{Lifetime, Placement, place};
pub use real::Real;
pub use shape::Shape;
