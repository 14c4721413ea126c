//! Teacher, fresh examples: the same teacher, but no example is seen twice; training loss is then an unbiased estimate of
//! validation loss.

use super::teacher::{CLASSES, INPUTS, Teacher, VALIDATION_EXAMPLES};
use super::{Examples, FreshExamples, Targets, Task, TaskData, TrainingExamples};
use crate::random::{Purpose, Stream};
use crate::tensor::Shape;

pub(super) struct TeacherStreamTask;

impl Task for TeacherStreamTask {
    fn id(&self) -> &str {
        "teacher_stream"
    }

    fn input(&self) -> Shape {
        Shape::new(&[INPUTS])
    }

    fn targets(&self) -> Targets {
        Targets::one_of(CLASSES)
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        let teacher = Teacher::new(seed);
        let mut validation = Examples::new(1);
        let stream = Stream::new(seed, Purpose::ValidationInputs, 0);
        teacher.label(&stream, 0, VALIDATION_EXAMPLES, &mut validation);
        Box::new(TeacherStream { seed, teacher, validation })
    }
}

struct TeacherStream {
    seed: u32,
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
        self.teacher.label(&stream, u64::from(step) * batch_size as u64, batch_size, out);
    }
}
