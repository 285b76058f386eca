//! A fast hash for the maps of one capture.
//!
//! Whoever sends a capture chooses what is looked up in them, and must not be able to choose what falls together:
//! the hash has a key of 16 random bytes of this capture alone, which derives from its seed and which nobody outside
//! learns. Where two fall together all the same, the map compares them, and is slower by that.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};

/// A map by the keyed hash.
pub(crate) type KeyedMap<K, V> = HashMap<K, V, Key>;

/// The key of one capture.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Key([u64; 2]);

/// From the seed of the capture: what no event's secret is, as there are far fewer events.
const DOMAIN: [u8; 8] = [0xff; 8];

impl Key {
    pub(crate) fn of(seed: &[u8; 32]) -> Self {
        let digest = sha256::digest(&[seed.as_slice(), &DOMAIN].concat());
        let (words, _) = digest.as_chunks::<8>();
        Self([u64::from_le_bytes(words[0]), u64::from_le_bytes(words[1])])
    }

    /// The hash of some bytes of a kind.
    pub(crate) fn hash(self, kind: u64, bytes: &[u8]) -> u64 {
        let mut hasher = KeyedHasher { key: self.0, state: self.0[0] ^ kind };
        hasher.write(bytes);
        hasher.finish()
    }
}

impl BuildHasher for Key {
    type Hasher = KeyedHasher;

    fn build_hasher(&self) -> KeyedHasher {
        KeyedHasher { key: self.0, state: self.0[0] }
    }
}

pub(crate) struct KeyedHasher {
    key: [u64; 2],
    state: u64,
}

impl KeyedHasher {
    fn mix(&mut self, first: u64, second: u64) {
        self.state = folded(first ^ self.state, second ^ self.key[1]);
    }
}

impl Hasher for KeyedHasher {
    fn write(&mut self, bytes: &[u8]) {
        let (pairs, rest) = bytes.as_chunks::<16>();
        let word = |bytes: &[u8; 16], half: usize| u64::from_le_bytes(bytes.as_chunks::<8>().0[half]);
        for pair in pairs {
            self.mix(word(pair, 0), word(pair, 1));
        }
        let mut last = [0; 16];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(word(&last, 0), word(&last, 1) ^ (bytes.len() as u64) << 56);
    }

    fn finish(&self) -> u64 {
        folded(self.state, self.key[0] | 1)
    }
}

/// Both halves of a product, together.
fn folded(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    let [low, high] = [product, product >> 64].map(|half| u64::try_from(half & u128::from(u64::MAX)));
    low.unwrap_or_default() ^ high.unwrap_or_default()
}
