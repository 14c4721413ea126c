//! The update-rule language and its renderings.
