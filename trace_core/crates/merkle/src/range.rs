//! A tree as the few hashes that are needed to make it grow.

use std::borrow::Cow;
use std::fmt;

use crate::{EMPTY_ROOT, Hash, NodeId, TREE_SIZE_MAX, node_hash};

/// The leaves `[0, size)` as the roots of the complete subtrees that they split into: one for each bit that
/// is set in `size`, from the largest subtree to the smallest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CompactRange {
    size: u64,
    hashes: Vec<Hash>,
}

/// Why hashes are not a compact range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RangeError {
    /// There is no tree as large.
    TooLarge {
        /// Leaves asked for.
        size: u64,
    },
    /// There must be one hash for each bit that is set in the size.
    HashCount {
        /// Hashes that the size needs.
        expected: usize,
        /// Hashes given.
        actual: usize,
    },
}

impl fmt::Display for RangeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { size } => write!(formatter, "no tree has {size} leaves"),
            Self::HashCount { expected, actual } => {
                write!(formatter, "a compact range of this size has {expected} hashes, not {actual}")
            }
        }
    }
}

impl std::error::Error for RangeError {}

impl CompactRange {
    /// The range with these hashes, as [`hashes`](Self::hashes) gave them.
    ///
    /// # Errors
    /// If `size` is over [`TREE_SIZE_MAX`] or does not have as many bits set as there are hashes.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<Self, RangeError> {
        let expected = size.count_ones() as usize;
        if size > TREE_SIZE_MAX {
            Err(RangeError::TooLarge { size })
        } else if hashes.len() != expected {
            Err(RangeError::HashCount { expected, actual: hashes.len() })
        } else {
            Ok(Self { size, hashes })
        }
    }

    /// Leaves in the range.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// At most 63 hashes, from the largest complete subtree to the smallest.
    #[must_use]
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// The root of the tree with these leaves. Costs one node hash for each bit set in `size`.
    #[must_use]
    pub fn root_hash(&self) -> Hash {
        join(&self.hashes)
    }

    /// Appends leaves. Costs one node hash a leaf; those of one level are hashed together, so one call for
    /// many leaves is several times faster than many calls.
    pub fn append(&mut self, leaf_hashes: &[Hash]) {
        self.append_visiting(leaf_hashes, |_, _| ());
    }

    /// [`append`](Self::append), and shows `visit` every node that becomes complete: level by level from the
    /// leaves up, the first node of the level and the hashes from there on. A level without new nodes is not
    /// shown.
    pub fn append_visiting(&mut self, leaf_hashes: &[Hash], mut visit: impl FnMut(NodeId, &[Hash])) {
        let mut unpaired = Vec::new();
        let mut nodes = Cow::Borrowed(leaf_hashes);
        for level in 0.. {
            if nodes.is_empty() {
                break;
            }
            let first = NodeId { level, index: self.size >> level };
            visit(first, &nodes);
            let mut parents = Vec::with_capacity(nodes.len() / 2 + 1);
            let mut rest = &*nodes;
            // An odd index means that the left sibling of our first node has waited for it.
            if first.index % 2 == 1
                && let Some(left) = self.hashes.pop()
                && let Some((right, others)) = rest.split_first()
            {
                parents.push(node_hash(&left, right));
                rest = others;
            }
            let (pairs, last) = rest.split_at(rest.len() & !1);
            let joined = parents.len();
            parents.resize(joined + pairs.len() / 2, Hash::default());
            sha256::node_hashes(pairs, &mut parents[joined..]);
            unpaired.extend_from_slice(last);
            nodes = Cow::Owned(parents);
        }
        self.hashes.extend(unpaired.into_iter().rev());
        self.size += leaf_hashes.len() as u64;
    }
}

/// The root over complete subtrees that shrink from left to right.
pub(crate) fn join(hashes: &[Hash]) -> Hash {
    hashes.iter().rev().copied().reduce(|right, left| node_hash(&left, &right)).unwrap_or(EMPTY_ROOT)
}
