use crate::train::FleetError;
use brink_network::operations::ACTIVATIONS_WGSL;
use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::{Arc, Mutex, PoisonError};
use web_time::Instant;

/// The largest storage binding that every WebGPU device offers, in bytes.
pub const MAX_BINDING_BYTES: usize = 128 << 20;
/// Storage buffers of the one bind group layout: arena, table, examples, batches, progress, ring.
const STORAGE_BUFFERS: u32 = 6;
/// The bytes of `Params` that a kernel sees at its dynamic offset.
pub const UNIFORM_STRIDE: u64 = 256;

const COMMON_WGSL: &str = include_str!("kernels/common.wgsl");

/// A GPU device with the pipelines made on it so far: each costs about 100 ms on a software adapter.
pub struct Gpu {
    pub(super) device: wgpu::Device,
    pub(super) queue: wgpu::Queue,
    pub(super) bind_group_layout: wgpu::BindGroupLayout,
    pipeline_layout: wgpu::PipelineLayout,
    pipelines: Mutex<Vec<(String, wgpu::ComputePipeline)>>,
    lost: Arc<Mutex<Option<String>>>,
    name: String,
    is_software: bool,
    readback_seconds: f64,
}

impl Gpu {
    /// Opens the adapter that the platform prefers, with WebGPU's default limits.
    #[cfg_attr(
        target_arch = "wasm32",
        allow(
            clippy::arc_with_non_send_sync,
            reason = "a browser's device stays on its thread, other platforms share it"
        )
    )]
    pub async fn open() -> Result<Arc<Self>, FleetError> {
        let refused = |error: &dyn std::fmt::Display| FleetError::NoDevice(error.to_string());
        #[cfg(target_arch = "wasm32")]
        if !wgpu::util::is_browser_webgpu_supported().await {
            return Err(FleetError::NoDevice("this browser has no WebGPU adapter".to_owned()));
        }
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor::new_without_display_handle());
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter = instance.request_adapter(&options).await.map_err(|error| refused(&error))?;
        let info = adapter.get_info();
        let descriptor = wgpu::DeviceDescriptor {
            label: Some("brink"),
            required_limits: wgpu::Limits::default(),
            ..Default::default()
        };
        let (device, queue) = adapter.request_device(&descriptor).await.map_err(|error| refused(&error))?;
        let lost = Arc::new(Mutex::new(None));
        let reported = lost.clone();
        device.set_device_lost_callback(move |reason, message| {
            *reported.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{reason:?}: {message}"));
        });
        let bind_group_layout = device.create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
            label: None,
            entries: &(0..=STORAGE_BUFFERS).map(layout_entry).collect::<Vec<_>>(),
        });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&bind_group_layout)],
            immediate_size: 0,
        });
        let mut gpu = Self {
            device,
            queue,
            bind_group_layout,
            pipeline_layout,
            pipelines: Mutex::default(),
            lost,
            name: info.name,
            is_software: info.device_type == wgpu::DeviceType::Cpu,
            readback_seconds: 0.0,
        };
        gpu.readback_seconds = gpu.measure_readback().await?;
        Ok(Arc::new(gpu))
    }

    /// The device of this thread, opened at first use and again after a loss: its pipelines are kept from experiment to
    /// experiment.
    pub async fn shared() -> Result<Arc<Self>, FleetError> {
        thread_local! {
            // Never dropped: dropping a device while its thread ends reaches thread-local values that are already gone.
            static SHARED: RefCell<ManuallyDrop<Option<Arc<Gpu>>>> = const { RefCell::new(ManuallyDrop::new(None)) };
        }
        let kept = SHARED.with_borrow(|shared| Option::clone(shared));
        match kept {
            Some(gpu) if gpu.lost().is_none() => Ok(gpu),
            _ => {
                let gpu = Self::open().await?;
                SHARED.set(ManuallyDrop::new(Some(gpu.clone())));
                Ok(gpu)
            }
        }
    }

    /// The adapter's name; empty where a browser withholds it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the adapter is a program on the CPU, which is slower than the CPU backend.
    pub fn is_software(&self) -> bool {
        self.is_software
    }

    /// The number of pipelines made so far.
    pub fn pipeline_count(&self) -> usize {
        self.pipelines.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// The time that reading anything back takes, with nothing to wait for.
    pub fn readback_seconds(&self) -> f64 {
        self.readback_seconds
    }

    async fn measure_readback(&self) -> Result<f64, FleetError> {
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 16,
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        // The first reading may start threads; the second is the measure.
        self.read(&buffer, 16).await?;
        let clock = Instant::now();
        self.read(&buffer, 16).await?;
        let seconds = clock.elapsed().as_secs_f64();
        buffer.destroy();
        Ok(seconds)
    }

    /// Why the device was lost, if it was.
    pub fn lost(&self) -> Option<String> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Destroys the device, as a driver's reset would; fleets on it fail with [`FleetError::DeviceLost`].
    pub fn destroy(&self) {
        self.device.destroy();
        let mut lost = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
        lost.get_or_insert_with(|| "destroyed".to_owned());
    }

    /// The pipeline for a kernel below the common text, made at first use.
    pub(super) fn pipeline(&self, name: &str, source: &str) -> wgpu::ComputePipeline {
        let mut pipelines = self.pipelines.lock().unwrap_or_else(PoisonError::into_inner);
        // The update kernel's text depends on the rule, so the text is the key.
        if let Some((_, pipeline)) = pipelines.iter().find(|(text, _)| text == source) {
            return pipeline.clone();
        }
        let text = format!("{COMMON_WGSL}\n{ACTIVATIONS_WGSL}\n{source}");
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(text.into()),
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(name),
            layout: Some(&self.pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                // Every kernel writes its workgroup memory before it reads it.
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        pipelines.push((source.to_owned(), pipeline.clone()));
        pipeline
    }

    /// Waits until the GPU has done what was submitted and reads `range` (bytes) of a mappable buffer.
    pub(super) async fn read(&self, buffer: &wgpu::Buffer, bytes: u64) -> Result<Vec<f32>, FleetError> {
        let (sender, receiver) = futures_channel::oneshot::channel();
        buffer.map_async(wgpu::MapMode::Read, 0..bytes, move |result| {
            let _gone = sender.send(result);
        });
        #[cfg(not(target_arch = "wasm32"))]
        self.device
            .poll(wgpu::PollType::wait_indefinitely())
            .map_err(|error| FleetError::DeviceLost(error.to_string()))?;
        let failed = |why: String| FleetError::DeviceLost(self.lost().unwrap_or(why));
        receiver.await.map_err(|error| failed(error.to_string()))?.map_err(|error| failed(error.to_string()))?;
        let values = {
            let view = buffer.get_mapped_range(0..bytes).map_err(|error| failed(error.to_string()))?;
            bytemuck::pod_collect_to_vec(&view)
        };
        buffer.unmap();
        match self.lost() {
            Some(reason) => Err(FleetError::DeviceLost(reason)),
            None => Ok(values),
        }
    }
}

fn layout_entry(binding: u32) -> wgpu::BindGroupLayoutEntry {
    let is_uniform = binding == 0;
    // Table, examples and batches are only read.
    let read_only = matches!(binding, 2..=4);
    let ty = if is_uniform { wgpu::BufferBindingType::Uniform } else { wgpu::BufferBindingType::Storage { read_only } };
    wgpu::BindGroupLayoutEntry {
        binding,
        visibility: wgpu::ShaderStages::COMPUTE,
        ty: wgpu::BindingType::Buffer { ty, has_dynamic_offset: is_uniform, min_binding_size: None },
        count: None,
    }
}
