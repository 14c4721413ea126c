//! The chapter and the glossary: texts in a small part of Markdown, one file a language, which the page loads once they are
//! opened. [`Chapter::parse`] says what is understood.

use std::iter::Peekable;

/// A text in sections: the chapter, or the glossary, whose sections are its entries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chapter {
    /// Its sections, in order.
    pub sections: Vec<Section>,
}

/// A section: `# Title {#id}` and what follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// By which links name it; the same in every language.
    pub id: String,
    /// Its title.
    pub title: String,
    /// What it says, in order.
    pub blocks: Vec<Block>,
}

/// A part of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Paragraph(Vec<Inline>),
    /// A list: lines that begin with `- `.
    Items(Vec<Vec<Inline>>),
    /// `![caption](figure:8)`: a figure that can be run.
    Figure {
        /// The story that it runs.
        id: String,
        /// What stands below it.
        caption: Vec<Inline>,
    },
    /// `![name](rule:adam)`: an update rule, rendered from its file.
    Rule(String),
    /// `![what it does](procedure:warmup)`: the way to a procedure, on the learner's own board.
    Procedure {
        /// The procedure.
        id: String,
        /// What it does.
        caption: String,
    },
    /// Lines that begin with `>`: a question, answers `- [ ]` and `- [x]` or guesses `- [?] best`, and what is said of them.
    Question(Question),
}

/// A question with answers to choose from, or with learning rates to guess of the figure that follows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Question {
    /// What is asked.
    pub ask: Vec<Inline>,
    /// The answers, and whether each is right.
    pub answers: Vec<(bool, Vec<Inline>)>,
    /// What is to be guessed instead.
    pub guesses: Vec<Guess>,
    /// What is said once one is chosen, or the figure has run.
    pub answer: Vec<Inline>,
}

/// A learning rate of a figure's first experiment that is to be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// `- [?] best`: the best one, lr*.
    Best,
    /// `- [?] edge`: the first infeasible one above it.
    Edge,
}

/// A stretch of text.
#[derive(Clone, Debug, PartialEq)]
pub enum Inline {
    /// As it is.
    Text(String),
    /// `**strong**`.
    Strong(String),
    /// `` `code` ``.
    Code(String),
    /// `[text](#entry)`: a term of the glossary.
    Term {
        /// The entry.
        entry: String,
        /// What stands in the text.
        text: String,
    },
    /// `[100](set:warmup_steps)`: a number of the figure's own experiments, in its caption, that the reader may change.
    Number {
        /// The path of its field.
        path: String,
        /// Its value.
        value: f64,
    },
    /// `[text](https://…)`: a source.
    Link {
        /// Where it leads.
        address: String,
        /// What stands in the text.
        text: String,
    },
}

/// What of a text is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct ChapterError {
    /// Counted from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: &'static str,
}

impl Chapter {
    /// Reads a text. Sections begin with `# Title {#id}`, blocks are separated by empty lines.
    ///
    /// # Errors
    ///
    /// The first line that is not understood.
    pub fn parse(text: &str) -> Result<Self, ChapterError> {
        let mut chapter = Self::default();
        let mut lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim_end())).peekable();
        while let Some(block) = next_block(&mut lines) {
            let (number, first) = block[0];
            let wrong = |reason| ChapterError { line: number, reason };
            if let Some(heading) = first.strip_prefix("# ") {
                let (title, id) = heading.split_once(" {#").ok_or(wrong("a heading ends with {#id}"))?;
                let id = id.strip_suffix('}').ok_or(wrong("a heading ends with {#id}"))?;
                chapter.sections.push(Section { id: id.to_owned(), title: title.to_owned(), blocks: Vec::new() });
                continue;
            }
            let section = chapter.sections.last_mut().ok_or(wrong("a section begins with # Title {#id}"))?;
            section.blocks.push(parse_block(&block).map_err(wrong)?);
        }
        Ok(chapter)
    }

    /// The section of this id.
    pub fn section(&self, id: &str) -> Option<&Section> {
        self.sections.iter().find(|section| section.id == id)
    }
}

impl Section {
    /// The figure that the question at this place is about: the one that directly follows it, if one does.
    pub fn figure_after(&self, index: usize) -> Option<&str> {
        match (self.blocks.get(index)?, self.blocks.get(index + 1)?) {
            (Block::Question(_), Block::Figure { id, .. }) => Some(id),
            _ => None,
        }
    }
}

