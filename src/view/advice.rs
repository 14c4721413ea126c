//! What to look at and what to try next, read off the board: the line above the plots, and the fix for what happened.

use super::board::{Board, Variant};
use super::name::differs_in_warmup;
use super::number::{rounded, three};
use super::scene::{percent, percentile_of};
use super::summary::{Summary, summary};
use super::text::Texts;
use brink_engine::experiment::{Experiment, Optimizer, RuleSource, apply, difference, limits};
use brink_lab::FleetRun;
use brink_lab::diagnose::fixes::{Case, MOST_CLIPPED, first_warmup, fixes};
use brink_lab::diagnose::{Judgement, Phase, Recovery, clipped_fraction};
use std::borrow::Cow;

/// How far a grid of learning rates that lies wrong is moved.
const GRID_MOVE: f64 = 64.0;

/// Something to try: an experiment that one click makes a variant of.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// What would run.
    pub experiment: Experiment,
    /// What the button says.
    pub text: String,
}

/// The line above the plots.
#[derive(Clone, Debug, PartialEq)]
pub struct Lead {
    /// What to look at.
    pub text: String,
    /// What to try.
    pub next: Option<Suggestion>,
}

/// The first variant that has what a step of the tour tries, and differs from the first one in nothing but these fields.
fn tried<'a>(board: &'a Board, fields: &[&str], has: impl Fn(&Experiment) -> bool) -> Option<&'a Variant> {
    let (first, others) = board.variants().split_first()?;
    others.iter().filter(|variant| has(variant.experiment())).find(|variant| {
        let differences = difference(first.experiment(), variant.experiment());
        !differences.is_empty() && differences.iter().all(|one| fields.iter().any(|f| one.field.starts_with(f)))
    })
}

fn with(experiment: &Experiment, change: impl FnOnce(&mut Experiment)) -> Experiment {
    let mut changed = experiment.clone();
    change(&mut changed);
    changed
}

fn warmup(experiment: &Experiment, steps: u32, texts: &Texts) -> Option<Suggestion> {
    limits::STEPS.contains(&steps).then(|| Suggestion {
        experiment: with(experiment, |experiment| experiment.warmup_steps = steps),
        text: texts.fix_warmup(steps),
    })
}

fn clip(experiment: &Experiment, threshold: f64, texts: &Texts) -> Suggestion {
    Suggestion { experiment: experiment.clipped_at(rounded(threshold)), text: texts.fix_clipping(three(threshold)) }
}

/// A norm as the last operation of each branch, which is where the playbook puts it.
fn norm(experiment: &Experiment, texts: &Texts) -> Option<Suggestion> {
    if experiment.get("model.placement") != "none" {
        return None;
    }
    let experiment = apply(experiment, [("model.placement", "inside".into())]).ok()?;
    Some(Suggestion { experiment, text: texts.try_norm.to_owned() })
}

fn adam(experiment: &Experiment, texts: &Texts) -> Option<Suggestion> {
    let is_other = experiment.optimizer.rule != RuleSource::Builtin("adam".to_owned());
    is_other.then(|| Suggestion {
        experiment: with(experiment, |experiment| experiment.optimizer = Optimizer::builtin("adam")),
        text: texts.fix_optimizer.to_owned(),
    })
}

fn rates(experiment: &Experiment, factor: f64, text: &str) -> Suggestion {
    Suggestion {
        experiment: with(experiment, |experiment| {
            experiment.learning_rates.from = rounded(experiment.learning_rates.from * factor);
        }),
        text: text.to_owned(),
    }
}

/// A suggestion that is valid and not on the board yet.
fn new_on(board: &Board, suggestion: Option<Suggestion>) -> Option<Suggestion> {
    suggestion.filter(|suggestion| {
        let is_there = board.variants().iter().any(|variant| *variant.experiment() == suggestion.experiment);
        !is_there && suggestion.experiment.resolve().is_ok()
    })
}

