//! Verdicts against the judgement of an eye: `verdicts/runs.jsonl` holds real runs, each with its loss curve and the label that
//! somebody who knew no threshold gave to its picture. Half of them were not looked at while the thresholds were set. Writes its
//! table into `docs/verdicts.md` under `BRINK_WRITE_DOCS=1`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used)]

use brink_engine::record::{Columns, RunChunk, RunRecord, ValidationPoint};
use brink_lab::diagnose::{JudgedRun, Judgement, Phase, Recovery, VERDICTS, judge};
use brink_tests::written;

/// One labelled run.
#[derive(serde::Deserialize)]
struct Labelled {
    held_out: bool,
    label: String,
    /// What it may be as well.
    second: Option<String>,
    recovery: Option<String>,
    phase: Option<String>,
    source: String,
    batch_size: usize,
    chance: f64,
    death: Option<u32>,
    validation: Option<f32>,
    loss: Vec<f32>,
    steps: u32,
}

fn labelled() -> Vec<Labelled> {
    include_str!("verdicts/runs.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn judged(run: &Labelled) -> Judgement {
    let mut record = RunRecord::new(Columns { states: vec![] }, 1);
    let dead = std::iter::repeat_n(&f32::NAN, run.steps as usize - run.loss.len());
    let rows = run.loss.iter().chain(dead).flat_map(|&loss| [loss, 1.0, 0.1, 1.0, 0.0, 0.0]).collect();
    let loss = run.validation.unwrap_or(f32::NAN);
    let validation = vec![ValidationPoint { step: run.steps, loss, accuracy: 0.5 }];
    let chunk = RunChunk { stride: 1, rows, validation, death: run.death, chance: run.chance, ..RunChunk::default() };
    record.append(&chunk).unwrap();
    judge(&JudgedRun { record: &record, batch_size: run.batch_size, steps: run.steps }).unwrap()
}

/// Of some runs: how many there are, how many are judged as they are labelled, and how many by label or second choice.
fn agreement<'a>(runs: impl Iterator<Item = &'a Labelled>) -> [usize; 3] {
    let mut counts = [0; 3];
    for run in runs {
        let found = judged(run);
        let id = found.verdict.id;
        counts[0] += 1;
        counts[1] += usize::from(run.label == id);
        counts[2] += usize::from(run.label == id || run.second.as_deref() == Some(id));
        if run.label != id {
            println!(
                "{} ({:?}): {id}, labelled {} or {:?}; {:?}",
                run.source, run.held_out, run.label, run.second, found.finding
            );
        }
    }
    counts
}

#[test]
fn verdicts_agree_with_the_eye() {
    let runs = labelled();
    let mut table = "| label | tuned on | judged the same | held out | judged the same | or as the second choice |\n| --- | --- | --- | --- | --- | --- |\n".to_owned();
    let row = |name: &str, label: Option<&str>| {
        let half = |held_out: bool| {
            agreement(
                runs.iter().filter(|run| run.held_out == held_out && label.is_none_or(|label| run.label == label)),
            )
        };
        let ([a, same, _], [b, held, second]) = (half(false), half(true));
        (format!("| {name} | {a} | {same} | {b} | {held} | {second} |\n"), [b, held, second])
    };
    for verdict in VERDICTS {
        table += &row(&format!("`{}`", verdict.id), Some(verdict.id)).0;
    }
    let (line, [count, same, second]) = row("all", None);
    table += &line;
    println!("{table}");
    written::check("verdicts.md", "agreement", &table);
    assert!(count >= 50 && same as f64 >= 0.8 * count as f64, "{same} of {count}");
    assert!(second as f64 >= 0.9 * count as f64, "{second} of {count}");
}

#[test]
fn deaths_and_recoveries_agree_with_the_eye() {
    let (mut phases, mut recoveries) = ([0, 0], [0, 0]);
    for run in labelled() {
        let found = judged(&run);
        let phase = found.finding.phase.map(|phase| if phase == Phase::Mid { "mid" } else { "early" });
        if run.death.is_some() && run.phase.is_some() {
            phases[0] += 1;
            phases[1] += usize::from(phase == run.phase.as_deref());
        }
        let recovery = found.finding.recovery.map(|recovery| match recovery {
            Recovery::Full => "full",
            Recovery::Partial => "partial",
            Recovery::None => "none",
        });
        if run.label == found.verdict.id && recovery.is_some() {
            recoveries[0] += 1;
            recoveries[1] += usize::from(recovery == run.recovery.as_deref());
            if recovery != run.recovery.as_deref() {
                println!("{}: {recovery:?}, labelled {:?}", run.source, run.recovery);
            }
        }
    }
    println!("phases {phases:?}, recoveries {recoveries:?}");
    assert!(phases[0] >= 15 && phases[1] * 10 >= phases[0] * 9, "{phases:?}");
    assert!(recoveries[0] >= 20 && recoveries[1] * 10 >= recoveries[0] * 7, "{recoveries:?}");
}
