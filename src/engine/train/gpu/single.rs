//! One kernel on given values, for tests that hold each kernel against its CPU twin.

use super::device::{Gpu, UNIFORM_STRIDE};
use super::dispatch::{Params, update_source, workgroups};
use super::layout::TABLE_HEAD;
use crate::network::operations::{End, Operation, Tile, WORKGROUP};
use crate::rule::Program;
use crate::tensor::Shape;
use crate::train::FleetError;

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
        inner: kernel.inner as u32,
        runs: 1,
        a_offset: offsets[0],
        b_offset: offsets[1],
        c_offset: offsets[2],
        out_offset: output as u32,
        a_len: len(0),
        b_len: len(1),
        variant: kernel.variant,
        value: kernel.value,
        nan_bits: f32::NAN.to_bits(),
        ..Params::default()
    };
    let rows = shapes.first().map_or(1, |shape| shape.rows());
    let workgroups = workgroups(kernel.grid, tile, &shape, rows, 1);
    let arena =
        run(gpu, (kernel.name, &kernel.source.text(tile, End::Nothing)), params, workgroups, &arena, &[0.0]).await?;
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
    let table = [&[1.0, 0.0], scalars].concat();
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
