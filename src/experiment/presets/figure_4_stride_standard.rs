use super::{Preset, convnet};

/// The standard network of the playbook's Figures 4 and 5.
pub static PRESET: Preset = Preset {
    id: "figure-4-stride-standard",
    about: "a residual convnet whose second block has stride 2: the standard network of Figures 4 and 5",
    experiment: || convnet(2),
};
