//! The file of the digits: compressed by a model of handwriting that learns as it reads.
//!
//! An arithmetic coder (Witten, Neal and Cleary 1987, "Arithmetic coding for data compression") turns yes-or-no decisions
//! into bytes, each at the cost that its probability asks for. The probabilities are mixed (Mahoney 2013, "Data Compression
//! Explained", context mixing) from counts of what followed in like surroundings and from a guess of the pixel by earlier
//! examples of the same digit. One routine, [`walk`], drives reader and writer, so both meet the same probabilities.
//! Logarithms and exponentials come from `libm` and the rest is single operations: the same bits everywhere. The constants
//! are those that made the file smallest; whoever changes one has to write the file anew.

const SIDE: usize = 8;
const PIXELS: usize = SIDE * SIDE;
const LARGEST_LABEL: u8 = 9;
/// The values of an example: its label, then its pixels (0 to 16) row by row.
pub(super) const VALUES: usize = 1 + PIXELS;

/// A pixel's and a label's contexts, each with counts of its own.
const CONTEXTS: usize = 6;
/// What is mixed: the evidence of every context, that of the guess, and a constant.
const INPUTS: usize = CONTEXTS + 2;
/// The decisions that make up a value: for each threshold from 1 to 16, whether the value reaches it.
const DECISIONS: usize = 16;
const SLOT_BITS: u32 = 16;
const LARGEST_COUNT: u16 = 4000;
/// The sets of mixing weights: by the guess, then by the place in the image, then two for labels.
const SETS_OF_GUESS: usize = 6;
const SETS: usize = SETS_OF_GUESS + PIXELS + 2;

/// Mixes the probability of each decision from counts and learns from the outcome.
struct Mixer {
    /// How often a decision in a context fell no and yes.
    counts: Vec<[u16; 2]>,
    weights: Vec<[f32; INPUTS]>,
    /// The logarithms of counts.
    logarithms: Vec<f32>,
}

impl Mixer {
    fn new() -> Self {
        let mut weights = [0.07; INPUTS];
        weights[CONTEXTS..].copy_from_slice(&[0.12, 0.0]);
        Self {
            counts: vec![[0; 2]; DECISIONS << SLOT_BITS],
            weights: vec![weights; SETS * DECISIONS],
            // Added to a count so that what has not been seen is not thought impossible.
            logarithms: (0..=LARGEST_COUNT).map(|count| libm::log(f64::from(count) + 0.4) as f32).collect(),
        }
    }

    /// Codes one value by halving what it can be; 0 and 16, the commonest, are asked for first.
    fn value(
        &mut self,
        contexts: [u32; CONTEXTS],
        sets: [usize; 2],
        guess: f32,
        value: u8,
        code: &mut impl FnMut(u32, bool) -> bool,
    ) -> u8 {
        // Two contexts may fall on one slot; that costs a few bytes and no correctness.
        let slots: [usize; CONTEXTS] = std::array::from_fn(|i| {
            let context = contexts[i] * CONTEXTS as u32 + i as u32;
            (context.wrapping_mul(0x9E37_79B1) >> (32 - SLOT_BITS)) as usize * DECISIONS
        });
        let (mut low, mut high) = (0, DECISIONS);
        while low < high {
            let threshold = match (low, high) {
                (0, _) => 1,
                (_, DECISIONS) => DECISIONS,
                _ => (low + high).div_ceil(2),
            };
            let decision = threshold - 1;
            let mut inputs = [1.0; INPUTS];
            for (input, slot) in inputs.iter_mut().zip(slots) {
                let [no, yes] = self.counts[slot + decision];
                *input = self.logarithms[usize::from(yes)] - self.logarithms[usize::from(no)];
            }
            inputs[CONTEXTS] = (guess + 0.5 - threshold as f32) * 0.4;

            let sets = sets.map(|set| set * DECISIONS + decision);
            let evidence: f32 =
                (0..INPUTS).map(|i| inputs[i] * (self.weights[sets[0]][i] + self.weights[sets[1]][i])).sum();
            let probability = 1.0 / (1.0 + libm::expf(-evidence));
            let yes = code(((probability * 65536.0) as u32).clamp(24, 65512), usize::from(value) >= threshold);

            let step = (f32::from(u8::from(yes)) - probability) * 0.005;
            for set in sets {
                for (weight, input) in self.weights[set].iter_mut().zip(inputs) {
                    *weight += step * input;
                }
            }
            for slot in slots {
                let counts = &mut self.counts[slot + decision];
                counts[usize::from(yes)] += 1;
                if counts[usize::from(yes)] == LARGEST_COUNT {
                    *counts = counts.map(|count| count / 2);
                }
            }
            if yes {
                low = threshold;
            } else {
                high = threshold - 1;
            }
        }
        low as u8
    }
}

