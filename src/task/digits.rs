//! Digits: handwritten digits of 8 x 8 pixels. The split into training and validation examples is drawn for every seed.

use super::{Examples, ResidentTask, Task};
use crate::random::{Purpose, Stream};
use crate::tensor::Shape;

const PIXELS: usize = 64;
const CLASSES: usize = 10;
const TRAINING_EXAMPLES: usize = 1200;
/// 1797 lines of 64 pixels (0 to 16, row by row) and the label.
const CSV: &str = include_str!("digits.csv");

pub(super) static TASK: Task = Task {
    id: "digits",
    input: || Shape::new(&[PIXELS]),
    classes: CLASSES,
    source: "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, \
             CC BY 4.0, doi:10.24432/C50P49",
    generate: |seed| {
        let (mut pixels, mut labels) = (Vec::new(), Vec::new());
        for line in CSV.lines() {
            let mut fields = line.split(',').map(|field| field.parse::<u8>().unwrap_or(0));
            pixels.extend(fields.by_ref().take(PIXELS).map(f64::from));
            labels.push(u32::from(fields.next().unwrap_or(0)));
        }
        // Standardised over all pixels of all examples together, so blank corners stay constant.
        let count = pixels.len() as f64;
        let mean = pixels.iter().sum::<f64>() / count;
        let variance = pixels.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>() / count;
        let deviation = libm::sqrt(variance);

        let mut order: Vec<usize> = (0..labels.len()).collect();
        let stream = Stream::new(seed, Purpose::Structure, 0);
        for i in (1..order.len()).rev() {
            order.swap(i, stream.below(i as u64, i as u32 + 1) as usize);
        }
        let take = |indices: &[usize]| {
            let mut examples = Examples::default();
            for &index in indices {
                let row = &pixels[index * PIXELS..(index + 1) * PIXELS];
                examples.inputs.extend(row.iter().map(|p| ((p - mean) / deviation) as f32));
                examples.labels.push(labels[index]);
            }
            examples
        };
        let (training, validation) = order.split_at(TRAINING_EXAMPLES);
        Box::new(ResidentTask { training: take(training), validation: take(validation) })
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::TaskData;

    #[test]
    fn the_shipped_file_has_every_digit() {
        assert_eq!(CSV.lines().count(), 1797);
        for line in CSV.lines() {
            let fields: Vec<u8> = line.split(',').map(|field| field.parse().unwrap()).collect();
            assert_eq!(fields.len(), PIXELS + 1);
            assert!(fields[..PIXELS].iter().all(|&pixel| pixel <= 16) && fields[PIXELS] < 10);
        }
        let data: Box<dyn TaskData> = (TASK.generate)(1);
        assert_eq!(data.validation().len(), 597);
    }
}
