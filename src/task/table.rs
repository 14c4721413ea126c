//! A learner's own data: a table in CSV whose last column is the target, classes or numbers. Features, and a target that is a
//! number, are standardised over the training examples; four fifths of the rows, drawn for every seed, are trained on.

use super::{Examples, Input, ResidentTask, TargetKind, Targets, Task, TaskData, shuffled};
use brink_base::excerpt::beginning;
use brink_base::tensor::Shape;

/// The largest table, in bytes.
pub const MOST_BYTES: usize = 1 << 20;
/// The most columns, the target among them.
pub const MOST_COLUMNS: usize = 64;
/// The most rows, the header left out.
pub const MOST_ROWS: usize = 20_000;
/// The fewest rows: a training and a validation set must be left.
pub const LEAST_ROWS: usize = 10;
/// The most classes.
pub const MOST_CLASSES: usize = 64;
/// Whole numbers of at most so many different values are classes.
const CLASS_LIKE: usize = 20;
/// One row of so many is a validation example.
const VALIDATION_PART: usize = 5;

/// A table that is no data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TableError {
    /// It is too large.
    #[error("the table has {bytes} bytes, at most {MOST_BYTES} are allowed")]
    Bytes {
        /// Its bytes.
        bytes: usize,
    },
    /// It is no CSV.
    #[error("line {line}: {reason}")]
    Format {
        /// The line, from 1.
        line: u64,
        /// The parser's message.
        reason: String,
    },
    /// A cell that is no number.
    #[error("line {line}, column {column}: {found:?} is not a finite number")]
    Cell {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// What stands there; its beginning where it is long.
        found: String,
    },
    /// Too few or too many columns.
    #[error("line {line}: {columns} columns, 2 to {MOST_COLUMNS} are allowed, the last of them the target")]
    Columns {
        /// The line, from 1.
        line: u64,
        /// The columns found.
        columns: usize,
    },
    /// Too few or too many rows.
    #[error("{rows} rows, {LEAST_ROWS} to {MOST_ROWS} are allowed")]
    Rows {
        /// The rows found.
        rows: usize,
    },
    /// Too few or too many classes.
    #[error("column {column} has {classes} classes, 2 to {MOST_CLASSES} are allowed")]
    Classes {
        /// The target's column, from 1.
        column: usize,
        /// The classes found.
        classes: usize,
    },
}

/// A task of a learner's own.
#[derive(Debug)]
pub struct Table {
    /// Row by row, without the target.
    features: Vec<f64>,
    /// The number of features.
    width: usize,
    /// Numbers, or the positions of classes in `classes`.
    targets: Vec<f64>,
    /// The names of the classes, in alphabetical order; none where targets are numbers.
    classes: Vec<String>,
}

impl Table {
    /// Reads a table. A first row with a feature that is no number is a header.
    ///
    /// # Errors
    ///
    /// The first thing that is wrong, with its line and column.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        if text.len() > MOST_BYTES {
            return Err(TableError::Bytes { bytes: text.len() });
        }
        let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
        let (mut features, mut last) = (Vec::new(), Vec::new());
        let mut width = 0;
        for (index, record) in reader.records().enumerate() {
            let record = record.map_err(|error| TableError::Format {
                line: error.position().map_or(index as u64 + 1, csv::Position::line),
                reason: error.to_string(),
            })?;
            let line = record.position().map_or(index as u64 + 1, csv::Position::line);
            if !(2..=MOST_COLUMNS).contains(&record.len()) {
                return Err(TableError::Columns { line, columns: record.len() });
            }
            width = record.len() - 1;
            let number = |cell: &str| cell.parse::<f64>().ok().filter(|value| value.is_finite());
            let cells = || record.iter().take(width);
            if index == 0 && cells().any(|cell| number(cell).is_none()) {
                continue;
            }
            for (column, cell) in (1..).zip(cells()) {
                let found = || TableError::Cell { line, column, found: beginning(cell) };
                features.push(number(cell).ok_or_else(found)?);
            }
            last.push(record.get(width).unwrap_or_default().to_owned());
            if last.len() > MOST_ROWS {
                return Err(TableError::Rows { rows: last.len() });
            }
        }
        if last.len() < LEAST_ROWS {
            return Err(TableError::Rows { rows: last.len() });
        }
        let mut classes = last.clone();
        classes.sort_unstable();
        classes.dedup();
        let numbers: Option<Vec<f64>> =
            last.iter().map(|cell| cell.parse::<f64>().ok().filter(|value| value.is_finite())).collect();
        let is_whole = |numbers: &Vec<f64>| classes.len() <= CLASS_LIKE && numbers.iter().all(|x| x.fract() == 0.0);
        if let Some(targets) = numbers.filter(|numbers| !is_whole(numbers)) {
            return Ok(Self { features, width, targets, classes: Vec::new() });
        }
        if !(2..=MOST_CLASSES).contains(&classes.len()) {
            return Err(TableError::Classes { column: width + 1, classes: classes.len() });
        }
        let class = |cell: &String| classes.binary_search(cell).map_or(f64::NAN, |position| position as f64);
        let targets = last.iter().map(class).collect();
        Ok(Self { features, width, targets, classes })
    }

    /// The names of the classes, in the order of their numbers; none where targets are numbers.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The mean of a column over some rows, and its standard deviation, or 1 where it is constant.
    fn moments(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
        let count = values.clone().count().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let variance = values.map(|value| (value - mean) * (value - mean)).sum::<f64>() / count;
        let deviation = libm::sqrt(variance);
        (mean, if deviation > 0.0 { deviation } else { 1.0 })
    }
}

