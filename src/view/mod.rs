//! What is seen, without a browser.

pub mod board;
pub mod name;
pub mod number;
pub mod plot;
pub mod text;
