use super::Builder;
use crate::json::json_fields;
use crate::network::graph::{GraphError, ValueId};
use crate::network::operations::{Activation, ActivationKind};

/// A multilayer perceptron: `depth` hidden layers of one width, then a linear head. Hidden weights have variance
/// gain / inputs (He et al. 2015), the head's 1 / inputs, biases are 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    /// The number of hidden layers.
    pub depth: usize,
    /// The units of each hidden layer.
    pub width: usize,
    /// The nonlinearity of the hidden layers.
    pub activation: ActivationKind,
}

json_fields!(Mlp { depth: required, width: required, activation: or(ActivationKind::Relu) });

impl Mlp {
    pub(super) fn build(&self, builder: &mut Builder, classes: usize) -> Result<ValueId, GraphError> {
        let mut hidden = builder.inputs;
        for layer in 1..=self.depth {
            let gain = self.activation.initial_gain();
            hidden = builder.dense(&format!("hidden{layer}"), hidden, self.width, gain)?;
            hidden = builder.graph.apply(Activation { kind: self.activation }, &[hidden])?;
        }
        builder.dense("head", hidden, classes, 1.0)
    }
}
