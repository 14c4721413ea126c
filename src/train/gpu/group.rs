//! The runs of a fleet that share one arena: buffers, launches, submits.

use super::device::{Gpu, UNIFORM_STRIDE};
use super::launch::{End, launches};
use crate::network::operations::Grid;
use crate::record::{Columns, RunChunk, ValidationPoint};
use crate::rule::{Kind, Program};
use crate::task::{Examples, NO_LABEL};
use crate::tensor::Shape;
use crate::train::batches::{Data, SeedData};
use crate::train::schedule::learning_rate;
use crate::train::tape::{Place, Tape, Tensor};
use crate::train::{Checkpoint, FleetError, Plan, RunCheckpoint};
use std::sync::Arc;
use std::time::Duration;

/// The most steps between two readbacks.
pub const CHUNK_STEPS: u32 = 128;
/// A submit takes at most about this long: browsers share the GPU with the screen, and watchdogs end long ones.
const SUBMIT_TIME: Duration = Duration::from_millis(20);
/// Dispatches of the first submit, before any has been timed.
const FIRST_SUBMIT_DISPATCHES: usize = 256;
/// Partial sums of the gradient's squares, one workgroup each.
const MOST_PARTIAL_SUMS: usize = 32;
/// Invocations of a workgroup.
pub const WORKGROUP: usize = 64;
/// Rows and columns of a matrix product that one workgroup computes.
const TILE: usize = 32;
/// Values before the rule's scalars in a row of the table: whether the run trains, and its clip threshold.
pub const TABLE_HEAD: usize = 2;
/// Values before the probe's states in a row of the ring: loss, norm, clip scale, the probe's gradient and parameter.
const RING_HEAD: usize = 5;
/// Offsets in the arena are multiples of this many values (256 bytes).
const ALIGNMENT: usize = 64;

/// What a kernel is told; the twin of `Params` in `kernels/common.wgsl`.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    pub rows: u32,
    pub columns: u32,
    pub inner: u32,
    pub runs: u32,
    pub a_offset: u32,
    pub a_stride: u32,
    pub b_offset: u32,
    pub b_stride: u32,
    pub c_offset: u32,
    pub c_stride: u32,
    pub d_offset: u32,
    pub d_stride: u32,
    pub out_offset: u32,
    pub out_stride: u32,
    pub a_len: u32,
    pub b_len: u32,
    pub variant: u32,
    pub end: u32,
    pub training: u32,
    pub nan_bits: u32,
    pub value: f32,
    pub table_width: u32,
    pub ring_width: u32,
    pub parameters: u32,
    pub batch_size: u32,
    pub input_len: u32,
    pub labels_offset: u32,
    pub labels_stride: u32,
    pub examples_stride: u32,
    pub examples_inputs: u32,
    pub examples_labels: u32,
    pub examples_first: u32,
    pub examples_count: u32,
    pub reserved: u32,
    pub batches_stride: u32,
    pub examples_weight: f32,
    pub theta: u32,
    pub gradient: u32,
    pub states: u32,
    pub partials: u32,
    pub run_stride: u32,
    pub loss: u32,
    pub accuracy: u32,
    pub probe: u32,
    pub state_count: u32,
    pub partial_count: u32,
    pub validation_slot: u32,
    pub padding: u32,
}

/// Where the parts of a run lie in the arena, relative to the run. What a checkpoint keeps comes first.
struct Layout {
    states: usize,
    gradient: usize,
    partials: usize,
    scratch: usize,
    inputs: usize,
    labels: usize,
    run_stride: usize,
}

impl Layout {
    fn new(plan: &Plan) -> Self {
        let parameters = plan.parameter_count();
        let batch_size = plan.resolved.experiment.batch_size;
        let mut end = 0;
        let mut take = |len: usize| {
            let start = end;
            end = (end + len).next_multiple_of(ALIGNMENT);
            start
        };
        take(parameters);
        Self {
            states: take(parameters * plan.program.per_parameter_state_count()),
            gradient: take(parameters),
            partials: take(MOST_PARTIAL_SUMS),
            scratch: take(plan.training.scratch_len.max(plan.evaluation.scratch_len)),
            inputs: take(batch_size * (plan.resolved.task.input)().len()),
            labels: take(batch_size),
            run_stride: take(0),
        }
    }
}

