//! Scaled dot-product attention in several heads (Vaswani et al. 2017), without a mask: every position of a sequence reads
//! every other.

use super::{Compute, Grid, Kernel, Operand};
use crate::graph::{Graph, GraphError, ValueId};
use brink_base::tensor::{Real, Shape};

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

/// So many heads of sequences are computed side by side, one a lane of vectors: the loops over them have no sums across lanes.
const LANES: usize = 16;

/// One value of each lane.
type Lanes<T> = [T; LANES];

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
}

/// The heads of sequences that are computed side by side.
struct Group {
    attention: Attention,
    width: usize,
    /// The first of them, counting the heads of the first sequence, then those of the next.
    first: usize,
    /// How many there are; the lanes beyond are computed, too, and not written.
    count: usize,
}

impl Group {
    /// The values of a head in a row.
    #[inline]
    fn size(&self) -> usize {
        self.width / self.attention.heads
    }

    /// Where the values of a lane's head begin in its sequence's first row, of a tensor with `parts` times the width.
    #[inline]
    fn start(&self, lane: usize, parts: usize) -> usize {
        let (sequence, head) = ((self.first + lane) / self.attention.heads, (self.first + lane) % self.attention.heads);
        sequence * self.attention.length * parts * self.width + head * self.size()
    }

    /// Reads one part of a tensor with `parts` times the width: for each row and value, that of every lane.
    fn read<T: Real>(&self, values: &[T], parts: usize, part: usize, lanes: &mut Vec<Lanes<T>>) {
        let size = self.size();
        lanes.clear();
        lanes.resize(self.attention.length * size, [T::zero(); LANES]);
        for lane in 0..self.count {
            let start = self.start(lane, parts) + part * self.width;
            for (row, lanes) in lanes.chunks_exact_mut(size).enumerate() {
                let at = start + row * parts * self.width;
                for (lanes, &value) in lanes.iter_mut().zip(&values[at..at + size]) {
                    lanes[lane] = value;
                }
            }
        }
    }

    /// Writes one part of a tensor with `parts` times the width.
    fn write<T: Real>(&self, lanes: &[Lanes<T>], parts: usize, part: usize, values: &mut [T]) {
        let size = self.size();
        for lane in 0..self.count {
            let start = self.start(lane, parts) + part * self.width;
            for (row, lanes) in lanes.chunks_exact(size).enumerate() {
                let at = start + row * parts * self.width;
                for (lanes, value) in lanes.iter().zip(&mut values[at..at + size]) {
                    *value = lanes[lane];
                }
            }
        }
    }
}

/// sum += a * b, lane by lane.
#[inline(always)]
fn add_product<T: Real>(sum: &mut Lanes<T>, a: &Lanes<T>, b: &Lanes<T>) {
    for lane in 0..LANES {
        sum[lane] += a[lane] * b[lane];
    }
}

/// The products of the values of two rows, summed.
#[inline(always)]
fn dot<T: Real>(a: &[Lanes<T>], b: &[Lanes<T>]) -> Lanes<T> {
    let mut sum = [T::zero(); LANES];
    for (a, b) in a.iter().zip(b) {
        add_product(&mut sum, a, b);
    }
    sum
}

/// The weights with which a row reads each row of its sequence: the softmax of its scaled products with the keys.
#[inline(always)]
fn attend<T: Real>(query: &[Lanes<T>], keys: &[Lanes<T>], weights: &mut [Lanes<T>]) {
    let scale = T::one() / T::from_f64(query.len() as f64).sqrt();
    let mut largest = [T::zero(); LANES];
    for (other, (weight, key)) in weights.iter_mut().zip(keys.chunks_exact(query.len())).enumerate() {
        *weight = dot(query, key);
        for lane in 0..LANES {
            weight[lane] *= scale;
            // NaN is passed over here and reaches the sum of exponentials instead.
            let is_larger = other == 0 || weight[lane] > largest[lane];
            largest[lane] = if is_larger { weight[lane] } else { largest[lane] };
        }
    }
    let mut sum = [T::zero(); LANES];
    for weight in weights.iter_mut() {
        for lane in 0..LANES {
            weight[lane] = (weight[lane] - largest[lane]).exp_of_negative();
            sum[lane] += weight[lane];
        }
    }
    for weight in weights {
        for lane in 0..LANES {
            weight[lane] = weight[lane] / sum[lane];
        }
    }
}

