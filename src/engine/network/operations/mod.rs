//! The operations of a graph: one file each (shape, gradient, CPU kernel, GPU kernel side by side), one line each in
//! the list below.

use super::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Real, Shape};
use std::borrow::Cow;

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
/// (`train/gpu/common.wgsl`), which gives it `params`, the readers `a`, `b`, `c`, `d`, the writer `write`, and `skips`.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// Names the pipeline: operations with the same name share one.
    pub name: &'static str,
    /// WGSL with one entry point, `main`.
    pub source: Source,
    /// How the output is cut into workgroups.
    pub grid: Grid,
    /// Reaches the kernel as `params.variant`.
    pub variant: u32,
    /// Reaches the kernel as `params.value`.
    pub value: f32,
    /// The length of the sums of a matrix product; reaches the kernel as `params.inner`.
    pub inner: usize,
}

impl Kernel {
    fn new(name: &'static str, source: &'static str, grid: Grid) -> Self {
        Self { name, source: Source::Fixed(source), grid, variant: 0, value: 0.0, inner: 0 }
    }

    fn tiled(name: &'static str, source: fn(Tile, End) -> String) -> Self {
        Self { name, source: Source::Tiled(source), grid: Grid::Tiles, variant: 0, value: 0.0, inner: 0 }
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

/// What follows a matrix product in the kernel that computes it.
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
pub enum Source {
    /// One text.
    Fixed(&'static str),
    /// A text for each tile and end.
    Tiled(fn(Tile, End) -> String),
}

impl Source {
    /// The text for this tile and end; a kernel that is no matrix product has neither.
    pub fn text(&self, tile: Tile, end: End) -> Cow<'static, str> {
        match self {
            Self::Fixed(text) => Cow::Borrowed(text),
            Self::Tiled(text) => Cow::Owned(text(tile, end)),
        }
    }
}

/// How the output of a kernel is cut into workgroups; the run is the third axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grid {
    /// One invocation a value.
    Values,
    /// One invocation a row of the first input.
    Rows,
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
mod constant;
mod copy;
mod cross_entropy;
mod matmul;
mod normalize;
mod row_scale;
mod scale;
mod sum_rows;

pub use activation::{ACTIVATIONS_WGSL, ActivationKind};
pub use matmul::Transpose;

operations! {
    accuracy::Accuracy,
    activation::Activation,
    activation::ActivationGradient,
    add::Add,
    affine::Affine,
    constant::Constant,
    copy::Copy,
    cross_entropy::CrossEntropy,
    cross_entropy::CrossEntropyGradient,
    matmul::Matmul,
    normalize::Normalize,
    normalize::NormalizeGradient,
    row_scale::RowScale,
    row_scale::RowScaleGradient,
    scale::Scale,
    scale::InnerProduct,
    sum_rows::SumRows,
}

#[cfg(test)]
mod tests;
