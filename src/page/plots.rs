//! The plots: canvases that follow the board, with focus and cursor by pointer and keyboard.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, KeyboardEvent, MouseEvent, PointerEvent, ResizeObserver};

use super::canvas::Canvas;
use super::frames::Drawing;
use super::lab::Lab;
use super::reading::Explain;
use super::save::{Plotted, Save};
use super::table::TableDisclosure;
use super::threshold::{Clip, Grip, Threshold, UsePercentile};
use brink_engine::metaparameter::Metaparameter;
use brink_engine::number::shortest;
use brink_view::board::Board;
use brink_view::export::{axis_csv, step_csv};
use brink_view::name::run_names;
use brink_view::number::{short, three};
use brink_view::plot::{Key, Palette, Scale, Size, rate_color};
use brink_view::scene::{self, StepView};
use brink_view::text::Texts;
use brink_view::words::{Against, RunWords, axis_table, focus_words, run_words, step_table, step_words};

/// How far the keys PageUp and PageDown move the cursor.
const CURSOR_PAGE: i64 = 50;
/// A pointer within this distance of a point means it, in CSS pixels.
const NEAR_POINT: f64 = 30.0;
/// A pointer within this distance of a curve means its run.
const NEAR_CURVE: f64 = 12.0;
/// A pointer within this distance of the threshold's line takes it.
const NEAR_LINE: f64 = 7.0;
/// Half of a tooltip's width, so that it stays within its plot.
const TIP_HALF: f64 = 105.0;
/// A tooltip needs this much room above its point, else it stands below.
const TIP_ABOVE: f64 = 95.0;

/// The palette of the page's theme; follows the system where the theme does.
pub fn palette(lab: Lab) -> Memo<Palette> {
    let query = window().match_media("(prefers-color-scheme: dark)").ok().flatten();
    let system = RwSignal::new(query.as_ref().is_some_and(|query| query.matches()));
    if let Some(query) = query {
        let changed =
            Closure::<dyn Fn(web_sys::MediaQueryListEvent)>::new(move |event: web_sys::MediaQueryListEvent| {
                system.set(event.matches());
            });
        query.set_onchange(Some(changed.as_ref().unchecked_ref()));
        // For as long as the page.
        changed.forget();
        std::mem::forget(query);
    }
    Memo::new(move |_| {
        let palette = lab.theme.get().palette(system.get());
        Palette { decimal: lab.texts().decimal(), ..palette }
    })
}

/// A signal that changes whenever an element's size does.
fn resized(node: NodeRef<html::Canvas>) -> RwSignal<u32> {
    let count = RwSignal::new(0u32);
    let observing = StoredValue::new_local(None::<(ResizeObserver, Closure<dyn Fn()>)>);
    // A plot may leave the page: nobody listens any more.
    on_cleanup(move || {
        observing.try_with_value(|observing| {
            if let Some((observer, _)) = observing {
                observer.disconnect();
            }
        });
    });
    Effect::new(move |_| {
        let Some(element) = node.get() else { return };
        let changed = Closure::<dyn Fn()>::new(move || {
            // None where the plot has just left.
            let _ = count.try_update(|n| *n = n.wrapping_add(1));
        });
        if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
            observer.observe(&element);
            observing.set_value(Some((observer, changed)));
        }
    });
    count
}

/// Draws on a canvas again whenever the board, what is shown of it, its size or the theme changes. `draw` tracks nothing.
fn follow(
    lab: Lab,
    node: NodeRef<html::Canvas>,
    palette: Memo<Palette>,
    draw: impl Fn(&mut Canvas, &Palette) + 'static,
) {
    let size = resized(node);
    let is_gone = Arc::new(AtomicBool::new(false));
    on_cleanup({
        let is_gone = is_gone.clone();
        move || is_gone.store(true, Ordering::Relaxed)
    });
    let drawing = Drawing::new(move || {
        // It was asked for before the plot left the page.
        if is_gone.load(Ordering::Relaxed) {
            return;
        }
        let palette = palette.get_untracked();
        let Some(element) = node.get_untracked() else { return };
        let element: &HtmlCanvasElement = &element;
        if let Some(mut canvas) = Canvas::prepare(element, palette.scale) {
            untrack(|| draw(&mut canvas, &palette));
        }
    });
    Effect::new(move |_| {
        size.track();
        node.track();
        lab.board.track();
        lab.view.track();
        lab.tried.track();
        // Memos that are only tracked are never computed.
        palette.with(|_| ());
        lab.names.with(|_| ());
        drawing.ask();
    });
}

