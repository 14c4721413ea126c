// The update rule on every parameter; the values that the network carries become what the step computed. The text of `update_rule` is the rule's own rendering.
fn rule_scalar(index: u32) -> f32 { return table[index]; }

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
    let run = group.z;
    let i = group.x * 64u + local;
    if (i >= max(params.parameters, params.carried_len)) { return; }
    // `finalize` has already gone on to the next step.
    let row = ((progress[run] - 1u) * params.runs + run) * params.table_width;
    if (progress[params.runs + run] != 0u || table[row] == 0.0) { return; }
    let base = run * params.run_stride;
    if (i < params.carried_len) { arena[base + params.carried + i] = arena[base + params.next_carried + i]; }
    if (i >= params.parameters) { return; }
    let scale = arena[base + params.partials];
    let g = arena[base + params.gradient + i] * scale;
    var values: RuleValues;
    values.theta = arena[base + i];
    LOAD_STATES
    let after = update_rule(values, g, row + TABLE_HEADu);
    var theta = after.theta;
    // Where steps have a factor of their own: begin, end and factor of each stretch.
    for (var k = 0u; k < own_parameter(0u); k++) {
        if (i >= own_parameter(3u * k + 1u) && i < own_parameter(3u * k + 2u)) {
            theta = values.theta + bitcast<f32>(own_parameter(3u * k + 3u)) * (after.theta - values.theta);
        }
    }
    arena[base + i] = theta;
    STORE_STATES
}
