//! The arithmetic of updates over `f32` and `f64`. Transcendental functions come from `libm` on every target, so
//! that native and wasm give the same bits; NaN passes through every function.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A floating-point type that updates can be computed in.
pub trait Float:
    Copy
    + Debug
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// Square root, correctly rounded; NaN for a negative number.
    fn sqrt(self) -> Self;
    /// e to this power.
    fn exp(self) -> Self;
    /// Natural logarithm; NaN for a negative number.
    fn log(self) -> Self;
    /// Magnitude.
    fn abs(self) -> Self;
    /// -1, 0 or 1; 0 for either zero (unlike `signum`), NaN for NaN.
    #[inline(always)]
    fn sign(self) -> Self {
        if self > Self::ZERO {
            Self::ONE
        } else if self < Self::ZERO {
            -Self::ONE
        } else if self == Self::ZERO {
            Self::ZERO
        } else {
            self
        }
    }
    /// The smaller of two, NaN if either is (`f32::min` would drop it).
    #[inline(always)]
    #[allow(clippy::eq_op, reason = "a value that differs from itself is NaN; this form vectorises")]
    fn lesser(self, other: Self) -> Self {
        if self < other || self != self { self } else { other }
    }
    /// The larger of two, NaN if either is (`f32::max` would drop it).
    #[inline(always)]
    #[allow(clippy::eq_op, reason = "a value that differs from itself is NaN; this form vectorises")]
    fn greater(self, other: Self) -> Self {
        if self > other || self != self { self } else { other }
    }
}

impl Float for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    #[inline(always)]
    fn exp(self) -> Self {
        libm::expf(self)
    }
    #[inline(always)]
    fn log(self) -> Self {
        libm::logf(self)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
}

impl Float for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn sqrt(self) -> Self {
        self.sqrt()
    }
    #[inline(always)]
    fn exp(self) -> Self {
        libm::exp(self)
    }
    #[inline(always)]
    fn log(self) -> Self {
        libm::log(self)
    }
    #[inline(always)]
    fn abs(self) -> Self {
        self.abs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nan_passes_through_every_function() {
        for nan in [f32::NAN, -f32::NAN] {
            assert!(nan.lesser(0.0).is_nan() && Float::lesser(0.0, nan).is_nan());
            assert!(nan.greater(0.0).is_nan() && Float::greater(0.0, nan).is_nan());
            assert!(nan.sign().is_nan() && Float::abs(nan).is_nan() && Float::sqrt(nan).is_nan());
            assert!(Float::exp(nan).is_nan() && Float::log(nan).is_nan());
        }
    }

    #[test]
    fn the_sign_of_both_zeros_is_zero() {
        assert_eq!(0f32.sign().to_bits(), 0);
        assert_eq!((-0f32).sign().to_bits(), 0);
        assert_eq!((-3f64).sign(), -1.0);
        assert_eq!(f64::INFINITY.sign(), 1.0);
    }
}
