//! The runs of a fleet that share one arena: buffers, launches, submits.

use super::device::{Gpu, UNIFORM_STRIDE};
use super::dispatch::{Builder, Dispatch, Params};
use super::layout::{CHUNK_STEPS, ExamplesLayout, Layout, RING_HEAD, TABLE_HEAD, ring_width, sizes};
use super::recorder::Recorder;
use crate::record::{Columns, RunChunk, ValidationPoint};
use crate::rule::Kind;
use crate::task::{Examples, NO_LABEL};
use crate::train::batches::Data;
use crate::train::schedule::learning_rate;
use crate::train::{Checkpoint, FleetError, Plan, RunCheckpoint};
use std::sync::Arc;
use std::time::Duration;
use web_time::Instant;

/// A submit takes at most about this long: browsers share the GPU with the screen, and watchdogs end long ones.
const SUBMIT_TIME: Duration = Duration::from_millis(20);
/// Dispatches of the first submit, before any has been timed.
const FIRST_SUBMIT_DISPATCHES: usize = 256;

/// What the host knows of one run.
struct RunState {
    run: usize,
    seed: usize,
    scalar_states: Vec<f64>,
    death: Option<u32>,
    /// The learning rate and, before the update, the scalar states of each step in flight.
    rows: Vec<(f32, Vec<f64>)>,
}

/// Runs that share one arena.
pub struct Group {
    gpu: Arc<Gpu>,
    plan: Arc<Plan>,
    data: Arc<Data>,
    layout: Layout,
    examples_layout: ExamplesLayout,
    runs: Vec<RunState>,
    bind_group: wgpu::BindGroup,
    uniform: wgpu::Buffer,
    arena: wgpu::Buffer,
    table: wgpu::Buffer,
    examples: wgpu::Buffer,
    batches: wgpu::Buffer,
    progress: wgpu::Buffer,
    ring: wgpu::Buffer,
    readback: wgpu::Buffer,
    training: Vec<Dispatch>,
    evaluation: Vec<Dispatch>,
    /// The steps of the chunk in flight before which runs are validated.
    validations: Vec<u32>,
    dispatches: u64,
    submit_dispatches: usize,
    /// Dispatches of the chunk in flight.
    in_flight: usize,
}

impl Drop for Group {
    fn drop(&mut self) {
        // Dropping a buffer does not free it in a browser.
        let buffers = [
            &self.uniform,
            &self.arena,
            &self.table,
            &self.examples,
            &self.batches,
            &self.progress,
            &self.ring,
            &self.readback,
        ];
        buffers.into_iter().for_each(wgpu::Buffer::destroy);
    }
}

