//! Training on the CPU: runs are independent, each worker trains its shard one run after another.

use super::batches::{Batches, SeedData};
use super::schedule::{clip_scale, threshold};
use super::tape::{Location, Tape, Tensor};
use super::{Checkpoint, CriticalSearch, Fleet, FleetError, Plan, RunCheckpoint};
use brink_base::record::{CriticalRate, FullNorm, METRICS, Metric, RunChunk, ValidationPoint};
use brink_base::tensor::Real;
use brink_base::vector::Workspace;
use brink_network::operations::{MAX_INPUTS, Operand, Operation};
use brink_rule::ValueKind;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use web_time::Instant;

/// A fleet on the CPU.
pub struct CpuFleet<T: Real> {
    plan: Arc<Plan>,
    runs: Vec<CpuRun<T>>,
    workers: Vec<CpuWorker<T>>,
    step: u32,
}

/// What one run keeps from step to step.
struct CpuRun<T> {
    /// The run's index in its experiment.
    run: usize,
    theta: Vec<T>,
    /// The planes of the per-parameter states, one after another.
    states: Vec<T>,
    scalar_states: Vec<f64>,
    /// The values that the network carries, one after another.
    carried: Vec<T>,
    /// The gradient norms of the last steps, as a checkpoint has them.
    recent_norms: Vec<f32>,
    death: Option<u32>,
}

fn convert<T: Real>(values: &[f32]) -> Vec<T> {
    values.iter().map(|&value| T::from_f32(value)).collect()
}

impl<T: Real> CpuRun<T> {
    fn new(saved: RunCheckpoint) -> Self {
        Self {
            run: saved.run,
            theta: convert(&saved.theta),
            states: convert(&saved.states),
            scalar_states: saved.scalar_states,
            carried: convert(&saved.carried),
            recent_norms: saved.recent_norms,
            death: saved.death,
        }
    }

    fn save(&self) -> RunCheckpoint {
        let round = |values: &[T]| values.iter().map(|x| x.to_f64() as f32).collect();
        RunCheckpoint {
            run: self.run,
            theta: round(&self.theta),
            states: round(&self.states),
            scalar_states: self.scalar_states.clone(),
            carried: round(&self.carried),
            recent_norms: self.recent_norms.clone(),
            death: self.death,
        }
    }
}

/// The buffers of one worker, reused for every run and step.
struct CpuWorker<T> {
    inputs: Vec<T>,
    targets: Vec<T>,
    scratch: Vec<T>,
    gradient: Vec<T>,
    /// What the carried values become with the step.
    next_carried: Vec<T>,
    scalars: Vec<f64>,
    rounded_scalars: Vec<T>,
    workspace: Workspace<T>,
}

impl<T: Real> CpuWorker<T> {
    fn new(plan: &Plan) -> Self {
        let zeros = |len| vec![T::zero(); len];
        Self {
            inputs: zeros(plan.inputs_len()),
            targets: zeros(plan.targets_len()),
            scratch: zeros(plan.scratch_len()),
            gradient: zeros(plan.parameter_count()),
            next_carried: zeros(plan.carried_len()),
            scalars: vec![0.0; plan.program.scalar_count()],
            rounded_scalars: zeros(plan.program.scalar_count()),
            workspace: plan.program.workspace(),
        }
    }

    /// Runs every instruction of a tape on the batch in `inputs` and `targets`.
    fn execute(&mut self, tape: &Tape, theta: &[T], carried: &[T]) {
        self.execute_and(tape, theta, carried, |_| {});
    }

