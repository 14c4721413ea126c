use super::{Compute, Operand};
use crate::network::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Element, Shape};
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// Which factor of a product is transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transpose {
    /// A B
    Neither,
    /// transpose(A) B
    First,
    /// A transpose(B)
    Second,
}

/// The product of two matrices, either of which may be transposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matmul {
    /// Which factor is transposed.
    pub transpose: Transpose,
}

/// The product's [rows, columns] and the length of the sums, or `None` where the shapes do not fit.
fn extents(transpose: Transpose, a: &Shape, b: &Shape) -> Option<(usize, usize, usize)> {
    let (a_rows, a_columns) = (a.rows(), a.columns());
    let (b_rows, b_columns) = (b.rows(), b.columns());
    let (rows, a_inner) = if transpose == Transpose::First { (a_columns, a_rows) } else { (a_rows, a_columns) };
    let (b_inner, columns) = if transpose == Transpose::Second { (b_columns, b_rows) } else { (b_rows, b_columns) };
    (a_inner == b_inner).then_some((rows, columns, a_inner))
}

/// output = product + keep * output
pub(super) fn multiply<T: Element>(
    transpose: Transpose,
    a: &Operand<'_, T>,
    b: &Operand<'_, T>,
    keep: T,
    output: &mut [T],
) {
    let Some((rows, columns, _)) = extents(transpose, a.shape, b.shape) else {
        return;
    };
    let views = (
        ArrayView2::from_shape((a.shape.rows(), a.shape.columns()), a.values),
        ArrayView2::from_shape((b.shape.rows(), b.shape.columns()), b.values),
        ArrayViewMut2::from_shape((rows, columns), output),
    );
    let (Ok(a), Ok(b), Ok(mut product)) = views else {
        return;
    };
    match transpose {
        Transpose::Neither => general_mat_mul(T::one(), &a, &b, keep, &mut product),
        Transpose::First => general_mat_mul(T::one(), &a.t(), &b, keep, &mut product),
        Transpose::Second => general_mat_mul(T::one(), &a, &b.t(), keep, &mut product),
    }
}

impl Compute for Matmul {
    const NAME: &'static str = "matmul";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [a, b] = inputs else { return None };
        extents(self.transpose, a, b).map(|(rows, columns, _)| Shape::new(&[rows, columns]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        let (a, b, d) = (inputs[0], inputs[1], output_gradient);
        let (transpose, factors) = match (self.transpose, position) {
            (Transpose::Neither, 0) => (Transpose::Second, [d, b]),
            (Transpose::Neither, _) => (Transpose::First, [a, d]),
            (Transpose::First, 0) => (Transpose::Second, [b, d]),
            (Transpose::First, _) => (Transpose::Neither, [a, d]),
            (Transpose::Second, 0) => (Transpose::Neither, [d, b]),
            (Transpose::Second, _) => (Transpose::First, [d, a]),
        };
        graph.apply(Self { transpose }, &factors).map(Some)
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [a, b] = inputs else { return };
        multiply(self.transpose, a, b, T::zero(), output);
    }
}
