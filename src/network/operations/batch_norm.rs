//! Batch normalisation (Ioffe and Szegedy 2015) without gain and bias, which are [`super::RowScale`]: every column of a
//! [rows, columns] tensor is brought to mean 0 and variance 1. In training by the batch's own statistics, in evaluation by
//! running ones ([`crate::Builder::batch_norm`] puts both together).

use super::{Compute, Grid, Kernel, Operand, column_sums};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// Added to the variance of a column, so that a constant column has a finite result.
const EPSILON: f64 = 1e-5;

/// The mean of every column.
fn means<T: Real>(x: &Operand<'_, T>) -> Vec<T> {
    column_means(x, x, &[], |x, _, _| x)
}

/// The variance of every column: the mean square difference from its mean.
fn variances<T: Real>(x: &Operand<'_, T>, means: &[T]) -> Vec<T> {
    column_means(x, x, means, |x, _, mean| (x - mean) * (x - mean))
}

/// The mean over the rows of `term(x, y, shift)` for every column.
fn column_means<T: Real>(x: &Operand<'_, T>, y: &Operand<'_, T>, shift: &[T], term: impl Fn(T, T, T) -> T) -> Vec<T> {
    let count = T::from_f64(x.shape.rows() as f64);
    let mut means = vec![T::zero(); x.shape.columns()];
    column_sums(x.values, y.values, shift, &mut means, term);
    means.iter_mut().for_each(|sum| *sum = *sum / count);
    means
}

/// The reciprocal of a standard deviation.
fn reciprocal<T: Real>(variance: T) -> T {
    T::one() / (variance + T::from_f64(EPSILON)).sqrt()
}

/// A kernel of one invocation a column of the first input; `body` may use `s`, the column's mean and variance.
macro_rules! columns_wgsl {
    ($body:literal) => {
        concat!(
            r"
fn statistics(run: u32, column: u32) -> vec2<f32> {
    let count = f32(params.a_len / params.columns);
    var sum = 0.0;
    for (var i = column; i < params.a_len; i += params.columns) { sum += a(run, i); }
    let mean = sum / count;
    var squares = 0.0;
    for (var i = column; i < params.a_len; i += params.columns) {
        let difference = a(run, i) - mean;
        squares += difference * difference;
    }
    return vec2<f32>(mean, squares / count);
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let column = group.x * 64u + local;
    if (skips(run) || column >= params.columns) { return; }
    let s = statistics(run, column);
",
            $body,
            "}\n"
        )
    };
}

/// Brings every column to mean 0 and variance 1 over the rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormalize;

const NORMALIZE_WGSL: &str = columns_wgsl!(
    r"
    let reciprocal = 1.0 / sqrt(s.y + 1e-5);
    for (var i = column; i < params.a_len; i += params.columns) { write(run, i, (a(run, i) - s.x) * reciprocal); }
"
);

impl Compute for BatchNormalize {
    const NAME: &'static str = "batch normalize";

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
        graph.apply(BatchNormalizeGradient, &[inputs[0], output, output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let columns = inputs[0].shape.columns();
        let means = means(&inputs[0]);
        let reciprocals: Vec<T> = variances(&inputs[0], &means).into_iter().map(reciprocal).collect();
        for (out, row) in output.chunks_exact_mut(columns).zip(inputs[0].values.chunks_exact(columns)) {
            for (((y, &x), &mean), &reciprocal) in out.iter_mut().zip(row).zip(&means).zip(&reciprocals) {
                *y = (x - mean) * reciprocal;
            }
        }
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, NORMALIZE_WGSL, Grid::Invocations(inputs[0].columns()))
    }
}

/// The gradient of [`BatchNormalize`]: (argument, result, gradient of the result) to the gradient of the argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormalizeGradient;

const GRADIENT_WGSL: &str = columns_wgsl!(
    r"
    let reciprocal = 1.0 / sqrt(s.y + 1e-5);
    let count = f32(params.a_len / params.columns);
    var sum = 0.0;
    var products = 0.0;
    for (var i = column; i < params.a_len; i += params.columns) {
        sum += c(run, i);
        products += c(run, i) * b(run, i);
    }
    for (var i = column; i < params.a_len; i += params.columns) {
        write(run, i, reciprocal * (c(run, i) - sum / count - b(run, i) * products / count));
    }
"
);

impl Compute for BatchNormalizeGradient {
    const NAME: &'static str = "batch normalize gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, y, gradient] = inputs else { return None };
        (x == y && y == gradient).then(|| (*x).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let columns = inputs[0].shape.columns();
        let variances = variances(&inputs[0], &means(&inputs[0]));
        let reciprocals: Vec<T> = variances.into_iter().map(reciprocal).collect();
        let gradients = means(&inputs[2]);
        let products = column_means(&inputs[2], &inputs[1], &[], |d, y, _| d * y);
        let rows = inputs[2].values.chunks_exact(columns).zip(inputs[1].values.chunks_exact(columns));
        for (dx, (dy, y)) in output.chunks_exact_mut(columns).zip(rows) {
            let means = gradients.iter().zip(&products).zip(&reciprocals);
            for (((dx, &d), &y), ((&gradient, &product), &reciprocal)) in dx.iter_mut().zip(dy).zip(y).zip(means) {
                *dx = reciprocal * (d - gradient - y * product);
            }
        }
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, GRADIENT_WGSL, Grid::Invocations(inputs[0].columns()))
    }
}

