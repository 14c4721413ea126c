//! The equations of what runs, with the probe's numbers at the cursor.

use leptos::prelude::*;

use super::lab::Lab;
use super::mathml::Formula;
use super::plots::{equations_title, rule_title};
use super::rule_editor::RuleEditor;
use crate::experiment::Experiment;
use crate::record::Columns;
use crate::rule::{Equation, MathNode, Rule, Symbol};
use crate::view::board::Board;
use crate::view::equation;
use crate::view::number::three;
use crate::view::scene;
use crate::view::summary::{sentence, summary};
use crate::view::text::{Texts, fill};

/// What the numbers at the cursor are.
#[derive(Clone, Debug, PartialEq)]
enum Numbers {
    /// Nothing is recorded there.
    None,
    /// The run is dead there.
    Dead,
    /// The four metrics, and the value of each of the rule's symbols.
    Row { metrics: [f32; 4], probe: (String, usize), values: Vec<(Symbol, f64)> },
}

fn numbers(board: &Board) -> Numbers {
    let step = board.cursor_step();
    let found = || {
        let focused = board.focused()?;
        let index = board.focused_run(focused)?;
        let run = focused.runs.get(index)?;
        let row = run.row_at(step)?;
        if run.record.death.is_some_and(|death| step >= death) {
            return Some(Numbers::Dead);
        }
        let rule = focused.experiment.rule().ok()?;
        let overrides = focused.experiment.runs.get(index).map(|run| &run.constants);
        let constants: Vec<f64> = rule
            .constants
            .iter()
            .map(|constant| {
                overrides
                    .and_then(|own| own.get(&constant.name))
                    .or_else(|| focused.experiment.optimizer.constants.get(&constant.name))
                    .copied()
                    .unwrap_or(constant.default)
            })
            .collect();
        // With a stride, the row may be of an earlier step than the cursor.
        let recorded = step / run.record.stride.max(1) * run.record.stride;
        let values = equation::probe_values(&rule, &constants, recorded, row)?;
        let metrics =
            [row[Columns::LOSS], row[Columns::GRADIENT_NORM], row[Columns::LEARNING_RATE], row[Columns::CLIP_SCALE]];
        Some(Numbers::Row { metrics, probe: focused.probe.clone().unwrap_or_default(), values })
    };
    found().unwrap_or(Numbers::None)
}

/// The rule's equations; built anew only when the rule or clipping changes.
fn rule_equations(experiment: &Experiment) -> Vec<Equation> {
    let clipped = experiment.clip_threshold.is_some();
    experiment.rule().map(|rule: Rule| rule.equations(clipped)).unwrap_or_default()
}

fn symbol_node(equations: &[Equation], symbol: &Symbol) -> Option<MathNode> {
    equations.iter().find_map(|equation| equation::find(&equation.mathml, symbol)).cloned()
}

fn metric(label: &'static str, value: f32) -> impl IntoView {
    view! {
        <tr>
            <td>{label}</td>
            <td class="number">{three(f64::from(value))}</td>
        </tr>
    }
}

fn formula(title: &'static str, node: MathNode) -> impl IntoView {
    view! {
        <h2>{title}</h2>
        <div class="equation">
            <Formula node />
        </div>
    }
}

/// The formulas besides the rule.
fn others(experiment: &Experiment, texts: &'static Texts) -> impl IntoView + use<> {
    let warmup = equation::warmup(experiment).map(|node| formula(texts.warmup_on, node));
    let schedule = formula(texts.schedule, equation::schedule(experiment));
    let clipping = equation::clipping(experiment).map(|node| formula(texts.clipping_on, node));
    let block = equation::block(experiment).map(|node| formula(texts.block, node));
    (warmup, schedule, clipping, block)
}

/// The equations and their numbers.
#[component]
pub fn Equations(lab: Lab) -> impl IntoView {
    let equations = Memo::new(move |_| lab.current.with(rule_equations));
    let shown = Memo::new(move |_| lab.board.with(numbers));
    let rule = move || {
        equations
            .get()
            .into_iter()
            .map(|equation| {
                view! {
                    <div class="equation">
                        <Formula node=equation.mathml text=equation.text />
                    </div>
                }
            })
            .collect_view()
    };
    let table = move || {
        let texts = lab.texts();
        match shown.get() {
            Numbers::None => view! { <p class="help">{texts.nothing_yet}</p> }.into_any(),
            Numbers::Dead => view! { <p class="help">{texts.run_is_dead}</p> }.into_any(),
            Numbers::Row { metrics, probe, values } => {
                let equations = equations.get();
                let rows = values
                    .into_iter()
                    .filter_map(|(symbol, value)| {
                        let node = symbol_node(&equations, &symbol)?;
                        Some(view! {
                            <tr data-symbol=symbol.name.clone()>
                                <td>
                                    <Formula node />
                                </td>
                                <td class="number">{three(value)}</td>
                            </tr>
                        })
                    })
                    .collect_view();
                let what = fill(texts.probe_what, &[("name", &probe.0), ("index", &probe.1.to_string())]);
                view! {
                    <table class="now">
                        <tbody>
                            {metric(texts.loss_now, metrics[0])} {metric(texts.norm_now, metrics[1])}
                            {metric(texts.rate_now, metrics[2])} {metric(texts.scale_now, metrics[3])}
                        </tbody>
                    </table>
                    <h2>{format!("{} ({what})", texts.probe)}</h2>
                    <table class="now" id="probe">
                        <tbody>{rows}</tbody>
                    </table>
                }
                .into_any()
            }
        }
    };
    view! {
        <aside class="card" aria-labelledby="equations-title">
            <h2 id="equations-title">{move || equations_title(lab)}</h2>
            <h2>{move || rule_title(lab)}</h2>
            {rule}
            <RuleEditor lab />
            {move || lab.current.with(|experiment| others(experiment, lab.texts()))}
            {table}
            <h2>{move || lab.texts().happened}</h2>
            <Happened lab />
        </aside>
    }
}

/// One sentence for each variant that is shown.
#[component]
fn Happened(lab: Lab) -> impl IntoView {
    let said = Memo::new(move |_| {
        let texts = lab.texts();
        lab.board.with(|board| {
            let names = scene::names(board, texts);
            let first = board.variants().first().map(summary);
            let focus = board.focused().map(|variant| variant.id);
            board
                .variants()
                .iter()
                .zip(&names)
                .enumerate()
                .filter(|(_, (variant, _))| !variant.hidden)
                .map(|(index, (variant, name))| {
                    let other = if index > 0 { first.as_ref() } else { None };
                    let other = other.filter(|_| board.same_problem(variant)).map(|other| (names[0].as_str(), other));
                    let text = sentence(variant, &summary(variant), other, texts);
                    (name.clone(), text, Some(variant.id) == focus)
                })
                .collect::<Vec<_>>()
        })
    });
    let items = move || {
        said.get()
            .into_iter()
            .map(|(name, text, focused)| {
                view! {
                    <div class:focused=focused>
                        <p class="verdict">
                            <b>{name}</b>
                            ": "
                            {text}
                        </p>
                    </div>
                }
            })
            .collect_view()
    };
    view! { <div id="happened" aria-live="polite">{items}</div> }
}
