//! The setup: one control for each metaparameter that has one, in the groups of [`brink_view::metaparameter`]. A control
//! shows the focused variant's value; committing a change makes a new variant.

use brink_engine::experiment::{Experiment, ExperimentError, RuleSource, definitions, value_at};
use brink_engine::metaparameter::{Definition, Metaparameter};
use brink_engine::rule::Constant;
use brink_engine::task;
use brink_view::metaparameter::{
    ControlKind, Group, Presentation, Switch, choice_name, choices, has_effect, presentation, with_value,
};
use brink_view::name::rule_name;
use brink_view::number::field;
use leptos::prelude::*;
use serde_json::Value;

use super::lab::Lab;
use std::borrow::Cow;

/// A metaparameter with its control on the page.
#[derive(Clone, Copy)]
struct Field {
    lab: Lab,
    definition: &'static Definition,
    /// The focused variant's experiment as JSON.
    current: Memo<Value>,
}

impl Field {
    fn presentation(self) -> Presentation {
        presentation(self.definition.id)
    }

    /// The focused variant's value, or the default where none is written; null where it has none.
    fn value(self) -> Value {
        self.current.with(|tree| self.definition.value(value_at(tree, self.definition.path)))
    }

    /// Whether the value is this text: a choice by name.
    fn is(self, name: &str) -> bool {
        self.value() == name
    }

    /// Makes a variant with another value, or says why not.
    fn set(self, value: Value) {
        commit(self.lab, |experiment| with_value(experiment, self.definition, value));
    }

    fn label(self) -> impl Fn() -> Cow<'static, str> + Copy + Send + Sync {
        move || {
            let kind = self.current.with(|tree| tree["model"]["kind"].as_str().unwrap_or_default().to_owned());
            (self.presentation().label)(self.lab.texts(), &kind)
        }
    }

    /// What a choice is called.
    fn called(self, name: &'static str) -> impl Fn() -> String + Copy + Send + Sync {
        move || choice_name(self.definition, name, self.lab.texts())
    }
}

/// Makes a variant of what `change` makes of the focused experiment, or says why not.
fn commit(lab: Lab, change: impl FnOnce(&Experiment) -> Result<Experiment, ExperimentError>) {
    match lab.current.with_untracked(change) {
        Ok(experiment) => lab.commit(experiment),
        Err(error) => lab.refuse(&error),
    }
}

/// A field for a number with its label; committed when the field is left or Enter is pressed.
fn number_field(
    id: String,
    label: impl Fn() -> String + Send + Sync + 'static,
    value: Memo<Option<f64>>,
    set: impl Fn(f64) + Send + Sync + 'static,
) -> impl IntoView {
    let change = move |event| {
        let Ok(number) = event_target_value(&event).trim().parse::<f64>() else { return };
        if number.is_finite() && Some(number) != value.get_untracked() {
            set(number);
        }
    };
    view! {
        <div class="row">
            <label for=id.clone()>{label}</label>
            <input
                id=id
                type="number"
                step="any"
                inputmode="decimal"
                prop:value=move || value.get().map(field).unwrap_or_default()
                on:change=change
            />
        </div>
    }
}

#[component]
fn NumberControl(of: Field) -> impl IntoView {
    let value = Memo::new(move |_| of.value().as_f64());
    let label = of.label();
    number_field(
        of.presentation().id.to_owned(),
        move || label().into_owned(),
        value,
        move |number| {
            of.set(Value::from(number));
        },
    )
}

#[component]
fn ListControl(of: Field) -> impl IntoView {
    let id = of.presentation().id;
    let options = choices(of.definition)
        .into_iter()
        .map(|name| view! { <option value=name prop:selected=move || of.is(name)>{of.called(name)}</option> })
        .collect_view();
    view! {
        <div class="row">
            <label for=id>{of.label()}</label>
            <select id=id on:change=move |event| of.set(Value::from(event_target_value(&event)))>
                {options}
            </select>
        </div>
    }
}