/// Where a pointer is, in the plot's own lengths.
fn position(event: &MouseEvent, palette: Memo<Palette>) -> (f64, f64) {
    let scale = palette.with_untracked(|palette| palette.scale);
    (f64::from(event.offset_x()) / scale, f64::from(event.offset_y()) / scale)
}

/// Where a tooltip stands in its plot, in CSS pixels, and whether below its point.
#[derive(Clone, Debug, PartialEq)]
struct Tip {
    words: RunWords,
    left: f64,
    top: f64,
    below: bool,
}

/// The variant, the run and the learning rate of the focused variant's lr*, once it has ended.
fn star_of(board: &Board) -> Option<(u64, usize, f64)> {
    let focused = board.focused().filter(|variant| variant.has_ended())?;
    let run = focused.fleet.sweep?.best?;
    Some((focused.id, run, focused.fleet.runs.get(run)?.base_learning_rate))
}

/// Final loss against base learning rate, with its tooltip and its table. `children` stand below the plot.
#[component]
pub fn AxisPlot(lab: Lab, palette: Memo<Palette>, children: Children) -> impl IntoView {
    let node = NodeRef::<html::Canvas>::new();
    // As it was drawn last: what a pointer points at.
    let drawn = StoredValue::new(None::<(Plotted, Size)>);
    let ids_drawn = StoredValue::new(Vec::<u64>::new());
    // Changes with each drawing while a tooltip is shown.
    let redrawn = RwSignal::new(0u32);
    let hovered = RwSignal::new(None::<(u64, usize)>);
    // The star of the focused variant, and from where to where it moved.
    let star = StoredValue::new(None::<(u64, usize, f64)>);
    let moved = RwSignal::new(None::<[(f64, f64); 2]>);
    let has_focus = RwSignal::new(false);
    follow(lab, node, palette, move |canvas, palette| {
        let size = canvas.size();
        let (layout, ids) =
            lab.board.with(|board| lab.names.with(|names| scene::axis(board, names, size, lab.texts())));
        let now = lab.board.with(star_of);
        if let Some((id, run, rate)) = now.filter(|now| star.get_value().as_ref() != Some(now)) {
            let at = |id: u64, run| {
                let (x, y) = layout.position_of(ids.iter().position(|other| *other == id)?, run)?;
                Some((x * palette.scale, y * palette.scale))
            };
            let before = star.get_value().filter(|before| before.2 != rate).and_then(|(id, run, _)| at(id, run));
            moved.set(before.zip(at(id, run)).map(|(from, to)| [from, to]));
            star.set_value(now);
        }
        let plotted = Plotted::Axis(layout);
        plotted.draw(canvas, palette);
        drawn.set_value(Some((plotted, size)));
        ids_drawn.set_value(ids);
        if hovered.get_untracked().is_some() || has_focus.get_untracked() {
            redrawn.update(|n| *n = n.wrapping_add(1));
        }
    });
    let nearest = move |(x, y): (f64, f64), within: f64| {
        drawn.with_value(|drawn| {
            let Some((Plotted::Axis(layout), _)) = drawn else { return None };
            let (row, run) = layout.nearest(x, y)?;
            let (at_x, at_y) = layout.position_of(row, run)?;
            ((at_x - x).hypot(at_y - y) <= within).then_some(())?;
            Some((ids_drawn.with_value(|ids| ids.get(row).copied())?, run))
        })
    };
    let click = move |event: MouseEvent| {
        if let Some((id, run)) = nearest(position(&event, palette), f64::INFINITY) {
            lab.board.update(|board| board.set_focus(id, Some(run)));
        }
    };
    let hover = move |event: PointerEvent| {
        let found = nearest(position(&event, palette), NEAR_POINT);
        if hovered.get_untracked() != found {
            hovered.set(found);
        }
    };
    let key = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "ArrowRight" => lab.board.update(|board| board.move_focus(1)),
            "ArrowLeft" => lab.board.update(|board| board.move_focus(-1)),
            "Home" => lab.board.update(|board| board.move_focus(isize::MIN)),
            "End" => lab.board.update(|board| board.move_focus(isize::MAX)),
            "ArrowUp" | "PageUp" => lab.board.update(|board| turn_variant(board, -1)),
            "ArrowDown" | "PageDown" => lab.board.update(|board| turn_variant(board, 1)),
            "Escape" => has_focus.set(false),
            _ => return,
        }
        if event.key() != "Escape" {
            has_focus.set(true);
        }
        hovered.set(None);
        event.prevent_default();
    };
    let tip = Memo::new(move |_| {
        let focused = || {
            lab.board.with(|board| {
                let focused = board.focused()?;
                Some((focused.id, board.focused_run(focused)?))
            })
        };
        let (id, run) = hovered.get().or_else(|| has_focus.get().then(focused).flatten())?;
        redrawn.track();
        let words = lab.board.with(|board| lab.names.with(|names| run_words(board, id, run, names, lab.texts())))?;
        let scale = palette.with(|palette| palette.scale);
        drawn.with_value(|drawn| {
            let Some((Plotted::Axis(layout), size)) = drawn else { return None };
            let row = ids_drawn.with_value(|ids| ids.iter().position(|other| *other == id))?;
            let (x, y) = layout.position_of(row, run)?;
            let half = TIP_HALF.min(size.width * scale / 2.0);
            let left = (x * scale).clamp(half, (size.width * scale - half).max(half));
            Some(Tip { words, left, top: y * scale, below: y * scale < TIP_ABOVE })
        })
    });
    let words = Memo::new(move |_| {
        lab.slow();
        lab.board.with_untracked(|board| lab.names.with(|n| focus_words(board, n, lab.texts())))
    });
    view! {
        <section class="card axis-card" aria-labelledby="axis-title">
            <div class="heading">
                <h2 id="axis-title">{move || lab.texts().axis_plot}</h2>
                <Explain lab entry="lr_star" of=Signal::derive(move || lab.texts().axis_plot.to_owned()) />
                <p class="help">{move || lab.texts().axis_help}</p>
            </div>
            <div class="plot">
                <canvas
                    class="axis"
                    node_ref=node
                    tabindex="0"
                    role="img"
                    aria-labelledby="axis-title"
                    aria-describedby="axis-words"
                    aria-keyshortcuts="ArrowLeft ArrowRight ArrowUp ArrowDown Home End"
                    on:click=click
                    on:pointermove=hover
                    on:pointerleave=move |_| hovered.set(None)
                    on:focus=move |_| {
                        // A click does not need what the keyboard needs.
                        let by_keyboard = node.get_untracked().is_some_and(|e| e.matches(":focus-visible").unwrap_or(false));
                        has_focus.set(by_keyboard);
                    }
                    on:blur=move |_| has_focus.set(false)
                    on:keydown=key
                ></canvas>
                {move || tip.get().map(|tip| view! { <TipBox lab tip /> })}
                {move || {
                    let pixels = |(x, y): (f64, f64)| (format!("{x}px"), format!("{y}px"));
                    let [from, to] = moved.get()?.map(pixels);
                    Some(
                        view! {
                            <div
                                class="star moved"
                                aria-hidden="true"
                                style=("--from-x", from.0)
                                style=("--from-y", from.1)
                                style=("--to-x", to.0)
                                style=("--to-y", to.1)
                            ></div>
                        },
                    )
                }}
            </div>
            <p id="axis-words" class="unseen" aria-live="polite">{move || words.get()}</p>
            <TableDisclosure
                lab
                id="axis-table"
                label="axis-title"
                make=Box::new(move || {
                    lab.board.with_untracked(|board| lab.names.with(|names| axis_table(board, names, lab.texts())))
                })
            >
                {children()}
                <Save
                    lab
                    id="axis"
                    palette
                    drawn
                    key=Box::new(move |palette| {
                        drawn.with_value(|drawn| match drawn {
                            Some((Plotted::Axis(layout), _)) => layout.key(palette),
                            _ => Key::default(),
                        })
                    })
                    csv=Box::new(move || lab.board.with_untracked(|board| lab.names.with_untracked(|names| axis_csv(board, names))))
                />
            </TableDisclosure>
        </section>
    }
}

