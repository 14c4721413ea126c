use super::{Preset, work};

/// The second work of `brink bench`.
pub static PRESET: Preset = Preset {
    id: "w2",
    about: "the benchmark's second work: the same with 32 learning rates",
    experiment: || work(32),
};
