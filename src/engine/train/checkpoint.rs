/// The state of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunCheckpoint {
    /// The run's index in its experiment.
    pub run: usize,
    /// Its parameters, in the order of the network's.
    pub theta: Vec<f32>,
    /// The planes of the rule's per-parameter states, one after another.
    pub states: Vec<f32>,
    /// The rule's scalar states.
    pub scalar_states: Vec<f64>,
    /// The values that its network carries from step to step, in the network's order.
    pub carried: Vec<f32>,
    /// The gradient norms of the last steps, that of step t at t modulo their number; none where no threshold is made of them.
    pub recent_norms: Vec<f32>,
    /// The step at which it died, if it has.
    pub death: Option<u32>,
}

/// The state of a fleet between two steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint {
    /// The number of steps done.
    pub step: u32,
    /// Its runs.
    pub runs: Vec<RunCheckpoint>,
}
