//! Undo and redo: the arrangements that a board went through.

use super::board::Arrangement;

/// The most steps that can be undone.
pub const MOST_STEPS: usize = 100;

/// The arrangements before and after the present one. A step is a change of the variants or of which are hidden; moving
/// the focus or the cursor is none.
#[derive(Clone, Debug, Default)]
pub struct History {
    past: Vec<Arrangement>,
    now: Option<Arrangement>,
    future: Vec<Arrangement>,
}

impl History {
    /// Takes notice of how the board stands now.
    pub fn observe(&mut self, now: Arrangement) {
        if let Some(before) = self.now.take()
            && before.variants != now.variants
        {
            self.past.push(before);
            if self.past.len() > MOST_STEPS {
                self.past.remove(0);
            }
            self.future.clear();
        }
        self.now = Some(now);
    }

    /// One step back: the arrangement to restore.
    pub fn undo(&mut self) -> Option<Arrangement> {
        let before = self.past.pop()?;
        self.future.extend(self.now.replace(before));
        self.now.clone()
    }

    /// One step forward again.
    pub fn redo(&mut self) -> Option<Arrangement> {
        let after = self.future.pop()?;
        self.past.extend(self.now.replace(after));
        self.now.clone()
    }

    /// Whether there is a step to undo.
    pub fn can_undo(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a step to do again.
    pub fn can_redo(&self) -> bool {
        !self.future.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::Board;
    use brink_engine::experiment::{Experiment, PRESETS};

    fn base() -> Experiment {
        (PRESETS[0].experiment)()
    }

    #[test]
    fn undo_and_redo_walk_over_what_was_done() {
        let (mut board, mut history) = (Board::default(), History::default());
        board.commit(base());
        history.observe(board.arrangement());
        assert!(!history.can_undo() && history.undo().is_none());
        board.commit(Experiment { warmup_steps: 10, ..base() });
        history.observe(board.arrangement());
        let full = board.arrangement();
        board.delete(0);
        history.observe(board.arrangement());
        let left = board.arrangement();
        // The cursor is no step.
        board.cursor = Some(3);
        history.observe(board.arrangement());

        let back = history.undo().expect("a step");
        assert_eq!(back, full);
        board.restore(&back);
        history.observe(board.arrangement());
        assert!(history.can_redo(), "what undo itself changes is no new step");
        let forward = history.redo().expect("a step");
        assert_eq!(forward.variants, left.variants);
        assert_eq!(forward.cursor, Some(3));
        history.undo();
        history.observe(Arrangement::of(base()));
        assert!(!history.can_redo(), "something new ends what could be done again");
    }

    #[test]
    fn the_oldest_steps_are_let_go() {
        let mut history = History::default();
        for warmup_steps in 0..300 {
            history.observe(Arrangement::of(Experiment { warmup_steps, ..base() }));
        }
        let mut oldest = None;
        while let Some(before) = history.undo() {
            oldest = Some(before);
        }
        assert_eq!(oldest.expect("steps").variants[0].experiment.warmup_steps, 299 - MOST_STEPS as u32);
    }
}
