//! From a tape to kernel launches: neighbours that one kernel can compute are fused.

use crate::train::tape::{Location, Tape, TapeInstruction, Tensor};
use brink_network::operations::{
    End, Kernel, Operation, Transpose, gain_and_bias_gradient, normalize_and_scale, scale_and_add,
    scale_and_normalize_gradient, scale_gradients,
};

/// One kernel with its operands.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The kernel.
    pub kernel: Kernel,
    /// The inputs, at most three.
    pub inputs: Vec<Tensor>,
    /// The fourth operand: what the end reads or writes.
    pub other: Option<Tensor>,
    /// The fifth operand.
    pub fifth: Option<Tensor>,
    /// What follows in the same kernel.
    pub end: End,
    /// The output.
    pub output: Tensor,
}

/// The launches that compute a tape.
pub fn launches(tape: &Tape) -> Vec<Launch> {
    let mut launches = Vec::new();
    let mut position = 0;
    while position < tape.instructions.len() {
        let rest = &tape.instructions[position..];
        let (launch, count) = fuse_three(rest)
            .map(|launch| (launch, 3))
            .or_else(|| fuse_two(rest).map(|launch| (launch, 2)))
            .unwrap_or_else(|| (plain(&rest[0]), 1));
        position += count;
        launches.push(launch);
    }
    launches
}

fn plain(instruction: &TapeInstruction) -> Launch {
    let shapes: Vec<_> = instruction.inputs.iter().map(|tensor| &tensor.shape).collect();
    launch(instruction.operation.kernel(&shapes), instruction.inputs.clone(), instruction.output.clone())
}

fn launch(kernel: Kernel, inputs: Vec<Tensor>, output: Tensor) -> Launch {
    Launch { kernel, inputs, other: None, fifth: None, end: End::Nothing, output }
}

/// Whether a value at `location` is read before another is written there.
fn is_read(instructions: &[TapeInstruction], location: Location) -> bool {
    for instruction in instructions {
        if instruction.inputs.iter().any(|input| input.location == location) {
            return true;
        }
        if instruction.output.location == location {
            return false;
        }
    }
    false
}

/// Whether an instruction reads a tensor at this position of its inputs.
fn reads(instruction: &TapeInstruction, position: usize, tensor: &Tensor) -> bool {
    instruction.inputs.get(position).is_some_and(|input| input.location == tensor.location)
}

/// The other operand of an addition to a tensor.
fn added_to(addition: &TapeInstruction, tensor: &Tensor) -> Option<Tensor> {
    match (&addition.operation, reads(addition, 0, tensor), reads(addition, 1, tensor)) {
        (Operation::Add(_), true, false) => Some(addition.inputs[1].clone()),
        (Operation::Add(_), false, true) => Some(addition.inputs[0].clone()),
        _ => None,
    }
}

/// One launch for three neighbours: a normalisation, forward or backward, with an addition behind it.
fn fuse_three(instructions: &[TapeInstruction]) -> Option<Launch> {
    let [_, second, third, rest @ ..] = instructions else { return None };
    let fused = fuse_two(instructions).filter(|_| !is_read(rest, second.output.location))?;
    let added = added_to(third, &second.output)?;
    let output = third.output.clone();
    match (&instructions[0].operation, &second.operation) {
        (Operation::Normalize(_), _) => Some(Launch { fifth: Some(added), end: End::Add, output, ..fused }),
        (Operation::RowScale(_), _) => Some(Launch { other: Some(added), end: End::Add, output, ..fused }),
        _ => None,
    }
}

