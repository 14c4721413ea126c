//! The portable counter-based generator.
//!
//! Philox4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"): a value is a pure function of
//! (seed, purpose, index), so any backend, worker or machine draws the same bits in any order. Transcendental
//! functions come from the `libm` crate on every target: the ones of `std` differ in their last bits.

/// What a stream of random values is for. Streams of different purposes are independent for one seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Purpose {
    /// The hidden structure of a task: a teacher's weights, a split.
    Structure = 1,
    /// Inputs of training examples.
    TrainingInputs = 2,
    /// Inputs of validation examples.
    ValidationInputs = 3,
    /// Which examples make up the batch of a step.
    BatchOrder = 4,
    /// Initial values of parameters.
    Initialisation = 5,
    /// Which labels are noise, and what they become.
    Noise = 6,
}

/// A stream of random values for one seed and purpose, addressed by index.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    seed: u32,
    purpose: u32,
    part: u32,
}

const MULTIPLIER_0: u32 = 0xD251_1F53;
const MULTIPLIER_1: u32 = 0xCD9E_8D57;
const WEYL_0: u32 = 0x9E37_79B9;
const WEYL_1: u32 = 0xBB67_AE85;
const ROUNDS: usize = 10;

/// One block of Philox4x32-10.
fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..ROUNDS {
        let a = u64::from(MULTIPLIER_0) * u64::from(counter[0]);
        let b = u64::from(MULTIPLIER_1) * u64::from(counter[2]);
        counter = [(b >> 32) as u32 ^ counter[1] ^ key[0], b as u32, (a >> 32) as u32 ^ counter[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(WEYL_0), key[1].wrapping_add(WEYL_1)];
    }
    counter
}

impl Stream {
    /// The stream of `seed` for `purpose`; `part` distinguishes streams of one purpose (the parameters of a network, say).
    pub fn new(seed: u32, purpose: Purpose, part: u32) -> Self {
        Self { seed, purpose: purpose as u32, part }
    }

    fn block(&self, index: u64) -> [u64; 2] {
        let words = philox([index as u32, (index >> 32) as u32, self.part, 0], [self.seed, self.purpose]);
        [u64::from(words[0]) << 32 | u64::from(words[1]), u64::from(words[2]) << 32 | u64::from(words[3])]
    }

    /// A uniform integer in `0..bound`; `bound` is at least 1.
    pub fn below(&self, index: u64, bound: u32) -> u32 {
        // The multiply-shift bias is below 2^-32 for any bound.
        ((u128::from(self.block(index)[0]) * u128::from(bound)) >> 64) as u32
    }

    /// A uniform value in [0, 1).
    pub fn uniform(&self, index: u64) -> f64 {
        unit(self.block(index)[0])
    }

    /// Two independent standard normal values (Box and Muller 1958).
    pub fn normal_pair(&self, index: u64) -> [f64; 2] {
        let [a, b] = self.block(index);
        // 1 - u is in (0, 1], so the logarithm is finite.
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - unit(a)));
        let angle = 2.0 * std::f64::consts::PI * unit(b);
        [radius * libm::cos(angle), radius * libm::sin(angle)]
    }

    /// Fills `out` with normal values of the given standard deviation, starting at an even value index `first`.
    pub fn fill_normal(&self, first: u64, standard_deviation: f64, out: &mut [f32]) {
        debug_assert!(first.is_multiple_of(2));
        for (pair, values) in out.chunks_mut(2).enumerate() {
            let drawn = self.normal_pair(first / 2 + pair as u64);
            for (value, normal) in values.iter_mut().zip(drawn) {
                *value = (normal * standard_deviation) as f32;
            }
        }
    }
}

fn unit(word: u64) -> f64 {
    (word >> 11) as f64 / (1u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn philox_matches_the_known_answers_of_random123() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        assert_eq!(
            philox([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0]),
            [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]
        );
    }

    #[test]
    fn normals_have_the_moments_of_a_standard_normal() {
        let stream = Stream::new(3, Purpose::Initialisation, 0);
        let mut values = vec![0f32; 100_000];
        stream.fill_normal(0, 1.0, &mut values);
        let count = values.len() as f64;
        let mean = values.iter().map(|&v| f64::from(v)).sum::<f64>() / count;
        let variance = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / count;
        let fourth = values.iter().map(|&v| f64::from(v).powi(4)).sum::<f64>() / count;
        assert!(mean.abs() < 0.01, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
        assert!((fourth - 3.0).abs() < 0.1, "{fourth}");
    }

    #[test]
    fn integers_below_a_bound_are_uniform() {
        let stream = Stream::new(1, Purpose::BatchOrder, 0);
        let mut counts = [0u32; 7];
        for index in 0..70_000 {
            counts[stream.below(index, 7) as usize] += 1;
        }
        assert!(counts.iter().all(|&count| (9_500..10_500).contains(&count)), "{counts:?}");
    }
}
