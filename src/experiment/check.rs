//! The JSON of an experiment held against the definitions of its metaparameters.

use super::fault::{Expected, ExperimentError, Reason};
use super::metaparameters::definitions;
use super::{VERSION, limits};
use brink_base::metaparameter::{Absent, Definition, Kind};
use brink_base::number::shortest;
use brink_network::Model;
use serde_json::{Map, Value};

/// The largest whole number that every reader of JSON keeps.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;
/// The field of a run that has no default anywhere else.
const BASE_LEARNING_RATE: &str = "base_learning_rate";

type Fields = Map<String, Value>;

/// Checks every field of an experiment's JSON and writes the defaults of those that are absent. Afterwards the typed
/// experiment can be read from it.
///
/// # Errors
///
/// The first field that is missing, unknown, of another kind or out of its range.
pub(super) fn complete(tree: &mut Value) -> Result<(), ExperimentError> {
    let Value::Object(fields) = tree else {
        return Err(ExperimentError::new("experiment", Reason::kind(tree, Expected::Object)));
    };
    let version = fields.get("version").ok_or_else(|| ExperimentError::new("version", Reason::Missing))?;
    if version.as_f64() != Some(f64::from(VERSION)) {
        let reason = Reason::Unknown { value: super::beginning(&version.to_string()), known: VERSION.to_string() };
        return Err(ExperimentError::new("version", reason));
    }
    let task = fields.get("task").and_then(Value::as_str).unwrap_or_default().to_owned();
    let known: Vec<&'static Definition> = definitions(&task, &model_kind(fields)?).collect();
    refuse_unknown(fields, &known)?;
    for definition in &known {
        complete_field(fields, definition)?;
    }
    if let Some(Value::Object(optimizer)) = fields.get("optimizer")
        && optimizer.contains_key("rule") == optimizer.contains_key("text")
    {
        return Err(ExperimentError::new("optimizer", Reason::Either("rule", "text")));
    }
    complete_runs(fields, &known)
}

/// The kind of the model: which metaparameters there are depends on it.
fn model_kind(fields: &Fields) -> Result<String, ExperimentError> {
    let model = match fields.get("model") {
        Some(Value::Object(model)) => model,
        Some(other) => return Err(ExperimentError::new("model", Reason::kind(other, Expected::Object))),
        None => return Err(ExperimentError::new("model", Reason::Missing)),
    };
    match model.get("kind") {
        Some(Value::String(kind)) if Model::KINDS.contains(&kind.as_str()) => Ok(kind.clone()),
        Some(Value::String(kind)) => Err(ExperimentError::new("model.kind", Reason::unknown(kind, Model::KINDS))),
        Some(other) => Err(ExperimentError::new("model.kind", Reason::kind(other, Expected::Text))),
        None => Err(ExperimentError::new("model.kind", Reason::Missing)),
    }
}

