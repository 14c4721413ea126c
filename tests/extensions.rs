//! What the engine is ready for and no experiment offers yet: values that a network carries from step to step, more than one
//! target an example, losses along a direction. Each on the CPU against a direct computation, and on the GPU against the CPU.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use brink_engine::experiment::{Experiment, Optimizer, RunSettings, preset};
use brink_engine::network::models::Mlp;
use brink_engine::network::operations::{Activation, ActivationKind};
use brink_engine::network::{Builder, Form, Model, Network};
use brink_engine::random::{Purpose, Stream};
use brink_engine::record::RunChunk;
use brink_engine::task::{Examples, FreshExamples, Input, TargetKind, Targets, Task, TaskData, TrainingExamples};
use brink_engine::tensor::Shape;
use brink_engine::train::cpu::{CpuFleet, gradient_of_run};
use brink_engine::train::gpu::{Gpu, GpuFleet};
use brink_engine::train::{Checkpoint, Fleet, Plan};
use pollster::block_on;
use std::sync::Arc;

fn gpu() -> Arc<Gpu> {
    block_on(Gpu::shared()).expect("these tests need an adapter; a software Vulkan is enough")
}

fn run(base_learning_rate: f64, seed: u32) -> RunSettings {
    RunSettings {
        base_learning_rate,
        warmup_steps: None,
        clip_threshold: None,
        initial_scale: None,
        constants: Default::default(),
        seed: Some(seed),
    }
}

/// Two runs of different seeds, with a batch size that does not divide the number of validation examples.
fn experiment() -> Experiment {
    Experiment {
        model: Model::Mlp(Mlp { depth: 1, width: WIDTH, activation: ActivationKind::Tanh }),
        optimizer: Optimizer::builtin("momentum"),
        batch_size: 48,
        max_train_steps: 24,
        validation_every: 10,
        runs: vec![run(0.01, 3), run(0.02, 4)],
        ..preset("figure-7a").unwrap()
    }
}

const WIDTH: usize = 12;

fn hidden(builder: &mut Builder) -> brink_engine::network::ValueId {
    builder.dense("first", builder.inputs(), WIDTH, 1.0).unwrap()
}

/// A dense layer, batch normalisation, tanh, and the head.
fn batch_norm_network(task: &dyn Task, form: Form) -> Network {
    let mut builder = Builder::new(&task.input(), &task.targets(), 48, form);
    let x = hidden(&mut builder);
    let x = builder.batch_norm("norm", x).unwrap();
    let x = builder.apply(Activation { kind: ActivationKind::Tanh }, &[x]).unwrap();
    let logits = builder.dense("head", x, task.targets().outputs(), 1.0).unwrap();
    builder.finish(logits).unwrap()
}

fn batch_norm_plan() -> Arc<Plan> {
    let mut resolved = experiment().resolve().unwrap();
    resolved.network = batch_norm_network(&*resolved.task, Form::Training);
    resolved.evaluation = batch_norm_network(&*resolved.task, Form::Evaluation);
    Arc::new(Plan::new(resolved).unwrap())
}

/// x W + b in f64, for the first layer (`at` = 0) or the head.
fn dense(x: &[f64], theta: &[f32], at: usize, inputs: usize, outputs: usize) -> Vec<f64> {
    let (weight, bias) = theta[at..].split_at(inputs * outputs);
    let row = |x: &[f64]| {
        let value =
            |j: usize| f64::from(bias[j]) + (0..inputs).map(|i| x[i] * f64::from(weight[i * outputs + j])).sum::<f64>();
        (0..outputs).map(value).collect::<Vec<f64>>()
    };
    x.chunks_exact(inputs).flat_map(row).collect()
}

fn cross_entropy(logits: &[f64], target: f64) -> f64 {
    let largest = logits.iter().copied().fold(f64::MIN, f64::max);
    logits.iter().map(|x| (x - largest).exp()).sum::<f64>().ln() + largest - logits[target as usize]
}

