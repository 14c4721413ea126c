// Adds the gradient of a slice of the training set, weighted by its examples, to the run's sum; the first slice (`adds` is 0)
// begins it anew. One invocation a parameter.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let i = group.x * 64u + local;
    if (i >= params.parameters || skips(run)) { return; }
    let base = run * params.run_stride;
    var sum = arena[base + params.gradient + i] * params.examples_weight;
    if (params.adds != 0u) { sum += arena[base + params.out_offset + i]; }
    arena[base + params.out_offset + i] = sum;
}
