//! What is seen, without a browser.

pub mod number;
pub mod plot;
