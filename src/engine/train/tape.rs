use brink_base::tensor::{Lifetime, Shape, place};
use brink_network::operations::{Copy, MAX_INPUTS, Operation};
use brink_network::{Graph, GraphError, Network, Origin, Value, ValueId, differentiate};

/// Offsets in the arenas are multiples of this many values, so that every tensor starts at a whole vector register.
const ALIGNMENT: usize = 16;

/// Where a tensor lies, relative to its run. Offsets count values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// The inputs of the batch.
    Inputs,
    /// The targets of the batch.
    Targets,
    /// In the run's parameters, from this offset.
    Theta(usize),
    /// In the values that the run carries from step to step, from this offset.
    Carried(usize),
    /// In the run's gradient, from this offset.
    Gradient(usize),
    /// In what the carried values become with the step, from this offset.
    NextCarried(usize),
    /// In the scratch arena, from this offset.
    Scratch(usize),
}

/// A tensor that an instruction reads or writes.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// Where it lies.
    pub location: Location,
    /// Its shape.
    pub shape: Shape,
}

/// One operation with the locations of its inputs and its output.
#[derive(Clone, Debug, PartialEq)]
pub struct TapeInstruction {
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
    pub instructions: Vec<TapeInstruction>,
    /// The scratch values that one run needs.
    pub scratch_len: usize,
    /// Where the mean loss lies (in scratch).
    pub loss: usize,
    /// Where the accuracy lies (in scratch); only in evaluation, and only of classes.
    pub accuracy: Option<usize>,
}

impl Tape {
    /// The loss, its gradient with respect to every parameter, and what the carried values become.
    pub fn training(network: &Network) -> Result<Self, GraphError> {
        let mut graph = network.graph.clone();
        let gradients = differentiate(&mut graph, network.loss, network.parameters.len())?;
        let gradients = gradients.into_iter().zip(network.parameter_offsets());
        let mut outputs: Vec<(ValueId, Location)> =
            gradients.filter_map(|(id, offset)| Some((id?, Location::Gradient(offset)))).collect();
        let carried = network.carried.iter().zip(network.carried_offsets());
        outputs.extend(carried.filter_map(|(carried, offset)| Some((carried.next?, Location::NextCarried(offset)))));
        Ok(Self::lay_out(network, &graph, &outputs, &[network.loss]))
    }

    /// The loss and the accuracy.
    pub fn evaluation(network: &Network) -> Self {
        let results: Vec<ValueId> = [network.loss].into_iter().chain(network.accuracy).collect();
        Self::lay_out(network, &network.graph, &[], &results)
    }

    /// The loss alone, of a network in either form.
    pub fn loss(network: &Network) -> Self {
        Self::lay_out(network, &network.graph, &[], &[network.loss])
    }

    /// Lays out what is needed for `outputs`, each computed to its location, and for `results`, which stay in scratch.
    fn lay_out(network: &Network, graph: &Graph, outputs: &[(ValueId, Location)], results: &[ValueId]) -> Self {
        let values = graph.values();
        let needed = needed(values, outputs.iter().map(|(id, _)| *id).chain(results.iter().copied()));
        let (mut locations, copies) = place_outputs(values, &needed, outputs);
        place_leaves(values, network, &mut locations);
        // Every value that an operation computes, in order; the copies come last.
        let order: Vec<usize> = (0..values.len()).filter(|&id| needed[id] && is_computed(&values[id])).collect();
        let stays = |id: ValueId| results.contains(&id) || copies.iter().any(|(copied, _)| *copied == id);
        let scratch_len = place_scratch(values, &order, order.len() + copies.len(), stays, &mut locations);
        let result = |id: ValueId| match locations[id.0] {
            Some(Location::Scratch(offset)) => offset,
            _ => 0,
        };
        Self {
            instructions: emit(values, &order, &copies, &locations),
            scratch_len,
            loss: result(network.loss),
            accuracy: results.get(1).map(|&id| result(id)),
        }
    }
}

fn is_computed(value: &Value) -> bool {
    matches!(value.origin, Origin::Operation { .. })
}

/// The values that a value is computed from.
fn inputs(value: &Value) -> &[ValueId] {
    match &value.origin {
        Origin::Operation { inputs, .. } => inputs,
        _ => &[],
    }
}

/// For each value, whether one of `ends` is computed from it or is it.
fn needed(values: &[Value], ends: impl Iterator<Item = ValueId>) -> Vec<bool> {
    let mut needed = vec![false; values.len()];
    ends.for_each(|id| needed[id.0] = true);
    for id in (0..values.len()).rev() {
        if needed[id] {
            inputs(&values[id]).iter().for_each(|input| needed[input.0] = true);
        }
    }
    needed
}

