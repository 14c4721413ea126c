//! Shapes, layouts, the arena.

mod arena;
mod element;
mod shape;

pub use arena::{Lifetime, Placement, place};
pub use element::Element;
pub use shape::Shape;
