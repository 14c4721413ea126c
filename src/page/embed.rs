//! The page within another page: a board or a figure without header, guide and footer, which trains only while it is in sight
//! and leaves the page around it alone. `docs/embedding.md` describes it.

use std::time::Duration;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;
use web_sys::{HtmlTextAreaElement, IntersectionObserver, IntersectionObserverEntry};

use super::address::{self, Address};
use super::advice::{Guide, HeldLink};
use super::chapter::EmbeddedFigure;
use super::equations::Equations;
use super::lab::Lab;
use super::plots::{AxisPlot, StepPlot};
use super::setup::Switches;
use super::transport::{Pause, Progress, Variants};
use brink_view::metaparameter::Group;
use brink_view::plot::Palette;
use brink_view::query::{Begin, Embedding, Panel};
use brink_view::story::Story;
use brink_view::theme::Theme;
use brink_view::words::Against;

/// The size of the frame that the dialog writes, in CSS pixels.
const FRAME: (u32, u32) = (700, 420);
/// How long the dialog says that it copied.
const COPIED: Duration = Duration::from_secs(3);

/// Whether any of the page is in sight, in the frame and in the pages around it.
pub fn sight() -> RwSignal<bool> {
    let is_in_sight = RwSignal::new(false);
    let changed = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
        if let Some(entry) = entries.iter().last() {
            is_in_sight.set(entry.unchecked_into::<IntersectionObserverEntry>().is_intersecting());
        }
    });
    match (IntersectionObserver::new(changed.as_ref().unchecked_ref()), document().document_element()) {
        (Ok(observer), Some(root)) => {
            observer.observe(&root);
            // For as long as the page.
            std::mem::forget(observer);
        }
        // Without an observer it counts as seen.
        _ => is_in_sight.set(true),
    }
    changed.forget();
    is_in_sight
}

/// The page, embedded. `begin` starts the engine.
#[component]
pub fn EmbeddedPage(
    lab: Lab,
    figures: Lab,
    address: Address,
    colors: Memo<Palette>,
    story: Option<&'static str>,
    has_begun: RwSignal<bool>,
) -> impl IntoView {
    let shows = move |panel| lab.shows(panel);
    let story = story.and_then(Story::find);
    let is_board = shows_board(lab);
    let on_click = lab.query().begin == Begin::Click;
    // Before it is clicked: the picture of a figure, where there is one.
    let still = move || {
        let picture = story.filter(|_| on_click && is_board && !has_begun.get())?;
        let alt = move || picture.title(lab.texts());
        Some(view! { <img class="still" src=picture.picture(lab.language.get()) alt=alt /> })
    };
    let strip = move |panel, of| shows(panel).then(|| view! { <StepPlot lab palette=colors of /> });
    view! {
        <main class="embed">
            <h1 class="unseen">"Brink"</h1>
            {(shows(Panel::Switches) || shows(Panel::Setup)).then(|| view! { <Switches lab /> })}
            {shows(Panel::Guide).then(|| view! { <Guide lab /> })}
            <div class="panels">
                {still} {strip(Panel::Loss, Against::Loss)}
                {shows(Panel::Axis)
                    .then(|| {
                        view! {
                            <AxisPlot lab palette=colors>
                                <Variants lab palette=colors />
                            </AxisPlot>
                        }
                    })} {strip(Panel::Rate, Against::Rate)} {strip(Panel::Norm, Against::Norm)}
                {shows(Panel::Equations)
                    .then(|| {
                        view! {
                            <div class="side">
                                <Equations lab />
                            </div>
                        }
                    })}
                {story
                    .filter(|_| shows(Panel::Figure))
                    .map(|story| view! { <EmbeddedFigure lab figures address palette=colors story /> })}
                {(story.is_none() && shows(Panel::Figure))
                    .then(|| {
                        let ids = brink_view::story::stories().map(|story| story.id).collect::<Vec<_>>().join(", ");
                        view! { <p class="warning">{move || lab.texts().no_figure(&ids)}</p> }
                    })}
            </div>
        </main>
        <footer class="bar">
            {is_board.then(|| view! { <Begins lab has_begun on_click /> })}
            <a id="own-page" target="_blank" rel="noopener" href=move || {
                lab.stage();
                address.own_page()
            }>{move || lab.texts().open_in_brink}</a>
            <div role="status">
                {move || lab.notice.get().map(|notice| view! { <p class="warning" id="notice">{notice}</p> })}
                <HeldLink lab />
            </div>
        </footer>
    }
}

/// Whether an embedded page shows anything of the board.
pub fn shows_board(lab: Lab) -> bool {
    Panel::ALL.into_iter().any(|panel| panel != Panel::Figure && lab.shows(panel))
}

/// The button that begins, pauses and continues, and how far training is.
#[component]
fn Begins(lab: Lab, has_begun: RwSignal<bool>, on_click: bool) -> impl IntoView {
    move || {
        if on_click && !has_begun.get() {
            view! {
                <button type="button" class="primary" id="begin" on:click=move |_| has_begun.set(true)>
                    {move || lab.texts().run_it}
                </button>
            }
            .into_any()
        } else {
            view! {
                <Pause lab />
                <Progress lab />
            }
            .into_any()
        }
    }
}

