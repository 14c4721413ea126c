//! Scaled dot-product attention in several heads (Vaswani et al. 2017), without a mask: every position of a sequence reads
//! every other.

use super::{Compute, Grid, Kernel, Operand};
use crate::network::graph::{Graph, GraphError, ValueId};
use crate::tensor::{Real, Shape};

/// The longest sequence: a kernel keeps one row of attention weights in registers.
pub const MAX_LENGTH: usize = 32;

/// Attention over sequences of `length` rows: [batch * length, 3 * width], queries, keys and values side by side, to
/// [batch * length, width]. Each of `heads` equal parts of the width attends by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attention {
    /// The rows of a sequence, at most [`MAX_LENGTH`].
    pub length: usize,
    /// The heads; they divide the width.
    pub heads: usize,
}

/// How the parts of one head of one sequence lie in a tensor of queries, keys and values.
#[derive(Clone, Copy)]
struct Head {
    /// Where the head's queries of the sequence begin.
    first: usize,
    /// From queries to keys, and from keys to values.
    width: usize,
    /// The values of a query.
    size: usize,
}

impl Head {
    fn query<T>(self, values: &[T], row: usize) -> &[T] {
        &values[self.first + row * 3 * self.width..][..self.size]
    }

    fn key<T>(self, values: &[T], row: usize) -> &[T] {
        &values[self.first + row * 3 * self.width + self.width..][..self.size]
    }

    fn value<T>(self, values: &[T], row: usize) -> &[T] {
        &values[self.first + row * 3 * self.width + 2 * self.width..][..self.size]
    }
}

fn dot<T: Real>(a: &[T], b: &[T]) -> T {
    a.iter().zip(b).map(|(&a, &b)| a * b).sum()
}

/// sum += factor * x
fn add_scaled<T: Real>(sum: &mut [T], factor: T, x: &[T]) {
    for (sum, &x) in sum.iter_mut().zip(x) {
        *sum += factor * x;
    }
}

impl Attention {
    /// The width of the result for a tensor of queries, keys and values, or `None` where it does not fit.
    fn width(self, qkv: &Shape) -> Option<usize> {
        let width = qkv.columns() / 3;
        let fits = (1..=MAX_LENGTH).contains(&self.length)
            && qkv.rows().is_multiple_of(self.length)
            && qkv.columns() == 3 * width
            && width > 0
            && self.heads > 0
            && width.is_multiple_of(self.heads);
        fits.then_some(width)
    }

    /// Calls `each` with every head of every sequence, and with where its result begins.
    fn each_head(self, width: usize, rows: usize, mut each: impl FnMut(Head, usize)) {
        let size = width / self.heads;
        for sequence in 0..rows / self.length {
            for head in 0..self.heads {
                let row = sequence * self.length;
                each(Head { first: row * 3 * width + head * size, width, size }, row * width + head * size);
            }
        }
    }

    /// The weights with which a row of a sequence reads each row: the softmax of its scaled products with the keys.
    fn weights<T: Real>(self, qkv: &[T], head: Head, row: usize, weights: &mut [T]) {
        let scale = T::one() / T::from_f64(head.size as f64).sqrt();
        let query = head.query(qkv, row);
        for (other, weight) in weights.iter_mut().enumerate() {
            *weight = dot(query, head.key(qkv, other)) * scale;
        }
        // NaN is passed over here and reaches the sum of exponentials instead.
        let largest = weights.iter().fold(weights[0], |largest, &x| if x > largest { x } else { largest });
        let mut sum = T::zero();
        for weight in weights.iter_mut() {
            *weight = Real::exp(*weight - largest);
            sum += *weight;
        }
        let reciprocal = T::one() / sum;
        for weight in weights {
            *weight *= reciprocal;
        }
    }
}

/// One invocation a head and sequence; `body` may use what stands before it, and calls `attend(run, row)` to bring the
/// weights of a row of the sequence to `weights`.
macro_rules! attention_wgsl {
    ($body:literal) => {
        concat!(
            r"
var<private> weights: array<f32, 32>;
// Where the head's queries, keys and values of a row of the sequence begin.
fn at(first: u32, row: u32, part: u32) -> u32 { return first + (row * 3u + part) * width(); }
fn attend(run: u32, first: u32, row: u32) {
    var largest = 0.0;
    for (var j = 0u; j < length(); j++) {
        var product = 0.0;
        for (var k = 0u; k < size(); k++) { product += a(run, at(first, row, 0u) + k) * a(run, at(first, j, 1u) + k); }
        weights[j] = product * inverse_root();
        if (j == 0u || weights[j] > largest) { largest = weights[j]; }
    }
    var sum = 0.0;
    for (var j = 0u; j < length(); j++) {
        weights[j] = exp(weights[j] - largest);
        sum += weights[j];
    }
    for (var j = 0u; j < length(); j++) { weights[j] /= sum; }
}
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let heads = width() / size();
    let index = group.x * 64u + local;
    let sequence = index / heads;
    if (skips(run) || sequence * length() * width() * 3u >= params.a_len) { return; }
    // The head's queries, and its part of the result.
    let first = sequence * length() * width() * 3u + index % heads * size();
    let result = sequence * length() * width() + index % heads * size();
",
            $body,
            "}\n"
        )
    };
}

