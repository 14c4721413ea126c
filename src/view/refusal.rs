//! Why an experiment is refused, in the page's language.

use super::rule_text::told;
use super::text::{Texts, fill};
use crate::experiment::{ExperimentError, Reason};

/// Why an experiment is refused: the field, and what it may hold.
pub fn refusal(error: &ExperimentError, texts: &Texts) -> String {
    let reason = match &error.reason {
        Reason::Range { value, least, most } => {
            fill(texts.not_between, &[("value", value), ("least", least), ("most", most)])
        }
        Reason::Unknown { value, known } => fill(texts.none_of, &[("value", value), ("known", known)]),
        Reason::Parameters { count, most } => {
            fill(texts.too_large, &[("count", &count.to_string()), ("most", &most.to_string())])
        }
        Reason::Runs { count, most } => {
            fill(texts.too_many_runs, &[("count", &count.to_string()), ("most", &most.to_string())])
        }
        Reason::Interval { value, range } => fill(texts.not_in, &[("value", value), ("range", range)]),
        Reason::NoField => texts.no_field.to_owned(),
        Reason::Rule(error) => told(error, texts.rule_at, texts),
        Reason::Json(detail) => fill(texts.not_json, &[("detail", detail)]),
        Reason::Other(text) => text.clone(),
    };
    format!("{}: {reason}", error.field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{Experiment, PRESETS};
    use crate::view::text::Language;

    #[test]
    fn a_refusal_is_told_in_each_language_and_in_english_as_the_engine_tells_it() {
        let base = || (PRESETS[0].experiment)();
        let many = |count| Experiment {
            learning_rates: crate::experiment::LearningRates { count, ..base().learning_rates },
            ..base()
        };
        let wrong = [
            Experiment { batch_size: 0, ..base() },
            Experiment { task: "nothing".to_owned(), ..base() },
            Experiment { clip_threshold: Some(-1.0), ..base() },
            many(9999),
        ];
        for experiment in wrong {
            let Err(error) = experiment.resolve() else { panic!("it is wrong") };
            assert_eq!(refusal(&error, Language::English.texts()), error.to_string());
            let indonesian = refusal(&error, Language::Indonesian.texts());
            assert_ne!(indonesian, error.to_string());
            assert!(indonesian.starts_with(&format!("{}: ", error.field)));
        }
    }
}
