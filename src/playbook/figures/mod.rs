//! Figures 4 to 9 of the Deep Learning Tuning Playbook, and more that its chapter says, as experiments with a claim: each is one
//! file, and one line in [`FIGURES`]. The claims hold over seeds that nobody tuned on (`docs/figures.md`).

mod adam_deep;
mod batch_size;
mod figure_4;
mod figure_4_norm;
mod figure_5;
mod figure_6;
mod figure_7a;
mod figure_7b;
mod figure_8;
mod figure_9;
mod initialisation;

use crate::procedures::{Arm, Laboratory, ProcedureError};
use brink_engine::experiment::{Experiment, preset};
use serde_json::Value;

/// How a figure is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plot {
    /// Final validation loss against base learning rate, one line an arm.
    Axis,
    /// Training loss against step.
    Loss,
    /// Gradient norm against step, with its histogram.
    Norm,
}

/// Experiments to train, by name.
pub type Experiments = Vec<(&'static str, Experiment)>;

/// One figure.
pub struct Figure {
    /// Its number in the playbook: `7a`, where a second form has a suffix; a name where the playbook draws none.
    pub id: &'static str,
    /// What it shows, in one line of English.
    pub about: &'static str,
    /// How it is drawn.
    pub plot: Plot,
    /// The experiments to train next for a seed, by name, given those that are trained; none when all are.
    arms: fn(u32, &[Arm]) -> Experiments,
    /// What is claimed of one seed.
    claim: fn(&[Arm]) -> Claim,
    /// What is looked at while it trains: an arm by its place among the first, and the base learning rate of one of its runs; without
    /// one, the run at lr*.
    focus: (usize, Option<f64>),
    /// What is claimed of several seeds together, if anything: of the facts of each.
    overall: Option<fn(&[&Claim]) -> bool>,
}

/// Whether a claim holds for a seed, and the numbers that decide it.
#[derive(Clone, Debug, Default)]
pub struct Claim {
    /// Whether it holds.
    pub holds: bool,
    /// The numbers.
    pub facts: Vec<Fact>,
}

/// A number of a claim, by its name: `spike with warmup at 0.3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is, in English.
    pub name: String,
    /// Its value: a number, a text, true or false, or null where there is none.
    pub value: Value,
}

impl Claim {
    fn fact(&mut self, name: &str, value: impl Into<Value>) -> &mut Self {
        self.facts.push(Fact { name: name.to_owned(), value: value.into() });
        self
    }

    /// A number among the facts.
    pub fn number(&self, name: &str) -> Option<f64> {
        self.facts.iter().find(|fact| fact.name == name).and_then(|fact| fact.value.as_f64())
    }
}

/// All figures: the playbook's in its order, then the rest.
pub static FIGURES: [&Figure; 11] = [
    &figure_4::FIGURE,
    &figure_4_norm::FIGURE,
    &figure_5::FIGURE,
    &figure_6::FIGURE,
    &figure_7a::FIGURE,
    &figure_7b::FIGURE,
    &figure_8::FIGURE,
    &figure_9::FIGURE,
    &initialisation::FIGURE,
    &adam_deep::FIGURE,
    &batch_size::FIGURE,
];

/// The figure with this id.
pub fn figure(id: &str) -> Option<&'static Figure> {
    FIGURES.into_iter().find(|figure| figure.id == id)
}

/// A figure for one seed.
#[derive(Clone)]
pub struct Reproduced {
    /// The seed.
    pub seed: u32,
    /// What was trained.
    pub arms: Vec<Arm>,
    /// Whether the claim holds.
    pub claim: Claim,
}

impl Figure {
    /// What is looked at while it trains: the place of an arm among the first, and a run of its experiment; without one, that at lr*.
    pub fn focus(&self, experiments: &[Experiment]) -> (usize, Option<usize>) {
        let (arm, rate) = self.focus;
        let run = experiments.get(arm).zip(rate).and_then(|(experiment, rate)| {
            experiment.base_learning_rates().iter().position(|other| (other / rate - 1.0).abs() < 0.01)
        });
        (arm, run)
    }

    /// What it trains first for a seed, by name: all that does not depend on what comes out.
    pub fn first(&self, seed: u32) -> Experiments {
        self.next(seed, &[])
    }

    /// What it trains next for a seed, given what is trained; nothing when all is.
    pub fn next(&self, seed: u32, arms: &[Arm]) -> Experiments {
        (self.arms)(seed, arms)
    }

    /// Whether the claim holds for these arms, in the order in which they were asked for.
    pub fn judge(&self, arms: &[Arm]) -> Claim {
        (self.claim)(arms)
    }

    /// Trains the figure for a seed.
    ///
    /// # Errors
    ///
    /// As [`Laboratory::train`].
    pub async fn reproduce(&self, laboratory: &Laboratory<'_>, seed: u32) -> Result<Reproduced, ProcedureError> {
        let mut arms = Vec::new();
        loop {
            let next = self.next(seed, &arms);
            if next.is_empty() {
                break;
            }
            for (name, experiment) in next {
                arms.push(laboratory.train(name, &experiment).await?);
            }
        }
        Ok(Reproduced { seed, claim: self.judge(&arms), arms })
    }

    /// Whether what is claimed of several seeds together holds; `None` where nothing is.
    pub fn holds_overall(&self, claims: &[&Claim]) -> Option<bool> {
        self.overall.map(|holds| holds(claims))
    }
}

/// A preset at a seed.
fn seeded(id: &str, seed: u32) -> Experiment {
    // A test makes every figure's experiments.
    let base = preset(id).unwrap_or_else(|| panic!("there is no preset {id}"));
    Experiment { seed, ..base }
}

/// These experiments at once, where none is trained yet.
fn once(
    arms: &[Arm],
    experiments: impl FnOnce() -> Vec<(&'static str, Experiment)>,
) -> Vec<(&'static str, Experiment)> {
    if arms.is_empty() { experiments() } else { Vec::new() }
}

/// The arm of a name.
fn arm<'a>(arms: &'a [Arm], name: &str) -> Option<&'a Arm> {
    arms.iter().find(|arm| arm.name == name)
}

/// The median of a number over the claims of several seeds.
fn median(claims: &[&Claim], name: &str) -> Option<f64> {
    let mut values: Vec<f64> = claims.iter().map(|claim| claim.number(name)).collect::<Option<_>>()?;
    let median = brink_lab::diagnose::median_of(&mut values);
    median.is_finite().then_some(median)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_begins_with_valid_experiments_at_its_seed() {
        for (index, figure) in FIGURES.into_iter().enumerate() {
            assert!(FIGURES[..index].iter().all(|other| other.id != figure.id));
            let experiments = (figure.arms)(7, &[]);
            assert!(!experiments.is_empty(), "{}", figure.id);
            let all: Vec<Experiment> = experiments.iter().map(|(_, experiment)| experiment.clone()).collect();
            let (arm, run) = figure.focus(&all);
            assert!(arm < all.len() && run.is_some() == figure.focus.1.is_some(), "{}", figure.id);
            for (name, experiment) in experiments {
                assert_eq!(experiment.seed, 7);
                experiment.resolve().unwrap_or_else(|error| panic!("{} {name}: {error}", figure.id));
            }
        }
    }
}
