//! Stories: boards that are worth looking at, offered in a menu with a picture and a line each.

use super::board::Arrangement;
use super::text::{Language, Texts};
use brink_engine::experiment::{ExperimentError, apply};
use brink_playbook::figures::{FIGURES, Figure};
use serde_json::json;
use std::borrow::Cow;

/// The seed of a story's experiments in the lab, of its still, and of the first run in the chapter.
pub const SEED: u32 = 1;

/// A figure's board, with a title.
#[derive(Clone, Copy)]
pub struct Story {
    /// What it is called in links to its picture and in the names of its texts.
    pub id: &'static str,
    figure: &'static Figure,
}

impl PartialEq for Story {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// A number of a story's experiments that a reader changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// The path of its field.
    pub path: String,
    /// Its own value.
    pub from: f64,
    /// The reader's.
    pub to: f64,
}

/// All stories: one for each figure, in their order.
pub fn stories() -> impl Iterator<Item = Story> {
    FIGURES.iter().map(|figure| Story { figure, id: figure.id })
}

/// What an arm of a figure is called; the name that the figure itself gives it where no language has another.
pub fn arm_name(name: &str, texts: &Texts) -> Cow<'static, str> {
    arm_text(name, texts).unwrap_or_else(|| name.to_owned().into())
}

fn arm_text(name: &str, texts: &Texts) -> Option<Cow<'static, str>> {
    let words = name.to_ascii_lowercase();
    let words = words.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    texts.named(&format!("arm_{}", words.collect::<Vec<_>>().join("_")), &[])
}

impl Story {
    /// The story of this id.
    pub fn find(id: &str) -> Option<Self> {
        stories().find(|story| story.id == id)
    }

    /// Its board.
    pub fn board(self) -> Arrangement {
        self.board_of_seed(SEED)
    }

    /// Its board for a seed.
    pub fn board_of_seed(self, seed: u32) -> Arrangement {
        let experiments: Vec<_> = self.figure.first(seed).into_iter().map(|(_, experiment)| experiment).collect();
        let (arm, run) = self.figure.focus(&experiments);
        Arrangement { focus: Some(arm), run, ..Arrangement::of_all(experiments) }
    }

    /// Its experiments for a seed with numbers of the reader's own: wherever one has the value of a change, it gets the new one.
    ///
    /// # Errors
    ///
    /// The first field that is not allowed.
    pub fn changed(self, seed: u32, changes: &[Change]) -> Result<Arrangement, ExperimentError> {
        let board = self.board_of_seed(seed);
        let all = board.variants.iter().map(|placed| {
            let applies = |change: &&Change| placed.experiment.get(&change.path).as_f64() == Some(change.from);
            let values = changes.iter().filter(applies).map(|change| {
                let is_whole = change.to.fract() == 0.0 && change.to.abs() < 1e15;
                (change.path.as_str(), if is_whole { json!(change.to as i64) } else { json!(change.to) })
            });
            apply(&placed.experiment, values).and_then(|made| made.resolve().map(|_| made))
        });
        let all = Arrangement::of_all(all.collect::<Result<Vec<_>, _>>()?);
        Ok(Arrangement { focus: board.focus, run: board.run, ..all })
    }

    /// What its figure calls the arms that it trains first, in the board's order.
    pub fn arms(self) -> Vec<&'static str> {
        self.figure.first(SEED).into_iter().map(|(name, _)| name).collect()
    }

    fn text(self, texts: &Texts, kind: &str) -> Cow<'static, str> {
        let name = format!("{kind}_{}", self.id.replace('-', "_"));
        texts.named(&name, &[]).unwrap_or_default()
    }

    /// Its title.
    pub fn title(self, texts: &Texts) -> Cow<'static, str> {
        self.text(texts, "story")
    }

    /// What it shows, in one line.
    pub fn line(self, texts: &Texts) -> Cow<'static, str> {
        self.text(texts, "story_line")
    }

    /// The address of its picture among the page's files: the build draws it (`.ci/stills.mjs`).
    pub fn picture(self, language: Language) -> String {
        format!("images/figure-{}.{}.svg", self.id, language.tag())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;

    #[test]
    fn a_number_of_the_reader_s_own_changes_what_has_it() {
        let story = Story::find("4").expect("figure 4");
        let change = |to| [Change { path: "warmup_steps".to_owned(), from: 100.0, to }];
        let steps =
            |board: Arrangement| board.variants.iter().map(|one| one.experiment.warmup_steps).collect::<Vec<_>>();
        assert_eq!(steps(story.changed(0, &change(30.0)).expect("allowed")), [0, 0, 30, 0]);
        assert_eq!(story.changed(0, &change(2.5)).expect_err("no whole number").field, "warmup_steps");
        assert_eq!(story.changed(3, &[]), Ok(story.board_of_seed(3)));
    }

    #[test]
    fn every_story_fits_a_board_and_is_told_in_every_language() {
        for story in stories() {
            let board = story.board();
            assert!(!board.variants.is_empty(), "{}", story.id);
            for placed in &board.variants {
                placed.experiment.resolve().unwrap_or_else(|error| panic!("{}: {error}", story.id));
            }
            let restored = Board::default().restore(&board);
            assert_eq!(restored.new.len(), board.variants.len(), "{}: all are different and have room", story.id);
            for language in Language::ALL {
                let texts = language.texts();
                assert!(!story.title(texts).is_empty() && !story.line(texts).is_empty(), "{}", story.id);
                for arm in story.arms().into_iter().chain(["clipped at P90"]) {
                    assert!(arm_text(arm, texts).is_some(), "{}: {arm}", story.id);
                }
            }
        }
    }
}
