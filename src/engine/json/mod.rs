//! The program's types as JSON and back. A tree that does not fit is told by its field and by what is allowed there, for
//! each language to say in its words; serde's derives say it in English, and are a tenth of the page.

#[cfg(target_arch = "wasm32")]
#[path = "browser_text.rs"]
mod text;
#[cfg(not(target_arch = "wasm32"))]
mod text;

#[cfg(not(target_arch = "wasm32"))]
pub use text::write_lines;
pub use text::{read, write};

use litemap::LiteMap;

/// The largest whole number that every reader of JSON keeps.
const MOST_WHOLE: u64 = 1 << 53;
/// How much of a wrong value is repeated, in characters.
const MOST_REPEATED: usize = 40;

/// A JSON tree.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// `null`
    #[default]
    Null,
    /// `true` or `false`
    Boolean(bool),
    /// A finite number.
    Number(f64),
    /// A text.
    Text(String),
    /// `[...]`
    List(Vec<Value>),
    /// `{...}`, each name once, in the order in which they are written.
    Object(Vec<(String, Value)>),
}

impl Value {
    /// The number of a tree that is one.
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The text of a tree that is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The fields of a tree that is an object.
    pub fn fields_mut(&mut self) -> Option<&mut Vec<(String, Value)>> {
        if let Self::Object(fields) = self { Some(fields) } else { None }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for Value {
    /// JSON has no NaN and no infinity: they are null.
    fn from(number: f64) -> Self {
        if number.is_finite() { Self::Number(number) } else { Self::Null }
    }
}

/// The value of a field.
pub fn field<'a>(fields: &'a [(String, Value)], name: &str) -> Option<&'a Value> {
    fields.iter().find(|field| field.0 == name).map(|field| &field.1)
}

/// What JSON can hold.
pub trait Json: Sized {
    /// This as a tree.
    fn to_tree(&self) -> Value;
    /// What a tree stands for.
    fn from_tree(tree: &Value) -> Result<Self, Mismatch>;
}

/// A tree that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct Mismatch {
    /// The path of the field: `model.width`; empty for the whole tree.
    pub path: String,
    /// What is wrong there.
    pub fault: Fault,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It has to be there.
    #[error("is missing")]
    Missing,
    /// A field or a name that is none of those that are known.
    #[error("{found:?} is none of {}", known.join(", "))]
    Unknown {
        /// As found.
        found: String,
        /// What is known.
        known: Vec<&'static str>,
    },
    /// Something of another kind.
    #[error("{found} is not {kind}")]
    Kind {
        /// As found, as JSON; the beginning of it where it is long.
        found: String,
        /// What is allowed.
        kind: Kind,
    },
    /// Of two fields there is to be one.
    #[error("give either {0} or {1}")]
    Either(&'static str, &'static str),
}

/// Kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kind {
    /// A finite number.
    #[error("a number")]
    Number,
    /// A number without fraction or sign, up to a largest one.
    #[error("a whole number from 0 to {0}")]
    Whole(u64),
    /// A text.
    #[error("a text")]
    Text,
    /// True or false.
    #[error("true or false")]
    Boolean,
    /// A list.
    #[error("a list")]
    List,
    /// An object with fields.
    #[error("an object")]
    Object,
}

impl Mismatch {
    /// Something wrong with the whole tree.
    pub fn new(fault: Fault) -> Self {
        Self { path: String::new(), fault }
    }

    /// The same, seen from the object in which the tree is a field.
    pub fn within(mut self, field: &str) -> Self {
        self.path = if self.path.is_empty() { field.to_owned() } else { format!("{field}.{}", self.path) };
        self
    }

    /// A tree that is not of a kind.
    pub fn kind(tree: &Value, kind: Kind) -> Self {
        Self::new(Fault::Kind { found: beginning(&write(tree)), kind })
    }

    /// A name that is none of those that are known.
    pub fn unknown(found: &str, known: &[&'static str]) -> Self {
        Self::new(Fault::Unknown { found: found.to_owned(), known: known.to_vec() })
    }
}

/// The fields of an object.
pub struct Fields<'a>(&'a [(String, Value)]);