/// What the axis plot shows of one run, as text; the plot's description says the same to a screen reader.
#[component]
fn TipBox(lab: Lab, tip: Tip) -> impl IntoView {
    let RunWords { name, rate, loss, state } = tip.words;
    let left = shortest(tip.left) + "px";
    let top = shortest(tip.top) + "px";
    view! {
        <div class="tip" class:below=tip.below style:left=left style:top=top aria-hidden="true">
            <b>{name}</b>
            <span>{move || lab.texts().column_rate} " " {rate}</span>
            {loss.map(|loss| view! { <span>{move || lab.texts().column_loss} " " {loss}</span> })}
            <span>{state}</span>
        </div>
    }
}

/// Moves the focus to the next or previous variant.
fn turn_variant(board: &mut Board, by: isize) {
    let ids: Vec<u64> = board.variants().iter().filter(|variant| !variant.hidden).map(|variant| variant.id).collect();
    let focus = board.focused().map(|variant| variant.id);
    let index = ids.iter().position(|id| Some(*id) == focus).unwrap_or(0);
    if let Some(id) = ids.get(index.saturating_add_signed(by).min(ids.len().saturating_sub(1))) {
        board.set_focus(*id, None);
    }
}

/// What a pointer that is held down does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drag {
    Cursor,
    Threshold,
}

