use super::{Compute, Grid, Kernel, Operand};
use crate::network::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Element, Shape};
use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

/// Which factor of a product is transposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transpose {
    /// A B
    Neither,
    /// transpose(A) B
    First,
    /// A transpose(B)
    Second,
}

/// The product of two matrices, either of which may be transposed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Matmul {
    /// Which factor is transposed.
    pub transpose: Transpose,
}

/// The product's [rows, columns] and the length of the sums, or `None` where the shapes do not fit.
fn extents(transpose: Transpose, a: &Shape, b: &Shape) -> Option<(usize, usize, usize)> {
    let (a_rows, a_columns) = (a.rows(), a.columns());
    let (b_rows, b_columns) = (b.rows(), b.columns());
    let (rows, a_inner) = if transpose == Transpose::First { (a_columns, a_rows) } else { (a_rows, a_columns) };
    let (b_inner, columns) = if transpose == Transpose::Second { (b_columns, b_rows) } else { (b_rows, b_columns) };
    (a_inner == b_inner).then_some((rows, columns, a_inner))
}

/// output = product + keep * output
pub(super) fn multiply<T: Element>(
    transpose: Transpose,
    a: &Operand<'_, T>,
    b: &Operand<'_, T>,
    keep: T,
    output: &mut [T],
) {
    let Some((rows, columns, _)) = extents(transpose, a.shape, b.shape) else {
        return;
    };
    let views = (
        ArrayView2::from_shape((a.shape.rows(), a.shape.columns()), a.values),
        ArrayView2::from_shape((b.shape.rows(), b.shape.columns()), b.values),
        ArrayViewMut2::from_shape((rows, columns), output),
    );
    let (Ok(a), Ok(b), Ok(mut product)) = views else {
        return;
    };
    match transpose {
        Transpose::Neither => general_mat_mul(T::one(), &a, &b, keep, &mut product),
        Transpose::First => general_mat_mul(T::one(), &a.t(), &b, keep, &mut product),
        Transpose::Second => general_mat_mul(T::one(), &a, &b.t(), keep, &mut product),
    }
}

