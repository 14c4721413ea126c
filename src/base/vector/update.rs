//! The loops: each instruction runs over a chunk of parameters that stays in the first-level cache, then the next one does.

use super::instruction::{Action, Binary, Unary, UpdateInstruction, VectorSource};
use crate::tensor::Real;

/// Parameters that are updated at a time: half a dozen f64 buffers of this length fit the first-level cache.
const CHUNK: usize = 512;

/// The buffers that instructions compute into, reused from step to step and from run to run.
#[derive(Clone, Debug, Default)]
pub struct Workspace<T> {
    /// Each of length [`CHUNK`].
    buffers: Vec<Vec<T>>,
}

impl<T: Real> Workspace<T> {
    /// So many buffers.
    pub fn new(buffers: usize) -> Self {
        let mut workspace = Self { buffers: Vec::new() };
        workspace.grow(buffers);
        workspace
    }

    /// Adds the buffers that are missing to so many; allocates nothing where there are enough.
    pub fn grow(&mut self, buffers: usize) {
        while self.buffers.len() < buffers {
            self.buffers.push(vec![T::zero(); CHUNK]);
        }
    }
}

#[inline(always)]
fn map<T: Real>(out: &mut [T], a: &[T], f: impl Fn(T) -> T) {
    for (out, &a) in out.iter_mut().zip(a) {
        *out = f(a);
    }
}