/// A plot against the step. Dragging a pointer over it, or the arrow keys, move the cursor that all of them share;
/// dragging the threshold's line tries another threshold.
#[component]
pub fn StepPlot(lab: Lab, palette: Memo<Palette>, of: Against) -> impl IntoView {
    let node = NodeRef::<html::Canvas>::new();
    let drawn = StoredValue::new(None::<(Plotted, Size)>);
    let drag = StoredValue::new(None::<Drag>);
    // The variant and the run of each curve of the loss plot, and the point that the pointer is at.
    let runs = StoredValue::new(Vec::<(u64, usize)>::new());
    let pointed = RwSignal::new(None::<Pointed>);
    let point = move |event: &PointerEvent| {
        let (x, y) = position(event, palette);
        let found = drawn.with_value(|drawn| match drawn {
            Some((Plotted::Line(layout), _)) if of == Against::Loss => layout.nearest((x, y), NEAR_CURVE),
            _ => None,
        });
        found.and_then(|(curve, step, value)| {
            let run = runs.with_value(|runs| runs.get(curve).copied())?;
            let scale = palette.with_untracked(|palette| palette.scale);
            Some(Pointed { run, step, value, at: (x * scale, y * scale) })
        })
    };
    let is_near = RwSignal::new(false);
    let threshold = Threshold::new(lab);
    // A threshold that is locked has no grip.
    let has_grip = of == Against::Norm && !lab.is_locked(Metaparameter::ClipThreshold);
    let grip = RwSignal::new(None::<Grip>);
    follow(lab, node, palette, move |canvas, palette| {
        let (size, view) = (canvas.size(), lab.view.get());
        let layout = lab.board.with(|board| match of {
            Against::Loss => {
                let (layout, of_curves) = scene::loss(board, size, lab.texts(), palette, view);
                runs.set_value(of_curves);
                Plotted::Line(layout)
            }
            Against::Rate => Plotted::Line(scene::learning_rate(board, size, lab.texts(), palette, view)),
            Against::Norm => {
                Plotted::Norm(scene::gradient_norm(board, size, lab.texts(), palette, view, lab.tried.get()))
            }
        });
        layout.draw(canvas, palette);
        if let Plotted::Norm(layout) = &layout {
            let next = Some(Grip::of(layout, palette.scale));
            if grip.get_untracked() != next {
                grip.set(next);
            }
        }
        drawn.set_value(Some((layout, size)));
    });
    // The step under a pointer and, on the plot of norms, the norm, and whether the threshold's line is near.
    let under = move |event: &PointerEvent| {
        let (x, y) = position(event, palette);
        drawn.with_value(|drawn| match &drawn.as_ref()?.0 {
            Plotted::Axis(_) => None,
            Plotted::Line(layout) => Some((layout.step_at(x), None)),
            Plotted::Norm(layout) => {
                let line =
                    lab.board.with_untracked(|b| scene::clipping(b, None)).map(|c| layout.position_of(c.threshold));
                let is_near = line.is_some_and(|line| (line - y).abs() < NEAR_LINE);
                Some((layout.step_at(x), Some((layout.value_at(y), is_near))))
            }
        })
    };
    let set_cursor = move |step: u32| {
        if lab.board.with_untracked(|board| board.cursor) != Some(step) {
            lab.board.update(|board| board.cursor = Some(step));
        }
    };
    let down = move |event: PointerEvent| {
        if event.button() != 0 || !event.is_primary() {
            return;
        }
        let Some((step, norm)) = under(&event) else { return };
        if let Some(element) = node.get_untracked() {
            // Refused only for a pointer that is gone.
            let _ = element.set_pointer_capture(event.pointer_id());
        }
        match norm {
            Some((value, true)) if has_grip => {
                drag.set_value(Some(Drag::Threshold));
                lab.tried.set(Some(value));
            }
            _ => {
                drag.set_value(Some(Drag::Cursor));
                set_cursor(step);
            }
        }
    };
    let moved = move |event: PointerEvent| {
        let found = point(&event);
        if pointed.get_untracked() != found {
            pointed.set(found);
        }
        let Some((step, norm)) = under(&event) else { return };
        match (drag.get_value(), norm) {
            (Some(Drag::Cursor), _) => set_cursor(step),
            (Some(Drag::Threshold), Some((value, _))) => lab.tried.set(Some(value)),
            (_, norm) => {
                let near = has_grip && norm.is_some_and(|(_, near)| near);
                if is_near.get_untracked() != near {
                    is_near.set(near);
                }
            }
        }
    };
    // A press that ends on a curve focuses its run.
    let up = move |event: PointerEvent| match drag.try_update_value(Option::take).flatten() {
        Some(Drag::Threshold) => threshold.commit(),
        Some(Drag::Cursor) => {
            if let Some(Pointed { run: (id, run), .. }) = point(&event) {
                lab.board.update(|board| board.set_focus(id, Some(run)));
            }
        }
        None => {}
    };
    let tip = move || {
        let Pointed { run: (id, run), step, value, at } = pointed.get()?;
        let (name, rate) = lab.board.with_untracked(|board| {
            let index = board.variants().iter().position(|variant| variant.id == id)?;
            let variant = board.variants().get(index)?;
            let run = variant.fleet.runs.get(run)?;
            let mut name = lab.names.with_untracked(|names| names.get(index).cloned()).unwrap_or_default();
            // Runs of one variant may have a warmup of their own.
            if run.warmup_steps != variant.experiment().warmup_steps {
                name = format!("{name}, {}", lab.texts().with_warmup(run.warmup_steps));
            }
            Some((name, run.base_learning_rate))
        })?;
        Some(view! { <CurveTip lab name rate step value at /> })
    };
    let cancel = move |_| {
        if drag.try_update_value(Option::take).flatten() == Some(Drag::Threshold) {
            lab.tried.set(None);
        }
    };
    let key = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => -1,
            "PageUp" => CURSOR_PAGE,
            "PageDown" => -CURSOR_PAGE,
            "Home" => i64::MIN / 2,
            "End" => i64::MAX / 2,
            "ArrowUp" | "ArrowDown" if of == Against::Loss => {
                event.prevent_default();
                return lab.board.update(|board| board.move_focus(if event.key() == "ArrowUp" { 1 } else { -1 }));
            }
            _ => return,
        };
        event.prevent_default();
        lab.board.update(|board| {
            let last = board.focused().map_or(0, |variant| variant.fleet.longest().saturating_sub(1));
            let step = i64::from(board.cursor_step()).saturating_add(by).clamp(0, i64::from(last));
            board.cursor = u32::try_from(step).ok();
        });
    };
    let title = format!("{}-title", of.id());
    let (section_label, label, table_label) = (title.clone(), title.clone(), title.clone());
    let words_id = format!("{}-words", of.id());
    let class = match of {
        Against::Loss => "loss",
        Against::Rate => "strip",
        Against::Norm => "strip norm",
    };
    let words = Memo::new(move |_| {
        lab.slow();
        let view = lab.view.get();
        lab.board.with_untracked(|board| lab.names.with(|names| step_words(board, of, view, names, lab.texts())))
    });
    let make = move || {
        let view = lab.view.get();
        lab.board.with_untracked(|board| lab.names.with(|names| step_table(board, of, view, names, lab.texts())))
    };
    view! {
        <section
            class=format!("card {}-card", of.id())
            aria-labelledby=section_label
            data-symbol=match of {
                Against::Loss => None,
                Against::Rate => Some("eta"),
                Against::Norm => Some("g"),
            }
        >
            <div class="heading">
                <h2 id=title>{move || of.title(lab.view.get(), lab.texts())}</h2>
                <Explain
                    lab
                    entry=match of {
                        Against::Loss => "loss",
                        Against::Rate => "learning_rate",
                        Against::Norm => "gradient_norm",
                    }
                    of=Signal::derive(move || of.title(lab.view.get(), lab.texts()).to_owned())
                />
                {(of == Against::Loss).then(|| view! { <LossChoices lab /> })}
            </div>
            <div class="plot">
                <canvas
                    class=class
                    class:near=move || is_near.get()
                    node_ref=node
                    tabindex="0"
                    role="img"
                    aria-labelledby=label
                    aria-describedby=words_id.clone()
                    aria-keyshortcuts="ArrowLeft ArrowRight PageUp PageDown Home End"
                    on:pointerdown=down
                    on:pointermove=moved
                    on:pointerup=up
                    on:pointercancel=cancel
                    on:pointerleave=move |_| pointed.set(None)
                    on:keydown=key
                ></canvas>
                {has_grip.then(|| view! { <Clip threshold grip /> })}
                {tip}
            </div>
            // Below the plot: its words change while the grip is held, and the plot must not move under it.
            {has_grip.then(|| view! { <UsePercentile threshold /> })}
            <p id=words_id class="unseen" aria-live="polite">{move || words.get()}</p>
            <TableDisclosure lab id=format!("{}-table", of.id()) label=table_label make=Box::new(make)>
                {(of == Against::Loss).then(|| view! { <RateBar lab palette /> })}
                <Save
                    lab
                    id=of.id()
                    palette
                    drawn
                    key=Box::new(move |palette| {
                        let names = lab.names.get_untracked();
                        lab.board.with_untracked(|board| scene::key(board, of, &names, lab.language.get_untracked().texts(), palette))
                    })
                    csv=Box::new(move || {
                        let view = lab.view.get_untracked();
                        lab.board.with_untracked(|board| lab.names.with_untracked(|names| step_csv(board, of, view, names)))
                    })
                />
            </TableDisclosure>
        </section>
    }
}

