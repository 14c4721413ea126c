use super::{Compute, Operand};
use crate::tensor::{Element, Shape};

/// A copy: a planner uses it to put a value where it must lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Copy;

impl Compute for Copy {
    const NAME: &'static str = "copy";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        Some((*x).clone())
    }

    fn run<T: Element>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        output.copy_from_slice(inputs[0].values);
    }
}
