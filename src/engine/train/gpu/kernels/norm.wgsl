// Partial sums of squares of the gradient, in fixed order; `finalize` adds them up.
var<workgroup> sums: array<f32, 64>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let base = run * params.run_stride + params.gradient;
    var sum = 0.0;
    for (var i = group.x * 64u + local; i < params.parameters; i += params.partial_count * 64u) {
        let g = arena[base + i];
        sum += g * g;
    }
    sums[local] = sum;
    workgroupBarrier();
    if (local == 0u) {
        var total = 0.0;
        for (var i = 0u; i < 64u; i++) { total += sums[i]; }
        arena[run * params.run_stride + params.partials + group.x] = total;
    }
}
