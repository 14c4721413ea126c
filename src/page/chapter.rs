//! The chapter: the playbook's text with every figure alive.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::address::Address;
use super::focus;
use super::lab::Lab;
use super::mathml::Formula;
use super::plots::{AxisPlot, StepPlot};
use super::question::{About, Answers, Ask, Outcome};
use super::reading::{Reading, inline, prose};
use super::transport::Variants;
use brink_engine::experiment::{ExperimentError, Optimizer, definition};
use brink_engine::rule::{Rule, builtin};
use brink_playbook::figures::{Figure, Plot, figure};
use brink_playbook::procedures::procedure;
use brink_view::board::Arrangement;
use brink_view::chapter::{Block, Inline, Section, plain};
use brink_view::fragment::Place;
use brink_view::metaparameter::presentation;
use brink_view::plot::Palette;
use brink_view::query::Begin;
use brink_view::refusal::refusal;
use brink_view::report::told;
use brink_view::story::{Change, SEED, Story};
use brink_view::words::Against;

/// A figure that trains, or has trained.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Live {
    id: String,
    seed: u32,
    /// Whether a number of the reader's own is in it: the claim is about the figure's.
    is_changed: bool,
}

/// What each figure came to that was run just now: of each seed, the one that was run last at the end.
type Outcomes = BTreeMap<String, Vec<Outcome>>;

/// What the figures of the chapter share: one trains at a time.
#[derive(Clone, Copy)]
struct Stage {
    /// Where the learner's own board is.
    lab: Lab,
    /// Where figures train.
    figures: Lab,
    address: Address,
    palette: Memo<Palette>,
    live: RwSignal<Option<Live>>,
    outcomes: RwSignal<Outcomes>,
    /// The reader's answers to the questions.
    answers: RwSignal<BTreeMap<(String, usize), usize>>,
    /// Whether a figure can be opened in the lab; an embedded one has a link to a page of its own.
    has_lab: bool,
}

impl Stage {
    /// Nothing trains yet; once a figure's variants have ended, it goes on.
    fn new(lab: Lab, figures: Lab, address: Address, palette: Memo<Palette>, has_lab: bool) -> Self {
        let (live, outcomes) = (RwSignal::new(None), RwSignal::new(Outcomes::default()));
        let answers = RwSignal::new(BTreeMap::new());
        let stage = Self { lab, figures, address, palette, live, outcomes, answers, has_lab };
        on_cleanup(move || figures.clear());
        Effect::new(move |_| {
            let has_ended = figures.ended().is_some();
            if let Some(Live { id, seed, is_changed: false }) = stage.live.get()
                && let Some(figure) = figure(&id).filter(|_| has_ended)
            {
                stage.go_on(figure, seed);
            }
        });
        stage
    }

    /// Trains a figure for a seed, in place of what trained before, with these numbers of the reader's own.
    fn run(self, id: &str, seed: u32, changes: &[Change]) -> Result<(), ExperimentError> {
        let Some(story) = Story::find(id) else { return Ok(()) };
        let board = story.changed(seed, changes)?;
        self.figures.clear();
        self.live.set(Some(Live { id: id.to_owned(), seed, is_changed: !changes.is_empty() }));
        self.figures.restore(&board);
        // With another number in it, an arm is not what its name says.
        self.figures.arms.set(if changes.is_empty() { story.arms() } else { Vec::new() });
        self.figures.start_held();
        Ok(())
    }

    /// What a figure trains next once all that it trained has ended; its claim once nothing is left.
    fn go_on(self, figure: &'static Figure, seed: u32) {
        let Some(arms) = self.figures.go_on(figure, seed) else { return };
        let first = &arms[0];
        let rate = |run: Option<usize>| run.map(|run| first.fleet.runs[run].base_learning_rate);
        let (best, edge) = (rate(first.sweep().best), rate(first.sweep().edge));
        let outcome = Outcome { seed, holds: figure.judge(&arms).holds, best, edge };
        self.outcomes.update(|outcomes| {
            let all = outcomes.entry(figure.id.to_owned()).or_default();
            all.retain(|other| other.seed != seed);
            all.push(outcome);
        });
    }

    /// What a question before a figure is about.
    fn about(self, id: &str) -> Option<About> {
        let first = Story::find(id)?.board().variants.into_iter().next()?;
        let id = id.to_owned();
        let outcome = Memo::new(move |_| self.outcome(&id));
        Some(About { rates: first.experiment.base_learning_rates(), outcome })
    }

