//! The update rule as text: the equation renders as one types, an error shows where it is, and committing makes a new
//! variant.

use leptos::prelude::*;
use wasm_bindgen::JsCast;

use super::lab::Lab;
use super::mathml::Formula;
use brink_engine::rule::{Equation, Rule};
use brink_view::name::rule_name;
use brink_view::rule_text::{excerpt, optimizer, rule_error_sentence, text_of};

/// The id of the text field.
const FIELD: &str = "rule-text";

/// Opens the editor and goes to its text.
pub fn open(lab: Lab) {
    lab.editing.set(true);
    // The field takes the focus only once it is shown.
    request_animation_frame(|| {
        let field = document().get_element_by_id(FIELD).and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok());
        if let Some(field) = field {
            // Fails only for an element that is gone.
            let _ = field.focus();
        }
    });
}

/// The editor, closed until it is asked for.
#[component]
pub fn RuleEditor(lab: Lab) -> impl IntoView {
    // Without a draft the text follows the focused variant.
    let draft = RwSignal::new(None::<String>);
    let running = Memo::new(move |_| lab.current.with(text_of));
    let text = Memo::new(move |_| draft.get().unwrap_or_else(|| running.get()));
    let error = Memo::new(move |_| text.with(|text| Rule::parse(text).err()));
    let clipped = Memo::new(move |_| lab.current.with(|experiment| experiment.clips()));
    let running_equations = move |clipped: bool| {
        running.with(|text| Rule::parse(text).map(|rule| rule.equations(clipped)).unwrap_or_default())
    };
    // What could be read last stays, dimmed, while a line is incomplete.
    let readable = StoredValue::new(None::<Vec<Equation>>);
    let equations = Memo::new(move |_| {
        if let Ok(rule) = text.with(|text| Rule::parse(text)) {
            readable.set_value(Some(rule.equations(clipped.get())));
        }
        readable.get_value().unwrap_or_else(|| running_equations(clipped.get()))
    });
    let is_draft = Memo::new(move |_| draft.with(Option::is_some));
    let is_wrong = Memo::new(move |_| error.with(Option::is_some));
    let lines = Memo::new(move |_| text.with(|text| text.split('\n').count()));
    let current_name = Memo::new(move |_| lab.current.with(rule_name));

    let commit = move || {
        if is_wrong.get_untracked() {
            return;
        }
        let asked = optimizer(&text.get_untracked());
        lab.change(|experiment| experiment.optimizer = asked.clone());
        // A board that is full keeps the draft.
        if lab.current.with_untracked(|experiment| experiment.optimizer == asked) {
            draft.set(None);
        }
    };
    let numbers = move || {
        (1..=lines.get()).map(|line| {
                let is_here = move || error.with(|error| error.as_ref().is_some_and(|error| error.line == line));
                view! {
                    <span class:wrong=is_here>{move || if is_here() { format!("▶ {line}") } else { line.to_string() }}</span>
                }
            }).collect_view()
    };
    let message = move || {
        let texts = lab.texts();
        match error.get() {
            Some(error) => {
                let excerpt = text.with(|text| excerpt(text, &error));
                view! {
                    <p class="warning">{rule_error_sentence(&error, texts)}</p>
                    <pre aria-hidden="true">{excerpt}</pre>
                }
                .into_any()
            }
            None if is_draft.get() => view! { <p class="help">{texts.rule_fine}</p> }.into_any(),
            None => ().into_any(),
        }
    };
    let preview = move || {
        is_draft.get().then(|| {
            let is_old = is_wrong.get();
            equations
                .get()
                .into_iter()
                .map(|equation| {
                    view! {
                        <div class="equation" class:off=is_old>
                            <Formula node=equation.mathml text=equation.text />
                        </div>
                    }
                })
                .collect_view()
        })
    };
    view! {
        <details
            class="editor"
            id="rule-editor"
            prop:open=move || lab.editing.get()
            on:toggle=move |event: web_sys::Event| {
                let details = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
                lab.editing.set(details.is_some_and(|details| details.has_attribute("open")));
            }
        >
            <summary>{move || lab.texts().rule_edit}</summary>
            <label for=FIELD>{move || lab.texts().rule_text}</label>
            <div class="code">
                <div class="lines" aria-hidden="true">
                    {numbers}
                </div>
                <textarea
                    id=FIELD
                    wrap="off"
                    spellcheck="false"
                    autocomplete="off"
                    autocapitalize="off"
                    rows=move || lines.get().to_string()
                    aria-describedby="rule-error rule-help"
                    aria-invalid=move || is_wrong.get().to_string()
                    aria-keyshortcuts="Control+Enter"
                    prop:value=move || text.get()
                    on:input=move |event| {
                        let typed = event_target_value(&event);
                        draft.set((typed != running.get_untracked()).then_some(typed));
                    }
                    on:keydown=move |event: web_sys::KeyboardEvent| {
                        if event.key() == "Enter" && (event.ctrl_key() || event.meta_key()) {
                            event.prevent_default();
                            commit();
                        }
                    }
                ></textarea>
            </div>
            <div id="rule-error" role="status">
                {message}
            </div>
            <div id="rule-preview">{preview}</div>
            <p>
                <button
                    type="button"
                    class="primary"
                    id="rule-commit"
                    disabled=move || is_wrong.get() || !is_draft.get()
                    on:click=move |_| commit()
                >
                    {move || lab.texts().rule_commit}
                </button>
                " "
                <span class="help">{move || lab.texts().rule_commit_key}</span>
            </p>
            <button type="button" id="rule-restart" disabled=move || !is_draft.get() on:click=move |_| draft.set(None)>
                {move || current_name.with(|name| lab.texts().rule_restart(name))}
            </button>
            <p class="help" id="rule-help">
                {move || lab.texts().rule_help}
            </p>
        </details>
    }
}