/// A point of a curve that the pointer is at, in CSS pixels of the plot.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pointed {
    /// The variant and the index of the run.
    run: (u64, usize),
    step: u32,
    value: f64,
    at: (f64, f64),
}

/// What the loss plot shows at a point of a curve.
#[component]
fn CurveTip(lab: Lab, name: String, rate: f64, step: u32, value: f64, at: (f64, f64)) -> impl IntoView {
    let texts = lab.texts();
    view! {
        <div class="tip" class:below=at.1 < TIP_ABOVE style:left=format!("{}px", at.0.max(TIP_HALF / 2.0)) style:top=format!("{}px", at.1) aria-hidden="true">
            <b>{name}</b>
            <span>{texts.column_rate} " " {texts.number(short(rate))}</span>
            <span>{texts.column_step} " " {step}</span>
            <span>{texts.which_loss} " " {texts.number(three(value))}</span>
        </div>
    }
}

/// The colours of the learning rates: a button for each run of the focused variant, from the lowest to the highest.
#[component]
fn RateBar(lab: Lab, palette: Memo<Palette>) -> impl IntoView {
    let names = Memo::new(move |_| {
        lab.stage();
        lab.board.with_untracked(|board| {
            let Some(focused) = board.focused() else { return (None, Vec::new(), None) };
            (Some(focused.id), run_names(&focused.fleet, lab.texts()), board.focused_run(focused))
        })
    });
    let swatches = move || {
        let (id, names, focus) = names.get();
        let palette = palette.get();
        let count = names.len();
        let ends = (names.first().cloned(), names.last().cloned());
        let swatch = move |(run, label): (usize, String)| {
            let (r, g, b) = rate_color(run, count, &palette);
            let choose = move |_| {
                if let Some(id) = id {
                    lab.board.update(|board| board.set_focus(id, Some(run)));
                }
            };
            view! {
                <button
                    type="button"
                    aria-pressed=(focus == Some(run)).to_string()
                    aria-label=label.clone()
                    title=label
                    style:background-color=format!("rgb({r} {g} {b})")
                    on:click=choose
                ></button>
            }
        };
        view! {
            <span>{ends.0}</span>
            {names.into_iter().enumerate().map(swatch).collect_view()}
            <span>{ends.1}</span>
        }
    };
    view! {
        <div class="ramp" data-symbol="eta" role="group" aria-label=move || lab.texts().rate_bar>
            {swatches}
        </div>
    }
}

