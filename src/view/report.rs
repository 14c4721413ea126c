//! What a procedure found, in words.

use std::borrow::Cow;

use super::number::{rounded, short};
use super::text::Texts;
use brink_engine::number::{shortest, significant};
use brink_playbook::procedures::{Arm, Fact, Report};
use serde_json::Value;

/// What a procedure is called, and what it does.
pub struct Told {
    /// Its title.
    pub title: Cow<'static, str>,
    /// What it does, in a sentence or two.
    pub about: Cow<'static, str>,
}

fn named(texts: &Texts, kind: &str, id: &str) -> Cow<'static, str> {
    texts.named(&format!("{kind}_{}", id.replace('-', "_")), &[]).unwrap_or_default()
}

/// A procedure's title and what it does.
pub fn told(procedure: &str, texts: &Texts) -> Told {
    Told { title: named(texts, "procedure", procedure), about: named(texts, "procedure_about", procedure) }
}

/// What a fact is, without of what.
pub fn what(fact: &Fact, texts: &Texts) -> Cow<'static, str> {
    named(texts, "fact", fact.what)
}

/// What a fact is, of what; `of` is what the arm is called.
pub fn fact_name(fact: &Fact, of: &str, texts: &Texts) -> String {
    if of.is_empty() { what(fact, texts).into_owned() } else { format!("{of}: {}", what(fact, texts)) }
}

/// A value: a number with four significant digits, yes or no, a verdict by its name.
pub fn fact_value(value: &Value, texts: &Texts) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::Bool(true) => texts.yes.to_owned(),
        Value::Bool(false) => texts.no.to_owned(),
        Value::Number(number) => texts.number(shortest(significant(number.as_f64().unwrap_or(f64::NAN), 4))),
        Value::String(text) => match text.as_str() {
            // The text of a divergence names its step.
            "diverged" => texts.diverged_band.into(),
            verdict => texts.named(&format!("verdict_{verdict}"), &[]).unwrap_or_else(|| text.clone().into()),
        }
        .into_owned(),
        other => other.to_string(),
    }
}