#[test]
fn running_statistics_follow_the_batches_and_serve_a_short_slice() {
    let plan = batch_norm_plan();
    let input = plan.resolved.task.input().shape.len();
    let head = (input + 1) * WIDTH;
    assert_eq!(plan.parameter_count(), head + (WIDTH + 1) * 10, "carried values are no parameters");
    assert_eq!(plan.carried_len(), 2 * WIDTH);
    let mut fleet = CpuFleet::<f64>::new(plan.clone(), [1], None, 1).unwrap();
    let mut expected: Vec<f64> = [[0.0; WIDTH], [1.0; WIDTH]].concat();
    for step in 0..plan.longest() {
        let before = block_on(fleet.checkpoint()).unwrap();
        let (theta, carried) = (&before.runs[0].theta, &before.runs[0].carried);
        for (found, expected) in carried.iter().zip(&expected) {
            assert!((f64::from(*found) - expected).abs() < 1e-5 * (1.0 + expected.abs()), "step {step}");
        }
        let chunk: RunChunk = fleet.train(1).remove(0);
        let seed = plan.data.of(4);
        if let Some(point) = chunk.validation.first().filter(|point| point.step == step) {
            // Every validation example once, the last slice being short, each by the running statistics.
            let examples = seed.task.validation();
            assert_ne!(examples.len() % seed.batch_size, 0);
            let inputs: Vec<f64> = examples.inputs.iter().map(|&x| f64::from(x)).collect();
            let mut hidden = dense(&inputs, theta, 0, input, WIDTH);
            for row in hidden.chunks_exact_mut(WIDTH) {
                for (j, x) in row.iter_mut().enumerate() {
                    *x = ((*x - expected[j]) / (expected[WIDTH + j] + 1e-5).sqrt()).tanh();
                }
            }
            let logits = dense(&hidden, theta, head, WIDTH, 10);
            let losses = logits.chunks_exact(10).zip(&examples.targets).map(|(z, &y)| cross_entropy(z, f64::from(y)));
            let loss = losses.sum::<f64>() / examples.len() as f64;
            assert!((f64::from(point.loss) - loss).abs() < 1e-5 * loss, "step {step}: {} against {loss}", point.loss);
        }
        let (mut inputs, mut targets) = (vec![0f64; 48 * input], vec![0f64; 48]);
        seed.gather(&seed.batches(step, 1), step, &mut inputs, &mut targets);
        let hidden = dense(&inputs, theta, 0, input, WIDTH);
        for j in 0..WIDTH {
            let column: Vec<f64> = hidden.iter().skip(j).step_by(WIDTH).copied().collect();
            let mean = column.iter().sum::<f64>() / 48.0;
            let variance = column.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 48.0;
            expected[j] += 0.1 * (mean - expected[j]);
            expected[WIDTH + j] += 0.1 * (variance - expected[WIDTH + j]);
        }
    }
}

fn close(a: &[f32], b: &[f32], tolerance: f32, what: &str) {
    assert_eq!(a.len(), b.len());
    for (index, (a, b)) in a.iter().zip(b).enumerate() {
        assert!((a - b).abs() <= tolerance * (1.0 + a.abs()), "{what}, value {index}: {a} against {b}");
    }
}

#[test]
fn carried_values_are_the_same_on_the_gpu() {
    let plan = batch_norm_plan();
    let mut cpu = CpuFleet::<f32>::new(plan.clone(), [0, 1], None, 1).unwrap();
    let mut gpu = GpuFleet::new(&gpu(), plan.clone(), [0, 1], None).unwrap();
    let (cpu_chunks, gpu_chunks) = (cpu.train(24), block_on(gpu.advance(24)).unwrap());
    let (cpu, gpu) = (block_on(cpu.checkpoint()).unwrap(), block_on(gpu.checkpoint()).unwrap());
    for run in 0..2 {
        let (a, b) = (&cpu.runs[run], &gpu.runs[run]);
        assert_ne!(a.carried, plan.resolved.network.initial_carried(), "something was carried");
        close(&a.carried, &b.carried, 1e-4, "carried");
        close(&a.theta, &b.theta, 1e-4, "theta");
        let losses = |chunks: &[RunChunk]| chunks[run].validation.iter().map(|point| point.loss).collect::<Vec<f32>>();
        assert_eq!(cpu_chunks[run].validation.len(), 4, "at 0, 10, 20 and 24");
        close(&losses(&cpu_chunks), &losses(&gpu_chunks), 1e-4, "validation");
    }
}

/// A fleet on the CPU or on the GPU, boxed behind what these tests need.
fn train(on_gpu: bool, plan: &Arc<Plan>, from: Option<&Checkpoint>, steps: u32) -> Checkpoint {
    if on_gpu {
        let mut fleet = GpuFleet::new(&gpu(), plan.clone(), [0, 1], from).unwrap();
        block_on(fleet.advance(steps)).unwrap();
        return block_on(fleet.checkpoint()).unwrap();
    }
    let mut fleet = CpuFleet::<f32>::new(plan.clone(), [0, 1], from, 1).unwrap();
    fleet.train(steps);
    block_on(fleet.checkpoint()).unwrap()
}

