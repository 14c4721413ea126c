//! Procedures: what the Deep Learning Tuning Playbook tells somebody to do about an unstable workload, as functions from an
//! experiment to a report. Each is one file, and one line in [`PROCEDURES`]; it trains through a [`Runner`], so that it runs on the
//! command line and on a page alike.

pub(crate) mod batch_size;
mod clipping;
mod compare;
mod diagnose;
mod early_check;
mod initialisation;
mod sweep;
mod warmup;

pub use warmup::Target;

use brink_engine::experiment::{Experiment, ExperimentError, RunSettings, limits};
use brink_engine::number::significant;
use brink_lab::diagnose::{Sweep, clipped_fraction, final_training_loss, final_validation_loss, norm_p90};
use brink_lab::{Command, Control, Event, FleetRecord, FleetRun, Runner, Status};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::sync::Arc;

/// Why a procedure ends without a report.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ProcedureError {
    /// It was cancelled.
    #[error("cancelled")]
    Cancelled,
    /// An experiment that it makes is not valid: the base has no room for it.
    #[error("{0}")]
    Experiment(#[from] ExperimentError),
    /// Training failed.
    #[error("{0}")]
    Failed(String),
    /// The base has no feasible learning rate to start from.
    #[error("no learning rate of the grid is feasible; give a lower or wider grid")]
    NothingFeasible,
    /// Nothing is unstable, so there is nothing to fix.
    #[error("no learning rate above lr* is unstable; give a higher grid")]
    NothingUnstable,
}

/// How far a procedure has come.
#[derive(Clone, Debug, PartialEq)]
pub struct Progress {
    /// The arm that trains.
    pub arm: String,
    /// Its steps, and all of them.
    pub step: u32,
    /// The steps of its longest run.
    pub of: u32,
}

/// Pauses, resumes and cancels a procedure: a handle that is shared with it.
#[derive(Clone, Default)]
pub struct Steering(std::rc::Rc<SteeringState>);

#[derive(Default)]
struct SteeringState {
    training: RefCell<Option<Control>>,
    is_cancelled: Cell<bool>,
}

impl Steering {
    /// Sends a command to what trains now; a cancel ends the whole procedure.
    pub fn send(&self, command: Command) {
        if command == Command::Cancel {
            self.0.is_cancelled.set(true);
        }
        if let Some(control) = &*self.0.training.borrow() {
            control.send(command);
        }
    }
}

/// What a procedure trains with.
pub struct Laboratory<'a> {
    /// Trains its experiments.
    pub runner: &'a dyn Runner,
    /// Pauses and cancels it.
    pub steering: Steering,
    /// Is called with its progress.
    pub progress: &'a dyn Fn(&Progress),
}

/// An experiment that a procedure trained, and what its runs came to.
#[derive(Clone)]
pub struct Arm {
    /// What it is in the procedure: `base`, `warmup 100`.
    pub name: String,
    /// Its experiment and its runs.
    pub fleet: FleetRecord,
}

impl Laboratory<'_> {
    /// Trains an experiment to its end.
    pub async fn train(&self, name: impl Into<String>, experiment: &Experiment) -> Result<Arm, ProcedureError> {
        let name = name.into();
        if self.steering.0.is_cancelled.get() {
            return Err(ProcedureError::Cancelled);
        }
        let resolved = Arc::new(experiment.resolve()?);
        let of = resolved.longest();
        let mut fleet = FleetRecord::new(resolved);
        let mut running = self.runner.start(experiment);
        *self.steering.0.training.borrow_mut() = Some(running.control);
        while let Some(event) = running.events.next().await {
            if let Event::Progress { step, .. } = event {
                (self.progress)(&Progress { arm: name.clone(), step, of });
            }
            fleet.apply(event);
        }
        *self.steering.0.training.borrow_mut() = None;
        match &fleet.status {
            _ if self.steering.0.is_cancelled.get() => Err(ProcedureError::Cancelled),
            Status::Ended => Ok(Arm { name, fleet }),
            Status::Failed(reason) => Err(ProcedureError::Failed(reason.clone())),
            Status::Waiting | Status::Training => Err(ProcedureError::Failed("training ended early".to_owned())),
        }
    }
}

/// The run of a sweep that may be chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Star {
    /// The index of the run.
    pub run: usize,
    /// Its base learning rate.
    pub learning_rate: f64,
    /// Its final validation loss.
    pub final_loss: f64,
    /// Its best validation loss: that of its best checkpoint.
    pub best_loss: f64,
}

impl Arm {
    /// What its experiment is.
    pub fn experiment(&self) -> &Experiment {
        &self.fleet.resolved.experiment
    }

    /// lr* and what lies above it.
    pub fn sweep(&self) -> Sweep {
        self.fleet.sweep.unwrap_or_default()
    }

    /// The run at lr*, if any is feasible.
    pub fn star(&self) -> Option<Star> {
        self.sweep().best.map(|run| self.of(run))
    }

