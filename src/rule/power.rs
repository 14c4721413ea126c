//! Integer powers, by multiplication.

/// `base` to the integer power `exponent` (not 0) by repeated squaring, the order of multiplications that every
/// rendering of a power follows: x^3 = (x x) x from the low bit up; x^-n = 1 / x^n.
pub(super) fn integer_power(base: f64, exponent: i32) -> f64 {
    let mut remaining = exponent.unsigned_abs();
    let mut square = base;
    let mut product: Option<f64> = None;
    while remaining > 0 {
        if remaining & 1 == 1 {
            product = Some(match product {
                None => square,
                Some(product) => product * square,
            });
        }
        remaining >>= 1;
        if remaining > 0 {
            square *= square;
        }
    }
    let product = product.unwrap_or(1.0);
    if exponent < 0 { 1.0 / product } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integer_powers_are_products() {
        for exponent in 1..=16 {
            assert_eq!(integer_power(3.0, exponent), 3f64.powi(exponent));
            assert_eq!(integer_power(2.0, -exponent), 0.5f64.powi(exponent));
        }
        assert!(integer_power(f64::NAN, 3).is_nan());
    }
}
