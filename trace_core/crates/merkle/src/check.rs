//! Checks that a proof holds, from its arguments alone.

use std::fmt;

use crate::path::{Role, Step, is_subtree, steps};
use crate::{EMPTY_ROOT, Hash, node_hash};

/// Why a proof does not hold, or cannot exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// No tree of this size has this leaf.
    NoSuchLeaf {
        /// The leaf asked for, from 0.
        leaf_index: u64,
        /// Leaves in the tree.
        tree_size: u64,
    },
    /// The older tree is empty, which every tree is consistent with, or larger than the newer one.
    NoSuchGrowth {
        /// Leaves in the older tree.
        old_size: u64,
        /// Leaves in the newer tree.
        new_size: u64,
    },
    /// `start` is not a multiple of the smallest power of two that is at least `end - start`, or the tree
    /// ends before `end`, or there is no leaf where one is needed.
    NoSuchSubtree {
        /// First leaf of the subtree.
        start: u64,
        /// The leaf after the last one of the subtree.
        end: u64,
        /// Leaves in the tree.
        tree_size: u64,
    },
    /// The sizes alone say how many hashes a proof has.
    WrongLength {
        /// Hashes that the proof must have.
        expected: usize,
        /// Hashes that it has.
        actual: usize,
    },
    /// The proof leads to another root than the one given.
    WrongRoot,
    /// The proof leads to another root of the older tree, or of the subtree, than the one given.
    WrongOldRoot,
}

impl fmt::Display for ProofError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchLeaf { leaf_index, tree_size } => {
                write!(formatter, "a tree of {tree_size} leaves has no leaf {leaf_index}")
            }
            Self::NoSuchGrowth { old_size, new_size } => {
                write!(formatter, "nothing proves that a tree grew from {old_size} to {new_size} leaves")
            }
            Self::NoSuchSubtree { start, end, tree_size } => {
                write!(formatter, "a tree of {tree_size} leaves has no subtree [{start}, {end})")
            }
            Self::WrongLength { expected, actual } => {
                write!(formatter, "the proof must have {expected} hashes, not {actual}")
            }
            Self::WrongRoot => write!(formatter, "the proof leads to another root"),
            Self::WrongOldRoot => write!(formatter, "the proof leads to another old root"),
        }
    }
}

impl std::error::Error for ProofError {}

/// Checks that `leaf_hash` is leaf `leaf_index` of the tree; RFC 9162 §2.1.3.2.
///
/// That `root_hash` and `tree_size` are the log's is for the caller to check.
///
/// # Errors
/// If it is not so: see [`ProofError`].
pub fn check_inclusion(
    leaf_hash: &Hash,
    leaf_index: u64,
    tree_size: u64,
    root_hash: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    replay(&inclusion_steps(leaf_index, tree_size)?, leaf_hash, root_hash, proof)
}

/// The root hash that an inclusion proof leads to, for proofs whose root is signed and not sent: only with that
/// signature does it mean anything.
///
/// # Errors
/// If the tree has no such leaf, or its proof another length.
pub fn inclusion_root(
    leaf_hash: &Hash,
    leaf_index: u64,
    tree_size: u64,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    roots(&inclusion_steps(leaf_index, tree_size)?, leaf_hash, proof).map(|(_, tree)| tree)
}

/// Checks that the tree of `old_size` leaves is the beginning of the one of `new_size`; RFC 9162 §2.1.4.2.
///
/// # Errors
/// If it is not so, or `old_size` is 0: a tree without leaves says nothing about a later one.
pub fn check_consistency(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    replay(&consistency_steps(old_size, new_size)?, old_root, new_root, proof)
}