/// How the star of a variant stands to the first one's, which has one.
fn star_moved(name: &str, from: f64, own: &Summary, texts: &Texts) -> String {
    match own.best_point() {
        Some((to, _)) if (to / from - 1.0).abs() < 0.01 => texts.star_stayed(name, three(from)),
        Some((to, _)) => texts.star_moved(name, three(from), three(to)),
        None => texts.star_none(name),
    }
}

/// What to look at and what to try, as the board stands. `names` are the variants', in the board's order; what is tried next is
/// something that `allows` allows.
pub fn lead(board: &Board, names: &[String], allows: impl Fn(&Experiment) -> bool, texts: &Texts) -> Lead {
    let only = |text: String| Lead { text, next: None };
    // Of those that can be compared with the focused variant, the first: another task or size is another beginning.
    let is_same = |variant: &&Variant| board.focused().is_none_or(|focused| focused.is_same_problem(variant));
    let Some(at) = board.variants().iter().position(|variant| is_same(&variant)) else {
        return only(texts.lead_empty.to_owned());
    };
    let first = &board.variants()[at];
    let base = first.experiment();
    let is_allowed = |next: &Option<Suggestion>| next.as_ref().is_some_and(|next| allows(&next.experiment));
    if !first.has_ended() {
        return only(texts.lead(base.run_count()));
    }
    let training = board.variants().iter().zip(names).rev().find(|(variant, _)| variant.is_training());
    if let Some((_, name)) = training {
        let base_name = names.get(at).map_or("", String::as_str);
        return only(texts.lead_training(name, base_name));
    }
    let own = summary(first);
    if differs_in_warmup(&first.fleet) {
        return only(texts.lead_one_rate(three(first.fleet.runs[0].base_learning_rate)));
    }
    let Some((star, _)) = own.best_point() else {
        let next = rates(base, 1.0 / GRID_MOVE, texts.try_lower);
        return Lead { text: texts.lead_none.to_owned(), next: new_on(board, Some(next)) };
    };
    let edge = own.edge.and_then(|edge| own.points.get(edge)).map(|point| three(point.rate));
    // The steps of the tour: what is tried, and how the line before its button begins.
    let by_warmup = tried(board, &["warmup_steps"], |experiment| experiment.warmup_steps > 0);
    let by_clipping = tried(board, &["clip_threshold", "warmup_steps"], Experiment::clips);
    let by_rule = tried(board, &["optimizer"], |_| true);
    let by_norm = tried(board, &["model.placement", "model.final_norm"], |_| true);
    let moved = |variant: &Variant| {
        let position = board.variants().iter().position(|other| other.id == variant.id);
        let name = position.and_then(|position| names.get(position)).map_or("", String::as_str);
        star_moved(name, star, &summary(variant), texts)
    };
    let warm = warmup(base, first_warmup(base.max_train_steps), texts);
    if by_warmup.is_none() && base.warmup_steps == 0 && is_allowed(&warm) {
        let text = match edge {
            Some(edge) => texts.lead_edge(three(star), &edge),
            None => texts.lead_no_edge(three(star)),
        };
        // Where there are others, it says of which it speaks.
        let name = names.get(at).filter(|_| board.variants().len() > 1);
        let text = name.map_or(text.clone(), |name| format!("{name}: {text}"));
        return Lead { text, next: new_on(board, warm) };
    }
    if by_clipping.is_none() && !base.clips() && allows(&base.clipped_at(1.0)) {
        // Beside warmup, where that was tried: one fix on top of the other, as the playbook has them.
        let on = by_warmup.unwrap_or(first);
        let star = summary(on).best.or(own.best).and_then(|best| on.fleet.runs.get(best));
        let text = texts.lead_clipping(by_warmup.map(moved).unwrap_or_default());
        let next = star.and_then(percentile_of).map(|threshold| clip(on.experiment(), threshold, texts));
        return Lead { text: text.trim_start().to_owned(), next: new_on(board, next) };
    }
    let after_clipping = || by_clipping.map(|variant| clipping_came_to(variant, moved(variant), texts));
    if by_rule.is_none()
        && let Some(next) = new_on(board, adam(base, texts)).filter(|next| allows(&next.experiment))
    {
        let text = texts.lead_rule(after_clipping().unwrap_or_default());
        return Lead { text: text.trim_start().to_owned(), next: Some(next) };
    }
    if by_norm.is_none()
        && let Some(next) = new_on(board, norm(base, texts)).filter(|next| allows(&next.experiment))
    {
        let text = texts.lead_norm(by_rule.map(moved).or_else(after_clipping).unwrap_or_default());
        return Lead { text: text.trim_start().to_owned(), next: Some(next) };
    }
    let before = by_norm.or(by_rule).map(moved).or_else(after_clipping).unwrap_or_default();
    only(texts.lead_explore(before).trim_start().to_owned())
}

