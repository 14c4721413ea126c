//! Sequences: tokens drawn independently, each as likely, to be returned in reverse or in order; one prediction a position, and
//! fresh sequences every step.

use super::{Examples, FreshExamples, Input, InputKind, Settings, TargetKind, Targets, Task, TaskData};
use super::{TaskKind, TrainingExamples};
use brink_base::metaparameter::{Absent, Definition, Kind, Metaparameter};
use brink_base::random::{Purpose, Stream};
use brink_base::tensor::Shape;
use std::sync::Arc;

const VALIDATION_EXAMPLES: usize = 128;

/// The sequence in reverse.
pub(super) static REVERSE: TaskKind = TaskKind {
    id: "reverse",
    metaparameters: METAPARAMETERS,
    file: None,
    make: |settings| make("reverse", settings, |tokens| tokens.reverse()),
};

/// The sequence in rising order.
pub(super) static SORT: TaskKind = TaskKind {
    id: "sort",
    metaparameters: METAPARAMETERS,
    file: None,
    make: |settings| make("sort", settings, |tokens| tokens.sort_unstable()),
};

const METAPARAMETERS: &[Definition] = &[
    Definition {
        id: Metaparameter::SequenceLength,
        path: "data.length",
        kind: Kind::Whole { least: 2, most: 32 },
        absent: Absent::Omitted("8"),
        unit: "tokens",
        about: "the length of a sequence",
        changes_problem: true,
        ..Definition::PLAIN
    },
    Definition {
        id: Metaparameter::Vocabulary,
        path: "data.vocabulary",
        kind: Kind::Whole { least: 2, most: 64 },
        absent: Absent::Omitted("10"),
        unit: "tokens",
        about: "how many different tokens there are",
        changes_problem: true,
        ..Definition::PLAIN
    },
];

fn make(id: &'static str, settings: &Settings, answer: fn(&mut [u32])) -> Arc<dyn Task> {
    Arc::new(Sequences { id, length: settings.whole("length"), vocabulary: settings.whole("vocabulary"), answer })
}

#[derive(Clone, Copy)]
struct Sequences {
    id: &'static str,
    length: usize,
    vocabulary: usize,
    /// Turns a sequence into what is to be predicted.
    answer: fn(&mut [u32]),
}

impl Task for Sequences {
    fn id(&self) -> &str {
        self.id
    }

    fn input(&self) -> Input {
        Input { shape: Shape::new(&[self.length]), kind: InputKind::Tokens(self.vocabulary) }
    }

    fn targets(&self) -> Targets {
        Targets { shape: Shape::new(&[self.length]), kind: TargetKind::Classes(self.vocabulary) }
    }

    fn has_training_set(&self) -> bool {
        false
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        let mut validation = Examples::new(self.length);
        self.draw(&Stream::new(seed, Purpose::ValidationInputs, 0), 0, VALIDATION_EXAMPLES, &mut validation);
        Box::new(SequenceData { sequences: *self, seed, validation })
    }
}

impl Sequences {
    /// Draws `count` sequences, starting at sequence `first` of the stream.
    fn draw(&self, stream: &Stream, first: u64, count: usize, out: &mut Examples) {
        for sequence in first..first + count as u64 {
            let token = |position: u64| stream.below(sequence * self.length as u64 + position, self.vocabulary as u32);
            let mut tokens: Vec<u32> = (0..self.length as u64).map(token).collect();
            let input: Vec<f32> = tokens.iter().map(|&token| token as f32).collect();
            (self.answer)(&mut tokens);
            out.push(input, tokens.into_iter().map(|token| token as f32));
        }
    }
}

struct SequenceData {
    sequences: Sequences,
    seed: u32,
    validation: Examples,
}

impl TaskData for SequenceData {
    fn training(&self) -> TrainingExamples<'_> {
        TrainingExamples::Fresh(self)
    }

    fn validation(&self) -> &Examples {
        &self.validation
    }
}

impl FreshExamples for SequenceData {
    fn draw(&self, step: u32, batch_size: usize, out: &mut Examples) {
        let stream = Stream::new(self.seed, Purpose::TrainingInputs, 0);
        self.sequences.draw(&stream, u64::from(step) * batch_size as u64, batch_size, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sequences_are_answered_in_reverse_or_in_order() {
        let data = json!({ "length": 5, "vocabulary": 3 });
        for kind in [&REVERSE, &SORT] {
            let task = kind.task(data.as_object().unwrap());
            assert_eq!((task.input().shape.len(), task.targets().outputs()), (5, 15));
            let data = task.generate(2);
            for index in 0..data.validation().len() {
                let (mut input, target) = (data.validation().input(index).to_vec(), data.validation().target(index));
                assert!(input.iter().all(|&token| (0.0..3.0).contains(&token) && token.fract() == 0.0));
                if kind.id == "reverse" {
                    input.reverse()
                } else {
                    input.sort_by(f32::total_cmp)
                }
                assert_eq!(input, target, "{}", kind.id);
            }
        }
    }
}