/// Which loss, and on which scales.
#[component]
fn LossChoices(lab: Lab) -> impl IntoView {
    let log_choice = |id: &'static str, text: fn(&Texts) -> &str, of: fn(&mut StepView) -> &mut Scale| {
        view! {
            <label>
                <input
                    id=id
                    type="checkbox"
                    prop:checked=move || *of(&mut lab.view.get()) == Scale::Log
                    on:change=move |event| {
                        let scale = if event_target_checked(&event) { Scale::Log } else { Scale::Linear };
                        lab.view.update(|view| *of(view) = scale);
                    }
                />
                {move || text(lab.texts())}
            </label>
        }
    };
    view! {
        <div class="choices">
            <label>
                <span class="unseen">{move || lab.texts().which_loss}</span>
                <select
                    id="which-loss"
                    on:change=move |event| {
                        let validation = event_target_value(&event) == "validation";
                        lab.view.update(|view| view.validation = validation);
                    }
                >
                    <option value="training" prop:selected=move || !lab.view.get().validation>{move || lab.texts().loss_training}</option>
                    <option value="validation" prop:selected=move || lab.view.get().validation>{move || lab.texts().loss_validation}</option>
                </select>
            </label>
            {log_choice("log-x", |texts| texts.log_x, |view| &mut view.x)}
            {log_choice("log-y", |texts| texts.log_y, |view| &mut view.y)}
        </div>
    }
}
