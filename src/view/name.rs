//! What a variant is called: what differs from the first one.

use super::metaparameter::{Change, choice_name, presentation};
use super::number::{short, three};
use super::rule_text::name_beside;
use super::text::Texts;
use brink_engine::experiment::{Difference, Experiment, RuleSource, definition, definitions, difference};
use brink_lab::{FleetRecord, FleetRun};
use serde_json::Value;

/// The name of the board's first variant: its optimizer, and where the norm sits or which model it is.
pub fn base_name(experiment: &Experiment, texts: &Texts) -> String {
    let kind = experiment.model.kind();
    let called = |path: &str| {
        let value = experiment.get(path);
        Some(choice_name(definition(path, &experiment.task, kind)?, value.as_str()?, texts))
    };
    let network = match experiment.get("model.placement").as_str() {
        Some("none") => texts.named_no_norm.to_owned(),
        Some(_) => texts.named_norm(called("model.placement").unwrap_or_default()),
        None => called("model.kind").unwrap_or_default(),
    };
    format!("{}, {network}", rule_name(experiment))
}

/// What each run of a family is called: its base learning rate; where they differ in their warmup alone, that.
pub fn run_names(fleet: &FleetRecord, texts: &Texts) -> Vec<String> {
    let is_by_warmup = differs_in_warmup(fleet);
    let name = |run: &FleetRun| {
        if is_by_warmup { texts.with_warmup(run.warmup_steps) } else { texts.number(short(run.base_learning_rate)) }
    };
    fleet.runs.iter().map(name).collect()
}

/// Whether the runs of a family have one learning rate and different warmups.
pub fn differs_in_warmup(fleet: &FleetRecord) -> bool {
    has_one_rate(fleet) && fleet.runs.windows(2).any(|pair| pair[0].warmup_steps != pair[1].warmup_steps)
}

/// Whether the runs of a family differ in something else than their learning rate.
pub fn has_one_rate(fleet: &FleetRecord) -> bool {
    fleet.runs.len() > 1 && fleet.runs.windows(2).all(|pair| pair[0].base_learning_rate == pair[1].base_learning_rate)
}

/// The name of another variant: "+ " and each thing that differs from `base`.
pub fn variant_name(base: &Experiment, experiment: &Experiment, texts: &'static Texts) -> String {
    let differences = difference(base, experiment);
    let mut parts: Vec<String> = Vec::new();
    for one in &differences {
        let part = part(one, &differences, base, experiment, texts);
        // Several fields of one control, such as those of the learning rates, have the same name.
        parts.extend(part.filter(|part| !parts.contains(part)));
    }
    if parts.is_empty() {
        return base_name(experiment, texts);
    }
    format!("+ {}", parts.join(", "))
}

fn part(
    one: &Difference,
    all: &[Difference],
    base: &Experiment,
    experiment: &Experiment,
    texts: &'static Texts,
) -> Option<String> {
    let is_of =
        |path: &str| one.field == path || one.field.strip_prefix(path).is_some_and(|rest| rest.starts_with('.'));
    let found =
        [experiment, base].iter().find_map(|of| definitions(&of.task, of.model.kind()).find(|one| is_of(one.path)));
    match found {
        Some(definition) => {
            let change = Change { definition, path: &one.field, to: &one.to, all, base, experiment, texts };
            (presentation(definition.id).named)(&change)
        }
        None if one.field == "runs" => Some(match &experiment.runs[..] {
            [run] => {
                let rate = texts.named_run(short(run.base_learning_rate));
                let warmup = run.warmup_steps.map(|steps| texts.with_warmup(steps));
                [Some(rate), warmup].into_iter().flatten().collect::<Vec<_>>().join(", ")
            }
            // Not its own any more: those of the grid.
            [] => grid_name(experiment, texts),
            runs => {
                let rates = runs.iter().map(|run| run.base_learning_rate);
                let (low, high) =
                    rates.fold((f64::INFINITY, 0.0f64), |(low, high), rate| (low.min(rate), high.max(rate)));
                if low < high { texts.named_rates(short(low), short(high)) } else { texts.named_runs(runs.len()) }
            }
        }),
        // The whole probe: what is looked at, not what is trained.
        None => None,
    }
}

/// The name of the update rule.
pub fn rule_name(experiment: &Experiment) -> String {
    match (experiment.rule(), &experiment.optimizer.rule) {
        (Ok(rule), _) => rule.name,
        (Err(_), RuleSource::Builtin(id)) => id.clone(),
        (Err(_), RuleSource::Text(_)) => "?".to_owned(),
    }
}

