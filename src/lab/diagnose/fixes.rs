//! What to do about an instability: the list of the Deep Learning Tuning Playbook ("How can optimization failures be debugged and
//! mitigated?"), in its order, the mildest first. Each fix says when it fits and which experiment it makes.

use super::{Judgement, Phase};
use brink_engine::experiment::{Experiment, Optimizer, RuleSource, apply};
use brink_engine::number::significant;

/// Warmup beyond this fraction of `max_train_steps` is outside the playbook's advice.
pub const MOST_WARMUP: f64 = 0.1;
/// The longest warmup within the playbook's advice, for so many steps after it.
pub fn longest_warmup(max_train_steps: u32) -> u32 {
    (MOST_WARMUP * f64::from(max_train_steps)) as u32
}

/// The warmup that is tried first: the longest that the playbook advises for so many steps, and one step at least.
pub fn first_warmup(max_train_steps: u32) -> u32 {
    longest_warmup(max_train_steps).max(1)
}

/// Above this fraction of clipped updates, clipping is a way to lower the learning rate: lower it instead.
pub const MOST_CLIPPED: f64 = 0.5;
/// The last resort: a learning rate lower by this factor.
const LOWER: f64 = 10.0;

/// What a fix is for.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The experiment that is unstable.
    pub experiment: &'a Experiment,
    /// The judgement of the run just above lr*, or of the one that is looked at.
    pub judgement: Judgement,
    /// The 90th percentile of the gradient norms at lr*, if there is one.
    pub norm_p90: Option<f64>,
    /// The fraction of updates at lr* that are clipped already.
    pub clipped: Option<f64>,
}

impl Case<'_> {
    /// When the instability came; a run that collapsed never got going.
    fn phase(&self) -> Phase {
        self.judgement.finding.phase.unwrap_or(Phase::Early)
    }

    fn with(&self, path: &str, value: impl Into<serde_json::Value>) -> Option<Experiment> {
        apply(self.experiment, [(path, value.into())]).ok()
    }

    fn get(&self, path: &str) -> serde_json::Value {
        self.experiment.get(path)
    }
}

/// One fix.
#[derive(Debug)]
pub struct Fix {
    /// Its id, by which its texts are named.
    pub id: &'static str,
    /// What the playbook says of it, in our words.
    pub about: &'static str,
    /// The experiment that it makes; `None` where it does not fit.
    apply: fn(&Case) -> Option<Experiment>,
}

impl Fix {
    /// The experiment that the fix makes of a case; `None` where it does not fit: it is for another instability, is in place
    /// already, or the experiment has no room for it.
    pub fn experiment(&self, case: &Case) -> Option<Experiment> {
        if !case.judgement.verdict.is_instability {
            return None;
        }
        (self.apply)(case).filter(|experiment| experiment != case.experiment && experiment.resolve().is_ok())
    }
}

/// The playbook's fixes, in its order.
pub static FIXES: [&Fix; 7] = [&WARMUP, &CLIPPING, &OPTIMIZER, &NORM, &NORM_LAST, &ZERO_BRANCH, &LOWER_RATE];

/// The fixes that fit, in the playbook's order, each with its experiment.
pub fn fixes(case: &Case) -> Vec<(&'static Fix, Experiment)> {
    FIXES.into_iter().filter_map(|fix| Some((fix, fix.experiment(case)?))).collect()
}

static WARMUP: Fix = Fix {
    id: "warmup",
    about: "learning-rate warmup: best for early instability",
    apply: |case| {
        let most = longest_warmup(case.experiment.max_train_steps);
        let steps = if case.experiment.warmup_steps == 0 { most } else { 2 * case.experiment.warmup_steps };
        let fits = case.phase() == Phase::Early && (1..=most).contains(&steps);
        fits.then(|| Experiment { warmup_steps: steps, ..case.experiment.clone() })
    },
};

static CLIPPING: Fix = Fix {
    id: "clipping",
    about: "gradient clipping at the 90th percentile of the norms: good for early and mid-training instability",
    apply: |case| {
        let threshold = match case.experiment.clip_threshold {
            // More would be a way to lower the learning rate.
            Some(_) if case.clipped.is_some_and(|clipped| clipped > MOST_CLIPPED) => return None,
            // Still unstable: tighter.
            Some(threshold) => threshold / 2.0,
            None => case.norm_p90?,
        };
        Some(case.experiment.clipped_at(significant(threshold, 3)))
    },
};

static OPTIMIZER: Fix = Fix {
    id: "optimizer",
    about: "another optimizer: Adam sometimes handles what Momentum does not",
    apply: |case| {
        let is_adam = case.experiment.optimizer.rule == RuleSource::Builtin("adam".to_owned());
        (!is_adam).then(|| Experiment { optimizer: Optimizer::builtin("adam"), ..case.experiment.clone() })
    },
};

