//! The tables of the documentation, made again from what they describe. `BRINK_WRITE_DOCS=1 cargo test --test docs` writes
//! them.

#![allow(clippy::unwrap_used)]

use brink_engine::experiment::{METAPARAMETERS, preset};
use brink_engine::metaparameter::{Absent, Definition, Kind};
use brink_engine::network::{Initial, Model};
use brink_engine::number::shortest;
use brink_engine::random::{Purpose, Stream};
use brink_engine::task::TASKS;
use brink_tests::written::check;

/// What a metaparameter may hold, in words.
fn range(definition: &Definition) -> String {
    let unit = if definition.unit.is_empty() { String::new() } else { format!(" {}", definition.unit) };
    match definition.kind {
        Kind::Number { least, most } => format!("{} to {}{unit}", shortest(least), shortest(most)),
        Kind::Whole { least, most } => format!("whole, {least} to {most}{unit}"),
        Kind::Choice(names) => names().iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
        Kind::Flag => "true, false".to_owned(),
        Kind::Text => "a text".to_owned(),
        Kind::Constants => "an object of numbers".to_owned(),
    }
}

/// The table of some metaparameters.
fn table(definitions: &[Definition]) -> String {
    let mut text = "| field | may hold | default | by run | meaning |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for one in definitions {
        let default = match one.absent {
            Absent::Refused => "required",
            Absent::RefusedWithParent | Absent::Nothing => "",
            Absent::Default(json) | Absent::Omitted(json) => json,
        };
        let by_run = if one.varies_by_run { "yes" } else { "" };
        text += &format!("| `{}` | {} | {default} | {by_run} | {} |\n", one.path, range(one), one.about);
    }
    text
}

#[test]
fn the_tables_of_metaparameters_are_those_of_their_definitions() {
    check("experiment.md", "metaparameters", &table(METAPARAMETERS));
    for kind in Model::KINDS {
        let own = Model::metaparameters(kind).expect("a kind of model");
        check("experiment.md", &format!("metaparameters of {kind}"), &table(own));
    }
    for task in TASKS.iter().filter(|task| !task.metaparameters.is_empty()) {
        check("experiment.md", &format!("metaparameters of {}", task.id), &table(task.metaparameters));
    }
}

#[test]
fn the_values_to_check_a_generator_by_are_the_engines() {
    let mut text =
        "| seed | purpose | part | index | uniform | below 1000 | first normal | second normal |\n".to_owned();
    text += "| --- | --- | --- | --- | --- | --- | --- | --- |\n";
    let samples = [
        (0, Purpose::Initialisation, 0, 0),
        (1, Purpose::TrainingInputs, 0, 12_345),
        (7, Purpose::BatchOrder, 0, u64::from(u32::MAX) + 2),
        (u32::MAX, Purpose::Noise, 1, 3),
    ];
    for (seed, purpose, part, index) in samples {
        let stream = Stream::new(seed, purpose, part);
        let (uniform, below, [first, second]) =
            (stream.uniform(index), stream.below(index, 1000), stream.normal_pair(index));
        text += &format!(
            "| {seed} | {} | {part} | {index} | {uniform:?} | {below} | {first:?} | {second:?} |\n",
            purpose as u32
        );
    }
    check("data.md", "values", &text);
}

#[test]
fn the_parameters_of_three_networks_are_listed_as_they_are() {
    let mut text = String::new();
    for name in ["figure-7a", "figure-4-stride-changed", "w3"] {
        let network = preset(name).unwrap().resolve().unwrap().network;
        text += &format!("\n`{name}`:\n\n| part | parameter | shape | begins |\n| --- | --- | --- | --- |\n");
        for (part, parameter) in network.parameters.iter().enumerate() {
            let begins = match parameter.initial {
                Initial::Constant(value) => format!("all {value}"),
                Initial::Normal(deviation) => format!("normal, {deviation:?}"),
            };
            text += &format!("| {part} | `{}` | {} | {begins} |\n", parameter.name, parameter.shape);
        }
    }
    check("data.md", "parameters", &format!("{text}\n"));
}