    /// The same; calls `done` with each operation after it.
    fn execute_and(&mut self, tape: &Tape, theta: &[T], carried: &[T], mut done: impl FnMut(&Operation)) {
        for instruction in &tape.instructions {
            let output_len = instruction.output.shape.len();
            let nothing: &[T] = &[];
            let whole = (usize::MAX, nothing);
            let (output, scratch): (&mut [T], [(usize, &[T]); 2]) = match instruction.output.location {
                Location::Scratch(offset) => {
                    let (before, rest) = self.scratch.split_at_mut(offset);
                    let (output, after) = rest.split_at_mut(output_len);
                    (output, [(0, before), (offset + output_len, after)])
                }
                Location::Gradient(offset) => {
                    (&mut self.gradient[offset..offset + output_len], [(0, self.scratch.as_slice()), whole])
                }
                Location::NextCarried(offset) => {
                    (&mut self.next_carried[offset..offset + output_len], [(0, self.scratch.as_slice()), whole])
                }
                // Nothing is ever computed into what the step starts from.
                Location::Inputs | Location::Targets | Location::Theta(_) | Location::Carried(_) => continue,
            };
            let read = |tensor: &'_ Tensor| -> &[T] {
                let len = tensor.shape.len();
                match tensor.location {
                    Location::Inputs => &self.inputs,
                    Location::Targets => &self.targets,
                    Location::Theta(offset) => &theta[offset..offset + len],
                    Location::Carried(offset) => &carried[offset..offset + len],
                    Location::Scratch(offset) => {
                        let (start, part) = scratch[usize::from(offset >= scratch[1].0)];
                        &part[offset - start..offset - start + len]
                    }
                    // These are only written: what is also read lies in scratch and is copied.
                    Location::Gradient(_) | Location::NextCarried(_) => nothing,
                }
            };
            let none = Operand { values: nothing, shape: &instruction.output.shape };
            let mut operands = [none; MAX_INPUTS];
            for (operand, tensor) in operands.iter_mut().zip(&instruction.inputs) {
                *operand = Operand { values: read(tensor), shape: &tensor.shape };
            }
            instruction.operation.run(&operands[..instruction.inputs.len()], output);
            done(&instruction.operation);
        }
    }
}

/// The loss and gradient of a run's network at `theta` on the batch of `step`: the reference that every backend is held
/// against.
pub fn gradient_of_run<T: Real>(plan: &Plan, run: usize, step: u32, theta: &[T]) -> (T, Vec<T>) {
    let mut worker = CpuWorker::<T>::new(plan);
    let seed = plan.data.of(plan.resolved.runs[run].seed);
    seed.gather(&seed.batches(step, 1), step, &mut worker.inputs, &mut worker.targets);
    let carried = convert(&plan.resolved.network.initial_carried());
    worker.execute(&plan.training, theta, &carried);
    (worker.scratch[plan.training.loss], worker.gradient)
}

impl<T: Real> CpuFleet<T> {
    /// The fleet of these runs of a plan, at the start or at a checkpoint, on `threads` threads (1 in a browser, where
    /// workers split a fleet by runs).
    pub fn new(
        plan: Arc<Plan>,
        runs: impl IntoIterator<Item = usize>,
        checkpoint: Option<&Checkpoint>,
        threads: usize,
    ) -> Result<Self, FleetError> {
        let runs = runs.into_iter().map(|run| Ok(CpuRun::new(plan.run_at(checkpoint, run)?)));
        let runs = runs.collect::<Result<Vec<_>, FleetError>>()?;
        let workers = threads.clamp(1, runs.len().max(1));
        Ok(Self {
            workers: (0..workers).map(|_| CpuWorker::new(&plan)).collect(),
            step: checkpoint.map_or(0, |checkpoint| checkpoint.step),
            runs,
            plan,
        })
    }

    /// The batches of some steps for every seed of the fleet.
    fn batches(&self, first: u32, steps: u32) -> BTreeMap<u32, Batches> {
        let seeds: BTreeSet<u32> = self.runs.iter().map(|run| self.plan.resolved.runs[run.run].seed).collect();
        seeds.into_iter().map(|seed| (seed, self.plan.data.of(seed).batches(first, steps))).collect()
    }

    fn train_steps(&mut self, steps: u32) -> Vec<RunChunk> {
        let first = self.step;
        let last = first.saturating_add(steps).min(self.plan.longest());
        let batches = self.batches(first, last - first);
        let plan = &*self.plan;
        let runs_a_worker = self.runs.len().div_ceil(self.workers.len()).max(1);
        let train = |worker: &mut CpuWorker<T>, runs: &mut [CpuRun<T>]| {
            let chunk = |run: &mut CpuRun<T>| {
                // A run whose last validation is done records nothing more.
                if first > plan.resolved.steps(run.run) {
                    return None;
                }
                let batches = &batches[&plan.resolved.runs[run.run].seed];
                Some(train_run(plan, batches, worker, run, first..last, |_| {}))
            };
            runs.iter_mut().filter_map(chunk).collect::<Vec<RunChunk>>()
        };
        let chunks = match self.workers.as_mut_slice() {
            [worker] => train(worker, &mut self.runs),
            workers => std::thread::scope(|scope| {
                let shards = workers.iter_mut().zip(self.runs.chunks_mut(runs_a_worker));
                let threads: Vec<_> = shards.map(|(worker, runs)| scope.spawn(|| train(worker, runs))).collect();
                let join = |thread: std::thread::ScopedJoinHandle<'_, Vec<RunChunk>>| {
                    thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                };
                threads.into_iter().flat_map(join).collect()
            }),
        };
        self.step = last;
        chunks
    }

    /// The parameters of each run, in the order in which the runs were given.
    pub fn parameters(&self) -> impl ExactSizeIterator<Item = &[T]> {
        self.runs.iter().map(|run| run.theta.as_slice())
    }
}