/// What [`BatchStatistic`] computes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Statistic {
    /// Its mean.
    Mean,
    /// The mean square difference from the mean.
    Variance,
}

/// A statistic of every column over the rows: [rows, columns] to [columns]. No gradient: nothing that is differentiated
/// reads it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchStatistic {
    /// Which one.
    pub statistic: Statistic,
}

const STATISTIC_WGSL: &str = columns_wgsl!(
    r"
    write(run, column, select(s.x, s.y, is_variance() == 1u));
"
);

impl Compute for BatchStatistic {
    const NAME: &'static str = "batch statistic";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        Some(Shape::new(&[x.columns()]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let means = means(&inputs[0]);
        output.copy_from_slice(&match self.statistic {
            Statistic::Mean => means,
            Statistic::Variance => variances(&inputs[0], &means),
        });
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        let kernel = Kernel::new(Self::NAME, STATISTIC_WGSL, Grid::Invocations(inputs[0].columns()));
        kernel.with("is_variance", usize::from(self.statistic == Statistic::Variance))
    }
}

/// An exponential moving average: (old, new) of one shape to old + momentum * (new - old).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MovingAverage {
    /// The weight of the new value, in (0, 1].
    pub momentum: f64,
}

const AVERAGE_WGSL: &str = values_wgsl!(
    r"
    write(run, i, a(run, i) + momentum() * (b(run, i) - a(run, i)));
"
);

impl Compute for MovingAverage {
    const NAME: &'static str = "moving average";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [old, new] = inputs else { return None };
        (old == new).then(|| (*old).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let momentum = T::from_f64(self.momentum);
        for ((average, &old), &new) in output.iter_mut().zip(inputs[0].values).zip(inputs[1].values) {
            *average = old + momentum * (new - old);
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, AVERAGE_WGSL, Grid::Values).with("momentum", self.momentum)
    }
}

/// Normalises every column by a given mean and variance: (x [rows, columns], [columns], [columns]) to the shape of x. For
/// evaluation, which is not differentiated.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NormalizeBy;

const NORMALIZE_BY_WGSL: &str = values_wgsl!(
    r"
    let column = i % params.columns;
    write(run, i, (a(run, i) - b(run, column)) / sqrt(c(run, column) + 1e-5));
"
);

impl Compute for NormalizeBy {
    const NAME: &'static str = "normalize by";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, mean, variance] = inputs else { return None };
        (mean.extents() == [x.columns()] && mean == variance).then(|| (*x).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [x, mean, variance] = inputs else { return };
        let columns = x.shape.columns();
        for (out, row) in output.chunks_exact_mut(columns).zip(x.values.chunks_exact(columns)) {
            let statistics = mean.values.iter().zip(variance.values);
            for ((y, &x), (&mean, &variance)) in out.iter_mut().zip(row).zip(statistics) {
                *y = (x - mean) * reciprocal(variance);
            }
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, NORMALIZE_BY_WGSL, Grid::Values)
    }
}
