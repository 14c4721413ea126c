use crate::experiment::Resolved;
use crate::task::{Examples, NO_LABEL, TaskData, Training, batch_indices};
use crate::tensor::Real;
use std::sync::Arc;

/// The data of every seed of a fleet; runs that share a seed share one copy.
pub struct Data {
    seeds: Vec<SeedData>,
}

/// The data of one seed.
pub struct SeedData {
    /// The task's data.
    pub task: Box<dyn TaskData>,
    /// The seed.
    pub seed: u32,
    /// The length of one example's input.
    pub input_len: usize,
    /// The examples of a batch.
    pub batch_size: usize,
}

/// The training examples of some consecutive steps of one seed: for each step, the rows that make up its batch. Rows
/// count through the resident set and then through `extra`.
pub struct Batches {
    /// The first step.
    pub first_step: u32,
    /// Rows, `batch_size` a step.
    pub indices: Vec<u32>,
    /// Examples that are not in the resident set: fresh ones, and those of an altered batch.
    pub extra: Examples,
}

impl Data {
    /// Draws the data of every seed that the runs in `runs` need.
    pub fn new(resolved: &Resolved, runs: impl IntoIterator<Item = usize>) -> Arc<Self> {
        let mut seeds: Vec<SeedData> = Vec::new();
        for run in runs {
            let seed = resolved.runs[run].seed;
            if let Err(place) = seeds.binary_search_by_key(&seed, |data| data.seed) {
                let data = SeedData {
                    task: (resolved.task.generate)(seed),
                    seed,
                    input_len: (resolved.task.input)().len(),
                    batch_size: resolved.experiment.batch_size,
                };
                seeds.insert(place, data);
            }
        }
        Arc::new(Self { seeds })
    }

    /// The data of every seed, in order of seeds.
    pub fn seeds(&self) -> impl ExactSizeIterator<Item = &SeedData> {
        self.seeds.iter()
    }

    /// The place of a seed in [`Data::seeds`].
    pub fn position(&self, seed: u32) -> usize {
        self.seeds.partition_point(|data| data.seed < seed)
    }
}

impl SeedData {
    /// The training examples that stay; none where every step draws its own.
    pub fn resident(&self) -> Option<&Examples> {
        match self.task.training() {
            Training::Resident(examples) => Some(examples),
            Training::Fresh(_) => None,
        }
    }

    /// The batches of `steps` steps from `first_step`.
    pub fn batches(&self, first_step: u32, steps: u32) -> Batches {
        let mut indices = vec![0; steps as usize * self.batch_size];
        let mut extra = Examples::default();
        for (step, batch) in (first_step..).zip(indices.chunks_exact_mut(self.batch_size)) {
            let first_extra = extra.len();
            let resident_len = match self.task.training() {
                Training::Resident(examples) => {
                    batch_indices(self.seed, step, examples.len(), batch);
                    if !self.task.alters(step) {
                        continue;
                    }
                    for &index in batch.iter() {
                        let start = index as usize * self.input_len;
                        extra.inputs.extend(&examples.inputs[start..start + self.input_len]);
                        extra.labels.push(examples.labels[index as usize]);
                    }
                    examples.len()
                }
                Training::Fresh(source) => {
                    source.draw(step, self.batch_size, &mut extra);
                    0
                }
            };
            if self.task.alters(step) {
                self.task.alter(step, &mut extra.inputs[first_extra * self.input_len..]);
            }
            (resident_len + first_extra..).zip(batch).for_each(|(row, index)| *index = row as u32);
        }
        Batches { first_step, indices, extra }
    }

    /// Writes the batch of `step` as the network sees it.
    pub fn gather<T: Real>(&self, batches: &Batches, step: u32, inputs: &mut [T], labels: &mut [T]) {
        let first = (step - batches.first_step) as usize * self.batch_size;
        let indices = &batches.indices[first..first + self.batch_size];
        let resident = self.resident();
        let resident_len = resident.map_or(0, Examples::len);
        let rows = inputs.chunks_exact_mut(self.input_len).zip(labels);
        for (&index, (row, label)) in indices.iter().zip(rows) {
            match resident {
                Some(examples) if (index as usize) < resident_len => {
                    copy_row(examples, index as usize, row, label);
                }
                _ => copy_row(&batches.extra, index as usize - resident_len, row, label),
            }
        }
    }

