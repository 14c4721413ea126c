//! The fragment of the page's address, `#key=value&key=value`: the board, and how to run it. `docs/links.md` describes it.
//!
//! Links come from strangers: whatever the text, reading it ends in a board whose experiments have passed
//! [`Experiment::resolve`], or in a [`Problem`] that names the key and what is allowed.

use std::fmt::Write as _;
use std::ops::RangeInclusive;

use super::board::{Arrangement, MOST_VARIANTS, Placed};
use super::plot::Scale;
use super::refusal::refusal;
use super::scene::StepView;
use super::story::{Story, stories};
use super::text::Texts;
use brink_engine::experiment::{
    Experiment, ExperimentError, PRESETS, Reason, VERSION, apply, beginning, difference, limits, preset,
};
use brink_engine::train::Backend;
use brink_playbook::procedures::{PROCEDURES, procedure};
use serde_json::Value;

/// The longest fragment that is read or written, in bytes.
pub const MOST_BYTES: usize = 8192;
/// The most names in a field's path (`optimizer.constants.beta1` has 3): a deeper one would only cost stack.
const MOST_LEVELS: usize = 4;

/// The base of a board without variants.
const NO_BASE: &str = "none";

/// The keys that a fragment may have.
pub const KEYS: [&str; 14] = [
    "view",
    "lab",
    "chapter",
    "procedure",
    "figure",
    "backend",
    "bench",
    "version",
    "base",
    "variant",
    "hidden",
    "slots",
    "focus",
    "cursor",
];

/// What `view` may hold: the validation loss, and axes that are not logarithmic.
const VALIDATION: &str = "validation";
const LINEAR_X: &str = "linear-x";
const LINEAR_Y: &str = "linear-y";

/// The longest name of a section that is read.
const MOST_SECTION: usize = 40;

/// A place on the page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// The board with its plots.
    #[default]
    Lab,
    /// The chapter, at this section; at its beginning where it is empty.
    Chapter(String),
    /// A procedure of the playbook, on the focused variant.
    Procedure(&'static str),
}

impl Place {
    /// The fragment that leads there, without `#`.
    pub fn text(&self) -> String {
        match self {
            Self::Lab => "lab".to_owned(),
            Self::Chapter(section) if section.is_empty() => "chapter".to_owned(),
            Self::Chapter(section) => format!("chapter={section}"),
            Self::Procedure(id) => format!("procedure={id}"),
        }
    }
}

/// What the fragment asks for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fragment {
    /// `backend=cpu` or `backend=gpu`: where to train, a software adapter too.
    pub backend: Option<Backend>,
    /// `chapter`, `chapter=SECTION`, `procedure=ID` or `lab`: where on the page.
    pub place: Place,
    /// `bench`: measure how fast training is.
    pub bench: bool,
    /// `view=validation,linear-x,linear-y`: what the plots against the step show.
    pub view: StepView,
    /// `figure`: the story of the menu that it names.
    pub figure: Option<&'static str>,
    /// The board, if the fragment holds one and nothing is wrong with it.
    pub board: Option<Arrangement>,
    /// The first thing that is wrong.
    pub problem: Option<Problem>,
}

/// What is wrong with a fragment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// More than [`MOST_BYTES`].
    TooLong(usize),
    /// A key that is none of [`KEYS`].
    Key(String),
    /// A key that stands there twice.
    Twice(&'static str),
    /// Percent-encoding that is broken, or is not of UTF-8; the key.
    Encoding(String),
    /// A value that its key does not allow.
    Value {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What is allowed: the same in every language.
        allowed: String,
    },
    /// An experiment that is refused.
    Experiment {
        /// Its position among the variants, from 1.
        variant: usize,
        /// The field, and what it may hold.
        reason: ExperimentError,
    },
    /// Two variants that are the same; their positions from 1.
    Same(usize, usize),
    /// More than [`MOST_VARIANTS`].
    Variants(usize),
}

impl Problem {
    /// The problem in words.
    pub fn describe(&self, texts: &Texts) -> String {
        match self {
            Self::TooLong(bytes) => texts.link_too_long(bytes, MOST_BYTES),
            Self::Key(key) => texts.link_key(key, KEYS.join(", ")),
            Self::Twice(key) => texts.link_twice(key),
            Self::Encoding(key) => texts.link_encoding(key),
            Self::Value { key, value, allowed } => texts.link_value(key, value, allowed),
            Self::Experiment { variant, reason } => {
                let key = if *variant == 1 { "base" } else { "variant" };
                texts.link_experiment(key, variant, refusal(reason, texts))
            }
            Self::Same(first, second) => texts.link_same(first, second),
            Self::Variants(count) => texts.link_variants(count, MOST_VARIANTS),
        }
    }
}

