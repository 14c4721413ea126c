//! What a variant is called: what differs from the first one.

use super::number::{short, three};
use super::rule_text::name_beside;
use super::text::Texts;
use brink_engine::experiment::{Difference, Experiment, RuleSource, Schedule, difference};
use brink_engine::network::Model;
use brink_engine::network::models::{Branch, Placement};
use serde_json::Value;

/// The name of the board's first variant: its optimizer and where the norm sits.
pub fn base_name(experiment: &Experiment, texts: &Texts) -> String {
    let rule = rule_name(experiment);
    match &experiment.model {
        Model::ResidualMlp(model) => format!("{rule}, {}", norm_name(model.placement, texts)),
        Model::Mlp(_) => format!("{rule}, MLP"),
    }
}

/// The name of another variant: "+ " and each thing that differs from `base`.
pub fn variant_name(base: &Experiment, experiment: &Experiment, texts: &Texts) -> String {
    let differences = difference(base, experiment);
    let mut parts: Vec<String> = Vec::new();
    let mut grid = false;
    for one in &differences {
        // A rule of the same name as the first one's: the line that differs says more than the name.
        if one.field == "optimizer.text"
            && one.to != Value::Null
            && let (Ok(from), Ok(to)) = (base.rule(), experiment.rule())
        {
            parts.extend(name_beside(&from, &to));
            continue;
        }
        // Three fields of one control: said once.
        if one.field.starts_with("learning_rates") {
            if !grid {
                parts.push(rates_name(experiment, texts));
            }
            grid = true;
        } else if let Some(part) = part(one, &differences, experiment, texts) {
            parts.push(part);
        }
    }
    if parts.is_empty() {
        return base_name(experiment, texts);
    }
    format!("+ {}", parts.join(", "))
}

/// The name of the update rule.
pub fn rule_name(experiment: &Experiment) -> String {
    match (experiment.rule(), &experiment.optimizer.rule) {
        (Ok(rule), _) => rule.name,
        (Err(_), RuleSource::Builtin(id)) => id.clone(),
        (Err(_), RuleSource::Text(_)) => "?".to_owned(),
    }
}

/// What a placement is called.
pub fn placement_name(placement: Placement, texts: &Texts) -> &'static str {
    match placement {
        Placement::None => texts.placement_none,
        Placement::Pre => texts.placement_pre,
        Placement::Inside => texts.placement_inside,
        Placement::Post => texts.placement_post,
    }
}

/// What a start of the residual branch is called.
pub fn branch_name(branch: Branch, texts: &Texts) -> &'static str {
    match branch {
        Branch::Plain => texts.branch_plain,
        Branch::Zero => texts.branch_zero,
        Branch::Rezero => texts.branch_rezero,
    }
}

/// A name that follows the language.
pub type Named = fn(&Texts) -> &'static str;

/// What a schedule is called, after its id.
pub fn schedule_name(schedule: Schedule) -> (&'static str, Named) {
    match schedule {
        Schedule::Constant => ("constant", |texts| texts.schedule_constant),
        Schedule::Linear => ("linear", |texts| texts.schedule_linear),
        Schedule::Cosine => ("cosine", |texts| texts.schedule_cosine),
    }
}

/// What the task of an id is called.
pub fn task_name(id: &str) -> Named {
    match id {
        "digits" => |texts| texts.task_digits,
        "spirals" => |texts| texts.task_spirals,
        "teacher" => |texts| texts.task_teacher,
        _ => |texts| texts.task_stream,
    }
}

fn norm_name(placement: Placement, texts: &Texts) -> String {
    match placement {
        Placement::None => texts.named_no_norm.to_owned(),
        other => texts.named_norm(placement_name(other, texts)),
    }
}

fn rates_name(experiment: &Experiment, texts: &Texts) -> String {
    let values = experiment.learning_rates.values();
    let ends = [values.first(), values.last()].map(|v| short(v.copied().unwrap_or(f64::NAN)));
    texts.named_rates(&ends[0], &ends[1])
}

