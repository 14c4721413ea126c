//! The setup: one control for each choice. A control shows the focused variant's value; committing a change makes a new
//! variant.

use std::borrow::Cow;
use std::sync::Arc;

use leptos::prelude::*;

use super::lab::Lab;
use super::live::{Live, handler, list, live, live_text, maybe, memo};
use brink_engine::experiment::{Experiment, Optimizer, RuleSource, Schedule, limits};
use brink_engine::network::Model;
use brink_engine::network::models::{Branch, Mlp, Placement, ResidualMlp};
use brink_engine::network::operations::ActivationKind;
use brink_engine::rule::{Rule, builtin};
use brink_engine::task::tasks;
use brink_view::advice::FIRST_WARMUP;
use brink_view::name::{Named, branch_name, placement_name, rule_name, schedule_name, task_name};
use brink_view::number::{field, rounded};
use brink_view::scene::percentile_90;
use brink_view::text::Texts;

/// The clip threshold that turning clipping on begins with, where the focused run has no gradient norms yet.
const FIRST_THRESHOLD: f64 = 5.0;

type Reader = Arc<dyn Fn(&Experiment) -> f64 + Send + Sync>;
type Writer = Arc<dyn Fn(&mut Experiment, f64) + Send + Sync>;

/// A number with its label; committed when the field is left or Enter is pressed.
fn number(lab: Lab, id: String, label: Live<Cow<'static, str>>, get: Reader, set: Writer) -> AnyView {
    let shown = {
        let get = get.clone();
        memo(move || lab.current.with(|experiment| get(experiment)))
    };
    let change = move |event| {
        let Ok(value) = event_target_value(&event).trim().parse::<f64>() else { return };
        let before = lab.current.with_untracked(|experiment| get(experiment));
        if value.is_finite() && value != before {
            lab.change(|experiment| set(experiment, value));
        }
    };
    view! {
        <div class="row">
            <label for=id.clone()>{label}</label>
            <input id=id type="number" step="any" inputmode="decimal" prop:value=live(move || field(shown.get())) on:change=handler(change) />
        </div>
    }
    .into_any()
}

