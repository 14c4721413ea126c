use super::matmul::{Transpose, affine_wgsl, multiply};
use super::{Compute, Kernel, Matmul, Operand, SumRows};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// A dense layer: x W + b, from (x [rows, in], W [in, out], b [out]) to [rows, out].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine;

impl Compute for Affine {
    const NAME: &'static str = "affine";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, weight, bias] = inputs else {
            return None;
        };
        let &[weight_in, weight_out] = weight.extents() else {
            return None;
        };
        (x.columns() == weight_in && bias.extents() == [weight_out]).then(|| Shape::new(&[x.rows(), weight_out]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        match position {
            0 => graph.apply(Matmul { transpose: Transpose::Second }, &[output_gradient, inputs[1]]),
            1 => graph.apply(Matmul { transpose: Transpose::First }, &[inputs[0], output_gradient]),
            _ => graph.apply(SumRows, &[output_gradient]),
        }
        .map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [x, weight, bias] = inputs else { return };
        for row in output.chunks_exact_mut(bias.values.len()) {
            row.copy_from_slice(bias.values);
        }
        // On top of the bias, so the result is written once.
        multiply(Transpose::Neither, x, weight, T::one(), output);
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::tiled(Self::NAME, affine_wgsl).with("inner", inputs[0].columns())
    }
}
