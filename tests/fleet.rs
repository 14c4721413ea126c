//! Fleets on the CPU: what a sweep shows, and what must not change a run.

use brink::experiment::{Experiment, preset};
use brink::record::{Columns, RunRecord};
use brink::train::Plan;
use brink::train::cpu::CpuFleet;
use std::sync::Arc;

/// Trains a whole experiment and returns the record of each run.
fn train(experiment: &Experiment, threads: usize) -> Vec<RunRecord> {
    let plan = Arc::new(Plan::new(experiment.resolve().unwrap()).unwrap());
    let runs = plan.resolved.runs.len();
    let mut fleet = CpuFleet::<f32>::new(plan.clone(), 0..runs, None, threads).unwrap();
    let mut records = vec![RunRecord::new(plan.columns.clone(), plan.resolved.stride()); runs];
    for chunk in fleet.train(u32::MAX) {
        records[chunk.run].append(&chunk).unwrap();
    }
    records
}

#[test]
fn figure_7a_ends_at_a_cliff() {
    for seed in 1..=3 {
        let mut experiment = preset("figure-7a").unwrap();
        experiment.seed = seed;
        let records = train(&experiment, 2);
        let rates = experiment.learning_rates.values();
        for (rate, record) in rates.iter().zip(&records) {
            let last = record.validation.last().unwrap();
            let first = record.column(Columns::LOSS).next().unwrap();
            println!(
                "seed {seed} rate {rate} first {first} death {:?} final {} ({})",
                record.death, last.loss, last.accuracy
            );
        }
    }
}
