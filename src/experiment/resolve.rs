use super::{Experiment, ExperimentError, Probe, Reason, RuleSource, RunSettings, limits};
use brink_base::number::shortest;
use brink_base::record::Columns;
use brink_network::{Form, Network};
use brink_rule::{ConstantError, Rule, builtin};
use brink_task::{InputKind, Outlier, Task};
use serde_json::Value;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// One run with nothing left to look up.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// The steps of linear warmup.
    pub warmup_steps: u32,
    /// The clip threshold, if any.
    pub clip_threshold: Option<f64>,
    /// Whether the steps of warmup are clipped, too.
    pub clip_during_warmup: bool,
    /// The steps whose gradient norms give a trailing clip threshold; 0 for a threshold that stays.
    pub clip_window: u32,
    /// The factor on initial weights.
    pub initial_scale: f64,
    /// The rule's constants, in its order.
    pub constants: Vec<f64>,
    /// The seed.
    pub seed: u32,
}

/// What decides the clip threshold of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ClipThreshold {
    /// Nothing is clipped.
    None,
    /// A threshold that stays.
    Fixed(f64),
    /// The 90th percentile of the gradient norms of the steps before.
    Trailing,
}

impl Run {
    /// What decides the clip threshold of a step.
    pub fn clipping_at(&self, step: u32) -> ClipThreshold {
        if step < self.warmup_steps && !self.clip_during_warmup {
            return ClipThreshold::None;
        }
        if self.clip_window > 0 && step >= self.clip_window {
            return ClipThreshold::Trailing;
        }
        self.clip_threshold.map_or(ClipThreshold::None, ClipThreshold::Fixed)
    }
}

/// An experiment that was checked, with its rule parsed and its network built.
pub struct Resolved {
    /// The experiment.
    pub experiment: Experiment,
    /// Its task.
    pub task: Arc<dyn Task>,
    /// Its update rule.
    pub rule: Rule,
    /// The network in its training form.
    pub network: Network,
    /// The network in its evaluation form; same parameters.
    pub evaluation: Network,
    /// The runs.
    pub runs: Vec<Run>,
    /// The probe's position among a run's parameters, if the experiment names it.
    pub probe: Option<usize>,
}

fn within<T: PartialOrd>(
    field: &str,
    value: T,
    range: &RangeInclusive<T>,
    text: impl Fn(&T) -> String,
) -> Result<(), ExperimentError> {
    if range.contains(&value) {
        return Ok(());
    }
    let (value, least, most) = (text(&value), text(range.start()), text(range.end()));
    Err(ExperimentError::new(field, Reason::Range { value, least, most }))
}

impl Resolved {
    /// The steps of a run: its warmup and what follows.
    pub fn steps(&self, run: usize) -> u32 {
        self.runs[run].warmup_steps + self.experiment.max_train_steps
    }

    /// The experiment with what a run has of its own in place of what it says for all; itself where there is no such run.
    pub fn of_run(&self, run: usize) -> Experiment {
        let experiment = self.experiment.clone();
        let Some(&Run { warmup_steps, clip_threshold, initial_scale, seed, .. }) = self.runs.get(run) else {
            return experiment;
        };
        Experiment { warmup_steps, clip_threshold, initial_scale, seed, ..experiment }
    }

    /// The steps of the longest run.
    pub fn longest(&self) -> u32 {
        (0..self.runs.len()).map(|run| self.steps(run)).max().unwrap_or(0)
    }

    /// What a row of recorded metrics means.
    pub fn columns(&self) -> Columns {
        Columns { states: self.rule.states.iter().map(|state| state.name.clone()).collect() }
    }

    /// Every how many steps a row is recorded: 1 unless that is more than [`limits::RECORDED_ROWS`].
    pub fn stride(&self) -> u32 {
        (self.runs.len() * self.longest() as usize).div_ceil(limits::RECORDED_ROWS).max(1) as u32
    }
}

impl Experiment {
    /// Checks every field and looks up what names refer to. The error names the field and what is allowed.
    pub fn resolve(&self) -> Result<Resolved, ExperimentError> {
        super::check::complete(&mut self.to_value())?;
        let kind = brink_task::find(&self.task).ok_or_else(|| {
            let ids: Vec<&str> = brink_task::TASKS.iter().map(|task| task.id).collect();
            ExperimentError::new("task", Reason::unknown(&self.task, &ids))
        })?;
        self.look_up(kind.task(&self.data))
    }

    /// [`Experiment::resolve`] on another task than the one that the experiment names.
    pub fn resolve_on(&self, task: Arc<dyn Task>) -> Result<Resolved, ExperimentError> {
        super::check::complete(&mut self.to_value())?;
        self.look_up(task)
    }

