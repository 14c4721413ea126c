use super::graph::{Carried, Graph, GraphError, Initial, Network, Origin, Parameter, ValueId};
use super::operations::{
    Accuracy, Affine, BatchNormalize, BatchStatistic, CrossEntropy, MovingAverage, NormalizeBy, Operation,
    SquaredError, Statistic,
};
use brink_base::tensor::Shape;
use brink_task::{Input, InputKind, TargetKind, Targets};

/// What a graph is built for. Layers that behave differently in training and in evaluation look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// To be differentiated.
    Training,
    /// To be validated, on batches that may be padded.
    Evaluation,
}

/// The weight of a batch in the running statistics of a batch normalisation.
const BATCH_NORM_MOMENTUM: f64 = 0.1;

/// Builds a network: collects its graph, its parameters and the values it carries from step to step.
pub struct Builder {
    graph: Graph,
    parameters: Vec<Parameter>,
    carried: Vec<Carried>,
    inputs: ValueId,
    input: Input,
    targets: ValueId,
    target_kind: TargetKind,
    form: Form,
    /// The step factor of the parameters that are added.
    step_factor: f64,
}

impl Builder {
    /// A network for inputs like `input`, for these targets and for batches of `batch_size` examples.
    pub fn new(input: &Input, targets: &Targets, batch_size: usize, form: Form) -> Self {
        let mut graph = Graph::default();
        let inputs = graph.leaf(Origin::Inputs, Shape::new(&[batch_size, input.shape.len()]));
        let input = input.clone();
        let shape = Shape::new(&[&[batch_size], targets.shape.extents()].concat());
        let target_kind = targets.kind;
        let targets = graph.leaf(Origin::Targets, shape);
        let (parameters, carried) = (Vec::new(), Vec::new());
        Self { graph, parameters, carried, inputs, input, targets, target_kind, form, step_factor: 1.0 }
    }

    /// The graph so far.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The inputs of the batch, [batch, values of one input].
    pub fn inputs(&self) -> ValueId {
        self.inputs
    }

    /// The shape of one input.
    pub fn input_shape(&self) -> &Shape {
        &self.input.shape
    }

    /// How many different tokens the inputs hold; 0 where they are numbers.
    pub fn vocabulary(&self) -> usize {
        match self.input.kind {
            InputKind::Tokens(vocabulary) => vocabulary,
            InputKind::Numbers => 0,
        }
    }

    /// The shape of a value.
    pub fn shape(&self, id: ValueId) -> &Shape {
        self.graph.shape(id)
    }

    /// Adds the result of an operation.
    pub fn apply(&mut self, operation: impl Into<Operation>, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        self.graph.apply(operation, inputs)
    }

    /// Adds a parameter.
    pub fn parameter(&mut self, name: String, shape: Shape, initial: Initial) -> ValueId {
        let id = self.graph.leaf(Origin::Parameter(self.parameters.len()), shape.clone());
        self.parameters.push(Parameter { name, shape, initial, step_factor: self.step_factor });
        id
    }

    /// Adds what `add` adds, every step of whose parameters is multiplied by `factor`.
    pub fn with_step_factor<T>(&mut self, factor: f64, add: impl FnOnce(&mut Self) -> T) -> T {
        let outer = std::mem::replace(&mut self.step_factor, factor);
        let added = add(self);
        self.step_factor = outer;
        added
    }

    /// Adds a value that is carried from step to step and begins as `initial` everywhere. In the training form it becomes
    /// `next(builder, old)` after each step, in the evaluation form it is only read. Returns the old value.
    pub fn carried(
        &mut self,
        name: String,
        shape: Shape,
        initial: f64,
        next: impl FnOnce(&mut Self, ValueId) -> Result<ValueId, GraphError>,
    ) -> Result<ValueId, GraphError> {
        let old = self.graph.leaf(Origin::Carried(self.carried.len()), shape.clone());
        let position = self.carried.len();
        self.carried.push(Carried { name, shape, initial, next: None });
        if self.form == Form::Training {
            self.carried[position].next = Some(next(self, old)?);
        }
        Ok(old)
    }

    /// A dense layer with `width` outputs, a bias of 0, and weights of variance `gain` / inputs.
    pub fn dense(&mut self, name: &str, x: ValueId, width: usize, gain: f64) -> Result<ValueId, GraphError> {
        let inputs = self.graph.shape(x).columns();
        let initial =
            if gain == 0.0 { Initial::Constant(0.0) } else { Initial::Normal(libm::sqrt(gain / inputs as f64)) };
        let weight = self.parameter(format!("{name}.weight"), Shape::new(&[inputs, width]), initial);
        let bias = self.parameter(format!("{name}.bias"), Shape::new(&[width]), Initial::Constant(0.0));
        self.graph.apply(Affine, &[x, weight, bias])
    }

    /// Batch normalisation (Ioffe and Szegedy 2015) without gain and bias: every column has mean 0 and variance 1 over the
    /// batch. It carries a running mean and a running variance, [columns] each; evaluation normalises by these, so that the
    /// padded rows of a short slice do no harm.
    pub fn batch_norm(&mut self, name: &str, x: ValueId) -> Result<ValueId, GraphError> {
        let columns = self.shape(x).columns();
        let running = |builder: &mut Self, part: &str, statistic: Statistic, initial: f64| {
            builder.carried(format!("{name}.{part}"), Shape::new(&[columns]), initial, |builder, old| {
                let batch = builder.apply(BatchStatistic { statistic }, &[x])?;
                builder.apply(MovingAverage { momentum: BATCH_NORM_MOMENTUM }, &[old, batch])
            })
        };
        let mean = running(self, "running_mean", Statistic::Mean, 0.0)?;
        let variance = running(self, "running_variance", Statistic::Variance, 1.0)?;
        match self.form {
            Form::Training => self.apply(BatchNormalize, &[x]),
            Form::Evaluation => self.apply(NormalizeBy, &[x, mean, variance]),
        }
    }

    /// The network with these outputs, [batch, [`Targets::outputs`]] or one row a position: its loss is the mean cross-entropy, or the mean squared
    /// error where targets are numbers.
    pub fn finish(mut self, outputs: ValueId) -> Result<Network, GraphError> {
        let operands = [outputs, self.targets];
        let (loss, accuracy) = match self.target_kind {
            TargetKind::Classes(_) => {
                (self.graph.apply(CrossEntropy, &operands)?, Some(self.graph.apply(Accuracy, &operands)?))
            }
            TargetKind::Numbers => (self.graph.apply(SquaredError, &operands)?, None),
        };
        let Self { graph, parameters, carried, .. } = self;
        Ok(Network { graph, parameters, carried, loss, accuracy })
    }
}
