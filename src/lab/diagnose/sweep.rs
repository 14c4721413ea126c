/// One run of a sweep, as far as [`sweep`] looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepRun {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// The final loss.
    pub final_loss: f64,
    /// Whether the run may be lr*.
    pub is_feasible: bool,
    /// Whether its verdict is *stable*.
    pub is_stable: bool,
}

/// What a sweep came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The index of the run at lr*: the feasible one of least final loss, if any run is feasible.
    pub best: Option<usize>,
    /// The index of the run at the first infeasible learning rate above lr*, if there is one.
    pub edge: Option<usize>,
    /// The index of the run at `unstable_base_learning_rate`: the smallest learning rate above lr* whose verdict is not
    /// *stable*, if there is one.
    pub unstable: Option<usize>,
    /// Whether lr* is at the edge: `unstable_base_learning_rate` is at most [`AT_EDGE`] times lr*. Then fixing the instability is
    /// likely to help training (Deep Learning Tuning Playbook).
    pub is_at_edge: bool,
    /// Whether lr* is the lowest learning rate of the sweep: a lower one may be better still.
    pub is_lowest: bool,
    /// Whether lr* is the highest.
    pub is_highest: bool,
}

/// At most so many times lr*, an unstable learning rate is near.
pub const AT_EDGE: f64 = 4.0;
/// Learning rates are sums of rounded products: one that is the bound within this fraction is on it.
const ROUNDING: f64 = 1e-9;

/// lr* of a sweep, what lies above it, and where in the grid it lies.
pub fn sweep(runs: &[SweepRun]) -> Sweep {
    let indexed = || runs.iter().enumerate();
    let best = indexed()
        .filter(|(_, run)| run.is_feasible && run.final_loss.is_finite())
        .min_by(|(_, a), (_, b)| a.final_loss.total_cmp(&b.final_loss))
        .map(|(index, _)| index);
    let Some(best) = best else { return Sweep::default() };
    let star = runs[best].base_learning_rate;
    let first_above = |holds: fn(&SweepRun) -> bool| {
        indexed()
            .filter(|(_, run)| run.base_learning_rate > star && holds(run))
            .min_by(|(_, a), (_, b)| a.base_learning_rate.total_cmp(&b.base_learning_rate))
            .map(|(index, _)| index)
    };
    let unstable = first_above(|run| !run.is_stable);
    let near = |index: usize| runs[index].base_learning_rate <= AT_EDGE * star * (1.0 + ROUNDING);
    Sweep {
        best: Some(best),
        edge: first_above(|run| !run.is_feasible),
        unstable,
        is_at_edge: unstable.is_some_and(near),
        is_lowest: runs.iter().all(|run| run.base_learning_rate >= star),
        is_highest: runs.iter().all(|run| run.base_learning_rate <= star),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs from learning rate, final loss, and whether each is feasible and stable.
    fn runs(runs: &[(f64, f64, bool, bool)]) -> Vec<SweepRun> {
        let run = |&(base_learning_rate, final_loss, is_feasible, is_stable)| SweepRun {
            base_learning_rate,
            final_loss,
            is_feasible,
            is_stable,
        };
        runs.iter().map(run).collect()
    }

    #[test]
    fn the_best_learning_rate_is_feasible_and_the_edge_is_the_first_above_it_that_is_not() {
        let all = runs(&[
            (0.1, 0.9, false, false),
            (0.2, 0.5, true, true),
            (0.8, f64::NAN, false, false),
            (0.4, 0.1, false, false),
        ]);
        let found = sweep(&all);
        assert_eq!((found.best, found.edge, found.unstable), (Some(1), Some(3), Some(3)));
        assert_eq!(sweep(&all[2..]), Sweep::default());
        let below = sweep(&all[..2]);
        assert_eq!((below.best, below.edge), (Some(1), None), "an infeasible one below is no edge");
        let unknown = runs(&[(0.1, f64::NAN, true, true), (0.2, 0.7, true, true)]);
        assert_eq!(sweep(&unknown).best, Some(1), "a loss that is not there is not the least");
    }

    #[test]
    fn an_unstable_run_above_it_may_be_feasible_and_is_near_up_to_four_times() {
        let at = |unstable: f64| {
            sweep(&runs(&[(0.05, 0.9, true, true), (0.1, 0.5, true, true), (unstable, 0.7, true, false)]))
        };
        assert_eq!((at(0.4).unstable, at(0.4).edge, at(0.4).is_at_edge), (Some(2), None, true));
        assert!(!at(0.5).is_at_edge);
    }

    #[test]
    fn a_star_at_either_end_of_the_grid_is_noted() {
        let ends = |losses: [f64; 3]| {
            let found = sweep(&runs(&[
                (0.1, losses[0], true, true),
                (0.2, losses[1], true, true),
                (0.4, losses[2], true, true),
            ]));
            (found.is_lowest, found.is_highest)
        };
        assert_eq!(ends([0.1, 0.2, 0.3]), (true, false));
        assert_eq!(ends([0.3, 0.1, 0.3]), (false, false));
        assert_eq!(ends([0.3, 0.2, 0.1]), (false, true));
    }
}
