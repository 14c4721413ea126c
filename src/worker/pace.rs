//! How many steps a worker trains before it looks at its messages again.

/// The time that a chunk should take: long enough that messages cost little, short enough that pausing is at once and
/// curves grow smoothly.
const TARGET_MS: f64 = 40.0;
/// A chunk grows at most by this factor from one to the next: the first steps of a fleet are slower than the rest.
const GROWTH: f64 = 3.0;
/// The most steps of a chunk, however fast they are.
const MOST_STEPS: u32 = 2000;

/// Chooses chunk sizes from the time that earlier chunks took.
#[derive(Clone, Debug)]
pub struct Pace {
    steps: u32,
}

impl Default for Pace {
    /// Begins with one step, so that the first point is there at once.
    fn default() -> Self {
        Self { steps: 1 }
    }
}

impl Pace {
    /// The steps of the next chunk.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Takes into account that a chunk of `steps` took `milliseconds`. A clock that stands still (browsers round it)
    /// counts as fast.
    pub fn took(&mut self, steps: u32, milliseconds: f64) {
        let per_step = (milliseconds / f64::from(steps.max(1))).max(1e-6);
        let wanted = TARGET_MS / per_step;
        let grown = f64::from(self.steps) * GROWTH;
        self.steps = (wanted.min(grown).round() as u32).clamp(1, MOST_STEPS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pace_settles_at_the_target() {
        let mut pace = Pace::default();
        for _ in 0..10 {
            let steps = pace.steps();
            pace.took(steps, f64::from(steps) * 2.0);
        }
        assert_eq!(pace.steps(), 20);
        pace.took(20, 4000.0);
        assert_eq!(pace.steps(), 1, "a slow chunk is followed by a short one at once");
    }

    #[test]
    fn a_clock_that_stands_still_does_no_harm() {
        let mut pace = Pace::default();
        for _ in 0..100 {
            let steps = pace.steps();
            pace.took(steps, 0.0);
        }
        assert_eq!(pace.steps(), MOST_STEPS);
    }
}
