//! A fleet in training: plan, schedule, clipping, checkpoint, backends.
