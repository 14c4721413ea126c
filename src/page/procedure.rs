//! A procedure of the playbook as a screen: it trains on a board of its own, which is watched, and ends in a report, whose
//! experiments can be put on the learner's board.

use std::sync::Arc;

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen_futures::spawn_local;

use super::address::Address;
use super::lab::Lab;
use super::plots::{AxisPlot, StepPlot};
use super::transport::{Pause, Progress, Variants};
use brink_engine::experiment::Experiment;
use brink_lab::Command;
use brink_playbook::procedures::{
    Arm, Fact, Laboratory, PROCEDURES, ProcedureError, Report, Steering, Target, procedure, warmup_search,
};
use brink_view::fragment::Place;
use brink_view::name::{base_name, variant_name};
use brink_view::plot::Palette;
use brink_view::report::{conclusion, fact_value, told, what};
use brink_view::words::Against;

/// The targets of the search for a warmup that can be chosen, besides the playbook's own way.
const TARGETS: [f64; 4] = [100.0, 5.0, 3.0, 2.0];

/// How a procedure stands.
#[derive(Clone)]
enum Standing {
    /// It has not begun.
    Waiting,
    Training,
    Reported(Arc<Report>),
    Stopped(ProcedureError),
}

/// The menu of procedures.
#[component]
pub fn Procedures(lab: Lab, address: Address) -> impl IntoView {
    let node = NodeRef::<html::Div>::new();
    let open = move |id: &'static str| {
        if let Some(menu) = node.get_untracked() {
            // Fails only for a menu that is closed.
            let _ = menu.hide_popover();
        }
        address.go_to(Place::Procedure(id));
    };
    // The whole way first.
    let item = move |id: &'static str| {
        view! {
            <li>
                <button type="button" data-procedure=id on:click=move |_| open(id)>
                    <span>
                        <b>{move || told(id, lab.texts()).title}</b>
                        <span>{move || told(id, lab.texts()).about}</span>
                    </span>
                </button>
            </li>
        }
    };
    view! {
        <button type="button" id="procedures" popovertarget="procedures-menu">
            {move || lab.texts().procedures}
        </button>
        <div class="card menu" id="procedures-menu" popover="auto" node_ref=node>
            <p class="help">{move || lab.texts().procedures_help}</p>
            <ul>{PROCEDURES.iter().rev().map(|one| item(one.id)).collect_view()}</ul>
        </div>
    }
}

