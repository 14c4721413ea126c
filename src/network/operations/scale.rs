use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// Multiplies a tensor by a learned scalar: (x, [1]) to the shape of x. The start of a ReZero branch (Bachlechner et al.
/// 2020).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScaleBy;

const SCALE_WGSL: &str = values_wgsl!(
    r"
    write(run, i, a(run, i) * b(run, 0u));
"
);

impl Compute for ScaleBy {
    const NAME: &'static str = "scale";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x, factor] = inputs else { return None };
        (factor.len() == 1).then(|| (*x).clone())
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
            0 => graph.apply(ScaleBy, &[output_gradient, inputs[1]]),
            _ => graph.apply(InnerProduct, &[inputs[0], output_gradient]),
        }
        .map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let factor = inputs[1].values[0];
        for (y, &x) in output.iter_mut().zip(inputs[0].values) {
            *y = x * factor;
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, SCALE_WGSL, Grid::Values)
    }
}

const SCALE_AND_ADD_WGSL: &str = values_wgsl!(
    r"
    write(run, i, a(run, i) * b(run, 0u) + d(run, i));
"
);

/// One kernel for [`ScaleBy`] and an addition behind it: (x, factor), the fourth operand added.
pub fn scale_and_add() -> Kernel {
    Kernel::new("scale and add", SCALE_AND_ADD_WGSL, Grid::Values)
}

const SCALE_GRADIENTS_WGSL: &str = r"
var<workgroup> sums: array<f32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let works = !skips(run);
    var sum = 0.0;
    for (var i = local; i < params.a_len; i += 64u) {
        sum += a(run, i) * b(run, i);
        if (works) { write(run, i, b(run, i) * c(run, 0u)); }
    }
    sums[local] = sum;
    workgroupBarrier();
    if (local == 0u && works) {
        var total = 0.0;
        for (var i = 0u; i < 64u; i++) { total += sums[i]; }
        write_d(run, 0u, total);
    }
}
";

/// One kernel for both gradients of [`ScaleBy`]: (x, gradient of the result, factor) to the gradient of x; that of the factor to the
/// fourth operand.
pub fn scale_gradients() -> Kernel {
    Kernel::new("scale gradients", SCALE_GRADIENTS_WGSL, Grid::One)
}

/// The sum of the products of two tensors of one shape, as a tensor of one value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InnerProduct;

const INNER_PRODUCT_WGSL: &str = r"
var<workgroup> sums: array<f32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    var sum = 0.0;
    for (var i = local; i < params.a_len; i += 64u) { sum += a(run, i) * b(run, i); }
    sums[local] = sum;
    workgroupBarrier();
    if (local == 0u && !skips(run)) {
        var total = 0.0;
        for (var i = 0u; i < 64u; i++) { total += sums[i]; }
        write(run, 0u, total);
    }
}
";

impl Compute for InnerProduct {
    const NAME: &'static str = "inner product";

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        graph.apply(ScaleBy, &[inputs[1 - position], output_gradient]).map(Some)
    }

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [a, b] = inputs else { return None };
        (a == b).then(|| Shape::new(&[1]))
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        output[0] = inputs[0].values.iter().zip(inputs[1].values).map(|(&a, &b)| a * b).sum();
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, INNER_PRODUCT_WGSL, Grid::One)
    }
}
