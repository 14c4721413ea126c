use super::residual::scaled_and_shifted;
use super::{Builder, ModelKind, Needs, Unfit, activation};
use brink_base::metaparameter::{Absent, Definition, Kind, Metaparameter};
use crate::graph::{GraphError, ValueId};
use crate::operations::{Activation, ActivationKind, Add, MeanPool, Normalize, Patches, Reshape};
use brink_task::{Input, InputKind};
use serde::{Deserialize, Serialize};

/// The normalisation of a convolutional network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NormKind {
    /// Each channel over batch and pixels (Ioffe and Szegedy 2015).
    Batch,
    /// Each image over its pixels and channels (Ba et al. 2016).
    Layer,
}

impl NormKind {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Batch, Self::Layer];

    /// The name in experiments.
    pub fn id(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Layer => "layer",
        }
    }
}

/// What becomes of the pixels before the head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pooling {
    /// The head reads every channel of every pixel.
    Flatten,
    /// The head reads each channel's mean over the pixels.
    Global,
}

impl Pooling {
    /// Both, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::Flatten, Self::Global];

    /// The name in experiments.
    pub fn id(self) -> &'static str {
        match self {
            Self::Flatten => "flatten",
            Self::Global => "global",
        }
    }
}

/// A residual convolutional network of two blocks. The stem is a convolution of 3 x 3 pixels; a block is norm, nonlinearity,
/// convolution (with the block's stride), norm, nonlinearity, convolution, added to its input, or, where channels or stride
/// change, to a convolution of 1 x 1 pixel of its first activations (He et al. 2016, "Identity mappings"). Then norm,
/// nonlinearity, pooling and a linear head. Weights have variance 1 / inputs, biases are 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Convnet {
    /// The channels of the stem.
    pub stem_channels: usize,
    /// The channels of the first block.
    pub channels1: usize,
    /// The stride of the first block.
    pub stride1: usize,
    /// The channels of the second block.
    pub channels2: usize,
    /// The stride of the second block.
    pub stride2: usize,
    /// The nonlinearity.
    pub activation: ActivationKind,
    /// The normalisation.
    pub norm: NormKind,
    /// What becomes of the pixels before the head.
    pub pooling: Pooling,
    /// Multiplies every step of the head's weights and bias.
    pub head_learning_rate: f64,
}

/// A number of channels.
const fn channels(id: Metaparameter, path: &'static str, about: &'static str) -> Definition {
    let kind = Kind::Whole { least: 1, most: 32 };
    Definition { id, path, kind, unit: "channels", about, changes_problem: true, ..Definition::PLAIN }
}

/// The stride of a block.
const fn stride(id: Metaparameter, path: &'static str, about: &'static str) -> Definition {
    Definition { id, path, kind: Kind::Whole { least: 1, most: 4 }, unit: "pixels", about, ..Definition::PLAIN }
}

