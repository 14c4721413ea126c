use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// The sum of two tensors of one shape.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add;

const WGSL: &str = values_wgsl!(
    r"
    write(run, i, a(run, i) + b(run, i));
"
);

impl Compute for Add {
    const NAME: &'static str = "add";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [a, b] = inputs else { return None };
        (a == b).then(|| (*a).clone())
    }

    fn gradient(
        &self,
        _graph: &mut Graph,
        _inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        Ok(Some(output_gradient))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        for ((sum, &a), &b) in output.iter_mut().zip(inputs[0].values).zip(inputs[1].values) {
            *sum = a + b;
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::Values)
    }
}