static NORM: Fix = Fix {
    id: "norm",
    about: "residual connections and normalisation, where they are missing",
    apply: |case| match (case.get("model.kind").as_str(), case.get("model.placement").as_str()) {
        (Some("mlp"), _) => {
            let residual = case.experiment.with_model_kind("residual_mlp").ok()?;
            apply(&residual, [("model.placement", "pre".into()), ("model.final_norm", true.into())]).ok()
        }
        (_, Some("none")) => {
            apply(case.experiment, [("model.placement", "pre".into()), ("model.final_norm", true.into())]).ok()
        }
        _ => None,
    },
};

static NORM_LAST: Fix = Fix {
    id: "norm_last",
    about: "the norm last in the branch, x + Norm(f(x)); Norm(x + f(x)) is known to cause problems",
    apply: |case| match case.get("model.placement").as_str() {
        Some("none" | "pre") => case.with("model.placement", "inside"),
        Some("post") => {
            apply(case.experiment, [("model.placement", "inside".into()), ("model.final_norm", true.into())]).ok()
        }
        _ => None,
    },
};

static ZERO_BRANCH: Fix = Fix {
    id: "zero_branch",
    about: "residual branches that begin at 0 (ReZero)",
    apply: |case| case.with("model.branch", "rezero").filter(|_| case.get("model.branch") == "plain"),
};

static LOWER_RATE: Fix = Fix {
    id: "lower_rate",
    about: "a lower learning rate: the last resort",
    apply: |case| {
        let mut lower = case.experiment.clone();
        lower.learning_rates.from = significant(lower.learning_rates.from / LOWER, 12);
        for run in &mut lower.runs {
            run.base_learning_rate = significant(run.base_learning_rate / LOWER, 12);
        }
        Some(lower)
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnose::{Finding, VERDICTS};
    use brink_engine::experiment::preset;

    fn ids(experiment: &Experiment, id: &str, phase: Option<Phase>) -> Vec<&'static str> {
        let verdict = VERDICTS.into_iter().find(|verdict| verdict.id == id).unwrap();
        let judgement = Judgement { verdict, finding: Finding { phase, ..Finding::default() }, is_feasible: false };
        fixes(&Case { experiment, judgement, norm_p90: Some(3.57), clipped: None })
            .into_iter()
            .map(|(fix, _)| fix.id)
            .collect()
    }

    #[test]
    fn fixes_come_in_the_playbook_s_order_and_only_where_they_fit() {
        let base = preset("figure-7a").unwrap();
        let all = ["warmup", "clipping", "optimizer", "norm", "norm_last", "zero_branch", "lower_rate"];
        assert_eq!(ids(&base, "diverged", Some(Phase::Early)), all);
        assert_eq!(ids(&base, "diverged", Some(Phase::Mid)), all[1..], "warmup is for early instability");
        assert!(ids(&base, "stable", None).is_empty());
        assert!(ids(&base, "not_yet_learned", None).is_empty(), "nothing is unstable");
        let warm = Experiment { warmup_steps: 60, ..base.clone() };
        assert_eq!(
            ids(&warm, "diverged", Some(Phase::Early))[0],
            "clipping",
            "more would be over a tenth of the steps"
        );
        let post = preset("figure-8").unwrap();
        assert_eq!(ids(&post, "collapsed", None), ["warmup", "clipping", "norm_last", "zero_branch", "lower_rate"]);
        let convnet = preset("figure-4-stride-changed").unwrap();
        assert_eq!(
            ids(&convnet, "early_instability", Some(Phase::Early)),
            ["warmup", "clipping", "optimizer", "lower_rate"]
        );
    }

    #[test]
    fn warmup_is_a_tenth_of_the_steps_and_clipping_the_percentile() {
        let base = preset("figure-7a").unwrap();
        let verdict = VERDICTS[0];
        let judgement = Judgement { verdict, finding: Finding::default(), is_feasible: false };
        let case = Case { experiment: &base, judgement, norm_p90: Some(3.5678), clipped: None };
        assert_eq!(WARMUP.experiment(&case).unwrap().warmup_steps, 60);
        assert_eq!(CLIPPING.experiment(&case).unwrap().clip_threshold, Some(3.57));
        let clipped = base.clipped_at(3.57);
        let of = |share| CLIPPING.experiment(&Case { experiment: &clipped, clipped: Some(share), ..case });
        assert_eq!(of(0.3).unwrap().clip_threshold, Some(1.78), "still unstable: tighter");
        assert_eq!(of(0.6), None, "more than half is a way to lower the learning rate");
        assert!(CLIPPING.experiment(&Case { norm_p90: None, ..case }).is_none());
    }
}
