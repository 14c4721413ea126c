//! From launches to dispatches: the uniform values of each kernel, and how many workgroups it takes.

use super::device::{Gpu, UNIFORM_STRIDE};
use super::fusion::launches;
use super::layout::{
    CHUNK_STEPS, ExamplesLayout, FEW_PARTIAL_SUMS, MOST_PARTIAL_SUMS, RunLayout, TABLE_HEAD, ring_wgsl, ring_width,
};
use crate::train::Plan;
use crate::train::batches::SeedData;
use crate::train::tape::{Location, Tape, Tensor};
use brink_base::tensor::Shape;
use brink_network::operations::{End, Grid, MAX_KERNEL_PARAMETERS, TILE_SIDE, Tile, WORKGROUP};
use brink_rule::{Program, clipping};

/// The uniform values of a dispatch; the twin of `Params` in `kernels/common.wgsl`, which says what each is.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, bytemuck::Pod, bytemuck::Zeroable)]
pub struct Params {
    pub rows: u32,
    pub columns: u32,
    pub runs: u32,
    pub adds: u32,
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
    pub training: u32,
    pub nan_bits: u32,
    pub table_width: u32,
    pub ring_width: u32,
    pub parameters: u32,
    pub batch_size: u32,
    pub input_len: u32,
    pub target_len: u32,
    pub targets_offset: u32,
    pub targets_stride: u32,
    pub examples_stride: u32,
    pub e_offset: u32,
    pub examples_targets: u32,
    pub examples_first: u32,
    pub examples_count: u32,
    pub batches_stride: u32,
    pub examples_weight: f32,
    pub e_stride: u32,
    pub gradient: u32,
    pub states: u32,
    pub carried: u32,
    pub next_carried: u32,
    pub carried_len: u32,
    pub partials: u32,
    pub run_stride: u32,
    pub loss: u32,
    pub accuracy: u32,
    pub probe: u32,
    pub state_count: u32,
    pub partial_count: u32,
    pub validation_slot: u32,
    pub missing_target_bits: u32,
    /// [`Kernel::parameter_bits`].
    pub own: [u32; MAX_KERNEL_PARAMETERS],
}

const _: () =
    assert!(std::mem::offset_of!(Params, own).is_multiple_of(16), "WGSL aligns an array of vectors to 16 bytes");
const _: () = assert!(size_of::<Params>() <= UNIFORM_STRIDE as usize, "a kernel sees so many bytes at its offset");

/// One dispatch of a step or of a validation.
#[derive(Clone)]
pub struct Dispatch {
    pub pipeline: wgpu::ComputePipeline,
    pub params: u32,
    pub workgroups: [u32; 3],
}

/// Makes the dispatches of a step, of a validation and of an evaluation.
pub struct DispatchBuilder<'a> {
    pub gpu: &'a Gpu,
    pub plan: &'a Plan,
    pub layout: &'a RunLayout,
    pub examples: &'a ExamplesLayout,
    /// The distinct seeds of the runs.
    pub seeds: &'a [u32],
    pub run_count: usize,
    /// The uniform values of every dispatch made so far.
    pub params: Vec<Params>,
}