#[component]
fn CheckboxControl(of: Field) -> impl IntoView {
    let is_idle = Memo::new(move |_| of.lab.current.with(|experiment| !has_effect(of.definition.id, experiment)));
    view! {
        <label class="check">
            <input
                id=of.presentation().id
                type="checkbox"
                disabled=is_idle
                prop:checked=move || of.value() == true
                on:change=move |event| of.set(Value::from(event_target_checked(&event)))
            />
            {of.label()}
        </label>
    }
}

/// Buttons of which one is pressed, each with a picture where `picture` gives one.
#[component]
fn ButtonsControl(of: Field, picture: Option<fn(&str) -> AnyView>) -> impl IntoView {
    let options = choices(of.definition)
        .into_iter()
        .map(|name| {
            // A memo of its own: nothing is set anew when another control is turned.
            let is_chosen = Memo::new(move |_| of.is(name));
            view! {
                <label>
                    <input
                        type="radio"
                        name=of.presentation().id
                        value=name
                        prop:checked=move || is_chosen.get()
                        on:change=move |_| of.set(Value::from(name))
                    />
                    {picture.map(|picture| picture(name))}
                    {of.called(name)}
                </label>
            }
        })
        .collect_view();
    view! { <div class="choice" class:blocks=picture.is_some()>{options}</div> }
}

/// A residual block as a picture: the stream upwards, the branch f, and where the norm sits.
fn block_picture(placement: &str) -> AnyView {
    let norm = match placement {
        "pre" => Some(("25", "44")),
        "inside" => Some(("25", "23")),
        "post" => Some(("8", "9")),
        _ => None,
    };
    view! {
        <svg viewBox="0 0 44 64" aria-hidden="true">
            <path class="wire" d="M14,62V4M14,54H31V20H18"></path>
            <rect class="box" x="24" y="29" width="14" height="12" rx="2"></rect>
            <text x="31" y="38">"f"</text>
            <circle class="plus" cx="14" cy="20" r="4.5"></circle>
            <path class="wire" d="M11,20H17M14,17V23"></path>
            {norm.map(|(x, y)| view! { <rect class="norm" x=x y=y width="12" height="4.5" rx="1"></rect> })}
        </svg>
    }
    .into_any()
}

/// A switch, and while it is on a field for the number.
#[component]
fn SwitchControl(of: Field, switch: Switch) -> impl IntoView {
    let is_on = Memo::new(move |_| of.value() != (switch.off)());
    let title = move || of.presentation().group.title(of.lab.texts());
    let turn = move |event| {
        let on = || of.lab.board.with_untracked(switch.on);
        of.set(if event_target_checked(&event) { on() } else { (switch.off)() });
    };
    view! {
        <label class="check title">
            <input id=switch.id type="checkbox" prop:checked=move || is_on.get() on:change=turn />
            {title}
        </label>
        <Show when=move || is_on.get()>
            <NumberControl of />
        </Show>
    }
}

/// A field for each constant of the rule.
#[component]
fn ConstantsControl(of: Field) -> impl IntoView {
    let lab = of.lab;
    // Only another rule has other constants.
    let constants =
        Memo::new(move |_| lab.current.with(Experiment::rule).map_or_else(|_| Vec::new(), |rule| rule.constants));
    let control = move |Constant { name, default, .. }: Constant| {
        let (read_name, label) = (name.clone(), name.clone());
        let value = Memo::new(move |_| Some(of.value()[&read_name].as_f64().unwrap_or(default)));
        let id = format!("{}-{name}", of.presentation().id);
        number_field(
            id,
            move || label.clone(),
            value,
            move |number| {
                lab.commit({
                    let mut experiment = lab.current.get_untracked();
                    if number == default {
                        experiment.optimizer.constants.remove(&name);
                    } else {
                        experiment.optimizer.constants.insert(name.clone(), number);
                    }
                    experiment
                });
            },
        )
    };
    move || constants.get().into_iter().map(control).collect_view()
}

