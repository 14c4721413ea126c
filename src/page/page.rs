//! The page itself.

use futures_util::StreamExt;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::address::{Address, Share, ShareResult, UndoRedo};
use super::advice::{Happened, Lead};
use super::bench::Bench;
use super::chapter::ChapterPage;
use super::equations::Equations;
use super::focus;
use super::lab::{Held, Lab, megabytes};
use super::plots::{AxisPlot, StepPlot, palette};
use super::pool::Pool;
use super::reading::Glossary;
use super::setup::{Row, Setup};
use super::stories::Stories;
use super::transport::{Transport, Variants};
use brink_engine::train::Backend;
use brink_view::fragment::{Fragment, Place};
use brink_view::plot::Palette;
use brink_view::text::{Language, Texts};
use brink_view::theme::Theme;
use brink_view::words::Against;

/// Replaces the line that stands in `index.html` until the program runs.
pub fn start() {
    if let Some(waiting) = document().get_element_by_id("waiting") {
        waiting.remove();
    }
    if Fragment::parse(&location().hash().unwrap_or_default()).bench {
        leptos::mount::mount_to_body(|| view! { <Bench language=language() /> });
    } else {
        leptos::mount::mount_to_body(Page);
    }
}

/// What the address asks for under a name.
fn asked(name: &str) -> Option<String> {
    let search = location().search().ok()?;
    web_sys::UrlSearchParams::new_with_str(&search).ok()?.get(name)
}

/// The language: the address's, then the browser's.
fn language() -> Language {
    asked("lang")
        .as_deref()
        .and_then(Language::from_tag)
        .or_else(|| window().navigator().language().as_deref().and_then(Language::from_tag))
        .unwrap_or_default()
}

/// The theme: the address's, then the system's.
fn theme() -> Theme {
    asked("theme").as_deref().and_then(Theme::from_tag).unwrap_or_default()
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

/// Starts the workers, chooses the backend, and trains what waits.
async fn start_engine(lab: Lab, figures: Lab, asked: Option<Backend>) {
    let (pool, mut faults) = Pool::new();
    spawn_local(async move {
        while let Some(fault) = faults.next().await {
            lab.fault.set(Some(fault));
        }
    });
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

/// How large the variants are that a link brought, and the button that trains them, where they wait for it.
#[component]
fn HeldLink(lab: Lab) -> impl IntoView {
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

/// The whole page.
#[component]
fn Page() -> impl IntoView {
    let lab = Lab::new(language(), theme());
    let colors = palette(lab);
    let fragment = Fragment::parse(&location().hash().unwrap_or_default());
    let address = Address::new(lab, &fragment);
    let figures = lab.beside();
    // What nobody sees does not train: a hidden tab, and the lab while the chapter is read.
    let look = move || {
        lab.set_hidden(document().hidden() || address.place.with_untracked(|place| *place != Place::Lab));
        figures.set_hidden(document().hidden());
    };
    look();
    Effect::new(move |_| {
        address.place.track();
        look();
    });
    // For as long as the page.
    std::mem::forget(window_event_listener(leptos::ev::visibilitychange, move |_| look()));
    spawn_local(start_engine(lab, figures, fragment.backend));
    Effect::new(move |_| {
        let language = lab.language.get();
        document().set_title(language.texts().title);
        if let Some(root) = document().document_element() {
            // Setting an attribute of the root does not fail.
            let _ = root.set_attribute("lang", language.tag());
            let _ = root.set_attribute("data-theme", lab.theme.get().tag());
        }
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
            <Stories lab address />
            <div class="choices">
                <UndoRedo address />
                <Share address />
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
        <Show
            when=move || address.place.with(|place| *place == Place::Lab)
            fallback=move || view! { <ChapterPage lab figures address palette=colors /> }
        >
            <LabPage lab colors />
        </Show>
        <Glossary lab />
    }
}

/// The lab: what moves the edge, the plots, the equations.
#[component]
fn LabPage(lab: Lab, colors: Memo<Palette>) -> impl IntoView {
    view! {
        <main class="lab">
            <section class="switches" aria-label=move || lab.texts().switches>
                <Row lab />
                <details class="setup">
                    <summary>{move || lab.texts().setup}</summary>
                    <div class="card drawer">
                        <Setup lab />
                    </div>
                </details>
            </section>
            <div class="intro">
                <Lead lab />
                <div role="status">
                    {move || lab.notice.get().map(|notice| view! { <p class="warning" id="notice">{notice}</p> })}
                    <HeldLink lab />
                </div>
            </div>
            <StepPlot lab palette=colors of=Against::Loss />
            <AxisPlot lab palette=colors>
                <Variants lab palette=colors />
            </AxisPlot>
            <StepPlot lab palette=colors of=Against::Rate />
            <StepPlot lab palette=colors of=Against::Norm />
            <div class="side">
                <Equations lab />
                <Happened lab />
            </div>
        </main>
        <Transport lab />
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
