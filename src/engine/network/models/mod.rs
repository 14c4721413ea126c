//! Models: each is a function that builds a graph, one file and one line in [`Model`].

mod mlp;
mod residual_mlp;

pub use mlp::Mlp;
pub use residual_mlp::{BlockFormula, Branch, Placement, ResidualMlp};

use super::graph::{Graph, GraphError, Initial, Network, Parameter, Source, ValueId};
use super::operations::{Accuracy, Affine, CrossEntropy};
use crate::json::{self, Fault, Json, Kind, Mismatch, Value};
use crate::tensor::Shape;

/// What a graph is built for. Operations that behave differently in training and in evaluation look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// To be differentiated.
    Training,
    /// To be validated.
    Evaluation,
}

/// A model with its sizes.
#[derive(Clone, Debug, PartialEq)]
pub enum Model {
    /// A multilayer perceptron.
    Mlp(Mlp),
    /// A residual multilayer perceptron.
    ResidualMlp(ResidualMlp),
}

/// The fields of the model itself, and its `kind`.
impl Json for Model {
    fn to_tree(&self) -> Value {
        let (kind, mut tree) = match self {
            Self::Mlp(model) => ("mlp", model.to_tree()),
            Self::ResidualMlp(model) => ("residual_mlp", model.to_tree()),
        };
        if let Some(fields) = tree.fields_mut() {
            fields.insert(0, ("kind".to_owned(), Value::from(kind)));
        }
        tree
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        let Value::Object(fields) = tree else { return Err(Mismatch::kind(tree, Kind::Object)) };
        let kind = json::field(fields, "kind").ok_or_else(|| Mismatch::new(Fault::Missing).within("kind"))?;
        let fields = Value::Object(fields.iter().filter(|field| field.0 != "kind").cloned().collect());
        match kind.as_text() {
            Some("mlp") => Mlp::from_tree(&fields).map(Self::Mlp),
            Some("residual_mlp") => ResidualMlp::from_tree(&fields).map(Self::ResidualMlp),
            Some(other) => Err(Mismatch::unknown(other, &["mlp", "residual_mlp"]).within("kind")),
            None => Err(Mismatch::kind(kind, Kind::Text).within("kind")),
        }
    }
}

impl Model {
    /// Builds the network for inputs of shape `input`, `classes` classes and batches of `batch_size` examples.
    pub fn build(&self, input: &Shape, classes: usize, batch_size: usize, form: Form) -> Result<Network, GraphError> {
        let mut builder = Builder::new(input, batch_size, form);
        let logits = match self {
            Self::Mlp(model) => model.build(&mut builder, classes),
            Self::ResidualMlp(model) => model.build(&mut builder, classes),
        }?;
        builder.finish(logits)
    }

    /// What a block of the model makes of its input; `None` for a model without blocks.
    pub fn block_formula(&self) -> Option<BlockFormula> {
        match self {
            Self::Mlp(_) => None,
            Self::ResidualMlp(model) => Some(model.block_formula()),
        }
    }
}

/// Collects the graph and parameters of a network.
pub(super) struct Builder {
    graph: Graph,
    parameters: Vec<Parameter>,
    inputs: ValueId,
    labels: ValueId,
    /// What the graph is built for.
    _form: Form,
}

impl Builder {
    fn new(input: &Shape, batch_size: usize, form: Form) -> Self {
        let mut graph = Graph::default();
        let inputs = graph.leaf(Source::Inputs, Shape::new(&[batch_size, input.len()]));
        let labels = graph.leaf(Source::Labels, Shape::new(&[batch_size]));
        Self { graph, parameters: Vec::new(), inputs, labels, _form: form }
    }

    fn parameter(&mut self, name: String, shape: Shape, initial: Initial) -> ValueId {
        let id = self.graph.leaf(Source::Parameter(self.parameters.len()), shape.clone());
        self.parameters.push(Parameter { name, shape, initial });
        id
    }

    /// A dense layer with `width` outputs, a bias of 0, and weights of variance `gain` / inputs.
    fn dense(&mut self, name: &str, x: ValueId, width: usize, gain: f64) -> Result<ValueId, GraphError> {
        let inputs = self.graph.shape(x).columns();
        let initial =
            if gain == 0.0 { Initial::Constant(0.0) } else { Initial::Normal(libm::sqrt(gain / inputs as f64)) };
        let weight = self.parameter(format!("{name}.weight"), Shape::new(&[inputs, width]), initial);
        let bias = self.parameter(format!("{name}.bias"), Shape::new(&[width]), Initial::Constant(0.0));
        self.graph.apply(Affine, &[x, weight, bias])
    }

    fn finish(mut self, logits: ValueId) -> Result<Network, GraphError> {
        let loss = self.graph.apply(CrossEntropy, &[logits, self.labels])?;
        let accuracy = self.graph.apply(Accuracy, &[logits, self.labels])?;
        Ok(Network { graph: self.graph, parameters: self.parameters, loss, accuracy })
    }
}