/// Everything in a checkpoint, as bits.
fn bits(checkpoint: &Checkpoint) -> Vec<u32> {
    let values = checkpoint.runs.iter().flat_map(|run| run.theta.iter().chain(&run.states).chain(&run.carried));
    values.map(|value| value.to_bits()).collect()
}

#[test]
fn carried_values_are_part_of_a_checkpoint_and_stand_still_with_a_dead_run() {
    let plan = batch_norm_plan();
    for on_gpu in [false, true] {
        let middle = train(on_gpu, &plan, None, 10);
        let whole = train(on_gpu, &plan, None, 20);
        assert_eq!(bits(&train(on_gpu, &plan, Some(&middle), 10)), bits(&whole));
        let mut forgotten = middle.clone();
        forgotten.runs[0].carried.fill(0.5);
        assert_ne!(bits(&train(on_gpu, &plan, Some(&forgotten), 10)), bits(&whole), "they matter");
        forgotten.runs[0].carried.pop();
        assert!(CpuFleet::<f32>::new(plan.clone(), [0, 1], Some(&forgotten), 1).is_err());

        let mut broken = middle;
        let last = broken.runs[1].theta.len() - 1;
        broken.runs[1].theta[last] = f32::NAN;
        let after = train(on_gpu, &plan, Some(&broken), 10);
        assert_eq!(after.runs[1].death, Some(10));
        assert_eq!(after.runs[1].carried, broken.runs[1].carried, "the step that a run dies in carries nothing on");
        assert_ne!(after.runs[0].carried, broken.runs[0].carried);
    }
}

/// Two classes for each example: which of three inputs is the largest, and whether their sum is positive (0 or 1).
struct Pair;

impl Task for Pair {
    fn id(&self) -> &str {
        "pair"
    }

    fn input(&self) -> Input {
        Input::numbers(&[3])
    }

    fn targets(&self) -> Targets {
        Targets { shape: Shape::new(&[2]), kind: TargetKind::Classes(3) }
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        Box::new(Drawn::new(seed, |input: [f64; 3]| {
            let largest = (0..3).fold(0, |best, i| if input[i] > input[best] { i } else { best });
            [largest as f64, f64::from(u8::from(input.iter().sum::<f64>() > 0.0))]
        }))
    }
}

/// Two numbers to predict of each example.
struct Numbers;

impl Task for Numbers {
    fn id(&self) -> &str {
        "numbers"
    }

    fn input(&self) -> Input {
        Input::numbers(&[3])
    }

    fn targets(&self) -> Targets {
        Targets { shape: Shape::new(&[2]), kind: TargetKind::Numbers }
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        Box::new(Drawn::new(seed, |[a, b, c]: [f64; 3]| [a - 2.0 * b, (a + c).tanh()]))
    }
}

/// The examples of a task of these tests.
struct Drawn {
    training: Examples,
    validation: Examples,
}

impl Drawn {
    /// 500 training and 100 validation examples of three standard normal inputs.
    fn new(seed: u32, targets: fn([f64; 3]) -> [f64; 2]) -> Self {
        let draw = |purpose, count: u64| {
            let stream = Stream::new(seed, purpose, 0);
            let mut examples = Examples::new(2);
            for index in 0..count {
                let [[a, b], [c, _]] = [2 * index, 2 * index + 1].map(|index| stream.normal_pair(index));
                examples.push([a, b, c].map(|x| x as f32), targets([a, b, c]).map(|x| x as f32));
            }
            examples
        };
        Self { training: draw(Purpose::TrainingInputs, 500), validation: draw(Purpose::ValidationInputs, 100) }
    }
}

impl TaskData for Drawn {
    fn training(&self) -> TrainingExamples<'_> {
        TrainingExamples::Resident(&self.training)
    }

    fn validation(&self) -> &Examples {
        &self.validation
    }
}

