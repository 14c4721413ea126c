// Common to all kernels. A tensor of run r begins at its offset + r * its stride in the arena, in values.

struct Params {
    // The shape of the output as a matrix; the runs; whether the result is added to what is there.
    rows: u32, columns: u32, runs: u32, adds: u32,
    // Where the inputs and the output lie, and how long the first inputs are.
    a_offset: u32, a_stride: u32, b_offset: u32, b_stride: u32,
    c_offset: u32, c_stride: u32, d_offset: u32, d_stride: u32,
    out_offset: u32, out_stride: u32, a_len: u32, b_len: u32,
    // Whether this is training, so that a run's end masks it; the bits of a NaN; the widths of rows.
    training: u32, nan_bits: u32, table_width: u32, ring_width: u32,
    // The batch: its shape, where targets go, where examples lie in their buffer; between them where a fifth operand lies.
    parameters: u32, batch_size: u32, input_len: u32, target_len: u32,
    targets_offset: u32, targets_stride: u32, examples_stride: u32, e_offset: u32,
    examples_targets: u32, examples_first: u32, examples_count: u32, batches_stride: u32,
    // The weight of a validation slice; gradient, parameters, states, carried values and what they become, partial sums.
    examples_weight: f32, e_stride: u32, gradient: u32, states: u32,
    carried: u32, next_carried: u32, carried_len: u32, partials: u32,
    // Results, the probe, where a validation point goes, what stands for a target that is none.
    run_stride: u32, loss: u32, accuracy: u32, probe: u32,
    state_count: u32, partial_count: u32, validation_slot: u32, missing_target_bits: u32,
    // The parameters of the kernel itself, four to a vector.
    own: array<vec4<u32>, 4>,
}

@group(0) @binding(0) var<uniform> params: Params;
// Parameters, which begin every run's part, gradient, states and scratch.
@group(0) @binding(1) var<storage, read_write> arena: array<f32>;
// For each step of the chunk and run: whether the run trains (1 or 0), its clip threshold (0 for none, negative for the 90th
// percentile of the recent gradient norms), where the norm of this step goes among those, the rule's scalars.
@group(0) @binding(2) var<storage, read> table: array<f32>;
@group(0) @binding(3) var<storage, read> examples: array<f32>;
// For each seed and step of the chunk: the examples of the batch.
@group(0) @binding(4) var<storage, read> batches: array<u32>;
// For each run: the step within the chunk; then, for each run: 1 if it is dead; then the position of its seed.
@group(0) @binding(5) var<storage, read_write> progress: array<u32>;
// For each step of the chunk and run: a row of metrics; then the validation points.
@group(0) @binding(6) var<storage, read_write> ring: array<f32>;

// The bits of a kernel's own parameter; its text reads it through a function with the parameter's name.
fn own_parameter(i: u32) -> u32 { return params.own[i / 4u][i % 4u]; }

fn a(run: u32, i: u32) -> f32 { return arena[params.a_offset + run * params.a_stride + i]; }
fn b(run: u32, i: u32) -> f32 { return arena[params.b_offset + run * params.b_stride + i]; }
fn c(run: u32, i: u32) -> f32 { return arena[params.c_offset + run * params.c_stride + i]; }
fn d(run: u32, i: u32) -> f32 { return arena[params.d_offset + run * params.d_stride + i]; }
fn e(run: u32, i: u32) -> f32 { return arena[params.e_offset + run * params.e_stride + i]; }
fn write(run: u32, i: u32, value: f32) { arena[params.out_offset + run * params.out_stride + i] = value; }
// The second result of a kernel that has two.
fn write_d(run: u32, i: u32, value: f32) { arena[params.d_offset + run * params.d_stride + i] = value; }

// A dead run, and in training one past its last step, stands still.
fn skips(run: u32) -> bool {
    if (progress[params.runs + run] != 0u) { return true; }
    return params.training == 1u && table[(progress[run] * params.runs + run) * params.table_width] == 0.0;
}

// By bits: WGSL lets a compiler assume that there is no NaN and no infinity.
fn is_finite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }
fn not_a_number() -> f32 { return bitcast<f32>(params.nan_bits); }