/// What clipping did, and where it clips most updates what the playbook says of that.
fn clipping_came_to(variant: &Variant, moved: String, texts: &Texts) -> String {
    let star = summary(variant).best.and_then(|best| variant.fleet.runs.get(best));
    let clipped = star.map(|run| clipped_fraction(&run.record)).filter(|clipped| *clipped > MOST_CLIPPED);
    clipped.map_or(moved.clone(), |clipped| format!("{moved} {}", texts.clips_most(percent(clipped))))
}

/// What is the matter with a run, in words, and a fix that the playbook names for it: with the focused run, else with the first one
/// above lr* that is not stable.
pub fn fix(board: &Board, variant: &Variant, own: &Summary, texts: &Texts) -> (Option<String>, Option<Suggestion>) {
    if !variant.has_ended() {
        return (None, None);
    }
    let experiment = variant.experiment();
    let Some(best) = own.best else {
        let lower = experiment.runs.is_empty().then(|| rates(experiment, 1.0 / GRID_MOVE, texts.try_lower));
        return (None, new_on(board, lower));
    };
    let is_notable = |run: &usize| {
        let judgement = variant.fleet.runs.get(*run).and_then(|run| run.judgement);
        // What came and went again at lr* itself, in the noise of its batches, is nothing to mend.
        let has_passed = |found: &Judgement| {
            *run == best && found.finding.phase == Some(Phase::Mid) && found.finding.recovery == Some(Recovery::Full)
        };
        judgement.is_some_and(|found| !found.is_feasible || (found.verdict.is_instability && !has_passed(&found)))
    };
    let focused = board.focused_run(variant).filter(is_notable);
    let Some(run) = focused.or(own.unstable).and_then(|run| variant.fleet.runs.get(run)) else {
        // Runs of their own, each with its learning rate, have no grid that could be moved.
        let is_last = own.ends[1] && experiment.runs.is_empty();
        let higher = is_last.then(|| rates(experiment, GRID_MOVE, texts.try_higher));
        return (is_last.then(|| texts.at_the_end.to_owned()), new_on(board, higher));
    };
    let star = variant.fleet.runs.get(best);
    let Some(judgement) = run.judgement else { return (None, None) };
    let is_above = star.is_some_and(|star| run.base_learning_rate > star.base_learning_rate);
    let (norm_p90, clipped) = (star.and_then(percentile_of), star.map(|run| clipped_fraction(&run.record)));
    let case = Case { experiment, judgement, norm_p90, clipped };
    let fix = is_above.then(|| remedy(board, &case, texts)).flatten();
    let mut why = explanation(&judgement, run, is_above, texts);
    // What is on already needs no suggestion.
    let is_early = judgement.verdict.id == "early_instability" || judgement.finding.phase == Some(Phase::Early);
    if let Some(why) = why.as_mut().filter(|_| is_early && experiment.warmup_steps == 0) {
        why.push(' ');
        why.push_str(texts.explain_warmup);
    }
    (why, fix)
}

