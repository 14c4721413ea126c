//! Training on the CPU: runs are independent, each worker trains its share one run after another.

use super::batches::{Batches, Data, SeedData};
use super::schedule::{clip_scale, learning_rate};
use super::tape::{Place, Tape, Tensor};
use super::{Checkpoint, Fleet, FleetError, Plan, RunCheckpoint};
use crate::network::operations::{MAX_INPUTS, Operand, Operation};
use crate::record::{Columns, RunChunk, ValidationPoint};
use crate::rule::Kind;
use crate::tensor::Real;
use crate::vector::Workspace;
use std::sync::Arc;
use web_time::Instant;

/// A fleet on the CPU.
pub struct CpuFleet<T: Real> {
    plan: Arc<Plan>,
    data: Arc<Data>,
    runs: Vec<RunState<T>>,
    workers: Vec<Worker<T>>,
    step: u32,
}

/// What one run keeps from step to step.
struct RunState<T> {
    /// The run's index in its experiment.
    run: usize,
    theta: Vec<T>,
    /// The planes of the per-parameter states, one after another.
    states: Vec<T>,
    scalar_states: Vec<f64>,
    death: Option<u32>,
}

/// The buffers of one worker, reused for every run and step.
struct Worker<T> {
    inputs: Vec<T>,
    labels: Vec<T>,
    scratch: Vec<T>,
    gradient: Vec<T>,
    scalars: Vec<f64>,
    rounded_scalars: Vec<T>,
    workspace: Workspace<T>,
}

impl<T: Real> Worker<T> {
    fn new(plan: &Plan) -> Self {
        let batch_size = plan.resolved.experiment.batch_size;
        let zeros = |len| vec![T::from_f64(0.0); len];
        Self {
            inputs: zeros(batch_size * (plan.resolved.task.input)().len()),
            labels: zeros(batch_size),
            scratch: zeros(plan.training.scratch_len.max(plan.evaluation.scratch_len)),
            gradient: zeros(plan.parameter_count()),
            scalars: vec![0.0; plan.program.scalar_count()],
            rounded_scalars: zeros(plan.program.scalar_count()),
            workspace: plan.program.workspace(),
        }
    }

    /// Runs every instruction of a tape on the batch in `inputs` and `labels`.
    fn execute(&mut self, tape: &Tape, theta: &[T]) {
        self.execute_and(tape, theta, |_| {});
    }

