use super::{Builder, ModelKind, activation, depth, width};
use brink_base::metaparameter::Definition;
use crate::graph::{GraphError, ValueId};
use crate::operations::{Activation, ActivationKind};
use serde::{Deserialize, Serialize};

/// A multilayer perceptron: `depth` hidden layers of one width, then a linear head. Hidden weights have variance
/// gain / inputs (He et al. 2015), the head's 1 / inputs, biases are 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mlp {
    /// The number of hidden layers.
    pub depth: usize,
    /// The units of each hidden layer.
    pub width: usize,
    /// The nonlinearity of the hidden layers.
    pub activation: ActivationKind,
}

impl ModelKind for Mlp {
    const METAPARAMETERS: &'static [Definition] = &[
        Definition { about: "hidden layers", ..depth() },
        Definition { about: "units of each hidden layer", ..width() },
        activation(),
    ];

    fn example() -> Self {
        Self { depth: 2, width: 64, activation: ActivationKind::Relu }
    }

    fn build(&self, builder: &mut Builder, outputs: usize) -> Result<ValueId, GraphError> {
        let mut hidden = builder.inputs();
        for layer in 1..=self.depth {
            let gain = self.activation.initial_gain();
            hidden = builder.dense(&format!("hidden{layer}"), hidden, self.width, gain)?;
            hidden = builder.apply(Activation { kind: self.activation }, &[hidden])?;
        }
        builder.dense("head", hidden, outputs, 1.0)
    }
}
