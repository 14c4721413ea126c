//! What to look at and what to try: the line above the plots, and what happened to the focused variant.

use leptos::prelude::*;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, MouseEvent};

use super::lab::{Held, Lab, megabytes};
use brink_playbook::figures::figure;
use brink_view::advice::{self, Suggestion};
use brink_view::story::{SEED, Story};
use brink_view::summary::{sentence, summary};

/// A button that makes a variant of a suggestion.
fn button(lab: Lab, suggestion: Suggestion, id: &'static str) -> AnyView {
    let Suggestion { experiment, text } = suggestion;
    let click = move |event: MouseEvent| {
        // The button goes once it is taken; its box keeps the focus, or the keyboard would be back at the page's start.
        let button = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
        let region = button.and_then(|button| button.closest("[tabindex]").ok().flatten());
        if let Some(region) = region.and_then(|region| region.dyn_into::<HtmlElement>().ok()) {
            // Fails only for an element that is gone.
            let _ = region.focus();
        }
        lab.commit(experiment.clone());
    };
    view! {
        <button type="button" class="suggestion" id=id on:click=click>
            {text}
        </button>
    }
    .into_any()
}

/// The line that says what to look at, and what to try.
#[component]
pub fn Lead(lab: Lab) -> impl IntoView {
    let lead = Memo::new(move |_| {
        lab.stage();
        lab.names.with(|names| {
            lab.board.with_untracked(|board| advice::lead(board, names, |next| lab.allows(next), lab.texts()))
        })
    });
    // A story says itself what it is about, until something else is tried; some of its experiments follow from others.
    let story = Memo::new(move |_| lab.story.get().and_then(Story::find));
    Effect::new(move |_| {
        let figure = story.get().and_then(|story| figure(story.id));
        if let Some(figure) = figure.filter(|_| lab.ended().is_some()) {
            lab.go_on(figure, SEED);
        }
    });
    let told = move || {
        let texts = lab.texts();
        story.get().map(|story| view! { <p id="story"><b>{story.title(texts)}</b>". " {story.line(texts)}</p> })
    };
    view! {
        {told}
        <div class="lead" id="lead" tabindex="-1" aria-live="polite" class:unneeded=move || story.with(Option::is_some)>
            <p>{move || lead.get().text}</p>
            {move || lead.get().next.filter(|next| lab.allows(&next.experiment)).map(|next| button(lab, next, "try"))}
        </div>
    }
}

/// What happened to a variant.
#[derive(Clone, Debug, PartialEq)]
struct Happening {
    index: usize,
    name: String,
    text: String,
    fix: Option<Suggestion>,
    focused: bool,
}

/// One sentence for the focused variant, with the fix; the others' are folded away.
#[component]
pub fn Happened(lab: Lab) -> impl IntoView {
    let happenings = Memo::new(move |_| {
        lab.stage();
        let (texts, names) = (lab.texts(), lab.names.get());
        lab.board.with_untracked(|board| {
            let first = board.variants().first().map(|first| (first, summary(first)));
            let focus = board.focused().map(|variant| variant.id);
            let happening = |(index, variant): (usize, &brink_view::board::Variant)| {
                // Learning rates of different problems are not compared.
                let other = first.as_ref().filter(|(first, _)| index > 0 && first.is_same_problem(variant));
                let other = other.zip(names.first()).map(|((_, other), name)| (name.as_str(), other));
                let own = summary(variant);
                let focused = Some(variant.id) == focus;
                let (why, fix) = if focused { advice::fix(board, variant, &own, texts) } else { (None, None) };
                let why = why.map(|why| format!(" {why}")).unwrap_or_default();
                let text = sentence(variant, &own, other, texts) + &why;
                Happening { index, name: names.get(index).cloned().unwrap_or_default(), text, fix, focused }
            };
            let shown = board.variants().iter().enumerate().filter(|(_, variant)| !variant.hidden);
            shown.map(happening).collect::<Vec<_>>()
        })
    });
    let item = move |happening: Happening| {
        let Happening { index, name, text, fix, .. } = happening;
        view! {
            <div class="verdict" data-index=index.to_string()>
                <p>
                    <b>{name}</b>
                    ": "
                    {text}
                </p>
                {fix.filter(|fix| lab.allows(&fix.experiment)).map(|fix| button(lab, fix, "fix"))}
            </div>
        }
    };
    let items = move |focused: bool| {
        move || happenings.get().into_iter().filter(|one| one.focused == focused).map(item).collect_view()
    };
    let count = Memo::new(move |_| happenings.with(|all| all.iter().filter(|one| !one.focused).count()));
    view! {
        <section class="card" aria-labelledby="happened-title">
            <h2 id="happened-title">{move || lab.texts().happened}</h2>
            <div id="happened">
                <div class="focused" tabindex="-1" aria-live="polite">
                    {items(true)}
                </div>
                <details class="others" class:unneeded=move || count.get() == 0>
                    <summary>
                        {move || lab.texts().happened_others(count.get())}
                    </summary>
                    {items(false)}
                </details>
            </div>
        </section>
    }
}

/// What to look at, what to try, and what happened, in one.
#[component]
pub fn Guide(lab: Lab) -> impl IntoView {
    view! {
        <Lead lab />
        <Happened lab />
    }
}

/// How large the variants are that a link brought, and the button that trains them, where they wait for it.
#[component]
pub fn HeldLink(lab: Lab) -> impl IntoView {
    let held = Memo::new(move |_| lab.held());
    let says = move || {
        held.get().map(|Held { variants, load }| {
            lab.texts().link_asks(variants, load.runs, load.run_steps, megabytes(load.bytes()))
        })
    };
    view! {
        <Show when=move || held.get().is_some()>
            <p class="warning" id="held">
                {says} " "
                <button type="button" id="start-held" on:click=move |_| lab.start_held()>
                    {move || lab.texts().link_start}
                </button>
            </p>
        </Show>
    }
}