    /// The same, telling each operation once it is done.
    fn execute_and(&mut self, tape: &Tape, theta: &[T], mut done: impl FnMut(&Operation)) {
        for instruction in &tape.instructions {
            let output_len = instruction.output.shape.len();
            let nothing: &[T] = &[];
            let (output, scratch): (&mut [T], [(usize, &[T]); 2]) = match instruction.output.place {
                Place::Scratch(offset) => {
                    let (before, rest) = self.scratch.split_at_mut(offset);
                    let (output, after) = rest.split_at_mut(output_len);
                    (output, [(0, before), (offset + output_len, after)])
                }
                Place::Gradient(offset) => (
                    &mut self.gradient[offset..offset + output_len],
                    [(0, self.scratch.as_slice()), (usize::MAX, nothing)],
                ),
                // Nothing is ever computed into inputs, labels or parameters.
                Place::Inputs | Place::Labels | Place::Theta(_) => continue,
            };
            let read = |tensor: &'_ Tensor| -> &[T] {
                let len = tensor.shape.len();
                match tensor.place {
                    Place::Inputs => &self.inputs,
                    Place::Labels => &self.labels,
                    Place::Theta(offset) => &theta[offset..offset + len],
                    Place::Scratch(offset) => {
                        let (start, part) = scratch[usize::from(offset >= scratch[1].0)];
                        &part[offset - start..offset - start + len]
                    }
                    // Gradients are only written: a gradient that is also read lies in scratch and is copied.
                    Place::Gradient(_) => nothing,
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
pub fn gradient_of_run<T: Real>(plan: &Plan, run: usize, step: u32, theta: &[f32]) -> (T, Vec<T>) {
    let data = Data::new(&plan.resolved, [run]);
    let mut worker = Worker::<T>::new(plan);
    let theta: Vec<T> = theta.iter().map(|&x| T::from_f32(x)).collect();
    for seed in data.seeds() {
        let batches = seed.batches(step, 1);
        seed.gather(&batches, step, &mut worker.inputs, &mut worker.labels);
    }
    worker.execute(&plan.training, &theta);
    (worker.scratch[plan.training.loss], worker.gradient)
}

impl<T: Real> CpuFleet<T> {
    /// The fleet of these runs of a plan, at the start or at a checkpoint, on `threads` threads (1 in a browser, where
    /// workers share a fleet by runs).
    pub fn new(
        plan: Arc<Plan>,
        runs: impl IntoIterator<Item = usize>,
        checkpoint: Option<&Checkpoint>,
        threads: usize,
    ) -> Result<Self, FleetError> {
        let runs: Vec<usize> = runs.into_iter().collect();
        let data = Data::new(&plan.resolved, runs.iter().copied());
        let convert = |values: &[f32]| values.iter().map(|&x| T::from_f32(x)).collect::<Vec<T>>();
        let make = |&run: &usize| {
            let settings = &plan.resolved.runs[run];
            let Some(checkpoint) = checkpoint else {
                let network = &plan.resolved.network;
                return Ok(RunState {
                    run,
                    theta: convert(&network.initial_parameters(settings.seed, settings.initial_scale)),
                    states: convert(&plan.initial_states()),
                    scalar_states: plan.program.scalar_initial().to_vec(),
                    death: None,
                });
            };
            let saved = checkpoint.runs.iter().find(|saved| saved.run == run);
            let saved = saved.ok_or(FleetError::Checkpoint("a run is missing"))?;
            let fits = saved.theta.len() + saved.states.len() == plan.kept_len()
                && saved.scalar_states.len() == plan.program.scalar_state_count();
            if !fits {
                return Err(FleetError::Checkpoint("a run has another size"));
            }
            Ok(RunState {
                run,
                theta: convert(&saved.theta),
                states: convert(&saved.states),
                scalar_states: saved.scalar_states.clone(),
                death: saved.death,
            })
        };
        let states = runs.iter().map(make).collect::<Result<Vec<_>, _>>()?;
        let workers = threads.clamp(1, runs.len().max(1));
        Ok(Self {
            workers: (0..workers).map(|_| Worker::new(&plan)).collect(),
            step: checkpoint.map_or(0, |checkpoint| checkpoint.step),
            runs: states,
            data,
            plan,
        })
    }

    /// Trains `steps` further steps (fewer at the end) and returns what its runs recorded.
    pub fn train(&mut self, steps: u32) -> Vec<RunChunk> {
        let first = self.step;
        let last = first.saturating_add(steps).min(self.plan.longest());
        let batches: Vec<Batches> = self.data.seeds().map(|seed| seed.batches(first, last - first)).collect();
        let (plan, data) = (&*self.plan, &*self.data);
        let share = self.runs.len().div_ceil(self.workers.len()).max(1);
        let train = |worker: &mut Worker<T>, runs: &mut [RunState<T>]| {
            let chunk = |run: &mut RunState<T>| {
                // A run whose last validation is done has nothing more to tell.
                if first > plan.resolved.steps(run.run) {
                    return None;
                }
                let position = data.position(plan.resolved.runs[run.run].seed);
                let seed = data.seeds().nth(position)?;
                Some(train_run(plan, seed, &batches[position], worker, run, first..last, |_| {}))
            };
            runs.iter_mut().filter_map(chunk).collect::<Vec<RunChunk>>()
        };
        let chunks = match self.workers.as_mut_slice() {
            [worker] => train(worker, &mut self.runs),
            workers => std::thread::scope(|scope| {
                let shares = workers.iter_mut().zip(self.runs.chunks_mut(share));
                let threads: Vec<_> = shares.map(|(worker, runs)| scope.spawn(|| train(worker, runs))).collect();
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
    let Some(seed) = fleet.data.seeds().next() else { return parts };
    let batches = seed.batches(0, steps);
    let (Some(worker), Some(state)) = (fleet.workers.first_mut(), fleet.runs.first_mut()) else { return parts };
    let mut clock = Instant::now();
    train_run(plan, seed, &batches, worker, state, 0..steps, |name| {
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

/// The square root of the sum of squares, in the type of the values, so that it overflows where training would. The sums
/// of sixteen lanes are added at the end: a fixed order that vectorises.
fn global_norm<T: Real>(values: &[T]) -> T {
    const LANES: usize = 16;
    let mut sums = [T::zero(); LANES];
    let chunks = values.chunks_exact(LANES);
    let rest = chunks.remainder();
    for chunk in chunks {
        for (sum, &value) in sums.iter_mut().zip(chunk) {
            *sum += value * value;
        }
    }
    for (sum, &value) in sums.iter_mut().zip(rest) {
        *sum += value * value;
    }
    sums.into_iter().sum::<T>().sqrt()
}

/// Trains one run over the steps of a chunk, telling each kind of work once it is done.
fn train_run<T: Real>(
    plan: &Plan,
    seed: &SeedData,
    batches: &Batches,
    worker: &mut Worker<T>,
    state: &mut RunState<T>,
    steps: std::ops::Range<u32>,
    mut done: impl FnMut(&'static str),
) -> RunChunk {
    let settings = &plan.resolved.runs[state.run];
    let last = plan.resolved.steps(state.run);
    let stride = plan.resolved.stride();
    let width = plan.columns.width();
    let rows = steps.len().div_ceil(stride as usize) + 1;
    let mut chunk = RunChunk {
        run: state.run,
        first_step: steps.start.next_multiple_of(stride),
        stride,
        rows: Vec::with_capacity(rows * width),
        validation: Vec::new(),
        death: None,
    };
    for t in steps.start..steps.end.min(last) {
        if plan.validates(state.run, t) {
            chunk.validation.push(validate(plan, seed, worker, state, t));
            done("validation");
        }
        let eta = learning_rate(
            settings.base_learning_rate,
            settings.warmup_steps,
            plan.resolved.experiment.max_train_steps,
            plan.resolved.experiment.schedule,
            t,
        );
        let (mut loss, mut norm, mut scale) = (f32::NAN, f32::NAN, f32::NAN);
        if state.death.is_none() {
            seed.gather(batches, t, &mut worker.inputs, &mut worker.labels);
            done("batch");
            worker.execute_and(&plan.training, &state.theta, |operation| done(operation.name()));
            loss = worker.scratch[plan.training.loss].to_f64() as f32;
            norm = global_norm(&worker.gradient).to_f64() as f32;
            if loss.is_finite() && norm.is_finite() {
                scale = clip_scale(norm, settings.clip_threshold);
            } else {
                state.death = Some(t);
                (loss, norm) = (f32::NAN, f32::NAN);
            }
            done("norm");
        }
        if t.is_multiple_of(stride) {
            chunk.rows.extend([loss, norm, eta as f32, scale]);
            if state.death.is_some() {
                chunk.rows.extend(std::iter::repeat_n(f32::NAN, width - Columns::PROBE_GRADIENT));
            } else {
                let scale = T::from_f32(scale);
                let gradient = worker.gradient[plan.probe] * scale;
                chunk.rows.extend([gradient.to_f64() as f32, state.theta[plan.probe].to_f64() as f32]);
                chunk.rows.extend(plan.state_places().map(|(kind, place)| match kind {
                    Kind::Scalar => state.scalar_states[place] as f32,
                    Kind::PerParameter => state.states[place * state.theta.len() + plan.probe].to_f64() as f32,
                }));
            }
        }
        done("record");
        if state.death.is_none() {
            let scale = T::from_f32(scale);
            update(plan, worker, state, &settings.constants, eta, t, scale);
            done("update");
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
    worker: &mut Worker<T>,
    state: &mut RunState<T>,
    constants: &[f64],
    eta: f64,
    t: u32,
    scale: T,
) {
    let program = &plan.program;
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
}

fn validate<T: Real>(
    plan: &Plan,
    seed: &SeedData,
    worker: &mut Worker<T>,
    state: &RunState<T>,
    step: u32,
) -> ValidationPoint {
    if state.death.is_some() {
        return ValidationPoint { step, loss: f32::NAN, accuracy: f32::NAN };
    }
    let (mut loss, mut right) = (0.0, 0.0);
    let mut count = 0.0;
    for slice in 0..seed.validation_slices() {
        seed.validation_slice(slice, &mut worker.inputs, &mut worker.labels);
        worker.execute(&plan.evaluation, &state.theta);
        let examples = seed.validation_slice_len(slice) as f64;
        loss += worker.scratch[plan.evaluation.loss].to_f64() * examples;
        if let Some(accuracy) = plan.evaluation.accuracy {
            right += worker.scratch[accuracy].to_f64() * examples;
        }
        count += examples;
    }
    ValidationPoint { step, loss: (loss / count) as f32, accuracy: (right / count) as f32 }
}

impl<T: Real> Fleet for CpuFleet<T> {
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
        let round = |values: &[T]| values.iter().map(|x| x.to_f64() as f32).collect();
        let save = |state: &RunState<T>| RunCheckpoint {
            run: state.run,
            theta: round(&state.theta),
            states: round(&state.states),
            scalar_states: state.scalar_states.clone(),
            death: state.death,
        };
        Ok(Checkpoint { step: self.step, runs: self.runs.iter().map(save).collect() })
    }
}
