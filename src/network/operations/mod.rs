//! The operations of a graph: one file each (shape, gradient, CPU kernel, GPU kernel side by side), one line each in
//! the list below.

use super::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// No operation takes more inputs than this.
pub const MAX_INPUTS: usize = 3;

/// What an operation reads on the CPU.
#[derive(Clone, Copy)]
pub struct Operand<'a, T> {
    /// The values, row by row.
    pub values: &'a [T],
    /// Their shape.
    pub shape: &'a Shape,
}

/// The GPU kernel of an operation: the body of a WGSL module, to stand below the engine's common text
/// (`train/gpu/kernels/common.wgsl`), which gives it `params`, the readers `a` to `e`, the writers `write` and `write_d`, and `skips`.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Names the pipeline.
    pub name: &'static str,
    /// WGSL with one entry point, `main`.
    pub text: KernelText,
    /// How the output is cut into workgroups.
    pub grid: Grid,
    /// The kernel's own parameters: its text reads each by calling a function of this name.
    pub parameters: Vec<(&'static str, KernelParameter)>,
}

/// A number that a kernel's text reads by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum KernelParameter {
    /// A `u32`.
    Whole(u32),
    /// An `f32`.
    Number(f32),
}

impl From<usize> for KernelParameter {
    fn from(value: usize) -> Self {
        Self::Whole(value as u32)
    }
}

impl From<f64> for KernelParameter {
    fn from(value: f64) -> Self {
        Self::Number(value as f32)
    }
}

/// The most parameters of its own that a kernel may have; the uniform buffer has room for so many.
pub const MAX_KERNEL_PARAMETERS: usize = 16;

impl Kernel {
    /// A kernel of one text, without parameters of its own.
    pub fn new(name: &'static str, text: &'static str, grid: Grid) -> Self {
        Self { name, text: KernelText::Fixed(text), grid, parameters: Vec::new() }
    }

    fn tiled(name: &'static str, text: fn(Tile, End) -> String) -> Self {
        Self { name, text: KernelText::Tiled(text), grid: Grid::Tiles, parameters: Vec::new() }
    }

    /// The kernel with one more parameter of its own.
    ///
    /// # Panics
    ///
    /// If it has [`MAX_KERNEL_PARAMETERS`] already.
    pub fn with(mut self, name: &'static str, value: impl Into<KernelParameter>) -> Self {
        assert!(self.parameters.len() < MAX_KERNEL_PARAMETERS, "{name} is one parameter too many");
        self.parameters.push((name, value.into()));
        self
    }

    /// The text for this tile and end (a kernel that is no matrix product has neither), below the functions that read its
    /// parameters.
    pub fn wgsl(&self, tile: Tile, end: End) -> String {
        let reader = |(index, (name, value)): (usize, &(&str, KernelParameter))| match value {
            KernelParameter::Whole(_) => format!("fn {name}() -> u32 {{ return own_parameter({index}u); }}\n"),
            KernelParameter::Number(_) => {
                format!("fn {name}() -> f32 {{ return bitcast<f32>(own_parameter({index}u)); }}\n")
            }
        };
        let readers: String = self.parameters.iter().enumerate().map(reader).collect();
        match self.text {
            KernelText::Fixed(text) => readers + text,
            KernelText::Tiled(text) => readers + &text(tile, end),
        }
    }

    /// The bits of its parameters, as the uniform buffer holds them.
    pub fn parameter_bits(&self) -> [u32; MAX_KERNEL_PARAMETERS] {
        let mut bits = [0; MAX_KERNEL_PARAMETERS];
        for (bits, (_, value)) in bits.iter_mut().zip(&self.parameters) {
            *bits = match value {
                KernelParameter::Whole(value) => *value,
                KernelParameter::Number(value) => value.to_bits(),
            };
        }
        bits
    }
}

/// Invocations of a workgroup, on every grid.
pub const WORKGROUP: usize = 64;
/// A workgroup of [`Grid::Tiles`] is a square of this many invocations a side.
pub const TILE_SIDE: usize = 8;

/// How much of a matrix product one invocation computes. Each value is summed in the same order whatever the tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tile {
    /// Rows of the product.
    pub rows: usize,
    /// Columns of the product.
    pub columns: usize,
}

impl Tile {
    /// Every tile that a device may choose.
    pub const ALL: [Self; 3] =
        [Self { rows: 4, columns: 4 }, Self { rows: 8, columns: 2 }, Self { rows: 8, columns: 8 }];

