/// The extents of a tensor, outermost first; a scalar has none. The run is never part of a shape: it is the leading
/// axis of every tensor of a fleet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape(Vec<usize>);

impl Shape {
    /// A shape with these extents.
    pub fn new(extents: &[usize]) -> Self {
        Self(extents.to_vec())
    }

    /// The shape of one number.
    pub fn scalar() -> Self {
        Self(Vec::new())
    }

    /// The extents, outermost first.
    #[inline]
    pub fn extents(&self) -> &[usize] {
        &self.0
    }

    /// The number of values.
    #[inline]
    pub fn len(&self) -> usize {
        self.0.iter().product()
    }

    /// Whether the shape holds no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The last extent; 1 for a scalar.
    #[inline]
    pub fn columns(&self) -> usize {
        self.0.last().copied().unwrap_or(1)
    }

    /// The product of all extents but the last: the tensor seen as a matrix has this many rows.
    #[inline]
    pub fn rows(&self) -> usize {
        self.0.split_last().map_or(1, |(_, rest)| rest.iter().product())
    }
}

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
