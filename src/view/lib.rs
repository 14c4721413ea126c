//! What is seen, without a browser: the board, names, plots, equations, sentences and texts in both languages.

pub mod advice;
pub mod arms;
pub mod board;
pub mod chapter;
pub mod equation;
pub mod export;
pub mod fragment;
pub mod history;
pub mod locks;
pub mod metaparameter;
pub mod name;
pub mod number;
pub mod plot;
pub mod query;
pub mod refusal;
pub mod report;
pub mod rule_text;
pub mod scene;
pub mod story;
pub mod summary;
#[cfg(test)]
mod test_fleet;
pub mod text;
pub mod theme;
pub mod words;
