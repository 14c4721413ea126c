//! JSON as text, read and written by serde_json.

use super::Value;
use serde_json::{Map, Number};

/// A text as a tree.
///
/// # Errors
///
/// Where the text is no JSON: what the parser says, in English.
pub fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map(tree).map_err(|error| error.to_string())
}

/// A tree as text, on one line.
pub fn write(tree: &Value) -> String {
    library(tree).to_string()
}

/// A tree as text, a field a line.
pub fn write_lines(tree: &Value) -> String {
    format!("{:#}", library(tree))
}

fn tree(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(boolean) => Value::Boolean(boolean),
        serde_json::Value::Number(number) => Value::from(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::String(text) => Value::Text(text),
        serde_json::Value::Array(list) => Value::List(list.into_iter().map(tree).collect()),
        serde_json::Value::Object(map) => {
            Value::Object(map.into_iter().map(|(name, value)| (name, tree(value))).collect())
        }
    }
}

fn library(tree: &Value) -> serde_json::Value {
    match tree {
        Value::Null => serde_json::Value::Null,
        Value::Boolean(boolean) => serde_json::Value::Bool(*boolean),
        Value::Number(number) => {
            // A whole number is written without a point.
            let is_whole = number.trunc() == *number && number.abs() < super::MOST_WHOLE as f64;
            let whole =
                (is_whole && !(*number == 0.0 && number.is_sign_negative())).then(|| Number::from(*number as i64));
            whole.or_else(|| Number::from_f64(*number)).map_or(serde_json::Value::Null, serde_json::Value::Number)
        }
        Value::Text(text) => serde_json::Value::String(text.clone()),
        Value::List(list) => serde_json::Value::Array(list.iter().map(library).collect()),
        Value::Object(fields) => {
            let fields = fields.iter().map(|(name, value)| (name.clone(), library(value)));
            serde_json::Value::Object(fields.collect::<Map<_, _>>())
        }
    }
}
