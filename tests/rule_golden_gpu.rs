//! The kernels of the rules against golden trajectories, on a GPU. Without an adapter these tests fail: a software Vulkan
//! is enough.

use brink_engine::train::gpu::Gpu;
use brink_tests::golden_gpu;

#[test]
fn golden_gpu_kernels_keep_to_sixteen_units_in_the_last_place() {
    pollster::block_on(async { golden_gpu::check_golden(&Gpu::shared().await.expect("an adapter")).await });
}

#[test]
fn nan_passes_through_the_kernels() {
    pollster::block_on(async { golden_gpu::check_nan(&Gpu::shared().await.expect("an adapter")).await });
}
