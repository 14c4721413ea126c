use super::{Builder, ModelKind, activation, depth, width};
use crate::metaparameter::{Absent, Definition, Kind, Metaparameter};
use crate::network::graph::{GraphError, Initial, ValueId};
use crate::network::operations::{Activation, ActivationKind, Add, Normalize, RowScale, ScaleBy};
use crate::tensor::Shape;
use serde::{Deserialize, Serialize};

/// Where the normalisation sits in a residual block f.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// x + f(x)
    None,
    /// x + f(Norm(x))
    Pre,
    /// x + Norm(f(x))
    Inside,
    /// Norm(x + f(x))
    Post,
}


impl Placement {
    /// All placements, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::None, Self::Pre, Self::Inside, Self::Post];

    /// The name in experiments.
    pub fn id(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Pre => "pre",
            Self::Inside => "inside",
            Self::Post => "post",
        }
    }
}

/// How the residual branch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Branch {
    /// Drawn like the other weights.
    #[default]
    Plain,
    /// The last weight of the branch is 0.
    Zero,
    /// The branch is multiplied by a learned scalar, 0 at start (Bachlechner et al. 2020).
    Rezero,
}


impl Branch {
    /// All starts, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Zero, Self::Rezero];

    /// The name in experiments.
    pub fn id(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Zero => "zero",
            Self::Rezero => "rezero",
        }
    }
}

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
        Definition {
            id: Metaparameter::Placement,
            path: "model.placement",
            kind: Kind::Choice(|| Placement::ALL.map(Placement::id).to_vec()),
            about: "of the layer normalisation: `none` x + f(x); `pre` x + f(Norm(x)); `inside` x + Norm(f(x)); `post` Norm(x + f(x))",
            ..Definition::PLAIN
        },
        Definition {
            id: Metaparameter::FinalNorm,
            path: "model.final_norm",
            kind: Kind::Flag,
            absent: Absent::Default("false"),
            about: "a normalisation before the head",
            ..Definition::PLAIN
        },
        Definition {
            id: Metaparameter::Branch,
            path: "model.branch",
            kind: Kind::Choice(|| Branch::ALL.map(Branch::id).to_vec()),
            absent: Absent::Default("\"plain\""),
            about: "start of the branch: `plain`; `zero`, the last weight is 0; `rezero`, a learned factor, 0 at start",
            ..Definition::PLAIN
        },
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

    fn block_formula(&self) -> Option<BlockFormula> {
        let Ok(formula) = self.compose(&mut FormulaParts, BlockFormula::Input);
        Some(formula)
    }
}

impl ResidualMlp {
    fn block(&self, builder: &mut Builder, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
        self.compose(&mut GraphParts { model: self, builder, name }, x)
    }

    /// How norm, branch and sum compose to a block. The one definition, from which graph and formula come.
    fn compose<P: BlockParts>(&self, parts: &mut P, x: P::Value) -> Result<P::Value, P::Error> {
        let mut branch = x.clone();
        if self.placement == Placement::Pre {
            branch = parts.normalized(branch)?;
        }
        branch = parts.branch(branch)?;
        if self.placement == Placement::Inside {
            branch = parts.normalized(branch)?;
        }
        if self.branch == Branch::Rezero {
            branch = parts.scaled(branch)?;
        }
        let sum = parts.sum(x, branch)?;
        if self.placement == Placement::Post { parts.normalized(sum) } else { Ok(sum) }
    }
}

/// What a block is composed of.
trait BlockParts {
    /// A tensor, or what stands for it.
    type Value: Clone;
    /// Why a part cannot be made.
    type Error;
    /// Norm(x)
    fn normalized(&mut self, x: Self::Value) -> Result<Self::Value, Self::Error>;
    /// f(x)
    fn branch(&mut self, x: Self::Value) -> Result<Self::Value, Self::Error>;
    /// x times a learned scalar
    fn scaled(&mut self, x: Self::Value) -> Result<Self::Value, Self::Error>;
    /// x + y
    fn sum(&mut self, x: Self::Value, y: Self::Value) -> Result<Self::Value, Self::Error>;
}

