//! What a variant came to: the points of the axis plot, lr*, the edge, and the sentence that says it.

use super::board::Variant;
use super::name::{has_one_rate, run_names};
use super::number::three;
use super::plot::{AxisPoint, PointState};
use super::text::Texts;
use brink_lab::diagnose::Judgement;
use brink_lab::{FleetRun, Status};

/// What a variant came to, so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its runs, as the axis plot shows them.
    pub points: Vec<AxisPoint>,
    /// The run at lr*, once every run has ended.
    pub best: Option<usize>,
    /// The first infeasible run above lr*.
    pub edge: Option<usize>,
    /// The first run above lr* that is not stable.
    pub unstable: Option<usize>,
    /// Whether lr* is the lowest and the highest learning rate of the sweep.
    pub ends: [bool; 2],
}

fn outcome(variant: &Variant, run: &FleetRun) -> PointState {
    if run.is_infeasible() {
        return PointState::Infeasible;
    }
    match variant.fleet.comparable_validation(run) {
        None => PointState::Waiting,
        Some(point) => PointState::Loss { loss: f64::from(point.loss), ended: run.has_ended() },
    }
}

/// What a variant came to, so far.
pub fn summary(variant: &Variant) -> Summary {
    let point = |run: &FleetRun| AxisPoint { rate: run.base_learning_rate, outcome: outcome(variant, run) };
    let sweep = variant.fleet.sweep.unwrap_or_default();
    Summary {
        points: variant.fleet.runs.iter().map(point).collect(),
        best: sweep.best,
        edge: sweep.edge,
        unstable: sweep.unstable,
        ends: [sweep.is_lowest, sweep.is_highest],
    }
}

impl Summary {
    /// The learning rate and final loss at lr*.
    pub fn best_point(&self) -> Option<(f64, f64)> {
        let point = self.points.get(self.best?)?;
        match point.outcome {
            PointState::Loss { loss, .. } => Some((point.rate, loss)),
            _ => None,
        }
    }
}

/// What happened to a variant, in words, beside another one (with its name) if there is one.
pub fn sentence(variant: &Variant, own: &Summary, other: Option<(&str, &Summary)>, texts: &Texts) -> String {
    match &variant.fleet.status {
        _ if !variant.has_room => return texts.no_room_here.to_owned(),
        Status::Waiting | Status::Training => return texts.still_training.to_owned(),
        Status::Failed(reason) => return texts.failed(reason),
        Status::Ended => {}
    }
    let Some((rate, loss)) = own.best_point() else { return texts.sentence_none.to_owned() };
    if let Some(best) = own.best.filter(|_| has_one_rate(&variant.fleet)) {
        let feasible = variant.fleet.runs.iter().filter(|run| !run.is_infeasible()).count();
        let name = run_names(&variant.fleet, texts).swap_remove(best);
        return texts.sentence_one_rate(three(rate), feasible, variant.fleet.runs.len(), name, three(loss));
    }
    let rate_of = |run: Option<usize>| run.and_then(|run| own.points.get(run)).map(|point| three(point.rate));
    // Runs of their own are no grid with ends.
    let is_grid = variant.experiment().runs.is_empty();
    let above = match (rate_of(own.edge), rate_of(own.unstable)) {
        // An instability below the first infeasible run comes first.
        (edge, Some(unstable)) if edge.as_ref() != Some(&unstable) => Some(texts.sentence_unstable(unstable)),
        (Some(edge), _) => Some(texts.sentence_edge(edge)),
        (None, _) if own.ends[1] => is_grid.then(|| texts.sentence_highest.to_owned()),
        (None, _) => Some(texts.sentence_no_edge.to_owned()),
    };
    let mut text = texts.sentence_star(three(rate), three(loss));
    // What is said of lr* stands before what lies above it.
    if let Some((name, other)) = other
        && let Some((other_rate, _)) = other.best_point()
    {
        let factor = rate / other_rate;
        let step = variant.experiment().learning_rates.factor * 1.01;
        text.push(' ');
        text.push_str(&if (factor - 1.0).abs() < 0.01 {
            texts.sentence_same(name)
        } else if factor.max(1.0 / factor) <= step {
            texts.sentence_one_step(name)
        } else if factor > 1.0 {
            texts.sentence_higher(three(factor), name)
        } else {
            texts.sentence_lower(three(1.0 / factor), name)
        });
    }
    let lowest = (own.ends[0] && is_grid).then(|| texts.sentence_lowest.to_owned());
    for more in [above, lowest].into_iter().flatten() {
        text.push(' ');
        text.push_str(&more);
    }
    text
}

/// How one run stands, in words.
pub fn run_state(variant: &Variant, index: usize, own: &Summary, texts: &Texts) -> String {
    let Some(run) = variant.fleet.runs.get(index) else { return String::new() };
    match run.judgement {
        Some(judgement) if !judgement.is_feasible => verdict_name(&judgement, run, texts),
        _ if run.record.is_empty() => texts.state_waiting.to_owned(),
        _ if !run.has_ended() => {
            texts.state_training(if run.is_living() { variant.fleet.common_step() } else { run.done() })
        }
        _ if own.best == Some(index) => texts.state_best.to_owned(),
        Some(judgement) => verdict_name(&judgement, run, texts),
        None => String::new(),
    }
}

