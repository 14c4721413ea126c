//! The equations of what runs, with the probe's numbers at the cursor.

use leptos::prelude::*;

use super::lab::Lab;
use super::mathml::Formula;
use super::reading::Explain;
use super::rule_editor::RuleEditor;
use brink_engine::experiment::Experiment;
use brink_engine::metaparameter::Metaparameter;
use brink_engine::record::Columns;
use brink_engine::rule::{Equation, FormulaEquation, MathNode, Rule, Symbol};
use brink_view::board::Board;
use brink_view::equation;
use brink_view::name::rule_name;
use brink_view::number::{precise, short};
use brink_view::scene;
use brink_view::text::{DecimalMark, Texts};

/// What the numbers at the cursor are.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Nothing is recorded there.
    None,
    /// The run is dead there.
    Dead,
    /// The four metrics, and the value of each of the rule's symbols.
    Row { metrics: [f32; 4], probe: (String, usize), values: Vec<(Symbol, f64)>, mark: DecimalMark },
}

impl Numbers {
    /// The value of each of the rule's symbols; none where nothing is recorded.
    pub fn values(&self) -> &[(Symbol, f64)] {
        match self {
            Self::Row { values, .. } => values,
            Self::None | Self::Dead => &[],
        }
    }

    /// How they are written.
    pub fn mark(&self) -> DecimalMark {
        match self {
            Self::Row { mark, .. } => *mark,
            Self::None | Self::Dead => DecimalMark::Point,
        }
    }

    fn metric(&self, index: usize) -> Option<f64> {
        match self {
            Self::Row { metrics, .. } => metrics.get(index).copied().map(f64::from),
            Self::None | Self::Dead => None,
        }
    }
}

fn numbers(board: &Board, mark: DecimalMark) -> Numbers {
    let step = board.cursor_step();
    let found = || {
        let focused = board.focused()?;
        let index = board.focused_run(focused)?;
        let run = focused.fleet.runs.get(index)?;
        let row = run.row_at(step)?;
        if run.record.death.is_some_and(|death| step >= death) {
            return Some(Numbers::Dead);
        }
        let resolved = &focused.fleet.resolved;
        let constants = &resolved.runs.get(index)?.constants;
        // With a stride, the row may be of an earlier step than the cursor.
        let recorded = step / run.record.stride.max(1) * run.record.stride;
        let values = equation::probe_values(&resolved.rule, constants, recorded, row)?;
        let metrics =
            [row[Columns::LOSS], row[Columns::GRADIENT_NORM], row[Columns::LEARNING_RATE], row[Columns::CLIP_SCALE]];
        Some(Numbers::Row { metrics, probe: focused.fleet.probe.clone().unwrap_or_default(), values, mark })
    };
    found().unwrap_or(Numbers::None)
}

/// The rule's equations; built anew only when the rule or clipping changes.
fn rule_equations(experiment: &Experiment) -> Vec<Equation> {
    let clipped = experiment.clips();
    experiment.rule().map(|rule: Rule| rule.equations(clipped)).unwrap_or_default()
}

/// What the rule's states hold before step 0; built anew only when the rule changes.
fn initial_equations(experiment: &Experiment) -> Vec<Equation> {
    experiment.rule().map(|rule: Rule| rule.initial_equations()).unwrap_or_default()
}

fn symbol_node(equations: &[Equation], symbol: &Symbol) -> Option<MathNode> {
    equations.iter().find_map(|equation| equation::find(&equation.mathml, symbol)).cloned()
}