/// A list to choose from: values with their names.
fn choice(
    lab: Lab,
    id: &'static str,
    label: fn(&'static Texts) -> &'static str,
    options: Vec<(&'static str, Named)>,
    get: fn(&Experiment) -> String,
    set: fn(&mut Experiment, &str),
) -> impl IntoView {
    let chosen = memo(move || lab.current.with(get));
    let items = list(options.into_iter().map(|(value, name)| {
        view! { <option value=value prop:selected=live(move || chosen.get() == value)>{lab.say(name)}</option> }
    }));
    view! {
        <div class="row">
            <label for=id>{lab.say(label)}</label>
            <select
                id=id
                prop:value=live(move || chosen.get())
                on:change=handler(move |event| {
                    let value = event_target_value(&event);
                    lab.change(|experiment| set(experiment, &value));
                })
            >
                {items}
            </select>
        </div>
    }
}

fn residual(experiment: &Experiment) -> Option<&ResidualMlp> {
    match &experiment.model {
        Model::ResidualMlp(model) => Some(model),
        Model::Mlp(_) => None,
    }
}

fn change_residual(experiment: &mut Experiment, change: impl FnOnce(&mut ResidualMlp)) {
    if let Model::ResidualMlp(model) = &mut experiment.model {
        change(model);
    }
}

fn depth(experiment: &Experiment) -> f64 {
    match &experiment.model {
        Model::Mlp(model) => model.depth as f64,
        Model::ResidualMlp(model) => model.depth as f64,
    }
}

fn width(experiment: &Experiment) -> f64 {
    match &experiment.model {
        Model::Mlp(model) => model.width as f64,
        Model::ResidualMlp(model) => model.width as f64,
    }
}

fn activation(experiment: &Experiment) -> ActivationKind {
    match &experiment.model {
        Model::Mlp(model) => model.activation,
        Model::ResidualMlp(model) => model.activation,
    }
}

/// A number from a field as a count; what is no count becomes 0, which the experiment's own check refuses or allows.
fn count(value: f64) -> usize {
    value.round() as usize
}

fn count32(value: f64) -> u32 {
    value.round() as u32
}

fn set_model(experiment: &mut Experiment, kind: &str) {
    let (depth, width, activation) = (count(depth(experiment)), count(width(experiment)), activation(experiment));
    experiment.model = match kind {
        "mlp" => Model::Mlp(Mlp { depth, width, activation }),
        _ => Model::ResidualMlp(ResidualMlp {
            depth,
            width,
            activation,
            placement: Placement::None,
            final_norm: false,
            branch: Branch::Plain,
        }),
    };
}

fn set_activation(experiment: &mut Experiment, value: &str) {
    let kind = match value {
        "tanh" => ActivationKind::Tanh,
        "gelu" => ActivationKind::Gelu,
        _ => ActivationKind::Relu,
    };
    match &mut experiment.model {
        Model::Mlp(model) => model.activation = kind,
        Model::ResidualMlp(model) => model.activation = kind,
    }
}

/// A residual block as a picture: the stream upwards, the branch f, and where the norm sits.
fn diagram(placement: Placement) -> impl IntoView {
    let norm = match placement {
        Placement::None => None,
        Placement::Pre => Some(("25", "44")),
        Placement::Inside => Some(("25", "23")),
        Placement::Post => Some(("8", "9")),
    };
    view! {
        <svg viewBox="0 0 44 64" aria-hidden="true">
            <path class="wire" d="M14,62V4M14,54H31V20H18"></path>
            <rect class="box" x="24" y="29" width="14" height="12" rx="2"></rect>
            <text x="31" y="38">"f"</text>
            <circle class="plus" cx="14" cy="20" r="4.5"></circle>
            <path class="wire" d="M11,20H17M14,17V23"></path>
            {maybe(norm.map(|(x, y)| view! { <rect class="norm" x=x y=y width="12" height="4.5" rx="1"></rect> }))}
        </svg>
    }
}

/// Whether an option is the chosen one is a memo of its own: nothing is set anew when another control is turned.
#[component]
fn PlacementChoice(lab: Lab) -> impl IntoView {
    let options = list(Placement::ALL.into_iter().map(|placement| {
        let is_chosen = move |e: &Experiment| residual(e).is_some_and(|model| model.placement == placement);
        let is_chosen = memo(move || lab.current.with(is_chosen));
        view! {
            <label>
                <input
                    type="radio"
                    name="placement"
                    prop:checked=live(move || is_chosen.get())
                    on:change=handler(move |_| lab.change(|e| change_residual(e, |model| model.placement = placement)))
                />
                {diagram(placement)}
                {live_text(move || placement_name(placement, lab.texts()))}
            </label>
        }
    }));
    let final_norm = memo(move || lab.current.with(|e| residual(e).is_some_and(|model| model.final_norm)));
    let branches = list(Branch::ALL.into_iter().enumerate().map(|(index, start)| {
        let is_chosen = move |e: &Experiment| residual(e).is_some_and(|model| model.branch == start);
        let is_chosen = memo(move || lab.current.with(is_chosen));
        view! {
            <option value=index.to_string() prop:selected=live(move || is_chosen.get())>
                {live_text(move || branch_name(start, lab.texts()))}
            </option>
        }
    }));
    view! {
        <fieldset>
            <legend>{lab.say(|texts| texts.placement)}</legend>
            <div class="choice blocks">{options}</div>
            <label class="check">
                <input
                    id="final-norm"
                    type="checkbox"
                    prop:checked=live(move || final_norm.get())
                    on:change=handler(move |event| {
                        let on = event_target_checked(&event);
                        lab.change(|e| change_residual(e, |model| model.final_norm = on));
                    })
                />
                {lab.say(|texts| texts.final_norm)}
            </label>
            <div class="row">
                <label for="branch">{lab.say(|texts| texts.branch)}</label>
                <select
                    id="branch"
                    on:change=handler(move |event| {
                        let index: usize = event_target_value(&event).parse().unwrap_or(0);
                        let start = Branch::ALL.get(index).copied().unwrap_or_default();
                        lab.change(|e| change_residual(e, |model| model.branch = start));
                    })
                >
                    {branches}
                </select>
            </div>
        </fieldset>
    }
}

/// The optimizer and its constants.
#[component]
fn OptimizerChoice(lab: Lab) -> impl IntoView {
    let chosen = memo(move || lab.current.with(|experiment| experiment.optimizer.rule.clone()));
    let options = list(builtin().iter().map(|rule| {
        let id = rule.id;
        let name = Rule::parse(rule.text).map_or_else(|_| id.to_owned(), |rule| rule.name);
        view! {
            <label>
                <input
                    type="radio"
                    name="optimizer"
                    value=id
                    prop:checked=live(move || chosen.with(|rule| *rule == RuleSource::Builtin(id.to_owned())))
                    on:change=handler(move |_| lab.change(|experiment| experiment.optimizer = Optimizer::builtin(id)))
                />
                {name}
            </label>
        }
    }));
    // A typed rule is none of those that are offered: it is named below them.
    let own = live(move || {
        let is_own = chosen.with(|rule| matches!(rule, RuleSource::Text(_)));
        maybe(is_own.then(|| {
            let name = lab.current.with_untracked(rule_name);
            view! { <p class="own">{live_text(move || lab.texts().rule_own_now(&name))}</p> }
        }))
    });
    let constants = live(move || {
        // Only another rule has other constants.
        chosen.track();
        let constants = lab.current.with_untracked(Experiment::rule).map_or_else(|_| Vec::new(), |rule| rule.constants);
        let control = |constant: &brink_engine::rule::Constant| {
            let (name, default) = (constant.name.clone(), constant.default);
            let (get_name, set_name, label) = (name.clone(), name.clone(), name.clone());
            let get: Reader = Arc::new(move |e| e.optimizer.constants.get(&get_name).copied().unwrap_or(default));
            let set: Writer = Arc::new(move |e, value| {
                if value == default {
                    e.optimizer.constants.remove(&set_name);
                } else {
                    e.optimizer.constants.insert(set_name.clone(), value);
                }
            });
            number(lab, format!("constant-{name}"), live_text(move || label.clone()), get, set)
        };
        list(constants.iter().map(control))
    });
    view! {
        <fieldset>
            <legend>{lab.say(|texts| texts.optimizer)}</legend>
            <div class="choice">{options}</div>
            {own}
            {constants}
            <button type="button" id="own-rule" on:click=handler(move |_| super::rule_editor::open(lab))>
                {lab.say(|texts| texts.rule_own)}
            </button>
        </fieldset>
    }
}

#[component]
fn WarmupChoice(lab: Lab) -> impl IntoView {
    let on = memo(move || lab.current.with(|experiment| experiment.warmup_steps > 0));
    let get: Reader = Arc::new(|e| f64::from(e.warmup_steps));
    let set: Writer = Arc::new(|e, value| e.warmup_steps = count32(value));
    let number = move || number(lab, "warmup-steps".into(), lab.say(|t| t.warmup_steps), get.clone(), set.clone());
    let steps = live(move || maybe(on.get().then(&number)));
    view! {
        <fieldset>
            <legend class="unseen">{lab.say(|texts| texts.warmup)}</legend>
            <label class="check title">
                <input
                    id="warmup"
                    type="checkbox"
                    prop:checked=live(move || on.get())
                    on:change=handler(move |event| {
                        let steps = if event_target_checked(&event) { FIRST_WARMUP } else { 0 };
                        lab.change(|experiment| experiment.warmup_steps = steps);
                    })
                />
                {lab.say(|texts| texts.warmup)}
            </label>
            {steps}
            {choice(
                lab,
                "schedule",
                |t| t.schedule,
                Schedule::ALL.into_iter().map(schedule_name).collect(),
                |e| schedule_name(e.schedule).0.to_owned(),
                |e, value| {
                    e.schedule = match value {
                        "linear" => Schedule::Linear,
                        "cosine" => Schedule::Cosine,
                        _ => Schedule::Constant,
                    };
                },
            )}
        </fieldset>
    }
}

#[component]
fn ClippingChoice(lab: Lab) -> impl IntoView {
    let on = memo(move || lab.current.with(|experiment| experiment.clip_threshold.is_some()));
    let get: Reader = Arc::new(|e| e.clip_threshold.unwrap_or(FIRST_THRESHOLD));
    let set: Writer = Arc::new(|e, value| e.clip_threshold = Some(value));
    let number = move || number(lab, "clip-threshold".into(), lab.say(|t| t.threshold), get.clone(), set.clone());
    let threshold = live(move || maybe(on.get().then(&number)));
    view! {
        <fieldset>
            <legend class="unseen">{lab.say(|texts| texts.clipping)}</legend>
            <label class="check title">
                <input
                    id="clipping"
                    type="checkbox"
                    prop:checked=live(move || on.get())
                    on:change=handler(move |event| {
                        let percentile = || lab.board.with_untracked(percentile_90).map_or(FIRST_THRESHOLD, rounded);
                        let threshold = event_target_checked(&event).then(percentile);
                        lab.change(|experiment| experiment.clip_threshold = threshold);
                    })
                />
                {lab.say(|texts| texts.clipping)}
            </label>
            {threshold}
        </fieldset>
    }
}

/// All controls.
#[component]
pub fn Setup(lab: Lab) -> impl IntoView {
    let is_residual = memo(move || lab.current.with(|experiment| residual(experiment).is_some()));
    let numeric = move |id: &str, label: fn(&'static Texts) -> &'static str, get: Reader, set: Writer| {
        number(lab, id.to_owned(), lab.say(label), get, set)
    };
    let depth_label = live_text(move || {
        let texts = lab.texts();
        if is_residual.get() { texts.depth_blocks } else { texts.depth_layers }
    });
    let tasks: Vec<_> = tasks().iter().map(|task| (task.id(), task_name(task.id()))).collect();
    let source = live(move || {
        let source =
            lab.current.with(|experiment| brink_engine::task::find(&experiment.task).map_or("", |task| task.source()));
        maybe((!source.is_empty()).then(|| {
            let text = lab.texts().task_source(source);
            view! { <p class="source">{text}</p> }
        }))
    });
    let set_depth: Writer = Arc::new(|e, value| match &mut e.model {
        Model::Mlp(model) => model.depth = count(value),
        Model::ResidualMlp(model) => model.depth = count(value),
    });
    let set_width: Writer = Arc::new(|e, value| match &mut e.model {
        Model::Mlp(model) => model.width = count(value),
        Model::ResidualMlp(model) => model.width = count(value),
    });
    view! {
        <fieldset>
            <legend>{lab.say(|texts| texts.network)}</legend>
            {choice(lab, "task", |t| t.task, tasks, |e| e.task.clone(), |e, value| e.task = value.to_owned())}
            {source}
            {choice(
                lab,
                "model",
                |t| t.model,
                vec![("residual", |t| t.model_residual), ("mlp", |t| t.model_mlp)],
                |e| if residual(e).is_some() { "residual" } else { "mlp" }.to_owned(),
                set_model,
            )}
            {number(lab, "depth".into(), depth_label, Arc::new(depth), set_depth)}
            {numeric("width", |t| t.width, Arc::new(width), set_width)}
            {choice(
                lab,
                "activation",
                |t| t.activation,
                vec![("relu", |_| "ReLU"), ("tanh", |_| "tanh"), ("gelu", |_| "GELU")],
                |e| match activation(e) {
                    ActivationKind::Relu => "relu",
                    ActivationKind::Tanh => "tanh",
                    ActivationKind::Gelu => "gelu",
                }
                .to_owned(),
                set_activation,
            )}
            {numeric(
                "initial-scale",
                |t| t.initial_scale,
                Arc::new(|e| e.initial_scale),
                Arc::new(|e, value| e.initial_scale = value),
            )}
        </fieldset>
        {live(move || maybe(is_residual.get().then(|| view! { <PlacementChoice lab /> })))}
        <OptimizerChoice lab />
        <WarmupChoice lab />
        <ClippingChoice lab />
        <fieldset>
            <legend>{lab.say(|texts| texts.rate_grid)}</legend>
            {numeric(
                "rate-lowest",
                |t| t.rate_lowest,
                Arc::new(|e| e.learning_rates.from),
                Arc::new(|e, value| e.learning_rates.from = value),
            )}
            {numeric(
                "rate-factor",
                |t| t.rate_factor,
                Arc::new(|e| e.learning_rates.factor),
                Arc::new(|e, value| e.learning_rates.factor = value),
            )}
            {numeric(
                "rate-count",
                |t| t.rate_count,
                Arc::new(|e| e.learning_rates.count as f64),
                Arc::new(|e, value| e.learning_rates.count = count(value)),
            )}
        </fieldset>
        <fieldset>
            <legend>{lab.say(|texts| texts.budget)}</legend>
            {numeric(
                "batch-size",
                |t| t.batch_size,
                Arc::new(|e| e.batch_size as f64),
                Arc::new(|e, value| e.batch_size = count(value)),
            )}
            {numeric(
                "steps",
                |t| t.steps,
                Arc::new(|e| f64::from(e.max_train_steps)),
                // A count beyond the limit is refused with a message; it must not overflow on its way there.
                Arc::new(|e, value| e.max_train_steps = count32(value.min(f64::from(*limits::STEPS.end()) + 1.0))),
            )}
            {numeric(
                "seed",
                |t| t.seed,
                Arc::new(|e| f64::from(e.seed)),
                Arc::new(|e, value| e.seed = count32(value)),
            )}
        </fieldset>
    }
}
