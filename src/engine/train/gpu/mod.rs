//! Training on the GPU: one dispatch does the work of all runs.

mod buffers;
mod device;
mod dispatch;
mod fusion;
mod group;
mod layout;
mod recorder;
pub mod single;

pub use device::{Gpu, MAX_BINDING_BYTES};
pub use fusion::{Launch, launches};

use super::{Checkpoint, Fleet, FleetError, Plan, PlanError};
use brink_base::record::{FullNorm, RunChunk};
use brink_experiment::limits;
use group::RunGroup;
use layout::ExamplesLayout;
use std::sync::Arc;

/// A fleet on the GPU. Runs beyond one storage binding form a second group, dispatched after the first.
pub struct GpuFleet {
    gpu: Arc<Gpu>,
    plan: Arc<Plan>,
    groups: Vec<RunGroup>,
    step: u32,
}

impl GpuFleet {
    /// The fleet of these runs of a plan, at the start or at a checkpoint. Refused where it would take more memory than
    /// [`limits::GPU_BYTES`].
    pub fn new(
        gpu: &Arc<Gpu>,
        plan: Arc<Plan>,
        runs: impl IntoIterator<Item = usize>,
        checkpoint: Option<&Checkpoint>,
    ) -> Result<Self, GpuFleetError> {
        let runs: Vec<usize> = runs.into_iter().collect();
        let run_bytes = layout::run_bytes(&plan);
        let per_group = (MAX_BINDING_BYTES / run_bytes).clamp(1, runs.len().max(1));
        let examples = ExamplesLayout::new(&plan);
        let sizes: Vec<usize> = runs.chunks(per_group).flat_map(|runs| layout::sizes(&plan, &examples, runs)).collect();
        let needed = sizes.iter().sum::<usize>();
        if needed > limits::GPU_BYTES || sizes.iter().any(|&bytes| bytes > MAX_BINDING_BYTES) {
            let needed = needed.div_ceil(1 << 20);
            let allowed = limits::GPU_BYTES >> 20;
            return Err(PlanError::Memory { needed, allowed, backend: "GPU" }.into());
        }
        let make = |runs: &[usize]| RunGroup::new(gpu.clone(), plan.clone(), examples, runs, checkpoint);
        let groups = runs.chunks(per_group).map(make).collect::<Result<Vec<_>, _>>()?;
        Ok(Self { gpu: gpu.clone(), groups, step: checkpoint.map_or(0, |checkpoint| checkpoint.step), plan })
    }

    /// The unclipped gradient of the last step of each run, in order of runs.
    pub async fn gradients(&mut self) -> Result<Vec<Vec<f32>>, FleetError> {
        let mut gradients = Vec::new();
        for group in &self.groups {
            gradients.extend(group.gradients().await?);
        }
        Ok(gradients)
    }

    /// The dispatches of one training step.
    pub fn dispatches_a_step(&self) -> usize {
        self.groups.iter().map(RunGroup::dispatches_a_step).sum()
    }
}

/// Why a fleet cannot be put on the GPU.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GpuFleetError {
    /// It is too large.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// The device or the checkpoint is at fault.
    #[error(transparent)]
    Fleet(#[from] FleetError),
}

impl Fleet for GpuFleet {
    fn plan(&self) -> &Plan {
        &self.plan
    }

    fn step(&self) -> u32 {
        self.step
    }

    fn dispatches(&self) -> u64 {
        self.groups.iter().map(RunGroup::dispatches).sum()
    }

    fn readback_seconds(&self) -> f64 {
        self.gpu.readback_seconds()
    }

    async fn advance(&mut self, steps: u32) -> Result<Vec<RunChunk>, FleetError> {
        let first = self.step;
        let plan = self.plan.clone();
        let is_critical = plan.searches_critical(first);
        // What is taken between two steps is taken between two chunks.
        let is_special = |step: u32| plan.searches_critical(step) || plan.takes_full_gradient(step);
        let most = if is_critical { 1 } else { steps.min(layout::CHUNK_STEPS) }.min(plan.longest() - first);
        let steps = (1..most).find(|&step| is_special(first + step)).unwrap_or(most);
        let mut full_norms = Vec::new();
        let mut before = Vec::new();
        for group in &mut self.groups {
            if plan.takes_full_gradient(first) {
                let norms = group.full_norms().await?;
                full_norms.extend(group.run_indices().zip(norms));
            }
            if is_critical {
                before.push(group.parameters().await?);
            }
        }
        for group in &mut self.groups {
            group.submit(first, steps)?;
        }
        let mut chunks = Vec::new();
        for group in &mut self.groups {
            chunks.extend(group.collect(first, steps).await?);
        }
        let mut critical = Vec::new();
        for (group, before) in self.groups.iter_mut().zip(&before) {
            critical.extend(group.critical_rates(first, before).await?);
        }
        for chunk in chunks.iter_mut().filter(|chunk| first < plan.resolved.steps(chunk.run)) {
            let own = full_norms.iter().filter(|(run, _)| *run == chunk.run);
            chunk.full_norms.extend(own.map(|&(_, norm)| FullNorm { step: first, norm }));
            let own = critical.iter().filter(|(run, _)| *run == chunk.run);
            chunk.critical.extend(own.map(|(_, rate)| *rate));
        }
        self.step += steps;
        Ok(chunks)
    }

    async fn evaluate(&mut self, directions: &[Vec<f32>], scales: &[f64]) -> Result<Vec<Vec<f64>>, FleetError> {
        let mut losses = Vec::new();
        let mut rest = directions;
        for group in &mut self.groups {
            let (own, others) = rest.split_at(group.run_count().min(rest.len()));
            losses.extend(group.evaluate(self.step, own, scales).await?);
            rest = others;
        }
        Ok(losses)
    }

    async fn checkpoint(&mut self) -> Result<Checkpoint, FleetError> {
        let mut runs = Vec::new();
        for group in &self.groups {
            runs.extend(group.save().await?);
        }
        Ok(Checkpoint { step: self.step, runs })
    }
}
