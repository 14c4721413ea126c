//! Metrics as recorded.
