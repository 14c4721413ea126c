//! `brink diagnose`, `brink warmup` and so on: the procedures of the playbook on an experiment.

use std::path::PathBuf;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::runner::ThreadRunner;
use super::{BackendChoice, Failure, Input, drawing, print, read};
use brink_engine::experiment::{Experiment, PRESETS, preset};
use brink_playbook::figures::Plot;
use brink_playbook::procedures::{
    Fact, Laboratory, ProcedureError, Progress, Report, Steering, Target, procedure, warmup_search,
};
use brink_view::report::{fact_name, fact_value};
use brink_view::text::Language;

#[derive(Args)]
pub(super) struct Arguments {
    /// File with the experiment as JSON (docs/experiment.md), `-` for standard input, or the name of a preset
    experiment: Input,
    /// Where to train
    #[arg(long, value_enum, default_value = "cpu")]
    backend: BackendChoice,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Draw final loss against learning rate to this file
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct WarmupArguments {
    #[command(flatten)]
    common: Arguments,
    /// The target learning rate as a multiple of unstable_base_learning_rate, 1 to 100; without it 10, and lower ones where
    /// nothing survives
    #[arg(long, value_name = "FACTOR")]
    target: Option<f64>,
}

/// Reads an experiment from a file, or takes the preset of that name.
fn experiment(input: &Input) -> Result<Experiment, Failure> {
    let name = input.to_string_lossy();
    if !input.exists()
        && let Some(preset) = preset(&name)
    {
        return Ok(preset);
    }
    if !input.exists() && name != "-" {
        let ids: Vec<&str> = PRESETS.iter().map(|preset| preset.id).collect();
        return Err(Failure::Invalid(format!("{name}: neither a file nor one of the presets {}", ids.join(", "))));
    }
    Experiment::from_json(&read(input)?).map_err(|error| Failure::Invalid(format!("{name}: {error}")))
}

/// A bar of a procedure's progress; hidden where standard error is no terminal.
pub(super) fn bar() -> ProgressBar {
    let bar = ProgressBar::new(1);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {msg}, step {pos} of {len}") {
        bar.set_style(style);
    }
    bar
}

/// Shows progress on a bar.
pub(super) fn show(bar: &ProgressBar, progress: &Progress) {
    bar.set_length(u64::from(progress.of));
    bar.set_position(u64::from(progress.step));
    bar.set_message(progress.arm.clone());
}

/// What a procedure's failure is for the command line.
pub(super) fn failure(error: ProcedureError) -> Failure {
    match error {
        ProcedureError::Cancelled => Failure::Interrupted,
        ProcedureError::Experiment(error) => Failure::Invalid(error.to_string()),
        error => Failure::Failed(error.to_string()),
    }
}

/// A value as text: numbers with four significant digits.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => {
            brink_engine::number::shortest(brink_engine::number::significant(number.as_f64().unwrap_or(f64::NAN), 4))
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Runs a procedure by its name.
pub(super) fn run(id: &str, arguments: &Arguments) -> Result<(), Failure> {
    let Some(procedure) = procedure(id) else {
        return Err(Failure::Invalid(format!("there is no procedure {id}")));
    };
    with_laboratory(arguments, |laboratory, base| pollster::block_on((procedure.run)(laboratory, base)))
}

/// Runs the search for a warmup.
pub(super) fn warmup(arguments: &WarmupArguments) -> Result<(), Failure> {
    let target = match arguments.target {
        None => Target::default(),
        Some(multiple) if (1.0..=100.0).contains(&multiple) => Target { multiple, steps_down: false },
        Some(multiple) => return Err(Failure::Invalid(format!("--target: {multiple} is not between 1 and 100"))),
    };
    with_laboratory(&arguments.common, |laboratory, base| pollster::block_on(warmup_search(laboratory, base, target)))
}

fn with_laboratory(
    arguments: &Arguments,
    run: impl FnOnce(&Laboratory<'_>, &Experiment) -> Result<Report, ProcedureError>,
) -> Result<(), Failure> {
    let base = experiment(&arguments.experiment)?;
    let runner = ThreadRunner { backend: arguments.backend.into() };
    let bar = bar();
    let progress = |progress: &Progress| show(&bar, progress);
    let laboratory = Laboratory { runner: &runner, steering: Steering::default(), progress: &progress };
    let report = run(&laboratory, &base);
    bar.finish_and_clear();
    let report = report.map_err(failure)?;
    if let Some(path) = &arguments.svg {
        drawing::write(path, Plot::Axis, &report.arms)?;
    }
    if arguments.json {
        return print(&format!("{:#}\n", report.to_json()));
    }
    let texts = Language::English.texts();
    let names: Vec<String> = report.facts.iter().map(|fact| fact_name(fact, &fact.of, texts)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let line = |(name, fact): (&String, &Fact)| format!("{name:width$}  {}\n", fact_value(&fact.value, texts));
    print(&names.iter().zip(&report.facts).map(line).collect::<String>())
}