#[test]
fn a_task_may_have_several_targets_an_example() {
    let mut experiment = experiment();
    experiment.optimizer = Optimizer::builtin("adam");
    experiment.max_train_steps = 120;
    let plan = Arc::new(Plan::new(experiment.resolve_on(Arc::new(Pair)).unwrap()).unwrap());
    // The entropy of thirds, and that of a coin, in nats; both nearly so in 100 examples.
    assert!((plan.chance(0) - (3f64.ln() + 2f64.ln()) / 2.0).abs() < 0.05, "{}", plan.chance(0));
    let start = plan.initial_run(0).theta;
    let (loss, reference) =
        gradient_of_run::<f64>(&plan, 0, 0, &start.iter().map(|&x| f64::from(x)).collect::<Vec<_>>());
    let seed = plan.data.of(3);
    let (mut inputs, mut targets) = (vec![0f64; 48 * 3], vec![0f64; 48 * 2]);
    seed.gather(&seed.batches(0, 1), 0, &mut inputs, &mut targets);
    let hidden: Vec<f64> = dense(&inputs, &start, 0, 3, WIDTH).iter().map(|x| x.tanh()).collect();
    let logits = dense(&hidden, &start, 4 * WIDTH, WIDTH, 6);
    let direct = logits.chunks_exact(3).zip(&targets).map(|(z, &y)| cross_entropy(z, y)).sum::<f64>() / 96.0;
    assert!((loss - direct).abs() < 1e-12, "{loss} against {direct}");

    let mut cpu = CpuFleet::<f32>::new(plan.clone(), [0, 1], None, 2).unwrap();
    let mut gpu = GpuFleet::new(&gpu(), plan.clone(), [0, 1], None).unwrap();
    let mut rows = block_on(gpu.advance(1)).unwrap();
    assert!((f64::from(rows[0].rows[0]) - loss).abs() < 1e-5 * loss);
    let gradient = block_on(gpu.gradients()).unwrap().remove(0);
    close(&reference.iter().map(|&x| x as f32).collect::<Vec<f32>>(), &gradient, 1e-5, "gradient");
    while !gpu.finished() {
        rows = block_on(gpu.advance(60)).unwrap();
    }
    for (cpu, gpu) in cpu.train(u32::MAX).iter().zip(&rows) {
        let (cpu, gpu) = (cpu.validation.last().unwrap(), gpu.validation.last().unwrap());
        assert!(f64::from(cpu.loss) < 0.5 * plan.chance(0), "it learns: {}", cpu.loss);
        assert!(cpu.accuracy > 0.8, "{}", cpu.accuracy);
        assert!((cpu.loss - gpu.loss).abs() < 0.01 * cpu.loss && (cpu.accuracy - gpu.accuracy).abs() < 0.02);
    }
}

#[test]
fn a_task_may_have_numbers_for_targets() {
    let mut experiment = experiment();
    experiment.optimizer = Optimizer::builtin("adam");
    experiment.max_train_steps = 200;
    let plan = Arc::new(Plan::new(experiment.resolve_on(Arc::new(Numbers)).unwrap()).unwrap());
    let start = plan.initial_run(0).theta;
    // Validation in three slices, the last of 4 examples: each example counts once.
    let validation = plan.data.of(3).task.validation();
    let inputs: Vec<f64> = validation.inputs.iter().map(|&x| f64::from(x)).collect();
    let hidden: Vec<f64> = dense(&inputs, &start, 0, 3, WIDTH).iter().map(|x| x.tanh()).collect();
    let predictions = dense(&hidden, &start, 4 * WIDTH, WIDTH, 2);
    let squares = predictions.iter().zip(&validation.targets).map(|(y, &target)| (y - f64::from(target)).powi(2));
    let direct = squares.sum::<f64>() / 200.0;

    let mut cpu = CpuFleet::<f32>::new(plan.clone(), [0, 1], None, 1).unwrap();
    let mut gpu = GpuFleet::new(&gpu(), plan.clone(), [0, 1], None).unwrap();
    let mut chunks = [cpu.train(100), block_on(gpu.advance(100)).unwrap()];
    for chunk in &chunks {
        let point = chunk[0].validation[0];
        assert!((f64::from(point.loss) - direct).abs() < 1e-5 * direct, "{} against {direct}", point.loss);
        assert!(point.accuracy.is_nan(), "numbers have no accuracy");
    }
    chunks = [cpu.train(100), block_on(gpu.advance(100)).unwrap()];
    let [cpu, gpu] = chunks.map(|chunk| chunk[1].validation.last().unwrap().loss);
    assert!(f64::from(cpu) < 0.2 * plan.chance(0), "it learns: {cpu} of {}", plan.chance(0));
    assert!((cpu - gpu).abs() < 0.01 * cpu, "{cpu} against {gpu}");
}

