//! What models with residual blocks have in common: where the norm sits, how a branch begins, and how norm, branch and sum
//! compose to a block.

use super::Builder;
use crate::graph::{GraphError, Initial, ValueId};
use crate::operations::{Add, Normalize, RowScale, ScaleBy};
use brink_base::metaparameter::{Absent, Definition, Kind, Metaparameter};
use brink_base::tensor::Shape;
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

/// Where the normalisation sits and how the branches begin: what decides the form of a block.
#[derive(Clone, Copy, Debug)]
pub(super) struct BlockForm {
    pub(super) placement: Placement,
    pub(super) branch: Branch,
}

impl BlockForm {
    /// The variance times inputs of the last weights of a branch, where it is `gain` in a plain one.
    pub(super) fn last_gain(self, gain: f64) -> f64 {
        if self.branch == Branch::Zero { 0.0 } else { gain }
    }

    /// How norm, branch and sum compose to a block. The one definition, from which graph and formula come.
    pub(super) fn compose<P: BlockParts>(self, parts: &mut P, x: P::Value) -> Result<P::Value, P::Error> {
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

    /// The formula of a block whose branch is called `function`.
    pub(super) fn formula(self, result: &'static str, input: &'static str, function: &'static str) -> BlockEquation {
        let Ok(formula) = self.compose(&mut FormulaParts { function }, BlockFormula::Symbol(input));
        BlockEquation { result, formula }
    }

    /// Adds a block named `name` to a graph; `branch` adds its branch f.
    pub(super) fn build(
        self,
        builder: &mut Builder,
        name: &str,
        x: ValueId,
        branch: impl Fn(&mut Builder, ValueId) -> Result<ValueId, GraphError>,
    ) -> Result<ValueId, GraphError> {
        self.compose(&mut GraphParts { builder, name, branch }, x)
    }
}

/// What a block is composed of.
pub(super) trait BlockParts {
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
struct GraphParts<'a, F> {
    builder: &'a mut Builder,
    /// The block's name.
    name: &'a str,
    branch: F,
}

impl<F: Fn(&mut Builder, ValueId) -> Result<ValueId, GraphError>> BlockParts for GraphParts<'_, F> {
    type Value = ValueId;
    type Error = GraphError;

    fn normalized(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        normalized(self.builder, &format!("{}.norm", self.name), x)
    }

    fn branch(&mut self, x: ValueId) -> Result<ValueId, GraphError> {
        (self.branch)(self.builder, x)
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

/// One line of what a block computes: `y = x + f(x)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockEquation {
    /// The symbol of the result.
    pub result: &'static str,
    /// What it is.
    pub formula: BlockFormula,
}

impl std::fmt::Display for BlockEquation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} = {}", self.result, self.formula)
    }
}

/// What a residual block makes of its input, as a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockFormula {
    /// A tensor by its letter.
    Symbol(&'static str),
    /// The branch of a tensor: the function's name, its argument.
    Branch(&'static str, Box<BlockFormula>),
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
            Self::Symbol(name) => f.write_str(name),
            Self::Branch(function, x) => write!(f, "{function}({x})"),
            Self::Norm(x) => write!(f, "Norm({x})"),
            // A branch binds as tightly as a product, so it needs no parentheses.
            Self::Scaled(x) => write!(f, "α {x}"),
            Self::Sum(x, y) => write!(f, "{x} + {y}"),
        }
    }
}

/// The parts as parts of a formula.
struct FormulaParts {
    function: &'static str,
}

impl BlockParts for FormulaParts {
    type Value = BlockFormula;
    type Error = std::convert::Infallible;

    fn normalized(&mut self, x: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Norm(Box::new(x)))
    }

    fn branch(&mut self, x: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Branch(self.function, Box::new(x)))
    }

    fn scaled(&mut self, x: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Scaled(Box::new(x)))
    }

    fn sum(&mut self, x: BlockFormula, y: BlockFormula) -> Result<BlockFormula, Self::Error> {
        Ok(BlockFormula::Sum(Box::new(x), Box::new(y)))
    }
}

/// Layer normalisation with its learned gain and bias.
pub(super) fn normalized(builder: &mut Builder, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
    let normal = builder.apply(Normalize, &[x])?;
    scaled_and_shifted(builder, name, normal)
}

/// The learned gain (1 at start) and bias (0) of a normalisation.
pub(super) fn scaled_and_shifted(builder: &mut Builder, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
    let shape = Shape::new(&[builder.shape(x).columns()]);
    let gain = builder.parameter(format!("{name}.gain"), shape.clone(), Initial::Constant(1.0));
    let bias = builder.parameter(format!("{name}.bias"), shape, Initial::Constant(0.0));
    builder.apply(RowScale, &[x, gain, bias])
}

/// Where the norm sits.
pub(super) const PLACEMENT: Definition = Definition {
    id: Metaparameter::Placement,
    path: "model.placement",
    kind: Kind::Choice(|| Placement::ALL.map(Placement::id).to_vec()),
    about: "of the layer normalisation: `none` x + f(x); `pre` x + f(Norm(x)); `inside` x + Norm(f(x)); `post` Norm(x + f(x))",
    ..Definition::PLAIN
};

/// Whether a norm stands before the head.
pub(super) const FINAL_NORM: Definition = Definition {
    id: Metaparameter::FinalNorm,
    path: "model.final_norm",
    kind: Kind::Flag,
    absent: Absent::Default("false"),
    about: "a normalisation before the head",
    ..Definition::PLAIN
};

/// How the branches begin.
pub(super) const BRANCH: Definition = Definition {
    id: Metaparameter::Branch,
    path: "model.branch",
    kind: Kind::Choice(|| Branch::ALL.map(Branch::id).to_vec()),
    absent: Absent::Default("\"plain\""),
    about: "start of the branch: `plain`; `zero`, the last weight is 0; `rezero`, a learned factor, 0 at start",
    ..Definition::PLAIN
};
