//! Locks: values that a link does not let anybody change.

use brink_engine::experiment::{Experiment, definitions, value_at};
use brink_engine::metaparameter::Metaparameter;
use serde_json::Value;

/// Values that an address locks: each is only ever what some variant of the board had that the address opened, whatever asks
/// for a change: a control, a fix, undo, an edited link.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Locks(Vec<(Metaparameter, Vec<Value>)>);

/// The values of an experiment's metaparameters.
fn values(experiment: &Experiment) -> impl Iterator<Item = (Metaparameter, Value)> + use<> {
    let tree = experiment.to_value();
    let all = definitions(&experiment.task, experiment.model.kind());
    all.map(move |definition| (definition.id, definition.value(value_at(&tree, definition.path))))
}

impl Locks {
    /// Locks these metaparameters at the values that they have in these experiments. One that none of them has, of another task
    /// or model, has no value to keep.
    pub fn of<'a>(locked: &[Metaparameter], board: impl IntoIterator<Item = &'a Experiment>) -> Self {
        let mut locks: Vec<(Metaparameter, Vec<Value>)> = Vec::new();
        for experiment in board {
            for (id, value) in values(experiment).filter(|(id, _)| locked.contains(id)) {
                match locks.iter_mut().find(|(other, _)| *other == id) {
                    Some((_, allowed)) if !allowed.contains(&value) => allowed.push(value),
                    Some(_) => {}
                    None => locks.push((id, vec![value])),
                }
            }
        }
        Self(locks)
    }

    /// Whether nothing is locked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a metaparameter is locked.
    pub fn holds(&self, id: Metaparameter) -> bool {
        self.0.iter().any(|(locked, _)| *locked == id)
    }

    /// The first locked metaparameter that an experiment changes.
    pub fn broken_by(&self, experiment: &Experiment) -> Option<Metaparameter> {
        // Most pages lock nothing, and are asked at every suggestion.
        if self.is_empty() {
            return None;
        }
        let is_broken = |(id, value): &(Metaparameter, Value)| {
            self.0.iter().any(|(locked, allowed)| locked == id && !allowed.contains(value))
        };
        values(experiment).find(is_broken).map(|(id, _)| id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::experiment::{Optimizer, PRESETS};

    #[test]
    fn a_locked_value_is_only_what_the_board_had() {
        let base = (PRESETS[0].experiment)();
        let warm = Experiment { warmup_steps: 60, ..base.clone() };
        let locks = Locks::of(&[Metaparameter::WarmupSteps, Metaparameter::Rule], [&base, &warm]);
        assert!(locks.holds(Metaparameter::Rule) && !locks.holds(Metaparameter::Seed));
        assert_eq!(locks.broken_by(&Experiment { seed: 9, ..warm.clone() }), None);
        assert_eq!(locks.broken_by(&Experiment { warmup_steps: 61, ..base.clone() }), Some(Metaparameter::WarmupSteps));
        let other = Experiment { optimizer: Optimizer::builtin("adam"), ..base };
        assert_eq!(locks.broken_by(&other), Some(Metaparameter::Rule));
        assert!(Locks::default().is_empty() && Locks::default().broken_by(&other).is_none());
    }
}
