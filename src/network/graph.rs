use super::operations::Operation;
use brink_base::random::{Purpose, Stream};
use brink_base::tensor::Shape;

/// The position of a value in a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueId(pub usize);

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Origin {
    /// The inputs of the batch, one example a row.
    Inputs,
    /// The targets of the batch; [`brink_task::Targets::missing`] marks those of a row that is no example.
    Targets,
    /// A parameter, by its position in [`Network::parameters`].
    Parameter(usize),
    /// A value carried from step to step, by its position in [`Network::carried`]: as it is before the step.
    Carried(usize),
    /// The result of an operation.
    Operation {
        /// What is computed.
        operation: Operation,
        /// From which values.
        inputs: Vec<ValueId>,
    },
}

/// A value of the graph: a tensor of one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Its shape.
    pub shape: Shape,
    /// Where it comes from.
    pub origin: Origin,
}

/// A program over tensors, in an order in which it can be computed: a value reads only values before it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    values: Vec<Value>,
}

/// Why a graph cannot be built.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GraphError {
    /// Shapes that do not go together.
    #[error("{operation} cannot take inputs of shapes {shapes}")]
    Shapes {
        /// The operation's name.
        operation: &'static str,
        /// The shapes of its inputs.
        shapes: String,
    },
    /// An operation between a parameter and the loss has no gradient.
    #[error("{operation} has no gradient")]
    NoGradient {
        /// The operation's name.
        operation: &'static str,
    },
}

impl Graph {
    /// All values, in order of computation.
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// One value.
    pub fn value(&self, id: ValueId) -> &Value {
        &self.values[id.0]
    }

    /// The shape of a value.
    pub fn shape(&self, id: ValueId) -> &Shape {
        &self.values[id.0].shape
    }

    /// Adds a value that no operation computes.
    pub fn leaf(&mut self, origin: Origin, shape: Shape) -> ValueId {
        self.values.push(Value { shape, origin });
        ValueId(self.values.len() - 1)
    }

    /// Adds the result of an operation.
    pub fn apply(&mut self, operation: impl Into<Operation>, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        let operation = operation.into();
        let shapes: Vec<&Shape> = inputs.iter().map(|&id| self.shape(id)).collect();
        let shape = operation.output_shape(&shapes).ok_or_else(|| GraphError::Shapes {
            operation: operation.name(),
            shapes: shapes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        })?;
        Ok(self.leaf(Origin::Operation { operation, inputs: inputs.to_vec() }, shape))
    }
}

/// How a parameter begins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initial {
    /// Every value the same, untouched by the initial scale (a bias, a gain).
    Constant(f64),
    /// Normal with this standard deviation, times the initial scale.
    Normal(f64),
}

/// A parameter of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name, layer first: `block3.first.weight`.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// How it begins.
    pub initial: Initial,
    /// Multiplies every step of it: where the update rule's step is linear in the learning rate, as it is in all rules that
    /// come with the program, the same as a learning rate of its own. 1 for most.
    pub step_factor: f64,
}

/// A value that a network carries from step to step and that is no parameter, such as a running mean: no gradient flows into
/// it and no update rule sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Carried {
    /// Its name, layer first.
    pub name: String,
    /// Its shape.
    pub shape: Shape,
    /// Every element before step 0.
    pub initial: f64,
    /// What it becomes with a step, of the same shape; `None` in the evaluation form, which only reads it.
    pub next: Option<ValueId>,
}

/// A network for batches of one size: its graph from inputs and targets to the mean loss.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// The program.
    pub graph: Graph,
    /// The parameters; a run's parameters lie one after another in this order.
    pub parameters: Vec<Parameter>,
    /// The values carried from step to step, the same in both forms; a run's lie one after another in this order.
    pub carried: Vec<Carried>,
    /// The mean loss over all targets, a scalar.
    pub loss: ValueId,
    /// The fraction of targets whose logit is the largest, a scalar; `None` where targets are no classes.
    pub accuracy: Option<ValueId>,
}

impl Network {
    /// The number of parameters of one run.
    pub fn parameter_count(&self) -> usize {
        self.parameters.iter().map(|parameter| parameter.shape.len()).sum()
    }

    /// Where each parameter begins in a run's parameters.
    pub fn parameter_offsets(&self) -> Vec<usize> {
        offsets(self.parameters.iter().map(|parameter| &parameter.shape))
    }

    /// The step factors other than 1: each with where in a run's parameters it begins and ends, neighbours joined.
    pub fn step_factors(&self) -> Vec<(std::ops::Range<usize>, f64)> {
        let parameters = self.parameters.iter().zip(self.parameter_offsets());
        let mut factors: Vec<(std::ops::Range<usize>, f64)> = Vec::new();
        for (parameter, start) in parameters.filter(|(parameter, _)| parameter.step_factor != 1.0) {
            let end = start + parameter.shape.len();
            match factors.last_mut() {
                Some((range, factor)) if range.end == start && *factor == parameter.step_factor => range.end = end,
                _ => factors.push((start..end, parameter.step_factor)),
            }
        }
        factors
    }

    /// The number of elements that one run carries from step to step.
    pub fn carried_len(&self) -> usize {
        self.carried.iter().map(|carried| carried.shape.len()).sum()
    }

    /// Where each carried value begins in a run's carried values.
    pub fn carried_offsets(&self) -> Vec<usize> {
        offsets(self.carried.iter().map(|carried| &carried.shape))
    }

    /// The carried values before step 0.
    pub fn initial_carried(&self) -> Vec<f32> {
        let values = self.carried.iter().map(|carried| (carried.initial as f32, carried.shape.len()));
        values.flat_map(|(initial, len)| std::iter::repeat_n(initial, len)).collect()
    }

    /// The initial parameters for a seed; `initial_scale` multiplies every value that is drawn.
    pub fn initial_parameters(&self, seed: u32, initial_scale: f64) -> Vec<f32> {
        let mut theta = vec![0.0; self.parameter_count()];
        let mut rest = theta.as_mut_slice();
        for (part, parameter) in self.parameters.iter().enumerate() {
            let (values, after) = rest.split_at_mut(parameter.shape.len());
            rest = after;
            match parameter.initial {
                Initial::Constant(value) => values.fill(value as f32),
                Initial::Normal(deviation) => {
                    Stream::new(seed, Purpose::Initialisation, part as u32).fill_normal(
                        0,
                        deviation * initial_scale,
                        values,
                    );
                }
            }
        }
        theta
    }
}

/// Where each of these begins if they lie one after another.
fn offsets<'a>(shapes: impl Iterator<Item = &'a Shape>) -> Vec<usize> {
    shapes
        .scan(0, |offset, shape| {
            let start = *offset;
            *offset += shape.len();
            Some(start)
        })
        .collect()
}
