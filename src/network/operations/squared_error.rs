use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// Mean squared error over the targets: (predictions [batch, positions], targets [batch, ...positions]) to a scalar. A target
/// that is NaN marks a row that is no example and is passed over; with no example the loss is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquaredError;

/// Whether these predictions are for these targets.
fn fit(predictions: &Shape, targets: &Shape) -> bool {
    predictions.extents().first() == targets.extents().first() && predictions.len() == targets.len()
}

/// Whether a target is one.
fn exists<T: Real>(target: &T) -> bool {
    target.partial_cmp(target).is_some()
}

const WGSL: &str = mean_wgsl!(
    r"
    for (var i = local; i < params.b_len; i += 64u) {
        let target_value = b(run, i);
        if (is_nan(target_value)) { continue; }
        let difference = a(run, i) - target_value;
        if (is_finite(difference)) { sum += difference * difference; } else { sum = not_a_number(); }
        count += 1.0;
    }
"
);

impl Compute for SquaredError {
    const NAME: &'static str = "squared error";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [predictions, targets] = inputs else { return None };
        fit(predictions, targets).then(Shape::scalar)
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        if position != 0 {
            return Ok(None);
        }
        graph.apply(SquaredErrorGradient, &[inputs[0], inputs[1], output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let (mut sum, mut count) = (T::zero(), T::zero());
        for (&y, &target) in inputs[0].values.iter().zip(inputs[1].values).filter(|(_, target)| exists(*target)) {
            sum += (y - target) * (y - target);
            count += T::one();
        }
        output[0] = if count > T::zero() { sum / count } else { T::zero() };
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::One)
    }
}

/// The gradient of [`SquaredError`] with respect to the predictions: (predictions, targets, gradient of the loss) to the shape
/// of the predictions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SquaredErrorGradient;

const GRADIENT_WGSL: &str = values_wgsl!(
    r"
    var count = 0.0;
    for (var k = 0u; k < params.b_len; k++) { if (!is_nan(b(run, k))) { count += 1.0; } }
    if (is_nan(b(run, i))) { write(run, i, 0.0); }
    else { write(run, i, 2.0 * (a(run, i) - b(run, i)) * (c(run, 0u) / count)); }
"
);

impl Compute for SquaredErrorGradient {
    const NAME: &'static str = "squared error gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [predictions, targets, gradient] = inputs else { return None };
        (fit(predictions, targets) && gradient.len() == 1).then(|| (*predictions).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let count = inputs[1].values.iter().filter(|target| exists(*target)).count();
        let factor = inputs[2].values[0] / T::from_f64(count as f64);
        let two = T::from_f64(2.0);
        for ((dy, &y), target) in output.iter_mut().zip(inputs[0].values).zip(inputs[1].values) {
            *dy = if exists(target) { two * (y - *target) * factor } else { T::zero() };
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, GRADIENT_WGSL, Grid::Values)
    }
}
