//! What an update is made of.

/// Where an instruction reads a vector from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VectorSource {
    /// The parameters.
    Theta,
    /// A state's plane.
    State(usize),
    /// A buffer of the workspace.
    Buffer(usize),
}

/// What is done to each value of one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unary {
    /// Nothing: the value itself.
    Copy,
    /// -x
    Negative,
    /// [`crate::tensor::Real::sqrt`]
    Sqrt,
    /// [`crate::tensor::Real::exp`]
    Exp,
    /// [`crate::tensor::Real::ln`]
    Log,
    /// [`crate::tensor::Real::abs`]
    Abs,
    /// [`crate::tensor::Real::sign`]
    Sign,
}

/// What is done to two values at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// x + y
    Add,
    /// x - y
    Subtract,
    /// x y
    Multiply,
    /// x / y
    Divide,
    /// [`crate::tensor::Real::lesser`]
    Min,
    /// [`crate::tensor::Real::greater`]
    Max,
}

/// One loop over a chunk. A `usize` that is no buffer is a position in the scalar table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Clipped gradient: gradient times scale.
    Gradient,
    /// The same scalar everywhere.
    Fill(usize),
    /// (operator) vector
    Unary(Unary, VectorSource),
    /// vector (operator) vector
    Binary(Binary, VectorSource, VectorSource),
    /// vector (operator) scalar
    WithScalar(Binary, VectorSource, usize),
    /// scalar (operator) vector
    ScalarWith(Binary, usize, VectorSource),
    /// a + s b
    AddScaled(VectorSource, VectorSource, usize),
    /// a - s b
    SubtractScaled(VectorSource, VectorSource, usize),
    /// r a + s b
    ScaledSum(VectorSource, usize, VectorSource, usize),
    /// r a - s b
    ScaledDifference(VectorSource, usize, VectorSource, usize),
}

impl Action {
    /// The vectors that it reads, none, one or two; the gradient is not counted.
    pub fn sources(self) -> impl Iterator<Item = VectorSource> {
        let (first, second) = match self {
            Self::Gradient | Self::Fill(_) => (None, None),
            Self::Unary(_, a) | Self::WithScalar(_, a, _) | Self::ScalarWith(_, _, a) => (Some(a), None),
            Self::Binary(_, a, b)
            | Self::AddScaled(a, b, _)
            | Self::SubtractScaled(a, b, _)
            | Self::ScaledSum(a, _, b, _)
            | Self::ScaledDifference(a, _, b, _) => (Some(a), Some(b)),
        };
        first.into_iter().chain(second)
    }

    /// The same action on other vectors.
    pub fn map_sources(self, map: impl Fn(VectorSource) -> VectorSource) -> Self {
        match self {
            Self::Gradient | Self::Fill(_) => self,
            Self::Unary(operator, a) => Self::Unary(operator, map(a)),
            Self::WithScalar(operator, a, s) => Self::WithScalar(operator, map(a), s),
            Self::ScalarWith(operator, s, a) => Self::ScalarWith(operator, s, map(a)),
            Self::Binary(operator, a, b) => Self::Binary(operator, map(a), map(b)),
            Self::AddScaled(a, b, s) => Self::AddScaled(map(a), map(b), s),
            Self::SubtractScaled(a, b, s) => Self::SubtractScaled(map(a), map(b), s),
            Self::ScaledSum(a, r, b, s) => Self::ScaledSum(map(a), r, map(b), s),
            Self::ScaledDifference(a, r, b, s) => Self::ScaledDifference(map(a), r, map(b), s),
        }
    }
}

/// What a step does with one buffer of the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UpdateInstruction {
    /// Fills a buffer, which is none of the action's sources.
    Compute {
        /// What it is filled with.
        action: Action,
        /// The buffer.
        buffer: usize,
    },
    /// Copies a buffer to a state's plane; comes after everything that reads the old state.
    StoreState {
        /// The buffer.
        buffer: usize,
        /// The state, by the position of its plane.
        state: usize,
    },
    /// Copies a buffer to theta.
    StoreTheta {
        /// The buffer.
        buffer: usize,
    },
}
