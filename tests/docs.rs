//! The tables of the documentation, made again from what they describe. `BRINK_WRITE_DOCS=1 cargo test --test docs` writes
//! them.

use brink_engine::experiment::METAPARAMETERS;
use brink_engine::metaparameter::{Absent, Definition, Kind};
use brink_engine::network::Model;
use brink_engine::number::shortest;
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
