//! Loss and gradient norm of the first steps of every model and placement against golden traces, which the oracle computed in
//! f64 with JAX (`tests/oracle/oracle.py --golden tests/golden/traces`).
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use brink_engine::experiment::Experiment;
use brink_engine::network::Model;
use brink_engine::network::models::{Branch, NormKind, Placement};
use brink_engine::record::Columns;
use brink_engine::train::Plan;
use brink_engine::train::cpu::{CpuFleet, gradient_of_run};
use std::path::Path;
use std::sync::Arc;

/// Relative tolerance in f64: sums run in another order there.
const DOUBLE: f64 = 1e-10;
/// Relative tolerance in f32, over twenty steps.
const SINGLE: f64 = 1e-4;

/// One file.
#[derive(serde::Deserialize)]
struct Trace {
    experiment: serde_json::Value,
    loss: Vec<f64>,
    gradient_norm: Vec<f64>,
}

fn traces() -> Vec<(String, Trace)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/traces");
    let read = |entry: Result<std::fs::DirEntry, _>| {
        let path = entry.unwrap().path();
        let trace = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
        (path.file_stem().unwrap().to_string_lossy().into_owned(), trace)
    };
    std::fs::read_dir(directory).unwrap().map(read).collect()
}

fn agree(found: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((found - expected).abs() <= tolerance * expected.abs(), "{what}: {found} instead of {expected}");
}

#[test]
fn training_follows_the_golden_traces() {
    let mut models = Vec::new();
    for (name, Trace { experiment, loss, gradient_norm }) in traces() {
        let experiment = Experiment::from_json(&experiment.to_string()).unwrap();
        models.push(experiment.model.clone());
        let plan = Arc::new(Plan::new(experiment.resolve().unwrap()).unwrap());
        assert_eq!((loss.len(), gradient_norm.len()), (20, 20));
        assert_eq!(plan.longest(), 20);
        assert!(loss[19] < 0.9 * loss[0], "{name} learns something");
        let mut fleet = CpuFleet::<f64>::new(plan.clone(), [0], None, 1).unwrap();
        let single = CpuFleet::<f32>::new(plan.clone(), [0], None, 1).unwrap().train(20).remove(0);
        let rows = single.rows.chunks_exact(plan.columns.width());
        for (t, ((&loss, &norm), row)) in (0..20).zip(loss.iter().zip(&gradient_norm).zip(rows)) {
            let theta = fleet.parameters().next().unwrap();
            let (found, gradient) = gradient_of_run::<f64>(&plan, 0, t, theta);
            agree(found, loss, DOUBLE, &format!("{name}, loss of step {t}"));
            let found = gradient.iter().map(|g| g * g).sum::<f64>().sqrt();
            agree(found, norm, DOUBLE, &format!("{name}, gradient norm of step {t}"));
            fleet.train(1);
            agree(f64::from(row[Columns::LOSS]), loss, SINGLE, &format!("{name}, loss of step {t} in f32"));
            let found = f64::from(row[Columns::GRADIENT_NORM]);
            agree(found, norm, SINGLE, &format!("{name}, gradient norm of step {t} in f32"));
        }
    }
    for kind in Model::KINDS {
        assert!(models.iter().any(|model| model.kind() == *kind), "no trace of {kind}");
    }
    let form = |model: &Model| match model {
        Model::ResidualMlp(model) => Some((model.placement, model.branch)),
        Model::Transformer(model) => Some((model.placement, model.branch)),
        Model::Mlp(_) | Model::Convnet(_) => None,
    };
    for kind in ["residual_mlp", "transformer"] {
        let forms: Vec<_> = models.iter().filter(|model| model.kind() == kind).filter_map(form).collect();
        for placement in Placement::ALL {
            assert!(forms.iter().any(|(found, _)| *found == placement), "no trace of {kind}, {placement:?}");
        }
        for branch in Branch::ALL {
            assert!(forms.iter().any(|(_, found)| *found == branch), "no trace of {kind}, {branch:?}");
        }
    }
    for norm in NormKind::ALL {
        let is_of = |model: &Model| matches!(model, Model::Convnet(model) if model.norm == norm);
        assert!(models.iter().any(is_of), "no trace of a convnet with {norm:?}");
    }
}
