use super::{Compute, Operand};
use crate::network::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Element, Shape};

/// Added to the variance of a row, so that a constant row has a finite result.
pub const EPSILON: f64 = 1e-5;

/// Brings every row to mean 0 and variance 1: layer normalisation (Ba et al. 2016) without its gain and bias, which are
/// [`super::RowScale`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize;

/// The mean of a row and the reciprocal of its standard deviation.
fn statistics<T: Element>(row: &[T]) -> (T, T) {
    let count = T::from_f64(row.len() as f64);
    let mean = row.iter().copied().sum::<T>() / count;
    let variance = row.iter().map(|&x| (x - mean) * (x - mean)).sum::<T>() / count;
    (mean, T::one() / (variance + T::from_f64(EPSILON)).sqrt())
}

impl Compute for Normalize {
    const NAME: &'static str = "normalize";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        Some((*x).clone())
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        output: ValueId,
        output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        graph.apply(NormalizeGradient, &[inputs[0], output, output_gradient]).map(Some)
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let columns = inputs[0].shape.columns();
        let rows = inputs[0].values.chunks_exact(columns);
        for (out, row) in output.chunks_exact_mut(columns).zip(rows) {
            let (mean, reciprocal) = statistics(row);
            for (y, &x) in out.iter_mut().zip(row) {
                *y = (x - mean) * reciprocal;
            }
        }
    }
}

/// The gradient of [`Normalize`]: (argument, result, gradient of the result) to the gradient of the argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalizeGradient;

impl Compute for NormalizeGradient {
    const NAME: &'static str = "normalize gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, y, gradient] = inputs else {
            return None;
        };
        (x == y && y == gradient).then(|| (*x).clone())
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let columns = inputs[0].shape.columns();
        let count = T::from_f64(columns as f64);
        for (row, out) in output.chunks_exact_mut(columns).enumerate() {
            let range = row * columns..(row + 1) * columns;
            let (x, y) = (&inputs[0].values[range.clone()], &inputs[1].values[range.clone()]);
            let dy = &inputs[2].values[range];
            let (_, reciprocal) = statistics(x);
            let mean_gradient = dy.iter().copied().sum::<T>() / count;
            let mean_product = dy.iter().zip(y).map(|(&d, &y)| d * y).sum::<T>() / count;
            for ((dx, &d), &y) in out.iter_mut().zip(dy).zip(y) {
                *dx = reciprocal * (d - mean_gradient - y * mean_product);
            }
        }
    }
}
