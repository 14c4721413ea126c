//! The chapter and the glossary on the page: texts that are loaded once they are opened.

use std::collections::BTreeMap;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::files;
use super::lab::Lab;
use brink_view::chapter::{Block, Chapter, Inline};

/// A text of the page in its language, loaded once and kept.
#[derive(Clone, Copy)]
pub struct Reading {
    lab: Lab,
    name: &'static str,
    texts: RwSignal<BTreeMap<&'static str, Result<Chapter, String>>>,
}

impl Reading {
    /// The text of this name; nothing is loaded yet.
    pub fn new(lab: Lab, name: &'static str) -> Self {
        Self { lab, name, texts: RwSignal::new(BTreeMap::new()) }
    }

    /// The text in the page's language; `None` while it is being loaded.
    fn get(self) -> Option<Result<Chapter, String>> {
        let tag = self.lab.language.get().tag();
        let found = self.texts.with(|texts| texts.get(tag).cloned());
        if found.is_none() {
            spawn_local(async move {
                let text = files::text(&format!("{}.{tag}.md", self.name)).await.map_err(|error| error.to_string());
                let read = text.and_then(|text| Chapter::parse(&text).map_err(|error| error.to_string()));
                self.texts.update(|texts| {
                    texts.insert(tag, read);
                });
            });
        }
        found
    }

    /// The text as `show` has it, or why there is none yet.
    pub fn view(self, show: impl FnOnce(Chapter) -> AnyView) -> AnyView {
        let texts = self.lab.texts();
        match self.get() {
            None => view! { <p>{texts.starting}</p> }.into_any(),
            Some(Err(error)) => view! { <p class="warning">{texts.failed(error)}</p> }.into_any(),
            Some(Ok(chapter)) => show(chapter),
        }
    }
}

/// A text with its terms, which open their entries.
pub fn inline(lab: Lab, text: Vec<Inline>) -> AnyView {
    let part = |part: Inline| match part {
        Inline::Text(text) => text.into_any(),
        Inline::Strong(text) => view! { <b>{text}</b> }.into_any(),
        Inline::Code(text) => view! { <code>{text}</code> }.into_any(),
        Inline::Term { entry, text } => term(lab, entry, text),
        // Only the caption of a figure has numbers that can be set.
        Inline::Number { value, .. } => value.to_string().into_any(),
        Inline::Link { address, text } => view! {
            <a href=address rel="noopener" target="_blank">
                {text}
            </a>
        }
        .into_any(),
    };
    text.into_iter().map(part).collect_view().into_any()
}

/// A word that opens its entry of the glossary.
pub fn term(lab: Lab, entry: String, text: String) -> AnyView {
    view! {
        <button type="button" class="term" aria-haspopup="dialog" on:click=move |_| lab.term.set(Some(entry.clone()))>
            {text}
        </button>
    }
    .into_any()
}

/// A mark beside a title that opens an entry of the glossary.
#[component]
pub fn Explain(lab: Lab, entry: &'static str, #[prop(into)] of: Signal<String>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="explain"
            aria-haspopup="dialog"
            aria-label=move || lab.texts().explain(of.get())
            on:click=move |_| lab.term.set(Some(entry.to_owned()))
        >
            "?"
        </button>
    }
}

/// Paragraphs and lists; what only the chapter has is shown there.
pub fn prose(lab: Lab, block: Block) -> AnyView {
    match block {
        Block::Paragraph(text) => view! { <p>{inline(lab, text)}</p> }.into_any(),
        Block::Items(items) => {
            let items = items.into_iter().map(|item| view! { <li>{inline(lab, item)}</li> }).collect_view();
            view! { <ul>{items}</ul> }.into_any()
        }
        Block::Question(_) | Block::Figure { .. } | Block::Rule(_) | Block::Procedure { .. } => ().into_any(),
    }
}

/// The glossary: all entries, or the one that was asked for.
#[component]
pub fn Glossary(lab: Lab) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let reading = Reading::new(lab, "glossary");
    let asked = Memo::new(move |_| lab.term.get());
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        match (asked.get().is_some(), dialog.open()) {
            // Fails only for a dialog that is not in the document.
            (true, false) => drop(dialog.show_modal()),
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let entry = move |section: brink_view::chapter::Section| {
        let blocks = section.blocks.into_iter().map(|block| prose(lab, block)).collect_view();
        view! {
            <h3>{section.title}</h3>
            {blocks}
        }
    };
    let entries = move || {
        let id = asked.get()?;
        Some(reading.view(|chapter| match chapter.section(&id) {
            Some(section) => entry(section.clone()).into_any(),
            None => chapter.sections.into_iter().map(entry).collect_view().into_any(),
        }))
    };
    view! {
        <dialog id="glossary" class="card" node_ref=node aria-labelledby="glossary-title" on:close=move |_| lab.term.set(None)>
            <div class="heading">
                <h2 id="glossary-title">{move || lab.texts().glossary}</h2>
                <button type="button" on:click=move |_| lab.term.set(None)>
                    {move || lab.texts().close}
                </button>
            </div>
            {entries}
            <Show when=move || asked.with(|id| id.as_deref().is_some_and(|id| !id.is_empty()))>
                <p>
                    <button type="button" on:click=move |_| lab.term.set(Some(String::new()))>
                        {move || lab.texts().glossary_all}
                    </button>
                </p>
            </Show>
        </dialog>
    }
}
