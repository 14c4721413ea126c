use super::{Preset, convnet};

/// The changed network of the playbook's Figures 4 and 5.
pub static PRESET: Preset = Preset {
    id: "figure-4-stride-changed",
    about: "the same with stride 1, so that the head has four times the inputs: an early spike at high learning rates",
    experiment: || convnet(1),
};
