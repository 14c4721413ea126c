use super::{Compute, Grid, Kernel, Operand};
use brink_base::tensor::{Real, Shape};

/// One number, such as the gradient of the loss with respect to itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fill {
    /// The number.
    pub value: f64,
}

const WGSL: &str = values_wgsl!(
    r"
    write(run, i, fill_value());
"
);

impl Compute for Fill {
    const NAME: &'static str = "fill";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        inputs.is_empty().then(Shape::scalar)
    }

    fn run<T: Real>(&self, _inputs: &[Operand<'_, T>], output: &mut [T]) {
        output.fill(T::from_f64(self.value));
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::Values).with("fill_value", self.value)
    }
}
