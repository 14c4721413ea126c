//! Digits by the standard library.

/// The shortest digits that are read as this very number, with or without an exponent.
pub fn written(value: f64) -> String {
    format!("{value:e}")
}

/// The nearest binary number.
pub fn read(text: &str) -> Option<f64> {
    text.parse().ok()
}