/// Changes of an experiment and what they become.
type Changes = Vec<(String, Value)>;

/// What was read, before experiments are made of it.
#[derive(Default)]
struct Raw {
    base: Option<(Option<Experiment>, Changes)>,
    variants: Vec<Changes>,
    hidden: Vec<usize>,
    slots: Option<Vec<usize>>,
    focus: Option<(usize, Option<usize>)>,
    cursor: Option<u32>,
    story: Option<Story>,
    is_board: bool,
}

impl Fragment {
    /// Reads a fragment, with or without its `#`.
    pub fn parse(text: &str) -> Self {
        let mut fragment = Self::default();
        if let Err(problem) = fragment.read(text.strip_prefix('#').unwrap_or(text)) {
            fragment.board = None;
            fragment.problem = Some(problem);
        }
        fragment
    }

    fn read(&mut self, text: &str) -> Result<(), Problem> {
        if text.len() > MOST_BYTES {
            return Err(Problem::TooLong(text.len()));
        }
        let mut raw = Raw::default();
        let mut seen: Vec<&'static str> = Vec::new();
        // Where to train is read to the end: a link whose board is wrong keeps it.
        let mut first = None;
        for part in text.split('&').filter(|part| !part.is_empty()) {
            if let Err(problem) = self.part(part, &mut raw, &mut seen) {
                first.get_or_insert(problem);
            }
        }
        if let Some(problem) = first {
            return Err(problem);
        }
        if raw.is_board {
            self.board = Some(raw.arrangement()?);
        } else if let Some(story) = raw.story {
            self.figure = Some(story.id);
            self.board = Some(story.board());
        }
        Ok(())
    }

