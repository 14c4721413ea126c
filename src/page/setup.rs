//! The setup: one control for each metaparameter that has one, in the groups of [`brink_view::metaparameter`]. A control
//! shows the focused variant's value; committing a change makes a new variant.

use brink_engine::experiment::{Experiment, ExperimentError, RuleSource, definitions, value_at};
use brink_engine::metaparameter::{Definition, Metaparameter};
use brink_engine::rule::Constant;
use brink_engine::task;
use brink_view::metaparameter::{
    ControlKind, Group, Presentation, Switch, choice_name, choices, has_effect, is_in_row, presentation, stepping,
    symbol, with_value,
};
use brink_view::name::rule_name;
use brink_view::number::{Stepping, field};
use brink_view::query::Panel;
use brink_view::refusal::reason;
use leptos::prelude::*;
use serde_json::Value;

use super::lab::Lab;
use super::reading::Explain;
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

    /// Whether the address locks it.
    fn is_locked(self) -> bool {
        self.lab.is_locked(self.definition.id)
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

/// What a field for a number is, whatever it sets.
struct NumberField {
    id: String,
    label: Signal<String>,
    /// What runs now; `None` where the field is empty.
    value: Memo<Option<f64>>,
    stepping: Stepping,
    /// The values that are allowed, in words.
    allowed: Signal<String>,
    /// Whether the address locks it.
    locked: bool,
    /// The symbol that it sets, if it has one in the equations.
    symbol: Option<String>,
}

/// A field for a number with its label, and buttons that step it; committed when the field is left or Enter is pressed. A value
/// that is refused is said beside the field, which keeps what runs.
fn number_field(
    lab: Lab,
    field: NumberField,
    set: impl Fn(f64) -> Result<(), ExperimentError> + Send + Sync + Clone + 'static,
) -> impl IntoView {
    let NumberField { id, label, value, stepping, allowed, locked, symbol } = field;
    let fault = RwSignal::new(None::<String>);
    let shown = Memo::new(move |_| lab.texts().number(value.get().map(brink_view::number::field).unwrap_or_default()));
    let node = NodeRef::<leptos::html::Input>::new();
    // Another value is none that was refused.
    Effect::new(move |_| {
        shown.track();
        fault.set(None);
    });
    let refuse = move |reason: String| {
        fault.set(Some(lab.texts().kept(reason, shown.get_untracked())));
        if let Some(input) = node.get_untracked() {
            input.set_value(&shown.get_untracked());
        }
    };
    let take = move |number: f64| {
        if Some(number) == value.get_untracked() {
            fault.set(None);
            return;
        }
        match set(number) {
            Ok(()) => fault.set(None),
            Err(error) => refuse(reason(&error.reason, lab.texts())),
        }
    };
    let typed = {
        let take = take.clone();
        move |event| {
            // A comma is a decimal point to many.
            let text = event_target_value(&event).trim().replace(',', ".");
            match text.parse::<f64>() {
                Ok(number) if number.is_finite() => take(number),
                _ => refuse(lab.texts().not_kind(format!("“{text}”"), lab.texts().kind_number)),
            }
        }
    };
    let step = move |up: bool| {
        let take = take.clone();
        move || {
            if let Some(value) = value.get_untracked() {
                take(stepping.next(value, up));
            }
        }
    };
    let (up, down) = (step(true), step(false));
    let (key_up, key_down) = (up.clone(), down.clone());
    let key = move |event: web_sys::KeyboardEvent| {
        match event.key().as_str() {
            "ArrowUp" => key_up(),
            "ArrowDown" => key_down(),
            _ => return,
        }
        event.prevent_default();
    };
    let (hint, error) = (format!("{id}-allowed"), format!("{id}-fault"));
    let described = format!("{hint} {error}");
    view! {
        <div class="row" data-symbol=symbol>
            <label for=id.clone()>{move || label.get()}</label>
            <span class="stepper">
                <button type="button" tabindex="-1" aria-hidden="true" disabled=locked on:click=move |_| down()>
                    "−"
                </button>
                <input
                    id=id
                    node_ref=node
                    type="text"
                    class="number"
                    inputmode="decimal"
                    disabled=locked
                    on:input=move |_| fault.set(None)
                    autocomplete="off"
                    aria-describedby=described
                    aria-invalid=move || fault.with(Option::is_some).to_string()
                    prop:value=move || shown.get()
                    on:change=typed
                    on:keydown=key
                />
                <button type="button" tabindex="-1" aria-hidden="true" disabled=locked on:click=move |_| up()>
                    "+"
                </button>
            </span>
            <small class="allowed" id=hint>{move || allowed.get()}</small>
            <small class="fault" id=error role="alert">{move || fault.get()}</small>
        </div>
    }
}

/// The values that a metaparameter allows, in words.
fn allowed(texts: &brink_view::text::Texts, stepping: Stepping) -> String {
    let (least, most) = stepping.bounds;
    texts.from_to(field(least), field(most))
}

#[component]
fn NumberControl(of: Field) -> impl IntoView {
    let lab = of.lab;
    let label = of.label();
    let unbounded = Stepping { bounds: (f64::MIN, f64::MAX), whole: false, by_one: false };
    let stepping = stepping(of.definition).unwrap_or(unbounded);
    let field = NumberField {
        id: of.presentation().id.to_owned(),
        label: Signal::derive(move || label().into_owned()),
        value: Memo::new(move |_| of.value().as_f64()),
        stepping,
        allowed: Signal::derive(move || allowed(lab.texts(), stepping)),
        locked: of.is_locked(),
        symbol: symbol(of.definition.id).map(str::to_owned),
    };
    // A whole number is written as one: 600 is not 600.0.
    let as_json = move |number: f64| match stepping.whole && number.fract() == 0.0 && (0.0..1e15).contains(&number) {
        true => Value::from(number as u64),
        false => Value::from(number),
    };
    number_field(lab, field, move |number| {
        let changed = lab.current.with_untracked(|experiment| with_value(experiment, of.definition, as_json(number)));
        lab.try_commit(changed?)
    })
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
            <select id=id disabled=of.is_locked() on:change=move |event| of.set(Value::from(event_target_value(&event)))>
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
                disabled=move || is_idle.get() || of.is_locked()
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
                        disabled=of.is_locked()
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
    // In the row a switch is its group's title; elsewhere it is one of several controls.
    let label = of.label();
    let title = move || match is_in_row(of.definition.id) {
        true => of.presentation().group.title(of.lab.texts()).to_owned(),
        false => label().into_owned(),
    };
    let turn = move |event| {
        let on = || of.lab.board.with_untracked(switch.on);
        of.set(if event_target_checked(&event) { on() } else { (switch.off)() });
    };
    view! {
        <label class="check title">
            <input id=switch.id type="checkbox" disabled=of.is_locked() prop:checked=move || is_on.get() on:change=turn />
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
    let control = move |Constant { name, default, range }: Constant| {
        let (read_name, label) = (name.clone(), name.clone());
        let stepping = Stepping { bounds: (range.lower, range.upper), whole: false, by_one: false };
        let field = NumberField {
            id: format!("{}-{name}", of.presentation().id),
            label: Signal::derive(move || label.clone()),
            value: Memo::new(move |_| Some(of.value()[&read_name].as_f64().unwrap_or(default))),
            stepping,
            allowed: Signal::derive(move || range.to_string()),
            locked: of.is_locked(),
            symbol: Some(name.clone()),
        };
        let set = move |number: f64| {
            let mut experiment = lab.current.get_untracked();
            if number == default {
                experiment.optimizer.constants.remove(&name);
            } else {
                experiment.optimizer.constants.insert(name.clone(), number);
            }
            lab.try_commit(experiment)
        };
        number_field(lab, field, set)
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
        // The editor stands beside the equations.
        {(lab.shows(Panel::Equations) && !lab.is_locked(Metaparameter::RuleText)).then(|| view! {
            <button type="button" id="own-rule" on:click=move |_| super::rule_editor::open(lab)>
                {move || lab.texts().rule_own}
            </button>
        })}
    }
}

/// One group of controls: those in the row above the plots, or the rest.
#[component]
fn GroupOfControls(
    lab: Lab,
    group: Group,
    in_row: bool,
    current: Memo<Value>,
    kinds: Memo<(String, &'static str)>,
) -> impl IntoView {
    // Task and kind of model decide which metaparameters there are.
    let fields = Memo::new(move |_| {
        let of_group = |one: &&'static Definition| {
            presentation(one.id).group == group && is_in_row(one.id) == in_row && !lab.is_hidden(one.id)
        };
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
                {(group == Group::Optimizer && in_row).then(|| view! { <OwnRule lab /> })}
                {group
                    .entry()
                    .filter(|_| in_row)
                    .map(|entry| {
                        let of = Signal::derive(move || group.title(lab.texts()).to_owned());
                        view! { <Explain lab entry of /> }
                    })}
            </fieldset>
        </Show>
    }
}

/// The controls of what the page is about, in the row above the plots, and the drawer with all others; as far as the address shows
/// them.
#[component]
pub fn Switches(lab: Lab) -> impl IntoView {
    view! {
        <section class="switches" aria-label=move || lab.texts().switches>
            {lab.shows(Panel::Switches).then(|| groups(lab, Group::ROW, true))}
            {lab.shows(Panel::Setup).then(|| view! { <Drawer lab /> })}
        </section>
    }
}

/// All other controls, in a drawer; they are built once it is opened, for they are many and the page is to be there soon.
#[component]
fn Drawer(lab: Lab) -> impl IntoView {
    let was_opened = RwSignal::new(false);
    view! {
        <details class="setup" on:toggle=move |_| was_opened.set(true)>
            <summary>{move || lab.texts().setup}</summary>
            <div class="card drawer">
                <Show when=move || was_opened.get()>{groups(lab, Group::ALL, false)}</Show>
            </div>
        </details>
    }
}

fn groups<const N: usize>(lab: Lab, groups: [Group; N], in_row: bool) -> impl IntoView {
    let current = Memo::new(move |_| lab.current.with(Experiment::to_value));
    let kinds = Memo::new(move |_| lab.current.with(|experiment| (experiment.task.clone(), experiment.model.kind())));
    groups.into_iter().map(|group| view! { <GroupOfControls lab group in_row current kinds /> }).collect_view()
}
