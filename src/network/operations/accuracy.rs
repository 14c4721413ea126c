use super::cross_entropy::class_count;
use super::{Compute, Grid, Kernel, Operand};
use brink_base::tensor::{Real, Shape};

/// The fraction of labels whose logit is the largest: (logits, labels) as of [`super::CrossEntropy`] to a scalar; 0 where nothing
/// is labelled. Ties count for the lower class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy;

const WGSL: &str = r"
var<workgroup> right: array<f32, 64>;
var<workgroup> counts: array<f32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    var hits = 0.0;
    var count = 0.0;
    for (var row = local; row < params.b_len; row += 64u) {
        let label = b(run, row);
        if (label < 0.0) { continue; }
        count += 1.0;
        let first = row * classes();
        var best = 0u;
        for (var j = 1u; j < classes(); j++) {
            if (a(run, first + j) > a(run, first + best)) { best = j; }
        }
        if (best == u32(label)) { hits += 1.0; }
    }
    right[local] = hits;
    counts[local] = count;
    workgroupBarrier();
    if (local == 0u && !skips(run)) {
        var total = 0.0;
        var all = 0.0;
        for (var i = 0u; i < 64u; i++) { total += right[i]; all += counts[i]; }
        write(run, 0u, select(0.0, total / all, all > 0.0));
    }
}
";

impl Compute for Accuracy {
    const NAME: &'static str = "accuracy";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [logits, labels] = inputs else {
            return None;
        };
        class_count(logits, labels).map(|_| Shape::scalar())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let classes = inputs[0].values.len() / inputs[1].values.len();
        let (mut right, mut count) = (T::zero(), T::zero());
        for (logits, &label) in inputs[0].values.chunks_exact(classes).zip(inputs[1].values) {
            if label < T::zero() {
                continue;
            }
            count += T::one();
            let best = (1..classes).fold(0, |best, c| if logits[c] > logits[best] { c } else { best });
            if best == label.to_f64() as usize {
                right += T::one();
            }
        }
        output[0] = if count > T::zero() { right / count } else { T::zero() };
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::One).with("classes", inputs[0].len() / inputs[1].len().max(1))
    }
}
