//! The chapter: the playbook's text with every figure alive.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::address::Address;
use super::focus;
use super::lab::Lab;
use super::mathml::Formula;
use super::plots::{AxisPlot, StepPlot};
use super::reading::{Reading, prose};
use super::transport::Variants;
use brink_engine::experiment::Optimizer;
use brink_engine::rule::{Rule, builtin};
use brink_playbook::figures::{Figure, Plot, figure};
use brink_playbook::procedures::{Arm, procedure};
use brink_view::board::Arrangement;
use brink_view::chapter::{Block, Section};
use brink_view::fragment::Place;
use brink_view::plot::Palette;
use brink_view::query::Begin;
use brink_view::report::told;
use brink_view::story::Story;
use brink_view::words::Against;

/// The seed that a figure is run with first: that of its still.
const FIRST_SEED: u32 = 0;

/// A figure that trains, or has trained.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Live {
    id: String,
    seed: u32,
}

/// On how many seeds a figure's claim held, of how many that were run just now.
type Tally = BTreeMap<String, BTreeMap<u32, bool>>;

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
    tally: RwSignal<Tally>,
    /// Whether a figure can be opened in the lab; an embedded one has a link to a page of its own.
    has_lab: bool,
}

impl Stage {
    /// Nothing trains yet; once a figure's variants have ended, it goes on.
    fn new(lab: Lab, figures: Lab, address: Address, palette: Memo<Palette>, has_lab: bool) -> Self {
        let (live, tally) = (RwSignal::new(None), RwSignal::new(Tally::default()));
        let stage = Self { lab, figures, address, palette, live, tally, has_lab };
        on_cleanup(move || figures.clear());
        Effect::new(move |_| {
            figures.stage();
            if let Some(Live { id, seed }) = stage.live.get()
                && let Some(figure) = figure(&id)
            {
                stage.go_on(figure, seed);
            }
        });
        stage
    }

    /// Trains a figure for a seed, in place of what trained before.
    fn run(self, id: &str, seed: u32) {
        let Some(story) = Story::find(id) else { return };
        self.figures.clear();
        self.live.set(Some(Live { id: id.to_owned(), seed }));
        self.figures.restore(&story.board_of_seed(seed));
        self.figures.start_held();
    }

    /// What a figure trains next once all that it trained has ended; its claim once nothing is left.
    fn go_on(self, figure: &'static Figure, seed: u32) {
        let arms: Option<Vec<Arm>> = self.figures.board.with_untracked(|board| {
            let names = self.figures.names.get_untracked();
            let ended = |(variant, name): (&brink_view::board::Variant, String)| {
                variant.has_ended().then(|| Arm { name, fleet: variant.fleet.clone() })
            };
            board.variants().iter().zip(names).map(ended).collect()
        });
        let Some(mut arms) = arms.filter(|arms| !arms.is_empty()) else { return };
        // A figure knows its arms by its own names, in the order in which it asked for them.
        let mut named = 0;
        loop {
            let next = figure.next(seed, &arms[..named]);
            if next.is_empty() {
                break;
            }
            for (name, experiment) in next {
                let Some(arm) = arms.get_mut(named) else { return self.figures.commit(experiment) };
                name.clone_into(&mut arm.name);
                named += 1;
            }
        }
        let holds = figure.judge(&arms).holds;
        self.tally.update(|tally| {
            tally.entry(figure.id.to_owned()).or_default().insert(seed, holds);
        });
    }

    /// Puts a figure's board into the lab.
    fn open(self, id: &str) {
        if let Some(story) = Story::find(id) {
            self.lab.restore(&story.board());
            self.address.go_to(Place::Lab);
        }
    }
}

/// The chapter at a section.
#[component]
pub fn ChapterPage(lab: Lab, figures: Lab, address: Address, palette: Memo<Palette>) -> impl IntoView {
    let reading = Reading::new(lab, "chapter");
    let stage = Stage::new(lab, figures, address, palette, true);
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
            // Once the text is there, to its section.
            Effect::new(move |_| {
                if let Place::Chapter(id) = address.place.get() {
                    request_animation_frame(move || scroll_to(&id));
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
    let block = move |block: Block| match block {
        Block::Figure { id, caption } => view! { <LiveFigure stage id caption /> }.into_any(),
        Block::Rule(id) => view! { <RuleFigure stage id /> }.into_any(),
        Block::Procedure { id, caption } => procedure_link(stage, &id, caption),
        other => prose(lab, other),
    };
    view! {
        <section>
            <h2 id=format!("section-{}", section.id) tabindex="-1">
                {section.title}
            </h2>
            {section.blocks.into_iter().map(block).collect_view()}
        </section>
    }
}

/// A figure: a still, and its curves once it is run.
#[component]
fn LiveFigure(stage: Stage, id: String, caption: String) -> impl IntoView {
    let Stage { lab, figures, palette, live, tally, .. } = stage;
    let story = Story::find(&id);
    let picture = story.map(Story::picture).unwrap_or_default();
    let alt = caption.clone();
    let id = StoredValue::new(id);
    let seed = Memo::new(move |_| {
        live.with(|live| live.as_ref().filter(|live| id.with_value(|id| *id == live.id)).map(|live| live.seed))
    });
    let trains = Memo::new(move |_| {
        figures.stage();
        seed.get().is_some() && figures.board.with_untracked(|board| board.variants().iter().any(|v| !v.has_ended()))
    });
    let held = move || {
        tally.with(|tally| {
            let seeds = id.with_value(|id| tally.get(id).cloned())?;
            let held = seeds.values().filter(|holds| **holds).count();
            Some(lab.texts().held_on(held, seeds.len()))
        })
    };
    let run = move |next: u32| id.with_value(|id| stage.run(id, next));
    let plots = move || {
        if seed.get().is_none() {
            let (picture, alt) = (picture.clone(), alt.clone());
            return view! { <img src=picture alt=alt loading="lazy" width="640" height="384" /> }.into_any();
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
            {plots} <figcaption>{caption}</figcaption>
            <p class="actions">
                <button
                    type="button"
                    class="primary run"
                    disabled=move || !figures.is_ready() || trains.get()
                    on:click=move |_| run(seed.get_untracked().map_or(FIRST_SEED, |seed| seed + 1))
                >
                    {move || {
                        let texts = lab.texts();
                        match (trains.get(), seed.get()) {
                            (true, _) => texts.figure_trains,
                            (false, Some(_)) => texts.another_seed,
                            (false, None) => texts.run_it,
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
            stage.run(story.id, FIRST_SEED);
        }
    });
    let caption = move || format!("{}. {}", story.title(lab.texts()), story.line(lab.texts()));
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
