use ndarray::LinalgScalar;
use std::fmt::Debug;
use std::iter::Sum;
use std::ops::{AddAssign, MulAssign, Neg};

/// The number type of a computation on the CPU: `f32` for training, `f64` for references.
///
/// Transcendental functions come from the `libm` crate on every target, so that native and wasm give the same bits. Call
/// them as `Real::exp(x)` where the type is known: `x.exp()` is the method of `std`, whose last bits differ.
pub trait Real:
    LinalgScalar + PartialOrd + Neg<Output = Self> + AddAssign + MulAssign + Sum + Default + Debug + Send + Sync
{
    /// Not a number.
    const NAN: Self;
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// The same value in this type.
    fn from_f32(value: f32) -> Self;
    /// The value in double precision.
    fn to_f64(self) -> f64;
    /// Square root, correctly rounded; NaN for a negative number.
    fn sqrt(self) -> Self;
    /// e to this power.
    fn exp(self) -> Self;
    /// e to this power, which is at most 0, to within two units in the last place; 0 below -87. Built of additions and
    /// multiplications alone, so that a loop of it vectorises, with the same bits on every machine.
    fn exp_of_negative(self) -> Self;
    /// Natural logarithm; NaN for a negative number.
    fn ln(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Cosine of an angle in radians; NaN for an infinite one.
    fn cos(self) -> Self;
    /// Magnitude.
    fn abs(self) -> Self;
    /// Whether the value is neither NaN nor infinite.
    fn is_finite(self) -> bool;

    /// -1, 0 or 1; 0 for either zero (unlike `signum`), NaN for NaN.
    #[inline(always)]
    fn sign(self) -> Self {
        if self > Self::zero() {
            Self::one()
        } else if self < Self::zero() {
            -Self::one()
        } else if self == Self::zero() {
            Self::zero()
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

// Inlined always, since the loops of an update are compiled several times, for wider vectors each time: a function that is
// not inlined would be compiled for the narrowest.
macro_rules! real {
    ($type:ty, $exp:path, $exp_of_negative:path, $ln:path, $tanh:path, $cos:path) => {
        impl Real for $type {
            const NAN: Self = <$type>::NAN;
            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            #[inline(always)]
            fn from_f32(value: f32) -> Self {
                <$type>::from(value)
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn exp_of_negative(self) -> Self {
                $exp_of_negative(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn cos(self) -> Self {
                $cos(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
        }
    };
}

real!(f32, libm::expf, exp_of_negative, libm::logf, libm::tanhf, libm::cosf);
real!(f64, libm::exp, libm::exp, libm::log, libm::tanh, libm::cos);

/// 2^n e^r, where n is the nearest whole number to x / ln 2 and r what is left, e^r by the polynomial of Cephes' expf (Moshier
/// 1989).
#[inline(always)]
fn exp_of_negative(x: f32) -> f32 {
    /// Added and taken away, it rounds to a whole number, which stands in the last bits meanwhile.
    const ROUNDING: f32 = 12_582_912.0;
    /// ln 2 in two parts, the first with few enough bits that its product with n is exact.
    const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
    const SMALLEST: f32 = -87.0;
    // A comparison that is false for NaN, which passes.
    let bounded = if x < SMALLEST { SMALLEST } else { x };
    let shifted = bounded * std::f32::consts::LOG2_E + ROUNDING;
    let n = shifted - ROUNDING;
    let r = (bounded - n * LN_2[0]) - n * LN_2[1];
    let mut polynomial = 1.987_569_1e-4;
    for coefficient in [1.398_199_9e-3, 8.333_452e-3, 4.166_579_6e-2, 0.166_666_66, 0.5] {
        polynomial = polynomial * r + coefficient;
    }
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    let value = (polynomial * (r * r) + r + 1.0) * power;
    if x < SMALLEST { 0.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_of_negative_numbers_are_right_to_two_units() {
        for k in 0..=870_000 {
            let x = -k as f32 * 1e-4;
            let (found, expected) = (f64::from(x.exp_of_negative()), libm::exp(f64::from(x)));
            let unit = f64::from(f32::EPSILON) * expected;
            assert!((found - expected).abs() <= 2.0 * unit, "{x}: {found} instead of {expected}");
        }
        assert_eq!(0f32.exp_of_negative(), 1.0);
        assert_eq!((-1000f32).exp_of_negative(), 0.0);
        assert_eq!(f32::NEG_INFINITY.exp_of_negative(), 0.0);
        assert!(f32::NAN.exp_of_negative().is_nan());
    }

    #[test]
    fn nan_passes_through_every_function() {
        for nan in [f32::NAN, -f32::NAN] {
            assert!(nan.lesser(0.0).is_nan() && Real::lesser(0.0, nan).is_nan());
            assert!(nan.greater(0.0).is_nan() && Real::greater(0.0, nan).is_nan());
            assert!(nan.sign().is_nan() && Real::abs(nan).is_nan() && Real::sqrt(nan).is_nan());
            assert!(Real::exp(nan).is_nan() && Real::ln(nan).is_nan() && Real::cos(nan).is_nan());
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
