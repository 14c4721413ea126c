//! Digits: handwritten digits of 8 x 8 pixels. The split into training and validation examples is drawn for every seed.

use super::{Examples, ResidentTask, Task};
use crate::random::{Purpose, Stream};
use crate::tensor::Shape;

const PIXELS: usize = 64;
const CLASSES: usize = 10;
const TRAINING_EXAMPLES: usize = 1200;
const EXAMPLES: usize = 1797;
/// A byte a value: the first pixel (0 to 16) of every example, then the second of every example, row by row through the
/// image; the labels last. In this order a server's compression makes the least of it.
const PLANES: &[u8] = include_bytes!("digits.bin");

pub(super) static TASK: Task = Task {
    id: "digits",
    input: || Shape::new(&[PIXELS]),
    classes: CLASSES,
    source: "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, \
             CC BY 4.0, doi:10.24432/C50P49",
    generate: |seed| {
        let (images, labels) = PLANES.split_at(PIXELS * EXAMPLES);
        let pixel = |example: usize, pixel: usize| f64::from(images[pixel * EXAMPLES + example]);
        let pixels: Vec<f64> = (0..EXAMPLES).flat_map(|at| (0..PIXELS).map(move |p| pixel(at, p))).collect();
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
                examples.labels.push(u32::from(labels[index]));
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
        let (images, labels) = PLANES.split_at(PIXELS * EXAMPLES);
        assert_eq!(labels.len(), EXAMPLES);
        assert!(images.iter().all(|&pixel| pixel <= 16));
        // As the source counts them.
        let counts: Vec<usize> = (0..10).map(|digit| labels.iter().filter(|&&label| label == digit).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let data: Box<dyn TaskData> = (TASK.generate)(1);
        assert_eq!(data.validation().len(), 597);
    }
}