impl DispatchBuilder<'_> {
    /// Runs that share their seed share one batch: it lies at the first run, and every run reads it there.
    fn batch_stride(&self) -> usize {
        if self.seeds.len() == 1 { 0 } else { self.layout.run_stride }
    }

    /// The partial sums of squares of a gradient.
    pub fn partial_count(&self) -> usize {
        // Each partial sum takes a barrier, which costs a software adapter as much as some thousand additions.
        let most = if self.gpu.is_software() { FEW_PARTIAL_SUMS } else { MOST_PARTIAL_SUMS };
        self.plan.parameter_count().div_ceil(8 * WORKGROUP).clamp(1, most)
    }

    fn common(&self, is_training: bool) -> Params {
        let plan = self.plan;
        let scratch = self.layout.scratch;
        let tape = if is_training { &plan.training } else { &plan.evaluation };
        let chunk_rows = CHUNK_STEPS as usize * self.run_count * ring_width(plan);
        Params {
            runs: self.run_count as u32,
            training: u32::from(is_training),
            nan_bits: f32::NAN.to_bits(),
            table_width: (TABLE_HEAD + plan.program.scalar_count()) as u32,
            ring_width: ring_width(plan) as u32,
            parameters: plan.parameter_count() as u32,
            batch_size: plan.resolved.experiment.batch_size as u32,
            input_len: self.examples.input_len as u32,
            target_len: self.examples.target_len as u32,
            targets_offset: self.layout.targets as u32,
            targets_stride: self.batch_stride() as u32,
            examples_stride: self.examples.stride() as u32,
            examples_targets: self.examples.targets() as u32,
            batches_stride: CHUNK_STEPS * plan.resolved.experiment.batch_size as u32,
            gradient: self.layout.gradient as u32,
            states: self.layout.states as u32,
            carried: self.layout.carried as u32,
            next_carried: self.layout.next_carried as u32,
            carried_len: plan.carried_len() as u32,
            partials: self.layout.partials as u32,
            run_stride: self.layout.run_stride as u32,
            loss: (scratch + tape.loss) as u32,
            accuracy: (scratch + tape.accuracy.unwrap_or(0)) as u32,
            probe: plan.probe as u32,
            state_count: plan.program.per_parameter_state_count() as u32,
            partial_count: self.partial_count() as u32,
            validation_slot: chunk_rows as u32,
            missing_target_bits: plan.resolved.task.targets().missing().to_bits(),
            ..Params::default()
        }
    }

    /// The offset of a tensor in the arena and its stride from run to run.
    fn address(&self, tensor: &Tensor) -> (u32, u32) {
        let layout = self.layout;
        let (offset, stride) = match tensor.location {
            Location::Inputs => (layout.inputs, self.batch_stride()),
            Location::Targets => (layout.targets, self.batch_stride()),
            Location::Theta(offset) => (offset, layout.run_stride),
            Location::Carried(offset) => (layout.carried + offset, layout.run_stride),
            Location::Gradient(offset) => (layout.gradient + offset, layout.run_stride),
            Location::NextCarried(offset) => (layout.next_carried + offset, layout.run_stride),
            Location::Scratch(offset) => (layout.scratch + offset, layout.run_stride),
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
            params.adds = u32::from(launch.end == End::Add);
            params.own = launch.kernel.parameter_bits();
            let len = |position: usize| launch.inputs.get(position).map_or(0, |tensor| tensor.shape.len()) as u32;
            (params.a_len, params.b_len) = (len(0), len(1));
            let address = |tensor: Option<&Tensor>| tensor.map_or((0, 0), |tensor| self.address(tensor));
            (params.a_offset, params.a_stride) = address(launch.inputs.first());
            (params.b_offset, params.b_stride) = address(launch.inputs.get(1));
            (params.c_offset, params.c_stride) = address(launch.inputs.get(2));
            (params.d_offset, params.d_stride) = address(launch.other.as_ref());
            (params.e_offset, params.e_stride) = address(launch.fifth.as_ref());
            (params.out_offset, params.out_stride) = address(Some(&launch.output));
            let tile = Tile::choose(self.gpu.is_software(), shape.columns());
            let workgroups = workgroups(launch.kernel.grid, tile, shape, self.run_count);
            dispatches.push(self.push(launch.kernel.name, &launch.kernel.wgsl(tile, launch.end), params, workgroups));
        }
        dispatches
    }

    /// `slice` is the first example and the number of examples of a validation slice; `None` in training.
    fn gather(&mut self, slice: Option<(usize, usize)>) -> Dispatch {
        let mut params = self.common(slice.is_none());
        (params.out_offset, params.out_stride) = (self.layout.inputs as u32, self.batch_stride() as u32);
        if let Some((first, count)) = slice {
            (params.examples_first, params.examples_count) = (first as u32, count as u32);
        }
        let values = (params.batch_size * (params.input_len + params.target_len)) as usize;
        let copies = if self.batch_stride() == 0 { 1 } else { self.run_count };
        self.push(
            "gather",
            include_str!("kernels/gather.wgsl"),
            params,
            [values.div_ceil(WORKGROUP) as u32, 1, copies as u32],
        )
    }

    /// The dispatches of a training step.
    pub fn training(&mut self) -> Vec<Dispatch> {
        let mut dispatches = vec![self.gather(None)];
        let plan = self.plan;
        dispatches.extend(self.tape(&plan.training, true));
        let params = self.common(true);
        let run_count = self.run_count as u32;
        let one_a_run = [self.run_count.div_ceil(WORKGROUP) as u32, 1, 1];
        let partial_sums = [self.partial_count() as u32, 1, run_count];
        dispatches.push(self.push("norm", include_str!("kernels/norm.wgsl"), params, partial_sums));
        let clip_scale = clipping().wgsl("clip_scale");
        let finalize = format!("{}{clip_scale}{}", ring_wgsl(), include_str!("kernels/finalize.wgsl"));
        let mut own = [0; MAX_KERNEL_PARAMETERS];
        own[..2].copy_from_slice(&[plan.resolved.experiment.clip_window, self.layout.recent_norms as u32]);
        dispatches.push(self.push("finalize", &finalize, Params { own, ..params }, one_a_run));
        let values = plan.parameter_count().max(plan.carried_len());
        let every_parameter = [values.div_ceil(WORKGROUP) as u32, 1, run_count];
        let params = Params { own: step_factor_bits(&plan.step_factors), ..params };
        dispatches.push(self.push("update", &update_source(&plan.program), params, every_parameter));
        dispatches
    }

    /// The dispatches that compute partial sums of squares of the gradient over the whole training set; none where it is never
    /// taken.
    pub fn full_gradient(&mut self) -> Vec<Dispatch> {
        let plan = self.plan;
        let Some(&seed) = self.seeds.first() else { return Vec::new() };
        if plan.resolved.experiment.full_gradient_every == 0 {
            return Vec::new();
        }
        // Every seed has as many training examples.
        let seed: &SeedData = plan.data.of(seed);
        let counts: Vec<usize> = (0..seed.training_slices()).map(|slice| seed.training_slice_len(slice)).collect();
        let batch_size = seed.batch_size;
        // Not masked by a run's end: it is taken for every living run.
        let gradient = self.tape(&plan.training, false);
        let run_count = self.run_count as u32;
        let mut dispatches = Vec::new();
        for (slice, &count) in counts.iter().enumerate() {
            dispatches.push(self.gather(Some((slice * batch_size, count))));
            dispatches.extend(gradient.iter().cloned());
            let params = Params {
                adds: u32::from(slice > 0),
                examples_weight: count as f32,
                out_offset: self.layout.full_gradient as u32,
                ..self.common(false)
            };
            let workgroups = [plan.parameter_count().div_ceil(WORKGROUP) as u32, 1, run_count];
            let source = include_str!("kernels/accumulate_gradient.wgsl");
            dispatches.push(self.push("accumulate gradient", source, params, workgroups));
        }
        let params = Params { gradient: self.layout.full_gradient as u32, ..self.common(false) };
        let workgroups = [self.partial_count() as u32, 1, run_count];
        dispatches.push(self.push("norm", include_str!("kernels/norm.wgsl"), params, workgroups));
        dispatches
    }

    /// The dispatches that compute the loss of a training batch alone.
    pub fn forward(&mut self) -> Vec<Dispatch> {
        let mut dispatches = vec![self.gather(None)];
        let plan = self.plan;
        dispatches.extend(self.tape(&plan.forward, true));
        dispatches
    }

    /// The dispatches of a validation.
    pub fn evaluation(&mut self) -> Vec<Dispatch> {
        let plan = self.plan;
        // Every seed has as many validation examples.
        let Some(&seed) = self.seeds.first() else { return Vec::new() };
        let seed: &SeedData = plan.data.of(seed);
        let examples = *self.examples;
        let (slices, batch_size) = (seed.validation_slices(), seed.batch_size);
        let counts: Vec<usize> = (0..slices).map(|slice| seed.validation_slice_len(slice)).collect();
        let forward = self.tape(&plan.evaluation, false);
        let mut dispatches = Vec::new();
        for (slice, &count) in counts.iter().enumerate() {
            let first = examples.resident + examples.extra + slice * batch_size;
            dispatches.push(self.gather(Some((first, count))));
            dispatches.extend(forward.iter().cloned());
            let params = Params { adds: u32::from(slice > 0), examples_weight: count as f32, ..self.common(false) };
            let one_a_run = [self.run_count.div_ceil(WORKGROUP) as u32, 1, 1];
            dispatches.push(self.push("accumulate", include_str!("kernels/accumulate.wgsl"), params, one_a_run));
        }
        dispatches
    }
}

