use super::graph::{Graph, GraphError, Origin, ValueId};
use super::operations::{Add, Fill};

/// Reverse-mode differentiation as a function from graph to graph: appends to `graph` the gradient of the scalar `loss`
/// with respect to each of the `parameter_count` parameters, and returns where they are (`None` where the loss does not
/// depend on a parameter).
pub fn differentiate(
    graph: &mut Graph,
    loss: ValueId,
    parameter_count: usize,
) -> Result<Vec<Option<ValueId>>, GraphError> {
    let forward_len = loss.0 + 1;
    let mut depends = vec![false; forward_len];
    for id in 0..forward_len {
        depends[id] = match &graph.values()[id].origin {
            Origin::Parameter(_) => true,
            Origin::Inputs | Origin::Targets | Origin::Carried(_) => false,
            Origin::Operation { inputs, .. } => inputs.iter().any(|input| depends[input.0]),
        };
    }
    let mut gradients: Vec<Option<ValueId>> = vec![None; forward_len];
    gradients[loss.0] = Some(graph.apply(Fill { value: 1.0 }, &[])?);
    let mut parameters = vec![None; parameter_count];
    for id in (0..forward_len).rev() {
        let Some(output_gradient) = gradients[id] else {
            continue;
        };
        match graph.values()[id].origin.clone() {
            Origin::Inputs | Origin::Targets | Origin::Carried(_) => {}
            Origin::Parameter(parameter) => {
                parameters[parameter] = Some(match parameters[parameter] {
                    None => output_gradient,
                    Some(other) => graph.apply(Add, &[other, output_gradient])?,
                });
            }
            Origin::Operation { operation, inputs } => {
                // Last input first: the gradient of a layer's input then comes right before what reads it.
                for (position, &input) in inputs.iter().enumerate().rev() {
                    if !depends[input.0] {
                        continue;
                    }
                    let gradient = operation
                        .gradient(graph, &inputs, ValueId(id), output_gradient, position)?
                        .ok_or(GraphError::NoGradient { operation: operation.name() })?;
                    gradients[input.0] = Some(match gradients[input.0] {
                        None => gradient,
                        Some(other) => graph.apply(Add, &[other, gradient])?,
                    });
                }
            }
        }
    }
    Ok(parameters)
}
