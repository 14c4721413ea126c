//! Dispatches, recorded until they are submitted.

use super::device::{Gpu, UNIFORM_STRIDE};
use super::dispatch::Dispatch;

/// Records dispatches into passes and submits them in pieces.
pub struct Recorder<'a> {
    gpu: &'a Gpu,
    bind_group: &'a wgpu::BindGroup,
    most: usize,
    encoder: wgpu::CommandEncoder,
    pass: Option<wgpu::ComputePass<'static>>,
    in_submit: usize,
    total: u64,
}

impl<'a> Recorder<'a> {
    pub fn new(gpu: &'a Gpu, bind_group: &'a wgpu::BindGroup, most: usize) -> Self {
        let encoder = gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        Self { gpu, bind_group, most, encoder, pass: None, in_submit: 0, total: 0 }
    }

    /// Records dispatches, one after another.
    pub fn dispatch(&mut self, dispatches: &[Dispatch]) {
        for dispatch in dispatches {
            if self.in_submit >= self.most {
                self.submit();
            }
            let pass = self.pass.get_or_insert_with(|| {
                self.encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default()).forget_lifetime()
            });
            pass.set_pipeline(&dispatch.pipeline);
            pass.set_bind_group(0, self.bind_group, &[dispatch.params * UNIFORM_STRIDE as u32]);
            let [x, y, z] = dispatch.workgroups;
            pass.dispatch_workgroups(x, y, z);
            self.in_submit += 1;
            self.total += 1;
        }
    }

    /// Ends the pass, so that the encoder can copy.
    pub fn end_pass(&mut self) -> &mut wgpu::CommandEncoder {
        self.pass = None;
        &mut self.encoder
    }

    fn submit(&mut self) {
        self.pass = None;
        let next = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let encoder = std::mem::replace(&mut self.encoder, next);
        self.gpu.queue.submit([encoder.finish()]);
        self.in_submit = 0;
    }

    /// Submits what is left; the number of dispatches in all.
    pub fn finish(mut self) -> u64 {
        self.submit();
        self.total
    }
}
