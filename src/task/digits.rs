//! Digits: handwritten digits of 8 x 8 pixels. The split into training and validation examples is drawn for every seed.

use super::{DataFile, Examples, Input, ResidentTask, Targets, Task, TaskData, TaskKind, shuffled};
use std::sync::Arc;

const SIDE: usize = 8;
const PIXELS: usize = SIDE * SIDE;
const CLASSES: usize = 10;
const TRAINING_EXAMPLES: usize = 1200;
const EXAMPLES: usize = 1797;
/// The values of an example: its pixels row by row, each from 0 (blank) to 16, then its label, 0 to 9.
const VALUES: usize = PIXELS + 1;
/// The first value of all examples in the order of the source, the second of all, and so on: like stands by like, so that a
/// server's compression finds more to save.
static FILE: DataFile = DataFile::new("digits.bin", EXAMPLES * VALUES, SHIPPED);
#[cfg(any(test, feature = "shipped-data"))]
const SHIPPED: Option<&[u8]> = Some(include_bytes!("digits.bin"));
#[cfg(not(any(test, feature = "shipped-data")))]
const SHIPPED: Option<&[u8]> = None;

/// A value of an example. A plan is refused where the file is not there.
fn value(example: usize, value: usize) -> u8 {
    FILE.bytes().map_or(0, |file| file[value * EXAMPLES + example])
}

pub(super) static KIND: TaskKind =
    TaskKind { id: "digits", metaparameters: &[], file: Some(&FILE), make: |_| Arc::new(Digits) };

struct Digits;

impl Task for Digits {
    fn id(&self) -> &str {
        KIND.id
    }

    fn input(&self) -> Input {
        Input::numbers(&[SIDE, SIDE])
    }

    fn targets(&self) -> Targets {
        Targets::one_of(CLASSES)
    }

    fn source(&self) -> &str {
        "Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998, \
         CC BY 4.0, doi:10.24432/C50P49"
    }

    fn generate(&self, seed: u32) -> Box<dyn TaskData> {
        let of_example = |example| (0..PIXELS).map(move |pixel| f64::from(value(example, pixel)));
        let pixels: Vec<f64> = (0..EXAMPLES).flat_map(of_example).collect();
        // Standardised over all pixels of all examples together, so blank corners stay constant.
        let count = pixels.len() as f64;
        let mean = pixels.iter().sum::<f64>() / count;
        let variance = pixels.iter().map(|p| (p - mean) * (p - mean)).sum::<f64>() / count;
        let deviation = libm::sqrt(variance);

        let order = shuffled(seed, EXAMPLES);
        let take = |indices: &[usize]| {
            let mut examples = Examples::new(1);
            for &index in indices {
                let row = &pixels[index * PIXELS..(index + 1) * PIXELS];
                let input = row.iter().map(|p| ((p - mean) / deviation) as f32);
                examples.push(input, [f32::from(value(index, PIXELS))]);
            }
            examples
        };
        let (training, validation) = order.split_at(TRAINING_EXAMPLES);
        Box::new(ResidentTask { training: take(training), validation: take(validation) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_file_holds_the_data_of_the_source() {
        // As the source counts them.
        let count = |digit: u8| (0..EXAMPLES).filter(|&example| value(example, PIXELS) == digit).count();
        let counts: Vec<usize> = (0..10).map(count).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let file = FILE.bytes().unwrap();
        assert!(file[..PIXELS * EXAMPLES].iter().all(|&pixel| pixel <= 16));
        // FNV-1a.
        let sum = file.iter().fold(0xCBF2_9CE4_8422_2325, |sum: u64, &value| {
            (sum ^ u64::from(value)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        assert_eq!(sum, 0xDB14_24E3_C54E_905F);
        let data = Digits.generate(1);
        assert_eq!(data.validation().len(), 597);
    }
}