/// One launch for two neighbours, where a kernel can compute both.
fn fuse_two(instructions: &[TapeInstruction]) -> Option<Launch> {
    let [first, second, rest @ ..] = instructions else { return None };
    let is_only_reader = !is_read(rest, first.output.location);
    let reads_first = |position: usize| reads(second, position, &first.output);
    match (&first.operation, &second.operation) {
        (Operation::Affine(_), Operation::Activation(activation)) if is_only_reader && reads_first(0) => {
            Some(Launch { end: End::Activation(activation.kind), output: second.output.clone(), ..plain(first) })
        }
        (Operation::Matmul(product), Operation::ActivationGradient(gradient))
            if product.transpose == Transpose::Second && is_only_reader && reads_first(1) =>
        {
            let other = Some(second.inputs[0].clone());
            let end = End::ActivationGradient(gradient.kind);
            Some(Launch { end, other, output: second.output.clone(), ..plain(first) })
        }
        (Operation::Affine(_) | Operation::Matmul(_), Operation::Add(_)) if is_only_reader => {
            if matches!(&first.operation, Operation::Matmul(product) if product.transpose == Transpose::First) {
                return None;
            }
            let other = added_to(second, &first.output)?;
            Some(Launch { end: End::Add, other: Some(other), output: second.output.clone(), ..plain(first) })
        }
        (Operation::SumRows(_), Operation::Matmul(product))
            if product.transpose == Transpose::First && second.inputs[1].location == first.inputs[0].location =>
        {
            Some(Launch { end: End::ColumnSums, other: Some(first.output.clone()), ..plain(second) })
        }
        // A normalisation with its gain and bias; the normalised rows are kept for the gradient.
        (Operation::Normalize(_), Operation::RowScale(_)) if reads_first(0) && second.inputs.len() == 3 => {
            let inputs = vec![first.inputs[0].clone(), second.inputs[1].clone(), second.inputs[2].clone()];
            let kernel = normalize_and_scale(first.output.shape.rows());
            Some(Launch { other: Some(first.output.clone()), ..launch(kernel, inputs, second.output.clone()) })
        }
        (Operation::SumRows(_), Operation::RowScaleGradient(_))
            if second.inputs[1].location == first.inputs[0].location =>
        {
            let launch = launch(gain_and_bias_gradient(), second.inputs.clone(), second.output.clone());
            Some(Launch { other: Some(first.output.clone()), ..launch })
        }
        (Operation::RowScale(_), Operation::NormalizeGradient(_))
            if is_only_reader && reads_first(2) && first.inputs.len() == 2 =>
        {
            let inputs = vec![second.inputs[0].clone(), first.inputs[0].clone(), first.inputs[1].clone()];
            let kernel = scale_and_normalize_gradient(second.output.shape.rows());
            Some(launch(kernel, inputs, second.output.clone()))
        }
        (Operation::InnerProduct(_), Operation::ScaleBy(_))
            if second.inputs[0].location == first.inputs[1].location =>
        {
            let inputs = [&first.inputs[..], &second.inputs[1..]].concat();
            let launch = launch(scale_gradients(), inputs, second.output.clone());
            Some(Launch { other: Some(first.output.clone()), ..launch })
        }
        (Operation::ScaleBy(_), Operation::Add(_)) if is_only_reader => {
            let other = added_to(second, &first.output)?;
            Some(Launch { other: Some(other), ..launch(scale_and_add(), first.inputs.clone(), second.output.clone()) })
        }
        // The gradient of the loss with respect to itself is 1.
        (Operation::Fill(fill), Operation::CrossEntropyGradient(_))
            if fill.value == 1.0 && reads_first(2) && is_only_reader =>
        {
            let inputs = second.inputs[..2].to_vec();
            let shapes: Vec<_> = inputs.iter().map(|tensor| &tensor.shape).collect();
            Some(launch(second.operation.kernel(&shapes), inputs, second.output.clone()))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_experiment::preset;
    use brink_network::operations::ActivationKind;

    #[test]
    fn the_first_work_needs_few_launches() {
        let resolved = preset("w1").unwrap().resolve().unwrap();
        let tape = Tape::training(&resolved.network).unwrap();
        let launches = launches(&tape);
        let names: Vec<_> = launches.iter().map(|launch| (launch.kernel.name, launch.end)).collect();
        // Three layers forward; the loss and its gradient; three layers backward, the first without inputs.
        assert_eq!(launches.len(), 3 + 2 + 5, "{names:?}");
        assert!(names.contains(&("matmul, second transposed", End::ActivationGradient(ActivationKind::Relu))));
    }
}