/// What was found last: by which procedure, on which experiment. One is kept, for it holds all that was trained for it.
pub type LastReport = RwSignal<Option<(&'static str, Experiment, Arc<Report>)>>;

/// The screen of a procedure. It trains in `bench`, a lab of its own on the same workers. What it found last is there again when the
/// learner comes back.
#[component]
pub fn ProcedurePage(
    lab: Lab,
    bench: Lab,
    last: LastReport,
    address: Address,
    palette: Memo<Palette>,
    id: &'static str,
) -> impl IntoView {
    let found = last.get_untracked().filter(|(of, ..)| *of == id);
    let standing = RwSignal::new(match &found {
        Some((.., report)) => Standing::Reported(report.clone()),
        None => Standing::Waiting,
    });
    let steering = StoredValue::new_local(Steering::default());
    let target = RwSignal::new(None::<f64>);
    // On which experiment it runs, or ran.
    let base = RwSignal::new(found.map_or_else(|| lab.current.get_untracked(), |(_, base, _)| base));
    let name_of = move |experiment: &Experiment| {
        let names = lab.names.get();
        let place = lab
            .board
            .with_untracked(|board| board.variants().iter().position(|variant| variant.experiment() == experiment));
        place.and_then(|place| names.get(place).cloned()).unwrap_or_else(|| base_name(experiment, lab.texts()))
    };
    let cancel = move || {
        steering.try_with_value(|steering| steering.send(Command::Cancel));
    };
    let start = move |_| {
        bench.clear();
        bench.set_paused(false);
        let steered = Steering::default();
        steering.set_value(steered.clone());
        standing.set(Standing::Training);
        base.set(lab.current.get_untracked());
        let (base, target) = (base.get_untracked(), target.get_untracked());
        spawn_local(async move {
            let laboratory = Laboratory { runner: &bench, steering: steered, progress: &|_| {} };
            let found = run(id, &laboratory, &base, target).await;
            let stands = match found {
                Ok(report) => {
                    let report = Arc::new(report);
                    last.set(Some((id, base, report.clone())));
                    Standing::Reported(report)
                }
                Err(error) => Standing::Stopped(error),
            };
            // The learner may have left.
            let _ = standing.try_set(stands);
            // Whoever was at a button that is gone.
            super::focus::keep(&["#found-title", "#start-procedure"]);
        });
    };
    on_cleanup(move || {
        cancel();
        bench.clear();
        bench.set_paused(false);
    });
    // The keyboard comes along.
    request_animation_frame(|| drop(super::focus::give(&["#procedure-title"])));
    let is_training = Memo::new(move |_| standing.with(|standing| matches!(standing, Standing::Training)));
    // What was found before is shown without its curves.
    let has_trained = move || {
        bench.stage();
        bench.board.with_untracked(|board| !board.variants().is_empty())
    };
    let has_begun = Memo::new(move |_| standing.with(|standing| !matches!(standing, Standing::Waiting)));
    // What trains now, and how much was trained before.
    let now = Memo::new(move |_| {
        bench.stage();
        let texts = lab.texts();
        let name = bench.board.with_untracked(|board| {
            let focus = board.focused()?.id;
            let index = board.variants().iter().position(|variant| variant.id == focus)?;
            bench.names.with_untracked(|names| names.get(index).cloned())
        });
        let trained = bench.board.with_untracked(|board| board.variants().iter().filter(|one| one.has_ended()).count());
        format!("{} {}", texts.procedure_trains(name.unwrap_or_default()), texts.procedure_arms(trained))
    });
    let actions = move || {
        if is_training.get() {
            view! {
                <Pause lab=bench />
                <button type="button" id="cancel-procedure" on:click=move |_| cancel()>{move || lab.texts().procedure_cancel}</button>
                <span>{move || now.get()}</span>
                <Progress lab=bench />
            }
            .into_any()
        } else {
            let text = move || match (has_begun.get(), lab.current.with(|current| base.with(|base| current == base))) {
                (true, true) => lab.texts().procedure_again.to_owned(),
                // Another experiment has the focus since.
                (true, false) => lab.texts().procedure_start_on(lab.current.with(name_of)),
                (false, _) => lab.texts().procedure_start.to_owned(),
            };
            view! {
                <button
                    type="button"
                    class="primary"
                    id="start-procedure"
                    disabled=move || !bench.is_ready()
                    on:click=move |event| {
                        start(event);
                        super::focus::keep(&["#pause", "#cancel-procedure"]);
                    }
                >
                    {text}
                </button>
            }
            .into_any()
        }
    };
    let outcome = move || match standing.get() {
        Standing::Waiting | Standing::Training => ().into_any(),
        Standing::Stopped(error) => {
            let texts = lab.texts();
            let text = match error {
                ProcedureError::Cancelled => texts.procedure_cancelled.to_owned(),
                ProcedureError::NothingFeasible => texts.procedure_nothing_feasible.to_owned(),
                ProcedureError::NothingUnstable => texts.procedure_nothing_unstable.to_owned(),
                ProcedureError::Experiment(error) => texts.refused(brink_view::refusal::refusal(&error, texts)),
                ProcedureError::Failed(reason) => texts.procedure_failed(reason),
            };
            view! { <p class="warning" id="procedure-stopped">{text}</p> }.into_any()
        }
        Standing::Reported(report) => view! { <Found lab address report /> }.into_any(),
    };
    let targets = TARGETS.map(|multiple| view! { <option value=multiple.to_string()>{multiple.to_string()}</option> });
    view! {
        <main class="procedure">
            <h2 tabindex="-1" id="procedure-title">{move || told(id, lab.texts()).title}</h2>
            <p>{move || told(id, lab.texts()).about}</p>
            <p id="procedure-on">{move || lab.texts().procedure_on(base.with(name_of))}</p>
            {(id == "warmup")
                .then(|| {
                    view! {
                        <p class="row">
                            <label for="target">{move || lab.texts().procedure_target}</label>
                            <select
                                id="target"
                                disabled=move || is_training.get()
                                on:change=move |event| target.set(event_target_value(&event).parse().ok())
                            >
                                <option value="">{move || lab.texts().procedure_target_down}</option>
                                <option value="10">"10"</option>
                                {targets.collect_view()}
                            </select>
                        </p>
                    }
                })}
            <p class="actions" role="status">{actions}</p>
            {outcome}
            <Show when=move || has_begun.get() && has_trained()>
                <div class="live">
                    <StepPlot lab=bench palette of=Against::Loss />
                    <AxisPlot lab=bench palette>
                        <Variants lab=bench palette />
                    </AxisPlot>
                </div>
            </Show>
            <p>
                <button type="button" id="procedure-back" on:click=move |_| address.go_to(Place::Lab)>
                    {move || lab.texts().procedure_back}
                </button>
            </p>
        </main>
    }
}

/// Runs a procedure, the search for a warmup with the target that was chosen.
async fn run(
    id: &str,
    laboratory: &Laboratory<'_>,
    base: &Experiment,
    target: Option<f64>,
) -> Result<Report, ProcedureError> {
    match (target, procedure(id)) {
        (Some(multiple), _) => warmup_search(laboratory, base, Target { multiple, steps_down: false }).await,
        (None, Some(procedure)) => (procedure.run)(laboratory, base).await,
        (None, None) => Err(ProcedureError::Failed(id.to_owned())),
    }
}

/// What a procedure found: a sentence, what holds for the whole, what holds for each experiment, and the way to the board.
#[component]
fn Found(lab: Lab, address: Address, report: Arc<Report>) -> impl IntoView {
    let report = StoredValue::new_local(report);
    let put = move |of: Option<String>| {
        let fleets = report.with_value(|report| {
            let is_asked = |name: &str| of.as_ref().is_none_or(|of| of == name);
            report.arms.iter().filter(|arm| is_asked(&arm.name)).map(|arm| arm.fleet.clone()).collect()
        });
        lab.notice.set(None);
        lab.adopt(fleets);
        address.go_to(Place::Lab);
    };
    let content = move || {
        let texts = lab.texts();
        report.with_value(|report| {
            // As on the board beside it: by what differs from the first.
            let name = |arm: &Arm| match report.arms.first() {
                Some(first) if first.name != arm.name => variant_name(first.experiment(), arm.experiment(), texts),
                _ => base_name(arm.experiment(), texts),
            };
            // Of an experiment, or of the whole, a percentile, a multiple.
            let is_of_arm = |fact: &&Fact| report.arms.iter().any(|arm| arm.name == fact.of);
            let of_whole = report.facts.iter().filter(|fact| !is_of_arm(fact));
            let whole = of_whole.map(|fact| {
                let label = format!("{} {}", what(fact, texts), fact.of);
                view! {
                    <tr>
                        <th scope="row">{label}</th>
                        <td class="number">{fact_value(&fact.value, texts)}</td>
                    </tr>
                }
            });
            let whole = whole.collect_view();
            // One row for each experiment, one column for each fact.
            let (mut rows, mut columns) = (Vec::<String>::new(), Vec::new());
            for fact in report.facts.iter().filter(is_of_arm) {
                if !rows.contains(&fact.of) {
                    rows.push(fact.of.clone());
                }
                if !columns.iter().any(|(known, _)| *known == fact.what) {
                    columns.push((fact.what, what(fact, texts)));
                }
            }
            let head = columns.iter().map(|(_, text)| view! { <th scope="col">{text.clone()}</th> }).collect_view();
            let row = |of: String| {
                let arm = report.arms.iter().find(|arm| arm.name == of);
                let called = arm.map_or_else(|| of.clone(), name);
                let cells = columns.iter().map(|(what, _)| {
                    let value = report.get_of(what, &of).map(|value| fact_value(value, texts));
                    view! { <td class="number">{value}</td> }
                });
                let cells = cells.collect_view();
                let label = texts.procedure_put_one(&called);
                let button = arm.map(|_| {
                    view! {
                        <button type="button" aria-label=label on:click=move |_| put(Some(of.clone()))>
                            {texts.procedure_put}
                        </button>
                    }
                });
                view! {
                    <tr>
                        <th scope="row">{called}</th>
                        {cells}
                        <td>{button}</td>
                    </tr>
                }
            };
            let has_rows = !rows.is_empty();
            let rows = rows.into_iter().map(row).collect_view();
            view! {
                <p class="lead" id="conclusion">{conclusion(report, name, texts)}</p>
                <table>
                    <tbody>{whole}</tbody>
                </table>
                {has_rows
                    .then(|| {
                        view! {
                            <div class="scroll" tabindex="0" role="group" aria-labelledby="found-title">
                                <table id="arms">
                                    <thead>
                                        <tr>
                                            <th scope="col">{texts.column_variant}</th>
                                            {head}
                                            <td></td>
                                        </tr>
                                    </thead>
                                    <tbody>{rows}</tbody>
                                </table>
                            </div>
                        }
                    })}
            }
            .into_any()
        })
    };
    view! {
        <section class="card report" id="report" aria-labelledby="found-title">
            <h2 id="found-title" tabindex="-1">{move || lab.texts().procedure_found}</h2>
            {content}
            <p class="actions">
                <button type="button" class="primary" id="put-all" on:click=move |_| put(None)>
                    {move || lab.texts().procedure_put_all}
                </button>
            </p>
        </section>
    }
}
