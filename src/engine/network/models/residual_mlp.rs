use super::Builder;
use crate::json::{json_fields, json_names};
use crate::network::graph::{GraphError, Initial, ValueId};
use crate::network::operations::{Activation, ActivationKind, Add, Normalize, RowScale, Scale};
use crate::tensor::Shape;

/// Where the normalisation sits in a residual block f.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

json_names!(Placement { None = "none", Pre = "pre", Inside = "inside", Post = "post" });

impl Placement {
    /// All placements, in the order in which they are offered.
    pub const ALL: [Self; 4] = [Self::None, Self::Pre, Self::Inside, Self::Post];
}

/// How the residual branch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Branch {
    /// Drawn like the other weights.
    #[default]
    Plain,
    /// The last weight of the branch is 0.
    Zero,
    /// The branch is multiplied by a learned scalar, 0 at start (Bachlechner et al. 2020).
    Rezero,
}

json_names!(Branch { Plain = "plain", Zero = "zero", Rezero = "rezero" });

impl Branch {
    /// All starts, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Plain, Self::Zero, Self::Rezero];
}

/// A residual multilayer perceptron: a linear map to `width`, `depth` residual blocks f(u) = W2 phi(W1 u + b1) + b2, and a
/// linear head. W1 has variance gain / width, the other weights 1 / inputs, biases are 0; a normalisation has a learned
/// gain (1) and bias (0).
#[derive(Clone, Debug, PartialEq)]
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

json_fields!(ResidualMlp {
    depth: required,
    width: required,
    activation: or(ActivationKind::Relu),
    placement: required,
    final_norm: or(false),
    branch: or(Branch::default()),
});

impl ResidualMlp {
    pub(super) fn build(&self, builder: &mut Builder, classes: usize) -> Result<ValueId, GraphError> {
        let mut stream = builder.dense("input", builder.inputs, self.width, 1.0)?;
        for block in 1..=self.depth {
            stream = self.block(builder, &format!("block{block}"), stream)?;
        }
        if self.final_norm {
            stream = normalized(builder, "final_norm", stream)?;
        }
        builder.dense("head", stream, classes, 1.0)
    }

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
