use super::batches::Data;
use super::cpu;
use super::schedule::learning_rate;
use super::tape::Tape;
use super::{Checkpoint, FleetError, RunCheckpoint};
use brink_base::record::Columns;
use brink_experiment::{ExperimentError, Resolved, limits};
use brink_network::GraphError;
use brink_rule::{Program, ValueKind};
use std::sync::Arc;

/// What a fleet trains, laid out for any backend: the tapes, the compiled rule, the probe, the memory it takes.
pub struct Plan {
    /// The experiment, checked.
    pub resolved: Arc<Resolved>,
    /// The update rule, compiled.
    pub program: Program,
    /// The training step.
    pub training: Tape,
    /// Validation of one slice.
    pub evaluation: Tape,
    /// The loss of a training batch, without its gradient.
    pub forward: Tape,
    /// The data of every seed.
    pub data: Data,
    /// What a recorded row means.
    pub columns: Columns,
    /// The probe's position among a run's parameters.
    pub probe: usize,
    /// Where in a run's parameters steps are multiplied by a factor, and by which.
    pub step_factors: Vec<(std::ops::Range<usize>, f64)>,
}

/// Why an experiment cannot be planned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PlanError {
    /// The experiment is not valid.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// The network cannot be differentiated.
    #[error("model: {0}")]
    Graph(#[from] GraphError),
    /// The file that the task reads is not there.
    #[error("task: its data, {0}, is not there")]
    NoData(&'static str),
    /// It would take too much memory.
    #[error(
        "the fleet would take {needed} MiB on the {backend}, at most {allowed} MiB are allowed; lower the number of runs, \
         model.width, model.depth or batch_size"
    )]
    Memory {
        /// MiB that it would take.
        needed: usize,
        /// MiB that are allowed.
        allowed: usize,
        /// CPU or GPU.
        backend: &'static str,
    },
}

impl Plan {
    /// Plans an experiment, and refuses one that would take more memory than the CPU may give
    /// ([`limits::CPU_BYTES`]): every experiment must be able to continue there.
    pub fn new(resolved: impl Into<Arc<Resolved>>) -> Result<Self, PlanError> {
        let resolved = resolved.into();
        let file = brink_task::find(&resolved.experiment.task).and_then(|kind| kind.file);
        if let Some(file) = file.filter(|file| file.bytes().is_none()) {
            return Err(PlanError::NoData(file.name));
        }
        let program = Program::new(&resolved.rule);
        let training = Tape::training(&resolved.network)?;
        let evaluation = Tape::evaluation(&resolved.evaluation);
        let forward = Tape::loss(&resolved.network);
        let data = Data::new(&resolved);
        let probe = resolved.probe.unwrap_or(0);
        let is_chosen = resolved.probe.is_some();
        let columns = resolved.columns();
        let step_factors = resolved.network.step_factors();
        let mut plan = Self { resolved, program, training, evaluation, forward, data, columns, probe, step_factors };
        let needed = plan.cpu_bytes();
        if needed > limits::CPU_BYTES {
            return Err(PlanError::Memory {
                needed: needed.div_ceil(1 << 20),
                allowed: limits::CPU_BYTES >> 20,
                backend: "CPU",
            });
        }
        if !is_chosen {
            plan.probe = plan.largest_gradient();
        }
        Ok(plan)
    }

    /// The number of parameters of one run.
    pub fn parameter_count(&self) -> usize {
        self.resolved.network.parameter_count()
    }

    /// The steps of the longest run.
    pub fn longest(&self) -> u32 {
        self.resolved.longest()
    }

    /// The number of values that a run's network carries from step to step.
    pub fn carried_len(&self) -> usize {
        self.resolved.network.carried_len()
    }

    /// The scratch values of one run, enough for each of the tapes.
    pub fn scratch_len(&self) -> usize {
        [&self.training, &self.evaluation, &self.forward].map(|tape| tape.scratch_len).into_iter().max().unwrap_or(0)
    }

    /// The values of the inputs of a batch.
    pub fn inputs_len(&self) -> usize {
        self.resolved.experiment.batch_size * self.resolved.task.input().shape.len()
    }

    /// The number of targets of a batch.
    pub fn targets_len(&self) -> usize {
        self.resolved.experiment.batch_size * self.resolved.task.targets().shape.len()
    }

    /// The loss of the best prediction that does not look at the input, on the validation examples of a run.
    pub fn chance(&self, run: usize) -> f64 {
        self.data.of(self.resolved.runs[run].seed).chance
    }