    /// What a figure came to when it was run last; nothing while it stands there with a number of the reader's own.
    fn outcome(self, id: &str) -> Option<Outcome> {
        let is_own = self.live.with(|live| live.as_ref().is_some_and(|live| live.id == id && live.is_changed));
        self.outcomes.with(|outcomes| outcomes.get(id)?.last().filter(|_| !is_own).cloned())
    }

    /// Puts a figure's board into the lab.
    fn open(self, id: &str) {
        if let Some(story) = Story::find(id) {
            self.lab.open(story);
            self.address.go_to(Place::Lab);
        }
    }
}

/// The chapter at a section.
#[component]
pub fn ChapterPage(lab: Lab, figures: Lab, address: Address, palette: Memo<Palette>) -> impl IntoView {
    let reading = Reading::new(lab, "chapter");
    let stage = Stage::new(lab, figures, address, palette, true);
    let read_to = lab.read_to;
    let scrolled = window_event_listener(leptos::ev::scroll, move |_| {
        let y = window().scroll_y().unwrap_or(0.0);
        // A page that is being built anew is at its top: that is no place that was read to.
        if let (Place::Chapter(id), true) = (address.place.get_untracked(), y > 0.0) {
            read_to.set_value(Some((id, y)));
        }
    });
    on_cleanup(move || scrolled.remove());
    let text = move || {
        reading.view(move |chapter| {
            let contents = chapter.sections.clone().into_iter().map(move |section| {
                let to = Place::Chapter(section.id.clone());
                let href = format!("#{}", to.text());
                let go = move |event: web_sys::MouseEvent| {
                    event.prevent_default();
                    address.go_to(to.clone());
                };
                view! {
                    <li>
                        <a href=href on:click=go>
                            {section.title}
                        </a>
                    </li>
                }
            });
            let contents = contents.collect_view();
            let sections = chapter.sections.into_iter().map(move |one| view! { <ChapterSection stage section=one /> });
            let sections = sections.collect_view();
            // Once the text is there, to its section; or to where it was read last, before another language or the lab.
            let first = StoredValue::new(true);
            Effect::new(move |_| {
                if let Place::Chapter(id) = address.place.get() {
                    let is_back = first.get_value() && read_to.get_value().as_ref().is_some_and(|(at, _)| *at == id);
                    first.set_value(false);
                    request_animation_frame(move || match read_to.get_value().filter(|_| is_back) {
                        Some((_, y)) => window().scroll_to_with_x_and_y(0.0, y),
                        None => scroll_to(&id),
                    });
                }
            });
            view! {
                <nav aria-label=lab.texts().contents>
                    <ol>{contents}</ol>
                </nav>
                <article>{sections}</article>
            }
            .into_any()
        })
    };
    view! { <main class="chapter">{text}</main> }
}

/// Brings a section into sight, and the keyboard to it.
fn scroll_to(id: &str) {
    if let Some(heading) = focus::give(&[&format!("#section-{id}")]) {
        heading.scroll_into_view();
    }
}

#[component]
fn ChapterSection(stage: Stage, section: Section) -> impl IntoView {
    let lab = stage.lab;
    // What the question at a place is about, and whether the figure at a place has a question before it.
    let about: Vec<_> =
        (0..section.blocks.len()).map(|index| section.figure_after(index).and_then(|id| stage.about(id))).collect();
    let is_asked: Vec<_> = [false].into_iter().chain(about.iter().map(Option::is_some)).collect();
    let id = section.id.clone();
    let block = move |(index, ((block, about), is_asked)): (usize, ((Block, Option<About>), bool))| match block {
        Block::Question(question) => {
            let answers = Answers { all: stage.answers, question: format!("{id} {index}") };
            view! { <Ask lab question answers about /> }.into_any()
        }
        Block::Figure { id, caption } => view! { <LiveFigure stage id caption is_asked /> }.into_any(),
        Block::Rule(id) => view! { <RuleFigure stage id /> }.into_any(),
        Block::Procedure { id, caption } => procedure_link(stage, &id, caption),
        other => prose(lab, other),
    };
    view! {
        <section>
            <h2 id=format!("section-{}", section.id) tabindex="-1">
                {section.title}
            </h2>
            {section.blocks.into_iter().zip(about).zip(is_asked).enumerate().map(block).collect_view()}
        </section>
    }
}

