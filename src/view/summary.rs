//! What a variant came to: the points of the axis plot, lr*, the edge, and the sentence that says it.

use super::board::{Progress, RunState, Variant};
use super::number::three;
use super::plot::{AxisPoint, Outcome};
use super::text::Texts;
use brink_lab::diagnose::{self, Infeasible, best_learning_rate, final_validation_loss, infeasible};

/// What a variant came to, so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// Its runs, as the axis plot shows them.
    pub points: Vec<AxisPoint>,
    /// The run at lr*, once every run has ended.
    pub best: Option<usize>,
    /// The first infeasible run above lr*.
    pub edge: Option<usize>,
}

fn outcome(variant: &Variant, run: &RunState) -> Outcome {
    let ended = run.ended();
    if infeasible(&run.record, variant.chance, ended).is_some() {
        return Outcome::Infeasible;
    }
    match variant.comparable_validation(run) {
        None => Outcome::Waiting,
        Some(point) => Outcome::Loss { loss: f64::from(point.loss), ended },
    }
}

/// What a variant came to, so far.
pub fn summary(variant: &Variant) -> Summary {
    let points: Vec<AxisPoint> =
        variant.runs.iter().map(|run| AxisPoint { rate: run.rate, outcome: outcome(variant, run) }).collect();
    if variant.progress != Progress::Ended {
        return Summary { points, best: None, edge: None };
    }
    let outcomes: Vec<diagnose::Outcome> = variant
        .runs
        .iter()
        .map(|run| diagnose::Outcome {
            base_learning_rate: run.rate,
            final_loss: final_validation_loss(&run.record),
            infeasible: infeasible(&run.record, variant.chance, true),
        })
        .collect();
    let best = best_learning_rate(&outcomes);
    let edge = best.and_then(|best| {
        let above = |(index, outcome): &(usize, &diagnose::Outcome)| {
            outcome.base_learning_rate > outcomes[best].base_learning_rate && outcomes[*index].infeasible.is_some()
        };
        let by_rate = |a: &(usize, &diagnose::Outcome), b: &(usize, &diagnose::Outcome)| {
            a.1.base_learning_rate.total_cmp(&b.1.base_learning_rate)
        };
        outcomes.iter().enumerate().filter(above).min_by(by_rate).map(|(index, _)| index)
    });
    Summary { points, best, edge }
}

impl Summary {
    /// The learning rate and final loss at lr*.
    pub fn best_point(&self) -> Option<(f64, f64)> {
        let point = self.points.get(self.best?)?;
        match point.outcome {
            Outcome::Loss { loss, .. } => Some((point.rate, loss)),
            _ => None,
        }
    }
}

/// What happened to a variant, in words, beside another one (with its name) if there is one.
pub fn sentence(variant: &Variant, own: &Summary, other: Option<(&str, &Summary)>, texts: &Texts) -> String {
    match &variant.progress {
        Progress::Waiting | Progress::Training => return texts.still_training.to_owned(),
        Progress::Failed(reason) => return texts.failed(reason),
        Progress::NoRoom => return texts.no_room_here.to_owned(),
        Progress::Ended => {}
    }
    let Some((rate, loss)) = own.best_point() else { return texts.sentence_none.to_owned() };
    let (shown_rate, shown_loss) = (three(rate), three(loss));
    let mut text = match own.edge.and_then(|edge| own.points.get(edge)) {
        Some(edge) => texts.sentence_edge(&shown_rate, &shown_loss, three(edge.rate)),
        None => texts.sentence_no_edge(&shown_rate, &shown_loss),
    };
    if let Some((name, other)) = other
        && let Some((other_rate, _)) = other.best_point()
    {
        let factor = rate / other_rate;
        text.push(' ');
        text.push_str(&if (factor - 1.0).abs() < 0.01 {
            texts.sentence_same(name)
        } else if factor > 1.0 {
            texts.sentence_higher(three(factor), name)
        } else {
            texts.sentence_lower(three(1.0 / factor), name)
        });
    }
    text
}

/// How one run stands, in words.
pub fn run_state(variant: &Variant, index: usize, own: &Summary, texts: &Texts) -> String {
    let Some(run) = variant.runs.get(index) else { return String::new() };
    if let Some(step) = run.record.death {
        return texts.state_diverged(step);
    }
    match own.points.get(index).map(|point| point.outcome) {
        Some(Outcome::Infeasible) => match infeasible(&run.record, variant.chance, true) {
            Some(Infeasible::Collapsed) => texts.state_collapsed.to_owned(),
            _ => texts.state_blown.to_owned(),
        },
        _ if run.record.is_empty() => texts.state_waiting.to_owned(),
        _ if !run.ended() => texts.state_training(if run.is_living() { variant.step() } else { run.done() }),
        _ if own.best == Some(index) => texts.state_best.to_owned(),
        _ => texts.state_feasible.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;
    use crate::text::Language;
    use brink_engine::experiment::PRESETS;
    use brink_engine::record::{Columns, RunChunk, ValidationPoint};

    /// A variant whose runs end at these validation losses; a run without one dies at step 3.
    fn variant(rates: &[(f64, Option<f32>)]) -> Variant {
        let mut board = Board::default();
        board.commit((PRESETS[0].experiment)());
        let variant = board.get_mut(0).expect("on the board");
        let runs: Vec<(f64, u32)> = rates.iter().map(|(rate, _)| (*rate, 40)).collect();
        variant.begin(Columns { states: Vec::new() }, 1, &runs);
        variant.chance = 2.0;
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
            };
            variant.take(&chunk).expect("no gap");
        }
        variant.clone()
    }

    #[test]
    fn the_sentence_names_the_edge_and_how_far_it_moved() {
        let before = variant(&[(0.004, Some(0.9)), (0.008, Some(0.7)), (0.016, None), (0.032, None)]);
        let after = variant(&[(0.008, Some(0.8)), (0.016, Some(0.7)), (0.032, Some(0.6)), (0.064, None)]);
        let (first, second) = (summary(&before), summary(&after));
        let texts = Language::English.texts();
        assert_eq!(
            sentence(&before, &first, None, texts),
            "lr* is 0.008, loss 0.7. The first run above it that blows up or never learns is 0.016."
        );
        let moved = sentence(&after, &second, Some(("Momentum", &first)), texts);
        assert!(moved.ends_with("That is 4 times the lr* of Momentum."), "{moved}");
        let back = sentence(&before, &first, Some(("+ warmup", &second)), texts);
        assert!(back.ends_with("That is 1/4 of the lr* of + warmup."), "{back}");
        assert_eq!(run_state(&before, 2, &first, texts), "dead at step 3");
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
        some.progress = Progress::Training;
        assert_eq!(summary(&some).best, None);
    }
}
