use super::matmul::{Transpose, multiply};
use super::{Compute, Grid, Kernel, Matmul, Operand, SumRows};
use crate::network::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Element, Shape};

/// A dense layer: x W + b, from (x [rows, in], W [in, out], b [out]) to [rows, out].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine;

const WGSL: &str = r"
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    if (skips(run)) { return; }
    // Each invocation computes 4 x 4 values in registers: no barrier, which software adapters run slowly.
    let row = group.y * 32u + (local / 8u) * 4u;
    let column = group.x * 32u + (local % 8u) * 4u;
    if (row >= params.rows || column >= params.columns) { return; }
    let last_row = params.rows - 1u;
    let last_column = params.columns - 1u;
    let rows = min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(last_row));
    let columns = min(vec4<u32>(column, column + 1u, column + 2u, column + 3u), vec4<u32>(last_column));
    let a_base = params.a_offset + run * params.a_stride;
    let b_base = params.b_offset + run * params.b_stride;
    var sum0 = vec4<f32>(c(run, columns.x), c(run, columns.y), c(run, columns.z), c(run, columns.w));
    var sum1 = sum0;
    var sum2 = sum0;
    var sum3 = sum0;

    for (var k = 0u; k < params.inner; k++) {
        let x = vec4<f32>(arena[a_base + rows.x * params.inner + k], arena[a_base + rows.y * params.inner + k],
            arena[a_base + rows.z * params.inner + k], arena[a_base + rows.w * params.inner + k]);
        let w = vec4<f32>(arena[b_base + k * params.columns + columns.x], arena[b_base + k * params.columns + columns.y],
            arena[b_base + k * params.columns + columns.z], arena[b_base + k * params.columns + columns.w]);

        sum0 += x.x * w;
        sum1 += x.y * w;
        sum2 += x.z * w;
        sum3 += x.w * w;
    }
    var sums = array<vec4<f32>, 4>(sum0, sum1, sum2, sum3);
    for (var i = 0u; i < 4u; i++) {
        if (row + i > last_row) { break; }
        for (var j = 0u; j < 4u; j++) {
            if (column + j > last_column) { break; }
            let at = (row + i) * params.columns + column + j;
            write(run, at, finish(run, at, sums[i][j]));
        }
    }
}
";

impl Compute for Affine {
    const NAME: &'static str = "affine";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, weight, bias] = inputs else {
            return None;
        };
        let &[weight_in, weight_out] = weight.extents() else {
            return None;
        };
        (x.columns() == weight_in && bias.extents() == [weight_out]).then(|| Shape::new(&[x.rows(), weight_out]))
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
            0 => graph.apply(Matmul { transpose: Transpose::Second }, &[output_gradient, inputs[1]]),
            1 => graph.apply(Matmul { transpose: Transpose::First }, &[inputs[0], output_gradient]),
            _ => graph.apply(SumRows, &[output_gradient]),
        }
        .map(Some)
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [x, weight, bias] = inputs else { return };
        for row in output.chunks_exact_mut(bias.values.len()) {
            row.copy_from_slice(bias.values);
        }
        // On top of the bias, so the result is written once.
        multiply(Transpose::Neither, x, weight, T::one(), output);
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel { inner: inputs[0].columns(), ..Kernel::new(Self::NAME, WGSL, Grid::Tiles) }
    }
}