/// What a field of a figure's experiments is called.
fn label_of(id: &str, path: &str, lab: Lab) -> String {
    let texts = lab.texts();
    let first = Story::find(id).and_then(|story| story.board().variants.into_iter().next());
    let found = first.and_then(|placed| {
        let (task, kind) = (&placed.experiment.task, placed.experiment.model.kind());
        Some((presentation(definition(path, task, kind)?.id).label)(texts, kind).into_owned())
    });
    found.unwrap_or_else(|| path.to_owned())
}

/// A figure: a still, and its curves once it is run. Where a question stands before it the still, which is the answer, is veiled
/// until it is asked for or the figure is run.
#[component]
fn LiveFigure(stage: Stage, id: String, caption: Vec<Inline>, #[prop(optional)] is_asked: bool) -> impl IntoView {
    let Stage { lab, figures, palette, live, outcomes, .. } = stage;
    let story = Story::find(&id);
    let picture = move || story.map(|story| story.picture(lab.language.get())).unwrap_or_default();
    let alt = plain(&caption);
    let id = StoredValue::new(id);
    let seed = Memo::new(move |_| {
        live.with(|live| live.as_ref().filter(|live| id.with_value(|id| *id == live.id)).map(|live| live.seed))
    });
    let trains = Memo::new(move |_| {
        figures.stage();
        seed.get().is_some() && figures.board.with_untracked(|board| board.variants().iter().any(|v| !v.has_ended()))
    });
    let held = move || {
        id.with_value(|id| stage.outcome(id))?;
        outcomes.with(|outcomes| {
            let all = id.with_value(|id| outcomes.get(id))?;
            let held = all.iter().filter(|outcome| outcome.holds).count();
            Some(lab.texts().held_on(held, all.len()))
        })
    };
    let changes = RwSignal::new(Vec::<Change>::new());
    let fault = RwSignal::new(None::<String>);
    // The highest seed that it was run with.
    let last_seed = move || {
        let ran =
            outcomes.with(|outcomes| id.with_value(|id| outcomes.get(id)?.iter().map(|outcome| outcome.seed).max()));
        seed.get().max(ran)
    };
    let next_seed = move || last_seed().map_or(SEED, |seed| seed + 1);
    let is_veiled = RwSignal::new(is_asked && untrack(last_seed).is_none());
    let run = move |next: u32| {
        is_veiled.set(false);
        let ran = id.with_value(|id| changes.with_untracked(|changes| stage.run(id, next, changes)));
        let told = |error: ExperimentError| {
            let label = id.with_value(|id| label_of(id, &error.field, lab));
            refusal(&error, lab.texts()).replacen(&error.field, &label, 1)
        };
        fault.set(ran.err().map(told));
    };
    // A number of the caption that the reader changes runs the figure with it.
    let number = move |path: String, from: f64| {
        let label = id.with_value(|id| label_of(id, &path, lab));
        let set = move |event| {
            // A comma is a decimal point to many.
            let text = event_target_value(&event).trim().replace(',', ".");
            let Ok(to) = text.parse::<f64>() else {
                return fault.set(Some(lab.texts().not_kind(format!("“{text}”"), lab.texts().kind_number)));
            };
            changes.update(|changes| {
                changes.retain(|change| change.path != path || change.from != from);
                if to != from {
                    changes.push(Change { path: path.clone(), from, to });
                }
            });
            run(seed.get_untracked().unwrap_or(SEED));
            if fault.with_untracked(Option::is_some) {
                // What is refused is not kept: the next run is as it was before.
                changes.update(|changes| changes.retain(|change| change.path != path || change.from != from));
            }
        };
        view! {
            <input
                type="text"
                class="number inside"
                inputmode="decimal"
                autocomplete="off"
                size="4"
                aria-label=label
                aria-invalid=move || fault.with(Option::is_some).to_string()
                value=brink_view::number::field(from)
                on:change=set
            />
        }
        .into_any()
    };
    let caption_view = caption
        .into_iter()
        .map(|part| match part {
            Inline::Number { path, value } => number(path, value),
            other => inline(lab, vec![other]),
        })
        .collect_view();
    let plots = move || {
        if seed.get().is_none() {
            let alt = alt.clone();
            return view! {
                <div class="still" class:veiled=move || is_veiled.get()>
                    <img src=picture alt=alt loading="lazy" width="640" height="384" />
                    {move || {
                        is_veiled
                            .get()
                            .then(|| {
                                view! {
                                    <button type="button" on:click=move |_| is_veiled.set(false)>
                                        {lab.texts().show_still}
                                    </button>
                                }
                            })
                    }}
                </div>
            }
            .into_any();
        }
        let has_norms = id.with_value(|id| figure(id)).is_some_and(|figure| figure.plot == Plot::Norm);
        view! {
            <div class="live">
                <StepPlot lab=figures palette of=Against::Loss />
                <AxisPlot lab=figures palette>
                    <Variants lab=figures palette />
                </AxisPlot>
                {has_norms.then(|| view! { <StepPlot lab=figures palette of=Against::Norm /> })}
            </div>
        }
        .into_any()
    };
    view! {
        <figure data-figure=id.get_value()>
            {plots} <figcaption>{caption_view}</figcaption>
            {move || fault.get().map(|fault| view! { <p class="fault" role="alert">{fault}</p> })}
            {move || (!changes.with(Vec::is_empty)).then(|| view! { <p class="help">{lab.texts().figure_changed}</p> })}
            <p class="actions">
                <button
                    type="button"
                    class="primary run"
                    disabled=move || !figures.is_ready() || trains.get()
                    on:click=move |_| run(untrack(next_seed))
                >
                    {move || {
                        let texts = lab.texts();
                        match trains.get() {
                            true => texts.figure_trains,
                            false if next_seed() > SEED => texts.another_seed,
                            false => texts.run_it,
                        }
                    }}
                </button>
                {stage
                    .has_lab
                    .then(|| {
                        view! {
                            <button type="button" class="open" on:click=move |_| id.with_value(|id| stage.open(id))>
                                {move || lab.texts().open_in_lab}
                            </button>
                        }
                    })}
                <span role="status" class="held">
                    {held}
                </span>
            </p>
        </figure>
    }
}