/// Another rule: its name or, for a text with the name of the first variant's rule, the line that differs.
pub(super) fn rule_change_name(change: &Change) -> Option<String> {
    if change.to.is_null() {
        // The other of the two fields names it.
        return None;
    }
    if change.path == "optimizer.text"
        && let (Ok(from), Ok(to)) = (change.base.rule(), change.experiment.rule())
    {
        return name_beside(&from, &to);
    }
    Some(rule_name(change.experiment))
}

/// Other constants of the rule.
pub(super) fn constants_name(change: &Change) -> Option<String> {
    let experiment = change.experiment;
    let name = change.path.strip_prefix(change.definition.path)?.trim_start_matches('.');
    if change.differs_in("optimizer.rule") && change.to.is_null() {
        // Another rule has other constants: that those of the first are gone needs no saying.
        return None;
    }
    if name.is_empty() {
        let constants = &experiment.optimizer.constants;
        let list: Vec<String> = constants.iter().map(|(name, value)| format!("{name} {}", three(*value))).collect();
        return Some(if list.is_empty() { rule_name(experiment) } else { list.join(", ") });
    }
    let value = match change.to {
        Value::Null => experiment.rule().ok()?.constants.iter().find(|constant| constant.name == name)?.default,
        value => value.as_f64()?,
    };
    Some(format!("{name} {}", three(value)))
}

/// Other base learning rates: their ends.
pub(super) fn rates_name(change: &Change) -> Option<String> {
    Some(grid_name(change.experiment, change.texts))
}

/// The ends of the grid of base learning rates.
fn grid_name(experiment: &Experiment, texts: &Texts) -> String {
    let values = experiment.learning_rates.values();
    let [low, high] = [values.first(), values.last()].map(|value| short(value.copied().unwrap_or(f64::NAN)));
    texts.named_rates(low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;
    use brink_engine::experiment::{Optimizer, PRESETS, Schedule, apply};

    fn named(change: impl Fn(&mut Experiment)) -> String {
        let base = (PRESETS[0].experiment)();
        let mut other = base.clone();
        change(&mut other);
        variant_name(&base, &other, Language::English.texts())
    }

    #[test]
    fn a_name_speaks_the_language_of_the_page_and_leaves_explanations_out() {
        let base = (PRESETS[0].experiment)();
        let mut changed = Experiment { schedule: Schedule::Cosine, task: "digits".to_owned(), ..base.clone() };
        changed = apply(&changed, [("model.branch", "zero".into())]).expect("an experiment");
        let texts = Language::Indonesian.texts();
        let name = |one: &Difference| part(one, &[], &base, &changed, texts).expect("a name");
        let mut parts: Vec<String> = difference(&base, &changed).iter().map(name).collect();
        parts.sort();
        assert_eq!(parts, ["angka 8×8", "cabang nol", "kosinus ke 0"]);
    }

    #[test]
    fn a_variant_is_named_by_what_differs() {
        let base = (PRESETS[0].experiment)();
        assert_eq!(base_name(&base, Language::English.texts()), "Momentum, no norm");
        assert_eq!(named(|e| e.warmup_steps = 200), "+ warmup 200");
        assert_eq!(named(|e| e.clip_threshold = Some(6.1)), "+ clip 6.1");
        assert_eq!(named(|e| e.optimizer = Optimizer::builtin("adam")), "+ Adam");
        assert_eq!(named(|e| e.optimizer.constants = [("gamma".to_owned(), 0.5)].into_iter().collect()), "+ gamma 0.5");
        let adam = |e: &mut Experiment| {
            e.optimizer = Optimizer::builtin("adam");
            e.optimizer.constants.insert("beta1".into(), 0.5);
        };
        assert_eq!(named(adam), "+ beta1 0.5, Adam");
        let own = |e: &mut Experiment| {
            let text = crate::rule_text::text_of(e).replace("v + g", "v + sign(g)");
            e.optimizer = crate::rule_text::optimizer(&text);
        };
        assert_eq!(named(own), "+ Momentum: v = gamma * v + sign(g)");
        let mut first = base.clone();
        own(&mut first);
        assert_eq!(variant_name(&first, &base, Language::English.texts()), "+ Momentum");
        assert_eq!(named(|e| e.learning_rates.from = 0.0005), "+ rates 0.0005–0.128");
        let mut both = base.clone();
        both.warmup_steps = 1000;
        both.seed = 7;
        assert_eq!(variant_name(&base, &both, Language::Indonesian.texts()), "+ seed 7, pemanasan 1000");
    }

    #[test]
    fn each_preset_has_a_name_beside_the_first() {
        for preset in PRESETS {
            for language in Language::ALL {
                let name = variant_name(&(PRESETS[0].experiment)(), &(preset.experiment)(), language.texts());
                assert!(!name.contains('{') && !name.contains("null"), "{}: {name}", preset.id);
            }
        }
    }
}
