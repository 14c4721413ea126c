//! The GPU held against the CPU. Without an adapter these tests fail: a software Vulkan is enough.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use brink_engine::experiment::{Experiment, apply, preset};
use brink_engine::network::Model;
use brink_engine::network::models::{Branch, Convnet, Mlp, NormKind, Placement, Pooling, ResidualMlp, Transformer};
use brink_engine::network::operations::{ActivationKind, Operation};
use brink_engine::record::{Columns, CriticalOutcome, RunChunk, RunRecord};
use brink_engine::train::cpu::{CpuFleet, gradient_of_run};
use brink_engine::train::gpu::{Gpu, GpuFleet};
use brink_engine::train::{Backend, Fleet, Plan};
use brink_lab::diagnose::{JudgedRun, SweepRun, final_validation_loss, judge, sweep};
use brink_lab::{Event, Platform, Shard, drive};
use brink_tests::operations;
use futures_util::future::LocalBoxFuture;
use pollster::block_on;
use std::cell::Cell;
use std::sync::{Arc, OnceLock};

fn gpu() -> &'static Arc<Gpu> {
    static GPU: OnceLock<Arc<Gpu>> = OnceLock::new();
    GPU.get_or_init(|| block_on(Gpu::open()).expect("GPU tests need an adapter; a software Vulkan is enough"))
}

fn plan(experiment: &Experiment) -> Arc<Plan> {
    Arc::new(Plan::new(experiment.resolve().unwrap()).unwrap())
}

/// Trains to the end; asserts from the dispatch counter that the GPU did it.
fn train(fleet: &mut impl Fleet, is_gpu: bool) -> Vec<RunRecord> {
    let count = fleet.plan().resolved.runs.len();
    let mut records = vec![RunRecord::new(fleet.plan().columns.clone(), fleet.plan().resolved.stride()); count];
    while !fleet.finished() {
        for chunk in block_on(fleet.advance(100)).unwrap() {
            records[chunk.run].append(&chunk).unwrap();
        }
    }
    assert_eq!(fleet.dispatches() > 0, is_gpu);
    records
}

/// A small experiment of every model, placement, branch and activation.
fn models() -> Vec<(String, Experiment)> {
    let mut models = Vec::new();
    for activation in ActivationKind::ALL {
        models.push(Model::Mlp(Mlp { depth: 3, width: 20, activation }));
    }
    for placement in Placement::ALL {
        for branch in Branch::ALL {
            let final_norm = placement == Placement::Pre;
            let activation = ActivationKind::Relu;
            models.push(Model::ResidualMlp(ResidualMlp {
                depth: 3,
                width: 24,
                activation,
                placement,
                final_norm,
                branch,
            }));
        }
    }
    for (placement, branch) in [
        (Placement::Post, Branch::Plain),
        (Placement::Pre, Branch::Zero),
        (Placement::Inside, Branch::Rezero),
        (Placement::None, Branch::Plain),
    ] {
        let activation = ActivationKind::Relu;
        let (depth, width, heads, mlp_width, final_norm) = (2, 12, 3, 20, placement == Placement::Pre);
        let sizes = Transformer { depth, width, heads, mlp_width, activation, placement, final_norm, branch };
        models.push(Model::Transformer(sizes));
    }
    for (norm, pooling, stride2) in [
        (NormKind::Batch, Pooling::Flatten, 1),
        (NormKind::Batch, Pooling::Global, 2),
        (NormKind::Layer, Pooling::Flatten, 3),
    ] {
        models.push(Model::Convnet(Convnet {
            stem_channels: 2,
            channels1: 2,
            stride1: 1,
            channels2: 5,
            stride2,
            activation: ActivationKind::Tanh,
            norm,
            pooling,
            head_learning_rate: 0.25,
        }));
    }
    let base = preset("figure-7a").unwrap();
    let experiment = |model: Model| {
        let task = match model {
            Model::Transformer(_) => "reverse",
            Model::Convnet(_) => "digits",
            Model::Mlp(_) | Model::ResidualMlp(_) => "teacher",
        };
        let batch_size = if task == "reverse" { 10 } else { 48 };
        let task = task.to_owned();
        let mut experiment = Experiment { task, model, batch_size, max_train_steps: 120, ..base.clone() };
        experiment.learning_rates.count = 2;
        (format!("{:?}", experiment.model), experiment)
    };
    models.into_iter().map(experiment).collect()
}

