//! The GPU buffers of a group.

use super::device::{Gpu, UNIFORM_STRIDE};
use super::dispatch::Params;
use super::layout::{ExamplesLayout, sizes};
use crate::train::Plan;
use brink_task::Examples;
use wgpu::BufferUsages as Usage;

/// The buffers of the runs that share one arena.
pub struct Buffers {
    /// The uniform values of every dispatch, one every [`UNIFORM_STRIDE`] bytes.
    uniform: wgpu::Buffer,
    /// Parameters, states, carried values, gradient and scratch of every run ([`super::layout::RunLayout`]), f32.
    pub arena: wgpu::Buffer,
    /// For each step of the chunk and run: whether it trains, its clip threshold, the rule's scalars, f32.
    pub table: wgpu::Buffer,
    /// The examples of every seed ([`ExamplesLayout`]), f32.
    pub examples: wgpu::Buffer,
    /// For each seed and step of the chunk: the examples of its batch, u32.
    pub batches: wgpu::Buffer,
    /// For each run its step within the chunk; then whether it is dead; then the position of its seed, u32.
    pub progress: wgpu::Buffer,
    /// For each step of the chunk and run a row of metrics; then the sums of a validation, f32.
    pub ring: wgpu::Buffer,
    /// What the host reads of the ring after a chunk.
    pub readback: wgpu::Buffer,
}

impl Buffers {
    /// The buffers for these runs, the uniform values written.
    pub fn new(gpu: &Gpu, plan: &Plan, examples: &ExamplesLayout, runs: &[usize], params: &[Params]) -> Self {
        let buffer = |bytes: usize, usage: Usage| {
            gpu.device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: bytes.max(16) as u64,
                usage: usage | Usage::COPY_DST,
                mapped_at_creation: false,
            })
        };
        let [arena_bytes, table_bytes, examples_bytes, batches_bytes, ring_bytes] = sizes(plan, examples, runs);
        let mut bytes = vec![0u8; params.len() * UNIFORM_STRIDE as usize];
        for (slot, params) in bytes.chunks_exact_mut(UNIFORM_STRIDE as usize).zip(params) {
            slot[..size_of::<Params>()].copy_from_slice(bytemuck::bytes_of(params));
        }
        let buffers = Self {
            uniform: buffer(bytes.len(), Usage::UNIFORM),
            arena: buffer(arena_bytes, Usage::STORAGE | Usage::COPY_SRC),
            table: buffer(table_bytes, Usage::STORAGE),
            examples: buffer(examples_bytes, Usage::STORAGE),
            batches: buffer(batches_bytes, Usage::STORAGE),
            progress: buffer(runs.len() * 3 * size_of::<u32>(), Usage::STORAGE | Usage::COPY_SRC),
            ring: buffer(ring_bytes, Usage::STORAGE | Usage::COPY_SRC),
            readback: buffer(ring_bytes, Usage::MAP_READ),
        };
        gpu.queue.write_buffer(&buffers.uniform, 0, &bytes);
        buffers
    }

    /// The one bind group: a window of the uniform buffer at a dynamic offset, then the storage buffers.
    pub fn bind_group(&self, gpu: &Gpu) -> wgpu::BindGroup {
        let window =
            wgpu::BufferBinding { buffer: &self.uniform, offset: 0, size: std::num::NonZeroU64::new(UNIFORM_STRIDE) };
        let storage = [&self.arena, &self.table, &self.examples, &self.batches, &self.progress, &self.ring];
        let resources =
            [wgpu::BindingResource::Buffer(window)].into_iter().chain(storage.map(|buffer| buffer.as_entire_binding()));
        let entries: Vec<_> =
            (0..).zip(resources).map(|(binding, resource)| wgpu::BindGroupEntry { binding, resource }).collect();
        gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &gpu.bind_group_layout,
            entries: &entries,
        })
    }

    /// Writes the examples from `first` on of the seed whose data begins at `start`.
    pub fn write_examples(&self, gpu: &Gpu, layout: &ExamplesLayout, start: usize, first: usize, examples: &Examples) {
        write_values(gpu, &self.examples, start + first * layout.input_len, &examples.inputs);
        write_values(gpu, &self.examples, start + layout.targets() + first * layout.target_len, &examples.targets);
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // Dropping a buffer does not free it in a browser.
        let Self { uniform, arena, table, examples, batches, progress, ring, readback } = self;
        [uniform, arena, table, examples, batches, progress, ring, readback].into_iter().for_each(|b| b.destroy());
    }
}

/// Writes values to a buffer, from an offset in values.
pub fn write_values(gpu: &Gpu, buffer: &wgpu::Buffer, offset: usize, values: &[f32]) {
    gpu.queue.write_buffer(buffer, (offset * size_of::<f32>()) as u64, bytemuck::cast_slice(values));
}