    /// The tile for a product with this many columns. A software adapter pays for each load several times what it pays
    /// for a multiplication, so it gets few loads; a GPU needs many invocations more than it needs few loads.
    pub fn choose(is_software: bool, columns: usize) -> Self {
        let [small, narrow, large] = Self::ALL;
        match is_software {
            false => small,
            true if columns <= TILE_SIDE * narrow.columns => narrow,
            true => large,
        }
    }
}

/// What follows an operation in the kernel that computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing.
    Nothing,
    /// An activation.
    Activation(ActivationKind),
    /// The gradient of an activation, at the point in the fourth operand.
    ActivationGradient(ActivationKind),
    /// The fourth operand is added.
    Add,
    /// The columns of the second factor are summed into the fourth operand.
    ColumnSums,
}

/// The text of a kernel.
#[derive(Clone, Copy, Debug)]
pub enum KernelText {
    /// One text.
    Fixed(&'static str),
    /// A text for each tile and end.
    Tiled(fn(Tile, End) -> String),
}

/// How the output of a kernel is cut into workgroups; the run is the third axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// One invocation a value.
    Values,
    /// So many invocations.
    Invocations(usize),
    /// One workgroup a square of tiles.
    Tiles,
    /// One workgroup in all.
    One,
}

/// One kind of operation.
pub trait Compute: Clone {
    /// The field's name for it.
    const NAME: &'static str;
    /// The shape of the result, or `None` where the inputs' shapes do not fit.
    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape>;
    /// Appends the gradient with respect to the input at `position`, given the gradient of the output; `Ok(None)` where
    /// the operation has no gradient with respect to it.
    fn gradient(
        &self,
        _graph: &mut Graph,
        _inputs: &[ValueId],
        _output: ValueId,
        _output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        Ok(None)
    }
    /// The CPU kernel: computes every value of `output`. Inputs have the shapes that `output_shape` accepted.
    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]);
    /// The GPU kernel, which computes the same.
    fn kernel(&self, inputs: &[&Shape]) -> Kernel;
}

/// A kernel of one invocation a value: `body` computes value `i` of the output.
macro_rules! values_wgsl {
    ($body:literal) => {
        concat!(
            r"
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let i = group.x * 64u + local;
    if (skips(run) || i >= params.rows * params.columns) { return; }
",
            $body,
            "}\n"
        )
    };
}

/// A kernel of one workgroup, whose result is a mean: `terms` adds each invocation's terms to `sum` and how many they are to
/// `count`. NaN where a sum is not finite, 0 for no term.
macro_rules! mean_wgsl {
    ($terms:literal) => {
        concat!(
            r"
var<workgroup> sums: array<f32, 64>;
var<workgroup> counts: array<f32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    var sum = 0.0;
    var count = 0.0;
",
            $terms,
            r"    sums[local] = sum;
    counts[local] = count;
    workgroupBarrier();
    if (local == 0u && !skips(run)) {
        var total = 0.0;
        var all = 0.0;
        var finite = true;
        for (var i = 0u; i < 64u; i++) {
            finite = finite && is_finite(sums[i]);
            total += sums[i];
            all += counts[i];
        }
        if (!finite) { write(run, 0u, not_a_number()); }
        else { write(run, 0u, select(0.0, total / all, all > 0.0)); }
    }
}
"
        )
    };
}

