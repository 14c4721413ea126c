use brink_base::tensor::Real;
use brink_experiment::Resolved;
use brink_task::{Examples, Task, TaskData, TrainingExamples, batch_indices};
use std::sync::{Arc, OnceLock};

/// The data of every seed of an experiment, drawn once, when it is first asked for; runs that share a seed share it.
pub struct Data {
    task: Arc<dyn Task>,
    batch_size: usize,
    /// In order of seeds.
    seeds: Vec<(u32, OnceLock<SeedData>)>,
}

/// The data of one seed.
pub struct SeedData {
    /// The task's data.
    pub task: Box<dyn TaskData>,
    /// The seed.
    pub seed: u32,
    /// The length of one example's input.
    pub input_len: usize,
    /// The number of one example's targets.
    pub target_len: usize,
    /// What stands for the targets of a row that is no example.
    pub missing_target: f32,
    /// The examples of a batch.
    pub batch_size: usize,
    /// The loss of the best prediction that does not look at the input, on the validation examples.
    pub chance: f64,
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
    /// The data of every seed of an experiment; nothing is drawn yet.
    pub fn new(resolved: &Resolved) -> Self {
        let mut seeds: Vec<u32> = resolved.runs.iter().map(|run| run.seed).collect();
        seeds.sort_unstable();
        seeds.dedup();
        let seeds = seeds.into_iter().map(|seed| (seed, OnceLock::new())).collect();
        Self { task: resolved.task.clone(), batch_size: resolved.experiment.batch_size, seeds }
    }

    /// The data of a seed.
    ///
    /// # Panics
    ///
    /// If no run of the experiment has the seed.
    pub fn of(&self, seed: u32) -> &SeedData {
        let position = self.seeds.binary_search_by_key(&seed, |(seed, _)| *seed);
        let (seed, data) = &self.seeds[position.expect("a seed of the experiment")];
        data.get_or_init(|| SeedData::new(&*self.task, *seed, self.batch_size))
    }
}

impl SeedData {
    /// Draws the data of a seed.
    pub fn new(task: &dyn Task, seed: u32, batch_size: usize) -> Self {
        let targets = task.targets();
        let data = task.generate(seed);
        Self {
            chance: targets.chance(data.validation()),
            task: data,
            seed,
            input_len: task.input().shape.len(),
            target_len: targets.shape.len(),
            missing_target: targets.missing(),
            batch_size,
        }
    }

    /// The training examples that stay; none where every step draws its own.
    pub fn resident(&self) -> Option<&Examples> {
        match self.task.training() {
            TrainingExamples::Resident(examples) => Some(examples),
            TrainingExamples::Fresh(_) => None,
        }
    }