/// Where the time of training goes, on one thread: the seconds that each kind of work takes of a step, the mean of the first
/// `steps` steps of the plan's first run; the longest first.
pub fn parts(plan: &Arc<Plan>, steps: u32) -> Vec<(&'static str, f64)> {
    let mut parts: Vec<(&'static str, f64)> = Vec::new();
    let Ok(mut fleet) = CpuFleet::<f32>::new(plan.clone(), [0], None, 1) else { return parts };
    let batches = plan.data.of(plan.resolved.runs[0].seed).batches(0, steps);
    let (Some(worker), Some(state)) = (fleet.workers.first_mut(), fleet.runs.first_mut()) else { return parts };
    let mut clock = Instant::now();
    train_run(plan, &batches, worker, state, 0..steps, |name| {
        let seconds = clock.elapsed().as_secs_f64() / f64::from(steps);
        match parts.iter_mut().find(|part| part.0 == name) {
            Some(part) => part.1 += seconds,
            None => parts.push((name, seconds)),
        }
        clock = Instant::now();
    });
    parts.sort_by(|a, b| b.1.total_cmp(&a.1));
    parts
}

/// Where the squares overflow, they are those of values that are smaller by this factor: 2^80.
const NORM_SCALE: f64 = (1u128 << 80) as f64;

/// The square root of the sum of squares. Not finite where a value is not, or where the norm itself has no room in its type.
fn global_norm<T: Real>(values: &[T]) -> T {
    let norm = square_sum(values, T::one()).sqrt();
    if norm.is_finite() {
        return norm;
    }
    square_sum(values, T::from_f64(1.0 / NORM_SCALE)).sqrt() * T::from_f64(NORM_SCALE)
}

/// The sum of the squares of the scaled values. The sums of sixteen lanes are added at the end: a fixed order that vectorises.
fn square_sum<T: Real>(values: &[T], scale: T) -> T {
    const LANES: usize = 16;
    let mut sums = [T::zero(); LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += (value * scale) * (value * scale);
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum += (value * scale) * (value * scale);
    }
    sums.into_iter().sum::<T>()
}

/// Trains one run over the steps of a chunk; calls `done` with the name of each kind of work after it.
fn train_run<T: Real>(
    plan: &Plan,
    batches: &Batches,
    worker: &mut CpuWorker<T>,
    state: &mut CpuRun<T>,
    steps: std::ops::Range<u32>,
    mut done: impl FnMut(&'static str),
) -> RunChunk {
    let settings = &plan.resolved.runs[state.run];
    let seed = plan.data.of(settings.seed);
    let last = plan.resolved.steps(state.run);
    let stride = plan.resolved.stride();
    let width = plan.columns.width();
    let rows = steps.len().div_ceil(stride as usize) + 1;
    let mut chunk = RunChunk {
        run: state.run,
        first_step: steps.start.next_multiple_of(stride),
        stride,
        rows: Vec::with_capacity(rows * width),
        chance: plan.chance(state.run),
        ..RunChunk::default()
    };
    for t in steps.start..steps.end.min(last) {
        if plan.validates(state.run, t) {
            chunk.validation.push(validate(plan, seed, worker, state, t));
            done("validation");
        }
        if plan.takes_full_gradient(t) {
            chunk.full_norms.push(FullNorm { step: t, norm: full_norm(plan, seed, worker, state) });
            done("full gradient");
        }
        let eta = plan.learning_rate(state.run, t);
        let (mut loss, mut norm, mut scale) = (f32::NAN, f32::NAN, f32::NAN);
        if state.death.is_none() {
            seed.gather(batches, t, &mut worker.inputs, &mut worker.targets);
            done("batch");
            worker.execute_and(&plan.training, &state.theta, &state.carried, |operation| done(operation.name()));
            loss = worker.scratch[plan.training.loss].to_f64() as f32;
            norm = global_norm(&worker.gradient).to_f64() as f32;
            if loss.is_finite() && norm.is_finite() {
                scale = clip_scale(norm, threshold(settings.clipping_at(t), &state.recent_norms));
                if !state.recent_norms.is_empty() {
                    let oldest = t as usize % state.recent_norms.len();
                    state.recent_norms[oldest] = norm;
                }
            } else {
                state.death = Some(t);
                (loss, norm) = (f32::NAN, f32::NAN);
            }
            done("norm");
        }
        if t.is_multiple_of(stride) {
            let is_alive = state.death.is_none();
            let alive = |value: &dyn Fn() -> T| if is_alive { value().to_f64() as f32 } else { f32::NAN };
            let clipped = &|| worker.gradient[plan.probe] * T::from_f32(scale);
            chunk.rows.extend(METRICS.iter().map(|column| match column.metric {
                Metric::Loss => loss,
                Metric::GradientNorm => norm,
                Metric::LearningRate => eta as f32,
                Metric::ClipScale => scale,
                Metric::ProbeGradient => alive(clipped),
                Metric::ProbeTheta => alive(&|| state.theta[plan.probe]),
            }));
            chunk.rows.extend(plan.state_positions().map(|(kind, position)| match kind {
                _ if !is_alive => f32::NAN,
                ValueKind::Scalar => state.scalar_states[position] as f32,
                ValueKind::PerParameter => state.states[position * state.theta.len() + plan.probe].to_f64() as f32,
            }));
        }
        done("record");
        if state.death.is_none() {
            let before = plan.searches_critical(t).then(|| state.theta.clone());
            update(plan, worker, state, &settings.constants, eta, t, T::from_f32(scale));
            done("update");
            if let Some(before) = before.filter(|_| eta > 0.0) {
                chunk.critical.extend(critical_rate(plan, worker, state, &before, (t, eta)));
                done("critical learning rate");
            }
            state.carried.copy_from_slice(&worker.next_carried);
        }
    }
    if steps.contains(&(last - 1)) {
        chunk.validation.push(validate(plan, seed, worker, state, last));
        done("validation");
    }
    chunk.death = state.death;
    chunk
}

fn update<T: Real>(
    plan: &Plan,
    worker: &mut CpuWorker<T>,
    state: &mut CpuRun<T>,
    constants: &[f64],
    eta: f64,
    t: u32,
    scale: T,
) {
    let program = &plan.program;
    let kept: Vec<(std::ops::Range<usize>, f64, Vec<T>)> = plan
        .step_factors
        .iter()
        .map(|(range, factor)| (range.clone(), *factor, state.theta[range.clone()].to_vec()))
        .collect();
    program.scalars(constants, &mut state.scalar_states, eta, u64::from(t), &mut worker.scalars);
    for (rounded, &scalar) in worker.rounded_scalars.iter_mut().zip(&worker.scalars) {
        *rounded = T::from_f64(scalar);
    }
    program.update(
        &worker.rounded_scalars,
        &mut state.theta,
        &worker.gradient,
        scale,
        &mut state.states,
        &mut worker.workspace,
    );
    for (range, factor, before) in kept {
        let factor = T::from_f64(factor);
        for (after, before) in state.theta[range].iter_mut().zip(before) {
            *after = before + factor * (*after - before);
        }
    }
}

/// The norm of the gradient over the whole training set; NaN for a dead run, and where it is not finite.
fn full_norm<T: Real>(plan: &Plan, seed: &SeedData, worker: &mut CpuWorker<T>, state: &CpuRun<T>) -> f32 {
    if state.death.is_some() {
        return f32::NAN;
    }
    let mut sum = vec![T::zero(); worker.gradient.len()];
    let mut count = 0;
    for slice in 0..seed.training_slices() {
        seed.training_slice(slice, &mut worker.inputs, &mut worker.targets);
        worker.execute(&plan.training, &state.theta, &state.carried);
        let examples = seed.training_slice_len(slice);
        let weight = T::from_f64(examples as f64);
        for (sum, &gradient) in sum.iter_mut().zip(&worker.gradient) {
            *sum += weight * gradient;
        }
        count += examples;
    }
    let norm = (global_norm(&sum) * T::from_f64(1.0 / count.max(1) as f64)).to_f64() as f32;
    if norm.is_finite() { norm } else { f32::NAN }
}

/// The critical learning rate of the step that led from `before` to where the run is, on the batch that is still in place.
fn critical_rate<T: Real>(
    plan: &Plan,
    worker: &mut CpuWorker<T>,
    state: &CpuRun<T>,
    before: &[T],
    (step, eta): (u32, f64),
) -> Option<CriticalRate> {
    let loss = worker.scratch[plan.training.loss].to_f64();
    let mut search = CriticalSearch::new(eta, loss);
    let mut moved = before.to_vec();
    while let Some(scale) = search.next() {
        let scale = T::from_f64(scale);
        for ((moved, &before), &after) in moved.iter_mut().zip(before).zip(&state.theta) {
            *moved = before + scale * (after - before);
        }
        worker.execute(&plan.forward, &moved, &state.carried);
        search.observe(worker.scratch[plan.forward.loss].to_f64());
    }
    search.outcome().map(|outcome| CriticalRate { step, outcome })
}

fn validate<T: Real>(
    plan: &Plan,
    seed: &SeedData,
    worker: &mut CpuWorker<T>,
    state: &CpuRun<T>,
    step: u32,
) -> ValidationPoint {
    if state.death.is_some() {
        return ValidationPoint { step, loss: f32::NAN, accuracy: f32::NAN };
    }
    let (mut loss, mut right) = (0.0, 0.0);
    let mut count = 0.0;
    for slice in 0..seed.validation_slices() {
        seed.validation_slice(slice, &mut worker.inputs, &mut worker.targets);
        worker.execute(&plan.evaluation, &state.theta, &state.carried);
        let examples = seed.validation_slice_len(slice) as f64;
        loss += worker.scratch[plan.evaluation.loss].to_f64() * examples;
        if let Some(accuracy) = plan.evaluation.accuracy {
            right += worker.scratch[accuracy].to_f64() * examples;
        }
        count += examples;
    }
    let accuracy = plan.evaluation.accuracy.map_or(f32::NAN, |_| (right / count) as f32);
    ValidationPoint { step, loss: (loss / count) as f32, accuracy }
}

impl<T: Real> CpuFleet<T> {
    fn losses_along(&mut self, directions: &[Vec<f32>], scales: &[f64]) -> Vec<Vec<f64>> {
        let batches = self.batches(self.step, 1);
        let plan = &*self.plan;
        let Some(worker) = self.workers.first_mut() else { return Vec::new() };
        let losses = |(state, direction): (&CpuRun<T>, &Vec<f32>)| {
            let seed = plan.data.of(plan.resolved.runs[state.run].seed);
            seed.gather(&batches[&seed.seed], self.step, &mut worker.inputs, &mut worker.targets);
            let mut loss = |&scale: &f64| {
                if state.death.is_some() {
                    return f64::NAN;
                }
                let scale = T::from_f64(scale);
                let moved = state.theta.iter().zip(direction).map(|(&theta, &d)| theta + scale * T::from_f32(d));
                let moved: Vec<T> = moved.collect();
                worker.execute(&plan.forward, &moved, &state.carried);
                worker.scratch[plan.forward.loss].to_f64()
            };
            scales.iter().map(&mut loss).collect()
        };
        self.runs.iter().zip(directions).map(losses).collect()
    }
}

/// A fleet in f32 trains, one in f64 is a reference. Written for each and not for any type: code that is generic in the type is
/// compiled with the package that calls it, and the page, which does, is compiled for size.
macro_rules! fleet {
    ($real:ty) => {
        impl CpuFleet<$real> {
            /// Trains `steps` further steps (fewer at the end) and returns what its runs recorded.
            pub fn train(&mut self, steps: u32) -> Vec<RunChunk> {
                self.train_steps(steps)
            }

            /// See [`Fleet::evaluate`].
            pub fn losses(&mut self, directions: &[Vec<f32>], scales: &[f64]) -> Vec<Vec<f64>> {
                self.losses_along(directions, scales)
            }
        }

        impl Fleet for CpuFleet<$real> {
            fn plan(&self) -> &Plan {
                &self.plan
            }

            fn step(&self) -> u32 {
                self.step
            }

            fn dispatches(&self) -> u64 {
                0
            }

            async fn advance(&mut self, steps: u32) -> Result<Vec<RunChunk>, FleetError> {
                Ok(self.train(steps))
            }

            async fn checkpoint(&mut self) -> Result<Checkpoint, FleetError> {
                Ok(Checkpoint { step: self.step, runs: self.runs.iter().map(CpuRun::save).collect() })
            }

            async fn evaluate(&mut self, directions: &[Vec<f32>], scales: &[f64]) -> Result<Vec<Vec<f64>>, FleetError> {
                Ok(self.losses(directions, scales))
            }
        }
    };
}

fleet!(f32);
fleet!(f64);
