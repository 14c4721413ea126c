//! `brink presets`: the experiments that have a name.

use clap::Args;

use super::{Failure, print};
use brink_engine::experiment::{PRESETS, preset};

#[derive(Args)]
pub(super) struct Arguments {
    /// Print this preset as JSON, to be changed and passed to `brink run`
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let width = PRESETS.iter().map(|preset| preset.id.len()).max().unwrap_or(0);
        let list: String = PRESETS.iter().map(|preset| format!("{:width$}  {}\n", preset.id, preset.about)).collect();
        return print(&list);
    };
    let experiment = preset(name).ok_or_else(|| {
        let ids: Vec<&str> = PRESETS.iter().map(|preset| preset.id).collect();
        Failure::Invalid(format!("preset: {name:?} is none of {}", ids.join(", ")))
    })?;
    print(&format!("{}\n", experiment.to_json()))
}
