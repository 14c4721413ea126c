//! Where everything lies in the buffers of a group, and how large they are.

use crate::train::Plan;
use crate::train::batches::SeedData;
use brink_base::record::{METRICS, Metric, MetricColumn};
use brink_task::Examples;

/// The most steps between two readbacks.
pub const CHUNK_STEPS: u32 = 128;
/// Partial sums of the gradient's squares, one workgroup each.
pub const MOST_PARTIAL_SUMS: usize = 32;
/// The same on a software adapter.
pub const FEW_PARTIAL_SUMS: usize = 4;
/// Values before the rule's scalars in a row of the table: whether the run trains, its clip threshold, and where the norm of the
/// step goes among the recent ones.
pub const TABLE_HEAD: usize = 3;
/// Offsets in the arena are multiples of this many values (256 bytes).
const ALIGNMENT: usize = 64;

/// Where the parts of a run lie in the arena, relative to the run. What a checkpoint keeps comes first.
pub struct RunLayout {
    /// The planes of the rule's states; the parameters begin at 0.
    pub states: usize,
    /// The values that the network carries from step to step.
    pub carried: usize,
    /// The gradient norms of the last steps.
    pub recent_norms: usize,
    pub gradient: usize,
    /// What the carried values become with the step.
    pub next_carried: usize,
    /// The gradient over the whole training set, where it is taken.
    pub full_gradient: usize,
    /// Partial sums of the gradient's squares, plain and scaled; then the clip scale in the first.
    pub partials: usize,
    pub scratch: usize,
    pub inputs: usize,
    pub targets: usize,
    pub run_stride: usize,
}

impl RunLayout {
    pub fn new(plan: &Plan) -> Self {
        let parameters = plan.parameter_count();
        let mut end = 0;
        let mut take = |len: usize| {
            let start = end;
            end = (end + len).next_multiple_of(ALIGNMENT);
            start
        };
        take(parameters);
        Self {
            states: take(parameters * plan.program.per_parameter_state_count()),
            carried: take(plan.carried_len()),
            recent_norms: take(plan.resolved.experiment.clip_window as usize),
            gradient: take(parameters),
            next_carried: take(plan.carried_len()),
            full_gradient: take(if plan.resolved.experiment.full_gradient_every > 0 { parameters } else { 0 }),
            partials: take(2 * MOST_PARTIAL_SUMS),
            scratch: take(plan.scratch_len()),
            inputs: take(plan.inputs_len()),
            targets: take(plan.targets_len()),
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
    pub target_len: usize,
}

impl ExamplesLayout {
    /// Of every seed: the data of a task has the same size for each.
    pub fn new(plan: &Plan) -> Self {
        let seed: &SeedData = plan.data.of(plan.resolved.runs[0].seed);
        let is_fresh = seed.resident().is_none();
        let is_altered = || (0..plan.longest()).any(|step| seed.task.alters(step));
        let chunk_examples = CHUNK_STEPS as usize * seed.batch_size;
        Self {
            resident: seed.resident().map_or(0, Examples::len),
            extra: if is_fresh || is_altered() { chunk_examples } else { 0 },
            validation: seed.task.validation().len(),
            input_len: seed.input_len,
            target_len: seed.target_len,
        }
    }

    pub fn examples(&self) -> usize {
        self.resident + self.extra + self.validation
    }

    /// Where the targets of all examples begin; their inputs come first.
    pub fn targets(&self) -> usize {
        self.examples() * self.input_len
    }

    pub fn stride(&self) -> usize {
        self.examples() * (self.input_len + self.target_len)
    }
}

/// The bytes that one run takes in the arena.
pub fn run_bytes(plan: &Plan) -> usize {
    RunLayout::new(plan).run_stride * size_of::<f32>()
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
        runs.len() * RunLayout::new(plan).run_stride,
        chunk * runs.len() * (TABLE_HEAD + plan.program.scalar_count()),
        seeds.len() * examples.stride(),
        seeds.len() * chunk * plan.resolved.experiment.batch_size,
        runs.len() * (chunk * ring_width(plan) + 2 * (chunk + 2)),
    ]
    .map(|values| values * size_of::<f32>())
}

/// The metrics that a step computes, in the order in which a row of the ring has them.
fn ring_metrics() -> impl Iterator<Item = &'static MetricColumn> {
    METRICS.iter().filter(|column| !column.on_host)
}

/// The position of a metric in a row of the ring; `None` for one that the host knows.
pub fn ring_position(metric: Metric) -> Option<usize> {
    ring_metrics().position(|column| column.metric == metric)
}

/// The position of the probe's first per-parameter state in a row of the ring.
pub fn ring_states() -> usize {
    ring_metrics().count()
}

/// The values of a row of the ring.
pub fn ring_width(plan: &Plan) -> usize {
    ring_states() + plan.program.per_parameter_state_count()
}

/// The positions as WGSL constants: `RING_LOSS` and so on, by the names of [`METRICS`], and `RING_STATES`.
pub fn ring_wgsl() -> String {
    let constant = |name: &str, position: usize| format!("const RING_{}: u32 = {position}u;\n", name.to_uppercase());
    let metrics: String =
        ring_metrics().enumerate().map(|(position, column)| constant(column.name, position)).collect();
    metrics + &constant("states", ring_states())
}