/// One line of the numbers at the cursor: its value is a memo of its own, so that a frame changes a text and no element.
fn metric(lab: Lab, shown: Memo<Numbers>, label: fn(&'static Texts) -> &'static str, index: usize) -> AnyView {
    let value = Memo::new(move |_| {
        shown
            .with(|shown| shown.metric(index))
            .map_or_else(|| "–".to_owned(), |value| lab.texts().number(precise(value)))
    });
    view! {
        <tr>
            <th scope="row">{move || label(lab.texts())}</th>
            <td class="number">{move || value.get()}</td>
        </tr>
    }
    .into_any()
}

/// A formula besides the rule, marked while it does something to the step at the cursor.
fn formula(title: &'static str, equation: FormulaEquation, active: Memo<bool>) -> AnyView {
    view! {
        <div class:active=move || active.get()>
            <h3>{title}</h3>
            <div class="equation">
                <Formula node=equation.mathml text=equation.text />
            </div>
        </div>
    }
    .into_any()
}

/// The equations and their numbers.
#[component]
pub fn Equations(lab: Lab) -> impl IntoView {
    // Runs of their own may have a warmup or a threshold of their own.
    let run = Memo::new(move |_| lab.board.with(|board| board.focused_run(board.focused()?)));
    let current = Memo::new(move |_| {
        // It changes with the focus, and not with every frame.
        let (experiment, run) = (lab.current.get(), run.get());
        let own = |board: &Board| Some(board.focused()?.fleet.resolved.of_run(run?));
        lab.board.with_untracked(own).unwrap_or(experiment)
    });
    let equations = Memo::new(move |_| current.with(rule_equations));
    let shown = Memo::new(move |_| lab.board.with(|board| numbers(board, lab.texts().decimal())));
    let rule = move || {
        equations
            .get()
            .into_iter()
            .map(|equation| {
                view! {
                    <div class="equation">
                        <Formula node=equation.mathml text=equation.text numbers=shown />
                    </div>
                }
            })
            .collect_view()
    };
    // What the states hold before step 0 is part of the rule.
    let initial = Memo::new(move |_| lab.current.with(initial_equations));
    let initial = move || {
        let equations = initial.get().into_iter();
        equations.map(|one| view! { <Formula node=one.mathml text=one.text /> }).collect_view()
    };
    let step = Memo::new(move |_| lab.board.with(Board::cursor_step));
    let in_warmup = Memo::new(move |_| current.with(|experiment| step.get() < experiment.warmup_steps));
    let after_warmup = Memo::new(move |_| !in_warmup.get());
    let clips = Memo::new(move |_| shown.with(|shown| shown.metric(3)).is_some_and(|scale| scale < 1.0));
    let always = Memo::new(|_| false);
    let others = move || {
        let texts = lab.texts();
        current.with(|experiment| {
            let warmup = equation::warmup(experiment).map(|node| formula(texts.warmup_on, node, in_warmup));
            let has_warmup = experiment.warmup_steps > 0;
            let of_schedule = if has_warmup { after_warmup } else { always };
            let schedule = formula(texts.schedule, equation::schedule(experiment), of_schedule);
            let clipping = equation::clipping(experiment).map(|node| formula(texts.clipping_on, node, clips));
            let block = equation::block(experiment).into_iter().map(|node| formula(texts.block, node, always));
            [warmup, Some(schedule), clipping].into_iter().flatten().chain(block).collect_view()
        })
    };
    // Why there are no numbers, or of which parameter they are.
    let remark = Memo::new(move |_| {
        let texts = lab.texts();
        shown.with(|shown| match shown {
            Numbers::None => texts.nothing_yet.to_owned(),
            Numbers::Dead => texts.run_is_dead.to_owned(),
            Numbers::Row { probe, .. } => texts.probe_what(&probe.0, probe.1),
        })
    });
    // The rule's symbols change with the rule only; their values with every frame.
    let symbols =
        Memo::new(move |_| shown.with(|shown| shown.values().iter().map(|(s, _)| s.clone()).collect::<Vec<_>>()));
    let probe = move || {
        let equations = equations.get();
        symbols
            .get()
            .into_iter()
            .enumerate()
            .filter_map(|(index, symbol)| {
                let node = symbol_node(&equations, &symbol)?;
                let text = move |shown: &Numbers| {
                    shown.values().get(index).map(|(_, value)| lab.texts().number(precise(*value)))
                };
                let value = Memo::new(move |_| shown.with(text).unwrap_or_default());
                let (name, entry) = (symbol.name.clone(), equation::entry(&symbol.name));
                Some(view! {
                    <tr data-symbol=symbol.name.clone()>
                        <td>
                            <Formula node />
                            <Explain lab entry of=Signal::stored(name) />
                        </td>
                        <td class="number">{move || value.get()}</td>
                    </tr>
                })
            })
            .collect_view()
    };
    view! {
        <aside class="card" aria-labelledby="equations-title">
            <h2 id="equations-title">{move || equations_title(lab)}</h2>
            <h3 id="rule-title">{move || rule_title(lab)}</h3>
            // A long rule scrolls, by keyboard too.
            <div class="rule" tabindex="0" role="group" aria-labelledby="rule-title">
                {rule} <div class="equation initial">{initial}</div>
            </div>
            <p class="help" id="probe-what">{move || remark.get()}</p>
            {(!lab.is_locked(Metaparameter::RuleText)).then(|| view! { <RuleEditor lab /> })}
            {others}
            <table class="now">
                <tbody>
                    {metric(lab, shown, |t| t.loss_now, 0)} {metric(lab, shown, |t| t.norm_now, 1)}
                    {metric(lab, shown, |t| t.rate_now, 2)} {metric(lab, shown, |t| t.scale_now, 3)}
                </tbody>
            </table>
            <details class="table">
                <summary>{move || lab.texts().probe}</summary>
                <table class="now" id="probe">
                    <tbody>{probe}</tbody>
                </table>
            </details>
        </aside>
    }
}

/// The heading of the equations.
fn equations_title(lab: Lab) -> String {
    lab.board.with(|board| {
        let rate = scene::focused_run(board).map_or(f64::NAN, |run| run.base_learning_rate);
        lab.texts().equations(board.cursor_step(), short(rate))
    })
}

/// The name of the rule in the heading of its equation.
fn rule_title(lab: Lab) -> String {
    lab.texts().rule_equation(rule_name(&lab.current.get()))
}