/// A kernel of one invocation a column: sums `term` over the values `i` of the column.
macro_rules! column_sums_wgsl {
    ($term:literal) => {
        concat!(
            r"
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let column = group.x * 64u + local;
    if (skips(run) || column >= params.columns) { return; }
    var sum = 0.0;
    for (var i = column; i < params.a_len; i += params.columns) { sum += ",
            $term,
            "; }\n    write(run, column, sum);\n}\n"
        )
    };
}

/// The columns whose sums are kept in registers while the rows go by.
const COLUMN_BLOCK: usize = 8;

/// The sum over the rows of `term(x, y, shift)` for every column of two [rows, columns] tensors, in the order of the rows: what a
/// kernel of `column_sums_wgsl` computes. `shift` has one value for each column, or none and stands for zeros.
fn column_sums<T: Real>(x: &[T], y: &[T], shift: &[T], sums: &mut [T], term: impl Fn(T, T, T) -> T) {
    let columns = sums.len();
    let shift = |column: usize| shift.get(column).copied().unwrap_or_else(T::zero);
    let rows = || x.chunks_exact(columns).zip(y.chunks_exact(columns));
    let whole = columns - columns % COLUMN_BLOCK;
    for first in (0..whole).step_by(COLUMN_BLOCK) {
        let shifts: [T; COLUMN_BLOCK] = std::array::from_fn(|k| shift(first + k));
        let mut block = [T::zero(); COLUMN_BLOCK];
        for (x, y) in rows() {
            let (Some(x), Some(y)) = (x[first..].first_chunk(), y[first..].first_chunk()) else { continue };
            let (x, y): (&[T; COLUMN_BLOCK], &[T; COLUMN_BLOCK]) = (x, y);
            for k in 0..COLUMN_BLOCK {
                block[k] += term(x[k], y[k], shifts[k]);
            }
        }
        sums[first..first + COLUMN_BLOCK].copy_from_slice(&block);
    }
    for (column, sum) in sums.iter_mut().enumerate().skip(whole) {
        let shift = shift(column);
        *sum = rows().fold(T::zero(), |sum, (x, y)| sum + term(x[column], y[column], shift));
    }
}

macro_rules! operations {
    ($($module:ident :: $kind:ident,)+) => {
        /// Any operation of a graph.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Operation {
            $(#[doc = concat!("See [`", stringify!($kind), "`].")] $kind($kind),)+
        }
        $(
            pub use $module::$kind;
            impl From<$kind> for Operation {
                fn from(operation: $kind) -> Self {
                    Self::$kind(operation)
                }
            }
        )+
        impl Operation {
            /// The names of all kinds.
            pub const KINDS: &'static [&'static str] = &[$($kind::NAME),+];

            /// The field's name for it.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$kind(_) => $kind::NAME,)+ }
            }
            /// See [`Compute::output_shape`].
            pub fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
                match self { $(Self::$kind(operation) => operation.output_shape(inputs),)+ }
            }
            /// See [`Compute::gradient`].
            pub fn gradient(
                &self,
                graph: &mut Graph,
                inputs: &[ValueId],
                output: ValueId,
                output_gradient: ValueId,
                position: usize,
            ) -> Result<Option<ValueId>, GraphError> {
                match self {
                    $(Self::$kind(operation) => {
                        operation.gradient(graph, inputs, output, output_gradient, position)
                    })+
                }
            }
            /// See [`Compute::run`].
            pub fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
                match self { $(Self::$kind(operation) => operation.run(inputs, output),)+ }
            }
            /// See [`Compute::kernel`].
            pub fn kernel(&self, inputs: &[&Shape]) -> Kernel {
                match self { $(Self::$kind(operation) => operation.kernel(inputs),)+ }
            }
        }
    };
}

mod accuracy;
mod activation;
mod add;
mod affine;
mod attention;
mod batch_norm;
mod copy;
mod cross_entropy;
mod embed;
mod fill;
mod matmul;
mod mean_pool;
mod normalize;
mod patches;
mod reshape;
mod row_scale;
mod scale;
mod squared_error;
mod sum_rows;

pub use activation::{ACTIVATIONS_WGSL, ActivationKind};
pub use attention::MAX_LENGTH;
pub use batch_norm::Statistic;
pub use matmul::Transpose;
pub use normalize::{normalize_and_scale, scale_and_normalize_gradient};
pub use row_scale::gain_and_bias_gradient;
pub use scale::{scale_and_add, scale_gradients};

operations! {
    accuracy::Accuracy,
    activation::Activation,
    activation::ActivationGradient,
    add::Add,
    affine::Affine,
    attention::Attention,
    attention::AttentionGradient,
    batch_norm::BatchNormalize,
    batch_norm::BatchNormalizeGradient,
    batch_norm::BatchStatistic,
    batch_norm::MovingAverage,
    batch_norm::NormalizeBy,
    copy::Copy,
    cross_entropy::CrossEntropy,
    cross_entropy::CrossEntropyGradient,
    embed::Embed,
    embed::EmbedPositionGradient,
    embed::EmbedTokenGradient,
    fill::Fill,
    matmul::Matmul,
    mean_pool::MeanPool,
    mean_pool::MeanPoolGradient,
    normalize::Normalize,
    normalize::NormalizeGradient,
    patches::Patches,
    patches::PatchesGradient,
    reshape::Reshape,
    row_scale::RowScale,
    row_scale::RowScaleGradient,
    scale::ScaleBy,
    scale::InnerProduct,
    squared_error::SquaredError,
    squared_error::SquaredErrorGradient,
    sum_rows::SumRows,
}

#[cfg(test)]
mod tests;
