//! Runs the WGSL of rules on a GPU, natively and in a browser; no engine needed.

use std::collections::BTreeMap;

use brink::rule::{Program, Rule};

use super::golden::{self, Step, cases};

/// Tolerance in units in the last place of the largest intermediate; WGSL allows a division 2.5 of them and a square
/// root still more.
const GPU_UNITS: f64 = 16.0;

/// Opens the adapter that the platform prefers; a software adapter will do.
pub async fn device() -> (wgpu::Device, wgpu::Queue) {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
    let adapter = instance
        .request_adapter(&wgpu::RequestAdapterOptions::default())
        .await
        .expect("a GPU adapter, a software one at least (Debian: mesa-vulkan-drivers)");
    adapter.request_device(&wgpu::DeviceDescriptor::default()).await.expect("a device")
}

/// A kernel that updates one parameter an invocation. `values` has the planes theta, g, states; theta and states are
/// replaced. `rows` names each parameter's row of the scalar table.
pub fn kernel(program: &Program) -> String {
    let states = program.per_parameter_state_count();
    let read: String = (0..states).map(|state| format!(", values[{}u * count + i]", state + 2)).collect();
    let write: String =
        (0..states).map(|state| format!("    values[{}u * count + i] = after.s{state};\n", state + 2)).collect();
    format!(
        "@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> rows: array<u32>;
@group(0) @binding(2) var<storage, read_write> values: array<f32>;
fn rule_scalar(index: u32) -> f32 {{ return table[index]; }}
{fragment}
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {{
    let i = id.x;
    let count = arrayLength(&rows);
    if (i >= count) {{ return; }}
    let before = RuleValues(values[i]{read});
    let after = update_rule(before, values[count + i], rows[i] * {scalars}u);
    values[i] = after.theta;
{write}}}
",
        fragment = program.wgsl(),
        scalars = program.scalar_count()
    )
}

/// What the kernel of a program is run on: `rows` and each plane have one entry for each parameter.
pub struct Input {
    /// The scalar table, rows of [`Program::scalar_count`].
    pub table: Vec<f32>,
    /// The row of each parameter.
    pub rows: Vec<u32>,
    /// The parameters.
    pub theta: Vec<f32>,
    /// The clipped gradient.
    pub gradient: Vec<f32>,
    /// The planes of the per-parameter states, one after another.
    pub states: Vec<f32>,
}

/// Runs the kernel of a program; returns theta and states.
pub async fn run(
    (device, queue): &(wgpu::Device, wgpu::Queue),
    program: &Program,
    input: &Input,
) -> (Vec<f32>, Vec<f32>) {
    let count = input.rows.len();
    let source = kernel(program);
    let scope = device.push_error_scope(wgpu::ErrorFilter::Validation);
    let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: None,
        source: wgpu::ShaderSource::Wgsl(source.as_str().into()),
    });
    // Spelled out, since a rule without scalars does not use its table.
    let entry = |binding, read_only| wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer {
            ty: wgpu::BufferBindingType::Storage { read_only },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let group_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
        label: None,
        entries: &[entry(0, true), entry(1, true), entry(2, false)],
    });
    let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
        label: None,
        bind_group_layouts: &[Some(&group_layout)],
        immediate_size: 0,
    });
    let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
        label: None,
        layout: Some(&layout),
        module: &module,
        entry_point: Some("main"),
        compilation_options: wgpu::PipelineCompilationOptions::default(),
        cache: None,
    });
    if let Some(error) = scope.pop().await {
        panic!("the kernel is refused: {error}\n{source}");
    }
    let buffer = |bytes: &[u8], usage: wgpu::BufferUsages| {
        let buffer = device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            // A binding may not be empty, but a rule may have no scalars.
            size: bytes.len().max(4) as u64,
            usage: usage | wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        queue.write_buffer(&buffer, 0, bytes);
        buffer
    };
    let values = [input.theta.as_slice(), &input.gradient, &input.states].concat();
    let buffers = [
        buffer(bytemuck::cast_slice(&input.table), wgpu::BufferUsages::empty()),
        buffer(bytemuck::cast_slice(&input.rows), wgpu::BufferUsages::empty()),
        buffer(bytemuck::cast_slice(&values), wgpu::BufferUsages::COPY_SRC),
    ];
    let entries: Vec<wgpu::BindGroupEntry> = (0..)
        .zip(&buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    let group =
        device.create_bind_group(&wgpu::BindGroupDescriptor { label: None, layout: &group_layout, entries: &entries });
    let size = (values.len() * size_of::<f32>()) as u64;
    let readback = device.create_buffer(&wgpu::BufferDescriptor {
        label: None,
        size,
        usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
        mapped_at_creation: false,
    });
    let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.dispatch_workgroups(count.div_ceil(64) as u32, 1, 1);
    }
    encoder.copy_buffer_to_buffer(&buffers[2], 0, &readback, 0, size);
    queue.submit([encoder.finish()]);
    let (sender, receiver) = futures_channel::oneshot::channel();
    readback.slice(..).map_async(wgpu::MapMode::Read, move |result| {
        let _ended = sender.send(result);
    });
    #[cfg(not(target_arch = "wasm32"))]
    device.poll(wgpu::PollType::wait_indefinitely()).expect("the device works");
    receiver.await.expect("an answer").expect("a mapped buffer");
    let mapped = readback.slice(..).get_mapped_range().expect("the mapped range");
    let values: Vec<f32> = bytemuck::cast_slice(&mapped).to_vec();
    drop(mapped);
    for buffer in buffers.iter().chain([&readback]) {
        buffer.destroy();
    }
    (values[..count].to_vec(), values[2 * count..].to_vec())
}

