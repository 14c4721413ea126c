//! The plots: canvases that follow the board, with focus and cursor by pointer and keyboard.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlCanvasElement, KeyboardEvent, MouseEvent, ResizeObserver};

use super::canvas::Canvas;
use super::lab::{Lab, Theme};
use crate::view::board::Board;
use crate::view::name::rule_name;
use crate::view::number::{short, three};
use crate::view::plot::{Outcome, Palette, Size};
use crate::view::scene;
use crate::view::summary::{run_state, summary};
use crate::view::text::{Texts, fill};

/// How far the keys PageUp and PageDown move the cursor.
const CURSOR_PAGE: i64 = 50;

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
    Memo::new(move |_| match (lab.theme.get(), system.get()) {
        (Theme::Dark, _) | (Theme::System, true) => Palette::DARK,
        _ => Palette::LIGHT,
    })
}

/// A signal that changes whenever an element's size does.
fn resized(node: NodeRef<html::Canvas>) -> ReadSignal<u32> {
    let (count, set_count) = signal(0u32);
    Effect::new(move |_| {
        let Some(element) = node.get() else { return };
        let changed = Closure::<dyn Fn()>::new(move || set_count.update(|n| *n = n.wrapping_add(1)));
        if let Ok(observer) = ResizeObserver::new(changed.as_ref().unchecked_ref()) {
            observer.observe(&element);
            // The plots stay as long as the page.
            std::mem::forget(observer);
        }
        changed.forget();
    });
    count
}

/// Draws on a canvas again whenever what it shows, its size or the theme changes.
fn follow(node: NodeRef<html::Canvas>, draw: impl Fn(&mut Canvas) + 'static) {
    let size = resized(node);
    Effect::new(move |_| {
        size.track();
        let Some(element) = node.get() else { return };
        let element: &HtmlCanvasElement = &element;
        if let Some(mut canvas) = Canvas::prepare(element) {
            draw(&mut canvas);
        }
    });
}

fn size_of(element: &HtmlCanvasElement) -> Size {
    Size { width: f64::from(element.client_width()), height: f64::from(element.client_height()) }
}

/// Final loss against base learning rate, with its table.
#[component]
pub fn AxisPlot(lab: Lab, palette: Memo<Palette>) -> impl IntoView {
    let node = NodeRef::<html::Canvas>::new();
    follow(node, move |canvas| {
        let size = canvas.size();
        let (layout, _) = lab.board.with(|board| scene::axis(board, size, lab.texts()));
        // A canvas does not refuse; if it did, the next frame draws again.
        let _ = layout.draw(canvas, &palette.get());
    });
    let click = move |event: MouseEvent| {
        let Some(element) = node.get_untracked() else { return };
        let size = size_of(&element);
        let texts = lab.language.get_untracked().texts();
        let found = lab.board.with_untracked(|board| {
            let (layout, ids) = scene::axis(board, size, texts);
            let (row, run) = layout.nearest(f64::from(event.offset_x()), f64::from(event.offset_y()))?;
            Some((*ids.get(row)?, run))
        });
        if let Some((id, run)) = found {
            lab.board.update(|board| board.set_focus(id, Some(run)));
        }
    };
    let key = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "ArrowRight" => lab.board.update(|board| board.move_focus(1)),
            "ArrowLeft" => lab.board.update(|board| board.move_focus(-1)),
            "ArrowUp" => lab.board.update(|board| turn_variant(board, -1)),
            "ArrowDown" => lab.board.update(|board| turn_variant(board, 1)),
            _ => return,
        }
        event.prevent_default();
    };
    view! {
        <section class="card axis-card" aria-labelledby="axis-title">
            <h2 id="axis-title">{move || lab.texts().axis_plot}</h2>
            <canvas
                class="axis"
                node_ref=node
                tabindex="0"
                role="img"
                aria-labelledby="axis-title"
                aria-describedby="axis-words"
                on:click=click
                on:keydown=key
            ></canvas>
            <p class="help">{move || lab.texts().axis_help}</p>
            <p id="axis-words" class="unseen" aria-live="polite">{move || focus_words(lab)}</p>
            <details class="table">
                <summary>{move || lab.texts().table}</summary>
                <div class="scroll">
                    <table>
                        <thead>
                            <tr>
                                <th scope="col">{move || lab.texts().column_variant}</th>
                                <th scope="col">{move || lab.texts().column_rate}</th>
                                <th scope="col">{move || lab.texts().column_loss}</th>
                                <th scope="col">{move || lab.texts().column_state}</th>
                            </tr>
                        </thead>
                        <tbody id="axis-table">{move || table(lab)}</tbody>
                    </table>
                </div>
            </details>
        </section>
    }
}

/// Moves the focus to the next or previous variant.
fn turn_variant(board: &mut Board, by: isize) {
    let ids: Vec<u64> = board.variants().iter().filter(|variant| !variant.hidden).map(|variant| variant.id).collect();
    let focus = board.focused().map(|variant| variant.id);
    let place = ids.iter().position(|id| Some(*id) == focus).unwrap_or(0);
    if let Some(id) = ids.get(place.saturating_add_signed(by).min(ids.len().saturating_sub(1))) {
        board.set_focus(*id, None);
    }
}

