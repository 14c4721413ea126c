//! Shapes, layouts, the arena.

mod arena;
mod real;
mod shape;

pub use arena::{ArenaLayout, Lifetime, place};
pub use real::Real;
pub use shape::Shape;
