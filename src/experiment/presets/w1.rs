use super::{Preset, work};

/// The first work of `brink bench`.
pub static PRESET: Preset = Preset {
    id: "w1",
    about: "the benchmark's first work: one MLP 64-128-128-10, Adam",
    experiment: || work(1),
};