/// What a report comes to, in a sentence or two. `name` is what an arm is called.
pub fn conclusion(report: &Report, name: impl Fn(&Arm) -> String, texts: &Texts) -> String {
    let number = |what: &str| report.get(what).and_then(Value::as_f64);
    let is = |what: &str| report.get(what).and_then(Value::as_bool).unwrap_or(false);
    let rate = |what: &str| number(what).map_or_else(|| "–".to_owned(), short);
    let loss = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), |value| short(rounded(value)));
    let arm = |of: &str| report.arms.iter().find(|arm| arm.name == of).map_or_else(|| of.to_owned(), &name);
    // The arm with the lowest loss at its own lr*, of those that are compared.
    let best = |without: &[&str]| {
        let is_compared = |fact: &&Fact| {
            fact.what == "final_loss_at_star" && !fact.of.is_empty() && !without.contains(&fact.of.as_str())
        };
        let losses = report.facts.iter().filter(is_compared).filter_map(|fact| Some((fact, fact.value.as_f64()?)));
        match losses.min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((best, least)) => texts.report_best(arm(&best.of), loss(Some(least))),
            None => texts.sentence_none.to_owned(),
        }
    };
    match report.procedure {
        "sweep" => {
            let edge = if is("at_edge") { texts.report_at_edge } else { texts.report_not_at_edge };
            format!("{} {edge}", texts.report_sweep(rate("refined_star"), loss(number("final_loss_at_star"))))
        }
        "early-check" if report.get("verdict").and_then(Value::as_str) == Some("diverged") => {
            texts.report_check_diverged(rate("check_rate"))
        }
        "early-check" => {
            let first =
                texts.report_check(rate("check_rate"), loss(number("first_loss")), loss(number("highest_loss")));
            let then = match (is("seen"), is("seen_seldom")) {
                (true, false) => texts.report_check_missed,
                (true, true) => texts.report_check_seen,
                (false, _) => texts.report_check_calm,
            };
            format!("{first} {then}")
        }
        "warmup" if !is("warmup_found") => texts.report_no_warmup.to_owned(),
        "warmup" => {
            let found = texts.report_warmup(rate("warmup_steps"), rate("target_rate"));
            let losses = texts.report_warmup_losses(
                loss(number("best_warm")),
                loss(number("best_baseline")),
                loss(number("best_matched")),
            );
            let advice = match (is("advised"), is("more_steps")) {
                (false, _) => texts.report_warmup_long,
                (true, true) => texts.report_warmup_more,
                (true, false) => texts.report_warmup_short,
            };
            format!("{found} {losses} {advice}")
        }
        "clip" => {
            let too_tight = report.facts.iter().filter(|fact| fact.what == "lower_rate_instead" && fact.value == true);
            let tight: Vec<String> = too_tight.map(|fact| arm(&fact.of)).collect();
            let tight =
                if tight.is_empty() { texts.report_clip_fine.to_owned() } else { texts.report_clip(tight.join(", ")) };
            format!("{} {tight}", best(&[]))
        }
        // The network as it was is no fix.
        "initialisation" => {
            let first = report.arms.first().map_or("", |arm| arm.name.as_str());
            let is_dead = |arm: &&Arm| arm.star().is_none();
            let dead: Vec<String> = report.arms.iter().filter(is_dead).map(&name).collect();
            let dead = if dead.is_empty() { String::new() } else { texts.report_infeasible(dead.join("; ")) };
            format!("{} {dead}", best(&[first])).trim_end().to_owned()
        }
        "batch-size" => texts.report_batch(loss(number("gap_fixed")), loss(number("gap_tuned"))),
        "diagnose" if number("unstable_rate").is_none() => texts.report_calm(rate("star")),
        procedure => {
            let best = best(&[]);
            if procedure != "diagnose" {
                return best;
            }
            let edge = if is("at_edge") { texts.report_at_edge } else { texts.report_not_at_edge };
            format!("{} {edge} {best}", texts.report_star(rate("star"), rate("unstable_rate")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;
    use brink_playbook::procedures::{FACTS, PROCEDURES};

    #[test]
    fn every_procedure_and_every_fact_is_told_in_every_language() {
        for language in Language::ALL {
            let texts = language.texts();
            for procedure in &PROCEDURES {
                let Told { title, about } = told(procedure.id, texts);
                assert!(!title.is_empty() && !about.is_empty(), "{language:?} {}", procedure.id);
            }
            for fact in FACTS {
                assert!(!named(texts, "fact", fact).is_empty(), "{language:?} {fact}");
            }
        }
    }

    #[test]
    fn a_report_ends_in_a_sentence_of_its_own_numbers() {
        let texts = Language::English.texts();
        let fact = |what, of: &str, value: Value| Fact { what, of: of.to_owned(), value };
        let report = |procedure, facts| Report { procedure, facts, arms: Vec::new() };
        let told = |report: Report| conclusion(&report, |arm| arm.name.clone(), texts);
        let search = vec![
            fact("warmup_found", "", true.into()),
            fact("warmup_steps", "", 30.into()),
            fact("target_rate", "", 0.16.into()),
            fact("best_warm", "", 0.41.into()),
            fact("best_baseline", "", 0.52.into()),
            fact("best_matched", "", 0.5.into()),
            fact("advised", "", true.into()),
            fact("more_steps", "", true.into()),
        ];
        let text = told(report("warmup", search));
        for part in ["30 steps", "0.16", "0.41", "0.52", "0.5", "5 %"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let none = vec![fact("warmup_found", "", false.into())];
        assert_eq!(told(report("warmup", none)), texts.report_no_warmup);
        let clip = |is: bool| vec![fact("lower_rate_instead", "clip 0.3", is.into())];
        assert!(told(report("clip", clip(true))).contains("clip 0.3"));
        assert!(told(report("clip", clip(false))).ends_with(texts.report_clip_fine));
        let diverged = vec![fact("verdict", "", "diverged".into()), fact("check_rate", "", 0.016.into())];
        assert_eq!(told(report("early-check", diverged)), texts.report_check_diverged("0.016"));
        let compared = vec![
            fact("final_loss_at_star", "sgd", 0.7.into()),
            fact("final_loss_at_star", "adam", 0.3.into()),
            fact("final_loss_at_star", "rmsprop", Value::Null),
        ];
        assert!(told(report("compare", compared)).contains("adam"));
        assert_eq!(fact_value(&0.123_456.into(), texts), "0.1235");
        assert_eq!(fact_value(&"mid_instability".into(), texts), "mid-training instability");
    }
}
