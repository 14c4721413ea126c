//! Run, pause, step, reset; how far it is, how fast, and where; and the list of variants.

use leptos::prelude::*;

use super::lab::Lab;
use brink_engine::train::Backend;
use brink_lab::pool::Fault;
use brink_lab::{Device, Status};
use brink_view::board::{Board, Variant};
use brink_view::plot::Palette;
use brink_view::text::Texts;

/// What the focused variant really trains on, in words.
fn device(board: &Board, texts: &Texts) -> String {
    let Some(variant) = board.focused() else { return texts.starting.to_owned() };
    match (&variant.fleet.device, &variant.fleet.device_reason) {
        (None, _) => texts.starting.to_owned(),
        (Some(Device::Cpu { .. } | Device::CpuOnPage), Some(reason)) => texts.backend_gpu_missing(reason),
        (Some(Device::CpuOnPage), None) => texts.backend_page.to_owned(),
        (Some(Device::Cpu { threads: 1 }), None) => texts.backend_cpu_one.to_owned(),
        (Some(Device::Cpu { threads }), None) => texts.backend_cpu(threads),
        (Some(Device::Gpu { adapter, software }), _) => {
            let kind = if *software { texts.backend_gpu_software } else { texts.backend_gpu };
            // Browsers withhold an adapter's name.
            if adapter.is_empty() { kind.to_owned() } else { format!("{kind} · {adapter}") }
        }
    }
}

/// Which backend trains the focused variant, as a tag.
fn backend(board: &Board) -> Option<&'static str> {
    Some(match board.focused()?.fleet.device.as_ref()?.backend() {
        Backend::Cpu => "cpu",
        Backend::Gpu => "gpu",
    })
}

/// Why training stands still though nobody paused it, or what became of its workers.
fn engine(lab: Lab) -> Option<String> {
    let texts = lab.texts();
    if lab.hidden.get() {
        return Some(texts.paused_hidden.to_owned());
    }
    lab.fault.get().map(|fault| match fault {
        Fault::OnPage(reason) => texts.fault_on_page(&reason),
        Fault::Respawned(reason) => texts.fault_respawned(&reason),
        Fault::Replaced(reason) => texts.fault_replaced(&reason),
    })
}

/// The shapes of the buttons' icons, in a square of 16.
const RUN: &str = "M4 2l10 6-10 6z";
const PAUSE: &str = "M3 2h3.5v12H3zM9.5 2H13v12H9.5z";
const STEP: &str = "M2 2l7 6-7 6zM11 2h3v12h-3z";
const RESET: &str = "M8 2a6 6 0 1 1-5.6 3.9l1.9.7A4 4 0 1 0 8 4v2.5L4 3.2 8 0z";
const LATEST: &str = "M2 2l6 6-6 6zM8 2l6 6-6 6z";

/// An icon beside a button's name.
fn icon(shape: &'static str) -> AnyView {
    view! {
        <svg class="icon" viewBox="0 0 16 16" aria-hidden="true">
            <path d=shape></path>
        </svg>
    }
    .into_any()
}

/// The step that all runs of the focused variant have reached, and the last.
fn progress(lab: Lab) -> Memo<(u32, u32)> {
    Memo::new(move |_| {
        lab.board.with(|board| {
            board.focused().map_or((0, 0), |variant| (variant.fleet.common_step(), variant.fleet.longest()))
        })
    })
}

/// How far the focused variant is.
#[component]
pub fn Progress(lab: Lab) -> impl IntoView {
    let progress = progress(lab);
    view! {
        <span id="progress">
            {move || {
                let (step, steps) = progress.get();
                lab.texts().progress(step, steps)
            }}
        </span>
    }
}

