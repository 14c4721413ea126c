//! The protocol between the page and the engine host.
