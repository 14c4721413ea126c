// Copies the examples of a batch to where the network reads them: in training those that `batches` names for this step,
// in validation a slice of consecutive ones, the rows beyond the last without a label.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let i = group.x * 64u + local;
    if (i >= params.batch_size * params.input_len) { return; }
    let row = i / params.input_len;
    let column = i % params.input_len;
    let seed = progress[2u * params.runs + run];
    var example = params.examples_first + row;
    var exists = true;
    if (params.training == 1u) {
        example = batches[seed * params.batches_stride + progress[run] * params.batch_size + row];
    } else {
        exists = row < params.examples_count;
        example = select(params.examples_first, example, exists);
    }
    let base = seed * params.examples_stride;
    write(run, i, select(0.0, examples[base + params.examples_inputs + example * params.input_len + column], exists));
    if (column == 0u) {
        let label = select(-1.0, examples[base + params.examples_labels + example], exists);
        arena[params.labels_offset + run * params.labels_stride + row] = label;
    }
}
