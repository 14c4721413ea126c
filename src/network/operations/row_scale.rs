use super::{Compute, Grid, Kernel, Operand, column_sums};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// Multiplies every row by a vector, and adds another where a third input is given: ([rows, columns], [columns],
/// [columns]) to [rows, columns]. The learned gain and bias of a normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowScale;

const ROW_SCALE_WGSL: &str = values_wgsl!(
    r"
    let column = i % params.columns;
    var y = a(run, i) * b(run, column);
    if (has_bias() == 1u) { y += c(run, column); }
    write(run, i, y);
"
);

impl Compute for RowScale {
    const NAME: &'static str = "row scale";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let (x, vectors) = inputs.split_first()?;
        let fit = vectors.iter().all(|vector| vector.extents() == [x.columns()]);
        (fit && (1..=2).contains(&vectors.len())).then(|| (*x).clone())
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        match position {
            0 => graph.apply(RowScale, &[output_gradient, inputs[1]]),
            1 => graph.apply(RowScaleGradient, &[inputs[0], output_gradient]),
            _ => graph.apply(super::SumRows, &[output_gradient]),
        }
        .map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let gain = inputs[1].values;
        let rows = inputs[0].values.chunks_exact(gain.len());
        for (out, row) in output.chunks_exact_mut(gain.len()).zip(rows) {
            match inputs.get(2) {
                Some(bias) => {
                    for (((y, &x), &g), &b) in out.iter_mut().zip(row).zip(gain).zip(bias.values) {
                        *y = x * g + b;
                    }
                }
                None => {
                    for ((y, &x), &g) in out.iter_mut().zip(row).zip(gain) {
                        *y = x * g;
                    }
                }
            }
        }
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, ROW_SCALE_WGSL, Grid::Values).with("has_bias", usize::from(inputs.len() == 3))
    }
}

/// The gradient of [`RowScale`] with respect to its gain: the sum over rows of the product of two tensors, ([rows,
/// columns], [rows, columns]) to [columns].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RowScaleGradient;

const ROW_SCALE_GRADIENT_WGSL: &str = column_sums_wgsl!("a(run, i) * b(run, i)");

const GAIN_AND_BIAS_WGSL: &str = r"
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let column = group.x * 64u + local;
    if (skips(run) || column >= params.columns) { return; }
    var gain = 0.0;
    var bias = 0.0;
    for (var i = column; i < params.a_len; i += params.columns) {
        gain += a(run, i) * b(run, i);
        bias += b(run, i);
    }
    write(run, column, gain);
    write_d(run, column, bias);
}
";

/// One kernel for both sums over rows, [`RowScaleGradient`] and [`super::SumRows`]: (x, gradient of the result) to the gradient of the
/// gain; that of the bias to the fourth operand.
pub fn gain_and_bias_gradient() -> Kernel {
    Kernel::new("gain and bias gradient", GAIN_AND_BIAS_WGSL, Grid::Values)
}

impl Compute for RowScaleGradient {
    const NAME: &'static str = "row scale gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, gradient] = inputs else { return None };
        (x == gradient).then(|| Shape::new(&[x.columns()]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        column_sums(inputs[0].values, inputs[1].values, &[], output, |x, d, _| x * d);
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, ROW_SCALE_GRADIENT_WGSL, Grid::Values)
    }
}
