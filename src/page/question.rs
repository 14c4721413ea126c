//! Questions: choose or drag first, then read what is said of it. One that stands before a figure is answered before the figure
//! runs, and compared with what came out.

use std::collections::BTreeMap;

use leptos::prelude::*;

use super::lab::Lab;
use super::reading::inline;
use brink_view::chapter::{Guess, Inline, Question};
use brink_view::number::{short, three};

/// What a figure came to when it was run last.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The seed.
    pub seed: u32,
    /// Whether its claim held.
    pub holds: bool,
    /// The best learning rate of its first variant, and the first infeasible one above it, if there are such.
    pub best: Option<f64>,
    pub edge: Option<f64>,
}

/// The reader's answers: they outlast the text that asks, which another language builds anew.
#[derive(Clone)]
pub struct Answers {
    /// Of all questions, by the question and the part of it.
    pub all: RwSignal<BTreeMap<(String, usize), usize>>,
    /// The question.
    pub question: String,
}

impl Answers {
    fn get(&self, part: usize) -> Option<usize> {
        self.all.with(|all| all.get(&(self.question.clone(), part)).copied())
    }

    fn set(&self, part: usize, answer: usize) {
        self.all.update(|all| {
            all.insert((self.question.clone(), part), answer);
        });
    }
}

/// The figure that a question is about.
#[derive(Clone)]
pub struct About {
    /// The learning rates of its first variant, from the lowest.
    pub rates: Vec<f64>,
    /// What it came to, once it has run.
    pub outcome: Memo<Option<Outcome>>,
}

/// A question, about a figure where one follows it.
#[component]
pub fn Ask(lab: Lab, question: Question, answers: Answers, about: Option<About>) -> impl IntoView {
    let given = StoredValue::new(answers);
    let Question { ask, answers, guesses, answer } = question;
    let answer = StoredValue::new(answer);
    // Without a figure there is nothing to wait for.
    let outcome = about.as_ref().map(|about| about.outcome);
    let is_open = move || outcome.is_none_or(|outcome| outcome.with(Option::is_some));
    let ran = move || {
        let Outcome { seed, holds, .. } = outcome?.get()?;
        let texts = lab.texts();
        Some(if holds { texts.happened_so(seed) } else { texts.happened_otherwise(seed) })
    };
    let (body, said) = match about {
        Some(About { rates, outcome }) if !guesses.is_empty() => drag(lab, given, guesses, rates, outcome, answer),
        _ => choose(lab, given, answers, is_open, outcome.is_some(), answer),
    };
    view! {
        <div class="question" role="group">
            <p>
                <b>{inline(lab, ask)}</b>
            </p>
            {body}
            <div aria-live="polite">
                {said}
                {move || ran().map(|ran| view! { <p>{ran}</p> })}
            </div>
        </div>
    }
}

/// Answers to choose from, and what is said of the choice once the answer is open.
fn choose(
    lab: Lab,
    given: StoredValue<Answers>,
    answers: Vec<(bool, Vec<Inline>)>,
    is_open: impl Fn() -> bool + Copy + Send + Sync + 'static,
    is_about_a_figure: bool,
    answer: StoredValue<Vec<Inline>>,
) -> (AnyView, AnyView) {
    let chosen = Memo::new(move |_| given.with_value(|given| given.get(0)));
    let right = answers.iter().position(|(right, _)| *right);
    let option = |(index, (_, text)): (usize, (bool, Vec<Inline>))| {
        let is_chosen = move || chosen.get() == Some(index);
        let is_right = right == Some(index);
        // Once a figure has run, the right one is shown beside the one that was chosen.
        let is_told = move || is_chosen() || (is_about_a_figure && chosen.get().is_some());
        view! {
            <li>
                <button
                    type="button"
                    aria-pressed=move || is_chosen().to_string()
                    class:right=move || is_right && is_told() && is_open()
                    class:wrong=move || !is_right && is_chosen() && is_open()
                    on:click=move |_| given.with_value(|given| given.set(0, index))
                >
                    {inline(lab, text)}
                </button>
            </li>
        }
    };
    let options = answers.into_iter().enumerate().map(option).collect_view();
    let said = move || {
        let index = chosen.get()?;
        let texts = lab.texts();
        if !is_open() {
            return Some(view! { <p>{texts.answer_kept}</p> }.into_any());
        }
        let is_right = Some(index) == right;
        let verdict = match (is_right, is_about_a_figure) {
            (true, _) => texts.answer_right,
            (false, true) => texts.answer_not,
            (false, false) => texts.answer_wrong,
        };
        // What a figure has shown is no secret any more.
        let told = (is_right || is_about_a_figure).then(|| inline(lab, answer.get_value()));
        Some(view! { <p><b>{verdict}</b> " " {told}</p> }.into_any())
    };
    (view! { <ul>{options}</ul> }.into_any(), said.into_any())
}