    /// A run with its losses.
    pub fn of(&self, run: usize) -> Star {
        let record = &self.fleet.runs[run].record;
        Star {
            run,
            learning_rate: self.fleet.runs[run].base_learning_rate,
            final_loss: final_validation_loss(record),
            best_loss: best_validation_loss(&self.fleet.runs[run]),
        }
    }

    /// The run whose base learning rate is this one.
    pub fn at(&self, learning_rate: f64) -> Option<&FleetRun> {
        self.fleet.runs.iter().find(|run| (run.base_learning_rate / learning_rate - 1.0).abs() < 1e-6)
    }

    /// `unstable_base_learning_rate`, if there is one.
    pub fn unstable(&self) -> Option<f64> {
        self.sweep().unstable.map(|run| self.fleet.runs[run].base_learning_rate)
    }

    /// The runs that may be chosen.
    pub fn feasible(&self) -> impl Iterator<Item = &FleetRun> {
        self.fleet.runs.iter().filter(|run| run.judgement.is_some_and(|found| found.is_feasible))
    }

    /// The width of the working range: the highest feasible learning rate over the lowest.
    pub fn working_range(&self) -> Option<f64> {
        let rates: Vec<f64> = self.feasible().map(|run| run.base_learning_rate).collect();
        let low = rates.iter().copied().reduce(f64::min)?;
        Some(rates.iter().copied().fold(low, f64::max) / low)
    }

    /// The 90th percentile of the gradient norms at lr*, over all steps.
    pub fn norm_p90(&self) -> Option<f64> {
        let star = self.star()?;
        norm_p90(&self.fleet.runs[star.run].record)
    }

    /// The arm as JSON: its experiment, each run's verdict and losses, and what the sweep came to.
    pub fn to_json(&self) -> Value {
        let run = |run: &FleetRun| {
            let judgement = run.judgement;
            json!({
                "learning_rate": run.base_learning_rate,
                "warmup_steps": run.warmup_steps,
                "verdict": judgement.map(|found| found.verdict.id),
                "feasible": judgement.map(|found| found.is_feasible),
                "step": judgement.and_then(|found| found.finding.step),
                "peak": judgement.and_then(|found| found.finding.peak),
                "final_validation_loss": finite(final_validation_loss(&run.record)),
                "best_validation_loss": finite(best_validation_loss(run)),
                "final_training_loss": finite(final_training_loss(&run.record)),
                "clipped": finite(clipped_fraction(&run.record)),
            })
        };
        let star = self.star();
        json!({
            "name": self.name,
            "experiment": self.experiment().to_value(),
            "runs": self.fleet.runs.iter().map(run).collect::<Vec<_>>(),
            "best_learning_rate": star.map(|star| star.learning_rate),
            "final_loss": star.map(|star| star.final_loss),
            "best_loss": star.map(|star| star.best_loss),
            "unstable_base_learning_rate": self.unstable(),
            "at_edge": self.sweep().is_at_edge,
            "working_range": self.working_range(),
        })
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// The lowest validation loss that a run reached.
pub fn best_validation_loss(run: &FleetRun) -> f64 {
    let losses = run.record.validation.iter().map(|point| f64::from(point.loss)).filter(|loss| loss.is_finite());
    losses.reduce(f64::min).unwrap_or(f64::NAN)
}

/// What a report may find. The texts of each language say what each is.
pub const FACTS: [&str; 37] = [
    "advised",
    "at_edge",
    "best_baseline",
    "best_loss_at_star",
    "best_matched",
    "best_warm",
    "check_rate",
    "clipped_at_star",
    "equal_rate",
    "final_loss_at_rate",
    "final_loss_at_star",
    "first_loss",
    "gap_fixed",
    "gap_tuned",
    "highest_loss",
    "highest_loss_seldom",
    "highest_of_grid",
    "highest_step",
    "instability",
    "lower_rate_instead",
    "lower_rate_loss",
    "lowest_of_grid",
    "more_steps",
    "norm_percentile",
    "one_rate",
    "refined_star",
    "seen",
    "seen_seldom",
    "shortest_warmup",
    "star",
    "target_rate",
    "unstable_rate",
    "verdict",
    "warmup_found",
    "warmup_fraction",
    "warmup_steps",
    "working_range",
];

/// A fact of a report: `final_loss_at_star` of `warmup 60`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// What it is: one of [`FACTS`].
    pub what: &'static str,
    /// Of what: the name of an arm, a percentile, a multiple of lr*; empty for the whole.
    pub of: String,
    /// Its value: a number, a text, true or false, or null where there is none.
    pub value: Value,
}

impl Fact {
    /// Its name in JSON: `final_loss_at_star (warmup 60)`.
    pub fn name(&self) -> String {
        if self.of.is_empty() { self.what.to_owned() } else { format!("{} ({})", self.what, self.of) }
    }
}

/// What a procedure came to.
#[derive(Clone)]
pub struct Report {
    /// The procedure.
    pub procedure: &'static str,
    /// What it found, in order.
    pub facts: Vec<Fact>,
    /// What it trained.
    pub arms: Vec<Arm>,
}

impl Report {
    fn new(procedure: &'static str) -> Self {
        Self { procedure, facts: Vec::new(), arms: Vec::new() }
    }

