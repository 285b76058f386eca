//! A seeded stream of numbers: `SplitMix64` (Steele, Lea and Flood, 2014).
//!
//! Not for secrets. It is our own because the bytes we print must stay the same for ever, and no
//! dependency promises that.

/// One stream of numbers; the same seed and stream give the same numbers on every machine.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    /// Streams of one seed are independent of each other for our purposes.
    pub(crate) fn new(seed: u64, stream: u64) -> Self {
        Self(mix(seed ^ mix(stream.wrapping_add(GOLDEN))))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// A number with 0 ≤ n < `bound`; 0 when `bound` is 0. Its bias, below `bound` / 2³², is not seen.
    pub(crate) fn below(&mut self, bound: u32) -> u32 {
        (((self.next() >> 32) * u64::from(bound)) >> 32) as u32
    }

    /// A number with `low` ≤ n ≤ `high`, small enough to count the things of one story.
    pub(crate) fn few(&mut self, low: u16, high: u16) -> u16 {
        low + (self.below(u32::from(high - low) + 1) & 0xFFFF) as u16
    }

    /// A number with `low` ≤ n ≤ `high`.
    pub(crate) fn between(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// One of `choices`, which are never none.
    pub(crate) fn choose<T>(&mut self, choices: &'static [T]) -> &'static T {
        let bound = u32::try_from(choices.len()).unwrap_or(u32::MAX);
        &choices[self.below(bound) as usize]
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::Random;

    /// The reference vector of `SplitMix64` for seed 1234567 (Rosetta Code, and many libraries).
    #[test]
    fn next_reference_seed_gives_reference_numbers() {
        let mut random = Random(1_234_567);
        let numbers = [random.next(), random.next(), random.next()];
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!(numbers, expected);
    }

    #[test]
    fn between_small_range_reaches_every_number() {
        let mut random = Random::new(1, 2);
        let mut seen = [0; 6];
        for _ in 0..600 {
            seen[random.between(0, 5) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| n > 50), "{seen:?}");
    }
}
