//! Batch normalisation (Ioffe and Szegedy 2015) without gain and bias, which are [`super::RowScale`]: every column of a
//! [rows, columns] tensor is brought to mean 0 and variance 1. In training by the batch's own statistics, in evaluation by
//! running ones ([`crate::network::Builder::batch_norm`] puts both together).

use super::{Compute, Grid, Kernel, Operand};
use crate::network::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Real, Shape};

/// Added to the variance of a column, so that a constant column has a finite result.
const EPSILON: f64 = 1e-5;

/// The mean of a column and its variance (the mean square difference from it).
fn mean_and_variance<T: Real>(x: &Operand<'_, T>, column: usize) -> (T, T) {
    let values = || x.values.iter().skip(column).step_by(x.shape.columns()).copied();
    let count = T::from_f64(x.shape.rows() as f64);
    let mean = values().sum::<T>() / count;
    (mean, values().map(|x| (x - mean) * (x - mean)).sum::<T>() / count)
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
        for column in 0..columns {
            let (mean, variance) = mean_and_variance(&inputs[0], column);
            let reciprocal = reciprocal(variance);
            let values = inputs[0].values.iter().skip(column).step_by(columns);
            for (y, &x) in output.iter_mut().skip(column).step_by(columns).zip(values) {
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
        let count = T::from_f64(inputs[0].shape.rows() as f64);
        for column in 0..columns {
            let values = |position: usize| inputs[position].values.iter().skip(column).step_by(columns).copied();
            let (_, variance) = mean_and_variance(&inputs[0], column);
            let reciprocal = reciprocal(variance);
            let mean_gradient = values(2).sum::<T>() / count;
            let mean_product = values(2).zip(values(1)).map(|(d, y)| d * y).sum::<T>() / count;
            let rows = output.iter_mut().skip(column).step_by(columns).zip(values(2)).zip(values(1));
            for ((dx, d), y) in rows {
                *dx = reciprocal * (d - mean_gradient - y * mean_product);
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
        for (column, out) in output.iter_mut().enumerate() {
            let (mean, variance) = mean_and_variance(&inputs[0], column);
            *out = match self.statistic {
                Statistic::Mean => mean,
                Statistic::Variance => variance,
            };
        }
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