impl Group {
    pub fn new(
        gpu: Arc<Gpu>,
        plan: Arc<Plan>,
        examples_layout: ExamplesLayout,
        runs: Vec<usize>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, FleetError> {
        let data = Data::new(&plan.resolved, runs.iter().copied());
        let layout = Layout::new(&plan);
        let [arena_bytes, table_bytes, examples_bytes, batches_bytes, ring_bytes] =
            sizes(&plan, &examples_layout, &runs);
        let device = &gpu.device;
        let buffer = |bytes: usize, usage: wgpu::BufferUsages| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: bytes.max(16) as u64,
                usage: usage | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        use wgpu::BufferUsages as Usage;
        let arena = buffer(arena_bytes, Usage::STORAGE | Usage::COPY_SRC);
        let table = buffer(table_bytes, Usage::STORAGE);
        let examples = buffer(examples_bytes, Usage::STORAGE);
        let batches = buffer(batches_bytes, Usage::STORAGE);
        let progress = buffer(runs.len() * 3 * size_of::<u32>(), Usage::STORAGE | Usage::COPY_SRC);
        let ring = buffer(ring_bytes, Usage::STORAGE | Usage::COPY_SRC);
        let readback = buffer(ring_bytes, Usage::MAP_READ);

        for (position, seed) in data.seeds().enumerate() {
            let start = position * examples_layout.stride();
            if let Some(resident) = seed.resident() {
                write_examples(&gpu, &examples, &examples_layout, start, 0, resident);
            }
            let first = examples_layout.resident + examples_layout.extra;
            write_examples(&gpu, &examples, &examples_layout, start, first, seed.task.validation());
        }
        let mut states = Vec::with_capacity(runs.len());
        let mut dead = vec![0u32; runs.len()];
        for (position, &run) in runs.iter().enumerate() {
            let settings = &plan.resolved.runs[run];
            let saved = match checkpoint {
                None => RunCheckpoint {
                    run,
                    theta: plan.resolved.network.initial_parameters(settings.seed, settings.initial_scale),
                    states: plan.initial_states(),
                    scalar_states: plan.program.scalar_initial().to_vec(),
                    death: None,
                },
                Some(checkpoint) => checkpoint
                    .runs
                    .iter()
                    .find(|saved| saved.run == run)
                    .cloned()
                    .ok_or(FleetError::Checkpoint("a run is missing"))?,
            };
            if saved.theta.len() + saved.states.len() != plan.kept_len() {
                return Err(FleetError::Checkpoint("a run has another size"));
            }
            let base = position * layout.run_stride;
            write_values(&gpu, &arena, base, &saved.theta);
            write_values(&gpu, &arena, base + layout.states, &saved.states);
            dead[position] = u32::from(saved.death.is_some());
            states.push(RunState {
                run,
                seed: data.position(settings.seed),
                scalar_states: saved.scalar_states,
                death: saved.death,
                rows: Vec::new(),
            });
        }
        let seeds: Vec<u32> = states.iter().map(|state| state.seed as u32).collect();
        let words = [vec![0; runs.len()], dead, seeds].concat();
        gpu.queue.write_buffer(&progress, 0, bytemuck::cast_slice(&words));

        let mut params = Vec::new();
        let mut builder = Builder::new(&gpu, &plan, &data, &layout, &examples_layout, runs.len(), &mut params);
        let training = builder.training();
        let evaluation = builder.evaluation();
        let uniform = buffer(params.len() * UNIFORM_STRIDE as usize, Usage::UNIFORM);
        let mut bytes = vec![0u8; params.len() * UNIFORM_STRIDE as usize];
        for (slot, params) in bytes.chunks_exact_mut(UNIFORM_STRIDE as usize).zip(&params) {
            slot[..size_of::<Params>()].copy_from_slice(bytemuck::bytes_of(params));
        }
        gpu.queue.write_buffer(&uniform, 0, &bytes);
        let buffers = [&arena, &table, &examples, &batches, &progress, &ring];
        let window =
            wgpu::BufferBinding { buffer: &uniform, offset: 0, size: std::num::NonZeroU64::new(UNIFORM_STRIDE) };
        let window = wgpu::BindGroupEntry { binding: 0, resource: wgpu::BindingResource::Buffer(window) };
        let mut entries = vec![window];
        for (binding, buffer) in (1..).zip(buffers) {
            entries.push(wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() });
        }
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &gpu.bind_group_layout,
            entries: &entries,
        });
        Ok(Self {
            bind_group,
            uniform,
            arena,
            table,
            examples,
            batches,
            progress,
            ring,
            readback,
            training,
            evaluation,
            validations: Vec::new(),
            dispatches: 0,
            submit_dispatches: FIRST_SUBMIT_DISPATCHES,
            in_flight: 0,
            runs: states,
            gpu,
            plan,
            data,
            layout,
            examples_layout,
        })
    }

    pub fn dispatches(&self) -> u64 {
        self.dispatches
    }

    pub fn dispatches_a_step(&self) -> usize {
        self.training.len()
    }

    /// Uploads what the steps need and submits them; [`Group::collect`] reads what they recorded.
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
                encoder.copy_buffer_to_buffer(&self.ring, latest, &self.readback, target, slot_bytes);
            }
            if step < first + steps {
                recorder.dispatch(&self.training);
            }
        }
        recorder.end_pass().copy_buffer_to_buffer(&self.ring, 0, &self.readback, 0, rows_bytes);
        self.dispatches += recorder.finish();
        self.in_flight = (self.dispatches - before) as usize;
        Ok(())
    }

    fn upload(&mut self, first: u32, steps: u32) {
        let plan = &*self.plan;
        let experiment = &plan.resolved.experiment;
        let width = TABLE_HEAD + plan.program.scalar_count();
        let mut table = vec![0f32; steps as usize * self.runs.len() * width];
        let mut scalars = vec![0f64; plan.program.scalar_count()];
        let run_count = self.runs.len();
        for (position, state) in self.runs.iter_mut().enumerate() {
            let settings = &plan.resolved.runs[state.run];
            state.rows.clear();
            for t in first..(first + steps).min(plan.resolved.steps(state.run)) {
                let eta = learning_rate(
                    settings.base_learning_rate,
                    settings.warmup_steps,
                    experiment.max_train_steps,
                    experiment.schedule,
                    t,
                );
                state.rows.push((eta as f32, state.scalar_states.clone()));
                let states = &mut state.scalar_states;
                plan.program.scalars(&settings.constants, states, eta, u64::from(t), &mut scalars);
                let start = ((t - first) as usize * run_count + position) * width;
                let row = &mut table[start..start + width];
                row[0] = 1.0;
                row[1] = settings.clip_threshold.unwrap_or(0.0) as f32;
                row[TABLE_HEAD..].iter_mut().zip(&scalars).for_each(|(to, &from)| *to = from as f32);
            }
        }
        write_values(&self.gpu, &self.table, 0, &table);
        for (position, seed) in self.data.seeds().enumerate() {
            let batches = seed.batches(first, steps);
            let start = position * CHUNK_STEPS as usize * experiment.batch_size * size_of::<u32>();
            self.gpu.queue.write_buffer(&self.batches, start as u64, bytemuck::cast_slice(&batches.indices));
            if !batches.extra.is_empty() {
                let layout = &self.examples_layout;
                let start = position * layout.stride();
                write_examples(&self.gpu, &self.examples, layout, start, layout.resident, &batches.extra);
            }
        }
        let zeros = vec![0u32; run_count];
        self.gpu.queue.write_buffer(&self.progress, 0, bytemuck::cast_slice(&zeros));
    }

    /// Waits for the steps that were submitted and returns what they recorded.
    pub async fn collect(&mut self, first: u32, steps: u32) -> Result<Vec<RunChunk>, FleetError> {
        let width = ring_width(&self.plan);
        let rows_len = steps as usize * self.runs.len() * width;
        let len = rows_len + self.validations.len() * 2 * self.runs.len();
        let clock = Instant::now();
        let values = self.gpu.read(&self.readback, (len * size_of::<f32>()) as u64).await?;
        let working = (clock.elapsed().as_secs_f64() - self.gpu.readback_seconds()).max(1e-4);
        let per_dispatch = working / self.in_flight.max(1) as f64;
        self.submit_dispatches = ((SUBMIT_TIME.as_secs_f64() / per_dispatch) as usize).clamp(32, 8192);
        let (rows, validations) = values.split_at(rows_len);
        let plan = &*self.plan;
        let data = &*self.data;
        let run_count = self.runs.len();
        let chunk = |(position, state): (usize, &mut RunState)| {
            // A run whose last validation is done has nothing more to tell.
            if first > plan.resolved.steps(state.run) {
                return None;
            }
            let row_at = |k: usize| &rows[(k * run_count + position) * width..][..width];
            let record = Record { first, steps, width: plan.columns.width() };
            let mut chunk = record.rows(plan, state, row_at);
            let examples = data.seeds().nth(state.seed).map_or(0, |seed| seed.task.validation().len()) as f32;
            for (slot, &step) in self.validations.iter().enumerate() {
                if !plan.validates(state.run, step) {
                    continue;
                }
                let at = (slot * run_count + position) * 2;
                let is_dead = state.death.is_some_and(|death| step > death);
                let value = |k: usize| if is_dead { f32::NAN } else { validations[at + k] / examples };
                chunk.validation.push(ValidationPoint { step, loss: value(0), accuracy: value(1) });
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
            encoder.copy_buffer_to_buffer(&self.arena, source, &staging, position as u64 * bytes, bytes);
        }
        self.gpu.queue.submit([encoder.finish()]);
        let values = self.gpu.read(&staging, size).await;
        staging.destroy();
        Ok(values?.chunks_exact(end - start).map(<[f32]>::to_vec).collect())
    }

    /// Reads parameters and states back.
    pub async fn save(&self) -> Result<Vec<RunCheckpoint>, FleetError> {
        let parameters = self.plan.parameter_count();
        let planes = parameters * self.plan.program.per_parameter_state_count();
        let save = |(state, values): (&RunState, Vec<f32>)| RunCheckpoint {
            run: state.run,
            theta: values[..parameters].to_vec(),
            states: values[self.layout.states..self.layout.states + planes].to_vec(),
            scalar_states: state.scalar_states.clone(),
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

/// The steps of a chunk.
struct Record {
    first: u32,
    steps: u32,
    width: usize,
}

impl Record {
    /// The rows of one run, from those of the ring and what the host knows; notes a death.
    fn rows<'a>(&self, plan: &Plan, state: &mut RunState, row_at: impl Fn(usize) -> &'a [f32]) -> RunChunk {
        let stride = plan.resolved.stride();
        let mut chunk = RunChunk {
            run: state.run,
            first_step: self.first.next_multiple_of(stride),
            stride,
            rows: Vec::with_capacity((self.steps / stride + 1) as usize * self.width),
            validation: Vec::new(),
            death: None,
        };
        let mut died_with = None;
        for (k, (eta, scalar_states)) in state.rows.iter().enumerate() {
            let t = self.first + k as u32;
            let row = row_at(k);
            if state.death.is_none() && !(row[0].is_finite() && row[1].is_finite()) {
                state.death = Some(t);
                died_with = Some(scalar_states.clone());
            }
            if !t.is_multiple_of(stride) {
                continue;
            }
            if state.death.is_some() {
                chunk.rows.extend([f32::NAN, f32::NAN, *eta]);
                chunk.rows.extend(std::iter::repeat_n(f32::NAN, self.width - Columns::CLIP_SCALE));
                continue;
            }
            chunk.rows.extend([row[0], row[1], *eta, row[2], row[3], row[4]]);
            chunk.rows.extend(plan.state_places().map(|(kind, place)| match kind {
                Kind::Scalar => scalar_states[place] as f32,
                Kind::PerParameter => row[RING_HEAD + place],
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

fn write_values(gpu: &Gpu, buffer: &wgpu::Buffer, offset: usize, values: &[f32]) {
    gpu.queue.write_buffer(buffer, (offset * size_of::<f32>()) as u64, bytemuck::cast_slice(values));
}

fn write_examples(
    gpu: &Gpu,
    buffer: &wgpu::Buffer,
    layout: &ExamplesLayout,
    start: usize,
    first: usize,
    examples: &Examples,
) {
    write_values(gpu, buffer, start + first * layout.input_len, &examples.inputs);
    let label = |&label: &u32| if label == NO_LABEL { -1.0 } else { label as f32 };
    let labels: Vec<f32> = examples.labels.iter().map(label).collect();
    write_values(gpu, buffer, start + layout.labels() + first, &labels);
}