/// Where the examples of a seed lie in their buffer, in values relative to the seed.
struct ExamplesLayout {
    resident: usize,
    extra: usize,
    validation: usize,
    input_len: usize,
}

impl ExamplesLayout {
    fn new(plan: &Plan, seed: &SeedData) -> Self {
        let is_fresh = seed.resident().is_none();
        let is_altered = || (0..plan.longest()).any(|step| seed.task.alters(step));
        let chunk_examples = CHUNK_STEPS as usize * seed.batch_size;
        Self {
            resident: seed.resident().map_or(0, Examples::len),
            extra: if is_fresh || is_altered() { chunk_examples } else { 0 },
            validation: seed.task.validation().len(),
            input_len: seed.input_len,
        }
    }

    fn examples(&self) -> usize {
        self.resident + self.extra + self.validation
    }

    fn labels(&self) -> usize {
        self.examples() * self.input_len
    }

    fn stride(&self) -> usize {
        self.examples() * (self.input_len + 1)
    }
}

/// The bytes that one run takes in the arena.
pub fn run_bytes(plan: &Plan) -> usize {
    Layout::new(plan).run_stride * size_of::<f32>()
}

fn sizes(plan: &Plan, runs: &[usize]) -> [usize; 5] {
    let mut seeds: Vec<u32> = runs.iter().map(|&run| plan.resolved.runs[run].seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    // The data of a task has the same size for every seed.
    let data = Data::new(&plan.resolved, runs.first().copied());
    let examples = data.seeds().next().map_or(0, |seed| ExamplesLayout::new(plan, seed).stride());
    let chunk = CHUNK_STEPS as usize;
    [
        runs.len() * Layout::new(plan).run_stride,
        chunk * runs.len() * (TABLE_HEAD + plan.program.scalar_count()),
        seeds.len() * examples,
        seeds.len() * chunk * plan.resolved.experiment.batch_size,
        runs.len() * (chunk * ring_width(plan) + 2 * (chunk + 2)),
    ]
    .map(|values| values * size_of::<f32>())
}

/// The bytes that these runs take on the GPU.
pub fn bytes(plan: &Plan, runs: &[usize]) -> usize {
    sizes(plan, runs).iter().sum()
}

/// The bytes of the largest buffer that these runs need.
pub fn largest_binding(plan: &Plan, runs: &[usize]) -> usize {
    sizes(plan, runs).into_iter().max().unwrap_or(0)
}

fn ring_width(plan: &Plan) -> usize {
    RING_HEAD + plan.program.per_parameter_state_count()
}

struct Dispatch {
    pipeline: wgpu::ComputePipeline,
    params: u32,
    workgroups: [u32; 3],
}

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
    runs: Vec<RunState>,
    bind_group: wgpu::BindGroup,
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
    /// Dispatches and the time of the submit of the chunk in flight.
    in_flight: usize,
}

impl Drop for Group {
    fn drop(&mut self) {
        // Dropping a buffer does not free it in a browser.
        let buffers =
            [&self.arena, &self.table, &self.examples, &self.batches, &self.progress, &self.ring, &self.readback];
        buffers.into_iter().for_each(wgpu::Buffer::destroy);
    }
}