/// A text without what marks it: what a picture's description says.
pub fn plain(text: &[Inline]) -> String {
    let part = |part: &Inline| match part {
        Inline::Text(text) | Inline::Strong(text) | Inline::Code(text) => text.clone(),
        Inline::Term { text, .. } | Inline::Link { text, .. } => text.clone(),
        Inline::Number { value, .. } => value.to_string(),
    };
    text.iter().map(part).collect()
}

/// The next lines up to an empty one; a heading is a block of its own.
fn next_block<'a>(lines: &mut Peekable<impl Iterator<Item = (usize, &'a str)>>) -> Option<Vec<(usize, &'a str)>> {
    while lines.next_if(|(_, line)| line.is_empty()).is_some() {}
    let mut block = vec![lines.next()?];
    while !block[0].1.starts_with("# ") {
        match lines.next_if(|(_, line)| !line.is_empty()) {
            Some(line) => block.push(line),
            None => break,
        }
    }
    Some(block)
}

/// The lines as one text.
fn joined<'a>(lines: impl Iterator<Item = &'a str>) -> String {
    lines.collect::<Vec<_>>().join(" ")
}

/// Lines that begin with a mark, each with those that continue it.
fn items<'a>(lines: impl Iterator<Item = &'a str>, mark: &str) -> Option<Vec<String>> {
    let mut items: Vec<String> = Vec::new();
    for line in lines {
        match (line.strip_prefix(mark), items.last_mut()) {
            (Some(item), _) => items.push(item.to_owned()),
            (None, Some(item)) => *item = format!("{item} {}", line.trim_start()),
            (None, None) => return None,
        }
    }
    Some(items)
}

fn parse_block(block: &[(usize, &str)]) -> Result<Block, &'static str> {
    let lines = || block.iter().map(|(_, line)| *line);
    let first = block[0].1;
    if let Some(rest) = first.strip_prefix("![") {
        let (caption, target) = rest.rsplit_once("](").ok_or("a figure is ![caption](figure:id)")?;
        let target = target.strip_suffix(')').ok_or("a figure ends with a bracket")?;
        return match target.split_once(':') {
            Some(("figure", id)) => Ok(Block::Figure { id: id.to_owned(), caption: inline(caption)? }),
            Some(("rule", id)) => Ok(Block::Rule(id.to_owned())),
            Some(("procedure", id)) => Ok(Block::Procedure { id: id.to_owned(), caption: caption.to_owned() }),
            _ => Err("what is shown is figure:id, rule:id or procedure:id"),
        };
    }
    if first.starts_with("- ") {
        let items = items(lines(), "- ").ok_or("a list begins with - ")?;
        return Ok(Block::Items(items.iter().map(|item| inline(item)).collect::<Result<_, _>>()?));
    }
    if first.starts_with('>') {
        return Ok(Block::Question(question(lines())?));
    }
    Ok(Block::Paragraph(inline(&joined(lines()))?))
}

fn question<'a>(lines: impl Iterator<Item = &'a str>) -> Result<Question, &'static str> {
    let mut question = Question::default();
    let (mut ask, mut said) = (Vec::new(), Vec::new());
    for line in lines {
        let line = line.strip_prefix('>').ok_or("every line of a question begins with >")?.trim_start();
        if let Some(guess) = line.strip_prefix("- [?] ") {
            question.guesses.push(match guess {
                "best" => Guess::Best,
                "edge" => Guess::Edge,
                _ => return Err("what is guessed is best or edge"),
            });
            continue;
        }
        let answer = [("- [ ] ", false), ("- [x] ", true)];
        match answer.into_iter().find_map(|(mark, right)| Some((right, line.strip_prefix(mark)?))) {
            Some((right, text)) => question.answers.push((right, inline(text)?)),
            None if question.answers.is_empty() && question.guesses.is_empty() => ask.push(line),
            None => said.push(line),
        }
    }
    match question.answers.iter().filter(|(right, _)| *right).count() {
        1 if question.guesses.is_empty() => {}
        0 if question.answers.is_empty() && !question.guesses.is_empty() => {}
        _ => return Err("a question has one answer that is right, - [x], or guesses, - [?]"),
    }
    (question.ask, question.answer) = (inline(&joined(ask.into_iter()))?, inline(&joined(said.into_iter()))?);
    Ok(question)
}

