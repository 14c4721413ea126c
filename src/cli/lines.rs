//! Metrics as lines of JSON: one for each run and recorded step, one for each validation.

use std::fmt::Write;

use brink_engine::number::shortest;
use brink_engine::record::{Columns, CriticalOutcome, METRICS, RunChunk};

/// A number in JSON: null if it is not finite.
fn number(value: f32) -> String {
    // The debug form is the shortest that reads back as the same f32, with an exponent where that is shorter.
    if value.is_finite() { format!("{value:?}") } else { "null".to_owned() }
}

/// How far the lines of one run go. Steps that are computed again after a checkpoint have their lines already.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// The first step without a line.
    step: usize,
    /// The first step whose validation has no line.
    validation: u32,
    /// The first step whose full gradient norm has no line.
    full_norm: u32,
    /// The first step whose critical learning rate has no line.
    critical: u32,
}

/// Appends the lines of a chunk, less those that are written already. Names in the lines are those of the rule: letters, digits and `_`.
pub(super) fn append(text: &mut String, chunk: &RunChunk, columns: &Columns, written: &mut Written) {
    let run = chunk.run;
    // Writing to a String cannot fail, here and below.
    for (index, row) in chunk.rows.chunks_exact(columns.width()).enumerate() {
        let step = chunk.first_step as usize + index * chunk.stride as usize;
        if step < written.step {
            continue;
        }
        written.step = step + 1;
        let _ = write!(text, r#"{{"run":{run},"step":{step}"#);
        let (metrics, probe): (Vec<_>, Vec<_>) = METRICS.iter().zip(row).partition(|(column, _)| !column.of_probe);
        for (column, value) in metrics {
            let _ = write!(text, r#","{}":{}"#, column.name, number(*value));
        }
        text.push_str(r#","probe":{"#);
        for (index, (column, value)) in probe.into_iter().enumerate() {
            let comma = if index > 0 { "," } else { "" };
            let _ = write!(text, r#"{comma}"{}":{}"#, column.name, number(*value));
        }
        for (name, value) in columns.states.iter().zip(&row[Columns::PROBE_STATES..]) {
            let _ = write!(text, r#","{name}":{}"#, number(*value));
        }
        text.push_str("}}\n");
    }
    for point in &chunk.validation {
        if point.step < written.validation {
            continue;
        }
        written.validation = point.step + 1;
        let _ = writeln!(
            text,
            r#"{{"run":{run},"step":{},"validation_loss":{},"validation_accuracy":{}}}"#,
            point.step,
            number(point.loss),
            number(point.accuracy),
        );
    }
    for point in chunk.full_norms.iter().filter(|point| point.step >= written.full_norm) {
        let (step, norm) = (point.step, number(point.norm));
        let _ = writeln!(text, r#"{{"run":{run},"step":{step},"full_gradient_norm":{norm}}}"#);
    }
    for rate in chunk.critical.iter().filter(|rate| rate.step >= written.critical) {
        let (name, value) = match rate.outcome {
            CriticalOutcome::Crossing(rate) => ("crossing", shortest(rate)),
            CriticalOutcome::NoDescent => ("no descent", "null".to_owned()),
            CriticalOutcome::Above(rate) => ("above", shortest(rate)),
        };
        let step = rate.step;
        let _ = writeln!(
            text,
            r#"{{"run":{run},"step":{step},"critical_learning_rate":{value},"critical_outcome":"{name}"}}"#
        );
    }
    let after = |last: Option<u32>, before: u32| last.map_or(before, |step| before.max(step + 1));
    written.full_norm = after(chunk.full_norms.last().map(|point| point.step), written.full_norm);
    written.critical = after(chunk.critical.last().map(|rate| rate.step), written.critical);
}

#[cfg(test)]
mod tests {
    use super::*;
    use brink_engine::record::{CriticalRate, FullNorm, ValidationPoint};

    #[test]
    fn full_norms_and_critical_learning_rates_have_lines_of_their_own_once() {
        let critical = |step, outcome| CriticalRate { step, outcome };
        let chunk = RunChunk {
            run: 2,
            stride: 1,
            full_norms: vec![FullNorm { step: 10, norm: f32::NAN }, FullNorm { step: 20, norm: 0.5 }],
            critical: vec![
                critical(10, CriticalOutcome::Crossing(0.25)),
                critical(15, CriticalOutcome::Above(4.0)),
                critical(20, CriticalOutcome::NoDescent),
            ],
            ..RunChunk::default()
        };
        let (mut text, mut written) = (String::new(), Written::default());
        append(&mut text, &chunk, &Columns { states: vec![] }, &mut written);
        append(&mut text, &chunk, &Columns { states: vec![] }, &mut written);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        assert_eq!(lines.len(), 5);
        assert!(lines[0]["full_gradient_norm"].is_null());
        assert_eq!((&lines[1]["step"], &lines[1]["full_gradient_norm"]), (&20.into(), &0.5.into()));
        assert_eq!(
            (&lines[2]["critical_learning_rate"], &lines[2]["critical_outcome"]),
            (&0.25.into(), &"crossing".into())
        );
        assert_eq!(lines[3]["critical_learning_rate"].as_f64(), Some(4.0));
        assert_eq!(lines[3]["critical_outcome"], "above");
        assert!(lines[4]["critical_learning_rate"].is_null() && lines[4]["critical_outcome"] == "no descent");
    }

    #[test]
    fn lines_are_json_and_keep_every_bit() {
        let columns = Columns { states: vec!["m".to_owned()] };
        let row = [0.1f32, 1e-30, f32::NAN, 1.0, f32::MAX, -0.0, f32::INFINITY];
        let point = ValidationPoint { step: 8, loss: 2.5, accuracy: f32::NAN };
        let chunk = RunChunk {
            run: 3,
            first_step: 4,
            stride: 2,
            rows: [row, row].concat(),
            validation: vec![point],
            death: None,
            ..RunChunk::default()
        };
        let mut text = String::new();
        let mut written = Written { step: 4, ..Written::default() };
        append(&mut text, &chunk, &columns, &mut written);
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[1]["step"], 6);
        assert_eq!(lines[0]["loss"].as_f64().map(|x| x as f32), Some(0.1));
        assert_eq!(lines[0]["gradient_norm"].as_f64().map(|x| x as f32), Some(1e-30));
        assert!(lines[0]["learning_rate"].is_null() && lines[0]["probe"]["m"].is_null());
        assert_eq!(lines[0]["probe"]["g"].as_f64().map(|x| x as f32), Some(f32::MAX));
        assert_eq!(lines[2]["validation_loss"], 2.5);
        assert!(lines[2]["validation_accuracy"].is_null());
        // Computed again after a checkpoint, and one step more.
        text.clear();
        let longer = RunChunk { rows: [row, row, row].concat(), ..chunk };
        append(&mut text, &longer, &columns, &mut written);
        assert_eq!(text.lines().count(), 1);
        assert!(text.contains(r#""step":8,"#));
    }
}
