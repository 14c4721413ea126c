//! The page itself.

use std::time::Duration;

use futures_util::StreamExt;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::address::{Address, Share, ShareResult, UndoRedo};
use super::advice::{Happened, HeldLink, Lead};
use super::bench::Bench;
use super::chapter::ChapterPage;
use super::embed::Embed;
use super::equations::Equations;
use super::focus;
use super::frames::Later;
use super::lab::Lab;
use super::plots::{AxisPlot, StepPlot, palette};
use super::pool::Pool;
use super::procedure::{LastReport, ProcedurePage, Procedures};
use super::reading::Glossary;
use super::setup::Switches;
use super::stories::Stories;
use super::transport::{Transport, Variants};
use brink_engine::train::Backend;
use brink_view::fragment::{Fragment, Place};
use brink_view::plot::Palette;
use brink_view::query::{Begin, Panel, Query};
use brink_view::report::told;
use brink_view::text::{Language, Texts};
use brink_view::theme::Theme;
use brink_view::words::Against;

/// Replaces the line that stands in `index.html` until the program runs.
pub fn start() {
    if let Some(waiting) = document().get_element_by_id("waiting") {
        waiting.remove();
    }
    if Fragment::parse(&location().hash().unwrap_or_default()).bench {
        leptos::mount::mount_to_body(|| view! { <Bench language=language(&query()) /> });
    } else {
        // Compiling the program and building the page are two tasks.
        set_timeout(|| leptos::mount::mount_to_body(Page), Duration::ZERO);
    }
}

/// What the query of the address asks for.
fn query() -> Query {
    Query::parse(&location().search().unwrap_or_default())
}

/// The language: the address's, then the browser's.
fn language(query: &Query) -> Language {
    let of_browser = || window().navigator().language().as_deref().and_then(Language::from_tag);
    query.language.or_else(of_browser).unwrap_or_default()
}

/// Writes a choice into the address, so that a copied link keeps it.
fn write_choice(name: &str, value: &str) {
    let location = location();
    let Ok(search) = web_sys::UrlSearchParams::new_with_str(&location.search().unwrap_or_default()) else { return };
    search.set(name, value);
    let fragment = location.hash().unwrap_or_default();
    let address = format!("?{}{fragment}", search.to_string().as_string().unwrap_or_default());
    if let Ok(history) = window().history() {
        // A sandboxed frame may refuse; the page is as it was chosen all the same.
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&address));
    }
}

/// Starts the workers, which load while the page goes on; then chooses the backend, and trains what waits.
fn start_engine(lab: Lab, figures: Lab, asked: Option<Backend>) {
    let (pool, mut faults) = Pool::new();
    spawn_local(async move {
        while let Some(fault) = faults.next().await {
            lab.fault.set(Some(fault));
        }
    });
    spawn_local(choose_backend(lab, figures, asked, pool));
}

/// Chooses the backend, and trains what waits.
async fn choose_backend(lab: Lab, figures: Lab, asked: Option<Backend>, pool: Pool) {
    // The CPU is not asked about the GPU.
    let adapter = if asked == Some(Backend::Cpu) { None } else { pool.adapter().await };
    let is_software = adapter.as_ref().is_some_and(|adapter| adapter.software);
    let backend = asked.unwrap_or(match adapter {
        // A software adapter is slower than the CPU backend: it counts as none unless it is asked for.
        Some(_) if !is_software => Backend::Gpu,
        _ => Backend::Cpu,
    });
    pool.set_backend(backend);
    lab.set_pool(pool.clone());
    figures.set_pool(pool);
}

/// What is shown below the header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    Lab,
    Chapter,
    Procedure(&'static str),
}