#[test]
fn losses_along_a_direction_are_those_of_a_direct_evaluation() {
    let scales = [0.0, 0.25, -1.5, 1e30];
    let plan = Arc::new(Plan::new(experiment().resolve().unwrap()).unwrap());
    let count = plan.parameter_count();
    let direction = |part| {
        let mut values = vec![0f32; count];
        Stream::new(9, Purpose::Structure, part).fill_normal(0, 0.1, &mut values);
        values
    };
    let directions = [direction(0), direction(1)];
    let mut fleet = CpuFleet::<f64>::new(plan.clone(), [0, 1], None, 1).unwrap();
    fleet.train(7);
    let losses = block_on(fleet.evaluate(&directions, &scales)).unwrap();
    for (run, (theta, direction)) in fleet.parameters().zip(&directions).enumerate() {
        for (&scale, &loss) in scales.iter().zip(&losses[run]) {
            let moved: Vec<f64> = theta.iter().zip(direction).map(|(x, &d)| x + scale * f64::from(d)).collect();
            assert_eq!(loss, gradient_of_run::<f64>(&plan, run, 7, &moved).0, "run {run}, scale {scale}");
        }
        assert!(losses[run][0] != losses[run][1], "the direction matters");
    }
    let recorded = fleet.train(1);
    assert_eq!(recorded[1].rows[0], losses[1][0] as f32, "at 0 it is the loss of the step that comes");

    let mut cpu = CpuFleet::<f32>::new(plan.clone(), [0, 1], None, 1).unwrap();
    let mut gpu_fleet = GpuFleet::new(&gpu(), plan.clone(), [0, 1], None).unwrap();
    let mut undisturbed = GpuFleet::new(&gpu(), plan.clone(), [0, 1], None).unwrap();
    for steps in [0, 7, 17] {
        cpu.train(steps);
        block_on(gpu_fleet.advance(steps)).unwrap();
        block_on(undisturbed.advance(steps)).unwrap();
        let [a, b] = [
            block_on(cpu.evaluate(&directions, &scales[..3])).unwrap(),
            block_on(gpu_fleet.evaluate(&directions, &scales[..3])).unwrap(),
        ];
        for (a, b) in a.iter().flatten().zip(b.iter().flatten()) {
            assert!((a - b).abs() < 1e-4 * a, "after {steps} more steps: {a} against {b}");
        }
        let [a, b] = [&mut gpu_fleet, &mut undisturbed].map(|fleet| bits(&block_on(fleet.checkpoint()).unwrap()));
        assert_eq!(a, b, "evaluation trains nothing");
    }
    assert!(gpu_fleet.finished(), "the last evaluation was of runs past their last step");
}

/// The training set of [`Numbers`] as one batch, the same every step.
struct Whole;

impl Task for Whole {
    fn id(&self) -> &str {
        "whole"
    }

    fn input(&self) -> Input {
        Numbers.input()
    }

    fn targets(&self) -> Targets {
        Numbers.targets()
    }

    fn has_training_set(&self) -> bool {
        false
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        Box::new(WholeData(Numbers.generate(seed)))
    }
}

struct WholeData(Box<dyn TaskData>);

impl TaskData for WholeData {
    fn training(&self) -> TrainingExamples<'_> {
        TrainingExamples::Fresh(self)
    }

    fn validation(&self) -> &Examples {
        self.0.validation()
    }
}

impl FreshExamples for WholeData {
    fn draw(&self, _step: u32, _batch_size: usize, out: &mut Examples) {
        if let TrainingExamples::Resident(examples) = self.0.training() {
            out.append(examples);
        }
    }
}

#[test]
fn the_full_gradient_is_the_mean_over_the_training_set() {
    let mut experiment = experiment();
    (experiment.full_gradient_every, experiment.max_train_steps) = (1, 1);
    let plan = Arc::new(Plan::new(experiment.resolve_on(Arc::new(Numbers)).unwrap()).unwrap());
    // 500 examples in slices of 48, the last of 20.
    assert_eq!((plan.data.of(3).training_slices(), plan.data.of(3).training_slice_len(10)), (11, 20));
    (experiment.full_gradient_every, experiment.batch_size) = (0, 500);
    let whole = Plan::new(experiment.resolve_on(Arc::new(Whole)).unwrap()).unwrap();
    let theta: Vec<f64> = plan.initial_run(0).theta.iter().map(|&x| f64::from(x)).collect();
    let (_, gradient) = gradient_of_run::<f64>(&whole, 0, 0, &theta);
    let norm = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    let found = CpuFleet::<f32>::new(plan, [0], None, 1).unwrap().train(1).remove(0).full_norms[0].norm;
    assert!((f64::from(found) / norm - 1.0).abs() < 1e-5, "{found} instead of {norm}");
}