fn shown(value: &Value) -> String {
    match value {
        Value::Number(number) => three(number.as_f64().unwrap_or(f64::NAN)),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn part(one: &Difference, all: &[Difference], experiment: &Experiment, texts: &Texts) -> Option<String> {
    let value = shown(&one.to);
    let with = |text: fn(&Texts, &str) -> String| Some(text(texts, &value));
    let switched = |field: &str| all.iter().any(|d| d.field == field);
    match one.field.as_str() {
        "warmup_steps" if experiment.warmup_steps == 0 => Some(texts.no_warmup.to_owned()),
        // A count, not a measurement: all of its digits.
        "warmup_steps" => Some(texts.with_warmup(experiment.warmup_steps)),
        "clip_threshold" if one.to == Value::Null => Some(texts.no_clipping.to_owned()),
        "clip_threshold" => with(|texts, value| texts.with_clipping(value)),
        "batch_size" => with(|texts, value| texts.named_batch(value)),
        "initial_scale" => with(|texts, value| texts.named_scale(value)),
        "max_train_steps" => Some(texts.named_steps(experiment.max_train_steps)),
        "seed" => Some(texts.named_seed(experiment.seed)),
        "optimizer.rule" if one.to == Value::Null => None,
        "optimizer.text" if one.to == Value::Null => None,
        "optimizer.rule" | "optimizer.text" => Some(rule_name(experiment)),
        // Another rule has other constants: that those of the first are gone needs no saying.
        field if field.starts_with("optimizer.constants") => {
            let name = field.strip_prefix("optimizer.constants").unwrap_or_default().trim_start_matches('.');
            if switched("optimizer.rule") && one.to == Value::Null {
                return None;
            }
            if matches!(one.to, Value::Object(_)) || name.is_empty() {
                let constants = &experiment.optimizer.constants;
                let list: Vec<String> = constants.iter().map(|(name, v)| format!("{name} {}", three(*v))).collect();
                return Some(if list.is_empty() { rule_name(experiment) } else { list.join(", ") });
            }
            if one.to == Value::Null {
                let rule = experiment.rule().ok()?;
                let default = rule.constants.iter().find(|c| c.name == name)?.default;
                return Some(format!("{name} {}", three(default)));
            }
            Some(format!("{name} {value}"))
        }
        "model.kind" => match &experiment.model {
            Model::Mlp(_) => Some(texts.model_mlp.to_owned()),
            Model::ResidualMlp(_) => Some(texts.model_residual.to_owned()),
        },
        // A change of kind brings and takes fields of its own; the kind says enough.
        "model.placement" | "model.final_norm" | "model.branch" if switched("model.kind") => None,
        "model.placement" => match &experiment.model {
            Model::ResidualMlp(model) => Some(norm_name(model.placement, texts)),
            Model::Mlp(_) => None,
        },
        "model.final_norm" => Some(
            if one.to == Value::Bool(true) { texts.named_final_norm } else { texts.named_no_final_norm }.to_owned(),
        ),
        "model.branch" => match &experiment.model {
            Model::ResidualMlp(model) => {
                // What stands in brackets explains the choice; a name goes without.
                let start = branch_name(model.branch, texts).split(" (").next().unwrap_or_default();
                Some(texts.named_branch(start))
            }
            Model::Mlp(_) => None,
        },
        "model.depth" => with(|texts, value| texts.named_depth(value)),
        "model.width" => with(|texts, value| texts.named_width(value)),
        "schedule" => Some(schedule_name(experiment.schedule).1(texts).to_owned()),
        "task" => Some(task_name(&experiment.task)(texts).to_owned()),
        "model.activation" => Some(value),
        "probe" | "version" => None,
        other => Some(format!("{other} {value}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Language;
    use brink_engine::experiment::{Optimizer, PRESETS};

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
        if let Model::ResidualMlp(model) = &mut changed.model {
            model.branch = Branch::Zero;
        }
        let texts = Language::Indonesian.texts();
        let name = |one: &Difference| part(one, &[], &changed, texts).expect("a name");
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
        assert_eq!(variant_name(&base, &both, Language::Indonesian.texts()), "+ benih 7, pemanasan 1000");
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
