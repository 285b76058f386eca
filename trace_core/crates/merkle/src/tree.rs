//! Where a hash stands in a tree, and a tree whose hashes all stand in memory.

use std::fmt;

use crate::{CompactRange, Hash, HashReader};

/// The root of the complete subtree over the leaves `[index · 2^level, (index + 1) · 2^level)`; at level 0 a
/// leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId {
    /// Levels above the leaves, at most 63.
    pub level: u8,
    /// Which one of its level, from the left.
    pub index: u64,
}

/// A hash that was asked for is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingNode(
    /// The node that is not there.
    pub NodeId,
);

impl fmt::Display for MissingNode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the hash at level {}, index {} is not there", self.0.level, self.0.index)
    }
}

impl std::error::Error for MissingNode {}

/// Every complete node of a tree, in two hashes' memory a leaf.
#[derive(Clone, Debug, Default)]
pub struct MemoryTree {
    levels: Vec<Vec<Hash>>,
    range: CompactRange,
}

impl MemoryTree {
    /// The tree with these leaves.
    #[must_use]
    pub fn from_leaf_hashes(leaf_hashes: &[Hash]) -> Self {
        let mut tree = Self::default();
        tree.append(leaf_hashes);
        tree
    }

    /// Appends leaves.
    pub fn append(&mut self, leaf_hashes: &[Hash]) {
        self.range.append_visiting(leaf_hashes, |first, hashes| {
            let level = usize::from(first.level);
            if self.levels.len() <= level {
                self.levels.resize_with(level + 1, Vec::new);
            }
            self.levels[level].extend_from_slice(hashes);
        });
    }

    /// Leaves in the tree.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.range.size()
    }

    /// The root of the tree.
    #[must_use]
    pub fn root_hash(&self) -> Hash {
        self.range.root_hash()
    }

    /// A complete node's hash, if the tree is large enough to have it.
    #[must_use]
    pub fn node(&self, node: NodeId) -> Option<Hash> {
        let level = self.levels.get(usize::from(node.level))?;
        level.get(usize::try_from(node.index).ok()?).copied()
    }
}

impl HashReader for MemoryTree {
    type Error = MissingNode;

    fn read_hashes(&self, nodes: &[NodeId]) -> Result<Vec<Hash>, MissingNode> {
        nodes.iter().map(|&node| self.node(node).ok_or(MissingNode(node))).collect()
    }
}