    fn part(&mut self, part: &str, raw: &mut Raw, seen: &mut Vec<&'static str>) -> Result<(), Problem> {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let Some(key) = KEYS.into_iter().find(|key| *key == name) else {
            return Err(Problem::Key(beginning(&decode(part).unwrap_or_else(|| part.to_owned()))));
        };
        if key != "variant" {
            if seen.contains(&key) {
                return Err(Problem::Twice(key));
            }
            seen.push(key);
        }
        let wrong = |allowed: String| {
            let value = beginning(&decode(value).unwrap_or_else(|| value.to_owned()));
            Problem::Value { key, value, allowed }
        };
        raw.is_board |= !matches!(key, "backend" | "bench" | "lab" | "chapter" | "procedure" | "view" | "figure");
        match key {
            "lab" if value.is_empty() => {}
            "lab" => return Err(wrong("lab".to_owned())),
            "chapter" => {
                let is_id = value.len() <= MOST_SECTION && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
                if !is_id {
                    return Err(wrong(format!("a–z, 0–9, -; at most {MOST_SECTION}")));
                }
                self.place = Place::Chapter(value.to_owned());
            }
            "view" => {
                for one in value.split(',').filter(|one| !one.is_empty()) {
                    match one {
                        VALIDATION => self.view.validation = true,
                        LINEAR_X => self.view.x = Scale::Linear,
                        LINEAR_Y => self.view.y = Scale::Linear,
                        _ => return Err(wrong([VALIDATION, LINEAR_X, LINEAR_Y].join(", "))),
                    }
                }
            }
            "procedure" => {
                let ids = || PROCEDURES.iter().map(|one| one.id).collect::<Vec<_>>().join(", ");
                self.place = Place::Procedure(procedure(value).ok_or_else(|| wrong(ids()))?.id);
            }
            "figure" => {
                let ids = || stories().map(|story| story.id).collect::<Vec<_>>().join(", ");
                raw.story = Some(Story::find(value).ok_or_else(|| wrong(ids()))?);
            }
            "bench" if value.is_empty() => self.bench = true,
            "bench" => return Err(wrong("bench".to_owned())),
            "backend" => {
                self.backend = Some(match value {
                    "cpu" => Backend::Cpu,
                    "gpu" => Backend::Gpu,
                    _ => return Err(wrong("cpu, gpu".to_owned())),
                });
            }
            "version" if value == VERSION.to_string() => {}
            "version" => return Err(wrong(VERSION.to_string())),
            "base" => {
                let (id, rest) = value.split_once(';').unwrap_or((value, ""));
                let id = decode(id).ok_or_else(|| Problem::Encoding(key.to_owned()))?;
                let experiment = if id == NO_BASE { None } else { Some(preset(&id)) };
                let experiment = match experiment {
                    Some(None) => {
                        let ids: Vec<&str> = PRESETS.iter().map(|preset| preset.id).collect();
                        return Err(wrong(format!("{}, {NO_BASE}", ids.join(", "))));
                    }
                    other => other.flatten(),
                };
                raw.base = Some((experiment, fields(key, rest)?));
            }
            "variant" => raw.variants.push(fields(key, value)?),
            "hidden" => {
                let range = 1..=MOST_VARIANTS;
                raw.hidden = numbers(value, &range).ok_or_else(|| wrong(list_of(&range)))?;
            }
            "slots" => {
                let range = 1..=MOST_VARIANTS;
                raw.slots = Some(numbers(value, &range).ok_or_else(|| wrong(list_of(&range)))?);
            }
            "focus" => {
                let (variants, runs) = (1..=MOST_VARIANTS, limits::RUNS);
                let (variant, run) = value.split_once(',').map_or((value, None), |(v, r)| (v, Some(r)));
                let run = run.map(|run| number(run, &runs));
                raw.focus = match (number(variant, &variants), run) {
                    (Some(variant), None) => Some((variant, None)),
                    (Some(variant), Some(Some(run))) => Some((variant, Some(run))),
                    _ => return Err(wrong(format!("1–{MOST_VARIANTS}[,1–{}]", runs.end()))),
                };
            }
            _ => {
                let range = 0..=*limits::STEPS.end() as usize;
                let step = number(value, &range).ok_or_else(|| wrong(format!("0–{}", range.end())))?;
                raw.cursor = Some(step as u32);
            }
        }
        Ok(())
    }

    /// The fragment of a board, without `#`; empty for the default board.
    ///
    /// # Errors
    ///
    /// [`Problem::TooLong`] where it would not be read again.
    pub fn text(backend: Option<Backend>, view: StepView, board: &Arrangement) -> Result<String, Problem> {
        let mut parts = Vec::new();
        match backend {
            Some(Backend::Cpu) => parts.push("backend=cpu".to_owned()),
            Some(Backend::Gpu) => parts.push("backend=gpu".to_owned()),
            None => {}
        }
        let shown =
            [(view.validation, VALIDATION), (view.x == Scale::Linear, LINEAR_X), (view.y == Scale::Linear, LINEAR_Y)];
        let shown: Vec<&str> = shown.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect();
        if !shown.is_empty() {
            parts.push(format!("view={}", shown.join(",")));
        }
        if *board != Arrangement::of((PRESETS[0].experiment)()) {
            board_parts(board, &mut parts);
        }
        let text = parts.join("&");
        if text.len() > MOST_BYTES { Err(Problem::TooLong(text.len())) } else { Ok(text) }
    }
}

