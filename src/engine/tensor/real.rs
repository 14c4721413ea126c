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
    ($type:ty, $exp:path, $ln:path, $tanh:path, $cos:path) => {
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

real!(f32, libm::expf, libm::logf, libm::tanhf, libm::cosf);
real!(f64, libm::exp, libm::log, libm::tanh, libm::cos);

#[cfg(test)]
mod tests {
    use super::*;

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
