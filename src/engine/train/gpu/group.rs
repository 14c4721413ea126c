//! The runs of a fleet that share one arena: uploads, submits, readbacks.

use super::buffers::{Buffers, write_values};
use super::device::Gpu;
use super::dispatch::{Dispatch, DispatchBuilder};
use super::layout::{CHUNK_STEPS, ExamplesLayout, RunLayout, TABLE_HEAD, ring_position, ring_states, ring_width};
use super::recorder::Recorder;
use crate::train::{Checkpoint, CriticalSearch, FleetError, Plan, RunCheckpoint};
use brink_base::record::{CriticalRate, METRICS, Metric, RunChunk, ValidationPoint};
use brink_experiment::ClipThreshold;
use brink_rule::ValueKind;
use brink_task::Examples;
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// A submit takes at most about this long: browsers share the GPU with the screen, and watchdogs end long ones.
const SUBMIT_TIME: Duration = Duration::from_millis(20);
/// Dispatches of the first submit, before any has been timed.
const FIRST_SUBMIT_DISPATCHES: usize = 256;

/// What the host knows of one run.
struct HostRun {
    run: usize,
    /// The position of its seed among the group's.
    seed: usize,
    scalar_states: Vec<f64>,
    death: Option<u32>,
    /// The learning rate and, before the update, the scalar states of each step in flight.
    rows: Vec<(f32, Vec<f64>)>,
}

/// Runs that share one arena.
pub struct RunGroup {
    gpu: Arc<Gpu>,
    plan: Arc<Plan>,
    layout: RunLayout,
    examples_layout: ExamplesLayout,
    runs: Vec<HostRun>,
    /// The distinct seeds of the runs.
    seeds: Vec<u32>,
    buffers: Buffers,
    bind_group: wgpu::BindGroup,
    training: Vec<Dispatch>,
    evaluation: Vec<Dispatch>,
    forward: Vec<Dispatch>,
    full_gradient: Vec<Dispatch>,
    partial_count: usize,
    /// The steps of the chunk in flight before which runs are validated.
    validations: Vec<u32>,
    dispatches: u64,
    submit_dispatches: usize,
    /// Dispatches of the chunk in flight.
    in_flight: usize,
}

