// Copies the examples of a batch to where the network reads them: in training those that `batches` names for this step,
// in validation a slice of consecutive ones, the rows beyond the last without a target. First all inputs, then all targets.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let i = group.x * 64u + local;
    let inputs = params.batch_size * params.input_len;
    if (i >= inputs + params.batch_size * params.target_len) { return; }
    let is_input = i < inputs;
    let at = select(i - inputs, i, is_input);
    let len = select(params.target_len, params.input_len, is_input);
    let row = at / len;
    let seed = progress[2u * params.runs + run];
    var example = params.examples_first + row;
    var exists = true;
    if (params.training == 1u) {
        example = batches[seed * params.batches_stride + progress[run] * params.batch_size + row];
    } else {
        exists = row < params.examples_count;
        example = select(params.examples_first, example, exists);
    }
    let first = seed * params.examples_stride + select(params.examples_targets, 0u, is_input);
    let value = examples[first + example * len + at % len];
    if (is_input) {
        write(run, at, select(0.0, value, exists));
    } else {
        arena[params.targets_offset + run * params.targets_stride + at] = select(bitcast<f32>(params.missing_target_bits), value, exists);
    }
}
