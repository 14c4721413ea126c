//! From a tape to kernel launches: neighbours that one kernel can compute are fused.

use crate::network::operations::{End, Kernel, Operation, Transpose};
use crate::train::tape::{Location, Tape, TapeInstruction, Tensor};

/// One kernel with its operands.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The kernel.
    pub kernel: Kernel,
    /// The inputs, at most three.
    pub inputs: Vec<Tensor>,
    /// The fourth operand: what the end reads or writes.
    pub other: Option<Tensor>,
    /// What follows a matrix product.
    pub end: End,
    /// The output.
    pub output: Tensor,
}

/// The launches that compute a tape.
pub fn launches(tape: &Tape) -> Vec<Launch> {
    let mut launches = Vec::new();
    let mut position = 0;
    while let Some(first) = tape.instructions.get(position) {
        let pair = tape.instructions.get(position + 1).and_then(|second| {
            let is_only_reader = !is_read(&tape.instructions[position + 2..], first.output.location);
            fuse(first, second, is_only_reader)
        });
        position += if pair.is_some() { 2 } else { 1 };
        launches.push(pair.unwrap_or_else(|| plain(first)));
    }
    launches
}

fn plain(instruction: &TapeInstruction) -> Launch {
    let shapes: Vec<_> = instruction.inputs.iter().map(|tensor| &tensor.shape).collect();
    Launch {
        kernel: instruction.operation.kernel(&shapes),
        inputs: instruction.inputs.clone(),
        other: None,
        end: End::Nothing,
        output: instruction.output.clone(),
    }
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

/// One launch for two neighbours, where a kernel can compute both.
fn fuse(first: &TapeInstruction, second: &TapeInstruction, is_only_reader: bool) -> Option<Launch> {
    let launch = plain(first);
    let reads_first =
        |position: usize| second.inputs.get(position).is_some_and(|t| t.location == first.output.location);
    match (&first.operation, &second.operation) {
        (Operation::Affine(_), Operation::Activation(activation)) if is_only_reader && reads_first(0) => {
            Some(Launch { end: End::Activation(activation.kind), output: second.output.clone(), ..launch })
        }
        (Operation::Matmul(product), Operation::ActivationGradient(gradient))
            if product.transpose == Transpose::Second && is_only_reader && reads_first(1) =>
        {
            let other = Some(second.inputs[0].clone());
            let end = End::ActivationGradient(gradient.kind);
            Some(Launch { end, other, output: second.output.clone(), ..launch })
        }
        (Operation::Affine(_) | Operation::Matmul(_), Operation::Add(_)) if is_only_reader => {
            if matches!(&first.operation, Operation::Matmul(product) if product.transpose == Transpose::First) {
                return None;
            }
            let other = match (reads_first(0), reads_first(1)) {
                (true, false) => second.inputs[1].clone(),
                (false, true) => second.inputs[0].clone(),
                _ => return None,
            };
            Some(Launch { end: End::Add, other: Some(other), output: second.output.clone(), ..launch })
        }
        (Operation::SumRows(_), Operation::Matmul(product))
            if product.transpose == Transpose::First && second.inputs[1].location == first.inputs[0].location =>
        {
            Some(Launch { end: End::ColumnSums, other: Some(first.output.clone()), ..plain(second) })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::preset;
    use crate::network::operations::ActivationKind;

    #[test]
    fn the_first_work_needs_few_launches() {
        let resolved = preset("w1").unwrap().resolve().unwrap();
        let tape = Tape::training(&resolved.network).unwrap();
        let launches = launches(&tape);
        let names: Vec<_> = launches.iter().map(|launch| (launch.kernel.name, launch.end)).collect();
        // Three layers forward; loss, its gradient and their seed; three layers backward, the first without inputs.
        assert_eq!(launches.len(), 3 + 3 + 5, "{names:?}");
        assert!(names.contains(&("matmul, second transposed", End::ActivationGradient(ActivationKind::Relu))));
    }
}
