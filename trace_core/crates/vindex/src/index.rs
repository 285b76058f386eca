//! The index: tokens of log entries go in, roots and proofs come out.

use std::fmt;

use crate::bucket::Buckets;
use crate::chain::Occurrence;
use crate::forest::{FOREST_LEAVES, Forest};
use crate::proof::LookupProof;
use crate::trie::{first_difference, is_right, key_of, mask_of};
use crate::upper::Upper;
use crate::{Hash, Token};

/// Entries that an index can have seen: as many as the largest tree of the log has leaves.
pub const INDEX_SIZE_MAX: u64 = i64::MAX as u64;

/// Tokens of a batch that go through all steps at a time, so that the leaves around them stay in a core's second
/// cache.
const TOKENS_TOGETHER: usize = 512;

/// All tokens of the first entries of a log, each with the chain over the leaf indexes that carry it.
///
/// 72 to 86 bytes a token were measured, of which 48 are the token and its chain. Only the nodes above buckets of
/// some eight tokens are kept; those within are hashed again when one of their tokens occurs.
#[derive(Clone, Debug)]
pub struct Index {
    size: u64,
    buckets: Buckets,
    upper: Upper,
}

/// Why a batch is refused; the index stays as it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AppendError {
    /// The batch does not go on where the index ends.
    NotNext {
        /// The first leaf index that the index has not seen.
        expected: u64,
        /// The batch's first.
        actual: u64,
    },
    /// The tokens of an entry do not ascend, or one stands twice.
    TokensOutOfOrder {
        /// The entry's leaf index.
        leaf_index: u64,
    },
    /// There would be more than [`INDEX_SIZE_MAX`] entries.
    TooMany,
}

impl fmt::Display for AppendError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNext { expected, actual } => {
                write!(formatter, "the next entry is {expected}, not {actual}")
            }
            Self::TokensOutOfOrder { leaf_index } => {
                write!(formatter, "the tokens of entry {leaf_index} are out of order")
            }
            Self::TooMany => write!(formatter, "an index has at most {INDEX_SIZE_MAX} entries"),
        }
    }
}

impl std::error::Error for AppendError {}

impl Default for Index {
    fn default() -> Self {
        Self::new()
    }
}

impl Index {
    /// Of a log without entries.
    #[must_use]
    pub fn new() -> Self {
        Self { size: 0, buckets: Buckets::new(), upper: Upper::new(0) }
    }

    /// From what a snapshot holds.
    pub(crate) fn from_buckets(size: u64, buckets: Buckets) -> Self {
        let mut index = Self { size, upper: Upper::new(buckets.depth()), buckets };
        index.rehash_all();
        index
    }

    /// Entries seen so far: the size of the log's tree that [`root`](Self::root) stands beside.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Different tokens.
    #[must_use]
    pub fn len(&self) -> usize {
        self.buckets.len()
    }

    /// Whether there is no token.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Commits to the history of every token.
    #[must_use]
    pub fn root(&self) -> Hash {
        self.upper.root()
    }

    pub(crate) fn buckets(&self) -> &Buckets {
        &self.buckets
    }

    /// Adds the entries from `first_leaf_index` on, each by its tokens, which ascend. What changes is hashed
    /// once for all of them: a large batch costs about a microsecond a token, one entry alone four.
    ///
    /// # Errors
    /// If `first_leaf_index` is not [`size`](Self::size), or the tokens of an entry do not ascend.
    pub fn append<E: AsRef<[Token]>>(
        &mut self,
        first_leaf_index: u64,
        entries: &[E],
    ) -> Result<(), AppendError> {
        if first_leaf_index != self.size {
            return Err(AppendError::NotNext { expected: self.size, actual: first_leaf_index });
        }
        let size = self.size.checked_add(entries.len() as u64).filter(|size| *size <= INDEX_SIZE_MAX);
        let size = size.ok_or(AppendError::TooMany)?;
        let occurrences = occurrences(first_leaf_index, entries)?;
        let runs: Vec<_> = occurrences.chunk_by(|one, other| one.key == other.key).collect();
        // Some of the runs' tokens may be here already: then there are up to twice the buckets needed.
        let are_all_changed = self.buckets.make_room(self.len() + runs.len());
        let mut changed = Vec::with_capacity(runs.len());
        let mut forest = Forest::default();
        let mut rest = &*runs;
        while !rest.is_empty() {
            let (runs, others) = rest.split_at(self.together(rest));
            self.buckets.extend(runs);
            if !are_all_changed {
                let first_changed = changed.len();
                changed.extend(runs.iter().map(|run| self.buckets.bucket_of(run[0].key)));
                changed.dedup();
                self.rehash_buckets(&changed[first_changed..], &mut forest);
            }
            rest = others;
        }
        if are_all_changed {
            self.rehash_all();
        } else {
            self.upper.rehash(&changed);
        }
        self.size = size;
        Ok(())
    }

