//! Shapes and layouts.