    /// The number of slices that validation runs in.
    pub fn validation_slices(&self) -> usize {
        self.task.validation().len().div_ceil(self.batch_size)
    }

    /// The number of examples of a validation slice; only the last may be short.
    pub fn validation_slice_len(&self, slice: usize) -> usize {
        (self.task.validation().len() - slice * self.batch_size).min(self.batch_size)
    }

    /// Writes a slice of the validation examples; rows beyond the last example carry no label.
    pub fn validation_slice<T: Real>(&self, slice: usize, inputs: &mut [T], labels: &mut [T]) {
        let examples = self.task.validation();
        let rows = inputs.chunks_exact_mut(self.input_len).zip(labels);
        for (index, (row, label)) in (slice * self.batch_size..).zip(rows) {
            if index < examples.len() {
                copy_row(examples, index, row, label);
            } else {
                row.fill(T::zero());
                *label = T::from_f64(-1.0);
            }
        }
    }
}

fn copy_row<T: Real>(examples: &Examples, index: usize, row: &mut [T], label: &mut T) {
    let start = index * row.len();
    let input = &examples.inputs[start..start + row.len()];
    for (to, &from) in row.iter_mut().zip(input) {
        *to = T::from_f32(from);
    }
    let class = examples.labels[index];
    *label = T::from_f64(if class == NO_LABEL { -1.0 } else { f64::from(class) });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task;

    /// The first examples of another task, the batch of step 2 multiplied by 60.
    struct Outlier(Box<dyn TaskData>);

    impl TaskData for Outlier {
        fn training(&self) -> Training<'_> {
            self.0.training()
        }
        fn validation(&self) -> &Examples {
            self.0.validation()
        }
        fn alters(&self, step: u32) -> bool {
            step == 2
        }
        fn alter(&self, _step: u32, inputs: &mut [f32]) {
            inputs.iter_mut().for_each(|x| *x *= 60.0);
        }
    }

    #[test]
    fn an_altered_batch_is_the_only_one_that_differs() {
        for id in ["teacher", "teacher_stream"] {
            let generate = task::find(id).unwrap().generate;
            let seed = |task| SeedData { task, seed: 4, input_len: 16, batch_size: 8 };
            let (plain, altered) = (seed(generate(4)), seed(Box::new(Outlier(generate(4)))));
            let (a, b) = (plain.batches(0, 4), altered.batches(0, 4));
            for step in 0..4 {
                let mut inputs = [[0f32; 128]; 2];
                let mut labels = [[0f32; 8]; 2];
                plain.gather(&a, step, &mut inputs[0], &mut labels[0]);
                altered.gather(&b, step, &mut inputs[1], &mut labels[1]);
                assert_eq!(labels[0], labels[1]);
                let factor = if step == 2 { 60.0 } else { 1.0 };
                assert_eq!(inputs[0].map(|x| x * factor), inputs[1], "{id} step {step}");
            }
        }
    }

    #[test]
    fn batches_do_not_depend_on_how_steps_are_chunked() {
        for task in task::TASKS {
            let input_len = (task.input)().len();
            let seed = SeedData { task: (task.generate)(2), seed: 2, input_len, batch_size: 5 };
            let (whole, part) = (seed.batches(0, 6), seed.batches(4, 2));
            let mut inputs = vec![vec![0f64; 5 * input_len]; 2];
            let mut labels = [[0f64; 5]; 2];
            seed.gather(&whole, 5, &mut inputs[0], &mut labels[0]);
            seed.gather(&part, 5, &mut inputs[1], &mut labels[1]);
            assert_eq!((&inputs[0], labels[0]), (&inputs[1], labels[1]), "{}", task.id);
        }
    }
}
