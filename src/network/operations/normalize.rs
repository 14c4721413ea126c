use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// Added to the variance of a row, so that a constant row has a finite result.
pub const EPSILON: f64 = 1e-5;

/// A kernel of one invocation a row, from `first` on: `body` may use `s`, the row's mean and reciprocal deviation.
macro_rules! rows_wgsl {
    ($body:literal) => {
        concat!(
            r"
fn statistics(run: u32, first: u32) -> vec2<f32> {
    var sum = 0.0;
    for (var i = 0u; i < params.columns; i++) { sum += a(run, first + i); }
    let mean = sum / f32(params.columns);
    var squares = 0.0;
    for (var i = 0u; i < params.columns; i++) {
        let difference = a(run, first + i) - mean;
        squares += difference * difference;
    }
    return vec2<f32>(mean, 1.0 / sqrt(squares / f32(params.columns) + 1e-5));
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let row = group.x * 64u + local;
    if (skips(run) || row >= params.rows) { return; }
    let first = row * params.columns;
    let s = statistics(run, first);
",
            $body,
            "}\n"
        )
    };
}

/// Brings every row to mean 0 and variance 1: layer normalisation (Ba et al. 2016) without its gain and bias, which are
/// [`super::RowScale`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normalize;

/// The mean of a row and the reciprocal of its standard deviation.
fn statistics<T: Real>(row: &[T]) -> (T, T) {
    let count = T::from_f64(row.len() as f64);
    let mean = row.iter().copied().sum::<T>() / count;
    let variance = row.iter().map(|&x| (x - mean) * (x - mean)).sum::<T>() / count;
    (mean, T::one() / (variance + T::from_f64(EPSILON)).sqrt())
}

const NORMALIZE_WGSL: &str = rows_wgsl!(
    r"
    for (var i = first; i < first + params.columns; i++) { write(run, i, (a(run, i) - s.x) * s.y); }
"
);

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

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let columns = inputs[0].shape.columns();
        let rows = inputs[0].values.chunks_exact(columns);
        for (out, row) in output.chunks_exact_mut(columns).zip(rows) {
            let (mean, reciprocal) = statistics(row);
            for (y, &x) in out.iter_mut().zip(row) {
                *y = (x - mean) * reciprocal;
            }
        }
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, NORMALIZE_WGSL, Grid::Invocations(inputs[0].rows()))
    }
}

const SCALED_WGSL: &str = rows_wgsl!(
    r"
    for (var k = 0u; k < params.columns; k++) {
        let i = first + k;
        let normal = (a(run, i) - s.x) * s.y;
        write_d(run, i, normal);
        var y = normal * b(run, k) + c(run, k);
        if (params.adds == 1u) { y += e(run, i); }
        write(run, i, y);
    }
"
);

/// One kernel for [`Normalize`] and the [`super::RowScale`] behind it, and for an addition behind that, if `params.adds` says so:
/// (x, gain, bias) to the result; the normalised rows to the fourth operand, the fifth added.
pub fn normalize_and_scale(rows: usize) -> Kernel {
    Kernel::new("normalize and scale", SCALED_WGSL, Grid::Invocations(rows))
}

const SCALED_GRADIENT_WGSL: &str = rows_wgsl!(
    r"
    var sum = 0.0;
    var products = 0.0;
    for (var k = 0u; k < params.columns; k++) {
        let i = first + k;
        let scaled = b(run, i) * c(run, k);
        sum += scaled;
        products += scaled * (a(run, i) - s.x) * s.y;
    }
    let count = f32(params.columns);
    for (var k = 0u; k < params.columns; k++) {
        let i = first + k;
        let normal = (a(run, i) - s.x) * s.y;
        var dx = s.y * (b(run, i) * c(run, k) - sum / count - normal * products / count);
        if (params.adds == 1u) { dx += d(run, i); }
        write(run, i, dx);
    }
"
);

/// One kernel for the gradients of a [`super::RowScale`] and the [`Normalize`] before it, and for an addition behind: (x, gradient of
/// the result, gain) to the gradient of x, the fourth operand added if `params.adds` says so.
pub fn scale_and_normalize_gradient(rows: usize) -> Kernel {
    Kernel::new("scale and normalize gradient", SCALED_GRADIENT_WGSL, Grid::Invocations(rows))
}

/// The gradient of [`Normalize`]: (argument, result, gradient of the result) to the gradient of the argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalizeGradient;

const NORMALIZE_GRADIENT_WGSL: &str = rows_wgsl!(
    r"
    var sum = 0.0;
    var products = 0.0;
    for (var i = first; i < first + params.columns; i++) {
        sum += c(run, i);
        products += c(run, i) * b(run, i);
    }
    let count = f32(params.columns);
    for (var i = first; i < first + params.columns; i++) {
        write(run, i, s.y * (c(run, i) - sum / count - b(run, i) * products / count));
    }
"
);

impl Compute for NormalizeGradient {
    const NAME: &'static str = "normalize gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, y, gradient] = inputs else {
            return None;
        };
        (x == y && y == gradient).then(|| (*x).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
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

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, NORMALIZE_GRADIENT_WGSL, Grid::Invocations(inputs[0].rows()))
    }
}
