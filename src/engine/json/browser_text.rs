//! JSON as text, read and written by the browser: every page has a parser and a printer already, and the tables by which
//! numbers are printed need not be loaded with the page.

use super::Value;
use js_sys::{Array, JSON, Object, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The deepest tree that is read, the same as natively: deeper ones would overflow the stack.
const MOST_DEPTH: usize = 127;

/// A text as a tree.
///
/// # Errors
///
/// Where the text is no JSON: what the browser says.
pub fn read(text: &str) -> Result<Value, String> {
    let parsed = JSON::parse(text).map_err(|error| {
        error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.message())).unwrap_or_default()
    })?;
    tree(&parsed, 0).ok_or_else(|| format!("it is nested more than {MOST_DEPTH} deep"))
}

/// A tree as text, on one line.
pub fn write(tree: &Value) -> String {
    // What was made of a tree can be written.
    JSON::stringify(&js(tree)).map(String::from).unwrap_or_default()
}

fn tree(value: &JsValue, depth: usize) -> Option<Value> {
    if depth > MOST_DEPTH {
        return None;
    }
    if let Some(text) = value.as_string() {
        return Some(Value::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return Some(Value::from(number));
    }
    if let Some(boolean) = value.as_bool() {
        return Some(Value::Boolean(boolean));
    }
    if let Some(list) = value.dyn_ref::<Array>() {
        return list.iter().map(|value| tree(&value, depth + 1)).collect::<Option<Vec<Value>>>().map(Value::List);
    }
    let Some(object) = value.dyn_ref::<Object>() else { return Some(Value::Null) };
    let mut fields = Vec::new();
    for entry in Object::entries(object).iter() {
        let entry: Array = entry.unchecked_into();
        fields.push((entry.get(0).as_string()?, tree(&entry.get(1), depth + 1)?));
    }
    Some(Value::Object(fields))
}

fn js(tree: &Value) -> JsValue {
    match tree {
        Value::Null => JsValue::NULL,
        Value::Boolean(boolean) => JsValue::from_bool(*boolean),
        Value::Number(number) => JsValue::from_f64(*number),
        Value::Text(text) => JsValue::from_str(text),
        Value::List(list) => list.iter().map(js).collect::<Array>().into(),
        Value::Object(fields) => {
            let object = Object::new();
            for (name, value) in fields {
                // Fails for no object that was just made.
                let _ = Reflect::set(&object, &JsValue::from_str(name), &js(value));
            }
            object.into()
        }
    }
}
