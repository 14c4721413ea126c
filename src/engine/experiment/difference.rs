use super::{Experiment, ExperimentError, Reason};
use crate::json::{Json, Value, field};

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
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in from.iter().chain(to) {
            if let Err(place) = names.binary_search(&name.as_str()) {
                names.insert(place, name);
            }
        }
        for name in names {
            let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
            let get = |fields| field(fields, name).unwrap_or(&Value::Null);
            compare(&path, get(from), get(to), out);
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
        put(&mut tree, path, value).ok_or_else(|| ExperimentError::new(path, Reason::NoField))?;
    }
    Ok(Experiment::from_tree(&tree)?)
}

/// Writes a value at a path, in objects that are made where there are none; nothing where the path leads into something
/// else than an object.
fn put(tree: &mut Value, path: &str, value: Value) -> Option<()> {
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    if *tree == Value::Null {
        *tree = Value::Object(Vec::new());
    }
    let fields = tree.fields_mut()?;
    let place = fields.iter().position(|field| field.0 == name);
    match (rest, place) {
        (None, _) if value == Value::Null => {
            fields.retain(|field| field.0 != name);
        }
        (None, Some(place)) => fields[place].1 = value,
        (None, None) => fields.push((name.to_owned(), value)),
        (Some(rest), Some(place)) => put(&mut fields[place].1, rest, value)?,
        (Some(rest), None) => {
            let mut inner = Value::Null;
            put(&mut inner, rest, value)?;
            fields.push((name.to_owned(), inner));
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::PRESETS;

    #[test]
    fn a_value_of_the_wrong_kind_is_told_by_its_field() {
        let base = (PRESETS[0].experiment)();
        let wrong =
            [("seed", Value::from(3.0)), ("warmup_steps", Value::from("frog")), ("batch_size", Value::from(8.0))];
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