impl Raw {
    fn arrangement(self) -> Result<Arrangement, Problem> {
        let (base, changes) = self.base.unwrap_or_else(|| (Some((PRESETS[0].experiment)()), Vec::new()));
        let refused = |position: usize, reason: ExperimentError| Problem::Experiment { variant: position, reason };
        let Some(base) = base else {
            return if self.variants.is_empty() && changes.is_empty() {
                Ok(Arrangement::default())
            } else {
                let ids: Vec<&str> = PRESETS.iter().map(|preset| preset.id).collect();
                Err(refused(1, ExperimentError { field: "base".to_owned(), reason: Reason::unknown(NO_BASE, &ids) }))
            };
        };
        let count = 1 + self.variants.len();
        if count > MOST_VARIANTS {
            return Err(Problem::Variants(count));
        }
        let make = |from: &Experiment, changes: &Changes, position: usize| {
            let pairs = changes.iter().map(|(path, value)| (path.as_str(), value.clone()));
            let made = apply(from, pairs).and_then(|experiment| experiment.resolve().map(|_| experiment));
            made.map_err(|error| refused(position, error))
        };
        let mut experiments = vec![make(&base, &changes, 1)?];
        for (index, changes) in self.variants.iter().enumerate() {
            let made = make(&experiments[0], changes, index + 2)?;
            if let Some(same) = experiments.iter().position(|other| *other == made) {
                return Err(Problem::Same(same + 1, index + 2));
            }
            experiments.push(made);
        }
        let wrong = |key, list: &[usize], allowed| {
            let value = list.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
            Err(Problem::Value { key, value, allowed })
        };
        if self.hidden.iter().any(|position| *position > count) {
            return wrong("hidden", &self.hidden, list_of(&(1..=count)));
        }
        let slots = self.slots.unwrap_or_else(|| (1..=count).collect());
        let distinct = (1..slots.len()).all(|index| !slots[..index].contains(&slots[index]));
        if slots.len() != count || !distinct {
            return wrong("slots", &slots, format!("{count} × 1–{MOST_VARIANTS}"));
        }
        let (focus, run) = self.focus.unwrap_or((count, None));
        if focus > count {
            return wrong("focus", &[focus], format!("1–{count}"));
        }
        let placed = |(index, experiment)| Placed {
            experiment,
            slot: slots[index] - 1,
            hidden: self.hidden.contains(&(index + 1)),
        };
        Ok(Arrangement {
            variants: experiments.into_iter().enumerate().map(placed).collect(),
            focus: Some(focus - 1),
            run: run.map(|run| run - 1),
            cursor: self.cursor,
        })
    }
}

fn board_parts(board: &Arrangement, parts: &mut Vec<String>) {
    parts.push(format!("version={VERSION}"));
    let Some(first) = board.variants.first() else {
        parts.push(format!("base={NO_BASE}"));
        return;
    };
    // The preset from which least differs.
    let nearest = PRESETS
        .iter()
        .map(|preset| (preset.id, fields_text(&(preset.experiment)(), &first.experiment)))
        .min_by_key(|(_, changes)| changes.len());
    if let Some((id, changes)) = nearest {
        let sign = if changes.is_empty() { "" } else { ";" };
        parts.push(format!("base={}{sign}{changes}", encode(id)));
    }
    for placed in &board.variants[1..] {
        parts.push(format!("variant={}", fields_text(&first.experiment, &placed.experiment)));
    }
    let list = |positions: Vec<usize>| positions.iter().map(usize::to_string).collect::<Vec<_>>().join(",");
    let positions = |keep: fn(&Placed) -> bool| -> Vec<usize> {
        board.variants.iter().enumerate().filter(|(_, placed)| keep(placed)).map(|(index, _)| index + 1).collect()
    };
    let hidden = positions(|placed| placed.hidden);
    if !hidden.is_empty() {
        parts.push(format!("hidden={}", list(hidden)));
    }
    let slots: Vec<usize> = board.variants.iter().map(|placed| placed.slot + 1).collect();
    if slots != positions(|_| true) {
        parts.push(format!("slots={}", list(slots)));
    }
    let last = board.variants.len() - 1;
    let focus = board.focus.unwrap_or(last);
    match board.run {
        Some(run) => parts.push(format!("focus={},{}", focus + 1, run + 1)),
        None if focus != last => parts.push(format!("focus={}", focus + 1)),
        None => {}
    }
    if let Some(step) = board.cursor {
        parts.push(format!("cursor={step}"));
    }
}

/// What differs, as `path=value;path=value`.
fn fields_text(from: &Experiment, to: &Experiment) -> String {
    let mut leaves = Vec::new();
    for one in difference(from, to) {
        flatten(one.field, one.to, &mut leaves);
    }
    let text = |(path, value): &(String, Value)| format!("{}={}", encode(path), encode(&value_text(value)));
    leaves.iter().map(text).collect::<Vec<_>>().join(";")
}

/// An object that is only there in the second experiment becomes its fields: `optimizer.constants.gamma=0.5`.
fn flatten(path: String, value: Value, out: &mut Changes) {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(format!("{path}.{key}"), value, out);
            }
        }
        value => out.push((path, value)),
    }
}

fn fields(key: &str, text: &str) -> Result<Changes, Problem> {
    let broken = || Problem::Encoding(key.to_owned());
    let one = |part: &str| {
        let (path, value) = part.split_once('=').unwrap_or((part, ""));
        let (path, value) = (decode(path).ok_or_else(broken)?, decode(value).ok_or_else(broken)?);
        if path.split('.').count() > MOST_LEVELS {
            return Err(Problem::Key(beginning(&path)));
        }
        Ok((path, read_value(&value)))
    };
    text.split(';').filter(|part| !part.is_empty()).map(one).collect()
}

