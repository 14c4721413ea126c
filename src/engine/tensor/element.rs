use ndarray::LinalgScalar;

/// The number type of a backend: f32 for training, f64 for references.
pub trait Element:
    LinalgScalar
    + PartialOrd
    + std::ops::Neg<Output = Self>
    + std::ops::AddAssign
    + std::ops::MulAssign
    + std::iter::Sum
    + Send
    + Sync
    + std::fmt::Debug
{
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// The value in double precision.
    fn to_f64(self) -> f64;
    /// e to the power of this value.
    fn exp(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// Whether the value is neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// Not a number.
    const NAN: Self;
    /// The square root of the sum of squares, in this type, so that it overflows where training would.
    fn global_norm(values: &[Self]) -> Self;
    /// The nearest value of this type to each of `from`.
    fn convert(from: &[f32], to: &mut [Self]);
}

macro_rules! element {
    ($type:ty, $exp:path, $ln:path, $tanh:path) => {
        impl Element for $type {
            const NAN: Self = <$type>::NAN;
            fn from_f64(value: f64) -> Self {
                value as $type
            }
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            fn exp(self) -> Self {
                $exp(self)
            }
            fn ln(self) -> Self {
                $ln(self)
            }
            fn tanh(self) -> Self {
                $tanh(self)
            }
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
            #[inline(never)]
            fn global_norm(values: &[Self]) -> Self {
                const LANES: usize = 16;
                let mut sums: [$type; LANES] = [0.0; LANES];
                let chunks = values.chunks_exact(LANES);
                let rest = chunks.remainder();
                for chunk in chunks {
                    for (sum, &value) in sums.iter_mut().zip(chunk) {
                        *sum += value * value;
                    }
                }
                for (sum, &value) in sums.iter_mut().zip(rest) {
                    *sum += value * value;
                }
                sums.iter().sum::<$type>().sqrt()
            }
            #[inline(never)]
            fn convert(from: &[f32], to: &mut [Self]) {
                for (to, &from) in to.iter_mut().zip(from) {
                    *to = <$type>::from(from);
                }
            }
        }
    };
}

element!(f32, libm::expf, libm::logf, libm::tanhf);
element!(f64, libm::exp, libm::log, libm::tanh);