/// Every step of every golden case, of each rule at once: each is independent of the others.
pub async fn check_golden(device: &(wgpu::Device, wgpu::Queue)) {
    let mut rules: BTreeMap<String, Vec<Step>> = BTreeMap::new();
    for (_, case) in cases() {
        rules.entry(case.rule.clone()).or_default().extend(case.steps());
    }
    for (id, steps) in rules {
        let program =
            Program::new(&Rule::parse(golden::rule_text(&id)).unwrap_or_else(|error| panic!("{id}: {error}")));
        // All steps of all cases at once: each is independent of the others.
        let planes = program.per_parameter_state_count();
        let mut input = Input { table: vec![], rows: vec![], theta: vec![], gradient: vec![], states: vec![] };
        for (row, step) in (0..).zip(&steps) {
            input.table.extend(&step.scalars);
            input.rows.extend(step.theta.iter().map(|_| row));
            input.theta.extend(&step.theta);
            input.gradient.extend(step.gradient.iter().map(|g| g * step.gradient_scale));
        }
        for plane in 0..planes {
            for step in &steps {
                let count = step.theta.len();
                input.states.extend(&step.states[plane * count..(plane + 1) * count]);
            }
        }
        let (theta, states) = run(device, &program, &input).await;
        let total = theta.len();
        let (mut first, mut worst) = (0, 0f64);
        for (t, step) in steps.iter().enumerate() {
            let range = first..first + step.theta.len();
            let own: Vec<f32> =
                (0..planes).flat_map(|plane| &states[plane * total..][range.clone()]).copied().collect();
            worst = worst.max(step.check(&theta[range.clone()], &own, GPU_UNITS, &format!("{id}, step {t}")));
            first = range.end;
        }
        println!("{id}: largest difference {worst} units in the last place");
    }
}

/// NaN in the gradient reaches theta through every function.
pub async fn check_nan(device: &(wgpu::Device, wgpu::Queue)) {
    for last in
        ["max(g, theta)", "max(0, g)", "max(g, 0)", "min(theta, g)", "min(g, 0)", "abs(g)", "sign(g)", "theta - g"]
    {
        let rule = Rule::parse(&format!("name \"X\"\ntheta = {last}")).unwrap();
        let program = Program::new(&rule);
        let table = vec![0.0; program.scalar_count()];
        let input = Input {
            table,
            rows: vec![0, 0],
            theta: vec![1.0, 1.0],
            gradient: vec![f32::NAN, -f32::NAN],
            states: vec![],
        };
        let (theta, _) = run(device, &program, &input).await;
        assert!(theta.iter().all(|theta| theta.is_nan()), "{last}: {theta:?}");
    }
}
