//! Why an experiment is refused, in the page's language.

use super::rule_text::told;
use super::text::{Texts, fill};
use brink_engine::experiment::{ExperimentError, Reason};
use brink_engine::json::{Fault, Kind};

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
        Reason::Field(fault) => field_fault(fault, texts),
        Reason::NoField => texts.no_field.to_owned(),
        Reason::Rule(error) => told(error, texts.rule_at, texts),
        Reason::Json(detail) => fill(texts.not_json, &[("detail", detail)]),
        Reason::Other(text) => text.clone(),
    };
    format!("{}: {reason}", error.field)
}

/// What is wrong with a field that does not hold what it should.
fn field_fault(fault: &Fault, texts: &Texts) -> String {
    match fault {
        Fault::Missing => texts.field_missing.to_owned(),
        Fault::Unknown { found, known } => {
            fill(texts.none_of, &[("value", &format!("{found:?}")), ("known", &known.join(", "))])
        }
        Fault::Kind { found, kind } => {
            let kind = match kind {
                Kind::Number => texts.kind_number.to_owned(),
                Kind::Whole(most) => fill(texts.kind_whole, &[("most", &most.to_string())]),
                Kind::Text => texts.kind_text.to_owned(),
                Kind::Boolean => texts.kind_boolean.to_owned(),
                Kind::List => texts.kind_list.to_owned(),
                Kind::Object => texts.kind_object.to_owned(),
            };
            fill(texts.not_kind, &[("value", found), ("kind", &kind)])
        }
        Fault::Either(first, second) => fill(texts.either, &[("first", first), ("second", second)]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;
    use brink_engine::experiment::{Experiment, PRESETS, apply};
    use brink_engine::json::Value;

    #[test]
    fn a_refusal_is_told_in_each_language_and_in_english_as_the_engine_tells_it() {
        let base = || (PRESETS[0].experiment)();
        let many = |count| Experiment {
            learning_rates: brink_engine::experiment::LearningRates { count, ..base().learning_rates },
            ..base()
        };
        let wrong = [
            Experiment { batch_size: 0, ..base() },
            Experiment { task: "nothing".to_owned(), ..base() },
            Experiment { clip_threshold: Some(-1.0), ..base() },
            many(9999),
        ];
        let resolved = wrong.into_iter().map(|experiment| experiment.resolve().err());
        let changes = [
            ("seed", Value::from("frog")),
            ("schedule", Value::from("steep")),
            ("task", Value::from(1.0)),
            ("model.final_norm", Value::from(1.0)),
            ("runs", Value::from(1.0)),
            ("learning_rates", Value::from(1.0)),
            ("initial_scale", Value::from("1")),
            ("batch_size", Value::Null),
            ("optimizer.rule", Value::Null),
        ];
        let applied = changes.into_iter().map(|change| apply(&base(), [change]).err());
        for error in resolved.chain(applied) {
            let Some(error) = error else { panic!("it is wrong") };
            assert_eq!(refusal(&error, Language::English.texts()), error.to_string());
            let indonesian = refusal(&error, Language::Indonesian.texts());
            assert_ne!(indonesian, error.to_string());
            assert!(indonesian.starts_with(&format!("{}: ", error.field)));
        }
    }
}
