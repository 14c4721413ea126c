//! All texts of the page, one file a language.
//!
//! [`english`] is the source: its list decides which texts there are and which placeholders each has. Every other language
//! is a file of the same form. A text that a language lacks, a placeholder that is misspelt and one that is left out do not
//! compile.

mod english;
mod indonesian;

pub use english::Texts;
use std::fmt::Display;

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// Indonesian.
    Indonesian,
}

impl Language {
    /// All languages, in the order in which they are offered.
    pub const ALL: [Self; 2] = [Self::English, Self::Indonesian];

    /// The language's tag (BCP 47).
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Indonesian => "id",
        }
    }

    /// The language of a tag such as "id" or "id-ID".
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.split(['-', '_']).next()?.to_ascii_lowercase();
        Self::ALL.into_iter().find(|language| language.tag() == primary)
    }

    /// The texts in this language.
    pub fn texts(self) -> &'static Texts {
        match self {
            Self::English => &english::TEXTS,
            Self::Indonesian => &indonesian::TEXTS,
        }
    }
}

/// The values of a template's placeholders, by their names.
type Values<'a> = [(&'a str, &'a dyn Display)];

/// Whether a text has these placeholders, `{name}`, each at least once, and no others.
const fn has_placeholders(text: &str, names: &[&str]) -> bool {
    let text = text.as_bytes();
    let mut index = 0;
    // One bit for each name that was found.
    let mut found = 0u32;
    while index < text.len() {
        if text[index] == b'{' {
            let begin = index + 1;
            while index < text.len() && text[index] != b'}' {
                index += 1;
            }
            let mut name = 0;
            let mut is_known = false;
            while name < names.len() {
                if is_same(text, begin, index, names[name].as_bytes()) {
                    found |= 1 << name;
                    is_known = true;
                }
                name += 1;
            }
            if !is_known {
                return false;
            }
        }
        index += 1;
    }
    found == (1 << names.len()) - 1
}

/// Whether the bytes from `begin` to `end` are these.
const fn is_same(text: &[u8], begin: usize, end: usize, other: &[u8]) -> bool {
    if end - begin != other.len() {
        return false;
    }
    let mut index = 0;
    while index < other.len() {
        if text[begin + index] != other[index] {
            return false;
        }
        index += 1;
    }
    true
}