/// The focused run in words, for those who do not see the plot.
fn focus_words(lab: Lab) -> String {
    let texts = lab.texts();
    lab.board.with(|board| {
        let Some(focused) = board.focused() else { return String::new() };
        let names = scene::names(board, texts);
        let place = board.variants().iter().position(|variant| variant.id == focused.id).unwrap_or(0);
        let name = names.get(place).cloned().unwrap_or_default();
        let Some(run) = board.focused_run(focused) else { return name };
        let rate = focused.runs.get(run).map_or(f64::NAN, |run| run.rate);
        let own = summary(focused);
        // While it trains the state changes with every frame; a screen reader must not be kept talking.
        if focused.runs.get(run).is_some_and(|run| !run.ended()) {
            return format!("{name}: {} {}", texts.column_rate, short(rate));
        }
        format!("{name}: {} {}, {}", texts.column_rate, short(rate), run_state(focused, run, &own, texts))
    })
}

/// The rows of the axis plot's table.
fn table(lab: Lab) -> impl IntoView {
    let texts = lab.texts();
    lab.board.with(|board| {
        let names = scene::names(board, texts);
        let mut rows = Vec::new();
        for (variant, name) in board.variants().iter().zip(names).filter(|(variant, _)| !variant.hidden) {
            let own = summary(variant);
            for (index, run) in variant.runs.iter().enumerate() {
                let loss = match own.points.get(index).map(|point| point.outcome) {
                    Some(Outcome::Loss { loss, ended: true }) => three(loss),
                    _ => "–".to_owned(),
                };
                rows.push(view! {
                    <tr>
                        <td>{name.clone()}</td>
                        <td>{short(run.rate)}</td>
                        <td>{loss}</td>
                        <td>{run_state(variant, index, &own, texts)}</td>
                    </tr>
                });
            }
        }
        rows
    })
}

/// Which plot against the step.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// Training loss.
    Loss,
    /// Learning rate.
    Rate,
    /// Gradient norm.
    Norm,
}

impl Against {
    fn id(self) -> &'static str {
        match self {
            Self::Loss => "loss",
            Self::Rate => "rate",
            Self::Norm => "norm",
        }
    }

    fn title(self, texts: &Texts) -> &'static str {
        match self {
            Self::Loss => texts.loss_plot,
            Self::Rate => texts.rate_plot,
            Self::Norm => texts.norm_plot,
        }
    }
}

/// A plot against the step; a click or the arrow keys move the cursor that all of them share.
#[component]
pub fn StepPlot(lab: Lab, palette: Memo<Palette>, of: Against) -> impl IntoView {
    let node = NodeRef::<html::Canvas>::new();
    let layout = move |board: &Board, size: Size, texts: &Texts, palette: &Palette| match of {
        Against::Loss => scene::loss(board, size, texts, palette),
        Against::Rate => scene::learning_rate(board, size, texts, palette),
        Against::Norm => scene::gradient_norm(board, size, texts, palette),
    };
    follow(node, move |canvas| {
        let (size, palette) = (canvas.size(), palette.get());
        let layout = lab.board.with(|board| layout(board, size, lab.texts(), &palette));
        let _ = layout.draw(canvas, &palette);
    });
    let click = move |event: MouseEvent| {
        let Some(element) = node.get_untracked() else { return };
        let size = size_of(&element);
        let texts = lab.language.get_untracked().texts();
        let step = lab
            .board
            .with_untracked(|board| layout(board, size, texts, &Palette::LIGHT).step_at(f64::from(event.offset_x())));
        lab.board.update(|board| board.cursor = Some(step));
    };
    let key = move |event: KeyboardEvent| {
        let by = match event.key().as_str() {
            "ArrowRight" => 1,
            "ArrowLeft" => -1,
            "PageUp" => CURSOR_PAGE,
            "PageDown" => -CURSOR_PAGE,
            "Home" => i64::MIN / 2,
            "End" => i64::MAX / 2,
            _ => return,
        };
        event.prevent_default();
        lab.board.update(|board| {
            let last = board.focused().map_or(0, |variant| variant.longest().saturating_sub(1));
            let step = i64::from(board.cursor_step()).saturating_add(by).clamp(0, i64::from(last));
            board.cursor = u32::try_from(step).ok();
        });
    };
    let title = format!("{}-title", of.id());
    let (section_label, label) = (title.clone(), title.clone());
    let class = if of == Against::Loss { "loss" } else { "strip" };
    let cursor_words = move || {
        let texts = lab.texts();
        let step = lab.board.with(Board::cursor_step).to_string();
        format!("{} {step}", texts.cursor)
    };
    view! {
        <section class="card" aria-labelledby=section_label>
            <h2 id=title>{move || of.title(lab.texts())}</h2>
            <canvas
                class=class
                node_ref=node
                tabindex="0"
                role="img"
                aria-labelledby=label
                aria-description=cursor_words
                on:click=click
                on:keydown=key
            ></canvas>
            <Show when=move || of == Against::Loss>
                <p class="help">{move || lab.texts().loss_help}</p>
            </Show>
        </section>
    }
}

/// The line that says what to look at, and what to try.
pub fn lead(lab: Lab) -> String {
    let runs = lab.current.with(|experiment| experiment.run_count());
    fill(lab.texts().lead, &[("runs", &runs.to_string())])
}

/// The heading of the equations.
pub fn equations_title(lab: Lab) -> String {
    lab.board.with(|board| {
        let rate = board
            .focused()
            .and_then(|variant| variant.runs.get(board.focused_run(variant)?))
            .map_or(f64::NAN, |run| run.rate);
        fill(lab.texts().equations, &[("step", &board.cursor_step().to_string()), ("rate", &short(rate))])
    })
}

/// The name of the rule in the heading of its equation.
pub fn rule_title(lab: Lab) -> String {
    fill(lab.texts().rule_equation, &[("name", &rule_name(&lab.current.get()))])
}
