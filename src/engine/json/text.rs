//! JSON as text, read and written by serde_json.

use serde_json::Value;

/// A text as a tree.
///
/// # Errors
///
/// Where the text is no JSON: what the parser says, in English.
pub fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A tree as text, on one line.
pub fn write(tree: &Value) -> String {
    tree.to_string()
}
