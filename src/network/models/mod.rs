//! Models: each is one file, which says what it is made of and builds its graph, and one line in the list below.

use super::builder::{Builder, Form};
use super::graph::{GraphError, Network, ValueId};
use super::operations::ActivationKind;
use brink_base::metaparameter::{Absent, Definition, Kind, Metaparameter};
use brink_task::{Input, InputKind, Targets};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One kind of model.
trait ModelKind: Sized {
    /// Its metaparameters, each at `model.` and the name of the field that holds it, with the model's own limits.
    const METAPARAMETERS: &'static [Definition];

    /// A small network of this kind: what a learner who chooses the kind begins with.
    fn example() -> Self;

    /// Whether it can be built for inputs like these, and with sizes that go together; see [`Model::check`].
    fn check(&self, input: &Input) -> Result<(), Unfit> {
        match input.kind {
            InputKind::Numbers => Ok(()),
            InputKind::Tokens(_) => Err(Unfit::Input(Needs::Numbers)),
        }
    }

    /// Adds the network to a graph and returns its outputs, [batch, outputs].
    fn build(&self, builder: &mut Builder, outputs: usize) -> Result<ValueId, GraphError>;

    /// What a block of the model makes of its input x, line by line; none for a model without residual blocks.
    fn block_equations(&self) -> Vec<BlockEquation> {
        Vec::new()
    }
}

macro_rules! models {
    ($($module:ident :: $model:ident = $kind:literal,)+) => {
        $(
            mod $module;
            pub use $module::$model;
        )+

        /// A model with its metaparameters.
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(tag = "kind")]
        pub enum Model {
            $(
                #[doc = concat!("See [`", stringify!($model), "`].")]
                #[serde(rename = $kind)]
                $model($model),
            )+
        }

        // Not derived: the derived form is compiled for each model several times over, for a page that has to be loaded.
        impl<'de> Deserialize<'de> for Model {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let mut fields = serde_json::Map::deserialize(deserializer)?;
                let kind = fields.remove("kind");
                let kind = kind.as_ref().and_then(Value::as_str).unwrap_or_default();
                let read = match kind {
                    $($kind => serde_json::from_value(Value::Object(fields)).map(Self::$model),)+
                    _ => return Err(D::Error::unknown_variant(kind, Self::KINDS)),
                };
                read.map_err(D::Error::custom)
            }
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

            /// What a block of the model makes of its input x, line by line; none for a model without residual blocks.
            pub fn block_equations(&self) -> Vec<BlockEquation> {
                match self { $(Self::$model(model) => model.block_equations(),)+ }
            }

            /// Whether the model can be built at all for inputs like these, and with sizes that go together.
            ///
            /// # Errors
            ///
            /// The field that is at fault, and what it needs.
            pub fn check(&self, input: &Input) -> Result<(), Unfit> {
                match self { $(Self::$model(model) => model.check(input),)+ }
            }

            /// Builds the network for inputs like `input`, for these targets and for batches of `batch_size` examples.
            pub fn build(
                &self,
                input: &Input,
                targets: &Targets,
                batch_size: usize,
                form: Form,
            ) -> Result<Network, GraphError> {
                let mut builder = Builder::new(input, targets, batch_size, form);
                let logits = match self { $(Self::$model(model) => model.build(&mut builder, targets.outputs()),)+ }?;
                builder.finish(logits)
            }
        }
    };
}

models! {
    residual_mlp::ResidualMlp = "residual_mlp",
    mlp::Mlp = "mlp",
    transformer::Transformer = "transformer",
    convnet::Convnet = "convnet",
}

mod residual;

pub use convnet::{NormKind, Pooling};
pub use residual::{BlockEquation, BlockFormula, Branch, Placement};

/// Why a model cannot be built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// It cannot read what the task gives.
    Input(Needs),
    /// Of two sizes the second must divide the first.
    Divisor {
        /// The name of the size to be divided.
        size: &'static str,
        /// The name of the divisor.
        divisor: &'static str,
        /// The divisor.
        value: usize,
    },
    /// Sequences longer than the model reads.
    Length {
        /// Their length.
        length: usize,
        /// The longest that it reads.
        most: usize,
    },
}

/// What a model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Needs {
    /// Numbers.
    #[error("numbers")]
    Numbers,
    /// Sequences of tokens.
    #[error("sequences of tokens")]
    Tokens,
    /// Images: rows of pixels.
    #[error("images")]
    Images,
}

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
