//! JSON as text, read and written by the browser: every page has a parser and a printer already, and the tables by which
//! numbers are printed need not be loaded with the page.

use super::Value;
use js_sys::{Array, JSON, Object};
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
    tree(&parsed, 0)
}

/// A tree as text, on one line.
pub fn write(tree: &Value) -> String {
    // What was made of a tree can be written.
    JSON::stringify(&js(tree)).map(String::from).unwrap_or_default()
}

fn tree(value: &JsValue, depth: usize) -> Result<Value, String> {
    if let Some(text) = value.as_string() {
        return Ok(Value::Text(text));
    }
    if let Some(number) = value.as_f64() {
        return if number.is_finite() { Ok(Value::Number(number)) } else { Err("a number is out of range".to_owned()) };
    }
    if let Some(boolean) = value.as_bool() {
        return Ok(Value::Boolean(boolean));
    }
    if value.is_null() {
        return Ok(Value::Null);
    }
    if depth == MOST_DEPTH {
        return Err(format!("it is nested more than {MOST_DEPTH} deep"));
    }
    if let Some(list) = value.dyn_ref::<Array>() {
        return list.iter().map(|value| tree(&value, depth + 1)).collect::<Result<_, _>>().map(Value::List);
    }
    let Some(object) = value.dyn_ref::<Object>() else { return Ok(Value::Null) };
    let mut fields = Vec::new();
    for entry in Object::entries(object).iter() {
        let entry: Array = entry.unchecked_into();
        fields.push((entry.get(0).as_string().unwrap_or_default(), tree(&entry.get(1), depth + 1)?));
    }
    Ok(Value::Object(fields))
}

fn js(tree: &Value) -> JsValue {
    match tree {
        Value::Null => JsValue::NULL,
        Value::Boolean(boolean) => JsValue::from_bool(*boolean),
        Value::Number(number) => JsValue::from_f64(*number),
        Value::Text(text) => JsValue::from_str(text),
        Value::List(list) => list.iter().map(js).collect::<Array>().into(),
        Value::Object(fields) => {
            // Not set one by one: a field named `__proto__` would be something else than a field.
            let entry = |(name, value): &(String, Value)| Array::of2(&JsValue::from_str(name), &js(value));
            Object::from_entries(&fields.iter().map(entry).collect::<Array>()).map_or(JsValue::NULL, JsValue::from)
        }
    }
}
