// Ends the forward and backward pass of a step: loss and norm, death, clip scale, the row of metrics, the step counter.
// The text of `clip_scale` is rendered from `rule/clipping.rule`.
// One invocation a run.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.x * 64u + local;
    if (run >= params.runs) { return; }
    let k = progress[run];
    let base = run * params.run_stride;
    let row = (k * params.runs + run) * params.ring_width;
    if (!skips(run)) {
        var squares = 0.0;
        for (var i = 0u; i < params.partial_count; i++) { squares += arena[base + params.partials + i]; }
        let norm = sqrt(squares);
        let loss = arena[base + params.loss];
        if (!is_finite(loss) || !is_finite(squares)) {
            progress[params.runs + run] = 1u;
            ring[row] = not_a_number();
            ring[row + 1u] = not_a_number();
        } else {
            let threshold = table[(k * params.runs + run) * params.table_width + 1u];
            var scale = 1.0;
            // A threshold of 0 stands for none; WGSL promises nothing about a division by 0.
            if (threshold > 0.0 && norm > 0.0) { scale = clip_scale(norm, threshold); }
            arena[base + params.partials] = scale;
            ring[row] = loss;
            ring[row + 1u] = norm;
            ring[row + 2u] = scale;
            ring[row + 3u] = arena[base + params.gradient + params.probe] * scale;
            ring[row + 4u] = arena[base + params.theta + params.probe];
            for (var s = 0u; s < params.state_count; s++) {
                ring[row + 5u + s] = arena[base + params.states + s * params.parameters + params.probe];
            }
        }
    }
    progress[run] = k + 1u;
}
