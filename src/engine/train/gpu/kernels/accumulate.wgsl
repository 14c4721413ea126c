// Adds the mean loss and accuracy of a validation slice, weighted by its examples, to the run's sums; the first slice
// (`adds` is 0) begins them anew. One invocation a run.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.x * 64u + local;
    if (run >= params.runs) { return; }
    let base = run * params.run_stride;
    let sums = params.validation_slot + 2u * run;
    var loss = arena[base + params.loss] * params.examples_weight;
    var right = arena[base + params.accuracy] * params.examples_weight;
    if (params.adds != 0u) {
        loss += ring[sums];
        right += ring[sums + 1u];
    }
    ring[sums] = loss;
    ring[sums + 1u] = right;
}
