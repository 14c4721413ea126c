use super::{Experiment, ExperimentError, Reason};
use crate::json::Json;
use serde_json::{Map, Value};

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
    compare("", &base.to_tree(), &other.to_tree(), &mut differences);
    differences
}

fn compare(path: &str, from: &Value, to: &Value, out: &mut Vec<Difference>) {
    if let (Value::Object(from), Value::Object(to)) = (from, to) {
        let mut keys: Vec<&String> = from.keys().chain(to.keys()).collect();
        keys.sort();
        keys.dedup();
        for key in keys {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            let get = |map: &Map<String, Value>| map.get(key).cloned().unwrap_or_default();
            compare(&path, &get(from), &get(to), out);
        }
    } else if from != to {
        out.push(Difference { field: path.to_owned(), from: from.clone(), to: to.clone() });
    }
}

/// The experiment that differs from `base` in these fields (path and value; null removes a field).
pub fn apply<'a>(
    base: &Experiment,
    differences: impl IntoIterator<Item = (&'a str, Value)>,
) -> Result<Experiment, ExperimentError> {
    let mut tree = base.to_tree();
    for (path, value) in differences {
        let (parents, key) = path.rsplit_once('.').unwrap_or(("", path));
        let mut place = &mut tree;
        for parent in parents.split('.').filter(|parent| !parent.is_empty()) {
            let Value::Object(map) = place else { return Err(no_such(path)) };
            place = map.entry(parent.to_owned()).or_insert_with(|| Value::Object(Map::new()));
            if place.is_null() {
                *place = Value::Object(Map::new());
            }
        }
        let Value::Object(map) = place else { return Err(no_such(path)) };
        if value.is_null() {
            map.remove(key);
        } else {
            map.insert(key.to_owned(), value);
        }
    }
    Ok(Experiment::from_tree(&tree)?)
}

fn no_such(path: &str) -> ExperimentError {
    ExperimentError::new(path, Reason::NoField)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;

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
        assert!(apply(&base, [("batch_size.x", Value::from(1))]).is_err());
        assert!(apply(&base, [("no_such_field", Value::from(1))]).is_err());
    }
}
