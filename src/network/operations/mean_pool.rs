use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// The mean over every `rows` consecutive rows: [batch * rows, columns] to [batch, columns]. Over the pixels of an image it is
/// global average pooling (Lin et al. 2013).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeanPool {
    /// The rows that become one.
    pub rows: usize,
}

const MEAN_WGSL: &str = values_wgsl!(
    r"
    let first = i / params.columns * pooled() * params.columns + i % params.columns;
    var sum = 0.0;
    for (var k = 0u; k < pooled(); k++) { sum += a(run, first + k * params.columns); }
    write(run, i, sum / f32(pooled()));
"
);

impl Compute for MeanPool {
    const NAME: &'static str = "mean pool";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        let fits = self.rows > 0 && x.rows().is_multiple_of(self.rows);
        fits.then(|| Shape::new(&[x.rows() / self.rows, x.columns()]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        _inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        graph.apply(MeanPoolGradient { rows: self.rows }, &[output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [x] = inputs else { return };
        let columns = x.shape.columns();
        let count = T::from_f64(self.rows as f64);
        for (out, rows) in output.chunks_exact_mut(columns).zip(x.values.chunks_exact(columns * self.rows)) {
            out.fill(T::zero());
            for row in rows.chunks_exact(columns) {
                for (sum, &x) in out.iter_mut().zip(row) {
                    *sum += x;
                }
            }
            for sum in out {
                *sum = *sum / count;
            }
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, MEAN_WGSL, Grid::Values).with("pooled", self.rows)
    }
}

/// The gradient of [`MeanPool`]: [batch, columns] to [batch * rows, columns].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeanPoolGradient {
    /// The rows that became one.
    pub rows: usize,
}

const GRADIENT_WGSL: &str = values_wgsl!(
    r"
    write(run, i, a(run, i / (pooled() * params.columns) * params.columns + i % params.columns) / f32(pooled()));
"
);

impl Compute for MeanPoolGradient {
    const NAME: &'static str = "mean pool gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [gradient] = inputs else { return None };
        Some(Shape::new(&[gradient.rows() * self.rows, gradient.columns()]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [gradient] = inputs else { return };
        let columns = gradient.shape.columns();
        let count = T::from_f64(self.rows as f64);
        let rows = gradient.values.chunks_exact(columns);
        for (out, row) in output.chunks_exact_mut(columns * self.rows).zip(rows) {
            for out in out.chunks_exact_mut(columns) {
                for (dx, &d) in out.iter_mut().zip(row) {
                    *dx = d / count;
                }
            }
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, GRADIENT_WGSL, Grid::Values).with("pooled", self.rows)
    }
}
