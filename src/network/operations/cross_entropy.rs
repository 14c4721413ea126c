use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

/// Mean softmax cross-entropy over the labels: (logits [batch, positions * classes] or [batch * positions, classes], labels
/// [batch, ...positions]) to a scalar. With one label an example the labels are [batch]. A negative label marks a row that is no example and is passed over; with
/// no example the loss is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy;

/// The number of classes that these logits distinguish for each of these labels, or `None` where the shapes do not fit.
pub(super) fn class_count(logits: &Shape, labels: &Shape) -> Option<usize> {
    // One row an example, or one row a label: the same values in the same order.
    let same_batch = labels.extents().first() == Some(&logits.rows()) || labels.len() == logits.rows();
    let whole = !labels.is_empty() && logits.len().is_multiple_of(labels.len());
    (same_batch && whole && !logits.is_empty()).then(|| logits.len() / labels.len())
}

/// The largest value of a row; NaN values are passed over here and reach the sum of exponentials instead.
fn largest<T: Real>(row: &[T]) -> T {
    row.iter().fold(row[0], |largest, &x| if x > largest { x } else { largest })
}

fn labelled<T: Real>(labels: &[T]) -> T {
    T::from_f64(labels.iter().filter(|&&label| label >= T::zero()).count() as f64)
}

const WGSL: &str = mean_wgsl!(
    r"
    for (var row = local; row < params.b_len; row += 64u) {
        let label = b(run, row);
        if (label < 0.0) { continue; }
        count += 1.0;
        let first = row * classes();
        var largest = a(run, first);
        for (var j = 1u; j < classes(); j++) { largest = max(largest, a(run, first + j)); }
        var exponentials = 0.0;
        var finite = true;
        for (var j = 0u; j < classes(); j++) {
            let x = a(run, first + j);
            finite = finite && is_finite(x);
            exponentials += exp(x - largest);
        }
        let loss = log(exponentials) - (a(run, first + u32(label)) - largest);
        if (finite) { sum += loss; } else { sum = not_a_number(); }
    }
"
);

impl Compute for CrossEntropy {
    const NAME: &'static str = "cross entropy";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [logits, labels] = inputs else {
            return None;
        };
        class_count(logits, labels).map(|_| Shape::scalar())
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _output: ValueId,
        output_gradient: ValueId,
        position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        if position != 0 {
            return Ok(None);
        }
        graph.apply(CrossEntropyGradient, &[inputs[0], inputs[1], output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let classes = inputs[0].values.len() / inputs[1].values.len();
        let mut sum = T::zero();
        for (logits, &label) in inputs[0].values.chunks_exact(classes).zip(inputs[1].values) {
            if label < T::zero() {
                continue;
            }
            let largest = largest(logits);
            let exponentials: T = logits.iter().map(|&x| (x - largest).exp()).sum();
            sum += exponentials.ln() - (logits[label.to_f64() as usize] - largest);
        }
        let count = labelled(inputs[1].values);
        output[0] = if count > T::zero() { sum / count } else { T::zero() };
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::One).with("classes", inputs[0].len() / inputs[1].len().max(1))
    }
}

/// The gradient of [`CrossEntropy`] with respect to the logits: (logits, labels, gradient of the loss) to the shape of the
/// logits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropyGradient;

const GRADIENT_OF_LOSS_WGSL: &str = r"
fn loss_gradient(run: u32) -> f32 { return select(fill_value(), c(run, 0u), is_given() == 1u); }
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let row = group.x * 64u + local;
    if (skips(run) || row >= params.b_len) { return; }
    let first = row * classes();
    let label = b(run, row);
    if (label < 0.0) {
        for (var j = 0u; j < classes(); j++) { write(run, first + j, 0.0); }
        return;
    }
    var count = 0.0;
    for (var i = 0u; i < params.b_len; i++) { if (b(run, i) >= 0.0) { count += 1.0; } }
    let factor = loss_gradient(run) / count;
    var largest = a(run, first);
    for (var j = 1u; j < classes(); j++) { largest = max(largest, a(run, first + j)); }
    var sum = 0.0;
    for (var j = 0u; j < classes(); j++) { sum += exp(a(run, first + j) - largest); }
    for (var j = 0u; j < classes(); j++) {
        var y = exp(a(run, first + j) - largest) * (factor / sum);
        if (j == u32(label)) { y -= factor; }
        write(run, first + j, y);
    }
}
";

impl Compute for CrossEntropyGradient {
    const NAME: &'static str = "cross entropy gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [logits, labels, gradient] = inputs else {
            return None;
        };
        class_count(logits, labels).filter(|_| gradient.len() == 1).map(|_| (*logits).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let classes = inputs[0].values.len() / inputs[1].values.len();
        let factor = inputs[2].values[0] / labelled(inputs[1].values);
        let rows = inputs[0].values.chunks_exact(classes).zip(inputs[1].values);
        for (out, (logits, &label)) in output.chunks_exact_mut(classes).zip(rows) {
            if label < T::zero() {
                out.fill(T::zero());
                continue;
            }
            let largest = largest(logits);
            let mut sum = T::zero();
            for (y, &x) in out.iter_mut().zip(logits) {
                *y = (x - largest).exp();
                sum += *y;
            }
            let scale = factor / sum;
            for y in out.iter_mut() {
                *y *= scale;
            }
            let right = &mut out[label.to_f64() as usize];
            *right = *right - factor;
        }
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        let labels = inputs[1].len();
        let kernel = Kernel::new(Self::NAME, GRADIENT_OF_LOSS_WGSL, Grid::Invocations(labels));
        let kernel = kernel.with("classes", inputs[0].len() / labels.max(1));
        // The gradient of the loss is an input, or a number that is filled in.
        kernel.with("is_given", usize::from(inputs.len() == 3)).with("fill_value", 1.0)
    }
}