/// A kernel with the parameters that [`attention_wgsl`] reads.
fn kernel(name: &'static str, text: &'static str, attention: Attention, qkv: &Shape) -> Kernel {
    let width = qkv.columns() / 3;
    let size = width / attention.heads.max(1);
    let invocations = qkv.rows() / attention.length.max(1) * attention.heads;
    Kernel::new(name, text, Grid::Invocations(invocations))
        .with("length", attention.length)
        .with("width", width)
        .with("size", size)
        .with("inverse_root", 1.0 / libm::sqrt(size as f64))
}

const ATTENTION_WGSL: &str = attention_wgsl!(
    r"
    for (var i = 0u; i < length(); i++) {
        attend(run, first, i);
        for (var k = 0u; k < size(); k++) {
            var sum = 0.0;
            for (var j = 0u; j < length(); j++) { sum += weights[j] * a(run, at(first, j, 2u) + k); }
            write(run, result + i * width() + k, sum);
        }
    }
"
);

impl Compute for Attention {
    const NAME: &'static str = "attention";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [qkv] = inputs else { return None };
        self.width(qkv).map(|width| Shape::new(&[qkv.rows(), width]))
    }

    fn gradient(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        output: ValueId,
        output_gradient: ValueId,
        _position: usize,
    ) -> Result<Option<ValueId>, GraphError> {
        graph.apply(AttentionGradient { attention: *self }, &[inputs[0], output, output_gradient]).map(Some)
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [qkv] = inputs else { return };
        let width = qkv.shape.columns() / 3;
        let mut weights = [T::zero(); MAX_LENGTH];
        let weights = &mut weights[..self.length];
        output.fill(T::zero());
        self.each_head(width, qkv.shape.rows(), |head, result| {
            for row in 0..self.length {
                self.weights(qkv.values, head, row, weights);
                let out = &mut output[result + row * width..][..head.size];
                for (other, &weight) in weights.iter().enumerate() {
                    add_scaled(out, weight, head.value(qkv.values, other));
                }
            }
        });
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        kernel(Self::NAME, ATTENTION_WGSL, *self, inputs[0])
    }
}

/// The gradient of [`Attention`]: (queries, keys and values; result; gradient of the result) to the gradient of queries, keys
/// and values. The weights are computed again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AttentionGradient {
    /// The attention that it belongs to.
    pub attention: Attention,
}

const GRADIENT_WGSL: &str = attention_wgsl!(
    r"
    for (var j = 0u; j < length(); j++) {
        for (var k = 0u; k < size(); k++) {
            write(run, at(first, j, 1u) + k, 0.0);
            write(run, at(first, j, 2u) + k, 0.0);
        }
    }
    let out = params.out_offset + run * params.out_stride;
    for (var i = 0u; i < length(); i++) {
        attend(run, first, i);
        let row = result + i * width();
        // The products of weights and their gradients, summed: the gradient of the result times the result.
        var shared_part = 0.0;
        for (var k = 0u; k < size(); k++) {
            shared_part += c(run, row + k) * b(run, row + k);
            write(run, at(first, i, 0u) + k, 0.0);
        }
        for (var j = 0u; j < length(); j++) {
            var product = 0.0;
            for (var k = 0u; k < size(); k++) { product += c(run, row + k) * a(run, at(first, j, 2u) + k); }
            let d = weights[j] * (product - shared_part) * inverse_root();
            for (var k = 0u; k < size(); k++) {
                arena[out + at(first, j, 2u) + k] += weights[j] * c(run, row + k);
                arena[out + at(first, j, 1u) + k] += d * a(run, at(first, i, 0u) + k);
                arena[out + at(first, i, 0u) + k] += d * a(run, at(first, j, 1u) + k);
            }
        }
    }
"
);

impl Compute for AttentionGradient {
    const NAME: &'static str = "attention gradient";

    fn output_shape(&self, inputs: &[&Shape]) -> Option<Shape> {
        let [qkv, result, gradient] = inputs else { return None };
        let width = self.attention.width(qkv)?;
        (result == gradient && result.extents() == [qkv.rows(), width]).then(|| (*qkv).clone())
    }

    fn run<T: Real>(&self, inputs: &[Operand<'_, T>], output: &mut [T]) {
        let [qkv, result, gradient] = inputs else { return };
        let attention = self.attention;
        let width = qkv.shape.columns() / 3;
        let mut weights = [T::zero(); MAX_LENGTH];
        let weights = &mut weights[..attention.length];
        output.fill(T::zero());
        attention.each_head(width, qkv.shape.rows(), |head, first| {
            let scale = T::one() / T::from_f64(head.size as f64).sqrt();
            for row in 0..attention.length {
                attention.weights(qkv.values, head, row, weights);
                let at = first + row * width;
                let gradient = &gradient.values[at..at + head.size];
                // The products of weights and their gradients, summed: the gradient of the result times the result.
                let shared_part = dot(gradient, &result.values[at..at + head.size]);
                for (other, &weight) in weights.iter().enumerate() {
                    let d = weight * (dot(gradient, head.value(qkv.values, other)) - shared_part) * scale;
                    let [to_query, to_key] = [row, other].map(|row| head.first + row * 3 * width);
                    add_scaled(&mut output[to_query..][..head.size], d, head.key(qkv.values, other));
                    add_scaled(&mut output[to_key + width..][..head.size], d, head.query(qkv.values, row));
                    add_scaled(&mut output[to_key + 2 * width..][..head.size], weight, gradient);
                }
            }
        });
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        kernel(Self::NAME, GRADIENT_WGSL, self.attention, inputs[0])
    }
}