/// Refuses a field that no definition names, at the top or within an object of metaparameters.
fn refuse_unknown(fields: &Fields, known: &[&'static Definition]) -> Result<(), ExperimentError> {
    let mut top = vec!["version"];
    for definition in known {
        let name = definition.path.split('.').next().unwrap_or(definition.path);
        if !top.contains(&name) {
            top.push(name);
        }
    }
    top.push("runs");
    for (name, value) in fields {
        if !top.contains(&name.as_str()) {
            return Err(ExperimentError::new(name, Reason::unknown(name, &top)));
        }
        let prefix = format!("{name}.");
        let inner: Vec<&str> = known.iter().filter_map(|one| one.path.strip_prefix(&prefix)).collect();
        let Value::Object(value) = value else { continue };
        if inner.is_empty() {
            continue;
        }
        if let Some(wrong) = value.keys().find(|name| !inner.contains(&name.as_str())) {
            return Err(ExperimentError::new(format!("{name}.{wrong}"), Reason::unknown(wrong, &inner)));
        }
    }
    Ok(())
}

/// Checks one metaparameter, or writes its default.
fn complete_field(fields: &mut Fields, definition: &Definition) -> Result<(), ExperimentError> {
    let (parent, name) = match definition.path.split_once('.') {
        None => (fields, definition.path),
        Some((parent, name)) => {
            if !fields.contains_key(parent) {
                match definition.absent {
                    Absent::Default(_) => {
                        fields.insert(parent.to_owned(), Value::Object(Fields::new()));
                    }
                    Absent::RefusedWithParent | Absent::Omitted(_) => return Ok(()),
                    Absent::Nothing if definition.path.starts_with("data.") => return Ok(()),
                    Absent::Refused | Absent::Nothing => return Err(ExperimentError::new(parent, Reason::Missing)),
                }
            }
            match fields.get_mut(parent) {
                Some(Value::Object(inner)) => (inner, name),
                Some(other) => return Err(ExperimentError::new(parent, Reason::kind(other, Expected::Object))),
                None => return Ok(()),
            }
        }
    };
    let absent = match (parent.get_mut(name), definition.absent) {
        (Some(Value::Null), Absent::Default("null")) => return Ok(()),
        (Some(Value::Null), Absent::Nothing) => {
            parent.remove(name);
            return Ok(());
        }
        (Some(value), absent) => {
            check_value(value, definition.path, definition.kind)?;
            if let Absent::Omitted(json) = absent {
                let default: Value = serde_json::from_str(json).unwrap_or_default();
                // 60 and 60.0 are the same number, if not the same JSON.
                let is_same_number = || value.is_number() && value.as_f64() == default.as_f64();
                if *value == default || is_same_number() {
                    parent.remove(name);
                }
            }
            return Ok(());
        }
        (None, absent) => absent,
    };
    match absent {
        Absent::Refused | Absent::RefusedWithParent => Err(ExperimentError::new(definition.path, Reason::Missing)),
        Absent::Nothing | Absent::Omitted(_) => Ok(()),
        Absent::Default(json) => {
            // A test reads every default.
            parent.insert(name.to_owned(), serde_json::from_str(json).unwrap_or_default());
            Ok(())
        }
    }
}

/// Checks the runs, if they are given one by one.
fn complete_runs(fields: &mut Fields, known: &[&'static Definition]) -> Result<(), ExperimentError> {
    let runs = match fields.get_mut("runs") {
        None => return Ok(()),
        Some(Value::Array(runs)) => runs,
        Some(other) => return Err(ExperimentError::new("runs", Reason::kind(other, Expected::List))),
    };
    let own: Vec<&&Definition> = known.iter().filter(|definition| definition.varies_by_run).collect();
    let names: Vec<&str> = std::iter::once(BASE_LEARNING_RATE).chain(own.iter().map(|one| one.name())).collect();
    for (index, run) in runs.iter_mut().enumerate() {
        let path = |name: &str| format!("runs[{index}].{name}");
        let Value::Object(run) = run else {
            return Err(ExperimentError::new(format!("runs[{index}]"), Reason::kind(run, Expected::Object)));
        };
        if let Some(wrong) = run.keys().find(|name| !names.contains(&name.as_str())) {
            return Err(ExperimentError::new(path(wrong), Reason::unknown(wrong, &names)));
        }
        // Null says that this run goes without; where that cannot be said it stands for the experiment's own value.
        let may_be_null =
            |name: &str| own.iter().any(|one| one.name() == name && one.absent == Absent::Default("null"));
        run.retain(|name, value| !value.is_null() || may_be_null(name));
        let (least, most) = limits::LEARNING_RATE.into_inner();
        match run.get_mut(BASE_LEARNING_RATE) {
            Some(rate) => check_value(rate, &path(BASE_LEARNING_RATE), Kind::Number { least, most })?,
            None => return Err(ExperimentError::new(path(BASE_LEARNING_RATE), Reason::Missing)),
        }
        for definition in &own {
            if let Some(value) = run.get_mut(definition.name()).filter(|value| !value.is_null()) {
                check_value(value, &path(definition.name()), definition.kind)?;
            }
        }
    }
    Ok(())
}

/// Checks one value against what its metaparameter may hold; a whole number written with a fraction of 0 becomes whole.
fn check_value(value: &mut Value, path: &str, kind: Kind) -> Result<(), ExperimentError> {
    let refuse = |reason| Err(ExperimentError::new(path, reason));
    match kind {
        Kind::Number { least, most } => match value.as_f64() {
            Some(number) if (least..=most).contains(&number) => Ok(()),
            Some(number) => {
                refuse(Reason::Range { value: shortest(number), least: shortest(least), most: shortest(most) })
            }
            None => refuse(Reason::kind(value, Expected::Number)),
        },
        Kind::Whole { least, most } => match value.as_f64() {
            Some(number) if number.trunc() == number && number.abs() <= MOST_WHOLE => {
                if (least as f64..=most as f64).contains(&number) {
                    *value = Value::from(number as u64);
                    Ok(())
                } else {
                    refuse(Reason::Range { value: shortest(number), least: least.to_string(), most: most.to_string() })
                }
            }
            _ => refuse(Reason::kind(value, Expected::Whole { least, most })),
        },
        Kind::Choice(known) => match value.as_str() {
            Some(name) if known().contains(&name) => Ok(()),
            Some(name) => refuse(Reason::unknown(name, &known())),
            None => refuse(Reason::kind(value, Expected::Text)),
        },
        Kind::Flag if !value.is_boolean() => refuse(Reason::kind(value, Expected::Boolean)),
        Kind::Text if !value.is_string() => refuse(Reason::kind(value, Expected::Text)),
        Kind::Flag | Kind::Text => Ok(()),
        Kind::Constants => {
            let Value::Object(constants) = value else { return refuse(Reason::kind(value, Expected::Object)) };
            match constants.iter().find(|(_, value)| !value.is_number()) {
                Some((name, wrong)) => {
                    Err(ExperimentError::new(format!("{path}.{name}"), Reason::kind(wrong, Expected::Number)))
                }
                None => Ok(()),
            }
        }
    }
}
