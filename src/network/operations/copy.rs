use super::{Compute, Grid, Kernel, Operand};
use brink_base::tensor::{Real, Shape};

/// A copy: a planner uses it to put a value where it must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copy;

const WGSL: &str = values_wgsl!(
    r"
    write(run, i, a(run, i));
"
);

impl Compute for Copy {
    const NAME: &'static str = "copy";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        Some((*x).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        output.copy_from_slice(inputs[0].values);
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::Values)
    }
}