/// The whole page.
#[component]
fn Page() -> impl IntoView {
    let query = query();
    let lab = Lab::new(language(&query), query.theme.unwrap_or_default(), query.clone());
    let colors = palette(lab);
    let fragment = Fragment::parse(&location().hash().unwrap_or_default());
    let address = Address::new(lab, &fragment);
    let figures = lab.beside();
    let last = LastReport::default();
    let is_in_sight = if query.is_embedded { super::embed::sight() } else { RwSignal::new(true) };
    // What nobody sees does not train: a hidden tab, a frame out of sight, and the lab while the chapter is read.
    let is_seen = query.begin == Begin::Load;
    let has_board = !query.is_embedded || super::embed::shows_board(lab);
    let look = move || {
        let is_hidden = document().hidden() || !(is_seen || is_in_sight.get_untracked());
        lab.set_hidden(is_hidden || !has_board || address.place.with_untracked(|place| *place != Place::Lab));
        figures.set_hidden(is_hidden);
    };
    look();
    Effect::new(move |_| {
        address.place.track();
        is_in_sight.track();
        look();
    });
    super::linked::follow(lab);
    // For as long as the page.
    std::mem::forget(window_event_listener(leptos::ev::visibilitychange, move |_| look()));
    // An embedded board starts no worker before it is asked for: a page may have many of them.
    let has_begun = RwSignal::new(!query.is_embedded || query.begin == Begin::Load);
    let begins_in_sight = query.begin == Begin::Visible || !has_board;
    Effect::new(move |_| {
        if begins_in_sight && is_in_sight.get() {
            has_begun.set(true);
        }
    });
    let (is_started, backend, on_click) = (StoredValue::new(false), fragment.backend, query.begin == Begin::Click);
    let start = move || {
        if has_begun.get() && !is_started.get_value() {
            is_started.set_value(true);
            if on_click && has_board {
                lab.start_held();
            }
            start_engine(lab, figures, backend);
        }
    };
    // At once: the workers load while the page is built.
    untrack(start);
    Effect::new(move |_| start());
    Effect::new(move |_| {
        let language = lab.language.get();
        document().set_title(language.texts().title);
        if let Some(root) = document().document_element() {
            // Setting an attribute of the root does not fail.
            let _ = root.set_attribute("lang", language.tag());
            let _ = root.set_attribute("data-theme", lab.theme.get().tag());
        }
    });
    if query.is_embedded {
        let story = fragment.figure;
        return view! {
            <super::embed::EmbeddedPage lab figures address colors story has_begun />
            <Glossary lab />
        }
        .into_any();
    }
    // Another section of the chapter is the same page.
    let shown = Memo::new(move |_| {
        address.place.with(|place| match place {
            Place::Lab => Shown::Lab,
            Place::Chapter(_) => Shown::Chapter,
            Place::Procedure(id) => Shown::Procedure(id),
        })
    });
    let themes = Theme::ALL
        .map(|theme| {
            view! {
                <option value=theme.tag() prop:selected=move || lab.theme.get() == theme>
                    {move || theme.name(lab.texts())}
                </option>
            }
        })
        .collect_view();
    view! {
        // Past the controls: to what is to be tried next, else to the plots or the text.
        <button type="button" class="skip" on:click=|_| drop(focus::give(&["#try", "main canvas", "main h2"]))>
            {move || lab.texts().skip}
        </button>
        <header>
            <h1>"Brink"</h1>
            <nav aria-label=move || lab.texts().places>
                {place_link(address, Place::Lab, |texts| texts.place_lab)}
                {place_link(address, Place::Chapter(String::new()), |texts| texts.place_chapter)}
                <button type="button" id="open-glossary" aria-haspopup="dialog" on:click=move |_| lab.term.set(Some(String::new()))>
                    {move || lab.texts().glossary}
                </button>
            </nav>
            // A story is another board, which locks would refuse.
            {(!lab.has_locks()).then(|| view! { <Stories lab address /> })}
            <Procedures lab address />
            <div class="choices">
                <UndoRedo address />
                <Share address />
                <Embed address />
                <label>
                    <span class="word">{move || lab.texts().language}</span>
                    <select
                        id="language"
                        on:change=move |event| {
                            let language = Language::from_tag(&event_target_value(&event)).unwrap_or_default();
                            lab.language.set(language);
                            write_choice("lang", language.tag());
                        }
                    >
                        <option value="en" lang="en" prop:selected=move || lab.language.get() == Language::English>
                            "English"
                        </option>
                        <option value="id" lang="id" prop:selected=move || lab.language.get() == Language::Indonesian>
                            "Bahasa Indonesia"
                        </option>
                    </select>
                </label>
                <label>
                    <span class="word">{move || lab.texts().theme}</span>
                    <select
                        id="theme"
                        on:change=move |event| {
                            let theme = Theme::from_tag(&event_target_value(&event)).unwrap_or_default();
                            lab.theme.set(theme);
                            write_choice("theme", theme.tag());
                        }
                    >
                        {themes}
                    </select>
                </label>
            </div>
        </header>
        <ShareResult address />
        {move || match shown.get() {
            Shown::Lab => view! { <LabPage lab address colors /> }.into_any(),
            Shown::Chapter => view! { <ChapterPage lab figures address palette=colors /> }.into_any(),
            Shown::Procedure(id) => view! { <ProcedurePage lab bench=figures last address palette=colors id /> }.into_any(),
        }}
        <Glossary lab />
    }
    .into_any()
}

/// The lab: what moves the edge, the plots, the equations.
#[component]
fn LabPage(lab: Lab, address: Address, colors: Memo<Palette>) -> impl IntoView {
    let plot = move |panel, of| lab.shows(panel).then(|| view! { <StepPlot lab palette=colors of /> });
    view! {
        <main class="lab">
            <Switches lab />
            <div class="intro">
                {lab
                    .shows(Panel::Guide)
                    .then(|| {
                        view! {
                            <Lead lab />
                            <button type="button" id="diagnose" on:click=move |_| address.go_to(Place::Procedure("diagnose"))>
                                {move || told("diagnose", lab.texts()).title}
                            </button>
                        }
                    })}
                <div role="status">
                    {move || lab.notice.get().map(|notice| view! { <p class="warning" id="notice">{notice}</p> })}
                    <HeldLink lab />
                </div>
            </div>
            {plot(Panel::Loss, Against::Loss)}
            {lab
                .shows(Panel::Axis)
                .then(|| {
                    view! {
                        <AxisPlot lab palette=colors>
                            <Variants lab palette=colors />
                        </AxisPlot>
                    }
                })}
            {plot(Panel::Rate, Against::Rate)}
            {plot(Panel::Norm, Against::Norm)}
            <div class="side">
                <Later>
                    {lab.shows(Panel::Equations).then(|| view! { <Equations lab /> })}
                    {lab.shows(Panel::Guide).then(|| view! { <Happened lab /> })}
                </Later>
            </div>
        </main>
        <Later>
            <Transport lab />
        </Later>
    }
}

/// A link to a place on the page.
fn place_link(address: Address, place: Place, text: fn(&Texts) -> &'static str) -> AnyView {
    let lab = address.lab;
    let (href, here) = (format!("#{}", place.text()), place.clone());
    let is_here =
        Memo::new(move |_| address.place.with(|place| std::mem::discriminant(place) == std::mem::discriminant(&here)));
    let go = move |event: web_sys::MouseEvent| {
        event.prevent_default();
        address.go_to(place.clone());
    };
    view! {
        <a href=href aria-current=move || is_here.get().then_some("page") on:click=go>
            {move || text(lab.texts())}
        </a>
    }
    .into_any()
}