    fn look_up(&self, mut task: Arc<dyn Task>) -> Result<Resolved, ExperimentError> {
        if let Some(step) = self.data.get("outlier_step").and_then(Value::as_u64) {
            if task.input().kind != InputKind::Numbers {
                return Err(ExperimentError::new("data.outlier_step", Reason::NoOutlier));
            }
            let factor = self.data.get("outlier_factor").and_then(Value::as_f64).unwrap_or(brink_task::OUTLIER_FACTOR);
            task = Arc::new(Outlier { task, step: step as u32, factor });
        }
        self.model.check(&task.input())?;
        if self.full_gradient_every > 0 && !task.has_training_set() {
            return Err(ExperimentError::new("full_gradient_every", Reason::NoTrainingSet));
        }
        let build = |form| {
            self.model
                .build(&task.input(), &task.targets(), self.batch_size, form)
                .map_err(|error| ExperimentError::new("model", Reason::Other(error.to_string())))
        };
        let (network, evaluation) = (build(Form::Training)?, build(Form::Evaluation)?);
        if !limits::PARAMETERS.contains(&network.parameter_count()) {
            let reason = Reason::Parameters { count: network.parameter_count(), most: *limits::PARAMETERS.end() };
            return Err(ExperimentError::new("model", reason));
        }
        let rule = self.rule()?;
        let runs = self.resolve_runs(&rule)?;
        let probe = self.probe.as_ref().map(|probe| probe_position(probe, &network)).transpose()?;
        Ok(Resolved { experiment: self.clone(), task, rule, network, evaluation, runs, probe })
    }

    /// The update rule, parsed.
    pub fn rule(&self) -> Result<Rule, ExperimentError> {
        match &self.optimizer.rule {
            RuleSource::Builtin(id) => {
                let known = builtin().iter().find(|rule| rule.id == id).ok_or_else(|| {
                    let ids: Vec<&str> = builtin().iter().map(|rule| rule.id).collect();
                    ExperimentError::new("optimizer.rule", Reason::unknown(id, &ids))
                })?;
                Rule::parse(known.text).map_err(|error| ExperimentError::new("optimizer.rule", Reason::Rule(error)))
            }
            RuleSource::Text(text) => {
                Rule::parse(text).map_err(|error| ExperimentError::new("optimizer.text", Reason::Rule(error)))
            }
        }
    }

    fn resolve_runs(&self, rule: &Rule) -> Result<Vec<Run>, ExperimentError> {
        let settings: Vec<RunSettings> = if self.runs.is_empty() {
            let run = |base_learning_rate| RunSettings {
                base_learning_rate,
                warmup_steps: None,
                clip_threshold: None,
                initial_scale: None,
                constants: BTreeMap::new(),
                seed: None,
            };
            self.learning_rates.values().into_iter().map(run).collect()
        } else {
            self.runs.clone()
        };
        if !limits::RUNS.contains(&settings.len()) {
            let reason = Reason::Runs { count: settings.len(), most: *limits::RUNS.end() };
            return Err(ExperimentError::new("runs", reason));
        }
        let is_sweep = self.runs.is_empty();
        let resolve = |(index, run): (usize, &RunSettings)| {
            let field = |name: &str| {
                if is_sweep { name.to_owned() } else { format!("runs[{index}].{name}") }
            };
            let base_learning_rate = run.base_learning_rate;
            if is_sweep {
                let field = "learning_rates (its largest)";
                within(field, base_learning_rate, &limits::LEARNING_RATE, |value| shortest(*value))?;
            }
            let warmup_steps = run.warmup_steps.unwrap_or(self.warmup_steps);
            let most = limits::STEPS.end() - self.max_train_steps;
            within(&field("warmup_steps"), warmup_steps, &(0..=most), ToString::to_string)?;
            let clip_threshold = run.clip_threshold.unwrap_or(self.clip_threshold);
            let initial_scale = run.initial_scale.unwrap_or(self.initial_scale);
            let constants = constants(
                rule,
                [("optimizer.constants".to_owned(), &self.optimizer.constants), (field("constants"), &run.constants)],
            )?;
            let seed = run.seed.unwrap_or(self.seed);
            let (clip_during_warmup, clip_window) = (self.clip_during_warmup, self.clip_window);
            Ok(Run {
                base_learning_rate,
                warmup_steps,
                clip_threshold,
                clip_during_warmup,
                clip_window,
                initial_scale,
                constants,
                seed,
            })
        };
        settings.iter().enumerate().map(resolve).collect()
    }
}

/// The rule's constants in its order: its defaults, overlaid by each map in turn.
fn constants(rule: &Rule, overlays: [(String, &BTreeMap<String, f64>); 2]) -> Result<Vec<f64>, ExperimentError> {
    let mut values: Vec<f64> = rule.constants.iter().map(|constant| constant.default).collect();
    for (field, overlay) in overlays {
        for (name, &value) in overlay {
            let position = rule.constants.iter().position(|constant| &constant.name == name);
            let Some(position) = position else {
                let names: Vec<&str> = rule.constants.iter().map(|c| c.name.as_str()).collect();
                return Err(ExperimentError::new(format!("{field}.{name}"), Reason::unknown(name, &names)));
            };
            rule.constants[position].check(value).map_err(|error| {
                let reason = match error {
                    ConstantError::OutOfRange { value, range, .. } => {
                        Reason::Interval { value: shortest(value), range: range.to_string() }
                    }
                    ConstantError::Count { .. } => Reason::Other(error.to_string()),
                };
                ExperimentError::new(format!("{field}.{name}"), reason)
            })?;
            values[position] = value;
        }
    }
    Ok(values)
}

