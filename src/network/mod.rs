//! The graph: operations, differentiation, models.
