//! The update on the CPU. A rule's per-parameter values become a list of instructions for `vector`, whose loops run them
//! in the order of the rule, so the result is the same, bit for bit, as evaluating the tree one parameter after another.

use super::program::{Computation, Program, ProgramValue};
use super::tree::ValueKind;
use brink_base::tensor::Real;
use brink_base::vector::{self, Action, Binary, Unary, UpdateInstruction, VectorSource, Workspace};

/// The instructions for the live per-parameter values, and how many buffers they need.
pub(super) fn select_instructions(
    values: &[ProgramValue],
    live: &[bool],
    roots: &[usize],
    theta_root: usize,
) -> (Vec<UpdateInstruction>, usize) {
    let mut uses = vec![0usize; values.len()];
    let computed = |index: usize| live[index] && values[index].kind == ValueKind::PerParameter;
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
            Computation::Multiply(a, b) => match (slot(a), slot(b)) {
                (Some(scalar), None) => Some((b, scalar)),
                (None, Some(scalar)) => Some((a, scalar)),
                _ => None,
            },
            _ => None,
        }
    };
    // Virtual buffers first: one for each value, numbered like the values, then one for each copy or fill.
    let source = |index: usize| match values[index].operation {
        Computation::Theta => VectorSource::Theta,
        Computation::State(state) => VectorSource::State(state),
        _ => VectorSource::Buffer(index),
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
            Computation::Gradient => Action::Gradient,
            Computation::Negative(a) => unary(Unary::Negative, a),
            Computation::Sqrt(a) => unary(Unary::Sqrt, a),
            Computation::Exp(a) => unary(Unary::Exp, a),
            Computation::Log(a) => unary(Unary::Log, a),
            Computation::Abs(a) => unary(Unary::Abs, a),
            Computation::Sign(a) => unary(Unary::Sign, a),
            Computation::Multiply(a, b) => binary(Binary::Multiply, a, b),
            Computation::Divide(a, b) => binary(Binary::Divide, a, b),
            Computation::Min(a, b) => binary(Binary::Min, a, b),
            Computation::Max(a, b) => binary(Binary::Max, a, b),
            Computation::Add(a, b) => match (scaled(a), scaled(b)) {
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
            Computation::Subtract(a, b) => match (scaled(a), scaled(b)) {
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
            (None, VectorSource::Buffer(buffer)) => return buffer,
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
            if let VectorSource::Buffer(read) = read {
                last[read] = time;
            }
        }
    }
    for &buffer in state_buffers.iter().chain([&theta_buffer]) {
        last[buffer] = usize::MAX;
    }
    let mut assigned = vec![0; next];
    let mut free: Vec<usize> = Vec::new();
    let mut count = 0;
    let mut instructions = Vec::new();
    for (time, &(buffer, action)) in actions.iter().enumerate() {
        assigned[buffer] = free.pop().unwrap_or_else(|| {
            count += 1;
            count - 1
        });
        let real = action.map_sources(|source| match source {
            VectorSource::Buffer(read) => VectorSource::Buffer(assigned[read]),
            other => other,
        });
        instructions.push(UpdateInstruction::Compute { action: real, buffer: assigned[buffer] });
        let mut freed: Vec<usize> = action
            .sources()
            .filter_map(|source| match source {
                VectorSource::Buffer(read) if last[read] == time => Some(assigned[read]),
                _ => None,
            })
            .collect();
        freed.dedup();
        if last[buffer] == time {
            freed.push(assigned[buffer]);
        }
        free.extend(freed);
    }
    for (state, &buffer) in state_buffers.iter().enumerate() {
        instructions.push(UpdateInstruction::StoreState { buffer: assigned[buffer], state });
    }
    instructions.push(UpdateInstruction::StoreTheta { buffer: assigned[theta_buffer] });
    (instructions, count)
}

impl Program {
    /// Buffers for [`Program::update`].
    pub fn workspace<T: Real>(&self) -> Workspace<T> {
        Workspace::new(self.buffers)
    }

    /// One step of one run: theta and states become their values after the step.
    ///
    /// `scalars` is the run's row of [`Program::scalars`], rounded to `T`. `theta` and `gradient` have one value for
    /// each of the n parameters; `states` has the planes of the per-parameter states one after another, plane k being
    /// `states[k * n..(k + 1) * n]`. `gradient_scale` is the clip scale: `g` in the rule is `gradient * gradient_scale`.
    /// A workspace of another program's grows once.
    ///
    /// # Panics
    ///
    /// If a length does not fit.
    pub fn update<T: Real>(
        &self,
        scalars: &[T],
        theta: &mut [T],
        gradient: &[T],
        gradient_scale: T,
        states: &mut [T],
        workspace: &mut Workspace<T>,
    ) {
        let count = theta.len();
        assert_eq!(scalars.len(), self.scalar_count(), "one scalar for each position of the table");
        assert_eq!(gradient.len(), count, "one gradient for each parameter");
        assert_eq!(states.len(), self.per_parameter_state_count() * count, "one plane for each per-parameter state");
        workspace.grow(self.buffers);
        vector::update(&self.instructions, scalars, theta, gradient, gradient_scale, states, workspace);
    }
}
