//! The critical learning rate: how far a step in the rule's own direction may go before it no longer lowers the loss of its
//! batch. Forward passes only. Half the critical sharpness is its inverse (arXiv 2601.16979); on a quadratic with gradient g and
//! Hessian H it is 2 u.g / (u.H u) for a direction u.

use brink_base::record::CriticalOutcome;

/// At most so many doublings or halvings.
const MOST_DOUBLINGS: u32 = 12;
/// A crossing lies within this fraction of what is reported.
const TOLERANCE: f64 = 0.05;
/// A rise below this fraction of the loss does not count: it may be rounding.
const LEAST_RISE: f64 = 1e-6;

/// A search along theta_t - s eta_t u_t, where u_t = (theta_t - theta_{t+1}) / eta_t is the direction in which the rule steps:
/// if the loss at s = 1 is above that at s = 0, s is halved until it is not, else doubled until it is; then the interval is
/// bisected. The crossing found is one near eta_t, not promised to be the smallest.
#[derive(Clone, Debug)]
pub struct CriticalSearch {
    eta: f64,
    /// A loss above this counts as a rise.
    most: f64,
    /// The largest scale known to be downhill, and the smallest known to be uphill.
    downhill: Option<f64>,
    uphill: Option<f64>,
    doublings: u32,
    outcome: Option<CriticalOutcome>,
}

impl CriticalSearch {
    /// The search at a step of learning rate `eta`, above 0, whose batch has the loss `loss` before it.
    pub fn new(eta: f64, loss: f64) -> Self {
        let most = loss + LEAST_RISE * loss.abs();
        Self { eta, most, downhill: None, uphill: None, doublings: 0, outcome: None }
    }

    /// The scale of the step whose loss is to be given next; `None` once the search has ended.
    pub fn next(&self) -> Option<f64> {
        if self.outcome.is_some() {
            return None;
        }
        Some(match (self.downhill, self.uphill) {
            (None, None) => 1.0,
            (Some(downhill), None) => 2.0 * downhill,
            (None, Some(uphill)) => 0.5 * uphill,
            (Some(downhill), Some(uphill)) => 0.5 * (downhill + uphill),
        })
    }

    /// Takes in the loss at the scale that [`CriticalSearch::next`] named; one that is not finite counts as a rise.
    pub fn observe(&mut self, loss: f64) {
        let Some(scale) = self.next() else { return };
        let has_bracket = self.downhill.is_some() && self.uphill.is_some();
        if !has_bracket && (self.downhill, self.uphill) != (None, None) {
            self.doublings += 1;
        }
        // NaN is no descent.
        if loss <= self.most {
            self.downhill = Some(scale)
        } else {
            self.uphill = Some(scale)
        }
        self.outcome = match (self.downhill, self.uphill) {
            (Some(downhill), Some(uphill)) if uphill - downhill <= TOLERANCE * uphill => {
                Some(CriticalOutcome::Crossing(self.eta * 0.5 * (downhill + uphill)))
            }
            (Some(downhill), None) if self.doublings == MOST_DOUBLINGS => {
                Some(CriticalOutcome::Above(self.eta * downhill))
            }
            (None, Some(_)) if self.doublings == MOST_DOUBLINGS => Some(CriticalOutcome::NoDescent),
            _ => None,
        };
    }

    /// What was found, once the search has ended.
    pub fn outcome(&self) -> Option<CriticalOutcome> {
        self.outcome
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(eta: f64, loss_at: impl Fn(f64) -> f64) -> CriticalOutcome {
        let mut search = CriticalSearch::new(eta, loss_at(0.0));
        let mut evaluations = 0;
        while let Some(scale) = search.next() {
            search.observe(loss_at(scale * eta));
            evaluations += 1;
        }
        assert!(evaluations <= 1 + MOST_DOUBLINGS + 5, "{evaluations}");
        search.outcome().expect("it has ended")
    }

    #[test]
    fn on_a_quadratic_it_is_twice_the_slope_over_the_curvature() {
        // L(theta - eta u) for L = 1 + g.theta + theta.H theta / 2 at theta = 0.
        let (g, h) = ([1.5, -0.5], [[4.0, 1.0], [1.0, 2.0]]);
        for u in [[1.5, -0.5], [1.0, 0.3], [0.2, -0.1]] {
            let slope: f64 = (0..2).map(|i| u[i] * g[i]).sum();
            let curvature: f64 =
                (0..2).flat_map(|i| (0..2).map(move |j| (i, j))).map(|(i, j)| u[i] * h[i][j] * u[j]).sum();
            let loss = |eta: f64| 1.0 - eta * slope + 0.5 * eta * eta * curvature;
            let expected = 2.0 * slope / curvature;
            for eta in [1e-2, 0.1, 1.0, 100.0] {
                let CriticalOutcome::Crossing(found) = search(eta, loss) else { panic!("no crossing from {eta}") };
                assert!((found / expected - 1.0).abs() < TOLERANCE, "{found} instead of {expected} from {eta}");
            }
        }
    }

    #[test]
    fn what_never_rises_is_an_open_bound_and_what_never_falls_is_no_descent() {
        assert_eq!(search(0.5, |eta| -eta), CriticalOutcome::Above(0.5 * 4096.0));
        assert_eq!(search(0.5, |eta| 1.0 + eta), CriticalOutcome::NoDescent);
        assert_eq!(search(0.5, |eta| if eta > 0.0 { f64::NAN } else { 1.0 }), CriticalOutcome::NoDescent);
        // A rise too small to count is none.
        assert_eq!(search(1.0, |eta| 1.0 + 1e-10 * eta), CriticalOutcome::Above(4096.0));
    }

    #[test]
    fn a_loss_that_is_not_finite_counts_as_a_rise() {
        let outcome = search(1.0, |eta| if eta < 3.0 { 1.0 - 0.1 * eta } else { f64::INFINITY });
        let CriticalOutcome::Crossing(found) = outcome else { panic!("{outcome:?}") };
        assert!((found / 3.0 - 1.0).abs() < TOLERANCE, "{found}");
    }
}