/// The button that opens the dialog, and the dialog, which writes what an author puts into a page.
#[component]
pub fn Embed(address: Address) -> impl IntoView {
    let lab = address.lab;
    let node = NodeRef::<html::Dialog>::new();
    let is_open = RwSignal::new(false);
    let open = move |_| {
        is_open.set(true);
        if let Some(dialog) = node.get_untracked() {
            // Fails only for a dialog that is not in the document.
            let _ = dialog.show_modal();
        }
    };
    let close = move || {
        if let Some(dialog) = node.get_untracked() {
            dialog.close();
        }
    };
    view! {
        <button type="button" id="embed" aria-haspopup="dialog" on:click=open>
            {move || lab.texts().embed}
        </button>
        <dialog id="embed-dialog" class="card" node_ref=node aria-labelledby="embed-title" on:close=move |_| is_open.set(false)>
            <div class="heading">
                <h2 id="embed-title">{move || lab.texts().embed_title}</h2>
                <button type="button" on:click=move |_| close()>
                    {move || lab.texts().close}
                </button>
            </div>
            <Show when=move || is_open.get()>
                <Snippet address />
            </Show>
        </dialog>
    }
}

/// What an embedded board shows and locks, and the lines of HTML for it.
#[component]
fn Snippet(address: Address) -> impl IntoView {
    let lab = address.lab;
    let embedding = RwSignal::new(Embedding {
        show: Panel::EMBEDDED.to_vec(),
        lock: Vec::new(),
        begin: Begin::default(),
        theme: lab.theme.get_untracked(),
        language: lab.language.get_untracked(),
    });
    let link = Memo::new(move |_| address.link(&embedding.with(Embedding::query)));
    let html = Memo::new(move |_| {
        let title = lab.texts().title;
        let (width, height) = FRAME;
        let link = link.get().replace('&', "&amp;").replace('"', "&quot;");
        format!(
            "<iframe src=\"{link}\" title=\"{title}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\" style=\"border: 0; max-width: 100%\"></iframe>"
        )
    });
    // Boards are embedded, figures by their address (docs/embedding.md).
    let panels = Panel::ALL.into_iter().filter(|panel| *panel != Panel::Figure);
    let panels = panels.map(move |panel| {
        let turn = move |event| {
            let on = event_target_checked(&event);
            embedding.update(|embedding| {
                let is_kept = |one: &Panel| if *one == panel { on } else { embedding.show.contains(one) };
                embedding.show = Panel::ALL.into_iter().filter(is_kept).collect();
            });
        };
        view! {
            <label class="check">
                <input type="checkbox" value=panel.tag() prop:checked=move || embedding.with(|e| e.show.contains(&panel)) on:change=turn />
                {move || panel.name(lab.texts())}
            </label>
        }
    });
    let locks = Group::ALL.map(move |group| {
        let turn = move |event| {
            let on = event_target_checked(&event);
            embedding.update(|embedding| {
                let is_kept = |one: &Group| if *one == group { on } else { embedding.lock.contains(one) };
                embedding.lock = Group::ALL.into_iter().filter(is_kept).collect();
            });
        };
        view! {
            <label class="check">
                <input type="checkbox" value=group.tag() on:change=turn />
                {move || group.title(lab.texts())}
            </label>
        }
    });
    let begins = Begin::ALL.map(move |begin| {
        view! {
            <option value=begin.tag() prop:selected=move || embedding.with(|e| e.begin == begin)>
                {move || begin.name(lab.texts())}
            </option>
        }
    });
    let themes = Theme::ALL.map(move |theme| {
        view! {
            <option value=theme.tag() prop:selected=move || embedding.with(|e| e.theme == theme)>
                {move || theme.name(lab.texts())}
            </option>
        }
    });
    let is_copied = RwSignal::new(None::<bool>);
    let field = NodeRef::<html::Textarea>::new();
    let copy = move |_| {
        let text = html.get_untracked();
        spawn_local(async move {
            let copied = address::copy(&text).await;
            is_copied.set(Some(copied));
            if !copied && let Some(field) = field.get_untracked() {
                let field: &HtmlTextAreaElement = &field;
                field.select();
            }
            let forget = move || {
                // Nobody is told where the dialog has closed.
                let _ = is_copied.try_set(None);
            };
            set_timeout(forget, COPIED);
        });
    };
    view! {
        <p class="help">{move || lab.texts().embed_help}</p>
        <div class="columns">
            <fieldset id="embed-show">
                <legend>{move || lab.texts().embed_show}</legend>
                {panels.collect_view()}
            </fieldset>
            <fieldset id="embed-lock">
                <legend>{move || lab.texts().embed_lock}</legend>
                {locks.collect_view()}
            </fieldset>
        </div>
        <div class="row">
            <label for="embed-begin">{move || lab.texts().embed_begin}</label>
            <select
                id="embed-begin"
                on:change=move |event| {
                    let found = Begin::ALL.into_iter().find(|begin| begin.tag() == event_target_value(&event));
                    embedding.update(|embedding| embedding.begin = found.unwrap_or_default());
                }
            >
                {begins.collect_view()}
            </select>
        </div>
        <div class="row">
            <label for="embed-theme">{move || lab.texts().theme}</label>
            <select
                id="embed-theme"
                on:change=move |event| {
                    let theme = Theme::from_tag(&event_target_value(&event)).unwrap_or_default();
                    embedding.update(|embedding| embedding.theme = theme);
                }
            >
                {themes.collect_view()}
            </select>
        </div>
        <label for="embed-html">{move || lab.texts().embed_html}</label>
        <textarea id="embed-html" readonly rows="5" spellcheck="false" node_ref=field prop:value=move || html.get()></textarea>
        <p class="actions">
            <button type="button" class="primary" id="embed-copy" on:click=copy>
                {move || lab.texts().copy}
            </button>
            <a target="_blank" rel="noopener" href=move || link.get()>
                {move || lab.texts().embed_look}
            </a>
            <span role="status">
                {move || {
                    is_copied
                        .get()
                        .map(|copied| if copied { lab.texts().copied } else { lab.texts().copy_refused })
                }}
            </span>
        </p>
    }
}
