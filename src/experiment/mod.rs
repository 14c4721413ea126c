//! What to run: the serialisable description, its validation and limits.
