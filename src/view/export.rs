//! The numbers of a plot as CSV, all of them and with all of their digits: a line for each point. Names of columns and decimal
//! points are the same in every language, for programs read them.

use super::board::Board;
use super::scene::StepView;
use super::words::Against;
use brink_lab::diagnose::final_validation_loss;

/// Lines of a CSV file.
fn csv<const N: usize>(head: [&str; N], lines: impl Iterator<Item = [String; N]>) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    // Writing to memory does not fail, and neither do lines of one length.
    let _ = writer.write_record(head);
    lines.for_each(|line| drop(writer.write_record(line)));
    writer.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
}

/// What a plot against the step shows of every run of the shown variants: `variant,base_learning_rate,step` and the value. `names`
/// are the variants', in the board's order.
pub fn step_csv(board: &Board, of: Against, view: StepView, names: &[String]) -> String {
    let is_validation = of == Against::Loss && view.validation;
    let column = match of {
        Against::Loss if is_validation => "validation_loss",
        Against::Loss => "training_loss",
        Against::Rate => "learning_rate",
        Against::Norm => "gradient_norm",
    };
    let shown = board.variants().iter().zip(names).filter(|(variant, _)| !variant.hidden);
    let lines = shown.flat_map(|(variant, name)| {
        variant.fleet.runs.iter().flat_map(move |run| {
            let points: Vec<(u32, f32)> = if is_validation {
                run.record.validation.iter().map(|point| (point.step, point.loss)).collect()
            } else {
                let values = run.record.column(of.column()).enumerate();
                values.map(|(row, value)| (row as u32 * run.record.stride.max(1), value)).collect()
            };
            points.into_iter().map(move |(step, value)| {
                [name.clone(), run.base_learning_rate.to_string(), step.to_string(), value.to_string()]
            })
        })
    });
    csv(["variant", "base_learning_rate", "step", column], lines)
}

/// What the axis plot shows: `variant,base_learning_rate,final_validation_loss,verdict` of each run that has ended.
pub fn axis_csv(board: &Board, names: &[String]) -> String {
    let shown = board.variants().iter().zip(names).filter(|(variant, _)| !variant.hidden);
    let lines = shown.flat_map(|(variant, name)| {
        variant.fleet.runs.iter().filter(|run| run.has_ended()).map(move |run| {
            let verdict = run.judgement.map(|found| found.verdict.id).unwrap_or_default();
            let loss = final_validation_loss(&run.record).to_string();
            [name.clone(), run.base_learning_rate.to_string(), loss, verdict.to_owned()]
        })
    });
    csv(["variant", "base_learning_rate", "final_validation_loss", "verdict"], lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::names;
    use crate::test_fleet::set_runs;
    use crate::text::Language;
    use brink_engine::experiment::PRESETS;
    use brink_engine::record::{Columns, RunChunk, ValidationPoint};
    use brink_lab::Event;

    fn board() -> Board {
        let mut board = Board::default();
        board.commit((PRESETS[0].experiment)());
        let variant = board.get_mut(0).expect("on the board");
        set_runs(variant, &[(0.001, 2), (0.1, 2)]);
        let width = Columns { states: Vec::new() }.width();
        for run in 0..2 {
            let mut rows = vec![0.0; 2 * width];
            rows[Columns::LOSS] = 2.5;
            rows[width + Columns::LOSS] = if run == 0 { 1.25 } else { f32::NAN };
            let validation = vec![ValidationPoint { step: 2, loss: 0.5, accuracy: 0.0 }];
            let death = (run == 1).then_some(1);
            let chunk = RunChunk {
                run,
                first_step: 0,
                stride: 1,
                rows,
                validation,
                full_norms: Vec::new(),
                critical: Vec::new(),
                chance: 2.0,
                death,
            };
            variant.fleet.apply(Event::Metrics(vec![chunk]));
        }
        board
    }

    #[test]
    fn every_point_is_a_line_with_all_its_digits() {
        let board = board();
        let names = names(&board, Language::Indonesian.texts());
        let loss = step_csv(&board, Against::Loss, StepView::default(), &names);
        let lines: Vec<&str> = loss.lines().collect();
        assert_eq!(lines[0], "variant,base_learning_rate,step,training_loss");
        // A name with a comma is quoted.
        assert_eq!(lines[1], format!("\"{}\",0.001,0,2.5", names[0]));
        assert!(lines[2].ends_with(",0.001,1,1.25") && lines[4].ends_with(",0.1,1,NaN"), "{loss}");
        let validation = StepView { validation: true, ..StepView::default() };
        assert!(step_csv(&board, Against::Loss, validation, &names).contains(",0.001,2,0.5"));
        let axis = axis_csv(&board, &names);
        assert!(axis.starts_with("variant,base_learning_rate,final_validation_loss,verdict\n"), "{axis}");
    }
}
