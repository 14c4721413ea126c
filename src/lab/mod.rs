//! What a learner does: procedures over one trait.
