//! Why an experiment is refused, in the page's language.

use super::rule_text::rule_error_clause;
use super::text::Texts;
use brink_engine::experiment::{Expected, ExperimentError, Reason};
use brink_engine::network::models::Needs;

/// Why an experiment is refused: the field, and what it may hold.
pub fn refusal(error: &ExperimentError, texts: &Texts) -> String {
    format!("{}: {}", error.field, reason(&error.reason, texts))
}

/// What is wrong with a value, where its field is in sight.
pub fn reason(reason: &Reason, texts: &Texts) -> String {
    match reason {
        Reason::Range { value, least, most } => texts.not_between(value, least, most),
        Reason::Unknown { value, known } => texts.none_of(value, known),
        Reason::Parameters { count, most } => texts.too_large(count, most),
        Reason::Runs { count, most } => texts.too_many_runs(count, most),
        Reason::Interval { value, range } => texts.not_in(value, range),
        Reason::Missing => texts.field_missing.to_owned(),
        Reason::Kind { found, expected } => texts.not_kind(found, kind(expected, texts)),
        Reason::Either(first, second) => texts.either(first, second),
        Reason::NoField => texts.no_field.to_owned(),
        Reason::Rule(error) => rule_error_clause(error, texts),
        Reason::Unreadable(needs) => texts.unreadable(match needs {
            Needs::Numbers => texts.needs_numbers,
            Needs::Tokens => texts.needs_tokens,
            Needs::Images => texts.needs_images,
        }),
        Reason::Multiple { divisor, value } => texts.no_multiple(divisor, value),
        Reason::OwnLearningRate => texts.own_learning_rate.to_owned(),
        Reason::NoTrainingSet => texts.no_training_set.to_owned(),
        Reason::NoOutlier => texts.no_outlier_of_tokens.to_owned(),
        Reason::Json(detail) => texts.not_json(detail),
        Reason::Other(text) => text.clone(),
    }
}

/// What kind of value a field holds.
fn kind(expected: &Expected, texts: &Texts) -> String {
    match expected {
        Expected::Number => texts.kind_number.to_owned(),
        Expected::Whole { least, most } => texts.kind_whole(least, most),
        Expected::Text => texts.kind_text.to_owned(),
        Expected::Boolean => texts.kind_boolean.to_owned(),
        Expected::List => texts.kind_list.to_owned(),
        Expected::Object => texts.kind_object.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;
    use brink_engine::experiment::{Experiment, PRESETS, Probe, apply, preset};
    use serde_json::Value;

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
            Experiment { task: "reverse".to_owned(), ..base() },
            Experiment { task: "teacher_stream".to_owned(), full_gradient_every: 10, ..base() },
            apply(&base().with_model_kind("transformer").expect("one"), [("model.heads", Value::from(3))])
                .expect("3 heads"),
            apply(&base().with_task("sort").expect("one"), [("data.outlier_step", Value::from(3))]).expect("a step"),
            Experiment { model: base().with_model_kind("convnet").expect("one").model, ..base() },
            Experiment {
                probe: Some(Probe { layer: "head.weight".to_owned(), index: 0 }),
                ..apply(
                    &preset("figure-4-stride-changed").expect("a preset"),
                    [("model.head_learning_rate", Value::from(0.25))],
                )
                .expect("a slower head")
            },
        ];
        let resolved = wrong.into_iter().map(|experiment| experiment.resolve().err());
        let changes = [
            ("seed", Value::from("frog")),
            ("schedule", Value::from("steep")),
            ("task", Value::from(1)),
            ("model.final_norm", Value::from(1)),
            ("runs", Value::from(1)),
            ("learning_rates", Value::from(1)),
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
