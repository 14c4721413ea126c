//! Numbers as they are shown.

use brink_engine::number::{rounded_to, significant};

/// A number short enough for an axis: 0.001, 0.3, 20, 1000, 1e6, 3e-7.
pub fn short(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if value != 0.0 && !(1e-4..1e4).contains(&value.abs()) {
        return format!("{:e}", significant(value, 2));
    }
    rounded_to(value, 6).to_string()
}

/// A number with three significant digits; what is not finite is a dash.
pub fn three(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    if value != 0.0 && !(1e-3..1e5).contains(&value.abs()) {
        return format!("{:e}", significant(value, 3));
    }
    // Whole numbers keep their digits up to five.
    if value.abs() < 1e3 { significant(value, 3).to_string() } else { rounded_to(value, 0).to_string() }
}

/// The number that [`three`] shows: where a computed number is offered, what is shown is what runs.
pub fn rounded(value: f64) -> f64 {
    three(value).parse().unwrap_or(value)
}

/// A number as a field for numbers takes it, with all of its digits: 600, 0.999, 1e-8.
pub fn field(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e9).contains(&value.abs()) { format!("{value:e}") } else { value.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(
            [0.001, 0.256, 20.0, 1000.0, 1e6, 3e-7, 0.0].map(short),
            ["0.001", "0.256", "20", "1000", "1e6", "3e-7", "0"]
        );
        assert_eq!([600.0, 0.999, 1e-8, 0.0, 2.5e12].map(field), ["600", "0.999", "1e-8", "0", "2.5e12"]);
        assert_eq!(
            [0.0081, 4.0712, 31.62, 812.4, 1234567.0, 1.5e-9, 0.0, f64::NAN].map(three),
            ["0.0081", "4.07", "31.6", "812", "1.23e6", "1.5e-9", "0", "–"]
        );
        assert_eq!([4.0712, 1234567.0, 1.5e-9, f64::INFINITY].map(rounded), [4.07, 1.23e6, 1.5e-9, f64::INFINITY]);
    }
}