impl Group {
    pub fn new(
        gpu: Arc<Gpu>,
        plan: Arc<Plan>,
        runs: Vec<usize>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, FleetError> {
        let data = Data::new(&plan.resolved, runs.iter().copied());
        let layout = Layout::new(&plan);
        let [arena_bytes, table_bytes, examples_bytes, batches_bytes, ring_bytes] = sizes(&plan, &runs);
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
            let examples_layout = ExamplesLayout::new(&plan, seed);
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
        let mut builder = Builder::new(&gpu, &plan, &data, &layout, runs.len(), &mut params);
        let training = builder.training();
        let evaluation = builder.evaluation();
        let uniform = buffer(params.len() * UNIFORM_STRIDE as usize, Usage::UNIFORM);
        let mut bytes = vec![0u8; params.len() * UNIFORM_STRIDE as usize];
        for (slot, params) in bytes.chunks_exact_mut(UNIFORM_STRIDE as usize).zip(&params) {
            slot[..size_of::<Params>()].copy_from_slice(bytemuck::bytes_of(params));
        }
        gpu.queue.write_buffer(&uniform, 0, &bytes);
        let buffers = [&arena, &table, &examples, &batches, &progress, &ring];
        let mut entries = vec![wgpu::BindGroupEntry {
            binding: 0,
            resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                buffer: &uniform,
                offset: 0,
                size: std::num::NonZeroU64::new(UNIFORM_STRIDE),
            }),
        }];
        let storage = |(binding, buffer): (u32, &&'_ wgpu::Buffer)| (binding, (*buffer).clone());
        let storage: Vec<(u32, wgpu::Buffer)> = (1..).zip(&buffers).map(storage).collect();
        entries.extend(
            storage.iter().map(|(binding, buffer)| wgpu::BindGroupEntry {
                binding: *binding,
                resource: buffer.as_entire_binding(),
            }),
        );
        let bind_group = device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &gpu.bind_group_layout,
            entries: &entries,
        });
        Ok(Self {
            bind_group,
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
                let layout = ExamplesLayout::new(plan, seed);
                let start = position * layout.stride();
                write_examples(&self.gpu, &self.examples, &layout, start, layout.resident, &batches.extra);
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
        let clock = Clock::start();
        let values = self.gpu.read(&self.readback, (len * size_of::<f32>()) as u64).await?;
        let per_dispatch = clock.seconds() / self.in_flight.max(1) as f64;
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

/// A clock that works in a browser too.
struct Clock(#[cfg(not(target_arch = "wasm32"))] std::time::Instant, #[cfg(target_arch = "wasm32")] f64);

impl Clock {
    #[cfg(not(target_arch = "wasm32"))]
    fn start() -> Self {
        Self(std::time::Instant::now())
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    #[cfg(target_arch = "wasm32")]
    fn start() -> Self {
        Self(js_sys::Date::now())
    }

    #[cfg(target_arch = "wasm32")]
    fn seconds(&self) -> f64 {
        ((js_sys::Date::now() - self.0) / 1000.0).max(1e-4)
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

/// Records dispatches into passes and submits them in pieces.
struct Recorder<'a> {
    gpu: &'a Gpu,
    bind_group: &'a wgpu::BindGroup,
    most: usize,
    encoder: wgpu::CommandEncoder,
    pass: Option<wgpu::ComputePass<'static>>,
    in_submit: usize,
    total: u64,
}

impl<'a> Recorder<'a> {
    fn new(gpu: &'a Gpu, bind_group: &'a wgpu::BindGroup, most: usize) -> Self {
        let encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        Self { gpu, bind_group, most, encoder, pass: None, in_submit: 0, total: 0 }
    }

    fn dispatch(&mut self, dispatches: &[Dispatch]) {
        for dispatch in dispatches {
            if self.in_submit >= self.most {
                self.submit();
            }
            let pass = self.pass.get_or_insert_with(|| {
                self.encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
            });
            pass.set_pipeline(&dispatch.pipeline);
            pass.set_bind_group(0, self.bind_group, &[dispatch.params * UNIFORM_STRIDE as u32]);
            let [x, y, z] = dispatch.workgroups;
            pass.dispatch_workgroups(x, y, z);
            self.in_submit += 1;
            self.total += 1;
        }
    }

    fn end_pass(&mut self) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        &mut self.encoder
    }

    fn submit(&mut self) {
        self.pass = None;
        let next = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let encoder = std::mem::replace(&mut self.encoder, next);
        self.gpu.queue.submit([encoder.finish()]);
        self.in_submit = 0;
    }

    fn finish(mut self) -> u64 {
        self.submit();
        self.total
    }
}

/// Makes the dispatches of a step and of a validation.
struct Builder<'a> {
    gpu: &'a Gpu,
    plan: &'a Plan,
    data: &'a Data,
    layout: &'a Layout,
    run_count: usize,
    params: &'a mut Vec<Params>,
}

impl<'a> Builder<'a> {
    fn new(
        gpu: &'a Gpu,
        plan: &'a Plan,
        data: &'a Data,
        layout: &'a Layout,
        run_count: usize,
        params: &'a mut Vec<Params>,
    ) -> Self {
        Self { gpu, plan, data, layout, run_count, params }
    }

    /// Runs that share their seed share one batch: it lies in the first run's place, and every run reads it there.
    fn batch_stride(&self) -> usize {
        if self.data.seeds().len() == 1 { 0 } else { self.layout.run_stride }
    }

    fn partial_count(&self) -> usize {
        self.plan.parameter_count().div_ceil(8 * WORKGROUP).clamp(1, MOST_PARTIAL_SUMS)
    }

    fn common(&self, is_training: bool) -> Params {
        let plan = self.plan;
        let scratch = self.layout.scratch;
        let tape = if is_training { &plan.training } else { &plan.evaluation };
        let seed = self.data.seeds().next().map(|seed| ExamplesLayout::new(plan, seed));
        let chunk_rows = CHUNK_STEPS as usize * self.run_count * ring_width(plan);
        Params {
            runs: self.run_count as u32,
            training: u32::from(is_training),
            nan_bits: f32::NAN.to_bits(),
            table_width: (TABLE_HEAD + plan.program.scalar_count()) as u32,
            ring_width: ring_width(plan) as u32,
            parameters: plan.parameter_count() as u32,
            batch_size: plan.resolved.experiment.batch_size as u32,
            input_len: (plan.resolved.task.input)().len() as u32,
            labels_offset: self.layout.labels as u32,
            labels_stride: self.batch_stride() as u32,
            examples_stride: seed.as_ref().map_or(0, ExamplesLayout::stride) as u32,
            examples_labels: seed.as_ref().map_or(0, ExamplesLayout::labels) as u32,
            batches_stride: CHUNK_STEPS * plan.resolved.experiment.batch_size as u32,
            gradient: self.layout.gradient as u32,
            states: self.layout.states as u32,
            partials: self.layout.partials as u32,
            run_stride: self.layout.run_stride as u32,
            loss: (scratch + tape.loss) as u32,
            accuracy: (scratch + tape.accuracy.unwrap_or(0)) as u32,
            probe: plan.probe as u32,
            state_count: plan.program.per_parameter_state_count() as u32,
            partial_count: self.partial_count() as u32,
            validation_slot: chunk_rows as u32,
            ..Params::default()
        }
    }

    /// The offset of a tensor in the arena and its stride from run to run.
    fn address(&self, tensor: &Tensor) -> (u32, u32) {
        let layout = self.layout;
        let (offset, stride) = match tensor.place {
            Place::Inputs => (layout.inputs, self.batch_stride()),
            Place::Labels => (layout.labels, self.batch_stride()),
            Place::Theta(offset) => (offset, layout.run_stride),
            Place::Gradient(offset) => (layout.gradient + offset, layout.run_stride),
            Place::Scratch(offset) => (layout.scratch + offset, layout.run_stride),
        };
        (offset as u32, stride as u32)
    }

    fn push(&mut self, name: &str, source: &str, params: Params, workgroups: [u32; 3]) -> Dispatch {
        self.params.push(params);
        Dispatch { pipeline: self.gpu.pipeline(name, source), params: (self.params.len() - 1) as u32, workgroups }
    }

    fn tape(&mut self, tape: &Tape, is_training: bool) -> Vec<Dispatch> {
        let mut dispatches = Vec::new();
        for launch in launches(tape) {
            let mut params = self.common(is_training);
            let shape = &launch.output.shape;
            (params.rows, params.columns) = (shape.rows() as u32, shape.columns() as u32);
            params.inner = launch.kernel.inner as u32;
            params.variant = launch.kernel.variant;
            params.value = launch.kernel.value;
            params.end = match launch.end {
                End::Nothing => 0,
                End::Activation => 1,
                End::ActivationGradient => 2,
                End::Add => 3,
                End::ColumnSums => 4,
            };
            let len = |position: usize| launch.inputs.get(position).map_or(0, |tensor| tensor.shape.len()) as u32;
            (params.a_len, params.b_len) = (len(0), len(1));
            let address = |tensor: Option<&Tensor>| tensor.map_or((0, 0), |tensor| self.address(tensor));
            (params.a_offset, params.a_stride) = address(launch.inputs.first());
            (params.b_offset, params.b_stride) = address(launch.inputs.get(1));
            (params.c_offset, params.c_stride) = address(launch.inputs.get(2));
            (params.d_offset, params.d_stride) = address(launch.other.as_ref());
            (params.out_offset, params.out_stride) = address(Some(&launch.output));
            let rows = launch.inputs.first().map_or(1, |tensor| tensor.shape.rows());
            let workgroups = workgroups(launch.kernel.grid, shape, rows, self.run_count);
            dispatches.push(self.push(launch.kernel.name, launch.kernel.source, params, workgroups));
        }
        dispatches
    }

    /// `batch` is the first example and the number of examples of a validation slice; `None` in training.
    fn gather(&mut self, slice: Option<(usize, usize)>) -> Dispatch {
        let mut params = self.common(slice.is_none());
        (params.out_offset, params.out_stride) = (self.layout.inputs as u32, self.batch_stride() as u32);
        if let Some((first, count)) = slice {
            (params.examples_first, params.examples_count) = (first as u32, count as u32);
        }
        let values = (params.batch_size * params.input_len) as usize;
        let copies = if self.batch_stride() == 0 { 1 } else { self.run_count };
        self.push(
            "gather",
            include_str!("kernels/gather.wgsl"),
            params,
            [values.div_ceil(WORKGROUP) as u32, 1, copies as u32],
        )
    }

    fn training(&mut self) -> Vec<Dispatch> {
        let mut dispatches = vec![self.gather(None)];
        let plan = self.plan;
        dispatches.extend(self.tape(&plan.training, true));
        let params = self.common(true);
        let run_count = self.run_count as u32;
        let one_a_run = [self.run_count.div_ceil(WORKGROUP) as u32, 1, 1];
        let partial_sums = [self.partial_count() as u32, 1, run_count];
        dispatches.push(self.push("norm", include_str!("kernels/norm.wgsl"), params, partial_sums));
        dispatches.push(self.push("finalize", include_str!("kernels/finalize.wgsl"), params, one_a_run));
        let every_parameter = [plan.parameter_count().div_ceil(WORKGROUP) as u32, 1, run_count];
        dispatches.push(self.push("update", &update_source(&plan.program), params, every_parameter));
        dispatches
    }

    fn evaluation(&mut self) -> Vec<Dispatch> {
        let plan = self.plan;
        let Some(seed) = self.data.seeds().next() else { return Vec::new() };
        let examples = ExamplesLayout::new(plan, seed);
        let (slices, batch_size) = (seed.validation_slices(), seed.batch_size);
        let counts: Vec<usize> = (0..slices).map(|slice| seed.validation_slice_len(slice)).collect();
        let forward = self.tape(&plan.evaluation, false);
        let mut dispatches = Vec::new();
        for (slice, &count) in counts.iter().enumerate() {
            let first = examples.resident + examples.extra + slice * batch_size;
            dispatches.push(self.gather(Some((first, count))));
            dispatches.extend(forward.iter().map(|dispatch| Dispatch {
                pipeline: dispatch.pipeline.clone(),
                params: dispatch.params,
                workgroups: dispatch.workgroups,
            }));
            let params = Params { variant: u32::from(slice > 0), examples_weight: count as f32, ..self.common(false) };
            let one_a_run = [self.run_count.div_ceil(WORKGROUP) as u32, 1, 1];
            dispatches.push(self.push("accumulate", include_str!("kernels/accumulate.wgsl"), params, one_a_run));
        }
        dispatches
    }
}

/// The workgroups that cover an output of this shape, whose kernel's first input has `rows` rows.
pub fn workgroups(grid: Grid, output: &Shape, rows: usize, run_count: usize) -> [u32; 3] {
    let [x, y] = match grid {
        Grid::Values => [output.len().div_ceil(WORKGROUP), 1],
        Grid::Rows => [rows.div_ceil(WORKGROUP), 1],
        Grid::Tiles => [output.columns().div_ceil(TILE), output.rows().div_ceil(TILE)],
        Grid::One => [1, 1],
    };
    [x as u32, y as u32, run_count as u32]
}

/// The update kernel of a rule: the rule's own WGSL, and the loads and stores of its states.
pub fn update_source(program: &Program) -> String {
    let states = 0..program.per_parameter_state_count();
    let place = |state: usize| format!("arena[base + params.states + {state}u * params.parameters + i]");
    let load: String = states.clone().map(|s| format!("    values.s{s} = {};\n", place(s))).collect();
    let store: String = states.map(|s| format!("    {} = after.s{s};\n", place(s))).collect();
    let kernel = include_str!("kernels/update.wgsl").replace("LOAD_STATES", &load).replace("STORE_STATES", &store);
    format!("{}\n{kernel}", program.wgsl())
}
