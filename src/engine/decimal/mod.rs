//! Decimal numbers as text and back, the same text on every machine (but for the last of 17 digits where two texts are
//! equally near to a number). Only the shortest digits of a number and its nearest binary value come from the platform:
//! natively from the standard library, on the page from the browser, so that the tables which both need are not loaded with
//! the page.

#[cfg(target_arch = "wasm32")]
mod browser;
#[cfg(not(target_arch = "wasm32"))]
mod standard;

#[cfg(target_arch = "wasm32")]
use browser as platform;
#[cfg(not(target_arch = "wasm32"))]
use standard as platform;

/// A finite number by its decimal digits: d.ddd times ten to a power.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal {
    is_negative: bool,
    /// Without zeros in front or behind; none for 0.
    digits: Vec<u8>,
    /// The power of ten of the first digit.
    exponent: i32,
}

impl Decimal {
    /// The shortest digits that are read as this very number. What is not finite counts as 0.
    pub fn of(value: f64) -> Self {
        if value.is_finite() { Self::read(&platform::written(value)) } else { Self::read("0") }
    }

    /// The digits of a text such as `-12.50` or `1.5e-7`.
    fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (is_negative, mantissa) = mantissa.strip_prefix('-').map_or((false, mantissa), |rest| (true, rest));
        let whole = mantissa.find('.').unwrap_or(mantissa.len());
        let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        digits.drain(..zeros);
        let exponent = exponent.trim_start_matches('+').parse::<i32>().unwrap_or(0) + whole as i32 - 1 - zeros as i32;
        Self { is_negative, digits, exponent }.trimmed()
    }

    fn trimmed(mut self) -> Self {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.exponent = 0;
        }
        self
    }

    /// Rounded to so many significant digits; a half goes away from 0.
    pub fn significant(mut self, count: usize) -> Self {
        let Some(&next) = self.digits.get(count) else { return self };
        self.digits.truncate(count);
        if next >= 5 {
            while self.digits.last() == Some(&9) {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(1);
                    self.exponent += 1;
                }
            }
        }
        self.trimmed()
    }

    /// Rounded to so many digits after the point; a half goes away from 0.
    pub fn places(self, count: u32) -> Self {
        let kept = self.exponent + 1 + count as i32;
        match usize::try_from(kept) {
            Ok(kept) => self.significant(kept),
            Err(_) => Self::read("0"),
        }
    }

    /// `0.00125`, `-3`, `1200`.
    pub fn positional(&self) -> String {
        let digit = |place: i32| {
            let index = usize::try_from(self.exponent - place).ok();
            char::from(b'0' + index.and_then(|index| self.digits.get(index)).copied().unwrap_or(0))
        };
        let last = self.exponent - self.digits.len() as i32 + 1;
        let mut text = self.sign();
        text.extend((0..=self.exponent.max(0)).rev().map(digit));
        if last < 0 && !self.digits.is_empty() {
            text.push('.');
            text.extend((last..0).rev().map(digit));
        }
        text
    }

    /// `1.25e-3`, `-3e0`.
    pub fn scientific(&self) -> String {
        let mut text = self.sign();
        let mut digits = self.digits.iter().map(|digit| char::from(b'0' + digit));
        text.push(digits.next().unwrap_or('0'));
        if self.digits.len() > 1 {
            text.push('.');
        }
        text.extend(digits);
        text.push('e');
        text + &self.exponent.to_string()
    }

    fn sign(&self) -> String {
        if self.is_negative { "-".to_owned() } else { String::new() }
    }

    /// The nearest binary number.
    pub fn value(&self) -> f64 {
        parse(&self.scientific()).unwrap_or(f64::NAN)
    }
}

/// The shortest text that is read as this very number: `0.9`, `1e-8`, `3`, `inf`, `NaN`.
pub fn shortest(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let decimal = Decimal::of(value);
    if value == 0.0 || (1e-4..1e16).contains(&value.abs()) { decimal.positional() } else { decimal.scientific() }
}

/// Reads a decimal number: digits with a point or an exponent, correctly rounded; too large a one is infinite.
pub fn parse(text: &str) -> Option<f64> {
    let is_decimal = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if is_decimal && !text.is_empty() { platform::read(text) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shortest_text_is_the_standard_library_s() {
        for value in [
            0.0,
            -0.0,
            1.0,
            0.1,
            -0.3,
            1e-5,
            9.99e-6,
            1e15,
            1e16,
            123456.789,
            5e-324,
            f64::MAX,
            f64::NAN,
            f64::INFINITY,
        ] {
            let text = format!("{value:?}");
            assert_eq!(shortest(value), text.strip_suffix(".0").unwrap_or(&text));
        }
    }

    #[test]
    fn a_half_goes_away_from_zero() {
        let rounded = |value: f64, count| Decimal::of(value).significant(count).positional();
        assert_eq!(rounded(0.25, 1), "0.3");
        assert_eq!(rounded(-2.675, 3), "-2.68");
        assert_eq!(rounded(999.96, 3), "1000");
        assert_eq!(rounded(0.0, 3), "0");
        let placed = |value: f64, count| Decimal::of(value).places(count).positional();
        assert_eq!(placed(0.005, 2), "0.01");
        assert_eq!(placed(0.0049, 2), "0");
        assert_eq!(placed(12.345678, 3), "12.346");
        assert_eq!(placed(9.9996, 3), "10");
        assert_eq!(placed(-1200.0, 0), "-1200");
        assert_eq!(Decimal::of(1_234_567.0).significant(3).scientific(), "1.23e6");
        assert_eq!(Decimal::of(0.1 + 0.2).significant(12).value(), 0.3);
    }

    #[test]
    fn only_decimal_numbers_are_read() {
        for text in ["", ".", "e5", "1e", "-", "0x10", "inf", "NaN", " 1", "1 ", "1_000", "--1", "1-5", "1e5.5"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        assert_eq!(parse("1.").zip(parse("+.5")), Some((1.0, 0.5)));
        assert_eq!(parse("-1E+3"), Some(-1000.0));
        assert_eq!(parse("1e999"), Some(f64::INFINITY));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            if value.is_finite() {
                prop_assert_eq!(parse(&shortest(value)).map(f64::to_bits), Some(bits));
                prop_assert_eq!(parse(&Decimal::of(value).positional()).map(f64::to_bits), Some(bits));
                prop_assert_eq!(Decimal::of(value).value().to_bits(), bits);
            }
        }

        #[test]
        fn rounding_is_the_standard_library_s_but_for_halves(value in -1e6..1e6f64, count in 1usize..12) {
            let ours = Decimal::of(value).significant(count).value();
            let theirs: f64 = format!("{value:.*e}", count - 1).parse().expect("a number");
            prop_assert_eq!(ours, theirs);
        }
    }
}