    /// How many runs to take at a time: not fewer than all that go into one bucket.
    fn together(&self, runs: &[&[Occurrence]]) -> usize {
        let Some(last) = runs.get(TOKENS_TOGETHER) else { return runs.len() };
        let bucket = self.buckets.bucket_of(last[0].key);
        runs.partition_point(|run| self.buckets.bucket_of(run[0].key) <= bucket)
    }

    fn rehash_all(&mut self) {
        self.upper = Upper::new(self.buckets.depth());
        let full: Vec<usize> =
            (0..self.buckets.count()).filter(|&bucket| !self.buckets.leaves(bucket).is_empty()).collect();
        self.rehash_buckets(&full, &mut Forest::default());
        self.upper.rehash(&full);
    }

    /// Hashes buckets that are not empty, but nothing above them.
    fn rehash_buckets(&mut self, buckets: &[usize], forest: &mut Forest) {
        let mut first = 0;
        for (position, &bucket) in buckets.iter().enumerate() {
            forest.plant(self.buckets.leaves(bucket));
            if forest.leaf_count() >= FOREST_LEAVES || position + 1 == buckets.len() {
                for (&bucket, root) in buckets[first..].iter().zip(forest.harvest()) {
                    self.upper.set(bucket, root);
                }
                first = position + 1;
            }
        }
    }

    /// The proof of a token's history, if it has one, and else that it does not occur. Reads no more than one
    /// bucket and a hash for each level above.
    #[must_use]
    pub fn prove(&self, token: &Token) -> LookupProof {
        let key = key_of(token);
        let (mut split_bits, mut siblings) = (0, Vec::new());
        let bucket = self.upper.walk(key, |bit, sibling| {
            split_bits |= mask_of(bit);
            siblings.push(sibling);
        });
        let mut leaves = self.buckets.leaves(bucket);
        let mut forest = Forest::default();
        while let [first, .., last] = leaves {
            let bit = first_difference(first.key, last.key);
            let (left, right) = leaves.split_at(leaves.partition_point(|leaf| !is_right(leaf.key, bit)));
            let (own, other) = if is_right(key, bit) { (right, left) } else { (left, right) };
            split_bits |= mask_of(bit);
            forest.plant(other);
            leaves = own;
        }
        siblings.extend(forest.harvest());
        siblings.reverse();
        match leaves.first() {
            Some(leaf) => LookupProof::new(key, *leaf, split_bits, siblings),
            None => LookupProof::empty(),
        }
    }
}

/// What the entries carry, by token.
fn occurrences<E: AsRef<[Token]>>(
    first_leaf_index: u64,
    entries: &[E],
) -> Result<Vec<Occurrence>, AppendError> {
    let mut occurrences = Vec::with_capacity(entries.iter().map(|entry| entry.as_ref().len()).sum());
    for (leaf_index, entry) in (first_leaf_index..).zip(entries) {
        if !entry.as_ref().is_sorted_by(|one, other| one < other) {
            return Err(AppendError::TokensOutOfOrder { leaf_index });
        }
        let occurrence = |token| Occurrence { key: key_of(token), leaf_index };
        occurrences.extend(entry.as_ref().iter().map(occurrence));
    }
    occurrences.sort_unstable();
    Ok(occurrences)
}
