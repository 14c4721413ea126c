//! Where everything lies in the buffers of a group, and how large they are.

use crate::task::Examples;
use crate::train::Plan;
use crate::train::batches::{Data, SeedData};

/// The most steps between two readbacks.
pub const CHUNK_STEPS: u32 = 128;
/// Partial sums of the gradient's squares, one workgroup each.
pub const MOST_PARTIAL_SUMS: usize = 32;
/// The same on a software adapter.
pub const FEW_PARTIAL_SUMS: usize = 4;
/// Values before the rule's scalars in a row of the table: whether the run trains, and its clip threshold.
pub const TABLE_HEAD: usize = 2;
/// Values before the probe's states in a row of the ring: loss, norm, clip scale, the probe's gradient and parameter.
pub const RING_HEAD: usize = 5;
/// Offsets in the arena are multiples of this many values (256 bytes).
const ALIGNMENT: usize = 64;

/// Where the parts of a run lie in the arena, relative to the run. What a checkpoint keeps comes first.
pub struct Layout {
    pub states: usize,
    pub gradient: usize,
    pub partials: usize,
    pub scratch: usize,
    pub inputs: usize,
    pub labels: usize,
    pub run_stride: usize,
}

impl Layout {
    pub fn new(plan: &Plan) -> Self {
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
#[derive(Clone, Copy, Default)]
pub struct ExamplesLayout {
    pub resident: usize,
    pub extra: usize,
    pub validation: usize,
    pub input_len: usize,
}

impl ExamplesLayout {
    /// Of every seed: the data of a task has the same size for each.
    pub fn of(plan: &Plan) -> Self {
        let data = Data::new(&plan.resolved, [0]);
        data.seeds().next().map_or_else(Self::default, |seed| Self::new(plan, seed))
    }

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

    pub fn examples(&self) -> usize {
        self.resident + self.extra + self.validation
    }

    pub fn labels(&self) -> usize {
        self.examples() * self.input_len
    }

    pub fn stride(&self) -> usize {
        self.examples() * (self.input_len + 1)
    }
}

/// The bytes that one run takes in the arena.
pub fn run_bytes(plan: &Plan) -> usize {
    Layout::new(plan).run_stride * size_of::<f32>()
}

/// The bytes of the buffers that these runs need: arena, table, examples, batches, ring.
pub fn sizes(plan: &Plan, examples: &ExamplesLayout, runs: &[usize]) -> [usize; 5] {
    let mut seeds: Vec<u32> = Vec::new();
    for &run in runs {
        let seed = plan.resolved.runs[run].seed;
        if !seeds.contains(&seed) {
            seeds.push(seed);
        }
    }
    let chunk = CHUNK_STEPS as usize;
    [
        runs.len() * Layout::new(plan).run_stride,
        chunk * runs.len() * (TABLE_HEAD + plan.program.scalar_count()),
        seeds.len() * examples.stride(),
        seeds.len() * chunk * plan.resolved.experiment.batch_size,
        runs.len() * (chunk * ring_width(plan) + 2 * (chunk + 2)),
    ]
    .map(|values| values * size_of::<f32>())
}

pub fn ring_width(plan: &Plan) -> usize {
    RING_HEAD + plan.program.per_parameter_state_count()
}
