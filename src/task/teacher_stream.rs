//! Teacher, fresh examples: the same teacher, but no example is seen twice; training loss is then an unbiased estimate of
//! validation loss.

use super::teacher::{CLASSES, INPUTS, LABEL_NOISE, Teacher, VALIDATION_EXAMPLES, add_noise, label_noise};
use super::{Examples, FreshExamples, Input, Targets, Task, TaskData, TaskKind, TrainingExamples};
use brink_base::random::{Purpose, Stream};
use std::sync::Arc;

pub(super) static KIND: TaskKind = TaskKind {
    id: "teacher_stream",
    metaparameters: &[LABEL_NOISE],
    file: None,
    make: |settings| Arc::new(TeacherStreamTask { label_noise: label_noise(settings) }),
};

struct TeacherStreamTask {
    label_noise: f64,
}

impl Task for TeacherStreamTask {
    fn id(&self) -> &str {
        KIND.id
    }

    fn input(&self) -> Input {
        Input::numbers(&[INPUTS])
    }

    fn targets(&self) -> Targets {
        Targets::one_of(CLASSES)
    }

    fn has_training_set(&self) -> bool {
        false
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        let teacher = Teacher::new(seed);
        let mut validation = Examples::new(1);
        let stream = Stream::new(seed, Purpose::ValidationInputs, 0);
        teacher.label(&stream, 0, VALIDATION_EXAMPLES, &mut validation);
        Box::new(TeacherStream { seed, label_noise: self.label_noise, teacher, validation })
    }
}

struct TeacherStream {
    seed: u32,
    label_noise: f64,
    teacher: Teacher,
    validation: Examples,
}

impl TaskData for TeacherStream {
    fn training(&self) -> TrainingExamples<'_> {
        TrainingExamples::Fresh(self)
    }
    fn validation(&self) -> &Examples {
        &self.validation
    }
}

impl FreshExamples for TeacherStream {
    fn draw(&self, step: u32, batch_size: usize, out: &mut Examples) {
        let stream = Stream::new(self.seed, Purpose::TrainingInputs, 0);
        let (first, start) = (u64::from(step) * batch_size as u64, out.targets.len());
        self.teacher.label(&stream, first, batch_size, out);
        add_noise(self.seed, self.label_noise, first, &mut out.targets[start..]);
    }
}
