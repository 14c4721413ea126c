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

/// A number with as many digits as make an equation check out with a calculator: six significant ones; what is not finite is a
/// dash.
pub fn precise(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let rounded = significant(value, 6);
    if value != 0.0 && !(1e-4..1e7).contains(&value.abs()) { format!("{rounded:e}") } else { rounded.to_string() }
}

/// The number that [`three`] shows: where a computed number is offered, what is shown is what runs.
pub fn rounded(value: f64) -> f64 {
    three(value).parse().unwrap_or(value)
}

/// A number as a field for numbers takes it, with all of its digits: 600, 0.999, 1e-8.
pub fn field(value: f64) -> String {
    if value != 0.0 && !(1e-4..1e9).contains(&value.abs()) { format!("{value:e}") } else { value.to_string() }
}

/// How a field's buttons step its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepping {
    /// The least and the greatest value.
    pub bounds: (f64, f64),
    /// Whether values are whole.
    pub whole: bool,
    /// Whether each whole number is as good as the next: a seed, a depth.
    pub by_one: bool,
}

/// Whole numbers below this are stepped by one, and fractions by this part.
const SMALL: f64 = 10.0;
const FRACTION: f64 = 0.05;

impl Stepping {
    /// The next value up or down: by one, within a fraction by a twentieth, else along 1, 2, 5, 10, 20, ...
    pub fn next(self, value: f64, up: bool) -> f64 {
        let sign = if up { 1.0 } else { -1.0 };
        let next = if self.by_one || (self.whole && (value < SMALL || (value == SMALL && !up))) {
            value + sign
        } else if !self.whole && self.bounds.1 <= 1.0 {
            rounded_to(value + sign * FRACTION, 2)
        } else if value <= 0.0 {
            if up { 1.0 } else { 0.0 }
        } else {
            let power = libm::pow(10.0, libm::log10(value).floor());
            let series = [0.5, 1.0, 2.0, 5.0, 10.0, 20.0].map(|step| significant(step * power, 2));
            let is_next = |step: &f64| if up { *step > value * (1.0 + 1e-9) } else { *step < value * (1.0 - 1e-9) };
            let found = if up { series.into_iter().find(is_next) } else { series.into_iter().rev().find(is_next) };
            found.unwrap_or(value)
        };
        next.clamp(self.bounds.0, self.bounds.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buttons_step_as_the_field_is_read() {
        let whole = Stepping { bounds: (0.0, 1000.0), whole: true, by_one: false };
        assert_eq!(
            [0.0, 3.0, 9.0, 10.0, 64.0, 600.0, 1000.0].map(|v| whole.next(v, true)),
            [1.0, 4.0, 10.0, 20.0, 100.0, 1000.0, 1000.0]
        );
        assert_eq!(
            [0.0, 1.0, 10.0, 20.0, 64.0, 600.0].map(|v| whole.next(v, false)),
            [0.0, 0.0, 9.0, 10.0, 50.0, 500.0]
        );
        let rate = Stepping { bounds: (1e-9, 1e6), whole: false, by_one: false };
        assert_eq!([0.001, 0.003, 0.5, 6.1].map(|v| rate.next(v, true)), [0.002, 0.005, 1.0, 10.0]);
        assert_eq!([0.001, 0.003, 0.5, 6.1].map(|v| rate.next(v, false)), [0.0005, 0.002, 0.2, 5.0]);
        let share = Stepping { bounds: (0.0, 1.0), whole: false, by_one: false };
        assert_eq!([0.0, 0.9, 0.98].map(|v| share.next(v, true)), [0.05, 0.95, 1.0]);
        let seed = Stepping { bounds: (0.0, 1e9), whole: true, by_one: true };
        assert_eq!((seed.next(41.0, true), seed.next(41.0, false)), (42.0, 40.0));
    }

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
        assert_eq!(
            [0.340_912_34, -0.000_012_345_67, 0.9, 0.0, f64::NAN].map(precise),
            ["0.340912", "-1.23457e-5", "0.9", "0", "–"]
        );
        assert_eq!([4.0712, 1234567.0, 1.5e-9, f64::INFINITY].map(rounded), [4.07, 1.23e6, 1.5e-9, f64::INFINITY]);
    }
}