impl ModelKind for Convnet {
    const METAPARAMETERS: &'static [Definition] = &[
        channels(Metaparameter::StemChannels, "model.stem_channels", "channels of the first convolution"),
        channels(Metaparameter::Channels1, "model.channels1", "channels of the first block"),
        stride(Metaparameter::Stride1, "model.stride1", "stride of the first block"),
        channels(Metaparameter::Channels2, "model.channels2", "channels of the second block"),
        stride(Metaparameter::Stride2, "model.stride2", "stride of the second block"),
        activation(),
        Definition {
            id: Metaparameter::NormKind,
            path: "model.norm",
            kind: Kind::Choice(|| NormKind::ALL.map(NormKind::id).to_vec()),
            absent: Absent::Default("\"batch\""),
            about: "the normalisation: `batch`, each channel over batch and pixels; `layer`, each image over its pixels and channels",
            ..Definition::PLAIN
        },
        Definition {
            id: Metaparameter::Pooling,
            path: "model.pooling",
            kind: Kind::Choice(|| Pooling::ALL.map(Pooling::id).to_vec()),
            absent: Absent::Default("\"flatten\""),
            about: "before the head: `flatten`, every channel of every pixel; `global`, each channel's mean over the pixels",
            ..Definition::PLAIN
        },
        Definition {
            id: Metaparameter::HeadLearningRate,
            path: "model.head_learning_rate",
            kind: Kind::Number { least: 0.001, most: 1000.0 },
            absent: Absent::Default("1.0"),
            about: "factor on every step of the head's parameters: what a learning rate of its own would do",
            ..Definition::PLAIN
        },
    ];

    fn example() -> Self {
        Self {
            stem_channels: 2,
            channels1: 4,
            stride1: 1,
            channels2: 16,
            stride2: 2,
            activation: ActivationKind::Relu,
            norm: NormKind::Batch,
            pooling: Pooling::Flatten,
            head_learning_rate: 1.0,
        }
    }

    fn check(&self, input: &Input) -> Result<(), Unfit> {
        match (input.kind, input.shape.extents()) {
            (InputKind::Numbers, [_, _]) => Ok(()),
            _ => Err(Unfit::Input(Needs::Images)),
        }
    }

    fn build(&self, builder: &mut Builder, outputs: usize) -> Result<ValueId, GraphError> {
        let &[height, width] = builder.input_shape().extents() else {
            return Err(GraphError::Shapes { operation: "a convnet", shapes: builder.input_shape().to_string() });
        };
        // One row a pixel, one channel.
        let pixels = builder.apply(Reshape { columns: 1 }, &[builder.inputs()])?;
        let mut images = Images { pixels, extent: [height, width] };
        images = images.convolution(builder, "stem", 3, 1, self.stem_channels)?;
        let blocks = [(self.channels1, self.stride1), (self.channels2, self.stride2)];
        for (index, (channels, stride)) in blocks.into_iter().enumerate() {
            images = self.block(builder, &format!("block{}", index + 1), images, channels, stride)?;
        }
        let images = self.activated(builder, "final_norm", images)?;
        let count = images.extent[0] * images.extent[1];
        let features = match self.pooling {
            Pooling::Flatten => {
                let columns = count * builder.shape(images.pixels).columns();
                builder.apply(Reshape { columns }, &[images.pixels])?
            }
            Pooling::Global => builder.apply(MeanPool { rows: count }, &[images.pixels])?,
        };
        builder.with_step_factor(self.head_learning_rate, |builder| builder.dense("head", features, outputs, 1.0))
    }
}

/// Images in training: one row a pixel, one column a channel.
#[derive(Clone, Copy)]
struct Images {
    pixels: ValueId,
    /// Rows and columns of pixels.
    extent: [usize; 2],
}

impl Images {
    /// A convolution of `side` x `side` pixels with so many output channels.
    fn convolution(
        self,
        builder: &mut Builder,
        name: &str,
        side: usize,
        stride: usize,
        channels: usize,
    ) -> Result<Self, GraphError> {
        let patches = Patches { image: self.extent, side, stride };
        // A patch of one pixel at every pixel is the pixel.
        let read =
            if side == 1 && stride == 1 { self.pixels } else { builder.apply(patches, &[self.pixels])? };
        Ok(Self { pixels: builder.dense(name, read, channels, 1.0)?, extent: patches.grid() })
    }
}

impl Convnet {
    /// Norm, with its gain and bias a channel, and nonlinearity.
    fn activated(&self, builder: &mut Builder, name: &str, images: Images) -> Result<Images, GraphError> {
        let normal = match self.norm {
            NormKind::Batch => builder.batch_norm(name, images.pixels)?,
            NormKind::Layer => {
                let channels = builder.shape(images.pixels).columns();
                let columns = images.extent[0] * images.extent[1] * channels;
                let rows = builder.apply(Reshape { columns }, &[images.pixels])?;
                let normal = builder.apply(Normalize, &[rows])?;
                builder.apply(Reshape { columns: channels }, &[normal])?
            }
        };
        let normal = scaled_and_shifted(builder, name, normal)?;
        Ok(Images { pixels: builder.apply(Activation { kind: self.activation }, &[normal])?, ..images })
    }

    fn block(
        &self,
        builder: &mut Builder,
        name: &str,
        x: Images,
        channels: usize,
        stride: usize,
    ) -> Result<Images, GraphError> {
        let part = |part: &str| format!("{name}.{part}");
        let activated = self.activated(builder, &part("norm1"), x)?;
        let hidden = activated.convolution(builder, &part("first"), 3, stride, channels)?;
        let hidden = self.activated(builder, &part("norm2"), hidden)?;
        let branch = hidden.convolution(builder, &part("second"), 3, 1, channels)?;
        let is_same = stride == 1 && builder.shape(x.pixels).columns() == channels;
        let shortcut =
            if is_same { x } else { activated.convolution(builder, &part("shortcut"), 1, stride, channels)? };
        Ok(Images { pixels: builder.apply(Add, &[shortcut.pixels, branch.pixels])?, ..branch })
    }
}
