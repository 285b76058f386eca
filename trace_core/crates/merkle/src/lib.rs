//! Merkle trees as in RFC 6962 and RFC 9162 §2.1: hashing, proofs, and the tiles of C2SP tlog-tiles.
//!
//! A tree has `tree_size` leaves, numbered from 0. Whatever hashes many things takes them all at once,
//! because [`sha256`] is several times faster with many than with one. Nothing here does input or output:
//! what proves asks a [`HashReader`], and what checks needs only its arguments.
//!
//! One algorithm serves all proofs. It shows that a *subtree* — the leaves `[start, end)`, where `start` is a
//! multiple of the smallest power of two that is at least `end - start` — belongs to a tree. An inclusion
//! proof is the one for the subtree of a single leaf, a consistency proof the one for a subtree that starts
//! at 0.
//!
//! ```
//! use merkle::{MemoryTree, check_consistency, check_inclusion, leaf_hashes, prove_consistency, prove_inclusion};
//!
//! let hashes = leaf_hashes(&[b"caught", b"landed", b"shipped"]);
//! let (old, new) = (MemoryTree::from_leaf_hashes(&hashes[..2]), MemoryTree::from_leaf_hashes(&hashes));
//!
//! let landed = prove_inclusion(&new, 1, 3)?;
//! check_inclusion(&hashes[1], 1, 3, &new.root_hash(), &landed)?;
//!
//! let grown = prove_consistency(&new, 2, 3)?;
//! check_consistency(2, 3, &old.root_hash(), &new.root_hash(), &grown)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod bundle;
mod check;
mod check_many;
mod edge;
mod path;
mod prove;
mod prove_many;
mod range;
mod tile;
mod tile_path;
mod tree;

pub use bundle::{
    BUNDLE_ENTRIES_MAX, BundleError, ENTRY_BYTES_MAX, EntryBundle, bundle_leaf_hashes, decode_entries,
    encode_entries,
};
pub use check::{
    ProofError, check_consistency, check_inclusion, check_subtree_consistency, check_subtree_inclusion,
    consistency_root, inclusion_root,
};
pub use check_many::{InclusionClaim, check_inclusions};
pub use edge::RightEdge;
pub use prove::{
    HashReader, ProveError, consistency_proof_nodes, inclusion_proof_nodes, prove_consistency,
    prove_inclusion, prove_subtree_consistency, subtree_consistency_proof_nodes,
};
pub use prove_many::{InclusionPlan, prove_inclusions};
pub use range::{CompactRange, RangeError};
pub use tile::{
    TILE_HASHES_MAX, TILE_HEIGHT, TILE_LEVEL_MAX, Tile, TileContent, TileError, TileSet, tiles_with,
};
pub use tile_path::{PathError, TilePath};
pub use tree::{MemoryTree, MissingNode, NodeId};

/// The hash of a leaf, a node or a whole tree: SHA-256.
pub type Hash = sha256::Digest;

/// Leaves of the largest tree: what a signed 64-bit integer holds, as in Go's `sumdb/tlog`.
pub const TREE_SIZE_MAX: u64 = i64::MAX as u64;

/// The root of the tree without leaves: SHA-256 of nothing; RFC 9162 §2.1.1.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];

/// What a leaf hashes before its entry; RFC 9162 §2.1.1.
const LEAF_PREFIX: &[u8] = &[0];

/// Leaves whose nodes are hashed at a time when a whole tree is hashed: few enough for a core's second
/// cache, enough that the small levels, which leave lanes idle, do not count.
const ROOT_CHUNK_LEAVES: usize = 4096;

/// SHA-256(0x00 ‖ entry); RFC 9162 §2.1.1.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let [hash] = leaf_hashes(&[entry])[..] else { unreachable!("one entry, one hash") };
    hash
}

/// [`leaf_hash`] of each entry, in the same order, hashed together.
#[must_use]
pub fn leaf_hashes(entries: &[&[u8]]) -> Vec<Hash> {
    let mut hashes = vec![Hash::default(); entries.len()];
    sha256::digest_prefixed_many(LEAF_PREFIX, entries, &mut hashes);
    hashes
}

/// SHA-256(0x01 ‖ left ‖ right); RFC 9162 §2.1.1.
#[must_use]
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hash = Hash::default();
    sha256::node_hashes(&[*left, *right], std::slice::from_mut(&mut hash));
    hash
}

/// The root of the tree with these leaves; RFC 9162 §2.1.1. Needs O(log n) memory beside its input.
#[must_use]
pub fn root_hash(leaf_hashes: &[Hash]) -> Hash {
    let mut range = CompactRange::default();
    for chunk in leaf_hashes.chunks(ROOT_CHUNK_LEAVES) {
        range.append(chunk);
    }
    range.root_hash()
}
