//! Verdicts and statistics, pure functions of recorded metrics.