/// Attention, compiled for what the processor offers: wider vectors, the same operations and bits.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512vl"))]
fn forward<T: Real>(attention: Attention, width: usize, qkv: &[T], output: &mut [T]) {
    let [mut queries, mut keys, mut values, mut result] = [const { Vec::new() }; 4];
    let mut weights = [[T::zero(); LANES]; MAX_LENGTH];
    let weights = &mut weights[..attention.length];
    let heads = output.len() / (attention.length * width) * attention.heads;
    for first in (0..heads).step_by(LANES) {
        let group = Group { attention, width, first, count: LANES.min(heads - first) };
        let size = group.size();
        for (part, lanes) in [&mut queries, &mut keys, &mut values].into_iter().enumerate() {
            group.read(qkv, 3, part, lanes);
        }
        result.clear();
        result.resize(queries.len(), [T::zero(); LANES]);
        for (query, out) in queries.chunks_exact(size).zip(result.chunks_exact_mut(size)) {
            attend(query, &keys, weights);
            for (weight, value) in weights.iter().zip(values.chunks_exact(size)) {
                for (sum, value) in out.iter_mut().zip(value) {
                    add_product(sum, weight, value);
                }
            }
        }
        group.write(&result, 1, 0, output);
    }
}

/// The gradient of attention, compiled likewise.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512vl"))]
fn backward<T: Real>(attention: Attention, width: usize, qkv: &[T], result: &[T], gradient: &[T], output: &mut [T]) {
    let mut lanes: [Vec<Lanes<T>>; 8] = [const { Vec::new() }; 8];
    let [queries, keys, values, results, gradients, to_queries, to_keys, to_values] = &mut lanes;
    let mut weights = [[T::zero(); LANES]; MAX_LENGTH];
    let weights = &mut weights[..attention.length];
    let heads = result.len() / (attention.length * width) * attention.heads;
    for first in (0..heads).step_by(LANES) {
        let group = Group { attention, width, first, count: LANES.min(heads - first) };
        let size = group.size();
        let scale = T::one() / T::from_f64(size as f64).sqrt();
        group.read(qkv, 3, 0, queries);
        group.read(qkv, 3, 1, keys);
        group.read(qkv, 3, 2, values);
        group.read(result, 1, 0, results);
        group.read(gradient, 1, 0, gradients);
        for sums in [&mut *to_queries, &mut *to_keys, &mut *to_values] {
            sums.clear();
            sums.resize(queries.len(), [T::zero(); LANES]);
        }
        let rows = queries.chunks_exact(size).zip(to_queries.chunks_exact_mut(size));
        let rows = rows.zip(results.chunks_exact(size).zip(gradients.chunks_exact(size)));
        for ((query, to_query), (result, gradient)) in rows {
            attend(query, keys, weights);
            // The products of weights and their gradients, summed: the gradient of the result times the result.
            let shared_part = dot(gradient, result);
            let others = keys.chunks_exact(size).zip(values.chunks_exact(size));
            let sums = to_keys.chunks_exact_mut(size).zip(to_values.chunks_exact_mut(size));
            for ((weight, (key, value)), (to_key, to_value)) in weights.iter().zip(others).zip(sums) {
                let mut d = dot(gradient, value);
                for lane in 0..LANES {
                    d[lane] = weight[lane] * (d[lane] - shared_part[lane]) * scale;
                }
                for at in 0..size {
                    add_product(&mut to_query[at], &d, &key[at]);
                    add_product(&mut to_key[at], &d, &query[at]);
                    add_product(&mut to_value[at], weight, &gradient[at]);
                }
            }
        }
        for (part, sums) in [to_queries.as_slice(), to_keys, to_values].into_iter().enumerate() {
            group.write(sums, 3, part, output);
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
        forward(*self, qkv.shape.columns() / 3, qkv.values, output);
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
        backward(self.attention, qkv.shape.columns() / 3, qkv.values, result.values, gradient.values, output);
    }

    fn kernel(&self, inputs: &[&Shape]) -> Kernel {
        kernel(Self::NAME, GRADIENT_WGSL, self.attention, inputs[0])
    }
}
