//! `brink figure`: a figure of the playbook over seeds, with its claim.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::procedure::{bar, failure, show, shown};
use super::runner::ThreadRunner;
use super::{BackendChoice, Failure, drawing, print};
use brink_playbook::figures::{FIGURES, Fact, Reproduced, figure};
use brink_playbook::procedures::{Arm, Laboratory, Progress, Steering};

/// The most seeds of one call.
const MOST_SEEDS: u32 = 1000;
/// The claim must hold on at least this fraction of the seeds.
const MOST_FAILURES: f64 = 0.2;

#[derive(Args)]
pub(super) struct Arguments {
    /// The figure, such as 7a; without it, all are listed
    figure: Option<String>,
    /// How many seeds, 1 to 1000
    #[arg(long, default_value_t = 1)]
    seeds: u32,
    /// The first of them
    #[arg(long, default_value_t = 0)]
    first_seed: u32,
    /// Where to train
    #[arg(long, value_enum, default_value = "cpu")]
    backend: BackendChoice,
    /// Draw the figure of the first seed to this file, or to one a language where its name has {language} in it
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Write every seed's claim and arms to this file, as JSON
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(id) = &arguments.figure else {
        let list: String = FIGURES.iter().map(|figure| format!("{:14} {}\n", figure.id, figure.about)).collect();
        return print(&list);
    };
    let figure = figure(id).ok_or_else(|| {
        let ids: Vec<&str> = FIGURES.iter().map(|figure| figure.id).collect();
        Failure::Invalid(format!("figure: {id:?} is none of {}", ids.join(", ")))
    })?;
    if !(1..=MOST_SEEDS).contains(&arguments.seeds) {
        return Err(Failure::Invalid(format!("--seeds: {} is not between 1 and {MOST_SEEDS}", arguments.seeds)));
    }
    let last = arguments.first_seed.checked_add(arguments.seeds - 1).ok_or_else(|| {
        Failure::Invalid(format!(
            "--first-seed: {} and {} seeds pass {}",
            arguments.first_seed,
            arguments.seeds,
            u32::MAX
        ))
    })?;
    let runner = ThreadRunner { backend: arguments.backend.into() };
    let bar = bar();
    let mut held = 0;
    let mut written = Vec::new();
    let mut claims = Vec::new();
    for seed in arguments.first_seed..=last {
        let progress = |progress: &Progress| show(&bar, progress);
        let laboratory = Laboratory { runner: &runner, steering: Steering::default(), progress: &progress };
        let reproduced = pollster::block_on(figure.reproduce(&laboratory, seed)).map_err(failure)?;
        held += u32::from(reproduced.claim.holds);
        let line = line(&reproduced);
        bar.suspend(|| print(&line))?;
        if let (Some(path), true) = (&arguments.svg, seed == arguments.first_seed) {
            drawing::write_figure(path, figure.plot, &reproduced.arms)?;
        }
        if arguments.json.is_some() {
            written.push(seed_json(&reproduced));
        }
        claims.push(reproduced.claim);
    }
    bar.finish_and_clear();
    let overall = figure.holds_overall(&claims.iter().collect::<Vec<_>>());
    if let Some(path) = &arguments.json {
        let all =
            json!({ "figure": figure.id, "held": held, "of": arguments.seeds, "overall": overall, "seeds": written });
        std::fs::write(path, format!("{all:#}\n")).map_err(|error| Failure::file("write", path, &error))?;
    }
    let mut text = format!("held on {held} of {} seeds\n", arguments.seeds);
    if let Some(overall) = overall {
        text += if overall { "the medians are in order\n" } else { "the medians are not in order\n" };
    }
    print(&text)?;
    let failures = f64::from(arguments.seeds - held);
    if failures > MOST_FAILURES * f64::from(arguments.seeds) || overall == Some(false) {
        return Err(Failure::Failed(format!(
            "figure {id}: the claim holds on {held} of {} seeds only",
            arguments.seeds
        )));
    }
    Ok(())
}

/// One seed in one line.
fn line(reproduced: &Reproduced) -> String {
    let fact = |fact: &Fact| format!("{} {}", fact.name, shown(&fact.value));
    let facts: Vec<String> = reproduced.claim.facts.iter().map(fact).collect();
    let holds = if reproduced.claim.holds { "holds " } else { "FAILS " };
    format!("seed {:3}  {holds}  {}\n", reproduced.seed, facts.join("; "))
}

fn seed_json(reproduced: &Reproduced) -> Value {
    let facts: serde_json::Map<String, Value> =
        reproduced.claim.facts.iter().map(|fact| (fact.name.clone(), fact.value.clone())).collect();
    let arms: Vec<Value> = reproduced.arms.iter().map(Arm::to_json).collect();
    json!({ "seed": reproduced.seed, "holds": reproduced.claim.holds, "facts": facts, "arms": arms })
}
