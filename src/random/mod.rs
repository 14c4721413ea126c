//! The portable counter-based generator.