    /// The batches of `steps` steps from `first_step`.
    pub fn batches(&self, first_step: u32, steps: u32) -> Batches {
        let mut indices = vec![0; steps as usize * self.batch_size];
        let mut extra = Examples::new(self.target_len);
        for (step, batch) in (first_step..).zip(indices.chunks_exact_mut(self.batch_size)) {
            let first_extra = extra.len();
            let resident_len = match self.task.training() {
                TrainingExamples::Resident(examples) => {
                    batch_indices(self.seed, step, examples.len(), batch);
                    if !self.task.alters(step) {
                        continue;
                    }
                    for &index in batch.iter() {
                        let index = index as usize;
                        extra.push(examples.input(index).iter().copied(), examples.target(index).iter().copied());
                    }
                    examples.len()
                }
                TrainingExamples::Fresh(source) => {
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
    pub fn gather<T: Real>(&self, batches: &Batches, step: u32, inputs: &mut [T], targets: &mut [T]) {
        let first = (step - batches.first_step) as usize * self.batch_size;
        let indices = &batches.indices[first..first + self.batch_size];
        let resident = self.resident();
        let resident_len = resident.map_or(0, Examples::len);
        for (&index, (input, target)) in indices.iter().zip(self.rows(inputs, targets)) {
            let index = index as usize;
            match resident {
                Some(examples) if index < resident_len => copy_example(examples, index, input, target),
                _ => copy_example(&batches.extra, index - resident_len, input, target),
            }
        }
    }

    /// The examples of a batch's buffers.
    fn rows<'a, T>(
        &self,
        inputs: &'a mut [T],
        targets: &'a mut [T],
    ) -> impl Iterator<Item = (&'a mut [T], &'a mut [T])> + use<'a, T> {
        inputs.chunks_exact_mut(self.input_len).zip(targets.chunks_exact_mut(self.target_len))
    }

    /// The number of slices that validation runs in.
    pub fn validation_slices(&self) -> usize {
        self.task.validation().len().div_ceil(self.batch_size)
    }

    /// The number of examples of a validation slice; only the last may be short.
    pub fn validation_slice_len(&self, slice: usize) -> usize {
        (self.task.validation().len() - slice * self.batch_size).min(self.batch_size)
    }

    /// Writes a slice of the validation examples; rows beyond the last example carry no target.
    pub fn validation_slice<T: Real>(&self, slice: usize, inputs: &mut [T], targets: &mut [T]) {
        self.slice(self.task.validation(), slice, inputs, targets);
    }

    /// The number of slices that make up the training set; 0 where every step draws its own examples.
    pub fn training_slices(&self) -> usize {
        self.resident().map_or(0, |examples| examples.len().div_ceil(self.batch_size))
    }

    /// The number of examples of a slice of the training set; only the last may be short.
    pub fn training_slice_len(&self, slice: usize) -> usize {
        self.resident().map_or(0, |examples| (examples.len() - slice * self.batch_size).min(self.batch_size))
    }

    /// Writes a slice of the training set; rows beyond the last example carry no target.
    pub fn training_slice<T: Real>(&self, slice: usize, inputs: &mut [T], targets: &mut [T]) {
        if let Some(examples) = self.resident() {
            self.slice(examples, slice, inputs, targets);
        }
    }

    fn slice<T: Real>(&self, examples: &Examples, slice: usize, inputs: &mut [T], targets: &mut [T]) {
        for (index, (input, target)) in (slice * self.batch_size..).zip(self.rows(inputs, targets)) {
            if index < examples.len() {
                copy_example(examples, index, input, target);
            } else {
                input.fill(T::zero());
                target.fill(T::from_f32(self.missing_target));
            }
        }
    }
}

fn copy_example<T: Real>(examples: &Examples, index: usize, input: &mut [T], target: &mut [T]) {
    // By the row's own length: the examples' is a division away, and this runs for every example of every step.
    let (inputs, targets) = (&examples.inputs[index * input.len()..], &examples.targets[index * target.len()..]);
    for (to, from) in [(input, inputs), (target, targets)] {
        for (to, &from) in to.iter_mut().zip(from) {
            *to = T::from_f32(from);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first examples of another task, the batch of step 2 multiplied by 60.
    struct Outlier(Box<dyn TaskData>);

    impl TaskData for Outlier {
        fn training(&self) -> TrainingExamples<'_> {
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
            let task = brink_task::find(id).unwrap().default_task();
            let plain = SeedData::new(&*task, 4, 8);
            let altered = SeedData { task: Box::new(Outlier(task.generate(4))), ..SeedData::new(&*task, 4, 8) };
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
        for task in brink_task::TASKS.iter().map(|kind| kind.default_task()) {
            let seed = SeedData::new(&*task, 2, 5);
            let input_len = seed.input_len;
            let (whole, part) = (seed.batches(0, 6), seed.batches(4, 2));
            let mut inputs = vec![vec![0f64; 5 * input_len]; 2];
            let mut labels = [[0f64; 5]; 2];
            seed.gather(&whole, 5, &mut inputs[0], &mut labels[0]);
            seed.gather(&part, 5, &mut inputs[1], &mut labels[1]);
            assert_eq!((&inputs[0], labels[0]), (&inputs[1], labels[1]), "{}", task.id());
        }
    }
}
