use super::{Builder, ModelKind, activation, depth, width};
use crate::metaparameter::{Absent, Definition, Kind, Metaparameter};
use crate::network::graph::{GraphError, Initial, ValueId};
use crate::network::operations::{Activation, ActivationKind, Add, Normalize, RowScale, Scale};
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

    fn build(&self, builder: &mut Builder, classes: usize) -> Result<ValueId, GraphError> {
        let mut stream = builder.dense("input", builder.inputs, self.width, 1.0)?;
        for block in 1..=self.depth {
            stream = self.block(builder, &format!("block{block}"), stream)?;
        }
        if self.final_norm {
            stream = normalized(builder, "final_norm", stream)?;
        }
        builder.dense("head", stream, classes, 1.0)
    }
}

impl ResidualMlp {
    fn block(&self, builder: &mut Builder, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
        let norm = format!("{name}.norm");
        let mut branch = x;
        if self.placement == Placement::Pre {
            branch = normalized(builder, &norm, branch)?;
        }
        let gain = self.activation.initial_gain();
        branch = builder.dense(&format!("{name}.first"), branch, self.width, gain)?;
        branch = builder.graph.apply(Activation { kind: self.activation }, &[branch])?;
        let gain = if self.branch == Branch::Zero { 0.0 } else { 1.0 };
        branch = builder.dense(&format!("{name}.second"), branch, self.width, gain)?;
        if self.placement == Placement::Inside {
            branch = normalized(builder, &norm, branch)?;
        }
        if self.branch == Branch::Rezero {
            let initial = Initial::Constant(0.0);
            let scale = builder.parameter(format!("{name}.scale"), Shape::new(&[1]), initial);
            branch = builder.graph.apply(Scale, &[branch, scale])?;
        }
        let sum = builder.graph.apply(Add, &[x, branch])?;
        if self.placement == Placement::Post { normalized(builder, &norm, sum) } else { Ok(sum) }
    }
}

/// Layer normalisation with its learned gain and bias.
fn normalized(builder: &mut Builder, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
    let shape = Shape::new(&[builder.graph.shape(x).columns()]);
    let gain = builder.parameter(format!("{name}.gain"), shape.clone(), Initial::Constant(1.0));
    let bias = builder.parameter(format!("{name}.bias"), shape, Initial::Constant(0.0));
    let normal = builder.graph.apply(Normalize, &[x])?;
    builder.graph.apply(RowScale, &[normal, gain, bias])
}