/// The control of a metaparameter.
fn control(of: Field) -> AnyView {
    match of.presentation().control {
        ControlKind::Number => view! { <NumberControl of /> }.into_any(),
        ControlKind::Switch(switch) => view! { <SwitchControl of switch /> }.into_any(),
        ControlKind::List => view! { <ListControl of /> }.into_any(),
        ControlKind::Buttons => view! { <ButtonsControl of picture=None /> }.into_any(),
        ControlKind::BlockPictures => view! { <ButtonsControl of picture=Some(block_picture) /> }.into_any(),
        ControlKind::Checkbox => view! { <CheckboxControl of /> }.into_any(),
        ControlKind::Constants => view! { <ConstantsControl of /> }.into_any(),
        ControlKind::None => ().into_any(),
    }
}

/// Where the data of the task comes from.
#[component]
fn TaskSource(lab: Lab) -> impl IntoView {
    let source = Memo::new(move |_| {
        lab.current.with(|experiment| {
            task::find(&experiment.task).map(|kind| kind.default_task().source().to_owned()).unwrap_or_default()
        })
    });
    view! {
        <Show when=move || !source.get().is_empty()>
            <p class="source">{move || lab.texts().task_source(source.get())}</p>
        </Show>
    }
}

/// The learner's own rule, which is none of those that are offered: its name, and the way to the editor.
#[component]
fn OwnRule(lab: Lab) -> impl IntoView {
    let name = Memo::new(move |_| {
        lab.current
            .with(|experiment| matches!(experiment.optimizer.rule, RuleSource::Text(_)).then(|| rule_name(experiment)))
    });
    view! {
        {move || name.get().map(|name| view! { <p class="own">{lab.texts().rule_own_now(name)}</p> })}
        <button type="button" id="own-rule" on:click=move |_| super::rule_editor::open(lab)>
            {move || lab.texts().rule_own}
        </button>
    }
}

/// One group of controls.
#[component]
fn GroupOfControls(lab: Lab, group: Group, current: Memo<Value>, kinds: Memo<(String, &'static str)>) -> impl IntoView {
    // Task and kind of model decide which metaparameters there are.
    let fields = Memo::new(move |_| {
        let of_group = |one: &&'static Definition| presentation(one.id).group == group;
        kinds.with(|(task, model)| definitions(task, model).filter(of_group).map(|one| one.id).collect::<Vec<_>>())
    });
    let controls = move || {
        let ids = fields.get();
        let (task, model) = kinds.get_untracked();
        let all = definitions(&task, model).filter(|one| ids.contains(&one.id));
        let view = all.map(|definition| {
            let after = (definition.id == Metaparameter::Task).then(|| view! { <TaskSource lab /> });
            view! {
                {control(Field { lab, definition, current })}
                {after}
            }
        });
        view.collect_view()
    };
    let has_switch =
        move || fields.with(|ids| ids.iter().any(|id| matches!(presentation(*id).control, ControlKind::Switch(_))));
    view! {
        <Show when=move || fields.with(|ids| !ids.is_empty())>
            <fieldset>
                // A switch is its group's visible title.
                <legend class:unseen=has_switch>{move || group.title(lab.texts())}</legend>
                {controls}
                {(group == Group::Optimizer).then(|| view! { <OwnRule lab /> })}
            </fieldset>
        </Show>
    }
}

/// All controls.
#[component]
pub fn Setup(lab: Lab) -> impl IntoView {
    let current = Memo::new(move |_| lab.current.with(Experiment::to_value));
    let kinds = Memo::new(move |_| lab.current.with(|experiment| (experiment.task.clone(), experiment.model.kind())));
    Group::ALL.into_iter().map(|group| view! { <GroupOfControls lab group current kinds /> }).collect_view()
}