#[test]
fn gradients_agree_for_every_model_and_placement() {
    for (name, experiment) in models() {
        let plan = plan(&experiment);
        let mut fleet = GpuFleet::new(gpu(), plan.clone(), 0..2, None).unwrap();
        for step in [0, 1, 10, 100] {
            while fleet.step() < step {
                block_on(fleet.advance(step - fleet.step())).unwrap();
            }
            let before = block_on(fleet.checkpoint()).unwrap();
            let rows = block_on(fleet.advance(1)).unwrap();
            let gradients = block_on(fleet.gradients()).unwrap();
            for run in 0..2 {
                let (loss, reference) = gradient_of_run::<f32>(&plan, run, step, &before.runs[run].theta);
                let squares = |values: &mut dyn Iterator<Item = f32>| {
                    values.map(|x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
                };
                let norm = squares(&mut reference.iter().copied());
                let error = squares(&mut reference.iter().zip(&gradients[run]).map(|(a, b)| a - b));
                assert!(error < 1e-4 * norm, "{name} step {step} run {run}: {error} of {norm}");
                assert!((rows[run].rows[0] - loss).abs() < 1e-4 * loss, "{name} step {step} run {run}: loss");
            }
        }
    }
}

#[test]
fn full_gradient_norms_and_critical_learning_rates_agree() {
    // The convnet's head has a learning rate of its own, and both slice their training sets with a remainder.
    let residual = Experiment { batch_size: 48, ..preset("figure-7a").unwrap() };
    let convnet = Experiment { batch_size: 56, ..residual.with_model_kind("convnet").unwrap() };
    let convnet = apply(&convnet, [("model.head_learning_rate", 0.25.into())]).unwrap();
    for mut experiment in [residual, convnet] {
        (experiment.max_train_steps, experiment.warmup_steps) = (20, 2);
        (experiment.full_gradient_every, experiment.critical_every) = (7, 3);
        let rates = [0.001, 1e5].map(|rate| serde_json::json!({ "base_learning_rate": rate }));
        let experiment = apply(&experiment, [("runs", rates.to_vec().into())]).unwrap();
        let plan = plan(&experiment);
        let records = [
            train(&mut CpuFleet::<f32>::new(plan.clone(), 0..2, None, 2).unwrap(), false),
            train(&mut GpuFleet::new(gpu(), plan.clone(), 0..2, None).unwrap(), true),
        ];
        let [cpu, gpu] = &records.each_ref().map(|records| &records[0]);
        let steps: Vec<u32> = cpu.full_norms.iter().map(|norm| norm.step).collect();
        assert_eq!(steps, [0, 7, 14, 21]);
        assert_eq!(cpu.full_norms.len(), gpu.full_norms.len());
        for (cpu, gpu) in cpu.full_norms.iter().zip(&gpu.full_norms) {
            assert_eq!(cpu.step, gpu.step);
            assert!((cpu.norm - gpu.norm).abs() < 1e-3 * cpu.norm, "{cpu:?} {gpu:?}");
        }
        // The learning rate of step 0 is 0: nothing to search.
        let steps = |record: &RunRecord| record.critical.iter().map(|rate| rate.step).collect::<Vec<_>>();
        assert_eq!(steps(cpu), [3, 6, 9, 12, 15, 18, 21]);
        assert_eq!(steps(gpu), steps(cpu));
        for (cpu, gpu) in cpu.critical.iter().zip(&gpu.critical) {
            match (cpu.outcome, gpu.outcome) {
                (CriticalOutcome::Crossing(a), CriticalOutcome::Crossing(b)) => {
                    assert!((a / b - 1.0).abs() < 0.1, "{cpu:?} {gpu:?}");
                }
                (cpu, gpu) => assert_eq!(cpu, gpu),
            }
        }
        // The second run dies; from there it has no norm and no search.
        for record in records.each_ref().map(|records| &records[1]) {
            let Some(death) = record.death else {
                // Batch normalisation keeps the convnet's loss finite.
                assert!(matches!(experiment.model, Model::Convnet(_)));
                continue;
            };
            assert!(record.critical.iter().all(|rate| rate.step < death));
            assert!(record.full_norms.iter().filter(|norm| norm.step > death).all(|norm| norm.norm.is_nan()));
        }
    }
}

#[test]
fn warmup_may_go_unclipped() {
    const WARMUP: u32 = 20;
    let experiment = |clip_during_warmup| Experiment {
        warmup_steps: WARMUP,
        max_train_steps: 30,
        clip_threshold: Some(0.1),
        clip_during_warmup,
        ..preset("figure-7a").unwrap()
    };
    for clip_during_warmup in [true, false] {
        let plan = plan(&experiment(clip_during_warmup));
        for is_gpu in [false, true] {
            let records = if is_gpu {
                train(&mut GpuFleet::new(gpu(), plan.clone(), 0..2, None).unwrap(), true)
            } else {
                train(&mut CpuFleet::<f32>::new(plan.clone(), 0..2, None, 1).unwrap(), false)
            };
            for record in &records[..2] {
                let scales: Vec<f32> = record.column(Columns::CLIP_SCALE).collect();
                let (warmup, rest) = scales.split_at(WARMUP as usize);
                // Every gradient of these steps is above the threshold.
                assert!(rest.iter().all(|&scale| scale < 1.0), "{rest:?}");
                let expected = |scale: &f32| (*scale < 1.0) == clip_during_warmup;
                assert!(warmup.iter().all(expected), "on the GPU: {is_gpu}: {warmup:?}");
            }
        }
    }
}

#[test]
fn a_trailing_threshold_is_the_percentile_of_the_steps_before() {
    const WINDOW: usize = 10;
    let experiment = Experiment {
        max_train_steps: 60,
        clip_threshold: Some(0.1),
        clip_window: WINDOW as u32,
        ..preset("figure-7a").unwrap()
    };
    let plan = plan(&experiment);
    for is_gpu in [false, true] {
        let records = if is_gpu {
            train(&mut GpuFleet::new(gpu(), plan.clone(), 0..2, None).unwrap(), true)
        } else {
            train(&mut CpuFleet::<f32>::new(plan.clone(), 0..2, None, 1).unwrap(), false)
        };
        let mut clipped = 0;
        for record in &records[..2] {
            let norms: Vec<f32> = record.column(Columns::GRADIENT_NORM).collect();
            for (t, scale) in record.column(Columns::CLIP_SCALE).enumerate() {
                let threshold = if t < WINDOW {
                    0.1
                } else {
                    let mut recent = norms[t - WINDOW..t].to_vec();
                    recent.sort_by(f32::total_cmp);
                    // Nine of the ten do not exceed it.
                    recent[WINDOW - 2]
                };
                let expected = (threshold / norms[t]).min(1.0);
                assert!(
                    (scale - expected).abs() <= 1e-6,
                    "on the GPU: {is_gpu}: step {t}: {scale}, expected {expected}"
                );
                clipped += usize::from(t >= WINDOW && scale < 1.0);
            }
        }
        assert!(clipped > 0 && clipped < 100, "{clipped}");
    }
}

#[test]
fn a_trailing_threshold_goes_on_from_a_checkpoint() {
    let experiment = Experiment { max_train_steps: 30, clip_window: 10, ..preset("figure-7a").unwrap() };
    let plan = plan(&experiment);
    let mut whole = CpuFleet::<f32>::new(plan.clone(), 0..2, None, 1).unwrap();
    whole.train(17);
    let saved = block_on(whole.checkpoint()).unwrap();
    let rest = |chunks: &[RunChunk]| chunks.iter().map(|chunk| chunk.rows.clone()).collect::<Vec<_>>();
    let expected = rest(&whole.train(13));
    let mut resumed = CpuFleet::<f32>::new(plan.clone(), 0..2, Some(&saved), 1).unwrap();
    assert_eq!(rest(&resumed.train(13)), expected);
    let mut other = GpuFleet::new(gpu(), plan.clone(), 0..2, Some(&saved)).unwrap();
    let chunks = block_on(other.advance(13)).unwrap();
    for (found, expected) in rest(&chunks).iter().zip(&expected) {
        for (found, expected) in found.iter().zip(expected) {
            assert!((found - expected).abs() <= 1e-3 * expected.abs().max(1e-3), "{found}, expected {expected}");
        }
    }
    let again = block_on(other.checkpoint()).unwrap();
    assert!(again.runs.iter().all(|run| run.recent_norms.iter().all(|norm| *norm > 0.0)));
    let mut forgotten = saved;
    forgotten.runs[0].recent_norms.pop();
    assert!(CpuFleet::<f32>::new(plan, 0..2, Some(&forgotten), 1).is_err());
}

#[test]
fn a_sweep_ends_at_the_same_cliff() {
    // Seeds whose best learning rate is best by more than the noise of a run at the edge.
    for seed in [2, 3] {
        let experiment = Experiment { seed, ..preset("figure-7a").unwrap() };
        let plan = plan(&experiment);
        let records = [
            train(&mut CpuFleet::<f32>::new(plan.clone(), 0..9, None, 2).unwrap(), false),
            train(&mut GpuFleet::new(gpu(), plan.clone(), 0..9, None).unwrap(), true),
        ];
        let best = records.each_ref().map(|records| {
            let outcome = |(index, record): (usize, &RunRecord)| {
                let steps = plan.resolved.steps(index);
                let batch_size = plan.resolved.experiment.batch_size;
                let judgement = judge(&JudgedRun { record, batch_size, steps }).unwrap();
                SweepRun {
                    base_learning_rate: plan.resolved.runs[index].base_learning_rate,
                    final_loss: final_validation_loss(record),
                    is_feasible: judgement.is_feasible,
                    is_stable: judgement.verdict.id == "stable",
                }
            };
            sweep(&records.iter().enumerate().map(outcome).collect::<Vec<_>>()).best
        });
        assert!(best[0].is_some());
        assert_eq!(best[0], best[1], "lr*");
        let mut compared = 0;
        for (run, (cpu, gpu)) in records[0].iter().zip(&records[1]).enumerate() {
            assert_eq!(cpu.death.is_some(), gpu.death.is_some(), "run {run}");
            assert_eq!(cpu.len(), gpu.len());
            let steps = |record: &RunRecord| record.validation.iter().map(|point| point.step).collect::<Vec<_>>();
            assert_eq!(steps(cpu), steps(gpu));
            let losses = [cpu, gpu].map(final_validation_loss);
            println!("seed {seed} run {run}: deaths {:?} {:?} losses {losses:?}", cpu.death, gpu.death);
            // A run at the edge is chaotic: its loss spikes, and the last bit decides how.
            let first = cpu.row(0).unwrap()[Columns::LOSS];
            let is_stable = cpu.column(Columns::LOSS).all(|loss| loss < 2.0 * first);
            if is_stable {
                compared += 1;
                assert!((losses[0] - losses[1]).abs() < 0.05 * losses[0], "run {run}: {losses:?}");
            }
        }
        assert!(compared >= 3, "seed {seed}: only {compared} runs are stable");
    }
}

#[test]
fn the_first_work_needs_few_dispatches_and_the_default_few_pipelines() {
    let dispatches = ["w1", "w2"].map(|work| {
        let plan = plan(&preset(work).unwrap());
        let runs = plan.resolved.runs.len();
        GpuFleet::new(gpu(), plan, 0..runs, None).unwrap().dispatches_a_step()
    });
    assert!(dispatches[0] <= 20, "{dispatches:?}");
    assert_eq!(dispatches[0], dispatches[1], "whatever the number of runs");
    // The transformer of four blocks, in every form, with a final norm, whatever the number of runs.
    let forms = Placement::ALL.into_iter().flat_map(|placement| Branch::ALL.map(|branch| (placement, branch)));
    for (placement, branch) in forms {
        let changes = [
            ("model.placement", placement.id().into()),
            ("model.branch", branch.id().into()),
            ("model.final_norm", true.into()),
        ];
        let experiment = apply(&preset("w3").unwrap(), changes).unwrap();
        let counts = [1, 15].map(|count| {
            let mut experiment = experiment.clone();
            experiment.learning_rates.count = count;
            GpuFleet::new(gpu(), plan(&experiment), 0..count, None).unwrap().dispatches_a_step()
        });
        println!("{placement:?}, {branch:?}: {counts:?} dispatches a step");
        // The factor of each branch beside its norm costs two more a branch.
        let limit = if branch == Branch::Rezero && placement != Placement::None { 112 } else { 100 };
        assert!(counts[0] <= limit && counts[0] == counts[1], "{placement:?}, {branch:?}: {counts:?}");
    }
    let fresh = block_on(Gpu::open()).unwrap();
    let _fleet = GpuFleet::new(&fresh, plan(&preset("figure-7a").unwrap()), 0..9, None).unwrap();
    assert!(fresh.pipeline_count() <= 16, "{} pipelines", fresh.pipeline_count());
}

#[test]
fn a_fleet_beyond_one_binding_is_split() {
    let mut experiment = preset("w2").unwrap();
    experiment.learning_rates.factor = 1.01;
    experiment.learning_rates.count = 256;
    experiment.batch_size = 8;
    if let Model::Mlp(model) = &mut experiment.model {
        model.width = 150;
    }
    let plan = plan(&experiment);
    let mut whole = GpuFleet::new(gpu(), plan.clone(), 0..256, None).unwrap();
    let mut alone = GpuFleet::new(gpu(), plan, [255], None).unwrap();
    assert_eq!(whole.dispatches_a_step(), 2 * alone.dispatches_a_step());
    let rows = |fleet: &mut GpuFleet| {
        let chunks = block_on(fleet.advance(3)).unwrap();
        chunks.into_iter().find(|chunk| chunk.run == 255).unwrap().rows
    };
    assert_eq!(rows(&mut whole), rows(&mut alone));
}

#[test]
fn a_fleet_too_large_for_the_gpu_says_what_to_lower() {
    let mut experiment = preset("w2").unwrap();
    experiment.learning_rates.factor = 1.01;
    experiment.learning_rates.count = 256;
    experiment.batch_size = 512;
    let plan = plan(&experiment);
    let refused = GpuFleet::new(gpu(), plan, 0..256, None).err().unwrap().to_string();
    assert!(refused.contains("MiB on the GPU, at most 256 MiB are allowed; lower the number of runs"), "{refused}");
}

#[test]
fn every_kernel_computes_what_its_cpu_twin_does() {
    block_on(operations::check_all(gpu()));
}

#[test]
fn the_cases_cover_every_operation() {
    let cases = operations::cases();
    for kind in Operation::KINDS {
        assert!(cases.iter().any(|case| case.0.name() == *kind), "{kind} is not held against its twin");
    }
    assert!(cases.iter().all(|case| Operation::KINDS.contains(&case.0.name())));
}

#[test]
fn nan_is_never_swallowed() {
    block_on(operations::check_nan(gpu()));
}

/// Loses the GPU after some chunks; its clock runs fast, so that chunks are short and a checkpoint falls before.
#[derive(Default)]
struct Faulty {
    chunks: Cell<u32>,
    seconds: Cell<f64>,
}

impl Platform for Faulty {
    fn seconds(&self) -> f64 {
        self.seconds.set(self.seconds.get() + 0.6);
        self.seconds.get()
    }

    fn yield_now(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(async {
            self.chunks.set(self.chunks.get() + 1);
            if self.chunks.get() == 10 {
                Gpu::shared().await.unwrap().destroy();
            }
        })
    }
}

#[test]
fn a_lost_gpu_goes_on_on_the_cpu() {
    let mut experiment = preset("figure-7a").unwrap();
    experiment.learning_rates.count = 3;
    experiment.max_train_steps = 40;
    let plan = plan(&experiment);
    let shard = Shard { experiment, runs: vec![0, 1, 2], backend: Backend::Gpu, threads: 1 };
    let (_keep, mut commands) = futures_channel::mpsc::unbounded();
    let mut backends = Vec::new();
    let mut records = vec![RunRecord::new(plan.columns.clone(), 1); 3];
    let mut finished = false;
    let mut again = false;
    block_on(drive(shard, &Faulty::default(), &mut commands, &mut |event| match event {
        Event::Started { device, reason, .. } => backends.push((device.backend(), reason)),
        Event::Metrics(chunks) => {
            for chunk in chunks {
                again |= backends.len() == 2
                    && chunk.first_step > 0
                    && (chunk.first_step as usize) < records[chunk.run].len();
                records[chunk.run].append(&chunk).unwrap();
            }
        }
        Event::Progress { .. } => {}
        Event::Finished => finished = true,
        Event::Failed(message) => panic!("{message}"),
    }));
    assert!(finished);
    assert_eq!(backends.iter().map(|(backend, _)| *backend).collect::<Vec<_>>(), [Backend::Gpu, Backend::Cpu]);
    assert!(backends[1].1.as_ref().is_some_and(|reason| reason.contains("device was lost")));
    assert!(again, "training went on from a checkpoint in the middle, not from the start");
    let whole = train(&mut CpuFleet::<f32>::new(plan, 0..3, None, 1).unwrap(), false);
    for (record, whole) in records.iter().zip(&whole) {
        assert_eq!(record.len(), 40);
        let losses = [record, whole].map(final_validation_loss);
        assert!((losses[0] - losses[1]).abs() < 0.05 * losses[1], "{losses:?}");
    }
}
