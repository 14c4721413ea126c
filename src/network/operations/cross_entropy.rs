use super::{Compute, Operand};
use crate::network::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Element, Shape};

/// Mean softmax cross-entropy over the labelled rows: (logits [rows, classes], labels [rows]) to a scalar. A negative
/// label marks a row that is no example; with no example the loss is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy;

/// The largest value of a row; NaN values are passed over here and reach the sum of exponentials instead.
fn largest<T: Element>(row: &[T]) -> T {
    row.iter().fold(row[0], |largest, &x| if x > largest { x } else { largest })
}

fn labelled<T: Element>(labels: &[T]) -> T {
    T::from_f64(labels.iter().filter(|&&label| label >= T::zero()).count() as f64)
}

impl Compute for CrossEntropy {
    const NAME: &'static str = "cross entropy";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [logits, labels] = inputs else {
            return None;
        };
        (labels.extents() == [logits.rows()]).then(Shape::scalar)
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

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let classes = inputs[0].shape.columns();
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
}

/// The gradient of [`CrossEntropy`] with respect to the logits: (logits, labels, gradient of the loss) to [rows,
/// classes].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropyGradient;

impl Compute for CrossEntropyGradient {
    const NAME: &'static str = "cross entropy gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [logits, labels, gradient] = inputs else {
            return None;
        };
        (labels.extents() == [logits.rows()] && gradient.len() == 1).then(|| (*logits).clone())
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let classes = inputs[0].shape.columns();
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
}