fn probe_position(probe: &Probe, network: &Network) -> Result<usize, ExperimentError> {
    let position = network.parameters.iter().position(|parameter| parameter.name == probe.layer);
    let Some(position) = position else {
        let names: Vec<&str> = network.parameters.iter().map(|p| p.name.as_str()).collect();
        return Err(ExperimentError::new("probe.layer", Reason::unknown(&probe.layer, &names)));
    };
    within("probe.index", probe.index, &(0..=network.parameters[position].shape.len() - 1), ToString::to_string)?;
    let probed = network.parameter_offsets()[position] + probe.index;
    if network.step_factors().iter().any(|(range, _)| range.contains(&probed)) {
        return Err(ExperimentError::new("probe.layer", Reason::OwnLearningRate));
    }
    Ok(probed)
}

#[cfg(test)]
mod tests {
    use crate::{Experiment, PRESETS, Probe, RunSettings, apply, preset};
    use serde_json::json;

    fn broken(change: impl Fn(&mut Experiment)) -> String {
        let mut experiment = preset("figure-7a").unwrap();
        change(&mut experiment);
        match experiment.resolve() {
            Err(error) => error.to_string(),
            Ok(_) => "accepted".to_owned(),
        }
    }

    #[test]
    fn an_experiment_of_a_run_has_what_the_run_has_of_its_own() {
        let warmups = preset("figure-6").unwrap();
        let resolved = warmups.resolve().unwrap();
        for (index, run) in warmups.runs.iter().enumerate() {
            let own = resolved.of_run(index);
            assert_eq!(Some(own.warmup_steps), run.warmup_steps);
            assert_eq!((own.clip_threshold, own.seed), (warmups.clip_threshold, warmups.seed));
        }
        let sweep = preset("figure-7a").unwrap();
        assert_eq!(sweep.resolve().unwrap().of_run(3), sweep);
    }

    #[test]
    fn every_preset_resolves_and_survives_json() {
        for preset in PRESETS {
            let experiment = (preset.experiment)();
            experiment.resolve().unwrap_or_else(|error| panic!("{}: {error}", preset.id));
            assert_eq!(Experiment::from_json(&experiment.to_json()).unwrap(), experiment);
        }
    }

    #[test]
    fn a_wrong_field_is_named_with_its_range() {
        assert_eq!(broken(|e| e.batch_size = 0), "batch_size: 0 is not between 1 and 1024");
        assert_eq!(broken(|e| e.learning_rates.count = 257), "learning_rates.count: 257 is not between 1 and 256");
        assert_eq!(broken(|e| e.initial_scale = f64::NAN), "initial_scale: null is not a number");
        assert_eq!(broken(|e| e.warmup_steps = 99_999), "warmup_steps: 99999 is not between 0 and 99400");
        assert!(broken(|e| e.task = "mnist".into()).contains("teacher, digits, spirals"));
        assert!(broken(|e| e.learning_rates.factor = 100.0).starts_with("learning_rates (its largest)"));
        let constant = |e: &mut Experiment| {
            e.optimizer.constants.insert("gamma".into(), 1.5);
        };
        assert!(broken(constant).starts_with("optimizer.constants.gamma: "));
        let run = |e: &mut Experiment| {
            let mut run: RunSettings = serde_json::from_value(json!({ "base_learning_rate": 0.1 })).unwrap();
            run.clip_threshold = Some(Some(-1.0));
            e.runs = vec![run];
        };
        assert!(broken(run).starts_with("runs[0].clip_threshold: -1 is not between"));
    }

    #[test]
    fn a_probe_follows_the_equations() {
        let mut experiment = preset("figure-4-stride-changed").unwrap();
        experiment.probe = Some(Probe { layer: "head.weight".into(), index: 0 });
        assert!(experiment.resolve().is_ok());
        let slower = apply(&experiment, [("model.head_learning_rate", 0.25.into())]).unwrap();
        let error = slower.resolve().err().expect("refused").to_string();
        assert!(error.starts_with("probe.layer: this layer has a learning rate of its own"), "{error}");
    }

    #[test]
    fn a_sweep_prints_round_numbers() {
        let values = preset("figure-7a").unwrap().learning_rates.values();
        assert_eq!(values[3], 0.008);
        assert_eq!(values[8], 0.256);
    }

    #[test]
    fn a_network_over_the_limit_says_what_to_lower() {
        let message = broken(|e| {
            if let brink_network::Model::ResidualMlp(model) = &mut e.model {
                model.width = 256;
            }
        });
        assert!(message.contains("at most 60000 are allowed; lower model.width"), "{message}");
    }
}
