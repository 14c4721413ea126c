use super::{Preset, transformer};

/// Figure 8 of the playbook: a post-norm transformer, to be compared with warmup and with pre-norm.
pub static PRESET: Preset = Preset {
    id: "figure-8",
    about: "a post-norm transformer that reverses sequences: warmup and pre-norm move its cliff",
    experiment: || transformer("reverse"),
};