/// Learning rates to drag, and how far off each was once the figure has run.
fn drag(
    lab: Lab,
    given: StoredValue<Answers>,
    guesses: Vec<Guess>,
    rates: Vec<f64>,
    outcome: Memo<Option<Outcome>>,
    answer: StoredValue<Vec<Inline>>,
) -> (AnyView, AnyView) {
    let last = rates.len().saturating_sub(1);
    let rates = StoredValue::new(rates);
    let rate = move |index: usize| rates.with_value(|rates| rates.get(index).copied().unwrap_or(f64::NAN));
    let name = move |guess: Guess| match guess {
        Guess::Best => lab.texts().guess_best,
        Guess::Edge => lab.texts().guess_edge,
    };
    // None until it is moved: where a mark begins is nobody's answer.
    let at = move |part: usize| Memo::new(move |_| given.with_value(|given| given.get(part)));
    let guesses: Vec<_> = guesses.into_iter().enumerate().map(|(part, guess)| (guess, at(part))).collect();
    let slider = |(part, (guess, at)): (usize, &(Guess, Memo<Option<usize>>))| {
        let (guess, at) = (*guess, *at);
        let set = move |value: String| {
            if let Ok(index) = value.parse() {
                given.with_value(|given| given.set(part, index));
            }
        };
        let shown = move || at.get().map_or_else(|| "?".to_owned(), |index| lab.texts().number(short(rate(index))));
        view! {
            <label>
                <span>{move || name(guess)} ": " <output>{shown}</output></span>
                <input
                    type="range"
                    min="0"
                    max=last
                    step="1"
                    value=at.get_untracked().unwrap_or(last / 2)
                    aria-valuetext=shown
                    on:input=move |event| set(event_target_value(&event))
                    // Where it stands already is an answer, too.
                    on:click=move |event| set(event_target_value(&event))
                />
            </label>
        }
    };
    let sliders = guesses.iter().enumerate().map(slider).collect_view();
    let compared = move |guess: Guess, at: Memo<Option<usize>>, outcome: &Outcome| {
        let texts = lab.texts();
        let found = match guess {
            Guess::Best => outcome.best,
            Guess::Edge => outcome.edge,
        };
        let Some(found) = found else { return texts.guess_none(name(guess)) };
        let Some(guessed) = at.get().map(rate) else { return texts.guess_found(name(guess), short(found)) };
        let ratio = guessed / found;
        if (ratio - 1.0).abs() < 1e-6 {
            texts.guess_exact(name(guess), short(found))
        } else if ratio > 1.0 {
            texts.guess_high(name(guess), short(found), short(guessed), three(ratio))
        } else {
            texts.guess_low(name(guess), short(found), short(guessed), three(1.0 / ratio))
        }
    };
    let said = move || {
        let Some(outcome) = outcome.get() else {
            let is_answered = guesses.iter().all(|(_, at)| at.get().is_some());
            let text = if is_answered { lab.texts().answer_kept } else { lab.texts().guess_help };
            return view! { <p class="help">{text}</p> }.into_any();
        };
        let lines = guesses.iter().map(|(guess, at)| view! { <li>{compared(*guess, *at, &outcome)}</li> });
        view! {
            <ul class="found">{lines.collect_view()}</ul>
            <p>{inline(lab, answer.get_value())}</p>
        }
        .into_any()
    };
    (view! { <div class="guesses">{sliders}</div> }.into_any(), said.into_any())
}