/// A figure by itself, in another page: it runs as the address says.
#[component]
pub fn EmbeddedFigure(lab: Lab, figures: Lab, address: Address, palette: Memo<Palette>, story: Story) -> impl IntoView {
    let stage = Stage::new(lab, figures, address, palette, false);
    let begins = lab.query().begin != Begin::Click;
    Effect::new(move |_| {
        if begins && figures.is_ready() && stage.live.with_untracked(Option::is_none) {
            // Its own experiments are valid: a test makes them all.
            let _ = stage.run(story.id, SEED, &[]);
        }
    });
    let caption = move || vec![Inline::Text(format!("{}. {}", story.title(lab.texts()), story.line(lab.texts())))];
    view! {
        <div class="chapter">
            {move || view! { <LiveFigure stage id=story.id.to_owned() caption=caption() /> }}
        </div>
    }
}

/// The way to a procedure, on the learner's own board.
fn procedure_link(stage: Stage, id: &str, caption: String) -> AnyView {
    let Some(procedure) = procedure(id) else { return ().into_any() };
    let id = procedure.id;
    view! {
        <p class="do">
            {caption} " "
            <button type="button" data-procedure=id on:click=move |_| stage.address.go_to(Place::Procedure(id))>
                {move || told(id, stage.lab.texts()).title}
            </button>
        </p>
    }
    .into_any()
}

/// An update rule, rendered from its file.
#[component]
fn RuleFigure(stage: Stage, id: String) -> impl IntoView {
    let lab = stage.lab;
    let rule = builtin().iter().find(|rule| rule.id == id).and_then(|rule| Rule::parse(rule.text).ok());
    let name = rule.as_ref().map(|rule| rule.name.clone()).unwrap_or_default();
    let lines = rule.map(|rule| {
        let initial = rule.initial_equations().into_iter().chain(rule.equations(false));
        let line = |equation: brink_engine::rule::Equation| {
            view! {
                <div class="equation">
                    <Formula node=equation.mathml text=equation.text />
                </div>
            }
        };
        initial.map(line).collect_view()
    });
    let open = move |_| {
        let mut experiment = super::lab::default();
        experiment.optimizer = Optimizer::builtin(&id);
        lab.restore(&Arrangement::of(experiment));
        stage.address.go_to(Place::Lab);
    };
    view! {
        <figure class="rule-figure">
            <h3>{name}</h3>
            {lines}
            <p class="actions">
                <button type="button" class="open" on:click=open>
                    {move || lab.texts().open_in_lab}
                </button>
            </p>
        </figure>
    }
}
