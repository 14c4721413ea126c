//! Procedures on a runner that trains in place.

use super::*;
use brink_engine::experiment::{LearningRates, preset};
use brink_engine::train::Backend;
use brink_lab::{Platform, Running, Shard, ShardCommand, drive};
use futures_channel::mpsc::unbounded;

/// Trains on the caller's thread, at once.
struct InPlace;

struct Still;

impl Platform for Still {
    fn seconds(&self) -> f64 {
        0.0
    }

    fn yield_now(&self) -> LocalBoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

impl Runner for InPlace {
    fn start(&self, experiment: &Experiment) -> Running {
        let (events, received) = unbounded();
        let (commands, mut obeyed) = unbounded::<ShardCommand>();
        let runs = (0..experiment.run_count()).collect();
        let shard = Shard { experiment: experiment.clone(), runs, backend: Backend::Cpu, threads: 2 };
        let mut emit = |event| events.unbounded_send(event).unwrap();
        pollster(drive(shard, &Still, &mut obeyed, &mut emit));
        Running { events: received, control: Control::new(move |_| drop(commands.clone())) }
    }
}

/// Waits for a future that never waits.
fn pollster<T>(future: impl Future<Output = T>) -> T {
    let mut future = Box::pin(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    loop {
        if let std::task::Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}

fn small() -> Experiment {
    Experiment { max_train_steps: 120, validation_every: 20, ..preset("figure-7a").unwrap() }
}

fn report(id: &str, base: &Experiment) -> Result<Report, ProcedureError> {
    let seen = Cell::new(0);
    let progress = |_: &Progress| seen.set(seen.get() + 1);
    let laboratory = Laboratory { runner: &InPlace, steering: Steering::default(), progress: &progress };
    let report = pollster((procedure(id).unwrap().run)(&laboratory, base));
    assert!(seen.get() > 0);
    report
}

#[test]
fn a_sweep_is_refined_around_its_star_and_looks_above_it() {
    let report = report("sweep", &small()).unwrap();
    assert_eq!(report.arms.len(), 3);
    let number = |name: &str| report.get(name).and_then(Value::as_f64).unwrap();
    assert!(number("final_loss_at_star") <= report.arms[0].star().unwrap().final_loss);
    assert!(number("unstable_rate") > number("star"));
    assert_eq!(report.get_of("verdict", "10 lr*").and_then(Value::as_str), Some("diverged"));
    assert!(report.to_json()["arms"][2]["runs"].as_array().is_some_and(|runs| runs.len() == 4));
}

#[test]
fn a_search_for_warmup_finds_the_shortest_that_survives_and_is_matched_in_steps() {
    let base = Experiment { max_train_steps: 300, ..small() };
    let report = report("warmup", &base).unwrap();
    assert_eq!(report.get("warmup_found"), Some(&Value::from(true)), "{:?}", report.facts);
    let warmup = report.get("warmup_steps").and_then(Value::as_u64).unwrap() as u32;
    let control = report.arms.iter().find(|arm| arm.name == "as many steps without warmup").unwrap();
    assert_eq!(control.experiment().max_train_steps, base.max_train_steps + warmup);
    let prepended = report.arms.iter().find(|arm| arm.name == "warmup prepended").unwrap();
    assert_eq!(prepended.fleet.resolved.longest(), base.max_train_steps + warmup);
    let fraction = report.get("warmup_fraction").and_then(Value::as_f64).unwrap();
    assert_eq!(report.get("advised").and_then(Value::as_bool), Some(fraction <= 0.1));
}

#[test]
fn tighter_thresholds_clip_more_and_say_when_to_lower_the_rate_instead() {
    let report = report("clip", &small()).unwrap();
    let shares: Vec<f64> = report
        .facts
        .iter()
        .filter(|fact| fact.what == "clipped_at_star")
        .map(|fact| fact.value.as_f64().unwrap())
        .collect();
    let (shares, trailing) = shares.split_at(4);
    // A threshold that follows falling norms clips about a tenth of the updates and not all of them.
    assert!(trailing.len() == 1 && trailing[0] > 0.0 && trailing[0] < shares[3], "{trailing:?}");
    assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]) && shares[3] > 0.5, "{shares:?}");
    let advice: Vec<bool> = report
        .facts
        .iter()
        .filter(|fact| fact.what == "lower_rate_instead")
        .map(|fact| fact.value.as_bool().unwrap())
        .collect();
    assert_eq!(advice, shares.iter().map(|share| *share > 0.5).collect::<Vec<_>>());
}

#[test]
fn a_diagnosis_tries_the_playbook_s_fixes_in_order() {
    let report = report("diagnose", &small()).unwrap();
    let names: Vec<&str> = report.arms.iter().map(|arm| arm.name.as_str()).collect();
    assert_eq!(names[..3], ["base", "warmup", "clipping"]);
    assert_eq!(names.last(), Some(&"lower_rate"));
    assert!(report.get_of("star", "warmup").is_some());
}

#[test]
fn the_other_procedures_report_what_they_promise() {
    for (id, fact, of) in [
        ("early-check", "highest_loss", ""),
        ("initialisation", "star", "with both"),
        ("compare", "working_range", "adam"),
        ("batch-size", "gap_tuned", ""),
    ] {
        let report = report(id, &Experiment { max_train_steps: 60, ..small() }).unwrap();
        assert!(report.get_of(fact, of).is_some(), "{id}: {:?}", report.facts);
        assert_eq!(report.to_json()["procedure"], id);
    }
}

#[test]
fn a_grid_that_is_all_too_high_and_one_without_instability_are_said_to_be_so() {
    let rates = |from| Experiment { learning_rates: LearningRates { from, factor: 2.0, count: 2 }, ..small() };
    assert!(matches!(report("sweep", &rates(10.0)), Err(ProcedureError::NothingFeasible)));
    let calm = Experiment { max_train_steps: 300, ..rates(0.002) };
    assert!(matches!(report("warmup", &calm), Err(ProcedureError::NothingUnstable)));
}

#[test]
fn a_cancel_ends_the_procedure() {
    let steering = Steering::default();
    let canceller = steering.clone();
    let progress = move |progress: &Progress| {
        if progress.arm != "base" {
            canceller.send(Command::Cancel);
        }
    };
    let laboratory = Laboratory { runner: &InPlace, steering, progress: &progress };
    let diagnose = procedure("diagnose").unwrap();
    assert!(matches!(pollster((diagnose.run)(&laboratory, &small())), Err(ProcedureError::Cancelled)));
}
