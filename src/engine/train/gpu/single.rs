//! One kernel on given values, for tests that hold each kernel against its CPU twin.

use super::device::{Gpu, UNIFORM_STRIDE};
use super::dispatch::{Params, update_source, workgroups};
use super::layout::TABLE_HEAD;
use crate::train::FleetError;
use brink_base::tensor::Shape;
use brink_network::operations::{End, Operation, Tile, WORKGROUP};
use brink_rule::Program;

/// What an operation's kernel computes of these inputs, a matrix product with this tile.
pub async fn compute(
    gpu: &Gpu,
    operation: &Operation,
    inputs: &[(Shape, Vec<f32>)],
    tile: Tile,
) -> Result<Vec<f32>, FleetError> {
    let shapes: Vec<&Shape> = inputs.iter().map(|(shape, _)| shape).collect();
    let Some(shape) = operation.output_shape(&shapes) else {
        return Err(FleetError::Checkpoint("shapes do not fit"));
    };
    let kernel = operation.kernel(&shapes);
    let mut arena = Vec::new();
    let mut offsets = [0; 3];
    for ((_, values), offset) in inputs.iter().zip(&mut offsets) {
        *offset = arena.len() as u32;
        arena.extend(values);
    }
    let output = arena.len();
    // What is not written is found out.
    arena.resize(output + shape.len(), f32::MAX);
    let len = |position: usize| inputs.get(position).map_or(0, |(shape, _)| shape.len() as u32);
    let params = Params {
        rows: shape.rows() as u32,
        columns: shape.columns() as u32,
        runs: 1,
        a_offset: offsets[0],
        b_offset: offsets[1],
        c_offset: offsets[2],
        out_offset: output as u32,
        a_len: len(0),
        b_len: len(1),
        own: kernel.parameter_bits(),
        nan_bits: f32::NAN.to_bits(),
        ..Params::default()
    };
    let workgroups = workgroups(kernel.grid, tile, &shape, 1);
    let arena = run(gpu, (kernel.name, &kernel.wgsl(tile, End::Nothing)), params, workgroups, &arena, &[0.0]).await?;
    Ok(arena[output..].to_vec())
}

/// One update of one run: parameters and the planes of its states after it. The arguments are those of
/// [`Program::update`].
pub async fn update(
    gpu: &Gpu,
    program: &Program,
    scalars: &[f32],
    theta: &[f32],
    gradient: &[f32],
    gradient_scale: f32,
    states: &[f32],
) -> Result<(Vec<f32>, Vec<f32>), FleetError> {
    let count = theta.len();
    let arena = [theta, states, gradient, &[gradient_scale]].concat();
    let gradient_offset = count + states.len();
    let params = Params {
        runs: 1,
        parameters: count as u32,
        states: count as u32,
        gradient: gradient_offset as u32,
        partials: (gradient_offset + count) as u32,
        table_width: (TABLE_HEAD + scalars.len()) as u32,
        training: 1,
        ..Params::default()
    };
    // It trains; its threshold and the place of its norm are not read.
    let mut table = vec![0.0; TABLE_HEAD];
    table[0] = 1.0;
    table.extend(scalars);
    let source = update_source(program);
    let workgroups = [count.div_ceil(WORKGROUP) as u32, 1, 1];
    let arena = run(gpu, ("update", &source), params, workgroups, &arena, &table).await?;
    Ok((arena[..count].to_vec(), arena[count..gradient_offset].to_vec()))
}

/// Runs one kernel over an arena and returns the arena.
async fn run(
    gpu: &Gpu,
    (name, source): (&str, &str),
    params: Params,
    [x, y, z]: [u32; 3],
    arena: &[f32],
    table: &[f32],
) -> Result<Vec<f32>, FleetError> {
    use wgpu::BufferUsages as Usage;
    let buffer = |usage, bytes: &[u8], least: u64| {
        let size = (bytes.len() as u64).max(least);
        let usage = usage | Usage::COPY_DST;
        let buffer =
            gpu.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false });
        gpu.queue.write_buffer(&buffer, 0, bytes);
        buffer
    };
    let arena_bytes: &[u8] = bytemuck::cast_slice(arena);
    // Step 1 has begun, as when the update kernel runs.
    let progress: [u32; 3] = [1, 0, 0];
    let buffers = [
        buffer(Usage::UNIFORM, bytemuck::bytes_of(&params), UNIFORM_STRIDE),
        buffer(Usage::STORAGE | Usage::COPY_SRC, arena_bytes, 16),
        buffer(Usage::STORAGE, bytemuck::cast_slice(table), 16),
        buffer(Usage::STORAGE, &[], 16),
        buffer(Usage::STORAGE, &[], 16),
        buffer(Usage::STORAGE, bytemuck::cast_slice(&progress), 16),
        buffer(Usage::STORAGE, &[], 16),
    ];
    let entries: Vec<_> = (0..)
        .zip(&buffers)
        .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
        .collect();
    let bind_group = gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: None,
        layout: &gpu.bind_group_layout,
        entries: &entries,
    });
    let readback = buffer(Usage::MAP_READ, &[], arena_bytes.len() as u64);
    let mut encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
    {
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&gpu.pipeline(name, source));
        pass.set_bind_group(0, &bind_group, &[0]);
        pass.dispatch_workgroups(x, y, z);
    }
    encoder.copy_buffer_to_buffer(&buffers[1], 0, &readback, 0, arena_bytes.len() as u64);
    gpu.queue.submit([encoder.finish()]);
    let values = gpu.read(&readback, arena_bytes.len() as u64).await;
    buffers.iter().chain([&readback]).for_each(wgpu::Buffer::destroy);
    values
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use brink_network::operations::{Grid, Kernel, KernelParameter, MAX_KERNEL_PARAMETERS};

    #[test]
    fn a_kernel_reads_as_many_parameters_as_it_has() {
        const NAMES: [&str; MAX_KERNEL_PARAMETERS] =
            ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8", "p9", "p10", "p11", "p12", "p13", "p14", "p15"];
        const TEXT: &str = r"
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
    if (local > 0u) { return; }
    var values = array<f32, 16>(
        f32(p0()), p1(), f32(p2()), p3(), f32(p4()), p5(), f32(p6()), p7(),
        f32(p8()), p9(), f32(p10()), p11(), f32(p12()), p13(), f32(p14()), p15());
    for (var i = 0u; i < 16u; i++) { write(0u, i, values[i]); }
}
";
        let mut kernel = Kernel::new("a test", TEXT, Grid::One);
        for (index, name) in NAMES.into_iter().enumerate() {
            let number = KernelParameter::Number(index as f32 + 0.5);
            kernel = kernel.with(name, if index % 2 == 0 { KernelParameter::from(3 * index) } else { number });
        }
        let params = Params { own: kernel.parameter_bits(), ..Params::default() };
        let text = kernel.wgsl(Tile::ALL[0], End::Nothing);
        let gpu = pollster::block_on(Gpu::open()).expect("a software Vulkan is enough");
        let values = run(&gpu, (kernel.name, &text), params, [1, 1, 1], &[0.0; MAX_KERNEL_PARAMETERS], &[0.0]);
        let values = pollster::block_on(values).expect("values");
        for (index, value) in values.into_iter().enumerate() {
            let expected = if index % 2 == 0 { 3.0 * index as f32 } else { index as f32 + 0.5 };
            assert_eq!(value, expected, "parameter {index}");
        }
    }
}
