//! The trace of a training: all that is needed to compute its runs again elsewhere. `docs/trace.md` describes the file.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::path::Path;

use safetensors::Dtype;
use safetensors::tensor::{View, serialize};
use std::borrow::Cow;

use brink_engine::experiment::limits;
use brink_engine::record::{METRICS, RunRecord};
use brink_engine::rule::Rule;
use brink_engine::task::{Examples, TargetKind};
use brink_engine::tensor::Shape;
use brink_engine::train::{Plan, RunCheckpoint, schedule};
use brink_lab::Ends;

/// Version of the layout, in the metadata under `format`.
const FORMAT: &str = "brink-trace-1";
/// Largest trace that is written.
const MAX_BYTES: usize = 1 << 30;

/// An array of the file, little-endian, row by row.
struct Array {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Vec<u8>,
}

impl Array {
    fn f32(shape: Vec<usize>, values: impl IntoIterator<Item = f32>) -> Self {
        Self { dtype: Dtype::F32, shape, bytes: values.into_iter().flat_map(f32::to_le_bytes).collect() }
    }

    fn f64(shape: Vec<usize>, values: impl IntoIterator<Item = f64>) -> Self {
        Self { dtype: Dtype::F64, shape, bytes: values.into_iter().flat_map(f64::to_le_bytes).collect() }
    }

    fn u32(shape: Vec<usize>, values: impl IntoIterator<Item = u32>) -> Self {
        Self { dtype: Dtype::U32, shape, bytes: values.into_iter().flat_map(u32::to_le_bytes).collect() }
    }
}