/// The parts as operations of a graph.
struct GraphParts<'a> {
    model: &'a ResidualMlp,
    builder: &'a mut Builder,
    /// The block's name.
    name: &'a str,
}

impl BlockParts for GraphParts<'_> {
    type Value = ValueId;
    type Error = GraphError;

    fn normalized(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        normalized(self.builder, &format!("{}.norm", self.name), x)
    }

    fn branch(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let Self { model, builder, name } = self;
        let kind = model.activation;
        let hidden = builder.dense(&format!("{name}.first"), x, model.width, kind.initial_gain())?;
        let hidden = builder.apply(Activation { kind }, &[hidden])?;
        let gain = if model.branch == Branch::Zero { 0.0 } else { 1.0 };
        builder.dense(&format!("{name}.second"), hidden, model.width, gain)
    }

    fn scaled(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        let name = format!("{}.scale", self.name);
        let scale = self.builder.parameter(name, Shape::new(&[1]), Initial::Constant(0.0));
        self.builder.apply(ScaleBy, &[x, scale])
    }

    fn sum(&mut self, x: ValueId, y: ValueId) -> Result<ValueId, GraphError> {
        self.builder.apply(Add, &[x, y])
    }
}

/// What a residual block makes of its input x, as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockFormula {
    /// The block's input x.
    Input,
    /// f of a tensor: the branch's two layers with the nonlinearity between them.
    Branch(Box<BlockFormula>),
    /// Norm of a tensor.
    Norm(Box<BlockFormula>),
    /// A tensor times a learned scalar α.
    Scaled(Box<BlockFormula>),
    /// The sum of two tensors.
    Sum(Box<BlockFormula>, Box<BlockFormula>),
}

impl std::fmt::Display for BlockFormula {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Input => f.write_str("x"),
            Self::Branch(x) => write!(f, "f({x})"),
            Self::Norm(x) => write!(f, "Norm({x})"),
            // A branch binds as tightly as a product, so it needs no parentheses.
            Self::Scaled(x) => write!(f, "α {x}"),
            Self::Sum(x, y) => write!(f, "{x} + {y}"),
        }
    }
}

/// The parts as parts of a formula.
struct FormulaParts;

impl BlockParts for FormulaParts {
    type Value = BlockFormula;
    type Error = std::convert::Infallible;

    fn normalized(&mut self, x: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Norm(Box::new(x)))
    }

    fn branch(&mut self, x: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Branch(Box::new(x)))
    }

    fn scaled(&mut self, x: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Scaled(Box::new(x)))
    }

    fn sum(&mut self, x: BlockFormula, y: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Sum(Box::new(x), Box::new(y)))
    }
}

/// Layer normalisation with its learned gain and bias.
fn normalized(builder: &mut Builder, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
    let shape = Shape::new(&[builder.shape(x).columns()]);
    let gain = builder.parameter(format!("{name}.gain"), shape.clone(), Initial::Constant(1.0));
    let bias = builder.parameter(format!("{name}.bias"), shape, Initial::Constant(0.0));
    let normal = builder.apply(Normalize, &[x])?;
    builder.apply(RowScale, &[normal, gain, bias])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::graph::{Graph, Origin};
    use crate::network::builder::Form;
    use crate::task::Targets;
    use crate::network::operations::Operation;

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
                assert_eq!(model.block_formula().unwrap().to_string(), form, "{placement:?} {branch:?}");
                let mut builder = Builder::new(&Shape::new(&[4]), &Targets::one_of(3), 2, Form::Training);
                let x = builder.inputs();
                let block = model.block(&mut builder, "block", x).unwrap();
                assert_eq!(read_back(builder.graph(), block, x), form, "{placement:?} {branch:?}");
            }
        }
    }
}
