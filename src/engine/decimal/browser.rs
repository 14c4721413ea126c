//! Digits by the browser: ECMAScript, too, writes the shortest and reads the nearest.

use wasm_bindgen::JsValue;

/// The shortest digits that are read as this very number, with or without an exponent.
pub fn written(value: f64) -> String {
    if value == 0.0 && value.is_sign_negative() {
        return "-0".to_owned();
    }
    // Only a radix other than 2 to 36 is refused.
    js_sys::Number::from(value).to_string_with_radix(10).map(String::from).unwrap_or_default()
}

/// The nearest binary number.
pub fn read(text: &str) -> Option<f64> {
    let value = JsValue::from_str(text).unchecked_into_f64();
    (!value.is_nan()).then_some(value)
}