    fn fact(&mut self, what: &'static str, value: impl Into<Value>) {
        self.fact_of(what, "", value);
    }

    /// A fact of an arm, a percentile, a multiple.
    fn fact_of(&mut self, what: &'static str, of: impl Into<String>, value: impl Into<Value>) {
        debug_assert!(FACTS.contains(&what), "{what} has no text");
        self.facts.push(Fact { what, of: of.into(), value: value.into() });
    }

    /// The facts of an arm's lr* and of its final loss there.
    fn star_of(&mut self, arm: &Arm) {
        let star = arm.star();
        self.fact_of("star", &arm.name, star.map(|star| star.learning_rate));
        self.fact_of("final_loss_at_star", &arm.name, star.map(|star| star.final_loss));
    }

    /// The value of a fact of the whole.
    pub fn get(&self, what: &str) -> Option<&Value> {
        self.get_of(what, "")
    }

    /// The value of a fact of an arm, a percentile, a multiple.
    pub fn get_of(&self, what: &str, of: &str) -> Option<&Value> {
        self.facts.iter().find(|fact| fact.what == what && fact.of == of).map(|fact| &fact.value)
    }

    /// The report as JSON.
    pub fn to_json(&self) -> Value {
        let facts: serde_json::Map<String, Value> =
            self.facts.iter().map(|fact| (fact.name(), fact.value.clone())).collect();
        let arms: Vec<Value> = self.arms.iter().map(Arm::to_json).collect();
        json!({ "procedure": self.procedure, "facts": facts, "arms": arms })
    }
}

/// A report to come.
type Reporting<'a> = LocalBoxFuture<'a, Result<Report, ProcedureError>>;

/// A procedure by its name: a function from a base experiment to a report.
pub struct Procedure {
    /// Its name on the command line.
    pub id: &'static str,
    /// What it does, in one line of English.
    pub about: &'static str,
    /// Runs it.
    pub run: for<'a> fn(&'a Laboratory<'a>, &'a Experiment) -> Reporting<'a>,
}

/// All procedures.
pub static PROCEDURES: [Procedure; 8] = [
    Procedure {
        id: "sweep",
        about: "a grid of learning rates, refined around lr*, and the curves at 1, 2, 5 and 10 lr*",
        run: |laboratory, base| Box::pin(sweep::run(laboratory, base)),
    },
    Procedure {
        id: "early-check",
        about: "500 steps at 2 lr*, evaluated every step, and what evaluating every 100th would have shown",
        run: |laboratory, base| Box::pin(early_check::run(laboratory, base)),
    },
    Procedure {
        id: "warmup",
        about: "the shortest warmup that survives a target above unstable_base_learning_rate",
        run: |laboratory, base| Box::pin(warmup::run(laboratory, base, Target::default())),
    },
    Procedure {
        id: "clip",
        about: "clip thresholds from the 90th percentile of the gradient norms down",
        run: |laboratory, base| Box::pin(clipping::run(laboratory, base)),
    },
    Procedure {
        id: "initialisation",
        about: "an initial scale three times too large: with warmup, with clipping, with both",
        run: |laboratory, base| Box::pin(initialisation::run(laboratory, base)),
    },
    Procedure {
        id: "compare",
        about: "optimizers compared fairly, each at its own lr*, and unfairly, at one learning rate",
        run: |laboratory, base| Box::pin(compare::run(laboratory, base)),
    },
    Procedure {
        id: "batch-size",
        about: "batch sizes over equal epochs: at one learning rate, and each at its own",
        run: |laboratory, base| Box::pin(batch_size::run(laboratory, base)),
    },
    Procedure {
        id: "diagnose",
        about: "the whole way: sweep, is lr* at the edge, which instability, and what each fix that fits buys",
        run: |laboratory, base| Box::pin(diagnose::run(laboratory, base)),
    },
];

/// A procedure by its name.
pub fn procedure(id: &str) -> Option<&'static Procedure> {
    PROCEDURES.iter().find(|procedure| procedure.id == id)
}

/// The search for a warmup with a target other than the default.
pub async fn warmup_search(
    laboratory: &Laboratory<'_>,
    base: &Experiment,
    target: Target,
) -> Result<Report, ProcedureError> {
    warmup::run(laboratory, base, target).await
}

/// The experiment at these learning rates, one run each.
fn at_rates(base: &Experiment, rates: impl IntoIterator<Item = f64>) -> Experiment {
    let run = |rate: f64| {
        let rate = significant(rate, 6).clamp(*limits::LEARNING_RATE.start(), *limits::LEARNING_RATE.end());
        RunSettings { base_learning_rate: rate, ..RunSettings::default() }
    };
    Experiment { runs: rates.into_iter().map(run).collect(), ..base.clone() }
}

#[cfg(test)]
mod tests;