impl<'a> Fields<'a> {
    /// The fields of a tree that has no others than those that are known.
    pub fn of(tree: &'a Value, known: &[&'static str]) -> Result<Self, Mismatch> {
        let Value::Object(fields) = tree else { return Err(Mismatch::kind(tree, Kind::Object)) };
        match fields.iter().find(|field| !known.contains(&field.0.as_str())) {
            Some((name, _)) => Err(Mismatch::unknown(name, known).within(name)),
            None => Ok(Self(fields)),
        }
    }

    /// A field that has to be there.
    pub fn required<T: Json>(&self, name: &str) -> Result<T, Mismatch> {
        match self.optional(name)? {
            Some(value) => Ok(value),
            None => Err(Mismatch::new(Fault::Missing).within(name)),
        }
    }

    /// A field that may be absent.
    pub fn optional<T: Json>(&self, name: &str) -> Result<Option<T>, Mismatch> {
        field(self.0, name).map(T::from_tree).transpose().map_err(|mismatch| mismatch.within(name))
    }
}

/// A tree of fields.
pub fn object<const N: usize>(fields: [(&str, Value); N]) -> Value {
    object_of(&mut fields.into_iter())
}

/// A tree of fields, however many.
pub fn object_of(fields: &mut dyn Iterator<Item = (&str, Value)>) -> Value {
    let mut named = Vec::new();
    for (name, value) in fields {
        named.push((name.to_owned(), value));
    }
    Value::Object(named)
}

/// One of several cases: its name and what belongs to it, null where nothing does.
pub fn case(tree: &Value) -> Result<(&str, &Value), Mismatch> {
    match tree {
        Value::Text(name) => Ok((name, &Value::Null)),
        Value::Object(fields) => match fields.as_slice() {
            [(name, inner)] => Ok((name, inner)),
            _ => Err(Mismatch::kind(tree, Kind::Object)),
        },
        _ => Err(Mismatch::kind(tree, Kind::Object)),
    }
}