/// The button that pauses and continues.
#[component]
pub fn Pause(lab: Lab) -> impl IntoView {
    let is_busy = Memo::new(move |_| lab.board.with(|board| board.variants().iter().any(Variant::is_training)));
    view! {
        <button
            type="button"
            class="primary"
            id="pause"
            aria-pressed=move || lab.paused.get().to_string()
            disabled=move || !is_busy.get() && !lab.paused.get()
            on:click=move |_| lab.set_paused(!lab.paused.get_untracked())
        >
            {move || icon(if lab.paused.get() { RUN } else { PAUSE })}
            {move || if lab.paused.get() { lab.texts().run } else { lab.texts().pause }}
        </button>
    }
}

/// Run, pause, step, reset; one bar for progress and cursor; speed and backend.
#[component]
pub fn Transport(lab: Lab) -> impl IntoView {
    let progress = progress(lab);
    let device = Memo::new(move |_| lab.board.with(|board| device(board, lab.texts())));
    let dispatches = move || lab.board.with(|board| board.focused().map_or(0, |variant| variant.fleet.dispatches));
    let cursor = Memo::new(move |_| lab.board.with(Board::cursor_step));
    // Three digits: more flicker and say nothing.
    let speed = Memo::new(move |_| {
        let Some(speed) = lab.board.with(|board| board.focused()?.fleet.speed()) else { return String::new() };
        let unit = libm::pow(10.0, (libm::log10(speed.max(1.0)).floor() - 2.0).max(0.0));
        let rounded = ((speed / unit).round() * unit) as u64;
        lab.texts().speed(rounded)
    });
    // Whether the focused variant has a step left.
    let can_step = Memo::new(move |_| lab.board.with(|board| board.focused().is_some_and(Variant::is_training)));
    let has_focus = Memo::new(move |_| lab.board.with(|board| board.focused().is_some()));
    let done = Memo::new(move |_| {
        let (step, steps) = progress.get();
        format!("{}%", 100 * step / steps.max(1))
    });
    let is_latest = Memo::new(move |_| lab.board.with(|board| board.cursor.is_none()));
    view! {
        <section
            class="transport"
            id="transport"
            aria-label=move || lab.texts().transport
            data-backend=move || lab.board.with(backend).unwrap_or_default()
            data-dispatches=move || dispatches().to_string()
        >
            <Pause lab />
            <button type="button" id="step" disabled=move || !can_step.get() on:click=move |_| lab.step()>
                {icon(STEP)} {move || lab.texts().step}
            </button>
            <button type="button" id="reset" disabled=move || !has_focus.get() on:click=move |_| lab.reset()>
                {icon(RESET)} {move || lab.texts().reset}
            </button>
            // One bar: filled as far as training has come, its thumb at the cursor.
            <div class="scrub">
                <label class="unseen" for="cursor">
                    {move || lab.texts().cursor}
                </label>
                <input
                    id="cursor"
                    type="range"
                    min="0"
                    max=move || progress.get().1.saturating_sub(1).to_string()
                    prop:value=move || cursor.get().to_string()
                    style=("--done", move || done.get())
                    on:input=move |event| {
                        let step = event_target_value(&event).parse().ok();
                        lab.board.update(|board| board.cursor = step);
                    }
                />
                <Progress lab />
                <output for="cursor" class:unseen=move || is_latest.get()>
                    {move || lab.texts().cursor_at(cursor.get())}
                </output>
                <button
                    type="button"
                    id="latest"
                    disabled=move || is_latest.get()
                    on:click=move |_| lab.board.update(|board| board.cursor = None)
                >
                    {icon(LATEST)} {move || lab.texts().latest}
                </button>
            </div>
            <span id="speed">{move || speed.get()}</span>
            <span id="backend">{move || device.get()}</span>
            <p id="engine" role="status">{move || engine(lab).unwrap_or_default()}</p>
        </section>
    }
}

/// One line of the list of variants.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: u64,
    slot: usize,
    name: String,
    hidden: bool,
    focused: bool,
    state: String,
}

