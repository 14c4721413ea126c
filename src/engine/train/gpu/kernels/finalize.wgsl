// Ends the forward and backward pass of a step: loss and norm, death, clip scale, the row of metrics, the step counter.
// The text of `clip_scale` is rendered from `rule/clipping.rule`, the positions in a row from the table of metrics.
// One invocation a run.

// The 90th percentile of a run's recent gradient norms, by nearest rank: the least that nine tenths of them do not exceed.
fn trailing_threshold(recent: u32, count: u32) -> f32 {
    let rank = (9u * count + 9u) / 10u;
    var least = 0.0;
    var found = false;
    for (var i = 0u; i < count; i++) {
        let candidate = arena[recent + i];
        var below = 0u;
        for (var j = 0u; j < count; j++) { below += u32(arena[recent + j] <= candidate); }
        if (below >= rank && (!found || candidate < least)) {
            least = candidate;
            found = true;
        }
    }
    return least;
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.x * 64u + local;
    if (run >= params.runs) { return; }
    let k = progress[run];
    let base = run * params.run_stride;
    let row = (k * params.runs + run) * params.ring_width;
    if (!skips(run)) {
        var squares = 0.0;
        var small = 0.0;
        for (var i = 0u; i < params.partial_count; i++) {
            squares += arena[base + params.partials + i];
            small += arena[base + params.partials + params.partial_count + i];
        }
        var norm = sqrt(squares);
        if (!is_finite(squares)) { norm = sqrt(small) * 0x1p80; }
        let loss = arena[base + params.loss];
        if (!is_finite(loss) || !is_finite(norm)) {
            progress[params.runs + run] = 1u;
            ring[row + RING_LOSS] = not_a_number();
            ring[row + RING_GRADIENT_NORM] = not_a_number();
        } else {
            let settings = (k * params.runs + run) * params.table_width;
            let window = own_parameter(0u);
            let recent = base + own_parameter(1u);
            var threshold = table[settings + 1u];
            if (threshold < 0.0) { threshold = trailing_threshold(recent, window); }
            var scale = 1.0;
            // A threshold of 0 stands for none; WGSL promises nothing about a division by 0.
            if (threshold > 0.0 && norm > 0.0) { scale = clip_scale(norm, threshold); }
            if (window > 0u) { arena[recent + u32(table[settings + 2u])] = norm; }
            arena[base + params.partials] = scale;
            ring[row + RING_LOSS] = loss;
            ring[row + RING_GRADIENT_NORM] = norm;
            ring[row + RING_CLIP_SCALE] = scale;
            ring[row + RING_G] = arena[base + params.gradient + params.probe] * scale;
            ring[row + RING_THETA] = arena[base + params.probe];
            for (var s = 0u; s < params.state_count; s++) {
                ring[row + RING_STATES + s] = arena[base + params.states + s * params.parameters + params.probe];
            }
        }
    }
    progress[run] = k + 1u;
}
