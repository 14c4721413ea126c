//! The learning rate of a step: one `.rule` file and one line in the list below for each schedule, and the warmup before it.

use super::formula::{Formula, FormulaKind, shipped};
use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

macro_rules! schedules {
    ($($(#[$attribute:meta])* $schedule:ident = $id:literal,)+) => {
        /// The learning rate after warmup, with S = `max_train_steps`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
        pub enum Schedule {
            $($(#[$attribute])* #[serde(rename = $id)] $schedule,)+
        }

        impl Schedule {
            /// All schedules, in the order in which they are offered.
            pub const ALL: [Self; [$($id),+].len()] = [$(Self::$schedule),+];

            /// The name in experiments.
            pub fn id(self) -> &'static str {
                match self { $(Self::$schedule => $id,)+ }
            }

            /// The learning rate, computed from the schedule's own text.
            pub fn formula(self) -> &'static Formula {
                static FORMULAS: LazyLock<[Formula; Schedule::ALL.len()]> = LazyLock::new(|| {
                    [$(include_str!(concat!("schedules/", $id, ".rule"))),+]
                        .map(|text| shipped(text, FormulaKind::LearningRate))
                });
                &FORMULAS[self as usize]
            }
        }
    };
}

schedules! {
    /// The base learning rate.
    #[default]
    Constant = "constant",
    /// Down to 0 in a straight line.
    Linear = "linear",
    /// Down to 0 along half a cosine.
    Cosine = "cosine",
}

/// The learning rate during warmup.
pub fn warmup() -> &'static Formula {
    static WARMUP: LazyLock<Formula> =
        LazyLock::new(|| shipped(include_str!("schedules/warmup.rule"), FormulaKind::LearningRate));
    &WARMUP
}
