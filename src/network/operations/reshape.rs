use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// The same values, row by row, in rows of another length: the pixels of an image as one row, say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reshape {
    /// The length of a row of the result.
    pub columns: usize,
}

const WGSL: &str = values_wgsl!(
    r"
    write(run, i, a(run, i));
"
);

impl Compute for Reshape {
    const NAME: &'static str = "reshape";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        let fits = self.columns > 0 && x.len().is_multiple_of(self.columns);
        fits.then(|| Shape::new(&[x.len() / self.columns, self.columns]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        let columns = graph.shape(inputs[0]).columns();
        graph.apply(Self { columns }, &[output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        output.copy_from_slice(inputs[0].values);
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::Values)
    }
}