/// What a verdict on a run is called.
fn verdict_name(judgement: &Judgement, run: &FleetRun, texts: &Texts) -> String {
    if let Some(step) = run.record.death {
        return texts.verdict_died(step);
    }
    // Stable, but no better than guessing on data that it was not trained on.
    if !judgement.is_feasible && judgement.verdict.id == "stable" {
        return texts.verdict_above_chance.to_owned();
    }
    texts.named(&format!("verdict_{}", judgement.verdict.id), &[]).unwrap_or_default().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;
    use crate::test_fleet::set_runs;
    use crate::text::Language;
    use brink_engine::experiment::PRESETS;
    use brink_engine::record::{RunChunk, ValidationPoint};

    /// A variant whose runs end at these validation losses; a run without one dies at step 3.
    fn variant(rates: &[(f64, Option<f32>)]) -> Variant {
        let mut board = Board::default();
        board.commit((PRESETS[0].experiment)());
        let variant = board.get_mut(0).expect("on the board");
        let runs: Vec<(f64, u32)> = rates.iter().map(|(rate, _)| (*rate, 40)).collect();
        set_runs(variant, &runs);
        for (run, (_, last)) in rates.iter().enumerate() {
            let row = |step: u32| {
                let loss = match last {
                    Some(last) => 2.0 + (last - 2.0) * step as f32 / 39.0,
                    None if step >= 3 => f32::NAN,
                    None => 2.0,
                };
                [loss, 1.0, 0.1, 1.0, 0.0, 0.0]
            };
            let validation = last.map(|loss| ValidationPoint { step: 40, loss, accuracy: 0.5 });
            let chunk = RunChunk {
                run,
                first_step: 0,
                stride: 1,
                rows: (0..40).flat_map(row).collect(),
                validation: validation.into_iter().collect(),
                death: last.is_none().then_some(3),
                chance: 2.0,
                ..RunChunk::default()
            };
            variant.fleet.append(&chunk).expect("no gap");
        }
        variant.clone()
    }

    #[test]
    fn every_verdict_has_a_name_and_an_explanation_in_each_language() {
        let values: [(&str, &dyn std::fmt::Display); 3] = [("rate", &1), ("step", &2), ("peak", &3)];
        for verdict in brink_lab::diagnose::VERDICTS {
            for language in Language::ALL {
                let named = |name: String| language.texts().named(&name, &values);
                assert!(named(format!("verdict_{}", verdict.id)).is_some(), "{}", verdict.id);
                let phases: &[&str] = if verdict.id == "diverged" { &["_early", "_mid", "_alive"] } else { &[""] };
                for phase in phases {
                    let explained = named(format!("explain_{}{phase}", verdict.id)).is_some();
                    assert_eq!(explained, verdict.id != "stable", "{}{phase}", verdict.id);
                }
            }
        }
    }

    #[test]
    fn the_sentence_names_the_edge_and_how_far_it_moved() {
        let before = variant(&[(0.004, Some(0.9)), (0.008, Some(0.7)), (0.016, None), (0.032, None)]);
        let after = variant(&[(0.008, Some(0.8)), (0.016, Some(0.7)), (0.032, Some(0.6)), (0.064, None)]);
        let (first, second) = (summary(&before), summary(&after));
        let texts = Language::English.texts();
        assert_eq!(
            sentence(&before, &first, None, texts),
            "lr* is 0.008, loss 0.7. Above lr*, 0.016 is the first learning rate that blows up or never learns."
        );
        let moved = sentence(&after, &second, Some(("Momentum", &first)), texts);
        assert!(moved.starts_with("lr* is 0.032, loss 0.6. That is 4 times the lr* of Momentum. Above"), "{moved}");
        let back = sentence(&before, &first, Some(("+ warmup", &second)), texts);
        assert!(back.contains("loss 0.7. That is 1/4 of the lr* of + warmup. "), "{back}");
        assert_eq!(run_state(&before, 2, &first, texts), "diverged at step 3");
        assert_eq!(run_state(&before, 1, &first, texts), "lr*");
    }

    #[test]
    fn a_grid_that_is_all_too_high_says_so() {
        let all = variant(&[(1.0, None), (2.0, None)]);
        let text = sentence(&all, &summary(&all), None, Language::English.texts());
        assert_eq!(text, "No learning rate of this grid trains.");
    }

    #[test]
    fn while_it_trains_there_is_no_star() {
        let mut some = variant(&[(0.1, Some(0.5)), (0.2, Some(0.4))]);
        assert_eq!(summary(&some).best, Some(1));
        // One more run, which is still training.
        some.fleet.runs.push(FleetRun::new(0.4, 0, 40, &some.fleet.columns, 1));
        let rows = vec![1.0; 10 * some.fleet.columns.width()];
        let chunk = RunChunk {
            run: 2,
            first_step: 0,
            stride: 1,
            rows,
            validation: Vec::new(),
            death: None,
            chance: 2.0,
            ..RunChunk::default()
        };
        some.fleet.append(&chunk).expect("no gap");
        assert_eq!(summary(&some).best, None);
    }
}