    /// The learning rate of a step of a run.
    pub fn learning_rate(&self, run: usize, step: u32) -> f64 {
        let (settings, experiment) = (&self.resolved.runs[run], &self.resolved.experiment);
        let (warmup, train) = (settings.warmup_steps, experiment.max_train_steps);
        learning_rate(settings.base_learning_rate, warmup, train, experiment.schedule, step)
    }

    /// Whether the gradient over the whole training set is taken before `step`.
    pub fn takes_full_gradient(&self, step: u32) -> bool {
        let every = self.resolved.experiment.full_gradient_every;
        every > 0 && step.is_multiple_of(every)
    }

    /// Whether the critical learning rate of `step` is searched.
    pub fn searches_critical(&self, step: u32) -> bool {
        let every = self.resolved.experiment.critical_every;
        every > 0 && step.is_multiple_of(every)
    }

    /// The state of a run before its first step.
    pub fn initial_run(&self, run: usize) -> RunCheckpoint {
        let settings = &self.resolved.runs[run];
        let network = &self.resolved.network;
        RunCheckpoint {
            run,
            theta: network.initial_parameters(settings.seed, settings.initial_scale),
            states: self.initial_states(),
            scalar_states: self.program.scalar_initial().to_vec(),
            carried: network.initial_carried(),
            recent_norms: vec![0.0; settings.clip_window as usize],
            death: None,
        }
    }

    /// The state of a run at a checkpoint, or before its first step where there is none.
    ///
    /// # Errors
    ///
    /// If the checkpoint does not have the run, or has it in another size.
    pub fn run_at(&self, checkpoint: Option<&Checkpoint>, run: usize) -> Result<RunCheckpoint, FleetError> {
        let Some(checkpoint) = checkpoint else { return Ok(self.initial_run(run)) };
        let saved = checkpoint.runs.iter().find(|saved| saved.run == run);
        let saved = saved.ok_or(FleetError::Checkpoint("a run is missing"))?;
        let fits = saved.theta.len() == self.parameter_count()
            && saved.states.len() == self.parameter_count() * self.program.per_parameter_state_count()
            && saved.scalar_states.len() == self.program.scalar_state_count()
            && saved.carried.len() == self.carried_len()
            && saved.recent_norms.len() == self.resolved.runs[run].clip_window as usize;
        if fits { Ok(saved.clone()) } else { Err(FleetError::Checkpoint("a run has another size")) }
    }

    /// The bytes that all runs take on the CPU, scratch and gradient of one worker included.
    pub fn cpu_bytes(&self) -> usize {
        let kept = self.parameter_count() * (1 + self.program.per_parameter_state_count()) + self.carried_len();
        let gradients = if self.resolved.experiment.full_gradient_every > 0 { 2 } else { 1 };
        let shared = gradients * self.parameter_count() + self.carried_len() + self.scratch_len();
        let batch = self.inputs_len() + self.targets_len();
        (self.resolved.runs.len() * kept + shared + batch) * size_of::<f32>()
    }

    /// The position of the largest gradient of the first run at step 0: the default probe. Computed on the CPU whatever the
    /// backend, and for the whole experiment's first run whichever runs a worker trains, so that all agree.
    fn largest_gradient(&self) -> usize {
        let theta = self.initial_run(0).theta;
        let (_, gradient) = cpu::gradient_of_run::<f32>(self, 0, 0, &theta);
        // A parameter with a learning rate of its own would not follow the equation as it is shown.
        let is_plain = |index: usize| !self.step_factors.iter().any(|(range, _)| range.contains(&index));
        let largest = |best: usize, (index, value): (usize, &f32)| {
            if value.abs() > gradient[best].abs() && is_plain(index) { index } else { best }
        };
        gradient.iter().enumerate().fold(0, largest)
    }

    /// The initial values of the per-parameter states, plane by plane.
    fn initial_states(&self) -> Vec<f32> {
        let planes = self.program.per_parameter_initial().iter();
        planes.flat_map(|&value| std::iter::repeat_n(value as f32, self.parameter_count())).collect()
    }

    /// For each state of the rule, whether it is scalar or per parameter, and its position among those of its kind.
    pub fn state_positions(&self) -> impl Iterator<Item = (ValueKind, usize)> + '_ {
        let mut counts = [0, 0];
        self.program.state_kinds().iter().map(move |&kind| {
            let count = &mut counts[usize::from(kind == ValueKind::PerParameter)];
            *count += 1;
            (kind, *count - 1)
        })
    }

    /// Whether run `run` is validated after `step` updates: at multiples of the cadence and after the last update.
    pub fn validates(&self, run: usize, step: u32) -> bool {
        let last = self.resolved.steps(run);
        step == last || (step < last && step.is_multiple_of(self.resolved.experiment.validation_every))
    }
}
