//! Decimal numbers as text, over the standard library's formatting.

/// The shortest text that reads back as this very number: `0.9`, `1e-8`, `3`, `inf`, `NaN`.
pub fn shortest(value: f64) -> String {
    // The debug form uses an exponent where that is shorter to read, and marks whole numbers by ".0".
    let text = format!("{value:?}");
    text.strip_suffix(".0").map_or_else(|| text.clone(), str::to_owned)
}

/// The nearest number with at most `digits` significant decimal digits (at least 1); what is not finite stays as it is.
pub fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}

/// The nearest number with at most `places` digits after the decimal point; what is not finite stays as it is.
pub fn rounded_to(value: f64, places: usize) -> f64 {
    let rounded = format!("{value:.places$}").parse().unwrap_or(value);
    // A negative number that rounds to zero loses its sign.
    if rounded == 0.0 { 0.0 } else { rounded }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_text_reads_back_to_the_same_bits() {
        let values = [0.1, 1e-8, 3.0, 1e16, 5e-324, f64::MAX, -0.0, 122.416_294_033_786_58, f64::INFINITY];
        for value in values {
            assert_eq!(shortest(value).parse::<f64>().map(f64::to_bits), Ok(value.to_bits()), "{value}");
        }
        assert_eq!(values[..4].iter().copied().map(shortest).collect::<Vec<_>>(), ["0.1", "1e-8", "3", "1e16"]);
    }

    #[test]
    fn numbers_are_rounded_in_decimal() {
        assert_eq!(significant(0.1 + 0.2, 12), 0.3);
        assert_eq!(significant(1_234_567.0, 3), 1.23e6);
        assert_eq!(significant(0.0, 3), 0.0);
        assert!(significant(f64::NAN, 3).is_nan());
        assert_eq!(rounded_to(12.345_678, 3), 12.346);
        assert_eq!(rounded_to(-0.0001, 3).to_bits(), 0.0f64.to_bits());
    }
}
