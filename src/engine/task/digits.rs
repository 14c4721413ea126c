//! Digits: handwritten digits of 8 x 8 pixels. The split into training and validation examples is drawn for every seed.

use std::sync::OnceLock;

use super::compressed_digits::{VALUES, read};
use super::{Examples, ResidentTask, Task};
use crate::random::{Purpose, Stream};
use crate::tensor::Shape;

const PIXELS: usize = 64;
const CLASSES: usize = 10;
const TRAINING_EXAMPLES: usize = 1200;
const EXAMPLES: usize = 1797;
const FILE: &[u8] = include_bytes!("digits.bin");

/// All examples, label and pixels of one after another. Read once: that takes a tenth of a second.
fn values() -> &'static [u8] {
    static ALL: OnceLock<Vec<u8>> = OnceLock::new();
    ALL.get_or_init(|| read(FILE, EXAMPLES))
}

pub(super) static TASK: Task = Task {
    id: "digits",
    input: || Shape::new(&[PIXELS]),
    classes: CLASSES,
    source: "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, \
             CC BY 4.0, doi:10.24432/C50P49",
    generate: |seed| {
        let values = values();
        let pixels: Vec<f64> =
            values.chunks_exact(VALUES).flat_map(|example| &example[1..]).map(|&p| f64::from(p)).collect();
        // Standardised over all pixels of all examples together, so blank corners stay constant.
        let count = pixels.len() as f64;
        let mean = pixels.iter().sum::<f64>() / count;
        let variance = pixels.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>() / count;
        let deviation = libm::sqrt(variance);

        let mut order: Vec<usize> = (0..EXAMPLES).collect();
        let stream = Stream::new(seed, Purpose::Structure, 0);
        for i in (1..order.len()).rev() {
            order.swap(i, stream.below(i as u64, i as u32 + 1) as usize);
        }
        let take = |indices: &[usize]| {
            let mut examples = Examples::default();
            for &index in indices {
                let row = &pixels[index * PIXELS..(index + 1) * PIXELS];
                examples.inputs.extend(row.iter().map(|p| ((p - mean) / deviation) as f32));
                examples.labels.push(u32::from(values[index * VALUES]));
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
        let values = values();
        let labels: Vec<u8> = values.iter().copied().step_by(VALUES).collect();
        // As the source counts them.
        let counts: Vec<usize> = (0..10).map(|digit| labels.iter().filter(|&&label| label == digit).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let data: Box<dyn TaskData> = (TASK.generate)(1);
        assert_eq!(data.validation().len(), 597);
    }
}