impl Task for Table {
    fn id(&self) -> &str {
        "table"
    }

    fn input(&self) -> Input {
        Input::numbers(&[self.width])
    }

    fn targets(&self) -> Targets {
        let kind = match self.classes.len() {
            0 => TargetKind::Numbers,
            classes => TargetKind::Classes(classes),
        };
        Targets { shape: Shape::scalar(), kind }
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        let order = shuffled(seed, self.targets.len());
        let (validation, training) = order.split_at(order.len() / VALIDATION_PART);
        let column =
            |column: usize| Self::moments(training.iter().map(move |row| self.features[row * self.width + column]));
        let moments: Vec<(f64, f64)> = (0..self.width).map(column).collect();
        let (mean, deviation) = match self.classes.is_empty() {
            true => Self::moments(training.iter().map(|&row| self.targets[row])),
            false => (0.0, 1.0),
        };
        let take = |rows: &[usize]| {
            let mut examples = Examples::new(1);
            for row in rows {
                let features = &self.features[row * self.width..(row + 1) * self.width];
                let input = features.iter().zip(&moments).map(|(x, (mean, deviation))| ((x - mean) / deviation) as f32);
                examples.push(input, [((self.targets[*row] - mean) / deviation) as f32]);
            }
            examples
        };
        Box::new(ResidentTask { training: take(training), validation: take(validation) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TrainingExamples;

    fn rows(count: usize, row: impl Fn(usize) -> String) -> String {
        (0..count).map(|k| row(k) + "\n").collect()
    }

    #[test]
    fn a_table_of_classes_is_standardised_and_split_by_seed() {
        let text = "width, height, kind\n".to_owned() + &rows(100, |k| format!("{k}, 7, {}", ["cat", "dog"][k % 2]));
        let table = Table::parse(&text).unwrap();
        assert_eq!((table.classes(), table.input().shape.len()), (["cat".to_owned(), "dog".to_owned()].as_slice(), 2));
        assert_eq!(table.targets().kind, TargetKind::Classes(2));
        let data = table.generate(3);
        let TrainingExamples::Resident(training) = data.training() else { panic!("a set that stays") };
        assert_eq!((training.len(), data.validation().len()), (80, 20));
        let (mean, deviation) = Table::moments(training.inputs.iter().step_by(2).map(|&x| f64::from(x)));
        assert!(mean.abs() < 1e-6 && (deviation - 1.0).abs() < 1e-6);
        assert!(training.inputs.iter().skip(1).step_by(2).all(|&x| x == 0.0), "a constant column");
        assert_ne!(table.generate(4).validation(), data.validation());
    }

    #[test]
    fn numbers_are_predicted_and_a_few_whole_ones_are_classes() {
        let kind = |text: String| Table::parse(&text).unwrap().targets().kind;
        assert_eq!(
            kind(rows(50, |k| format!("{k};x").replace(';', ",").replace('x', &format!("{}", k as f64 / 7.0)))),
            TargetKind::Numbers
        );
        assert_eq!(kind(rows(50, |k| format!("{k},{}", k % 3))), TargetKind::Classes(3));
        assert_eq!(kind(rows(50, |k| format!("{k},{k}"))), TargetKind::Numbers, "fifty different whole numbers");
        let table = Table::parse(&rows(50, |k| format!("{k},{}", 1000.0 + k as f64 / 7.0))).unwrap();
        assert!((table.targets().chance(table.generate(1).validation()) - 1.0).abs() < 0.5, "standardised");
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let wrong = |text: String| Table::parse(&text).unwrap_err().to_string();
        let good = || rows(20, |k| format!("{k},{},a", k + 1));
        assert_eq!(wrong(good() + "1,x,b\n"), r#"line 21, column 2: "x" is not a finite number"#);
        assert_eq!(
            wrong("a,b,c\n".to_owned() + &good() + "nan,2,b\n"),
            r#"line 22, column 1: "nan" is not a finite number"#
        );
        assert!(wrong(good() + "1,2\n").starts_with("line 21: "), "another number of columns");
        assert!(wrong(rows(20, |k| k.to_string())).contains("1 columns, 2 to 64"));
        assert!(wrong(rows(3, |k| format!("{k},a"))).starts_with("3 rows, 10 to 20000"));
        assert!(wrong(good()).contains("1 classes, 2 to 64"));
        assert!(wrong("1,2\n".repeat(1 << 19)).contains("1048576 are allowed"));
        assert!(wrong(rows(20, |_| vec!["1"; 65].join(","))).contains("65 columns"));
        assert!(wrong(rows(20_001, |k| format!("{k},a"))).starts_with("20001 rows"));
    }
}
