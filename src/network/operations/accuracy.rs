use super::{Compute, Operand};
use crate::tensor::{Element, Shape};

/// The share of labelled rows whose largest logit is the label's: ([rows, classes], [rows]) to a scalar; 0 where no row
/// is labelled. Ties count for the lower class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Accuracy;

impl Compute for Accuracy {
    const NAME: &'static str = "accuracy";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [logits, labels] = inputs else {
            return None;
        };
        (labels.extents() == [logits.rows()]).then(Shape::scalar)
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let classes = inputs[0].shape.columns();
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
}
