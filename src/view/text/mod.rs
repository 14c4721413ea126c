//! All texts of the page, one file a language.
//!
//! [`english`] is the source: its list decides which texts there are and which placeholders each has. Every other language
//! is a file of the same form. A text that a language lacks, a placeholder that is misspelt and one that is left out do not
//! compile.

mod english;
mod indonesian;

pub use english::Texts;

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

/// The type that holds a text: a plain one, or a template that is a function of its placeholders' values.
macro_rules! text_type {
    () => { &'static str };
    ($($placeholder:ident),+) => { fn($(text_type!(@value $placeholder)),+) -> String };
    (@value $placeholder:ident) => { &dyn std::fmt::Display };
}

/// The text itself. `format!` refuses a placeholder that is not declared, and a declared one that the text does not use.
macro_rules! text_value {
    ($text:literal) => { $text };
    ($text:literal $($placeholder:ident),+) => {
        |$($placeholder: &dyn std::fmt::Display),+| format!($text, $($placeholder = $placeholder),+)
    };
}

/// How a text is read: a plain one is a field, a template a method.
macro_rules! text_method {
    ($name:ident) => {};
    ($name:ident $($placeholder:ident),+) => {
        pub fn $name(&self, $($placeholder: impl std::fmt::Display),+) -> String {
            (self.$name)($(&$placeholder),+)
        }
    };
}

/// The values of a template's placeholders, by their names.
type Values<'a> = [(&'a str, &'a dyn std::fmt::Display)];

/// A text as it is looked up by its name.
enum Named {
    Plain(fn(&Texts) -> &'static str),
    /// Without one of its placeholders' values a template is no answer.
    Template(fn(&Texts, &Values) -> Option<String>),
}

/// The value of a placeholder.
fn value<'a>(values: &Values<'a>, name: &str) -> Option<&'a dyn std::fmt::Display> {
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// A text with its name.
macro_rules! text_named {
    ($name:ident) => {
        (stringify!($name), super::Named::Plain(|texts| texts.$name))
    };
    ($name:ident $($placeholder:ident),+) => {
        (
            stringify!($name),
            super::Named::Template(|texts, values| {
                Some((texts.$name)($(super::value(values, stringify!($placeholder))?),+))
            }),
        )
    };
}

/// The texts of the source language, which define [`Texts`].
macro_rules! source_texts {
    ($($name:ident $(($($placeholder:ident),+))? = $text:literal;)*) => {
        /// The texts of one language: plain ones are fields, templates are methods that take the placeholders' values.
        #[allow(missing_docs, reason = "a text's name and the text itself say it")]
        pub struct Texts {
            $(pub $name: text_type!($($($placeholder),+)?),)*
        }

        #[allow(missing_docs, reason = "as above")]
        impl Texts {
            $(text_method!($name $($($placeholder),+)?);)*

            /// The text of this name, for names that are made of an id: `task_digits`. `values` are those of a template's
            /// placeholders.
            pub fn named(&self, name: &str, values: &[(&str, &dyn std::fmt::Display)]) -> Option<Cow<'static, str>> {
                let (_, text) = NAMED.iter().find(|(known, _)| *known == name)?;
                match text {
                    super::Named::Plain(text) => Some(text(self).into()),
                    super::Named::Template(text) => text(self, values).map(Cow::Owned),
                }
            }
        }

        /// Every text by its name.
        static NAMED: &[(&str, super::Named)] = &[$(text_named!($name $($($placeholder),+)?)),*];

        pub(super) static TEXTS: Texts = Texts { $($name: text_value!($text $($($placeholder),+)?),)* };
    };
}

/// The texts of a language that translates the source.
macro_rules! translated_texts {
    ($($name:ident $(($($placeholder:ident),+))? = $text:literal;)*) => {
        pub(super) static TEXTS: super::Texts = super::Texts { $($name: text_value!($text $($($placeholder),+)?),)* };
    };
}

use {source_texts, text_method, text_named, text_type, text_value, translated_texts};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_inserted_once_and_left_as_they_are() {
        let texts = Language::English.texts();
        assert_eq!(texts.none_of("{known}", 2), "{known} is none of 2");
    }

    #[test]
    fn tags_of_regions_find_their_language() {
        assert_eq!(Language::from_tag("id-ID"), Some(Language::Indonesian));
        assert_eq!(Language::from_tag("EN_gb"), Some(Language::English));
        assert_eq!(Language::from_tag("fr"), None);
    }
}
