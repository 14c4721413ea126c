//! The data: what a network is trained on.
