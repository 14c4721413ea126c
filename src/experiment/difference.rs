use super::{Experiment, ExperimentError, Reason};
use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// One field in which two experiments differ.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The field's path in the JSON: `model.placement`.
    pub field: String,
    /// Its value in the first experiment; null where it is absent.
    pub from: Value,
    /// Its value in the second.
    pub to: Value,
}

/// The fields in which `other` differs from `base`, in alphabetical order of their paths.
pub fn difference(base: &Experiment, other: &Experiment) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare("", &base.to_value(), &other.to_value(), &mut differences);
    differences
}

fn compare(path: &str, from: &Value, to: &Value, out: &mut Vec<Difference>) {
    if let (Value::Object(from), Value::Object(to)) = (from, to) {
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            compare(&path, from.get(name).unwrap_or(&Value::Null), to.get(name).unwrap_or(&Value::Null), out);
        }
    } else if from != to {
        out.push(Difference { field: path.to_owned(), from: from.clone(), to: to.clone() });
    }
}

/// The experiment that differs from `base` in these fields (path and value; null removes a field).
///
/// # Errors
///
/// A path that leads into a value without fields, and whatever [`Experiment::from_value`] refuses.
pub fn apply<'a>(
    base: &Experiment,
    differences: impl IntoIterator<Item = (&'a str, Value)>,
) -> Result<Experiment, ExperimentError> {
    let mut tree = base.to_value();
    for (path, value) in differences {
        write_at(&mut tree, path, value).ok_or_else(|| ExperimentError::new(path, Reason::NoField))?;
    }
    Experiment::from_value(tree)
}

/// Writes a value at a path, creating the objects that are not there yet; `None` where the path leads into something else
/// than an object.
fn write_at(tree: &mut Value, path: &str, value: Value) -> Option<()> {
    if tree.is_null() {
        *tree = Value::Object(Map::new());
    }
    let fields = tree.as_object_mut()?;
    match path.split_once('.') {
        Some((name, rest)) => write_at(fields.entry(name).or_insert(Value::Null), rest, value),
        None if value.is_null() => {
            fields.shift_remove(path);
            Some(())
        }
        None => {
            fields.insert(path.to_owned(), value);
            Some(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PRESETS;

    #[test]
    fn a_value_of_the_wrong_kind_is_told_by_its_field() {
        let base = (PRESETS[0].experiment)();
        let wrong = [("seed", Value::from(3)), ("warmup_steps", Value::from("frog")), ("batch_size", Value::from(8))];
        assert_eq!(apply(&base, wrong).expect_err("it is wrong").field, "warmup_steps");
    }

    #[test]
    fn applying_the_difference_gives_the_other_experiment() {
        for a in PRESETS {
            for b in PRESETS {
                let (a, b) = ((a.experiment)(), (b.experiment)());
                let differences = difference(&a, &b);
                let pairs = differences.iter().map(|d| (d.field.as_str(), d.to.clone()));
                assert_eq!(apply(&a, pairs).unwrap(), b);
                assert_eq!(differences.is_empty(), a == b);
            }
        }
    }

    #[test]
    fn a_path_into_a_number_is_refused() {
        let base = (PRESETS[0].experiment)();
        assert!(apply(&base, [("batch_size.x", Value::from(1.0))]).is_err());
        assert!(apply(&base, [("no_such_field", Value::from(1.0))]).is_err());
    }
}