/// A JSON value as text: a string without quotes unless it would be read as something else.
fn value_text(value: &Value) -> String {
    match value {
        Value::String(text) if read_value(text) == *value => text.clone(),
        other => other.to_string(),
    }
}

/// A number, JSON, or else the text itself. Numbers are read as they were written, to the same bits.
fn read_value(text: &str) -> Value {
    let number = text.parse::<f64>().ok().and_then(serde_json::Number::from_f64);
    number.map(Value::Number).or_else(|| serde_json::from_str(text).ok()).unwrap_or_else(|| Value::from(text))
}

fn number(text: &str, range: &RangeInclusive<usize>) -> Option<usize> {
    text.parse().ok().filter(|value| range.contains(value))
}

fn numbers(text: &str, range: &RangeInclusive<usize>) -> Option<Vec<usize>> {
    text.split(',').map(|one| number(one, range)).collect()
}

fn list_of(range: &RangeInclusive<usize>) -> String {
    format!("{0}–{1},{0}–{1},…", range.start(), range.end())
}

/// Percent-encodes all but what neither the grammar nor a program that finds links in a text gives a meaning to.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:,/*".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Undoes percent-encoding; `None` where it is broken.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            out.push((high * 16 + low) as u8);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;
    use crate::text::Language;
    use brink_engine::experiment::{Optimizer, RuleSource, Schedule};
    use brink_engine::rule::builtin;
    use proptest::prelude::*;

    fn text(backend: Option<Backend>, board: &Arrangement) -> Result<String, Problem> {
        Fragment::text(backend, StepView::default(), board)
    }

    #[test]
    fn what_the_plots_show_is_part_of_a_link() {
        let view = StepView { validation: true, x: Scale::Linear, ..StepView::default() };
        let text = Fragment::text(None, view, &Arrangement::of(base())).expect("short");
        assert_eq!(text, "view=validation,linear-x");
        assert_eq!(Fragment::parse(&text).view, view);
        let problem = Fragment::parse("view=loglog").problem.expect("not known").describe(Language::English.texts());
        assert_eq!(problem, "view=loglog is not allowed; allowed: validation, linear-x, linear-y");
    }

    fn base() -> Experiment {
        (PRESETS[0].experiment)()
    }

    fn described(text: &str) -> String {
        let fragment = Fragment::parse(text);
        assert_eq!(fragment.board, None, "{text}");
        let problem = fragment.problem.unwrap_or_else(|| panic!("{text} was taken"));
        for language in Language::ALL {
            assert!(!problem.describe(language.texts()).contains('{'));
        }
        let [english, indonesian] = Language::ALL.map(|language| problem.describe(language.texts()));
        assert_ne!(english, indonesian, "{text}");
        english
    }

    #[test]
    fn what_is_known_is_read_and_the_first_wrong_thing_is_named_with_what_is_allowed() {
        assert_eq!(Fragment::parse(""), Fragment::default());
        assert!(Fragment::parse("#bench").bench);
        assert_eq!(Fragment::parse("#backend=gpu&").backend, Some(Backend::Gpu));
        // A wrong board keeps where to train.
        assert_eq!(Fragment::parse("#colour=red&backend=cpu").backend, Some(Backend::Cpu));
        for (text, parts) in [
            ("colour=red", ["colour=red", "backend, bench, version"]),
            ("backend=tpu", ["backend=tpu", "cpu, gpu"]),
            ("version=2", ["version=2", "1"]),
            ("base=figure-88", ["base=figure-88", "figure-7a, figure-4-stride-standard"]),
            ("cursor=-1", ["cursor=-1", "0–100000"]),
            ("focus=2", ["focus=2", "1–1"]),
            ("focus=1,999", ["focus=1,999", "1–12[,1–256]"]),
            ("hidden=1,x", ["hidden=1,x", "1–12"]),
            ("variant=seed=5&slots=3,3", ["slots=3,3", "2 × 1–12"]),
            ("base=figure-7a&base=w1", ["base", "twice"]),
            ("variant=width=%zz", ["variant", "percent-encoding"]),
            ("variant=optimizer.constants.gamma.a.b=1", ["optimizer.constants.gamma.a.b", "allowed"]),
            ("variant=batch_size=0", ["variant 2", "batch_size: 0 is not between 1 and 1024"]),
            ("variant=colour=red", ["variant 2", "colour: \"colour\" is none of version, task"]),
            ("variant=warmup_steps=frog", ["warmup_steps: \"frog\"", "a whole number from 0 to 99999"]),
            ("variant=optimizer.text=x", ["optimizer: ", "either rule or text"]),
            ("base=figure-7a;task=null", ["task: is missing", "base 1"]),
            ("base=figure-7a;optimizer.rule=null;optimizer.text=x", ["base 1", "optimizer.text: line 1, column"]),
            ("variant=optimizer.constants.gamma=1.5", ["optimizer.constants.gamma: 1.5", "[0, 1)"]),
            ("variant=optimizer.constants.beta=0.5", ["optimizer.constants.beta: \"beta\"", "gamma"]),
            ("variant=optimizer.rule=sgd;optimizer.constants.beta=1", ["optimizer.constants.beta", "no such field"]),
            ("variant=optimizer.rule=adamm", ["optimizer.rule: \"adamm\"", "rmsprop"]),
            ("variant=probe.layer=x;probe.index=0", ["probe.layer: \"x\"", "head"]),
            ("variant=version=9", ["version: 9", "1"]),
            ("variant=batch_size.x=9", ["batch_size.x", "no such field"]),
            ("base=none&variant=seed=5", ["base: \"none\"", "figure-7a, figure-4-stride-standard"]),
            ("variant=seed=5&variant=seed=5", ["2", "3"]),
            (&"variant=seed=5&".repeat(12), ["13", "12"]),
            (&"x".repeat(MOST_BYTES + 1), ["8193", "8192"]),
        ] {
            let described = described(text);
            for part in parts {
                assert!(described.contains(part), "{text}: {described}");
            }
        }
    }

    #[test]
    fn a_board_is_written_so_that_one_can_read_it() {
        let mut board = Board::default();
        board.commit(base());
        assert_eq!(text(None, &board.arrangement()), Ok(String::new()), "the default needs no words");
        assert_eq!(text(Some(Backend::Cpu), &board.arrangement()), Ok("backend=cpu".to_owned()));
        board.commit(Experiment { warmup_steps: 200, ..base() });
        board.commit(Experiment {
            optimizer: Optimizer::builtin("adam"),
            clip_threshold: Some(6.1),
            schedule: Schedule::Cosine,
            ..base()
        });
        board.get_mut(1).expect("there").hidden = true;
        board.set_focus(0, Some(3));
        board.cursor = Some(120);
        assert_eq!(
            text(None, &board.arrangement()).expect("short"),
            "version=1&base=figure-7a&variant=warmup_steps=200\
             &variant=clip_threshold=6.1;optimizer.rule=adam;schedule=cosine&hidden=2&focus=1,4&cursor=120"
        );
        board.delete(0);
        board.delete(1);
        board.delete(2);
        assert_eq!(text(None, &board.arrangement()).expect("short"), "version=1&base=none");
    }

    #[test]
    fn a_board_too_large_for_a_link_is_not_cut() {
        let mut board = Arrangement::of(base());
        for seed in 2..4 {
            let text = format!("{}{}", builtin()[0].text, " ".repeat(2000));
            let optimizer = Optimizer { rule: RuleSource::Text(text), constants: Default::default() };
            board.variants.push(Placed {
                experiment: Experiment { seed, optimizer, ..base() },
                slot: 1,
                hidden: false,
            });
        }
        let Err(Problem::TooLong(bytes)) = text(None, &board) else { panic!("that is too long") };
        assert!(bytes > MOST_BYTES);
        board.variants.pop();
        assert!(text(None, &board).is_ok());
    }

    /// An experiment that resolves, in which any field that a control sets may differ.
    fn experiment() -> impl Strategy<Value = Experiment> {
        let rule = (0..builtin().len(), any::<bool>(), "[ -~éη]{0,40}");
        let numbers = (0u32..900, 1e-3..50.0f64, 1usize..300, any::<u32>(), 0.2..5.0f64, 1e-5..0.1f64);
        (0..7usize, rule, numbers, 0..3usize, any::<[bool; 4]>()).prop_map(
            |(preset, (rule, is_text, remark), (warmup, threshold, batch, seed, scale, from), schedule, on)| {
                let mut e = (PRESETS[preset].experiment)();
                if on[0] {
                    e.optimizer = Optimizer::builtin(builtin()[rule].id);
                    if is_text {
                        let text = builtin()[rule].text.lines().skip(1).collect::<Vec<_>>().join("\n");
                        let name = remark.replace(['"', '\\'], "'");
                        e.optimizer.rule = RuleSource::Text(format!("name \"{name}\"\n{text}\n"));
                    }
                    let parsed = e.rule();
                    if let Some(constant) = parsed.ok().and_then(|rule| rule.constants.into_iter().next()) {
                        e.optimizer.constants.insert(constant.name, threshold / 51.0);
                    }
                }
                if on[1] {
                    e.warmup_steps = warmup;
                    e.clip_threshold = Some(threshold);
                }
                if on[2] {
                    (e.batch_size, e.seed, e.initial_scale) = (batch, seed, scale);
                }
                if on[3] {
                    e.schedule = Schedule::ALL[schedule];
                    e.learning_rates.from = from;
                }
                e
            },
        )
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_board_comes_back_from_its_link(
            experiments in prop::collection::vec(experiment(), 0..7),
            hidden in any::<[bool; 7]>(),
            deleted in 0..7u64,
            focus in 0..7u64,
            run in prop::option::of(0..200usize),
            cursor in prop::option::of(0..100_000u32),
            backend in prop::option::of(prop::bool::ANY),
        ) {
            let mut board = Board::default();
            for experiment in experiments.iter().filter(|experiment| experiment.resolve().is_ok()) {
                board.commit(experiment.clone());
            }
            for (variant, hidden) in (0..7).zip(hidden) {
                if let Some(variant) = board.get_mut(variant) {
                    variant.hidden = hidden;
                }
            }
            board.delete(deleted);
            board.set_focus(focus, run);
            board.cursor = cursor;
            let mut arrangement = board.arrangement();
            if arrangement.variants.is_empty() {
                // An empty board has no positions to focus.
                arrangement = Arrangement::default();
            }
            let backend = backend.map(|gpu| if gpu { Backend::Gpu } else { Backend::Cpu });
            match text(backend, &arrangement) {
                Ok(text) => {
                    prop_assert!(text.is_ascii() && !text.contains([' ', '"', '<', '>', '#', '`']), "{text}");
                    let read = Fragment::parse(&text);
                    prop_assert_eq!(&read.problem, &None);
                    prop_assert_eq!(read.backend, backend);
                    let default = Arrangement::of(base());
                    prop_assert_eq!(read.board.unwrap_or(default), arrangement, "{}", text);
                }
                Err(problem) => prop_assert!(matches!(problem, Problem::TooLong(_))),
            }
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            Fragment::parse(&text);
        }

        #[test]
        fn nothing_that_looks_like_a_board_makes_the_reader_panic(
            parts in prop::collection::vec(
                (
                    prop::sample::select(&KEYS[..]),
                    "(figure-7a;?)?((optimizer\\.(text|rule|constants\\.a)|model(\\.kind|\\.depth)?|runs|seed|probe)=[-%0-9a-f\\[\\]{}\",.:é]{0,12};?){0,3}",
                ),
                0..6,
            ),
        ) {
            let text: Vec<String> = parts.iter().map(|(key, value)| format!("{key}={value}")).collect();
            let read = Fragment::parse(&text.join("&"));
            if let Some(board) = read.board {
                for placed in &board.variants {
                    prop_assert!(placed.experiment.resolve().is_ok());
                }
            }
        }
    }

    #[test]
    fn a_place_on_the_page_is_a_key_of_the_same_grammar() {
        let read = |text: &str| Fragment::parse(text);
        assert_eq!(read("#chapter").place, Place::Chapter(String::new()));
        assert_eq!(read("#chapter=warmup-how").place, Place::Chapter("warmup-how".to_owned()));
        assert_eq!((read("#lab").place, read("#lab").board), (Place::Lab, None));
        for place in [Place::Lab, Place::Chapter(String::new()), Place::Chapter("rules".to_owned())] {
            assert_eq!(read(&place.text()).place, place);
        }
        let board = read("#figure=8").board.expect("a board");
        assert_eq!(board, Story::find("8").expect("a story").board());
        for wrong in ["#lab=1", "#chapter=<b>", "#figure=99", &format!("#chapter={}", "a".repeat(41))] {
            assert!(matches!(read(wrong).problem, Some(Problem::Value { .. })), "{wrong}");
        }
    }
}
