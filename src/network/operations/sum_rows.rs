use super::{Compute, Grid, Kernel, Operand, column_sums};
use brink_base::tensor::{Real, Shape};

/// The sum over rows: [rows, columns] to [columns].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SumRows;

const WGSL: &str = column_sums_wgsl!("a(run, i)");

impl Compute for SumRows {
    const NAME: &'static str = "sum rows";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        Some(Shape::new(&[x.columns()]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let x = inputs[0].values;
        column_sums(x, x, &[], output, |x, _, _| x);
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::Values)
    }
}
