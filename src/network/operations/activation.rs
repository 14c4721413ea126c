use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};
use serde::{Deserialize, Serialize};

/// The nonlinearities on offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActivationKind {
    /// max(x, 0); NaN stays NaN.
    Relu,
    /// The hyperbolic tangent.
    Tanh,
    /// x times the normal distribution function, in the tanh form of Hendrycks and Gimpel 2016.
    Gelu,
}

impl ActivationKind {
    /// All of them, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Relu, Self::Tanh, Self::Gelu];

    /// The name in experiments.
    pub fn id(self) -> &'static str {
        match self {
            Self::Relu => "relu",
            Self::Tanh => "tanh",
            Self::Gelu => "gelu",
        }
    }

    /// The variance that makes up for the activation in the initial weights of the layer before it (He et al. 2015 for
    /// ReLU; the same for GELU, which is close to it; none for tanh).
    pub fn initial_gain(self) -> f64 {
        match self {
            Self::Relu | Self::Gelu => 2.0,
            Self::Tanh => 1.0,
        }
    }

    /// What stands for it in a kernel; 0 is no activation.
    pub fn gpu_variant(self) -> usize {
        match self {
            Self::Relu => 1,
            Self::Tanh => 2,
            Self::Gelu => 3,
        }
    }

    /// Whether the derivative is a function of the result (ReLU, tanh) rather than of the argument (GELU).
    pub fn derivative_reads_output(self) -> bool {
        matches!(self, Self::Relu | Self::Tanh)
    }
}

/// sqrt(2 / pi)
const GELU_SCALE: f64 = 0.797_884_560_802_865_4;
const GELU_CUBIC: f64 = 0.044_715;

/// The nonlinearities in WGSL, for the kernels here and for the ends of the matrix products'. NaN is recognised by its bits, since
/// WGSL promises nothing about comparisons with it; tanh is kept from overflowing where drivers compute it from exp.
pub const ACTIVATIONS_WGSL: &str = r"
fn is_nan(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn safe_tanh(x: f32) -> f32 {
    if (is_nan(x)) { return x; }
    return tanh(clamp(x, -15.0, 15.0));
}
fn activation(kind: u32, x: f32) -> f32 {
    switch kind {
        case 1u: { if (is_nan(x)) { return x; } return max(x, 0.0); }
        case 2u: { return safe_tanh(x); }
        case 3u: { return 0.5 * x * (1.0 + safe_tanh(0.7978845608 * (x + 0.044715 * x * x * x))); }
        default: { return x; }
    }
}
fn activation_gradient(kind: u32, point: f32, d: f32) -> f32 {
    switch kind {
        case 1u: { if (point <= 0.0) { return 0.0; } return d; }
        case 2u: { return d * (1.0 - point * point); }
        case 3u: {
            let x = point;
            let t = safe_tanh(0.7978845608 * (x + 0.044715 * x * x * x));
            let inner = 0.7978845608 * (1.0 + 3.0 * 0.044715 * x * x);
            return d * 0.5 * (1.0 + t + x * (1.0 - t * t) * inner);
        }
        default: { return d; }
    }
}
";

/// Applies a nonlinearity to every value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activation {
    /// Which one.
    pub kind: ActivationKind,
}

const WGSL: &str = values_wgsl!(
    r"
    let x = a(run, i);
    write(run, i, activation(kind(), x));
"
);

impl Compute for Activation {
    const NAME: &'static str = "activation";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [x] = inputs else { return None };
        Some((*x).clone())
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        output: ValueId,
        output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        let point = if self.kind.derivative_reads_output() { output } else { inputs[0] };
        graph.apply(ActivationGradient { kind: self.kind }, &[point, output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let pairs = output.iter_mut().zip(inputs[0].values);
        match self.kind {
            // Not max: the comparison is false for NaN, so NaN passes.
            ActivationKind::Relu => {
                pairs.for_each(|(y, &x)| *y = if x <= T::zero() { T::zero() } else { x });
            }
            ActivationKind::Tanh => pairs.for_each(|(y, &x)| *y = x.tanh()),
            ActivationKind::Gelu => {
                let (half, one) = (T::from_f64(0.5), T::one());
                let (scale, cubic) = (T::from_f64(GELU_SCALE), T::from_f64(GELU_CUBIC));
                pairs.for_each(|(y, &x)| {
                    *y = half * x * (one + (scale * (x + cubic * x * x * x)).tanh());
                });
            }
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, WGSL, Grid::Values).with("kind", self.kind.gpu_variant())
    }
}

/// The gradient of [`Activation`]: (result or argument, gradient of the result) to the gradient of the argument; see
/// [`ActivationKind::derivative_reads_output`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ActivationGradient {
    /// Which nonlinearity.
    pub kind: ActivationKind,
}

const GRADIENT_WGSL: &str = values_wgsl!(
    r"
    write(run, i, activation_gradient(kind(), a(run, i), b(run, i)));
"
);

impl Compute for ActivationGradient {
    const NAME: &'static str = "activation gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [point, gradient] = inputs else {
            return None;
        };
        (point == gradient).then(|| (*point).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let triples = output.iter_mut().zip(inputs[0].values).zip(inputs[1].values);
        match self.kind {
            ActivationKind::Relu => {
                triples.for_each(|((dx, &y), &dy)| *dx = if y <= T::zero() { T::zero() } else { dy });
            }
            ActivationKind::Tanh => {
                triples.for_each(|((dx, &y), &dy)| *dx = dy * (T::one() - y * y));
            }
            ActivationKind::Gelu => {
                let (half, one) = (T::from_f64(0.5), T::one());
                let (scale, cubic) = (T::from_f64(GELU_SCALE), T::from_f64(GELU_CUBIC));
                let three = T::from_f64(3.0);
                triples.for_each(|((dx, &x), &dy)| {
                    let tanh = (scale * (x + cubic * x * x * x)).tanh();
                    let inner = scale * (one + three * cubic * x * x);
                    *dx = dy * half * (one + tanh + x * (one - tanh * tanh) * inner);
                });
            }
        }
    }

    fn kernel(&self, _inputs: &[&Shape]) -> Kernel {
        Kernel::new(Self::NAME, GRADIENT_WGSL, Grid::Values).with("kind", self.kind.gpu_variant())
    }
}
