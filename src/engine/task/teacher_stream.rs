//! Teacher, fresh examples: the same teacher, but no example is seen twice; training loss is then an unbiased estimate of
//! validation loss.

use super::teacher::{CLASSES, INPUTS, Teacher, VALIDATION_EXAMPLES};
use super::{Examples, FreshExamples, Task, TaskData, Training};
use crate::random::{Purpose, Stream};
use crate::tensor::Shape;

pub(super) static TASK: Task = Task {
    id: "teacher_stream",
    input: || Shape::new(&[INPUTS]),
    classes: CLASSES,
    source: "",
    generate: |seed| {
        let teacher = Teacher::new(seed);
        let mut validation = Examples::default();
        let stream = Stream::new(seed, Purpose::ValidationInputs, 0);
        teacher.label(&stream, 0, VALIDATION_EXAMPLES, &mut validation);
        Box::new(TeacherStream { seed, teacher, validation })
    },
};

struct TeacherStream {
    seed: u32,
    teacher: Teacher,
    validation: Examples,
}

impl TaskData for TeacherStream {
    fn training(&self) -> Training<'_> {
        Training::Fresh(self)
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
