use super::{Compute, End, Kernel, Operand, TILE_SIDE, Tile, WORKGROUP};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};
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
pub(super) fn multiply<T: Real>(
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

/// A matrix product without a barrier, which software adapters run slowly: each invocation sums `tile.rows` x `tile.columns`
/// values in registers. The columns of neighbouring invocations are neighbours, so that their loads are, too. What a
/// kernel does not need is not in its text: a software adapter computes both sides of every branch.
fn product_wgsl(transpose: Transpose, tile: Tile, end: End, start: &str) -> String {
    let (rows, columns) = (tile.rows, tile.columns);
    let [x_row, x_step] = if transpose == Transpose::First { ["", "params.rows"] } else { [" * sum_len", "1u"] };
    let [w_column, w_step] = if transpose == Transpose::Second { [" * sum_len", "1u"] } else { ["", "params.columns"] };
    let sums_columns = end == End::ColumnSums;
    let value = match end {
        End::ColumnSums => "value".to_owned(),
        // One text for both: a pipeline costs a software adapter more than a load a value.
        End::Nothing | End::Add => "select(value, value + d(run, at), params.adds == 1u)".to_owned(),
        End::Activation(kind) => format!("activation({}u, value)", kind.gpu_variant()),
        End::ActivationGradient(kind) => format!("activation_gradient({}u, d(run, at), value)", kind.gpu_variant()),
    };
    let each = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let wide = TILE_SIDE * columns;
    let mut text = format!(
        r"
@compute @workgroup_size({WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {{
    let run = group.z;
    if (skips(run)) {{ return; }}
    let row = (group.y * {TILE_SIDE}u + local / {TILE_SIDE}u) * {rows}u;
    let column = group.x * {wide}u + local % {TILE_SIDE}u;
    if (row >= params.rows || column >= params.columns) {{ return; }}
    let sum_len = inner();
    let last_row = params.rows - 1u;
    let last_column = params.columns - 1u;
    let a_base = params.a_offset + run * params.a_stride;
    let b_base = params.b_offset + run * params.b_stride;
"
    );
    // Beyond the last row or column the last one is computed again, and not written.
    text += &each(rows, &|i| format!("    let x{i} = a_base + min(row + {i}u, last_row){x_row};\n"));
    text += &each(columns, &|j| {
        let beyond = TILE_SIDE * j;
        format!(
            "    let column{j} = min(column + {beyond}u, last_column);\n    let w{j} = b_base + column{j}{w_column};\n"
        )
    });
    text += &each(columns, &|j| {
        let start = start.replace("COLUMN", &format!("column{j}"));
        let sums = each(rows, &|i| format!("    var sum{i}_{j} = start{j};\n"));
        let total = if sums_columns { format!("    var total{j} = 0.0;\n") } else { String::new() };
        format!("    let start{j} = {start};\n{sums}{total}")
    });
    text += &format!(
        "    for (var k = 0u; k < sum_len; k++) {{\n        let x = k * {x_step};\n        let w = k * {w_step};\n"
    );
    text += &each(columns, &|j| format!("        let b{j} = arena[w{j} + w];\n"));
    text += &each(rows, &|i| {
        let products = each(columns, &|j| format!("        sum{i}_{j} += a{i} * b{j};\n"));
        format!("        let a{i} = arena[x{i} + x];\n{products}")
    });
    if sums_columns {
        text += &each(columns, &|j| format!("        total{j} += b{j};\n"));
    }
    let sums: Vec<String> = (0..rows * columns).map(|at| format!("sum{}_{}", at / columns, at % columns)).collect();
    text += &format!(
        r"    }}
    var sums = array<f32, {}>({});
    for (var i = 0u; i < {rows}u; i++) {{
        if (row + i > last_row) {{ break; }}
        for (var j = 0u; j < {columns}u; j++) {{
            if (column + {TILE_SIDE}u * j > last_column) {{ break; }}
            let at = (row + i) * params.columns + column + {TILE_SIDE}u * j;
            let value = sums[i * {columns}u + j];
            write(run, at, {value});
        }}
    }}
",
        sums.len(),
        sums.join(", ")
    );
    // The first tile row sums the columns of the second factor, too: the gradient of a bias.
    if sums_columns {
        text += "    if (row == 0u) {\n        let base = params.d_offset + run * params.d_stride;\n";
        text += &each(columns, &|j| {
            let beyond = TILE_SIDE * j;
            format!("        if (column + {beyond}u <= last_column) {{ arena[base + column{j}] = total{j}; }}\n")
        });
        text += "    }\n";
    }
    text + "}\n"
}

/// [`super::Affine`]: the sums begin at the bias.
pub(super) fn affine_wgsl(tile: Tile, end: End) -> String {
    product_wgsl(Transpose::Neither, tile, end, "c(run, COLUMN)")
}

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

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [a, b] = inputs else { return };
        multiply(self.transpose, a, b, T::zero(), output);
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        let (name, text): (_, fn(Tile, End) -> String) = match self.transpose {
            Transpose::Neither => ("matmul", |tile, end| product_wgsl(Transpose::Neither, tile, end, "0.0")),
            Transpose::First => {
                ("matmul, first transposed", |tile, end| product_wgsl(Transpose::First, tile, end, "0.0"))
            }
            Transpose::Second => {
                ("matmul, second transposed", |tile, end| product_wgsl(Transpose::Second, tile, end, "0.0"))
            }
        };
        let inner = extents(self.transpose, inputs[0], inputs[1]).map_or(0, |(_, _, inner)| inner);
        Kernel::tiled(name, text).with("inner", inner)
    }
}