#[inline(always)]
fn zip<T: Real>(out: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

/// Runs the instructions over all parameters of one run: theta and the states become what they store.
///
/// `theta` and `gradient` have one value for each of the n parameters; `states` has the planes of the states one after
/// another, plane k being `states[k * n..(k + 1) * n]`. `scalars` is the table that actions name scalars of.
///
/// # Panics
///
/// If `gradient` is shorter than `theta`, or an instruction names a scalar, a plane or a buffer that is not there or
/// computes into a buffer that it reads.
pub fn update<T: Real>(
    instructions: &[UpdateInstruction],
    scalars: &[T],
    theta: &mut [T],
    gradient: &[T],
    gradient_scale: T,
    states: &mut [T],
    workspace: &mut Workspace<T>,
) {
    in_chunks(instructions, scalars, theta, gradient, gradient_scale, states, &mut workspace.buffers);
}

/// The update, chunk by chunk, compiled for what the processor offers: wider vectors, the same operations and bits.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512vl"))]
fn in_chunks<T: Real>(
    instructions: &[UpdateInstruction],
    scalars: &[T],
    theta: &mut [T],
    gradient: &[T],
    gradient_scale: T,
    states: &mut [T],
    buffers: &mut [Vec<T>],
) {
    let count = theta.len();
    for start in (0..count).step_by(CHUNK) {
        let length = CHUNK.min(count - start);
        for instruction in instructions {
            match *instruction {
                UpdateInstruction::Compute { action, buffer } => {
                    // Taken out while it is written, so that the others can be read; taking allocates nothing.
                    let mut out = std::mem::take(&mut buffers[buffer]);
                    let read = |source: VectorSource| match source {
                        VectorSource::Theta => &theta[start..start + length],
                        VectorSource::State(state) => &states[state * count + start..][..length],
                        VectorSource::Buffer(buffer) => &buffers[buffer][..length],
                    };
                    run(action, &mut out[..length], read, scalars, &gradient[start..start + length], gradient_scale);
                    buffers[buffer] = out;
                }
                UpdateInstruction::StoreState { buffer, state } => {
                    states[state * count + start..][..length].copy_from_slice(&buffers[buffer][..length]);
                }
                UpdateInstruction::StoreTheta { buffer } => {
                    theta[start..start + length].copy_from_slice(&buffers[buffer][..length]);
                }
            }
        }
    }
}

#[inline(always)]
fn run<'a, T: Real>(
    action: Action,
    out: &mut [T],
    read: impl Fn(VectorSource) -> &'a [T],
    scalars: &[T],
    gradient: &[T],
    gradient_scale: T,
) {
    match action {
        Action::Gradient => map(out, gradient, |x| x * gradient_scale),
        Action::Fill(s) => out.fill(scalars[s]),
        Action::Unary(operator, a) => {
            let a = read(a);
            match operator {
                Unary::Copy => out.copy_from_slice(a),
                Unary::Negative => map(out, a, |x| -x),
                Unary::Sqrt => map(out, a, T::sqrt),
                Unary::Exp => map(out, a, T::exp),
                Unary::Log => map(out, a, T::ln),
                Unary::Abs => map(out, a, T::abs),
                Unary::Sign => map(out, a, T::sign),
            }
        }
        Action::Binary(operator, a, b) => {
            let (a, b) = (read(a), read(b));
            match operator {
                Binary::Add => zip(out, a, b, |x, y| x + y),
                Binary::Subtract => zip(out, a, b, |x, y| x - y),
                Binary::Multiply => zip(out, a, b, |x, y| x * y),
                Binary::Divide => zip(out, a, b, |x, y| x / y),
                Binary::Min => zip(out, a, b, T::lesser),
                Binary::Max => zip(out, a, b, T::greater),
            }
        }
        Action::WithScalar(operator, a, s) => {
            let (a, s) = (read(a), scalars[s]);
            match operator {
                Binary::Add => map(out, a, |x| x + s),
                Binary::Subtract => map(out, a, |x| x - s),
                Binary::Multiply => map(out, a, |x| x * s),
                Binary::Divide => map(out, a, |x| x / s),
                Binary::Min => map(out, a, |x| x.lesser(s)),
                Binary::Max => map(out, a, |x| x.greater(s)),
            }
        }
        Action::ScalarWith(operator, s, a) => {
            let (a, s) = (read(a), scalars[s]);
            match operator {
                Binary::Add => map(out, a, |x| s + x),
                Binary::Subtract => map(out, a, |x| s - x),
                Binary::Multiply => map(out, a, |x| s * x),
                Binary::Divide => map(out, a, |x| s / x),
                Binary::Min => map(out, a, |x| s.lesser(x)),
                Binary::Max => map(out, a, |x| s.greater(x)),
            }
        }
        Action::AddScaled(a, b, s) => {
            let s = scalars[s];
            zip(out, read(a), read(b), |x, y| x + s * y);
        }
        Action::SubtractScaled(a, b, s) => {
            let s = scalars[s];
            zip(out, read(a), read(b), |x, y| x - s * y);
        }
        Action::ScaledSum(a, r, b, s) => {
            let (r, s) = (scalars[r], scalars[s]);
            zip(out, read(a), read(b), |x, y| r * x + s * y);
        }
        Action::ScaledDifference(a, r, b, s) => {
            let (r, s) = (scalars[r], scalars[s]);
            zip(out, read(a), read(b), |x, y| r * x - s * y);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_run_over_every_chunk() {
        // The state becomes the clipped gradient, and theta less a scalar times it.
        let instructions = [
            UpdateInstruction::Compute { action: Action::Gradient, buffer: 0 },
            UpdateInstruction::Compute {
                action: Action::SubtractScaled(VectorSource::Theta, VectorSource::Buffer(0), 0),
                buffer: 1,
            },
            UpdateInstruction::StoreState { buffer: 0, state: 0 },
            UpdateInstruction::StoreTheta { buffer: 1 },
        ];
        for count in [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 3] {
            let mut theta: Vec<f32> = (0..count).map(|i| i as f32).collect();
            let gradient: Vec<f32> = (0..count).map(|i| 1.0 - i as f32).collect();
            let mut states = vec![f32::NAN; count];
            update(&instructions, &[0.25], &mut theta, &gradient, 0.5, &mut states, &mut Workspace::new(2));
            for i in 0..count {
                assert_eq!(states[i], 0.5 * gradient[i]);
                assert_eq!(theta[i], i as f32 - 0.25 * states[i]);
            }
        }
    }
}
