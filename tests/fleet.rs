//! Fleets on both backends: what a sweep shows, and what must not change a run. Bits are compared, not values: a NaN must
//! stay the very NaN it was.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use brink_engine::experiment::{Experiment, Optimizer, RunSettings, preset};
use brink_engine::network::Model;
use brink_engine::network::models::Mlp;
use brink_engine::network::operations::ActivationKind;
use brink_engine::record::{Columns, RunChunk, RunRecord};
use brink_engine::rule::builtin;
use brink_engine::train::cpu::{CpuFleet, gradient_of_run};
use brink_engine::train::gpu::{Gpu, GpuFleet};
use brink_engine::train::{Backend, Checkpoint, Fleet, Plan};
use brink_lab::{Event, Platform, Shard, ShardCommand, drive};
use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::future::LocalBoxFuture;
use pollster::block_on;
use proptest::prelude::*;
use std::cell::Cell;
use std::sync::Arc;

const BACKENDS: [Backend; 2] = [Backend::Cpu, Backend::Gpu];

/// A fleet on either backend.
enum Any {
    Cpu(CpuFleet<f32>),
    Gpu(GpuFleet),
}

impl Any {
    fn new(backend: Backend, plan: &Arc<Plan>, runs: &[usize], checkpoint: Option<&Checkpoint>) -> Self {
        let (runs, plan) = (runs.iter().copied(), plan.clone());
        match backend {
            Backend::Cpu => Self::Cpu(CpuFleet::new(plan, runs, checkpoint, 2).unwrap()),
            Backend::Gpu => {
                let gpu = block_on(Gpu::shared()).expect("these tests need an adapter; a software Vulkan is enough");
                Self::Gpu(GpuFleet::new(&gpu, plan, runs, checkpoint).unwrap())
            }
        }
    }

    fn advance(&mut self, steps: u32) -> Vec<RunChunk> {
        match self {
            Self::Cpu(fleet) => block_on(fleet.advance(steps)).unwrap(),
            Self::Gpu(fleet) => block_on(fleet.advance(steps)).unwrap(),
        }
    }

    fn checkpoint(&mut self) -> Checkpoint {
        match self {
            Self::Cpu(fleet) => block_on(fleet.checkpoint()).unwrap(),
            Self::Gpu(fleet) => block_on(fleet.checkpoint()).unwrap(),
        }
    }

    fn finished(&self) -> bool {
        match self {
            Self::Cpu(fleet) => fleet.finished(),
            Self::Gpu(fleet) => fleet.finished(),
        }
    }
}

fn plan(experiment: &Experiment) -> Arc<Plan> {
    Arc::new(Plan::new(experiment.resolve().unwrap()).unwrap())
}

/// All that a run comes to, as bits: its rows, its validation points, its death, its parameters and states at the end.
type Bits = (Vec<u32>, Vec<(u32, u32)>, Option<u32>, Vec<u32>);

/// Trains these runs to the end in chunks of the given lengths, over and over.
fn train(backend: Backend, plan: &Arc<Plan>, runs: &[usize], chunks: &[u32]) -> Vec<Bits> {
    let mut fleet = Any::new(backend, plan, runs, None);
    let mut records = vec![RunRecord::new(plan.columns.clone(), 1); plan.resolved.runs.len()];
    let mut lengths = chunks.iter().cycle();
    while !fleet.finished() {
        for chunk in fleet.advance(*lengths.next().unwrap()) {
            records[chunk.run].append(&chunk).unwrap();
        }
    }
    bits(&records, &fleet.checkpoint(), runs)
}

fn bits(records: &[RunRecord], checkpoint: &Checkpoint, runs: &[usize]) -> Vec<Bits> {
    let of = |&run: &usize| {
        let record = &records[run];
        let saved = checkpoint.runs.iter().find(|saved| saved.run == run).unwrap();
        let validation = record.validation.iter().map(|point| (point.step, point.loss.to_bits())).collect();
        let kept = saved.theta.iter().chain(&saved.states).map(|value| value.to_bits()).collect();
        // Which NaN a metric holds is not specified.
        let row_bits = |&value: &f32| if value.is_nan() { u32::MAX } else { value.to_bits() };
        (record.rows.iter().map(row_bits).collect(), validation, record.death, kept)
    };
    runs.iter().map(of).collect()
}