/// The width of an image with a blank margin of two to the right, which is the left margin of the next row as well.
const STRIDE: usize = SIDE + 2;
/// How far back in such an image the neighbours of a pixel lie that are known before it: left, above, above to the right,
/// above to the left, and three farther ones.
const NEIGHBOURS: [usize; 7] = [1, STRIDE, STRIDE - 1, STRIDE + 1, 2, 2 * STRIDE, STRIDE - 2];

/// Goes through the values of all examples in order. `code` is told of each decision the probability of yes (of 65,536) and
/// what the values say, and answers what holds; the values become what it answered.
fn walk(values: &mut [u8], mut code: impl FnMut(u32, bool) -> bool) {
    let mut mixer = Mixer::new();
    // Of every digit the earlier examples, pixel by pixel.
    let mut earlier = vec![Vec::<f32>::new(); (1 + usize::from(LARGEST_LABEL)) * PIXELS];
    let mut last_labels = 0u32;

    for example in values.chunks_exact_mut(VALUES) {
        // The last label, the last two, and so on; the writers wrote the digits in one order.
        let contexts = std::array::from_fn(|i| 1 << 25 | last_labels & ((1 << (4 * i)) - 1));
        let label = mixer.value(contexts, [SETS - 2, SETS - 1], 0.0, example[0], &mut code).min(LARGEST_LABEL);
        example[0] = label;
        last_labels = last_labels << 4 | u32::from(label);

        let planes = &mut earlier[usize::from(label) * PIXELS..][..PIXELS];
        // By how much the earlier examples of the digit differ from what is known of this one.
        let mut differences = vec![0.0; planes[0].len()];
        let mut image = [0u8; (SIDE + 2) * STRIDE + 2];
        // By how much each pixel lay above its mean in those.
        let mut surprises = [0.0; (SIDE + 2) * STRIDE + 2];
        for (place, (value, plane)) in example[1..].iter_mut().zip(planes).enumerate() {
            let at = (place / SIDE + 2) * STRIDE + place % SIDE + 2;
            // Mean and spread of the pixel in earlier examples, of which those count most that are alike and recent:
            // a writer's digits follow one another.
            let (mut total, mut first, mut second) = (1e-5, 4e-5, 3e-4);
            let recent = 5.0 + plane.len() as f32;
            for (index, (pixel, difference)) in plane.iter().zip(&differences).enumerate() {
                let far = 1.0 + 0.1 * difference;
                let share = 0.1 / (far * far * far * far * (recent - index as f32));
                total += share;
                first += share * pixel;
                second += share * pixel * pixel;
            }
            let mean = first / total;
            let spread = (second / total - mean * mean).max(0.0).sqrt();

            let guess = mean + 0.2 * surprises[at - 1] + 0.3 * surprises[at - STRIDE];
            let guess = guess.clamp(-2.0, 18.0);

            let last = plane.last().copied().unwrap_or_default();
            let in_steps = |value: f32, steps: f32| ((value + 2.0) * steps) as u32;
            let levels = |neighbours: &[usize]| {
                let level = |value: u8| [1, 5, 12, 16].iter().filter(|&&least| value >= least).count() as u32;
                neighbours.iter().fold(0, |all, back| all * 5 + level(image[at - back]))
            };
            let touching = levels(&NEIGHBOURS[..4]);
            let contexts = [
                in_steps(guess, 2.0) * 25 + touching / 25,
                in_steps(guess, 2.0) * 16 + in_steps(spread, 0.75),
                in_steps(mean, 2.0) * 16 + in_steps(spread, 1.5),
                levels(&NEIGHBOURS),
                touching / 5 * 64 + place as u32,
                u32::from(image[at - 1]) * 17 + last as u32,
            ];
            let sets = [in_steps(guess, 0.25) as usize, SETS_OF_GUESS + place];
            *value = mixer.value(contexts, sets, guess, *value, &mut code);
            image[at] = *value;

            let pixel = f32::from(*value);
            surprises[at] = pixel - mean;
            for (difference, earlier) in differences.iter_mut().zip(&*plane) {
                *difference = 0.87 * *difference + 0.5 * (earlier - pixel) * (earlier - pixel);
            }
            plane.push(pixel);
        }
    }
}