/// The newer root hash that a consistency proof leads to from the older one: see [`inclusion_root`].
///
/// # Errors
/// Those of [`check_consistency`], but for `WrongRoot`.
pub fn consistency_root(
    old_size: u64,
    new_size: u64,
    old_root: &Hash,
    proof: &[Hash],
) -> Result<Hash, ProofError> {
    let (old, new) = roots(&consistency_steps(old_size, new_size)?, old_root, proof)?;
    if old == *old_root { Ok(new) } else { Err(ProofError::WrongOldRoot) }
}

/// Checks that `leaf_hash` is leaf `leaf_index` of the tree that `subtree_root` is the root of, by itself.
///
/// # Errors
/// If it is not so: see [`ProofError`].
pub fn check_subtree_inclusion(
    leaf_hash: &Hash,
    leaf_index: u64,
    (start, end): (u64, u64),
    subtree_root: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if !is_subtree(start, end) {
        return Err(ProofError::NoSuchSubtree { start, end, tree_size: end });
    }
    match leaf_index.checked_sub(start) {
        Some(index) => check_inclusion(leaf_hash, index, end - start, subtree_root, proof),
        None => Err(ProofError::NoSuchLeaf { leaf_index, tree_size: end }),
    }
}

/// Checks that `subtree_root` is the root over the leaves `[start, end)` of the tree. A subtree without
/// leaves belongs to every tree that does not end before it.
///
/// # Errors
/// If it is not so: see [`ProofError`].
pub fn check_subtree_consistency(
    (start, end): (u64, u64),
    tree_size: u64,
    subtree_root: &Hash,
    root_hash: &Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if start == end && end <= tree_size {
        check_length(&[], proof)?;
        return if *subtree_root == EMPTY_ROOT { Ok(()) } else { Err(ProofError::WrongOldRoot) };
    }
    replay(&steps(start, end, tree_size)?, subtree_root, root_hash, proof)
}

/// The steps from a leaf to the root.
pub(crate) fn inclusion_steps(leaf_index: u64, tree_size: u64) -> Result<Vec<Step>, ProofError> {
    if leaf_index >= tree_size {
        return Err(ProofError::NoSuchLeaf { leaf_index, tree_size });
    }
    steps(leaf_index, leaf_index + 1, tree_size)
}

/// The steps from an older tree to the newer root.
pub(crate) fn consistency_steps(old_size: u64, new_size: u64) -> Result<Vec<Step>, ProofError> {
    if old_size == 0 || old_size > new_size {
        return Err(ProofError::NoSuchGrowth { old_size, new_size });
    }
    steps(0, old_size, new_size)
}

fn check_length(steps: &[Step], proof: &[Hash]) -> Result<(), ProofError> {
    if steps.len() == proof.len() {
        Ok(())
    } else {
        Err(ProofError::WrongLength { expected: steps.len(), actual: proof.len() })
    }
}

/// Walks up from the subtree along the proof, and compares both roots that it leads to.
fn replay(steps: &[Step], subtree_root: &Hash, root_hash: &Hash, proof: &[Hash]) -> Result<(), ProofError> {
    let (subtree, tree) = roots(steps, subtree_root, proof)?;
    if tree != *root_hash {
        Err(ProofError::WrongRoot)
    } else if subtree != *subtree_root {
        Err(ProofError::WrongOldRoot)
    } else {
        Ok(())
    }
}

/// The roots of the subtree and of the tree that a proof leads to.
fn roots(steps: &[Step], subtree_root: &Hash, proof: &[Hash]) -> Result<(Hash, Hash), ProofError> {
    check_length(steps, proof)?;
    let (mut subtree, mut tree) = (*subtree_root, *subtree_root);
    for (step, hash) in steps.iter().zip(proof) {
        match step.role {
            Role::Seed => (subtree, tree) = (*hash, *hash),
            Role::Left => tree = node_hash(hash, &tree),
            Role::LeftOfBoth => (subtree, tree) = (node_hash(hash, &subtree), node_hash(hash, &tree)),
            Role::Right => tree = node_hash(&tree, hash),
        }
    }
    Ok((subtree, tree))
}
