//! Models: each is one file, which says what it is made of and builds its graph, and one line in the list below.

use super::graph::{Graph, GraphError, Initial, Network, Parameter, Source, ValueId};
use super::operations::{Accuracy, ActivationKind, Affine, CrossEntropy};
use crate::metaparameter::{Absent, Definition, Kind, Metaparameter};
use crate::tensor::Shape;
use serde::{Deserialize, Serialize};

/// What a graph is built for. Operations that behave differently in training and in evaluation look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// To be differentiated.
    Training,
    /// To be validated.
    Evaluation,
}

/// One kind of model.
trait ModelKind: Sized {
    /// Its metaparameters, each at `model.` and the name of the field that holds it, with the model's own limits.
    const METAPARAMETERS: &'static [Definition];

    /// A small network of this kind: what a learner who chooses the kind begins with.
    fn example() -> Self;

    /// Adds the network to a graph and returns its logits, [batch, classes].
    fn build(&self, builder: &mut Builder, classes: usize) -> Result<ValueId, GraphError>;
}

macro_rules! models {
    ($($module:ident :: $model:ident = $kind:literal,)+) => {
        $(
            mod $module;
            pub use $module::$model;
        )+

        /// A model with its metaparameters.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(tag = "kind")]
        pub enum Model {
            $(
                #[doc = concat!("See [`", stringify!($model), "`].")]
                #[serde(rename = $kind)]
                $model($model),
            )+
        }

        impl Model {
            /// The kinds of models, by their names in experiments, in the order in which they are offered.
            pub const KINDS: &'static [&'static str] = &[$($kind),+];

            /// The name of the kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$model(_) => $kind,)+ }
            }

            /// The metaparameters of a kind of model.
            pub fn metaparameters(kind: &str) -> Option<&'static [Definition]> {
                match kind {
                    $($kind => Some(<$model as ModelKind>::METAPARAMETERS),)+
                    _ => None,
                }
            }

            /// A small network of a kind.
            pub fn example(kind: &str) -> Option<Self> {
                match kind {
                    $($kind => Some(Self::$model(ModelKind::example())),)+
                    _ => None,
                }
            }

            /// Builds the network for inputs of shape `input`, `classes` classes and batches of `batch_size` examples.
            pub fn build(
                &self,
                input: &Shape,
                classes: usize,
                batch_size: usize,
                form: Form,
            ) -> Result<Network, GraphError> {
                let mut builder = Builder::new(input, batch_size, form);
                let logits = match self { $(Self::$model(model) => model.build(&mut builder, classes),)+ }?;
                builder.finish(logits)
            }
        }
    };
}

models! {
    residual_mlp::ResidualMlp = "residual_mlp",
    mlp::Mlp = "mlp",
}

pub use residual_mlp::{Branch, Placement};

/// What most models share: a number of layers or blocks. What it counts, the model says.
const fn depth() -> Definition {
    Definition {
        id: Metaparameter::Depth,
        path: "model.depth",
        kind: Kind::Whole { least: 1, most: 64 },
        changes_problem: true,
        ..Definition::PLAIN
    }
}

/// What most models share: a width.
const fn width() -> Definition {
    Definition {
        id: Metaparameter::Width,
        path: "model.width",
        kind: Kind::Whole { least: 1, most: 256 },
        unit: "units",
        changes_problem: true,
        ..Definition::PLAIN
    }
}

/// What most models share: the nonlinearity of their hidden layers.
const fn activation() -> Definition {
    Definition {
        id: Metaparameter::Activation,
        path: "model.activation",
        kind: Kind::Choice(|| ActivationKind::ALL.map(ActivationKind::id).to_vec()),
        absent: Absent::Default("\"relu\""),
        about: "the nonlinearity φ: `relu`, `tanh`, `gelu` (the tanh form)",
        ..Definition::PLAIN
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
