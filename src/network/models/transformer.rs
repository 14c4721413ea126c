use super::residual::{BRANCH, BlockEquation, BlockForm, Branch, FINAL_NORM, PLACEMENT, Placement, normalized};
use super::{Builder, ModelKind, Needs, Unfit, activation, depth, width};
use brink_base::metaparameter::{Absent, Definition, Kind, Metaparameter};
use crate::graph::{GraphError, Initial, ValueId};
use crate::operations::{Activation, ActivationKind, Attention, Embed, MAX_LENGTH};
use brink_task::{Input, InputKind};
use brink_base::tensor::Shape;
use serde::{Deserialize, Serialize};

/// A transformer without a mask (Vaswani et al. 2017): an embedding of tokens and positions, `depth` blocks of attention and a
/// multilayer perceptron, each a residual block of its own, and a linear head at every position. Embeddings have variance 1,
/// the first weights of the perceptron gain / inputs, all other weights 1 / inputs, biases are 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transformer {
    /// The number of blocks.
    pub depth: usize,
    /// The width of the residual stream.
    pub width: usize,
    /// The heads of attention; they divide the width.
    pub heads: usize,
    /// The hidden units of the perceptron.
    pub mlp_width: usize,
    /// The nonlinearity of the perceptron.
    pub activation: ActivationKind,
    /// Where the normalisation sits.
    pub placement: Placement,
    /// Whether a normalisation stands before the head.
    pub final_norm: bool,
    /// How the branches begin.
    pub branch: Branch,
}

impl ModelKind for Transformer {
    const METAPARAMETERS: &'static [Definition] = &[
        Definition { about: "blocks of attention and perceptron", ..depth() },
        Definition { about: "width of the residual stream", ..width() },
        Definition {
            id: Metaparameter::Heads,
            path: "model.heads",
            kind: Kind::Whole { least: 1, most: 16 },
            absent: Absent::Default("2"),
            about: "heads of attention; they divide the width",
            ..Definition::PLAIN
        },
        Definition {
            id: Metaparameter::MlpWidth,
            path: "model.mlp_width",
            kind: Kind::Whole { least: 1, most: 256 },
            absent: Absent::Default("32"),
            unit: "units",
            about: "hidden units of the perceptron of a block",
            changes_problem: true,
            ..Definition::PLAIN
        },
        activation(),
        PLACEMENT,
        FINAL_NORM,
        BRANCH,
    ];

    fn example() -> Self {
        Self {
            depth: 4,
            width: 16,
            heads: 2,
            mlp_width: 32,
            activation: ActivationKind::Relu,
            placement: Placement::Post,
            final_norm: false,
            branch: Branch::Plain,
        }
    }

    fn check(&self, input: &Input) -> Result<(), Unfit> {
        let InputKind::Tokens(_) = input.kind else { return Err(Unfit::Input(Needs::Tokens)) };
        let length = input.shape.len();
        if !self.width.is_multiple_of(self.heads) {
            return Err(Unfit::Divisor { size: "model.width", divisor: "model.heads", value: self.heads });
        }
        if length > MAX_LENGTH {
            return Err(Unfit::Length { length, most: MAX_LENGTH });
        }
        Ok(())
    }

    fn build(&self, builder: &mut Builder, outputs: usize) -> Result<ValueId, GraphError> {
        let tokens = builder.inputs();
        let length = builder.shape(tokens).columns();
        let table = Shape::new(&[builder.vocabulary(), self.width]);
        let table = builder.parameter("tokens".to_owned(), table, Initial::Normal(1.0));
        let positions = Shape::new(&[length, self.width]);
        let positions = builder.parameter("positions".to_owned(), positions, Initial::Normal(1.0));
        let mut stream = builder.apply(Embed, &[table, positions, tokens])?;
        for block in 1..=self.depth {
            stream = self.block(builder, &format!("block{block}"), stream, length)?;
        }
        if self.final_norm {
            stream = normalized(builder, "final_norm", stream)?;
        }
        builder.dense("head", stream, outputs / length, 1.0)
    }

    fn block_equations(&self) -> Vec<BlockEquation> {
        vec![self.form().formula("a", "x", "Attention"), self.form().formula("y", "a", "f")]
    }
}

impl Transformer {
    fn form(&self) -> BlockForm {
        BlockForm { placement: self.placement, branch: self.branch }
    }

    fn block(&self, builder: &mut Builder, name: &str, x: ValueId, length: usize) -> Result<ValueId, GraphError> {
        let attention = format!("{name}.attention");
        let x = self.form().build(builder, &attention, x, |builder, x| {
            let qkv = builder.dense(&format!("{attention}.qkv"), x, 3 * self.width, 1.0)?;
            let read = builder.apply(Attention { length, heads: self.heads }, &[qkv])?;
            builder.dense(&format!("{attention}.output"), read, self.width, self.form().last_gain(1.0))
        })?;
        let perceptron = format!("{name}.mlp");
        self.form().build(builder, &perceptron, x, |builder, x| {
            let kind = self.activation;
            let hidden = builder.dense(&format!("{perceptron}.first"), x, self.mlp_width, kind.initial_gain())?;
            let hidden = builder.apply(Activation { kind }, &[hidden])?;
            builder.dense(&format!("{perceptron}.second"), hidden, self.width, self.form().last_gain(1.0))
        })
    }
}