/// A paragraph's text with what is marked in it.
fn inline(text: &str) -> Result<Vec<Inline>, &'static str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = ["**", "`", "["].iter().filter_map(|mark| rest.find(mark)).min() {
        let (before, marked) = rest.split_at(at);
        if !before.is_empty() {
            found.push(Inline::Text(before.to_owned()));
        }
        rest = if let Some(inner) = marked.strip_prefix("**") {
            let (strong, after) = inner.split_once("**").ok_or("** without its end")?;
            found.push(Inline::Strong(strong.to_owned()));
            after
        } else if let Some(inner) = marked.strip_prefix('`') {
            let (code, after) = inner.split_once('`').ok_or("` without its end")?;
            found.push(Inline::Code(code.to_owned()));
            after
        } else {
            let (text, inner) = marked[1..].split_once("](").ok_or("a link is [text](#entry)")?;
            let (target, after) = inner.split_once(')').ok_or("a link ends with a bracket")?;
            found.push(match target.strip_prefix('#') {
                Some(entry) => Inline::Term { entry: entry.to_owned(), text: text.to_owned() },
                None if target.starts_with("https://") => {
                    Inline::Link { address: target.to_owned(), text: text.to_owned() }
                }
                None => match (target.strip_prefix("set:"), text.parse::<f64>()) {
                    (Some(path), Ok(value)) => Inline::Number { path: path.to_owned(), value },
                    (Some(_), Err(_)) => return Err("what can be set is a number: [100](set:warmup_steps)"),
                    (None, _) => return Err("a link leads to #entry or https://"),
                },
            });
            after
        };
    }
    if !rest.is_empty() {
        found.push(Inline::Text(rest.to_owned()));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Placed;
    use crate::story::Story;
    use brink_engine::rule::{Rule, builtin};

    const CHAPTERS: [&str; 2] = [include_str!("chapter.en.md"), include_str!("chapter.id.md")];
    const GLOSSARIES: [&str; 2] = [include_str!("glossary.en.md"), include_str!("glossary.id.md")];

    fn read(texts: [&str; 2]) -> [Chapter; 2] {
        texts.map(|text| Chapter::parse(text).unwrap_or_else(|error| panic!("{error}")))
    }

    /// Everything in a text that must be the same in every language: ids, figures, rules, the number of answers, terms.
    fn skeleton(chapter: &Chapter) -> Vec<String> {
        let of_block = |block: &Block| match block {
            Block::Paragraph(_) => "paragraph".to_owned(),
            Block::Items(items) => format!("{} items", items.len()),
            Block::Figure { id, caption } => {
                let numbers = caption.iter().filter_map(|part| match part {
                    Inline::Number { path, value } => Some(format!(" {path} {value}")),
                    _ => None,
                });
                format!("figure {id}{}", numbers.collect::<String>())
            }
            Block::Rule(id) => format!("rule {id}"),
            Block::Procedure { id, .. } => format!("procedure {id}"),
            Block::Question(question) => {
                let answers = question.answers.iter().map(|answer| answer.0).collect::<Vec<_>>();
                format!("question {answers:?} {:?}", question.guesses)
            }
        };
        let of_section = |section: &Section| {
            [section.id.clone()].into_iter().chain(section.blocks.iter().map(of_block)).collect::<Vec<_>>()
        };
        chapter.sections.iter().flat_map(of_section).collect()
    }

    fn every_inline(chapter: &Chapter) -> Vec<Inline> {
        let of_block = |block: &Block| -> Vec<Inline> {
            match block {
                Block::Paragraph(text) => text.clone(),
                Block::Items(items) => items.concat(),
                Block::Figure { caption, .. } => caption.clone(),
                Block::Rule(_) | Block::Procedure { .. } => Vec::new(),
                Block::Question(question) => {
                    let answers = question.answers.iter().flat_map(|(_, answer)| answer.clone());
                    question.ask.iter().cloned().chain(answers).chain(question.answer.clone()).collect()
                }
            }
        };
        chapter.sections.iter().flat_map(|section| section.blocks.iter().flat_map(of_block)).collect()
    }

    #[test]
    fn the_chapter_is_one_text_in_two_languages() {
        let [english, indonesian] = read(CHAPTERS);
        assert_eq!(skeleton(&english), skeleton(&indonesian));
        for section in &english.sections {
            for (index, block) in section.blocks.iter().enumerate() {
                match block {
                    // What is guessed is read off the figure.
                    Block::Question(Question { guesses, .. }) if !guesses.is_empty() => {
                        let board = section.figure_after(index).and_then(Story::find).expect("a figure").board();
                        let rates = board.variants[0].experiment.learning_rates.values();
                        assert!(rates.len() > 2 && rates.is_sorted(), "{}", section.id);
                    }
                    Block::Figure { id, caption } => {
                        let story = Story::find(id).unwrap_or_else(|| panic!("there is no figure {id}"));
                        assert!(!caption.is_empty());
                        for part in caption {
                            if let Inline::Number { path, value } = part {
                                let board = story.board();
                                let has = |placed: &Placed| placed.experiment.get(path).as_f64() == Some(*value);
                                assert!(board.variants.iter().any(has), "{id}: no experiment has {path} = {value}");
                            }
                        }
                    }
                    Block::Procedure { id, caption } => {
                        assert!(brink_playbook::procedures::procedure(id).is_some(), "{id}");
                        assert!(!caption.is_empty());
                    }
                    Block::Rule(id) => assert!(builtin().iter().any(|rule| rule.id == id), "{id}"),
                    _ => {}
                }
            }
        }
    }

    #[test]
    fn every_term_has_an_entry_in_every_language() {
        let (chapters, glossaries) = (read(CHAPTERS), read(GLOSSARIES));
        assert_eq!(skeleton(&glossaries[0]), skeleton(&glossaries[1]));
        assert!(!skeleton(&glossaries[0]).iter().any(|block| block.starts_with("question")), "only the chapter asks");
        for (chapter, glossary) in chapters.iter().zip(&glossaries) {
            for inline in every_inline(chapter).into_iter().chain(every_inline(glossary)) {
                if let Inline::Term { entry, text } = inline {
                    assert!(glossary.section(&entry).is_some(), "{text}: there is no entry {entry}");
                }
            }
        }
    }

    #[test]
    fn every_symbol_of_every_rule_has_an_entry() {
        let glossary = &read(GLOSSARIES)[0];
        for rule in builtin() {
            let rule = Rule::parse(rule.text).expect("a rule");
            let states = rule.states.iter().map(|state| state.name.clone());
            let constants = rule.constants.iter().map(|constant| constant.name.clone());
            let given = ["g", "eta", "alpha", "t", "theta", "base", "lambda", "norm", "W", "S"].map(str::to_owned);
            for symbol in states.chain(constants).chain(given) {
                assert!(glossary.section(crate::equation::entry(&symbol)).is_some(), "{symbol}");
            }
        }
    }

    #[test]
    fn what_is_not_understood_is_told_by_its_line() {
        let told = |text: &str| Chapter::parse(text).expect_err("refused").to_string();
        assert_eq!(told("text"), "line 1: a section begins with # Title {#id}");
        assert_eq!(told("# A {#a}\n\ntext **strong"), "line 3: ** without its end");
        assert_eq!(told("# A {#a}\n\n[x](javascript:1)"), "line 3: a link leads to #entry or https://");
        let wrong = "line 3: a question has one answer that is right, - [x], or guesses, - [?]";
        for text in ["- [ ] a", "no answer", "- [x] a\n> - [?] best"] {
            assert_eq!(told(&format!("# A {{#a}}\n\n> q?\n> {text}")), wrong);
        }
        assert_eq!(told("# A {#a}\n\n> q?\n> - [?] worst"), "line 3: what is guessed is best or edge");
        assert_eq!(told("# A"), "line 1: a heading ends with {#id}");
        let chapter = Chapter::parse("# A {#a}\nfirst\nsecond `c` [t](#e)\n\n- one\n- two\n  more").expect("read");
        let [Block::Paragraph(text), Block::Items(items)] = &chapter.sections[0].blocks[..] else {
            panic!("two blocks")
        };
        assert_eq!(text[0], Inline::Text("first second ".to_owned()));
        assert_eq!(text[3], Inline::Term { entry: "e".to_owned(), text: "t".to_owned() });
        assert_eq!(items[1], [Inline::Text("two more".to_owned())]);
    }
}
