// Partial sums of squares of the gradient, in fixed order; `finalize` adds them up. Behind them the same of values that are
// smaller by 2^80, for where squares overflow.
var<workgroup> sums: array<vec2<f32>, 64>;
const SMALLER: f32 = 0x1p-80;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let base = run * params.run_stride + params.gradient;
    var sum = vec2<f32>(0.0, 0.0);
    for (var i = group.x * 64u + local; i < params.parameters; i += params.partial_count * 64u) {
        let g = arena[base + i];
        let small = g * SMALLER;
        sum += vec2<f32>(g * g, small * small);
    }
    sums[local] = sum;
    workgroupBarrier();
    if (local == 0u) {
        var total = vec2<f32>(0.0, 0.0);
        for (var i = 0u; i < 64u; i++) { total += sums[i]; }
        let partials = run * params.run_stride + params.partials;
        arena[partials + group.x] = total.x;
        arena[partials + params.partial_count + group.x] = total.y;
    }
}