/// The interval of the arithmetic coder, its ends included. Bytes that the ends share are settled.
struct Interval {
    low: u32,
    high: u32,
}

impl Interval {
    const ALL: Self = Self { low: 0, high: u32::MAX };

    /// The last number that means yes.
    fn middle(&self, probability: u32) -> u32 {
        self.low + ((u64::from(self.high - self.low) * u64::from(probability)) >> 16) as u32
    }

    fn take(&mut self, yes: bool, middle: u32) {
        if yes {
            self.high = middle;
        } else {
            self.low = middle + 1;
        }
    }

    /// Drops the first byte where both ends share it.
    fn settle(&mut self) -> bool {
        let settled = self.low >> 24 == self.high >> 24;
        if settled {
            self.low <<= 8;
            self.high = self.high << 8 | 0xFF;
        }
        settled
    }
}

/// The values of `examples` examples from a compressed file. A damaged file gives wrong values of the right kind.
pub(super) fn read(file: &[u8], examples: usize) -> Vec<u8> {
    let mut values = vec![0; examples * VALUES];
    let mut bytes = file.iter().copied().chain(std::iter::repeat(0));
    let mut next = |number: u32| number << 8 | u32::from(bytes.next().unwrap_or_default());
    let mut number = (0..4).fold(0, |number, _| next(number));
    let mut interval = Interval::ALL;
    walk(&mut values, |probability, _| {
        let middle = interval.middle(probability);
        let yes = number <= middle;
        interval.take(yes, middle);
        while interval.settle() {
            number = next(number);
        }
        yes
    });
    values
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, Stream};

    /// The compressed file of these values.
    fn write(values: &[u8]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut interval = Interval::ALL;
        walk(&mut values.to_vec(), |probability, yes| {
            let middle = interval.middle(probability);
            interval.take(yes, middle);
            let mut first = interval.low.to_be_bytes()[0];
            while interval.settle() {
                file.push(first);
                first = interval.low.to_be_bytes()[0];
            }
            yes
        });
        // Past its end a file reads as zeros: the first byte above the lower end's is enough.
        file.push(interval.high.to_be_bytes()[0]);
        file
    }

    fn drawn(examples: usize, seed: u32) -> Vec<u8> {
        let stream = Stream::new(seed, Purpose::Structure, 0);
        (0..examples * VALUES).map(|i| stream.below(i as u64, if i % VALUES == 0 { 10 } else { 17 }) as u8).collect()
    }

    #[test]
    fn the_shipped_file_is_what_the_model_writes() {
        let shipped = include_bytes!("digits.bin");
        let values = read(shipped, 1797);
        assert!(write(&values) == shipped);
        // Pixel by pixel, then the labels: the check sum (FNV-1a) of the data as they were before they were compressed.
        let order = (1..VALUES).chain([0]).flat_map(|at| values.iter().skip(at).step_by(VALUES));
        let sum = order.fold(0xCBF2_9CE4_8422_2325, |sum: u64, &value| {
            (sum ^ u64::from(value)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        assert_eq!(sum, 0xDB14_24E3_C54E_905F);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for (examples, seed) in [(0, 1), (1, 2), (2, 3), (40, 4)] {
            let values = drawn(examples, seed);
            assert_eq!(read(&write(&values), examples), values);
        }
        // Enough of one kind that counts are halved, and pixels at both ends of their range.
        for pixel in [0, 16] {
            let values: Vec<u8> = (0..200 * VALUES).map(|i| if i % VALUES == 0 { 9 } else { pixel }).collect();
            let file = write(&values);
            assert!(file.len() < 300);
            assert_eq!(read(&file, 200), values);
        }
    }

    #[test]
    fn a_damaged_file_gives_values_of_the_right_kind() {
        let examples = 60;
        let shipped = include_bytes!("digits.bin");
        let mut files = vec![Vec::new(), vec![0xFF; 5000], shipped[..100].to_vec(), shipped[1..].to_vec()];
        for at in [0, 1, 50, 500] {
            let mut altered = shipped.to_vec();
            altered[at] ^= 0x55;
            files.push(altered);
        }
        // Bytes that follow no model.
        files.push(drawn(100, 5).into_iter().map(|value| value.wrapping_mul(151)).collect());
        for file in files {
            let values = read(&file, examples);
            assert_eq!(values.len(), examples * VALUES);
            for example in values.chunks_exact(VALUES) {
                assert!(example[0] <= LARGEST_LABEL && example[1..].iter().all(|&pixel| pixel <= 16));
            }
        }
    }
}