impl View for &Array {
    fn dtype(&self) -> Dtype {
        self.dtype
    }
    fn shape(&self) -> &[usize] {
        &self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Refuses, before training, an experiment whose trace would be incomplete or too large.
pub(super) fn check(plan: &Plan) -> Result<(), String> {
    let stride = plan.resolved.stride();
    if stride > 1 {
        return Err(format!(
            "a trace needs every step, but only every {stride}th is recorded; lower runs times max_train_steps to {} \
             or less",
            limits::RECORDED_ROWS
        ));
    }
    let (runs, steps) = (plan.resolved.runs.len(), plan.longest() as usize);
    let task = &plan.resolved.task;
    let example = task.input().shape.len() * size_of::<f32>() + task.targets().shape.len() * size_of::<u32>();
    let batches = steps * plan.resolved.experiment.batch_size;
    let seeds: BTreeSet<u32> = plan.resolved.runs.iter().map(|run| run.seed).collect();
    // Counts every batch as if its examples were fresh, which bounds the others too.
    let bytes = runs * (2 * (plan.parameter_count() + plan.carried_len()) * size_of::<f32>() + steps * 20)
        + seeds.len() * batches * (example + size_of::<u32>());
    if bytes > MAX_BYTES {
        return Err(format!(
            "the trace could take {} MiB, at most {} MiB are allowed; lower max_train_steps, batch_size or the number of \
             runs",
            bytes >> 20,
            MAX_BYTES >> 20
        ));
    }
    Ok(())
}

/// Writes the trace.
pub(super) fn write(ends: &Ends, plan: &Plan, records: &[&RunRecord], path: &Path) -> io::Result<()> {
    let mut arrays: Vec<(String, Array)> = Vec::new();
    parameters(ends, plan, &mut arrays);
    metrics(plan, records, &mut arrays);
    let seeds: BTreeSet<u32> = plan.resolved.runs.iter().map(|run| run.seed).collect();
    for seed in seeds {
        examples(plan, seed, &mut arrays);
    }
    let views = arrays.iter().map(|(name, array)| (name.as_str(), array));
    let bytes = serialize(views, Some(metadata(plan))).map_err(|error| io::Error::other(error.to_string()))?;
    std::fs::write(path, bytes)
}

fn parameters(ends: &Ends, plan: &Plan, arrays: &mut Vec<(String, Array)>) {
    let network = &plan.resolved.network;
    let mut add = |name: &str, shape: &Shape, offset: usize, kept: fn(&RunCheckpoint) -> &[f32]| {
        let runs = plan.resolved.runs.len();
        for (when, checkpoint) in [("initial", &ends.initial), ("final", &ends.last)] {
            let values = (0..runs)
                .filter_map(|run| checkpoint.runs.iter().find(|state| state.run == run))
                .flat_map(|state| kept(state)[offset..offset + shape.len()].iter().copied());
            arrays.push((format!("{when}.{name}"), Array::f32([&[runs], shape.extents()].concat(), values)));
        }
    };
    for (parameter, offset) in network.parameters.iter().zip(network.parameter_offsets()) {
        add(&parameter.name, &parameter.shape, offset, |state| &state.theta);
    }
    for (carried, offset) in network.carried.iter().zip(network.carried_offsets()) {
        add(&carried.name, &carried.shape, offset, |state| &state.carried);
    }
}

fn metrics(plan: &Plan, records: &[&RunRecord], arrays: &mut Vec<(String, Array)>) {
    let steps = plan.longest() as usize;
    let shape = vec![records.len(), steps];
    // What the host knows is written in f64 below.
    for column in METRICS.iter().filter(|column| !column.of_probe && !column.on_host) {
        let values = |record: &&RunRecord| {
            let recorded = record.column(column.metric as usize);
            recorded.chain(std::iter::repeat(f32::NAN)).take(steps).collect::<Vec<f32>>()
        };
        arrays.push((column.name.to_owned(), Array::f32(shape.clone(), records.iter().flat_map(values))));
    }
    let experiment = &plan.resolved.experiment;
    let rates = plan.resolved.runs.iter().enumerate().flat_map(|(index, run)| {
        let last = plan.resolved.steps(index);
        (0..plan.longest()).map(move |t| {
            if t >= last {
                return f64::NAN;
            }
            let (warmup, train) = (run.warmup_steps, experiment.max_train_steps);
            schedule::learning_rate(run.base_learning_rate, warmup, train, experiment.schedule, t)
        })
    });
    arrays.push(("learning_rate".to_owned(), Array::f64(shape, rates)));
}

/// The data of one seed, as the network sees it: what stays, then the examples that single steps draw or alter.
fn examples(plan: &Plan, seed: u32, arrays: &mut Vec<(String, Array)>) {
    let data = plan.data.of(seed);
    let steps = plan.longest();
    let batches = data.batches(0, steps);
    let mut training = data.resident().cloned().unwrap_or_else(|| Examples::new(data.target_len));
    training.append(&batches.extra);
    let (input, target) = (plan.resolved.task.input().shape, plan.resolved.task.targets());
    for (name, examples) in [("training", &training), ("validation", data.task.validation())] {
        let shape = |extents: &[usize]| [&[examples.len()], extents].concat();
        let inputs = Array::f32(shape(input.extents()), examples.inputs.iter().copied());
        arrays.push((format!("seed{seed}.{name}.inputs"), inputs));
        let (shape, targets) = (shape(target.shape.extents()), examples.targets.iter().copied());
        let labels = match target.kind {
            TargetKind::Classes(_) => Array::u32(shape, targets.map(|class| class as u32)),
            TargetKind::Numbers => Array::f32(shape, targets),
        };
        arrays.push((format!("seed{seed}.{name}.labels"), labels));
    }
    let shape = vec![steps as usize, data.batch_size];
    arrays.push((format!("seed{seed}.batches"), Array::u32(shape, batches.indices)));
}

fn metadata(plan: &Plan) -> HashMap<String, String> {
    let rule: &Rule = &plan.resolved.rule;
    let runs: Vec<serde_json::Value> = plan
        .resolved
        .runs
        .iter()
        .enumerate()
        .map(|(index, run)| {
            let names = rule.constants.iter().map(|constant| constant.name.clone());
            let constants: serde_json::Map<String, serde_json::Value> =
                names.zip(run.constants.iter().map(|&value| value.into())).collect();
            serde_json::json!({
                "base_learning_rate": run.base_learning_rate,
                "warmup_steps": run.warmup_steps,
                "steps": plan.resolved.steps(index),
                "clip_threshold": run.clip_threshold,
                "clip_during_warmup": run.clip_during_warmup,
                "clip_window": run.clip_window,
                "initial_scale": run.initial_scale,
                "constants": constants,
                "seed": run.seed,
            })
        })
        .collect();
    HashMap::from([
        ("format".to_owned(), FORMAT.to_owned()),
        ("experiment".to_owned(), plan.resolved.experiment.to_json()),
        ("rule".to_owned(), rule.text()),
        ("runs".to_owned(), serde_json::Value::from(runs).to_string()),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::preset;
    use brink_engine::network::{Builder, Form};
    use brink_engine::train::cpu::CpuFleet;
    use brink_engine::train::{Checkpoint, Fleet};
    use safetensors::SafeTensors;
    use std::sync::Arc;

    #[test]
    fn values_that_a_network_carries_are_traced() {
        let mut experiment = preset("figure-7a").unwrap();
        (experiment.learning_rates.count, experiment.max_train_steps) = (2, 3);
        let mut resolved = experiment.resolve().unwrap();
        let task = resolved.task.clone();
        let build = |form| {
            let mut builder = Builder::new(&task.input(), &task.targets(), experiment.batch_size, form);
            let x = builder.batch_norm("norm", builder.inputs()).unwrap();
            let logits = builder.dense("head", x, task.targets().outputs(), 1.0).unwrap();
            builder.finish(logits).unwrap()
        };
        (resolved.network, resolved.evaluation) = (build(Form::Training), build(Form::Evaluation));
        let plan = Arc::new(Plan::new(resolved).unwrap());
        let mut fleet = CpuFleet::<f32>::new(plan.clone(), [0, 1], None, 1).unwrap();
        let save = |fleet: &mut CpuFleet<f32>| -> Checkpoint { pollster::block_on(fleet.checkpoint()).unwrap() };
        let initial = save(&mut fleet);
        let mut records = vec![RunRecord::new(plan.columns.clone(), 1); 2];
        fleet.train(3).iter().for_each(|chunk| records[chunk.run].append(chunk).unwrap());
        let ends = Ends { initial, last: save(&mut fleet) };
        let path = std::env::temp_dir().join(format!("brink-carried-{}.safetensors", std::process::id()));
        write(&ends, &plan, &records.iter().collect::<Vec<_>>(), &path).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let array = |name: &str| {
            let view = file.tensor(name).unwrap();
            assert_eq!(view.shape(), [2, task.input().shape.len()], "{name}");
            let words = view.data().chunks_exact(4);
            words.map(|word| f32::from_le_bytes(word.try_into().unwrap())).collect::<Vec<f32>>()
        };
        assert!(array("initial.norm.running_variance").iter().all(|&value| value == 1.0));
        let columns = task.input().shape.len();
        let expected: Vec<f32> = ends.last.runs.iter().flat_map(|run| run.carried[..columns].to_vec()).collect();
        assert_eq!(array("final.norm.running_mean"), expected);
        assert!(expected.iter().all(|&value| value != 0.0));
    }
}