/// The step factors as the update kernel reads them: how many, then begin, end and factor of each.
fn step_factor_bits(factors: &[(std::ops::Range<usize>, f64)]) -> [u32; MAX_KERNEL_PARAMETERS] {
    let mut bits = [0; MAX_KERNEL_PARAMETERS];
    let (count, stretches) = bits.split_at_mut(1);
    count[0] = factors.len() as u32;
    for (stretch, (range, factor)) in stretches.chunks_exact_mut(3).zip(factors) {
        stretch.copy_from_slice(&[range.start as u32, range.end as u32, (*factor as f32).to_bits()]);
    }
    bits
}

/// The workgroups that cover an output of this shape.
pub fn workgroups(grid: Grid, tile: Tile, output: &Shape, run_count: usize) -> [u32; 3] {
    let [x, y] = match grid {
        Grid::Values => [output.len().div_ceil(WORKGROUP), 1],
        Grid::Invocations(count) => [count.div_ceil(WORKGROUP), 1],
        Grid::Tiles => {
            [output.columns().div_ceil(TILE_SIDE * tile.columns), output.rows().div_ceil(TILE_SIDE * tile.rows)]
        }
        Grid::One => [1, 1],
    };
    [x as u32, y as u32, run_count as u32]
}

/// The update kernel of a rule: the rule's own WGSL, and the loads and stores of its states.
pub fn update_source(program: &Program) -> String {
    let states = 0..program.per_parameter_state_count();
    let location = |state: usize| format!("arena[base + params.states + {state}u * params.parameters + i]");
    let load: String = states.clone().map(|s| format!("    values.s{s} = {};\n", location(s))).collect();
    let store: String = states.map(|s| format!("    {} = after.s{s};\n", location(s))).collect();
    let kernel = include_str!("kernels/update.wgsl")
        .replace("LOAD_STATES", &load)
        .replace("STORE_STATES", &store)
        .replace("TABLE_HEAD", &TABLE_HEAD.to_string());
    format!("{}\n{kernel}", program.wgsl())
}