fn items(board: &Board, names: &[String], texts: &Texts) -> Vec<Item> {
    let focus = board.focused().map(|variant| variant.id);
    board
        .variants()
        .iter()
        .zip(names)
        .map(|(variant, name)| Item {
            id: variant.id,
            slot: variant.slot,
            name: name.clone(),
            hidden: variant.hidden,
            focused: Some(variant.id) == focus,
            state: match &variant.fleet.status {
                _ if !variant.has_room => texts.no_room_here.to_owned(),
                Status::Waiting => texts.state_waiting.to_owned(),
                Status::Training => texts.progress(variant.fleet.common_step(), variant.fleet.longest()),
                Status::Ended => String::new(),
                Status::Failed(reason) => texts.failed(reason),
            },
        })
        .collect()
}

fn find(items: &[Item], id: u64) -> Option<&Item> {
    items.iter().find(|item| item.id == id)
}

/// The variants, each with controls to focus, hide and delete it.
#[component]
pub fn Variants(lab: Lab, palette: Memo<Palette>) -> impl IntoView {
    let all = Memo::new(move |_| lab.names.with(|names| lab.board.with(|board| items(board, names, lab.texts()))));
    // Keyed by id, and each field a memo of its own: a button must not lose its focus while training goes on.
    let ids = Memo::new(move |_| all.with(|all| all.iter().map(|item| item.id).collect::<Vec<_>>()));
    let line = move |id: u64| {
        let text = move |of: fn(&Item) -> &String| {
            Memo::new(move |_| all.with(|all| find(all, id).map(of).cloned().unwrap_or_default()))
        };
        let (name, state) = (text(|item| &item.name), text(|item| &item.state));
        let is = move |of: fn(&Item) -> bool| Memo::new(move |_| all.with(|all| find(all, id).is_some_and(of)));
        let (hidden, focused) = (is(|item| item.hidden), is(|item| item.focused));
        let slot = all.with_untracked(|all| find(all, id).map_or(0, |item| item.slot));
        let labelled = move |text: fn(&Texts, String) -> String| text(lab.texts(), name.get());
        let color = move || {
            let (r, g, b) = palette.get().variant(slot);
            format!("rgb({r} {g} {b})")
        };
        view! {
            <li class:focused=move || focused.get()>
                <input
                    type="checkbox"
                    prop:checked=move || !hidden.get()
                    aria-label=move || labelled(if hidden.get() { |t, name| t.show(name) } else { |t, name| t.hide(name) })
                    on:change=move |event| {
                        let on = event_target_checked(&event);
                        lab.board.update(|board| {
                            if let Some(variant) = board.get_mut(id) {
                                variant.hidden = !on;
                            }
                        });
                    }
                />
                <svg viewBox="0 0 44 18" aria-hidden="true">
                    <line
                        x1="2"
                        y1="9"
                        x2="42"
                        y2="9"
                        stroke-width="4"
                        stroke=color
                        stroke-dasharray=brink_view::plot::dash_text(slot)
                    ></line>
                </svg>
                <button
                    type="button"
                    class="name"
                    aria-current=move || focused.get().then_some("true")
                    on:click=move |_| lab.board.update(|board| board.set_focus(id, None))
                >
                    {move || name.get()}
                </button>
                <span class="state">{move || state.get()}</span>
                <button type="button" class="delete" aria-label=move || labelled(|t, name| t.delete(name)) title=move || labelled(|t, name| t.delete(name)) on:click=move |_| {
                    lab.delete(id);
                    super::focus::keep(&["#variants [aria-current]", "#stories"]);
                }>
                    "×"
                </button>
            </li>
        }
    };
    view! {
        <div class="variants">
            <h3 class="unseen" id="variants-title">{move || lab.texts().variants}</h3>
            <ul id="variants" aria-labelledby="variants-title">
                <For each=move || ids.get() key=|id| *id children=line />
            </ul>
        </div>
    }
}
