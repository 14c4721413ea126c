/// One run of a sweep, as far as [`best_and_edge`] looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepRun {
    /// The base learning rate.
    pub base_learning_rate: f64,
    /// The final loss.
    pub final_loss: f64,
    /// Whether the run may be lr*.
    pub is_feasible: bool,
}

/// What a sweep came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sweep {
    /// The index of the run at lr*: the feasible one of least final loss, if any run is feasible.
    pub best: Option<usize>,
    /// The index of the run at the first infeasible learning rate above lr*, if there is one.
    pub edge: Option<usize>,
}

/// lr* of a sweep, and the first infeasible learning rate above it.
pub fn best_and_edge(outcomes: &[SweepRun]) -> Sweep {
    let indexed = || outcomes.iter().enumerate();
    let best = indexed()
        .filter(|(_, outcome)| outcome.is_feasible && outcome.final_loss.is_finite())
        .min_by(|(_, a), (_, b)| a.final_loss.total_cmp(&b.final_loss))
        .map(|(index, _)| index);
    let edge = best.and_then(|best| {
        indexed()
            .filter(|(_, one)| one.base_learning_rate > outcomes[best].base_learning_rate && !one.is_feasible)
            .min_by(|(_, a), (_, b)| a.base_learning_rate.total_cmp(&b.base_learning_rate))
            .map(|(index, _)| index)
    });
    Sweep { best, edge }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(runs: &[(f64, f64, bool)]) -> Vec<SweepRun> {
        let outcome =
            |&(base_learning_rate, final_loss, is_feasible)| SweepRun { base_learning_rate, final_loss, is_feasible };
        runs.iter().map(outcome).collect()
    }

    #[test]
    fn the_best_learning_rate_is_feasible_and_the_edge_is_the_first_above_it_that_is_not() {
        let sweep = outcomes(&[(0.1, 0.9, false), (0.2, 0.5, true), (0.8, f64::NAN, false), (0.4, 0.1, false)]);
        assert_eq!(best_and_edge(&sweep), Sweep { best: Some(1), edge: Some(3) });
        assert_eq!(best_and_edge(&sweep[2..]), Sweep { best: None, edge: None });
        assert_eq!(
            best_and_edge(&sweep[..2]),
            Sweep { best: Some(1), edge: None },
            "an infeasible one below is no edge"
        );
        let unknown = outcomes(&[(0.1, f64::NAN, true), (0.2, 0.7, true)]);
        assert_eq!(best_and_edge(&unknown).best, Some(1), "a loss that is not there is not the least");
    }
}