/// A small experiment whose runs differ in everything in which runs may differ, and that end at different steps.
fn mixed(rule: &str, seed: u32) -> Experiment {
    let run = |base_learning_rate: f64, warmup: Option<u32>, clip: Option<f64>, seed: Option<u32>| RunSettings {
        base_learning_rate,
        warmup_steps: warmup,
        clip_threshold: clip.map(Some),
        initial_scale: clip.map(|_| 2.0),
        constants: Default::default(),
        seed,
    };
    Experiment {
        model: Model::Mlp(Mlp { depth: 2, width: 9, activation: ActivationKind::Relu }),
        optimizer: Optimizer::builtin(rule),
        batch_size: 8,
        max_train_steps: 14,
        validation_every: 5,
        seed,
        runs: vec![
            run(0.01, None, None, None),
            run(0.05, Some(6), None, None),
            run(1e5, None, None, None),
            run(0.05, None, Some(0.5), Some(seed + 1)),
            run(0.02, Some(2), Some(3.0), None),
        ],
        ..preset("figure-7a").unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn company_order_and_chunks_change_nothing_on_the_cpu(
        rule in 0..builtin().len(),
        seed in 1u32..1000,
        chunks in proptest::collection::vec(1u32..9, 1..4),
        order in Just(vec![0usize, 1, 2, 3, 4]).prop_shuffle(),
    ) {
        let plan = plan(&mixed(builtin()[rule].id, seed));
        let whole = train(Backend::Cpu, &plan, &[0, 1, 2, 3, 4], &[u32::MAX]);
        let shuffled = train(Backend::Cpu, &plan, &order, &chunks);
        for (position, &run) in order.iter().enumerate() {
            prop_assert_eq!(&shuffled[position], &whole[run]);
        }
        let run = order[0];
        prop_assert_eq!(&train(Backend::Cpu, &plan, &[run], &[3])[0], &whole[run]);
    }
}

#[test]
fn company_order_and_chunks_change_nothing_on_the_gpu() {
    for rule in ["momentum", "adam"] {
        let plan = plan(&mixed(rule, 5));
        let whole = train(Backend::Gpu, &plan, &[0, 1, 2, 3, 4], &[u32::MAX]);
        assert_eq!(train(Backend::Gpu, &plan, &[0, 1, 2, 3, 4], &[u32::MAX]), whole, "the same twice");
        let shuffled = train(Backend::Gpu, &plan, &[3, 1, 0, 4, 2], &[1, 5, 2]);
        for (bits, run) in shuffled.iter().zip([3, 1, 0, 4, 2]) {
            assert_eq!(bits, &whole[run], "{rule} run {run}");
        }
        for (run, whole) in whole.iter().enumerate() {
            assert_eq!(&train(Backend::Gpu, &plan, &[run], &[4])[0], whole, "{rule} run {run} alone");
        }
    }
}

#[test]
fn a_checkpoint_goes_on_as_if_nothing_had_happened() {
    for backend in BACKENDS {
        for rule in builtin() {
            let plan = plan(&mixed(rule.id, 7));
            let runs = [0, 1, 2, 3, 4];
            let whole = train(backend, &plan, &runs, &[u32::MAX]);
            let mut records = vec![RunRecord::new(plan.columns.clone(), 1); runs.len()];
            let mut fleet = Any::new(backend, &plan, &runs, None);
            let mut first = fleet.advance(9);
            let checkpoint = fleet.checkpoint();
            let mut fleet = Any::new(backend, &plan, &runs, Some(&checkpoint));
            while !fleet.finished() {
                first.extend(fleet.advance(4));
            }
            first.iter().for_each(|chunk| records[chunk.run].append(chunk).unwrap());
            assert_eq!(bits(&records, &fleet.checkpoint(), &runs), whole, "{backend:?} {}", rule.id);
        }
    }
}

/// Trains runs 0 and 1 from a checkpoint in which run 1 was changed, and returns the parameters and states of both before and
/// after, and where they died.
fn from_changed(backend: Backend, rule: &str, change: impl Fn(&mut [f32])) -> [(Vec<u32>, Vec<u32>, Option<u32>); 2] {
    let plan = plan(&mixed(rule, 3));
    let mut checkpoint = Any::new(backend, &plan, &[0, 1], None).checkpoint();
    change(&mut checkpoint.runs[1].theta);
    let mut fleet = Any::new(backend, &plan, &[0, 1], Some(&checkpoint));
    while !fleet.finished() {
        fleet.advance(5);
    }
    let after = fleet.checkpoint();
    let kept = |checkpoint: &Checkpoint, run: usize| {
        let run = &checkpoint.runs[run];
        run.theta.iter().chain(&run.states).map(|value| value.to_bits()).collect::<Vec<u32>>()
    };
    [0, 1].map(|run| (kept(&checkpoint, run), kept(&after, run), after.runs[run].death))
}

#[test]
fn a_dead_run_stands_still_bit_for_bit() {
    for backend in BACKENDS {
        for rule in builtin() {
            // A NaN before the ReLU of the first layer: the loss must not hide it.
            let [alive, dead] = from_changed(backend, rule.id, |theta| theta[0] = f32::NAN);
            assert_eq!(dead.2, Some(0), "{backend:?} {}", rule.id);
            assert_eq!(dead.0, dead.1, "{backend:?} {}", rule.id);
            assert!(alive.2.is_none() && alive.0 != alive.1, "{backend:?} {}: the other run trains", rule.id);
        }
    }
}

#[test]
fn a_norm_is_finite_where_its_squares_are_not() {
    let plan = plan(&mixed("sgd", 3));
    let mut checkpoint = Any::new(Backend::Cpu, &plan, &[0], None).checkpoint();
    let theta = &mut checkpoint.runs[0].theta;
    let head = theta.len() - 9 * 10 - 10;
    theta[head..head + 90].iter_mut().for_each(|weight| *weight *= 1e25);
    let theta: Vec<f64> = theta.iter().map(|&x| f64::from(x)).collect();
    let (_, gradient) = gradient_of_run::<f64>(&plan, 0, 0, &theta);
    let expected = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
    assert!(expected > 1e20);
    for backend in BACKENDS {
        let chunk = Any::new(backend, &plan, &[0], Some(&checkpoint)).advance(1).remove(0);
        let found = f64::from(chunk.rows[Columns::GRADIENT_NORM]);
        assert!((found / expected - 1.0).abs() < 1e-4, "{backend:?}: {found} instead of {expected}");
    }
}

#[test]
fn a_finished_run_stays_as_it_ended_bit_for_bit() {
    for backend in BACKENDS {
        for rule in builtin() {
            let plan = plan(&mixed(rule.id, 3));
            let mut fleet = Any::new(backend, &plan, &[0, 1], None);
            let kept = |checkpoint: &Checkpoint, run: usize| {
                let run = &checkpoint.runs[run];
                run.theta.iter().chain(&run.states).map(|value| value.to_bits()).collect::<Vec<u32>>()
            };
            fleet.advance(plan.resolved.steps(0));
            let at_end = fleet.checkpoint();
            while !fleet.finished() {
                fleet.advance(3);
            }
            let after = fleet.checkpoint();
            assert_eq!(kept(&at_end, 0), kept(&after, 0), "{backend:?} {}", rule.id);
            assert_ne!(kept(&at_end, 1), kept(&after, 1), "{backend:?} {}: the longer run continues", rule.id);
        }
    }
}

/// Stops training at some steps, and lets it continue to the next of them once it has stopped.
struct Restless {
    commands: UnboundedSender<ShardCommand>,
    clock: Cell<f64>,
    /// The steps done, and the limit that was sent last.
    done: Cell<u32>,
    limit: Cell<u32>,
}

impl Restless {
    const STOPS: [u32; 4] = [2, 3, 7, 8];
}

impl Platform for Restless {
    fn seconds(&self) -> f64 {
        self.clock.replace(self.clock.get() + 1.0)
    }

    fn yield_now(&self) -> LocalBoxFuture<'_, ()> {
        let next = Self::STOPS.into_iter().find(|stop| *stop > self.done.get()).unwrap_or(u32::MAX);
        if next != self.limit.replace(next) {
            self.commands.unbounded_send(ShardCommand::AdvanceTo(next)).unwrap();
        }
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn pausing_changes_nothing() {
    for backend in BACKENDS {
        let experiment = mixed("adam", 11);
        let plan = plan(&experiment);
        let runs = vec![0, 1, 2, 3, 4];
        let shard = Shard { experiment, runs: runs.clone(), backend, threads: 1 };
        let (sender, mut commands) = unbounded();
        let (clock, done, limit) = (Cell::new(0.0), Cell::new(0), Cell::new(0));
        let platform = Restless { commands: sender, clock, done, limit };
        let mut records = vec![RunRecord::new(plan.columns.clone(), 1); runs.len()];
        let mut steps = Vec::new();
        block_on(drive(shard, &platform, &mut commands, &mut |event| match event {
            Event::Metrics(chunks) => chunks.iter().for_each(|chunk| records[chunk.run].append(chunk).unwrap()),
            Event::Progress { step, .. } => {
                steps.push(step);
                platform.done.set(step);
            }
            _ => {}
        }));
        assert!(Restless::STOPS.iter().all(|stop| steps.contains(stop)), "{steps:?}");
        let whole = train(backend, &plan, &runs, &[u32::MAX]);
        for (run, whole) in whole.iter().enumerate() {
            let rows: Vec<u32> =
                records[run].rows.iter().map(|v| if v.is_nan() { u32::MAX } else { v.to_bits() }).collect();
            assert_eq!((&rows, records[run].death), (&whole.0, whole.2), "{backend:?} run {run}");
        }
    }
}

#[test]
fn figure_7a_ends_at_a_cliff() {
    let mut experiment = preset("figure-7a").unwrap();
    let rates = experiment.learning_rates.values();
    for seed in 1..=3 {
        experiment.seed = seed;
        let plan = plan(&experiment);
        let mut fleet = CpuFleet::<f32>::new(plan.clone(), 0..rates.len(), None, 2).unwrap();
        let chunks = fleet.train(u32::MAX);
        let losses: Vec<f32> = chunks.iter().map(|chunk| chunk.validation.last().unwrap().loss).collect();
        // Below the cliff every rate beats the one before it; above it, every run dies.
        let first_dead = chunks.iter().position(|chunk| chunk.death.is_some()).unwrap();
        assert!((4..=6).contains(&first_dead), "seed {seed}: {losses:?}");
        assert!(chunks[first_dead..].iter().all(|chunk| chunk.death.is_some_and(|step| step < 60)), "seed {seed}");
        assert!(losses[..4].windows(2).all(|pair| pair[1] < pair[0]), "seed {seed}: {losses:?}");
        let best = losses.iter().copied().fold(f32::INFINITY, f32::min);
        assert!((0.4..0.9).contains(&best), "seed {seed}: {losses:?}");
    }
}

#[test]
fn a_large_experiment_is_thinned_alike_however_it_is_chunked() {
    let mut experiment = preset("figure-7a").unwrap();
    experiment.task = "spirals".to_owned();
    experiment.model = Model::Mlp(Mlp { depth: 1, width: 2, activation: ActivationKind::Tanh });
    experiment.batch_size = 1;
    experiment.max_train_steps = 40_000;
    experiment.validation_every = 100_000;
    experiment.learning_rates.factor = 1.01;
    experiment.learning_rates.count = 256;
    let plan = plan(&experiment);
    assert_eq!(plan.resolved.stride(), 3, "256 x 40,000 rows are beyond 2^22");
    for backend in BACKENDS {
        let record = |chunks: &[u32]| {
            let mut fleet = Any::new(backend, &plan, &[0, 7], None);
            let mut record = RunRecord::new(plan.columns.clone(), 3);
            for &steps in chunks {
                for chunk in fleet.advance(steps).iter().filter(|chunk| chunk.run == 7) {
                    record.append(chunk).unwrap();
                }
            }
            record
        };
        let whole = record(&[11]);
        assert_eq!((whole.len(), whole.step_of(3)), (4, 9), "{backend:?}: steps 0, 3, 6, 9");
        assert_eq!(record(&[1, 1, 2, 1, 4, 1, 1]).rows, whole.rows, "{backend:?}");
    }
}