impl RunGroup {
    pub fn new(
        gpu: Arc<Gpu>,
        plan: Arc<Plan>,
        examples_layout: ExamplesLayout,
        runs: &[usize],
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, FleetError> {
        let saved = runs.iter().map(|&run| plan.run_at(checkpoint, run)).collect::<Result<Vec<_>, _>>()?;
        let mut seeds: Vec<u32> = runs.iter().map(|&run| plan.resolved.runs[run].seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let layout = RunLayout::new(&plan);
        let mut builder = DispatchBuilder {
            gpu: &gpu,
            plan: &plan,
            layout: &layout,
            examples: &examples_layout,
            seeds: &seeds,
            run_count: runs.len(),
            params: Vec::new(),
        };
        let (training, evaluation, forward) = (builder.training(), builder.evaluation(), builder.forward());
        let (full_gradient, partial_count) = (builder.full_gradient(), builder.partial_count());
        let buffers = Buffers::new(&gpu, &plan, &examples_layout, runs, &builder.params);
        let bind_group = buffers.bind_group(&gpu);
        let position = |run: &RunCheckpoint| seeds.partition_point(|&seed| seed < plan.resolved.runs[run.run].seed);
        let host = |saved: &RunCheckpoint| HostRun {
            run: saved.run,
            seed: position(saved),
            scalar_states: saved.scalar_states.clone(),
            death: saved.death,
            rows: Vec::new(),
        };
        let group = Self {
            runs: saved.iter().map(host).collect(),
            seeds,
            bind_group,
            buffers,
            training,
            evaluation,
            forward,
            full_gradient,
            partial_count,
            validations: Vec::new(),
            dispatches: 0,
            submit_dispatches: FIRST_SUBMIT_DISPATCHES,
            in_flight: 0,
            gpu,
            plan,
            layout,
            examples_layout,
        };
        group.write_data();
        group.write_runs(&saved);
        Ok(group)
    }

    /// Writes the examples that stay.
    fn write_data(&self) {
        let layout = &self.examples_layout;
        for (position, &seed) in self.seeds.iter().enumerate() {
            let data = self.plan.data.of(seed);
            let start = position * layout.stride();
            if let Some(resident) = data.resident() {
                self.buffers.write_examples(&self.gpu, layout, start, 0, resident);
            }
            let first = layout.resident + layout.extra;
            self.buffers.write_examples(&self.gpu, layout, start, first, data.task.validation());
        }
    }

    /// Writes the state of every run.
    fn write_runs(&self, saved: &[RunCheckpoint]) {
        for (position, saved) in saved.iter().enumerate() {
            let base = position * self.layout.run_stride;
            let parts = [
                (0, &saved.theta),
                (self.layout.states, &saved.states),
                (self.layout.carried, &saved.carried),
                (self.layout.recent_norms, &saved.recent_norms),
            ];
            for (offset, values) in parts {
                write_values(&self.gpu, &self.buffers.arena, base + offset, values);
            }
        }
        let steps = vec![0; saved.len()];
        let dead = saved.iter().map(|saved| u32::from(saved.death.is_some())).collect();
        let seeds = self.runs.iter().map(|run| run.seed as u32).collect();
        let words = [steps, dead, seeds].concat();
        self.gpu.queue.write_buffer(&self.buffers.progress, 0, bytemuck::cast_slice(&words));
    }

    pub fn run_count(&self) -> usize {
        self.runs.len()
    }

    pub fn dispatches(&self) -> u64 {
        self.dispatches
    }

    pub fn dispatches_a_step(&self) -> usize {
        self.training.len()
    }

    /// Uploads what the steps need and submits them; [`RunGroup::collect`] reads what they recorded.
    pub fn submit(&mut self, first: u32, steps: u32) -> Result<(), FleetError> {
        if let Some(reason) = self.gpu.lost() {
            return Err(FleetError::DeviceLost(reason));
        }
        self.upload(first, steps);
        let validates = |step: &u32| self.runs.iter().any(|state| self.plan.validates(state.run, *step));
        let is_last = first + steps == self.plan.longest();
        let end = first + steps + u32::from(is_last);
        self.validations = (first..end).filter(validates).collect();
        let before = self.dispatches;
        let ring_len = CHUNK_STEPS as usize * self.runs.len() * ring_width(&self.plan);
        let slot_bytes = (2 * self.runs.len() * size_of::<f32>()) as u64;
        let latest = (ring_len * size_of::<f32>()) as u64;
        let rows_bytes = (steps as usize * self.runs.len() * ring_width(&self.plan) * size_of::<f32>()) as u64;
        let mut recorder = Recorder::new(&self.gpu, &self.bind_group, self.submit_dispatches);
        for step in first..end {
            if let Some(slot) = self.validations.iter().position(|&validated| validated == step) {
                recorder.dispatch(&self.evaluation);
                let encoder = recorder.end_pass();
                let target = rows_bytes + slot as u64 * slot_bytes;
                encoder.copy_buffer_to_buffer(&self.buffers.ring, latest, &self.buffers.readback, target, slot_bytes);
            }
            if step < first + steps {
                recorder.dispatch(&self.training);
            }
        }
        recorder.end_pass().copy_buffer_to_buffer(&self.buffers.ring, 0, &self.buffers.readback, 0, rows_bytes);
        self.dispatches += recorder.finish();
        self.in_flight = (self.dispatches - before) as usize;
        Ok(())
    }

    fn upload(&mut self, first: u32, steps: u32) {
        let plan = &*self.plan;
        let width = TABLE_HEAD + plan.program.scalar_count();
        let mut table = vec![0f32; steps as usize * self.runs.len() * width];
        let mut scalars = vec![0f64; plan.program.scalar_count()];
        let run_count = self.runs.len();
        for (position, state) in self.runs.iter_mut().enumerate() {
            let settings = &plan.resolved.runs[state.run];
            state.rows.clear();
            for t in first..(first + steps).min(plan.resolved.steps(state.run)) {
                let eta = plan.learning_rate(state.run, t);
                state.rows.push((eta as f32, state.scalar_states.clone()));
                let states = &mut state.scalar_states;
                plan.program.scalars(&settings.constants, states, eta, u64::from(t), &mut scalars);
                let start = ((t - first) as usize * run_count + position) * width;
                let row = &mut table[start..start + width];
                row[0] = 1.0;
                row[1] = match settings.clipping_at(t) {
                    ClipThreshold::None => 0.0,
                    ClipThreshold::Fixed(threshold) => threshold as f32,
                    ClipThreshold::Trailing => -1.0,
                };
                row[2] = t.checked_rem(settings.clip_window).unwrap_or(0) as f32;
                row[TABLE_HEAD..].iter_mut().zip(&scalars).for_each(|(to, &from)| *to = from as f32);
            }
        }
        write_values(&self.gpu, &self.buffers.table, 0, &table);
        self.upload_batches(first, steps);
    }

    /// Uploads the batches of some steps, and begins the count of steps anew.
    fn upload_batches(&self, first: u32, steps: u32) {
        let batch_size = self.plan.resolved.experiment.batch_size;
        for (position, &seed) in self.seeds.iter().enumerate() {
            let batches = self.plan.data.of(seed).batches(first, steps);
            let start = position * CHUNK_STEPS as usize * batch_size * size_of::<u32>();
            self.gpu.queue.write_buffer(&self.buffers.batches, start as u64, bytemuck::cast_slice(&batches.indices));
            if !batches.extra.is_empty() {
                let layout = &self.examples_layout;
                let start = position * layout.stride();
                self.buffers.write_examples(&self.gpu, layout, start, layout.resident, &batches.extra);
            }
        }
        let zeros = vec![0u32; self.runs.len()];
        self.gpu.queue.write_buffer(&self.buffers.progress, 0, bytemuck::cast_slice(&zeros));
    }

    /// Waits for the steps that were submitted and returns what they recorded.
    pub async fn collect(&mut self, first: u32, steps: u32) -> Result<Vec<RunChunk>, FleetError> {
        let width = ring_width(&self.plan);
        let rows_len = steps as usize * self.runs.len() * width;
        let len = rows_len + self.validations.len() * 2 * self.runs.len();
        let clock = Instant::now();
        let values = self.gpu.read(&self.buffers.readback, (len * size_of::<f32>()) as u64).await?;
        let working = (clock.elapsed().as_secs_f64() - self.gpu.readback_seconds()).max(1e-4);
        let per_dispatch = working / self.in_flight.max(1) as f64;
        self.submit_dispatches = ((SUBMIT_TIME.as_secs_f64() / per_dispatch) as usize).clamp(32, 8192);
        let (rows, validations) = values.split_at(rows_len);
        let plan = &*self.plan;
        let run_count = self.runs.len();
        let chunk = |(position, state): (usize, &mut HostRun)| {
            // A run whose last validation is done records nothing more.
            if first > plan.resolved.steps(state.run) {
                return None;
            }
            let row_at = |k: usize| &rows[(k * run_count + position) * width..][..width];
            let record = ChunkSteps { first, steps, width: plan.columns.width() };
            let mut chunk = record.rows(plan, state, row_at);
            let examples = plan.data.of(self.seeds[state.seed]).task.validation().len() as f32;
            for (slot, &step) in self.validations.iter().enumerate() {
                if !plan.validates(state.run, step) {
                    continue;
                }
                let at = (slot * run_count + position) * 2;
                let is_dead = state.death.is_some_and(|death| step > death);
                let value = |k: usize| if is_dead { f32::NAN } else { validations[at + k] / examples };
                let accuracy = plan.evaluation.accuracy.map_or(f32::NAN, |_| value(1));
                chunk.validation.push(ValidationPoint { step, loss: value(0), accuracy });
            }
            Some(chunk)
        };
        Ok(self.runs.iter_mut().enumerate().filter_map(chunk).collect())
    }

    /// Reads the values from `start` to `end` of every run's part of the arena.
    async fn read_runs(&self, start: usize, end: usize) -> Result<Vec<Vec<f32>>, FleetError> {
        let bytes = ((end - start) * size_of::<f32>()) as u64;
        let size = bytes * self.runs.len() as u64;
        let staging = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        for position in 0..self.runs.len() {
            let source = ((position * self.layout.run_stride + start) * size_of::<f32>()) as u64;
            encoder.copy_buffer_to_buffer(&self.buffers.arena, source, &staging, position as u64 * bytes, bytes);
        }
        self.gpu.queue.submit([encoder.finish()]);
        let values = self.gpu.read(&staging, size).await;
        staging.destroy();
        Ok(values?.chunks_exact(end - start).map(<[f32]>::to_vec).collect())
    }

    /// Reads parameters, states and carried values back.
    pub async fn save(&self) -> Result<Vec<RunCheckpoint>, FleetError> {
        let parameters = self.plan.parameter_count();
        let planes = parameters * self.plan.program.per_parameter_state_count();
        let save = |(state, values): (&HostRun, Vec<f32>)| RunCheckpoint {
            run: state.run,
            theta: values[..parameters].to_vec(),
            states: values[self.layout.states..self.layout.states + planes].to_vec(),
            scalar_states: state.scalar_states.clone(),
            carried: values[self.layout.carried..self.layout.carried + self.plan.carried_len()].to_vec(),
            recent_norms: values[self.layout.recent_norms..][..self.plan.resolved.experiment.clip_window as usize]
                .to_vec(),
            death: state.death,
        };
        // What a checkpoint keeps lies before the gradient, padded to the alignment.
        let values = self.read_runs(0, self.layout.gradient).await?;
        Ok(self.runs.iter().zip(values).map(save).collect())
    }

    /// Reads the gradient of the last step of each run.
    pub async fn gradients(&self) -> Result<Vec<Vec<f32>>, FleetError> {
        self.read_runs(self.layout.gradient, self.layout.gradient + self.plan.parameter_count()).await
    }
}

impl RunGroup {
    /// The norm of the gradient over the whole training set for each run; NaN for a dead one, and where it is not finite.
    pub async fn full_norms(&mut self) -> Result<Vec<f32>, FleetError> {
        if let Some(reason) = self.gpu.lost() {
            return Err(FleetError::DeviceLost(reason));
        }
        let mut recorder = Recorder::new(&self.gpu, &self.bind_group, self.submit_dispatches);
        recorder.dispatch(&self.full_gradient);
        self.dispatches += recorder.finish();
        let partials = self.layout.partials;
        let sums = self.read_runs(partials, partials + 2 * self.partial_count).await?;
        let seed = self.plan.data.of(self.seeds[0]);
        let examples = seed.resident().map_or(0, Examples::len);
        let norm = |(state, sums): (&HostRun, Vec<f32>)| {
            let (plain, small) = sums.split_at(self.partial_count);
            let [plain, small] = [plain, small].map(|sums| sums.iter().sum::<f32>());
            let sum = if plain.is_finite() { plain.sqrt() } else { small.sqrt() * (1u128 << 80) as f32 };
            let norm = sum / examples.max(1) as f32;
            if state.death.is_none() && norm.is_finite() { norm } else { f32::NAN }
        };
        Ok(self.runs.iter().zip(sums).map(norm).collect())
    }

    /// The indices of the runs in their experiment.
    pub fn run_indices(&self) -> impl Iterator<Item = usize> {
        self.runs.iter().map(|state| state.run)
    }

    /// The parameters of each run.
    pub async fn parameters(&self) -> Result<Vec<Vec<f32>>, FleetError> {
        self.read_runs(0, self.plan.parameter_count()).await
    }

    /// The critical learning rates of `step`, which led from `before` to where the runs are: for each run that did it.
    pub async fn critical_rates(
        &mut self,
        step: u32,
        before: &[Vec<f32>],
    ) -> Result<Vec<(usize, CriticalRate)>, FleetError> {
        let after = self.parameters().await?;
        let difference = |(after, before): (&Vec<f32>, &Vec<f32>)| -> Vec<f32> {
            after.iter().zip(before).map(|(after, before)| after - before).collect()
        };
        let steps: Vec<Vec<f32>> = after.iter().zip(before).map(difference).collect();
        let losses = self.evaluate(step, &steps, &[-1.0]).await?;
        let search = |(state, losses): (&HostRun, &Vec<f64>)| {
            let eta = self.plan.learning_rate(state.run, step);
            let searches = state.death.is_none() && step < self.plan.resolved.steps(state.run) && eta > 0.0;
            searches.then(|| CriticalSearch::new(eta, losses[0]))
        };
        let mut searches: Vec<Option<CriticalSearch>> = self.runs.iter().zip(&losses).map(search).collect();
        while searches.iter().flatten().any(|search| search.next().is_some()) {
            // From where the runs are: their step lies behind them.
            let scale =
                |search: &Option<CriticalSearch>| search.as_ref().and_then(CriticalSearch::next).unwrap_or(1.0) - 1.0;
            let scaled = searches.iter().zip(&steps).map(|(search, direction)| {
                let scale = scale(search) as f32;
                direction.iter().map(|d| scale * d).collect()
            });
            let directions: Vec<Vec<f32>> = scaled.collect();
            let losses = self.evaluate(step, &directions, &[1.0]).await?;
            for (search, losses) in searches.iter_mut().zip(losses) {
                if let Some(search) = search {
                    search.observe(losses[0]);
                }
            }
        }
        let found = self.run_indices().zip(searches).filter_map(|(run, search)| {
            search.and_then(|search| search.outcome()).map(|outcome| (run, CriticalRate { step, outcome }))
        });
        Ok(found.collect())
    }

    /// For each run, the loss of the batch of `step` at its parameters plus each of `scales` times its direction.
    pub async fn evaluate(
        &mut self,
        step: u32,
        directions: &[Vec<f32>],
        scales: &[f64],
    ) -> Result<Vec<Vec<f64>>, FleetError> {
        if let Some(reason) = self.gpu.lost() {
            return Err(FleetError::DeviceLost(reason));
        }
        let run_bytes = size_of::<f32>() as u64;
        let size = run_bytes * (self.runs.len() * scales.len()) as u64;
        if size == 0 {
            return Ok(vec![Vec::new(); self.runs.len()]);
        }
        let kept = self.read_runs(0, self.plan.parameter_count()).await?;
        // Every run computes, whether or not its last step is done.
        let width = TABLE_HEAD + self.plan.program.scalar_count();
        let mut table = vec![0.0; self.runs.len() * width];
        table.iter_mut().step_by(width).for_each(|trains| *trains = 1.0);
        write_values(&self.gpu, &self.buffers.table, 0, &table);
        self.upload_batches(step, 1);
        let staging = self.gpu.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        for (position, &scale) in scales.iter().enumerate() {
            for (run, (theta, direction)) in kept.iter().zip(directions).enumerate() {
                let moved: Vec<f32> = theta.iter().zip(direction).map(|(theta, d)| theta + scale as f32 * d).collect();
                write_values(&self.gpu, &self.buffers.arena, run * self.layout.run_stride, &moved);
            }
            let mut recorder = Recorder::new(&self.gpu, &self.bind_group, self.submit_dispatches);
            recorder.dispatch(&self.forward);
            let encoder = recorder.end_pass();
            for run in 0..self.runs.len() {
                let loss = run * self.layout.run_stride + self.layout.scratch + self.plan.forward.loss;
                let target = ((position * self.runs.len() + run) as u64) * run_bytes;
                encoder.copy_buffer_to_buffer(
                    &self.buffers.arena,
                    loss as u64 * run_bytes,
                    &staging,
                    target,
                    run_bytes,
                );
            }
            self.dispatches += recorder.finish();
        }
        for (run, theta) in kept.iter().enumerate() {
            write_values(&self.gpu, &self.buffers.arena, run * self.layout.run_stride, theta);
        }
        let values = self.gpu.read(&staging, size).await;
        staging.destroy();
        let values = values?;
        let of_run = |(run, state): (usize, &HostRun)| {
            let losses = values.iter().skip(run).step_by(self.runs.len());
            // A dead run's kernels do nothing.
            losses.map(|&loss| if state.death.is_some() { f64::NAN } else { f64::from(loss) }).collect()
        };
        Ok(self.runs.iter().enumerate().map(of_run).collect())
    }
}

/// The steps of a chunk.
struct ChunkSteps {
    first: u32,
    steps: u32,
    width: usize,
}

impl ChunkSteps {
    /// The rows of one run, from those of the ring and what the host knows; notes a death.
    fn rows<'a>(&self, plan: &Plan, state: &mut HostRun, row_at: impl Fn(usize) -> &'a [f32]) -> RunChunk {
        let stride = plan.resolved.stride();
        let mut chunk = RunChunk {
            run: state.run,
            first_step: self.first.next_multiple_of(stride),
            stride,
            rows: Vec::with_capacity((self.steps / stride + 1) as usize * self.width),
            chance: plan.chance(state.run),
            ..RunChunk::default()
        };
        let mut died_with = None;
        for (k, (eta, scalar_states)) in state.rows.iter().enumerate() {
            let t = self.first + k as u32;
            let row = row_at(k);
            let computed = |metric: Metric| ring_position(metric).map_or(f32::NAN, |position| row[position]);
            let is_finite = computed(Metric::Loss).is_finite() && computed(Metric::GradientNorm).is_finite();
            if state.death.is_none() && !is_finite {
                state.death = Some(t);
                died_with = Some(scalar_states.clone());
            }
            if !t.is_multiple_of(stride) {
                continue;
            }
            let is_dead = state.death.is_some();
            chunk.rows.extend(METRICS.iter().map(|column| match column.metric {
                Metric::LearningRate => *eta,
                _ if is_dead => f32::NAN,
                metric => computed(metric),
            }));
            chunk.rows.extend(plan.state_positions().map(|(kind, position)| match kind {
                _ if is_dead => f32::NAN,
                ValueKind::Scalar => scalar_states[position] as f32,
                ValueKind::PerParameter => row[ring_states() + position],
            }));
        }
        if let Some(scalar_states) = died_with {
            // A dead run's states stand still, scalar ones too.
            state.scalar_states = scalar_states;
        } else if let (Some(_), Some((_, scalar_states))) = (state.death, state.rows.first()) {
            state.scalar_states = scalar_states.clone();
        }
        chunk.death = state.death;
        chunk
    }
}
