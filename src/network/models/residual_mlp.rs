use super::residual::{BRANCH, BlockEquation, BlockForm, Branch, FINAL_NORM, PLACEMENT, Placement, normalized};
use super::{Builder, ModelKind, activation, depth, width};
use brink_base::metaparameter::Definition;
use crate::graph::{GraphError, ValueId};
use crate::operations::{Activation, ActivationKind};
use serde::{Deserialize, Serialize};

/// A residual multilayer perceptron: a linear map to `width`, `depth` residual blocks f(u) = W2 phi(W1 u + b1) + b2, and a
/// linear head. W1 has variance gain / width, the other weights 1 / inputs, biases are 0; a normalisation has a learned
/// gain (1) and bias (0).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResidualMlp {
    /// The number of residual blocks.
    pub depth: usize,
    /// The width of the residual stream and of the blocks.
    pub width: usize,
    /// The nonlinearity phi.
    pub activation: ActivationKind,
    /// Where the normalisation sits.
    pub placement: Placement,
    /// Whether a normalisation stands before the head.
    pub final_norm: bool,
    /// How the branches begin.
    pub branch: Branch,
}

impl ModelKind for ResidualMlp {
    const METAPARAMETERS: &'static [Definition] = &[
        Definition { about: "residual blocks", ..depth() },
        Definition { about: "width of the residual stream and of the blocks", ..width() },
        activation(),
        PLACEMENT,
        FINAL_NORM,
        BRANCH,
    ];

    fn example() -> Self {
        Self {
            depth: 8,
            width: 32,
            activation: ActivationKind::Relu,
            placement: Placement::None,
            final_norm: false,
            branch: Branch::Plain,
        }
    }

    fn build(&self, builder: &mut Builder, outputs: usize) -> Result<ValueId, GraphError> {
        let mut stream = builder.dense("input", builder.inputs(), self.width, 1.0)?;
        for block in 1..=self.depth {
            stream = self.block(builder, &format!("block{block}"), stream)?;
        }
        if self.final_norm {
            stream = normalized(builder, "final_norm", stream)?;
        }
        builder.dense("head", stream, outputs, 1.0)
    }

    fn block_equations(&self) -> Vec<BlockEquation> {
        vec![self.form().formula("y", "x", "f")]
    }
}

impl ResidualMlp {
    fn form(&self) -> BlockForm {
        BlockForm { placement: self.placement, branch: self.branch }
    }

    fn block(&self, builder: &mut Builder, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
        self.form().build(builder, name, x, |builder, x| {
            let kind = self.activation;
            let hidden = builder.dense(&format!("{name}.first"), x, self.width, kind.initial_gain())?;
            let hidden = builder.apply(Activation { kind }, &[hidden])?;
            builder.dense(&format!("{name}.second"), hidden, self.width, self.form().last_gain(1.0))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Graph, Origin};
    use crate::builder::Form;
    use brink_task::{Input, Targets};
    use crate::operations::Operation;

    fn model(placement: Placement, branch: Branch) -> ResidualMlp {
        ResidualMlp { depth: 1, width: 4, activation: ActivationKind::Relu, placement, final_norm: false, branch }
    }

    /// The formula that a graph computes, read back from its operations; `x` is the block's input.
    fn read_back(graph: &Graph, id: ValueId, x: ValueId) -> String {
        if id == x {
            return "x".to_owned();
        }
        let Origin::Operation { operation, inputs } = &graph.value(id).origin else { panic!("a parameter") };
        let of = |position: usize| read_back(graph, inputs[position], x);
        match operation {
            Operation::Add(_) => format!("{} + {}", of(0), of(1)),
            Operation::ScaleBy(_) => format!("α {}", of(0)),
            // Gain and bias follow a normalisation.
            Operation::RowScale(_) => of(0),
            Operation::Normalize(_) => format!("Norm({})", of(0)),
            // The branch: affine, activation, affine.
            Operation::Affine(_) => {
                let Origin::Operation { operation, inputs } = &graph.value(inputs[0]).origin else { panic!("a leaf") };
                assert!(matches!(operation, Operation::Activation(_)));
                let Origin::Operation { operation, inputs } = &graph.value(inputs[0]).origin else { panic!("a leaf") };
                assert!(matches!(operation, Operation::Affine(_)));
                format!("f({})", read_back(graph, inputs[0], x))
            }
            other => panic!("{other:?} in a block"),
        }
    }

    #[test]
    fn graph_and_formula_have_the_form_of_each_placement() {
        let forms = [
            (Placement::None, "x + f(x)", "x + α f(x)"),
            (Placement::Pre, "x + f(Norm(x))", "x + α f(Norm(x))"),
            (Placement::Inside, "x + Norm(f(x))", "x + α Norm(f(x))"),
            (Placement::Post, "Norm(x + f(x))", "Norm(x + α f(x))"),
        ];
        for (placement, plain, rezero) in forms {
            for (branch, form) in [(Branch::Plain, plain), (Branch::Zero, plain), (Branch::Rezero, rezero)] {
                let model = model(placement, branch);
                assert_eq!(model.block_equations()[0].to_string(), format!("y = {form}"), "{placement:?} {branch:?}");
                let mut builder = Builder::new(&Input::numbers(&[4]), &Targets::one_of(3), 2, Form::Training);
                let x = builder.inputs();
                let block = model.block(&mut builder, "block", x).unwrap();
                assert_eq!(read_back(builder.graph(), block, x), form, "{placement:?} {branch:?}");
            }
        }
    }
}