/// The beginning of a wrong value, enough to know it by.
pub fn beginning(text: &str) -> String {
    let mut short: String = text.chars().take(MOST_REPEATED).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Whether a field that may be left out is: null, an empty list, an empty object.
pub fn is_empty(tree: &Value) -> bool {
    match tree {
        Value::Null => true,
        Value::List(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// `impl Json` for a struct, from its fields: `required`, `or(default)` where absent means a value, `optional` where it is
/// also left out in writing while empty.
#[macro_export]
macro_rules! json_fields {
    ($type:ty { $($field:ident: $rule:ident $(($default:expr))?),+ $(,)? }) => {
        impl $crate::json::Json for $type {
            fn to_tree(&self) -> $crate::json::Value {
                let fields = [$((
                    stringify!($field),
                    $crate::json::Json::to_tree(&self.$field),
                    $crate::json::json_fields!(@stays $rule),
                )),+];
                let stay = |(name, tree, stays)| (stays || !$crate::json::is_empty(&tree)).then_some((name, tree));
                $crate::json::object_of(&mut fields.into_iter().filter_map(stay))
            }

            fn from_tree(tree: &$crate::json::Value) -> Result<Self, $crate::json::Mismatch> {
                let fields = $crate::json::Fields::of(tree, &[$(stringify!($field)),+])?;
                Ok(Self { $($field: $crate::json::json_fields!(@read fields, stringify!($field), $rule $($default)?)),+ })
            }
        }
    };
    (@stays optional) => { false };
    (@stays $rule:ident) => { true };
    (@read $fields:ident, $name:expr, required) => { $fields.required($name)? };
    (@read $fields:ident, $name:expr, optional) => { $fields.optional($name)?.unwrap_or_default() };
    (@read $fields:ident, $name:expr, or $default:expr) => { $fields.optional($name)?.unwrap_or_else(|| $default) };
}

/// `impl Json` for an enum of names.
#[macro_export]
macro_rules! json_names {
    ($type:ty { $($case:ident = $name:literal),+ $(,)? }) => {
        impl $crate::json::Json for $type {
            fn to_tree(&self) -> $crate::json::Value {
                $crate::json::Value::from(match self { $(Self::$case => $name),+ })
            }

            fn from_tree(tree: &$crate::json::Value) -> Result<Self, $crate::json::Mismatch> {
                match <String as $crate::json::Json>::from_tree(tree)?.as_str() {
                    $($name => Ok(Self::$case),)+
                    other => Err($crate::json::Mismatch::unknown(other, &[$($name),+])),
                }
            }
        }
    };
}

pub use {json_fields, json_names};

/// A whole number up to `most`.
fn whole(tree: &Value, most: u64) -> Result<u64, Mismatch> {
    let value =
        tree.as_number().filter(|value| *value >= 0.0 && *value <= MOST_WHOLE as f64 && value.trunc() == *value);
    value
        .map(|value| value as u64)
        .filter(|value| *value <= most)
        .ok_or_else(|| Mismatch::kind(tree, Kind::Whole(most)))
}

impl Json for u32 {
    fn to_tree(&self) -> Value {
        Value::Number(f64::from(*self))
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        Ok(whole(tree, u64::from(u32::MAX))? as u32)
    }
}

impl Json for u64 {
    fn to_tree(&self) -> Value {
        Value::Number(*self as f64)
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        whole(tree, MOST_WHOLE)
    }
}

impl Json for usize {
    fn to_tree(&self) -> Value {
        Value::Number(*self as f64)
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        Ok(whole(tree, MOST_WHOLE.min(usize::MAX as u64))? as usize)
    }
}

impl Json for f64 {
    fn to_tree(&self) -> Value {
        Value::from(*self)
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        tree.as_number().ok_or_else(|| Mismatch::kind(tree, Kind::Number))
    }
}

/// JSON has no NaN and no infinity: a measurement that is not finite is written as null and read as NaN.
impl Json for f32 {
    fn to_tree(&self) -> Value {
        Value::from(f64::from(*self))
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        if *tree == Value::Null { Ok(f32::NAN) } else { Ok(f64::from_tree(tree)? as f32) }
    }
}

impl Json for bool {
    fn to_tree(&self) -> Value {
        Value::Boolean(*self)
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        if let Value::Boolean(boolean) = tree { Ok(*boolean) } else { Err(Mismatch::kind(tree, Kind::Boolean)) }
    }
}

impl Json for String {
    fn to_tree(&self) -> Value {
        Value::from(self.as_str())
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        tree.as_text().map(str::to_owned).ok_or_else(|| Mismatch::kind(tree, Kind::Text))
    }
}

impl<T: Json> Json for Option<T> {
    fn to_tree(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::to_tree)
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        if *tree == Value::Null { Ok(None) } else { T::from_tree(tree).map(Some) }
    }
}

impl<T: Json> Json for Vec<T> {
    fn to_tree(&self) -> Value {
        Value::List(self.iter().map(T::to_tree).collect())
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        let Value::List(list) = tree else { return Err(Mismatch::kind(tree, Kind::List)) };
        let one = |(index, tree): (usize, &Value)| T::from_tree(tree).map_err(|wrong| wrong.within(&index.to_string()));
        list.iter().enumerate().map(one).collect()
    }
}

/// Numbers by their names.
impl Json for LiteMap<String, f64> {
    fn to_tree(&self) -> Value {
        object_of(&mut self.iter().map(|(name, value)| (name.as_str(), value.to_tree())))
    }

    fn from_tree(tree: &Value) -> Result<Self, Mismatch> {
        let Value::Object(fields) = tree else { return Err(Mismatch::kind(tree, Kind::Object)) };
        let mut numbers = Self::new();
        for (name, tree) in fields {
            numbers.insert(name.clone(), f64::from_tree(tree).map_err(|wrong| wrong.within(name))?);
        }
        Ok(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq)]
    struct Inner {
        count: u32,
        flag: bool,
        names: Vec<String>,
    }
    json_fields!(Inner { count: required, flag: or(true), names: optional });

    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Colour {
        Red,
        DarkBlue,
    }
    json_names!(Colour { Red = "red", DarkBlue = "dark_blue" });

    #[derive(Clone, Debug, PartialEq)]
    struct Outer {
        inner: Inner,
        colours: Vec<Colour>,
        loss: f32,
        rate: Option<f64>,
        constants: LiteMap<String, f64>,
    }
    json_fields!(Outer { inner: required, colours: required, loss: required, rate: or(None), constants: optional });

    fn outer(text: &str) -> Result<Outer, Mismatch> {
        Outer::from_tree(&read(text).expect("JSON"))
    }

    #[test]
    fn what_is_written_is_read() {
        let one = Outer {
            inner: Inner { count: 3, flag: false, names: vec!["é\"".to_owned()] },
            colours: vec![Colour::DarkBlue, Colour::Red],
            loss: 0.1,
            rate: Some(1e-300),
            constants: [("beta".to_owned(), 0.9)].into_iter().collect(),
        };
        assert_eq!(outer(&write(&one.to_tree())), Ok(one.clone()));
        let empty = Outer { rate: None, constants: LiteMap::new(), ..one };
        let text = write(&empty.to_tree());
        assert!(text.contains("\"rate\":null") && !text.contains("constants"), "{text}");
        assert_eq!(outer(&text), Ok(empty));
    }

    #[test]
    fn a_number_comes_back_to_the_same_bits() {
        for text in ["122.416294033786585", "1e-300", "0.1", "5e-324", "1.7976931348623157e308", "9007199254740993"] {
            let number = read(text).expect("JSON").as_number().expect("a number");
            assert_eq!(Some(number), text.parse().ok());
            assert_eq!(read(&write(&Value::Number(number))), Ok(Value::Number(number)));
        }
    }

    #[test]
    fn what_is_absent_gets_its_default_and_what_is_not_finite_is_null() {
        let read = outer(r#"{"inner": {"count": 2.0}, "colours": [], "loss": null}"#).expect("it fits");
        assert_eq!(read.inner, Inner { count: 2, flag: true, names: Vec::new() });
        assert!(read.loss.is_nan() && read.loss.to_tree() == Value::Null);
        assert_eq!(read.rate, None);
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_path_and_what_is_allowed() {
        for (text, message) in [
            (r#"[]"#, ": [] is not an object"),
            (r#"{"colours": [], "loss": 1}"#, "inner: is missing"),
            (
                r#"{"inner": {"count": -1}, "colours": [], "loss": 1}"#,
                "inner.count: -1 is not a whole number from 0 to 4294967295",
            ),
            (
                r#"{"inner": {"count": 1.5}, "colours": [], "loss": 1}"#,
                "inner.count: 1.5 is not a whole number from 0 to 4294967295",
            ),
            (
                r#"{"inner": {"count": 1, "flag": "no"}, "colours": [], "loss": 1}"#,
                "inner.flag: \"no\" is not true or false",
            ),
            (
                r#"{"inner": {"count": 1, "size": 1}, "colours": [], "loss": 1}"#,
                "inner.size: \"size\" is none of count, flag, names",
            ),
            (r#"{"inner": {"count": 1, "names": [1]}, "colours": [], "loss": 1}"#, "inner.names.0: 1 is not a text"),
            (
                r#"{"inner": {"count": 1}, "colours": ["red", "pink"], "loss": 1}"#,
                "colours.1: \"pink\" is none of red, dark_blue",
            ),
            (r#"{"inner": {"count": 1}, "colours": {}, "loss": 1}"#, "colours: {} is not a list"),
            (r#"{"inner": {"count": 1}, "colours": [], "loss": true}"#, "loss: true is not a number"),
            (
                r#"{"inner": {"count": 1}, "colours": [], "loss": 1, "constants": {"a": "b"}}"#,
                "constants.a: \"b\" is not a number",
            ),
        ] {
            assert_eq!(outer(text).expect_err(text).to_string(), message);
        }
        let long = outer(&format!(r#"{{"inner": {:?}, "colours": [], "loss": 1}}"#, "x".repeat(99)));
        assert!(long.expect_err("too long").to_string().ends_with("xxx… is not an object"));
    }
}
