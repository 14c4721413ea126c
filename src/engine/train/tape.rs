use crate::network::operations::{Copy, MAX_INPUTS, Operation};
use crate::network::{Graph, GraphError, Network, Source, ValueId, differentiate};
use crate::tensor::{Lifetime, Shape, place};

/// Offsets in the arenas are multiples of this many values, so that every tensor starts at a whole vector register.
const ALIGNMENT: usize = 16;

/// Where a tensor lies. Every place is relative to its run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The inputs of the batch.
    Inputs,
    /// The labels of the batch.
    Labels,
    /// In the run's parameters, from this offset.
    Theta(usize),
    /// In the run's gradient, from this offset.
    Gradient(usize),
    /// In the scratch arena, from this offset.
    Scratch(usize),
}

/// A tensor that an instruction reads or writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Where it lies.
    pub place: Place,
    /// Its shape.
    pub shape: Shape,
}

/// One operation with the places of its inputs and its output.
#[derive(Clone, Debug, PartialEq)]
pub struct Instruction {
    /// What is computed.
    pub operation: Operation,
    /// From what; at most [`MAX_INPUTS`].
    pub inputs: Vec<Tensor>,
    /// To where.
    pub output: Tensor,
}

/// A graph laid out in memory: the instructions that compute it in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Tape {
    /// The instructions.
    pub instructions: Vec<Instruction>,
    /// The scratch values that one run needs.
    pub scratch_len: usize,
    /// Where the mean loss lies (in scratch).
    pub loss: usize,
    /// Where the accuracy lies (in scratch); only in evaluation.
    pub accuracy: Option<usize>,
}

impl Tape {
    /// The loss and its gradient with respect to every parameter.
    pub fn training(network: &Network) -> Result<Self, GraphError> {
        let mut graph = network.graph.clone();
        let parameters = network.parameters.len();
        let gradients = differentiate(&mut graph, network.loss, parameters)?;
        Ok(Self::lay_out(network, &graph, &gradients, &[network.loss]))
    }

    /// The loss and the accuracy.
    pub fn evaluation(network: &Network) -> Self {
        Self::lay_out(network, &network.graph, &[], &[network.loss, network.accuracy])
    }

    fn lay_out(network: &Network, graph: &Graph, gradients: &[Option<ValueId>], results: &[ValueId]) -> Self {
        let offsets = network.parameter_offsets();
        let values = graph.values();
        let mut needed = vec![false; values.len()];
        for id in gradients.iter().flatten().chain(results) {
            needed[id.0] = true;
        }
        for id in (0..values.len()).rev() {
            if let (true, Source::Operation { inputs, .. }) = (needed[id], &values[id].source) {
                inputs.iter().for_each(|input| needed[input.0] = true);
            }
        }

        // A gradient that nothing else reads is computed where it belongs; any other is copied there.
        let mut readers = vec![0; values.len()];
        for (_, value) in values.iter().enumerate().filter(|(id, _)| needed[*id]) {
            if let Source::Operation { inputs, .. } = &value.source {
                inputs.iter().for_each(|input| readers[input.0] += 1);
            }
        }
        let mut wanted = vec![0; values.len()];
        gradients.iter().flatten().for_each(|id| wanted[id.0] += 1);
        let mut places: Vec<Option<Place>> = vec![None; values.len()];
        let mut copies = Vec::new();
        for (parameter, id) in gradients.iter().enumerate() {
            let Some(id) = *id else { continue };
            let target = Place::Gradient(offsets[parameter]);
            let is_computed = matches!(values[id.0].source, Source::Operation { .. });
            if readers[id.0] == 0 && wanted[id.0] == 1 && is_computed {
                places[id.0] = Some(target);
            } else {
                copies.push((id, target));
            }
        }

        // Every instruction, with the values it reads and writes; copies come last.
        let order: Vec<usize> = (0..values.len())
            .filter(|&id| needed[id] && matches!(values[id].source, Source::Operation { .. }))
            .collect();
        let end = order.len() + copies.len();
        let mut lifetimes = Vec::new();
        let mut scratch = Vec::new();
        for (position, &id) in order.iter().enumerate() {
            if places[id].is_some() {
                continue;
            }
            let reads = |&(_, &other): &(usize, &usize)| match &values[other].source {
                Source::Operation { inputs, .. } => inputs.contains(&ValueId(id)),
                _ => false,
            };
            let last_reader = order.iter().enumerate().rev().find(reads);
            let stays = results.contains(&ValueId(id)) || copies.iter().any(|(copied, _)| copied.0 == id);
            // One instruction longer than needed: then two neighbours can be computed in one GPU kernel, whose output must
            // not lie where the first of them still reads.
            let last_read = if stays { end } else { last_reader.map_or(position, |(at, _)| at) + 1 };
            lifetimes.push(Lifetime { len: values[id].shape.len(), written: position, last_read });
            scratch.push(id);
        }
        let placement = place(&lifetimes, ALIGNMENT);
        for (&id, &offset) in scratch.iter().zip(&placement.offsets) {
            places[id] = Some(Place::Scratch(offset));
        }
        for (id, value) in values.iter().enumerate() {
            places[id] = match value.source {
                Source::Inputs => Some(Place::Inputs),
                Source::Labels => Some(Place::Labels),
                Source::Parameter(parameter) => Some(Place::Theta(offsets[parameter])),
                Source::Operation { .. } => places[id],
            };
        }

        // A value without a place is one that nothing needs, so no instruction refers to it.
        let tensor = |id: ValueId| Tensor {
            place: places[id.0].unwrap_or(Place::Scratch(0)),
            shape: values[id.0].shape.clone(),
        };
        let mut instructions = Vec::with_capacity(end);
        for &id in &order {
            if let Source::Operation { operation, inputs } = &values[id].source {
                debug_assert!(inputs.len() <= MAX_INPUTS);
                instructions.push(Instruction {
                    operation: operation.clone(),
                    inputs: inputs.iter().map(|&input| tensor(input)).collect(),
                    output: tensor(ValueId(id)),
                });
            }
        }
        for (id, target) in copies {
            let output = Tensor { place: target, shape: values[id.0].shape.clone() };
            instructions.push(Instruction { operation: Copy.into(), inputs: vec![tensor(id)], output });
        }
        let result = |id: ValueId| match places[id.0] {
            Some(Place::Scratch(offset)) => offset,
            _ => 0,
        };
        Self {
            instructions,
            scratch_len: placement.len,
            loss: result(network.loss),
            accuracy: results.get(1).map(|&id| result(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;

    #[test]
    fn every_parameter_has_its_gradient_written_once() {
        for preset in PRESETS {
            let resolved = (preset.experiment)().resolve().unwrap();
            let tape = Tape::training(&resolved.network).unwrap();
            let mut written = vec![0; resolved.network.parameter_count()];
            for instruction in &tape.instructions {
                if let Place::Gradient(offset) = instruction.output.place {
                    let end = offset + instruction.output.shape.len();
                    written[offset..end].iter_mut().for_each(|count| *count += 1);
                }
            }
            assert!(written.iter().all(|&count| count == 1), "{}", preset.id);
        }
    }

    #[test]
    fn training_does_not_compute_the_accuracy() {
        let resolved = (PRESETS[0].experiment)().resolve().unwrap();
        let has_accuracy =
            |tape: &Tape| tape.instructions.iter().any(|instruction| instruction.operation.name() == "accuracy");
        assert!(!has_accuracy(&Tape::training(&resolved.network).unwrap()));
        assert!(has_accuracy(&Tape::evaluation(&resolved.evaluation)));
    }
}