/// The playbook's first fix that fits and is not on the board yet.
fn remedy(board: &Board, case: &Case, texts: &Texts) -> Option<Suggestion> {
    fixes(case).into_iter().find_map(|(fix, experiment)| {
        let steps = experiment.warmup_steps;
        let threshold = three(experiment.clip_threshold.unwrap_or(f64::NAN));
        let values: [(&str, &dyn std::fmt::Display); 2] = [("steps", &steps), ("threshold", &threshold)];
        let text = texts.named(&format!("fix_{}", fix.id), &values)?.into_owned();
        new_on(board, Some(Suggestion { experiment, text }))
    })
}

/// What happened to a run, in words; `None` for a stable one.
fn explanation(judgement: &Judgement, run: &FleetRun, is_above: bool, texts: &Texts) -> Option<String> {
    let finding = judgement.finding;
    // A run below lr* that learned nothing is slow, not unstable.
    let id = if !is_above && judgement.verdict.id == "collapsed" { "not_yet_learned" } else { judgement.verdict.id };
    let phase = match (id, finding.step, finding.phase) {
        ("diverged", None, _) => "_alive",
        ("diverged", Some(_), Some(Phase::Mid)) => "_mid",
        ("diverged", ..) => "_early",
        _ => "",
    };
    let rate = three(run.base_learning_rate);
    let step = finding.step.unwrap_or(run.steps);
    let peak = three(finding.peak.unwrap_or(f64::NAN));
    let values: [(&str, &dyn std::fmt::Display); 3] = [("rate", &rate), ("step", &step), ("peak", &peak)];
    texts.named(&format!("explain_{id}{phase}"), &values).map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_fleet::set_runs;
    use crate::text::Language;
    use brink_engine::experiment::{PRESETS, preset};
    use brink_engine::record::{RunChunk, ValidationPoint};
    use brink_lab::diagnose::{Finding, VERDICTS};

    fn base() -> Experiment {
        (PRESETS[0].experiment)()
    }

    /// Lets a variant end: its runs have these final losses, or die at this step.
    fn end(board: &mut Board, id: u64, runs: &[Result<f32, u32>]) {
        let variant = board.get_mut(id).expect("on the board");
        let rates: Vec<(f64, u32)> = (0..runs.len()).map(|i| (0.001 * 2f64.powi(i as i32), 600)).collect();
        set_runs(variant, &rates);
        for (run, outcome) in runs.iter().enumerate() {
            let row = |step: u32| {
                let loss = match outcome {
                    Ok(last) => 2.0 + (last - 2.0) * step as f32 / 599.0,
                    Err(death) if step >= *death => f32::NAN,
                    // A late death comes after something was learned.
                    Err(_) => 2.0 - (step as f32 / 100.0).min(1.2),
                };
                [loss, 1.0 + (step % 10) as f32, 0.1, 1.0, 0.0, 0.0]
            };
            let point = outcome.ok().map(|loss| ValidationPoint { step: 600, loss, accuracy: 0.5 });
            let chunk = RunChunk {
                run,
                first_step: 0,
                stride: 1,
                rows: (0..600).flat_map(row).collect(),
                validation: point.into_iter().collect(),
                death: outcome.err(),
                chance: 2.0,
                ..RunChunk::default()
            };
            variant.fleet.append(&chunk).expect("no gap");
        }
    }

    fn names(board: &Board) -> Vec<String> {
        crate::scene::names(board, Language::English.texts())
    }

    fn line(board: &Board) -> Lead {
        lead(board, &names(board), |_| true, Language::English.texts())
    }

    /// Takes the suggestion of the line, and lets its variant end.
    fn take(board: &mut Board, runs: &[Result<f32, u32>]) -> Experiment {
        let experiment = line(board).next.expect("something to try").experiment;
        board.commit(experiment.clone());
        let id = board.focused().expect("it has the focus").id;
        assert!(line(board).text.contains("is training"), "{}", line(board).text);
        end(board, id, runs);
        experiment
    }

    #[test]
    fn the_line_walks_through_the_fixes_in_the_playbook_s_order() {
        let mut board = Board::default();
        board.commit(base());
        assert!(line(&board).text.starts_with("9 small networks") && line(&board).next.is_none());
        end(&mut board, 0, &[Ok(0.9), Ok(0.5), Err(4), Err(2)]);
        assert!(line(&board).text.contains("0.002") && line(&board).text.contains("0.004"), "{}", line(&board).text);
        let warm = take(&mut board, &[Ok(0.9), Ok(0.5), Ok(0.4), Err(300)]);
        assert_eq!(warm, Experiment { warmup_steps: 60, ..base() });
        assert!(
            line(&board).text.starts_with("+ warmup 60: the star moved from 0.002 to 0.004"),
            "{}",
            line(&board).text
        );
        let clipped = take(&mut board, &[Ok(0.9), Ok(0.5), Err(9), Err(2)]);
        // The norms are 1 to 10: nine of ten lie at or below 9.
        assert_eq!(clipped, Experiment { clip_threshold: Some(9.0), warmup_steps: 60, ..base() }, "beside warmup");
        assert!(line(&board).text.starts_with("+ clip 9, warmup 60: the star stays at 0.002"), "{}", line(&board).text);
        let other = take(&mut board, &[Ok(0.9), Ok(0.5), Ok(0.4), Ok(0.3)]);
        assert_eq!(other.optimizer, Optimizer::builtin("adam"));
        let normed = take(&mut board, &[Ok(0.9), Ok(0.5), Ok(0.4), Ok(0.3)]);
        assert_eq!(normed.get("model.placement"), "inside");
        assert_eq!(line(&board).next, None);
        assert!(
            line(&board).text.starts_with("+ norm inside: the star moved from 0.002 to 0.008. You have"),
            "{}",
            line(&board).text
        );
    }

    #[test]
    fn runs_that_differ_in_their_warmup_only_are_told_by_it() {
        let mut board = Board::default();
        board.commit(preset("figure-6").expect("the preset"));
        end(&mut board, 0, &[Err(4), Ok(0.5), Ok(0.4)]);
        let variant = board.get_mut(0).expect("on the board");
        for (run, warmup_steps) in variant.fleet.runs.iter_mut().zip([10, 100, 300]) {
            (run.base_learning_rate, run.warmup_steps) = (0.128, warmup_steps);
        }
        let lead = line(&board);
        assert!(lead.text.starts_with("All runs have the learning rate 0.128") && lead.next.is_none(), "{}", lead.text);
        let (variant, texts) = (&board.variants()[0], Language::English.texts());
        let said = crate::summary::sentence(variant, &summary(variant), None, texts);
        assert!(said.contains("2 of 3 can be chosen. The best, warmup 300, ends at loss 0.4"), "{said}");
        // Where they differ in something else, nothing is said of warmups.
        for run in &mut board.get_mut(0).expect("on the board").fleet.runs {
            run.warmup_steps = 100;
        }
        assert!(!line(&board).text.contains("differ in their warmup"), "{}", line(&board).text);
        assert_eq!(crate::name::run_names(&board.variants()[0].fleet, texts), ["0.128"; 3]);
    }

    #[test]
    fn a_rise_that_passed_is_no_trouble_at_the_star_and_is_above_it() {
        let mut board = Board::default();
        board.commit(base());
        end(&mut board, 0, &[Ok(0.9), Ok(0.5), Ok(0.6)]);
        let passed =
            Finding { step: Some(300), peak: Some(1.9), phase: Some(Phase::Mid), recovery: Some(Recovery::Full) };
        let verdict = VERDICTS.iter().find(|verdict| verdict.id == "mid_instability").expect("the verdict");
        let mut words = |run: usize| {
            let variant = board.get_mut(0).expect("on the board");
            let own = summary(variant);
            variant.fleet.runs[run].judgement = Some(Judgement { verdict, finding: passed, is_feasible: true });
            board.set_focus(0, Some(run));
            let variant = &board.variants()[0];
            fix(&board, variant, &own, Language::English.texts()).0
        };
        assert_eq!(words(1), None);
        assert!(words(2).expect("words").contains("mid-training instability"));
    }

    #[test]
    fn a_grid_that_is_all_too_high_is_lowered() {
        let mut board = Board::default();
        board.commit(base());
        end(&mut board, 0, &[Err(2), Err(1)]);
        let lower = line(&board).next.expect("something to try").experiment;
        assert!(lower.learning_rates.from < base().learning_rates.from / 10.0);
    }

    #[test]
    fn the_fix_is_warmup_for_an_early_death_and_clipping_for_a_late_one() {
        let texts = Language::English.texts();
        let of = |experiment: Experiment, runs: &[Result<f32, u32>]| {
            let mut board = Board::default();
            board.commit(experiment);
            end(&mut board, 0, runs);
            let variant = &board.variants()[0];
            fix(&board, variant, &summary(variant), texts)
        };
        let (words, early) = of(base(), &[Ok(0.5), Err(4)]);
        assert!(words.expect("words").contains("0.002 diverged at step 4, before it had learned anything"));
        assert_eq!(early.expect("a fix").experiment.warmup_steps, first_warmup(600));
        let (_, longer) = of(Experiment { warmup_steps: 20, ..base() }, &[Ok(0.5), Err(9)]);
        assert_eq!(longer.expect("a fix").experiment.warmup_steps, 40, "a longer one");
        let (_, other) = of(Experiment { warmup_steps: 60, ..base() }, &[Ok(0.5), Err(9)]);
        assert!(other.expect("a fix").experiment.clips(), "more would be over a tenth of the steps");
        let (_, late) = of(base(), &[Ok(0.5), Err(400)]);
        assert_eq!(late.expect("a fix").experiment.clip_threshold, Some(9.0));
        let (_, halved) = of(Experiment { clip_threshold: Some(3.0), ..base() }, &[Ok(0.5), Err(400)]);
        assert_eq!(halved.expect("a fix").experiment.clip_threshold, Some(1.5));
        let (words, higher) = of(base(), &[Ok(0.9), Ok(0.5)]);
        assert!(words.is_some() && higher.expect("a fix").experiment.learning_rates.from > 0.01);
        assert_eq!(of(base(), &[Ok(0.5), Ok(0.9)]), (None, None), "nothing went wrong");
        // A run that stands still at chance is slow where it lies below the star, and no case for warmup.
        let mut board = Board::default();
        board.commit(base());
        end(&mut board, 0, &[Ok(2.0), Ok(0.5), Ok(2.0)]);
        board.set_focus(0, Some(0));
        let variant = &board.variants()[0];
        let (words, nothing) = fix(&board, variant, &summary(variant), texts);
        assert!(words.expect("words").contains("higher learning rate") && nothing.is_none());
        board.set_focus(0, Some(2));
        let variant = &board.variants()[0];
        let (words, norm) = fix(&board, variant, &summary(variant), texts);
        assert!(words.expect("words").contains("stands still") && norm.is_some());
    }

    #[test]
    fn a_focused_run_that_died_is_the_one_that_is_explained() {
        let mut board = Board::default();
        board.commit(base());
        end(&mut board, 0, &[Ok(0.9), Ok(0.5), Err(4), Err(400)]);
        let texts = Language::English.texts();
        let mut explained = |run| {
            board.set_focus(0, Some(run));
            let variant = &board.variants()[0];
            fix(&board, variant, &summary(variant), texts).0.expect("words")
        };
        assert!(explained(1).contains("0.004 diverged at step 4,"), "{}", explained(1));
        assert!(explained(2).contains("0.004 diverged at step 4,"), "{}", explained(2));
        assert!(explained(3).contains("0.008 diverged at step 400, after"), "{}", explained(3));
    }
}
