//! The vectorised update of the CPU. A rule's per-parameter values become a list of instructions; each runs as one
//! simple loop over a chunk of parameters that stays in the first-level cache. No allocation per step; additions and
//! multiplications keep the order of the rule and are never contracted, so the result is the same, bit for bit, as
//! evaluating the tree one parameter after another.

use super::float::Float;
use super::program::{Operation, Program, Value};
use super::tree::Kind;

/// Parameters that are updated at a time: half a dozen f64 buffers of this length fit the first-level cache.
const CHUNK: usize = 512;

/// Where an instruction reads a vector from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Theta,
    State(usize),
    Buffer(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unary {
    Copy,
    Negative,
    Sqrt,
    Exp,
    Log,
    Abs,
    Sign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binary {
    Add,
    Subtract,
    Multiply,
    Divide,
    Min,
    Max,
}

/// One loop over a chunk. A `usize` that is no buffer is a place in the scalar table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// Clipped gradient: gradient times scale.
    Gradient,
    /// The same scalar everywhere.
    Fill(usize),
    Unary(Unary, Source),
    Binary(Binary, Source, Source),
    /// vector (operator) scalar
    WithScalar(Binary, Source, usize),
    /// scalar (operator) vector
    ScalarWith(Binary, usize, Source),
    /// a + s b
    AddScaled(Source, Source, usize),
    /// a - s b
    SubtractScaled(Source, Source, usize),
    /// r a + s b
    ScaledSum(Source, usize, Source, usize),
    /// r a - s b
    ScaledDifference(Source, usize, Source, usize),
}

impl Action {
    fn sources(self) -> impl Iterator<Item = Source> {
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

    fn map_sources(self, map: impl Fn(Source) -> Source) -> Self {
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
pub(super) enum Instruction {
    /// Fills a buffer, which is none of the action's sources.
    Compute { action: Action, buffer: usize },
    /// Copies a buffer to a state's plane; comes after everything that reads the old state.
    StoreState { buffer: usize, state: usize },
    /// Copies a buffer to theta.
    StoreTheta { buffer: usize },
}

/// The instructions for the live per-parameter values, and how many buffers they need.
pub(super) fn schedule(
    values: &[Value],
    live: &[bool],
    roots: &[usize],
    theta_root: usize,
) -> (Vec<Instruction>, usize) {
    let mut uses = vec![0usize; values.len()];
    let computed = |index: usize| live[index] && values[index].kind == Kind::PerParameter;
    for index in (0..values.len()).filter(|&index| computed(index)) {
        for operand in values[index].operation.operands() {
            uses[operand] += 1;
        }
    }
    for &root in roots.iter().chain([&theta_root]) {
        uses[root] += 1;
    }
    let slot = |index: usize| values[index].slot;
    // A product of a vector and a scalar that is used once can be part of the sum that uses it.
    let scaled = |index: usize| -> Option<(usize, usize)> {
        if uses[index] != 1 || !computed(index) {
            return None;
        }
        match values[index].operation {
            Operation::Multiply(a, b) => match (slot(a), slot(b)) {
                (Some(scalar), None) => Some((b, scalar)),
                (None, Some(scalar)) => Some((a, scalar)),
                _ => None,
            },
            _ => None,
        }
    };
    // Virtual buffers first: one for each value, numbered like the values, then one for each copy or fill.
    let source = |index: usize| match values[index].operation {
        Operation::Theta => Source::Theta,
        Operation::State(state) => Source::State(state),
        _ => Source::Buffer(index),
    };
    let mut actions: Vec<(usize, Action)> = Vec::new();
    let mut inlined = vec![false; values.len()];
    for index in (0..values.len()).rev().filter(|&index| computed(index)) {
        if inlined[index] {
            continue;
        }
        let unary = |operator, a| Action::Unary(operator, source(a));
        let binary = |operator, a: usize, b: usize| match (slot(a), slot(b)) {
            (Some(scalar), _) => Action::ScalarWith(operator, scalar, source(b)),
            (None, Some(scalar)) => Action::WithScalar(operator, source(a), scalar),
            (None, None) => Action::Binary(operator, source(a), source(b)),
        };
        let action = match values[index].operation {
            Operation::Gradient => Action::Gradient,
            Operation::Negative(a) => unary(Unary::Negative, a),
            Operation::Sqrt(a) => unary(Unary::Sqrt, a),
            Operation::Exp(a) => unary(Unary::Exp, a),
            Operation::Log(a) => unary(Unary::Log, a),
            Operation::Abs(a) => unary(Unary::Abs, a),
            Operation::Sign(a) => unary(Unary::Sign, a),
            Operation::Multiply(a, b) => binary(Binary::Multiply, a, b),
            Operation::Divide(a, b) => binary(Binary::Divide, a, b),
            Operation::Min(a, b) => binary(Binary::Min, a, b),
            Operation::Max(a, b) => binary(Binary::Max, a, b),
            Operation::Add(a, b) => match (scaled(a), scaled(b)) {
                (Some((x, r)), Some((y, s))) => {
                    inlined[a] = true;
                    inlined[b] = true;
                    Action::ScaledSum(source(x), r, source(y), s)
                }
                (Some((x, r)), None) if slot(b).is_none() => {
                    inlined[a] = true;
                    Action::AddScaled(source(b), source(x), r)
                }
                (None, Some((y, s))) if slot(a).is_none() => {
                    inlined[b] = true;
                    Action::AddScaled(source(a), source(y), s)
                }
                _ => binary(Binary::Add, a, b),
            },
            Operation::Subtract(a, b) => match (scaled(a), scaled(b)) {
                (Some((x, r)), Some((y, s))) => {
                    inlined[a] = true;
                    inlined[b] = true;
                    Action::ScaledDifference(source(x), r, source(y), s)
                }
                (None, Some((y, s))) if slot(a).is_none() => {
                    inlined[b] = true;
                    Action::SubtractScaled(source(a), source(y), s)
                }
                _ => binary(Binary::Subtract, a, b),
            },
            // Read where they are; scalars are in the table.
            _ => continue,
        };
        actions.push((index, action));
    }
    actions.reverse();
    // A new value that is an old one, or a scalar, goes through a buffer too: another store may overwrite its source.
    let mut next = values.len();
    let mut stored = |root: usize| {
        let action = match (slot(root), source(root)) {
            (Some(scalar), _) => Action::Fill(scalar),
            (None, Source::Buffer(buffer)) => return buffer,
            (None, other) => Action::Unary(Unary::Copy, other),
        };
        actions.push((next, action));
        next += 1;
        next - 1
    };
    let state_buffers: Vec<usize> = roots.iter().map(|&root| stored(root)).collect();
    let theta_buffer = stored(theta_root);

    // Real buffers: a virtual one is free after its last reader.
    let mut last = vec![0; next];
    for (time, (buffer, action)) in actions.iter().enumerate() {
        last[*buffer] = last[*buffer].max(time);
        for read in action.sources() {
            if let Source::Buffer(read) = read {
                last[read] = time;
            }
        }
    }
    for &buffer in state_buffers.iter().chain([&theta_buffer]) {
        last[buffer] = usize::MAX;
    }
    let mut place = vec![0; next];
    let mut free: Vec<usize> = Vec::new();
    let mut count = 0;
    let mut instructions = Vec::new();
    for (time, &(buffer, action)) in actions.iter().enumerate() {
        place[buffer] = free.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        let real = action.map_sources(|source| match source {
            Source::Buffer(read) => Source::Buffer(place[read]),
            other => other,
        });
        instructions.push(Instruction::Compute { action: real, buffer: place[buffer] });
        let mut freed: Vec<usize> = action
            .sources()
            .filter_map(|source| match source {
                Source::Buffer(read) if last[read] == time => Some(place[read]),
                _ => None,
            })
            .collect();
        freed.dedup();
        if last[buffer] == time {
            freed.push(place[buffer]);
        }
        free.extend(freed);
    }
    for (state, &buffer) in state_buffers.iter().enumerate() {
        instructions.push(Instruction::StoreState { buffer: place[buffer], state });
    }
    instructions.push(Instruction::StoreTheta { buffer: place[theta_buffer] });
    (instructions, count)
}

/// Buffers for [`Program::update`], reused from step to step and from run to run.
#[derive(Clone, Debug, Default)]
pub struct Workspace<T> {
    /// Each of length [`CHUNK`].
    buffers: Vec<Vec<T>>,
}

impl<T: Float> Workspace<T> {
    /// Buffers for one program; using it with another makes it grow once.
    pub fn new(program: &Program) -> Self {
        let mut workspace = Self { buffers: Vec::new() };
        workspace.grow(program.buffers);
        workspace
    }

    fn grow(&mut self, buffers: usize) {
        while self.buffers.len() < buffers {
            self.buffers.push(vec![T::ZERO; CHUNK]);
        }
    }
}

#[inline(always)]
fn map<T: Float>(out: &mut [T], a: &[T], f: impl Fn(T) -> T) {
    for (out, &a) in out.iter_mut().zip(a) {
        *out = f(a);
    }
}

#[inline(always)]
fn zip<T: Float>(out: &mut [T], a: &[T], b: &[T], f: impl Fn(T, T) -> T) {
    for ((out, &a), &b) in out.iter_mut().zip(a).zip(b) {
        *out = f(a, b);
    }
}

impl Program {
    /// One step of one run: theta and states become their values after the step.
    ///
    /// `scalars` is the run's row of [`Program::scalars`], rounded to `T`. `theta` and `gradient` have one value for
    /// each of the n parameters; `states` has the planes of the per-parameter states one after another, plane k being
    /// `states[k * n..(k + 1) * n]`. `gradient_scale` is the clip scale: `g` in the rule is `gradient * gradient_scale`.
    ///
    /// # Panics
    ///
    /// If a length does not fit.
    pub fn update<T: Float>(
        &self,
        scalars: &[T],
        theta: &mut [T],
        gradient: &[T],
        gradient_scale: T,
        states: &mut [T],
        workspace: &mut Workspace<T>,
    ) {
        let count = theta.len();
        assert_eq!(scalars.len(), self.scalar_count(), "one scalar for each place of the table");
        assert_eq!(gradient.len(), count, "one gradient for each parameter");
        assert_eq!(states.len(), self.per_parameter_state_count() * count, "one plane for each per-parameter state");
        workspace.grow(self.buffers);
        in_chunks(&self.instructions, scalars, theta, gradient, gradient_scale, states, &mut workspace.buffers);
    }
}

/// A number type in which rules run. The update's loops are compiled here, as this package is, and not where they are
/// called (`docs/decisions.md`).
pub trait Number: Float {
    /// [`Program::update`] in this type.
    fn update(
        program: &Program,
        scalars: &[Self],
        theta: &mut [Self],
        gradient: &[Self],
        gradient_scale: Self,
        states: &mut [Self],
        workspace: &mut Workspace<Self>,
    );
}

macro_rules! number {
    ($type:ty) => {
        impl Number for $type {
            #[inline(never)]
            fn update(
                program: &Program,
                scalars: &[Self],
                theta: &mut [Self],
                gradient: &[Self],
                gradient_scale: Self,
                states: &mut [Self],
                workspace: &mut Workspace<Self>,
            ) {
                program.update(scalars, theta, gradient, gradient_scale, states, workspace);
            }
        }
    };
}

number!(f32);
number!(f64);

/// The update, chunk by chunk, compiled for what the processor offers: wider vectors, the same operations and bits.
#[multiversion::multiversion(targets("x86_64+avx2", "x86_64+avx512f+avx512vl"))]
fn in_chunks<T: Float>(
    instructions: &[Instruction],
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
                Instruction::Compute { action, buffer } => {
                    // Taken out while it is written, so that the others can be read; taking allocates nothing.
                    let mut out = std::mem::take(&mut buffers[buffer]);
                    let read = |source: Source| match source {
                        Source::Theta => &theta[start..start + length],
                        Source::State(state) => &states[state * count + start..][..length],
                        Source::Buffer(buffer) => &buffers[buffer][..length],
                    };
                    run(action, &mut out[..length], read, scalars, &gradient[start..start + length], gradient_scale);
                    buffers[buffer] = out;
                }
                Instruction::StoreState { buffer, state } => {
                    states[state * count + start..][..length].copy_from_slice(&buffers[buffer][..length]);
                }
                Instruction::StoreTheta { buffer } => {
                    theta[start..start + length].copy_from_slice(&buffers[buffer][..length]);
                }
            }
        }
    }
}

#[inline(always)]
fn run<'a, T: Float>(
    action: Action,
    out: &mut [T],
    read: impl Fn(Source) -> &'a [T],
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
                Unary::Log => map(out, a, T::log),
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