/// The locations of the outputs that can be computed where they belong: those that nothing else reads. Any other is computed
/// in scratch and copied; these copies come second.
fn place_outputs(
    values: &[Value],
    needed: &[bool],
    outputs: &[(ValueId, Location)],
) -> (Vec<Option<Location>>, Vec<(ValueId, Location)>) {
    let mut readers = vec![0; values.len()];
    for (value, _) in values.iter().zip(needed).filter(|(_, needed)| **needed) {
        inputs(value).iter().for_each(|input| readers[input.0] += 1);
    }
    let mut uses = vec![0; values.len()];
    outputs.iter().for_each(|(id, _)| uses[id.0] += 1);
    let mut locations = vec![None; values.len()];
    let mut copies = Vec::new();
    for &(id, location) in outputs {
        if readers[id.0] == 0 && uses[id.0] == 1 && is_computed(&values[id.0]) {
            locations[id.0] = Some(location);
        } else {
            copies.push((id, location));
        }
    }
    (locations, copies)
}

/// The locations of what no operation computes.
fn place_leaves(values: &[Value], network: &Network, locations: &mut [Option<Location>]) {
    let (parameters, carried) = (network.parameter_offsets(), network.carried_offsets());
    for (value, location) in values.iter().zip(locations) {
        *location = match value.origin {
            Origin::Inputs => Some(Location::Inputs),
            Origin::Targets => Some(Location::Targets),
            Origin::Parameter(parameter) => Some(Location::Theta(parameters[parameter])),
            Origin::Carried(position) => Some(Location::Carried(carried[position])),
            Origin::Operation { .. } => *location,
        };
    }
}

/// Puts the computed values that have no location yet into scratch, each from its computation to its last reader, or to `end`
/// where it stays. Returns the length of the scratch arena.
fn place_scratch(
    values: &[Value],
    order: &[usize],
    end: usize,
    stays: impl Fn(ValueId) -> bool,
    locations: &mut [Option<Location>],
) -> usize {
    let mut lifetimes = Vec::new();
    let mut scratch = Vec::new();
    for (position, &id) in order.iter().enumerate().filter(|(_, id)| locations[**id].is_none()) {
        let last_reader = order.iter().rposition(|&reader| inputs(&values[reader]).contains(&ValueId(id)));
        // Two instructions longer than needed: then three neighbours can be computed in one GPU kernel, whose output must
        // not lie where the first of them still reads.
        let last_read = if stays(ValueId(id)) { end } else { last_reader.unwrap_or(position) + 2 };
        lifetimes.push(Lifetime { len: values[id].shape.len(), written: position, last_read });
        scratch.push(id);
    }
    let placed = place(&lifetimes, ALIGNMENT);
    for (&id, &offset) in scratch.iter().zip(&placed.offsets) {
        locations[id] = Some(Location::Scratch(offset));
    }
    placed.len
}

/// The instructions for the values in `order`, then for the copies.
fn emit(
    values: &[Value],
    order: &[usize],
    copies: &[(ValueId, Location)],
    locations: &[Option<Location>],
) -> Vec<TapeInstruction> {
    // A value without a location is one that nothing needs, so no instruction refers to it.
    let tensor = |id: ValueId| Tensor {
        location: locations[id.0].unwrap_or(Location::Scratch(0)),
        shape: values[id.0].shape.clone(),
    };
    let mut instructions = Vec::with_capacity(order.len() + copies.len());
    for &id in order {
        if let Origin::Operation { operation, inputs } = &values[id].origin {
            debug_assert!(inputs.len() <= MAX_INPUTS);
            instructions.push(TapeInstruction {
                operation: operation.clone(),
                inputs: inputs.iter().map(|&input| tensor(input)).collect(),
                output: tensor(ValueId(id)),
            });
        }
    }
    for &(id, location) in copies {
        let output = Tensor { location, shape: values[id.0].shape.clone() };
        instructions.push(TapeInstruction { operation: Copy.into(), inputs: vec![tensor(id)], output });
    }
    instructions
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_experiment::PRESETS;

    #[test]
    fn every_parameter_has_its_gradient_written_once() {
        for preset in PRESETS {
            let resolved = (preset.experiment)().resolve().unwrap();
            let tape = Tape::training(&resolved.network).unwrap();
            let mut written = vec![0; resolved.network.parameter_count()];
            for instruction in &tape.instructions {
                if let Location::Gradient(offset) = instruction.output.location {
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