/// A matrix product: `start` begins the sums, `x` and `w` load four values of each factor, `also` and `end` add to the loop
/// and to the end. Each invocation computes 4 x 4 values in registers: no barrier, which software adapters run slowly.
macro_rules! product_wgsl {
    ($start:expr, $x:expr, $w:expr, $also:literal, $end:literal) => {
        concat!(
            r"
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    if (skips(run)) { return; }
    let row = group.y * 32u + (local / 8u) * 4u;
    let column = group.x * 32u + (local % 8u) * 4u;
    if (row >= params.rows || column >= params.columns) { return; }
    let last_row = params.rows - 1u;
    let last_column = params.columns - 1u;
    let rows = min(vec4<u32>(row, row + 1u, row + 2u, row + 3u), vec4<u32>(last_row));
    let columns = min(vec4<u32>(column, column + 1u, column + 2u, column + 3u), vec4<u32>(last_column));
    let a_base = params.a_offset + run * params.a_stride;
    let b_base = params.b_offset + run * params.b_stride;
    var sum0 = ",
            $start,
            r";
    var sum1 = sum0;
    var sum2 = sum0;
    var sum3 = sum0;
    var columns_sum = vec4<f32>(0.0);
    for (var k = 0u; k < params.inner; k++) {
",
            $x,
            $w,
            r"
        sum0 += x.x * w;
        sum1 += x.y * w;
        sum2 += x.z * w;
        sum3 += x.w * w;
",
            $also,
            r"
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
",
            $end,
            "}\n"
        )
    };
}
/// Four values of a factor whose rows are summed over: consecutive ones lie apart by the length of the sums.
macro_rules! along_rows {
    ($name:literal, $base:literal, $at:literal) => {
        concat!(
            "        let ",
            $name,
            " = vec4<f32>(arena[",
            $base,
            " + ",
            $at,
            ".x * params.inner + k], arena[",
            $base,
            " + ",
            $at,
            ".y * params.inner + k],\n            arena[",
            $base,
            " + ",
            $at,
            ".z * params.inner + k], arena[",
            $base,
            " + ",
            $at,
            ".w * params.inner + k]);\n"
        )
    };
}
/// Four values of a factor whose columns are summed over: consecutive ones are neighbours.
macro_rules! along_columns {
    ($name:literal, $base:literal, $extent:literal, $at:literal) => {
        concat!(
            "        let ",
            $name,
            " = vec4<f32>(arena[",
            $base,
            " + k * ",
            $extent,
            " + ",
            $at,
            ".x], arena[",
            $base,
            " + k * ",
            $extent,
            " + ",
            $at,
            ".y],\n            arena[",
            $base,
            " + k * ",
            $extent,
            " + ",
            $at,
            ".z], arena[",
            $base,
            " + k * ",
            $extent,
            " + ",
            $at,
            ".w]);\n"
        )
    };
}

const WGSL: &str = product_wgsl!(
    "vec4<f32>(0.0)",
    along_rows!("x", "a_base", "rows"),
    along_columns!("w", "b_base", "params.columns", "columns"),
    "",
    ""
);
/// [`super::Affine`]: the sums begin at the bias.
pub(super) const AFFINE_WGSL: &str = product_wgsl!(
    "vec4<f32>(c(run, columns.x), c(run, columns.y), c(run, columns.z), c(run, columns.w))",
    along_rows!("x", "a_base", "rows"),
    along_columns!("w", "b_base", "params.columns", "columns"),
    "",
    ""
);
/// The first tile row can also sum the columns of the second factor: the gradient of a bias.
const FIRST_WGSL: &str = product_wgsl!(
    "vec4<f32>(0.0)",
    along_columns!("x", "a_base", "params.rows", "rows"),
    along_columns!("w", "b_base", "params.columns", "columns"),
    "        columns_sum += w;",
    r"
    if (params.end == 4u && row == 0u) {
        let base = params.d_offset + run * params.d_stride;
        for (var j = 0u; j < 4u; j++) {
            if (column + j <= last_column) { arena[base + column + j] = columns_sum[j]; }
        }
    }
"
);
const SECOND_WGSL: &str =
    product_wgsl!("vec4<f32>(0.0)", along_rows!("x", "a_base", "rows"), along_rows!("w", "b_base", "columns"), "", "");

impl Compute for Matmul {
    const NAME: &'static str = "matmul";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [a, b] = inputs else { return None };
        extents(self.transpose, a, b).map(|(rows, columns, _)| Shape::new(&[rows, columns]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        let (a, b, d) = (inputs[0], inputs[1], output_gradient);
        let (transpose, factors) = match (self.transpose, position) {
            (Transpose::Neither, 0) => (Transpose::Second, [d, b]),
            (Transpose::Neither, _) => (Transpose::First, [a, d]),
            (Transpose::First, 0) => (Transpose::Second, [b, d]),
            (Transpose::First, _) => (Transpose::Neither, [a, d]),
            (Transpose::Second, 0) => (Transpose::Neither, [d, b]),
            (Transpose::Second, _) => (Transpose::First, [d, a]),
        };
        graph.apply(Self { transpose }, &factors).map(Some)
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [a, b] = inputs else { return };
        multiply(self.transpose, a, b, T::zero(), output);
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        let (name, source) = match self.transpose {
            Transpose::Neither => ("matmul", WGSL),
            Transpose::First => ("matmul, first transposed", FIRST_WGSL),
            Transpose::Second => ("matmul, second transposed", SECOND_WGSL),
        };
        let inner = extents(self.transpose, inputs[0], inputs[1]).map_or(0, |(_, _, inner)| inner);
        Kernel { inner, ..Kernel::new(name, source, Grid::Tiles) }
    }
}