/// A text whose placeholders have been checked while it was compiled.
const fn checked(text: &'static str, names: &[&str]) -> &'static str {
    assert!(has_placeholders(text, names), "a placeholder of a text is misspelt, left out or not declared");
    text
}

/// A template with its values in the places of their names. `None` where a value is missing.
fn fill(template: &str, values: &Values, mark: DecimalMark) -> Option<String> {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        out.push_str(before);
        let (_, value) = values.iter().find(|(known, _)| *known == name)?;
        out.push_str(&mark.of(value.to_string()));
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

/// What separates the whole part of a number from its fraction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecimalMark {
    /// As in English, and in code.
    Point,
    /// As in Indonesian.
    Comma,
}

impl DecimalMark {
    /// A text whose numbers have this mark; it comes with points.
    pub fn of(self, text: String) -> String {
        if self == Self::Point || !text.contains('.') {
            return text;
        }
        let bytes = text.as_bytes();
        let is_digit = |index: usize| bytes.get(index).is_some_and(u8::is_ascii_digit);
        let mark = |(index, letter): (usize, char)| {
            // Not at the end of a sentence.
            if letter == '.' && index > 0 && is_digit(index - 1) && is_digit(index + 1) { ',' } else { letter }
        };
        text.char_indices().map(mark).collect()
    }
}

/// Whether the values of this template are code: a rule, a link, a field of an experiment. Code has a decimal point in every language.
fn is_code(name: &str) -> bool {
    ["rule_", "link_", "expected_", "bad_", "none_of", "not_kind", "not_json", "share_"]
        .iter()
        .any(|kind| name.starts_with(kind))
}

/// How a template is read: a method that takes the values of its placeholders. A plain text is a field.
macro_rules! text_method {
    ($name:ident) => {};
    ($name:ident $($placeholder:ident),+) => {
        pub fn $name(&self, $($placeholder: impl std::fmt::Display),+) -> String {
            self.fill(stringify!($name), self.$name, &[$((stringify!($placeholder), &$placeholder)),+])
        }
    };
}

/// The texts of the source language, which define [`Texts`].
macro_rules! source_texts {
    ($decimal:ident; $($name:ident $(($($placeholder:ident),+))? = $text:literal;)*) => {
        /// The texts of one language: plain ones are fields, templates are methods that take the placeholders' values.
        #[allow(missing_docs, reason = "a text's name and the text itself say it")]
        pub struct Texts {
            pub(super) decimal: super::DecimalMark,
            $(pub $name: &'static str,)*
        }

        #[allow(missing_docs, reason = "as above")]
        impl Texts {
            $(text_method!($name $($($placeholder),+)?);)*

            /// All texts, in the order of [`NAMES`].
            fn all(&self) -> [&'static str; NAMES.len()] {
                [$(self.$name),*]
            }

            fn fill(&self, name: &str, template: &str, values: &super::Values) -> String {
                let mark = if super::is_code(name) { super::DecimalMark::Point } else { self.decimal };
                // Every template was checked against the placeholders that its method gives.
                super::fill(template, values, mark).unwrap_or_default()
            }

            /// How this language writes numbers.
            pub fn decimal(&self) -> super::DecimalMark {
                self.decimal
            }

            /// A text whose numbers are written as in this language; they come with a decimal point.
            pub fn number(&self, text: String) -> String {
                self.decimal.of(text)
            }

            /// The text of this name, for names that are made of an id: `task_digits`. `values` are those of a template's
            /// placeholders; without one of them a template is no answer.
            pub fn named(&self, name: &str, values: &[(&str, &dyn std::fmt::Display)]) -> Option<Cow<'static, str>> {
                let text = self.all()[NAMES.iter().position(|known| *known == name)?];
                if text.contains('{') { super::fill(text, values, self.decimal).map(Cow::Owned) } else { Some(text.into()) }
            }
        }

        /// The names of the texts.
        static NAMES: &[&str] = &[$(stringify!($name)),*];

        pub(super) static TEXTS: Texts = Texts {
            decimal: super::DecimalMark::$decimal,
            $($name: const { super::checked($text, &[$($(stringify!($placeholder)),+)?]) },)*
        };
    };
}

/// The texts of a language that translates the source.
macro_rules! translated_texts {
    ($decimal:ident; $($name:ident $(($($placeholder:ident),+))? = $text:literal;)*) => {
        pub(super) static TEXTS: super::Texts = super::Texts {
            decimal: super::DecimalMark::$decimal,
            $($name: const { super::checked($text, &[$($(stringify!($placeholder)),+)?]) },)*
        };
    };
}

use {source_texts, text_method, translated_texts};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_inserted_once_and_left_as_they_are() {
        let texts = Language::English.texts();
        assert_eq!(texts.none_of("{known}", 2), "{known} is none of 2");
    }

    #[test]
    fn a_placeholder_that_is_misspelt_or_left_out_is_found() {
        assert!(has_placeholders("{a} and {b}, {a}", &["a", "b"]));
        assert!(has_placeholders("none", &[]));
        for (text, names) in [("{a} and {c}", &["a", "b"][..]), ("{a}", &["a", "b"]), ("{a}", &[]), ("{}", &["a"])] {
            assert!(!has_placeholders(text, names), "{text}");
        }
    }

    #[test]
    fn numbers_in_a_text_have_the_mark_of_its_language_and_code_has_a_point() {
        let [english, indonesian] = Language::ALL.map(Language::texts);
        assert_eq!(english.with_clipping(6.1), "clip 6.1");
        assert_eq!(indonesian.with_clipping(6.1), "potong 6,1");
        assert_eq!(indonesian.number("0.008 sampai 1.5e3, v1.x. 7".to_owned()), "0,008 sampai 1,5e3, v1.x. 7");
        assert!(indonesian.link_value("learning_rates.from", "0.5", "0.001").contains("=0.5"));
        // A name that has its commas already keeps them.
        assert_eq!(indonesian.show(indonesian.with_clipping(6.1)), "Tampilkan potong 6,1");
    }

    #[test]
    fn tags_of_regions_find_their_language() {
        assert_eq!(Language::from_tag("id-ID"), Some(Language::Indonesian));
        assert_eq!(Language::from_tag("EN_gb"), Some(Language::English));
        assert_eq!(Language::from_tag("fr"), None);
    }
}
