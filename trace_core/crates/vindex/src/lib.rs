//! A verifiable index of a transparency log: which leaves carry a token, all of them, or that none does.
//!
//! The index is a compressed binary trie over tokens. The leaf of a token holds a hash chain over the log's
//! leaf indexes that carry it, and the bit at which a node splits is hashed into the node. So a root fixes
//! for every token one walk, one leaf at its end and one history; `docs/formats.md` ("Verifiable index")
//! specifies it to the byte and says why.
//!
//! That a root is the one of a log's first entries is for whoever reads the log to check, by appending the
//! entries' tokens to an index of their own. Nothing here does input or output, but for snapshots through
//! the traits of `std::io`.
//!
//! ```
//! use vindex::{Index, check_absence, check_history};
//!
//! let (fish, crate_, boat) = ([1; 16], [2; 16], [3; 16]);
//! let mut index = Index::new();
//! index.append(0, &[vec![fish], vec![fish, crate_]])?;
//!
//! let root = index.root();
//! check_history(&root, &fish, &[0, 1], &index.prove(&fish))?;
//! check_absence(&root, &boat, &index.prove(&boat))?;
//! assert!(check_history(&root, &fish, &[0], &index.prove(&fish)).is_err(), "it is left out that it goes on");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod bucket;
mod chain;
mod forest;
mod index;
mod proof;
mod snapshot;
mod trie;
mod upper;

pub use chain::{CHAIN_START, extend_chain};
pub use index::{AppendError, INDEX_SIZE_MAX, Index};
pub use proof::{LookupError, LookupProof, check_absence, check_chain, check_history};
pub use snapshot::SnapshotError;

/// Bytes of a token.
pub const TOKEN_BYTES: usize = 16;

/// What the index files entries under: the blinded name of an item.
pub type Token = [u8; TOKEN_BYTES];

/// The hash of a chain, a node or a whole index: SHA-256.
pub type Hash = sha256::Digest;

/// The root of the index without tokens: SHA-256 of nothing.
pub const EMPTY_ROOT: Hash = [
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
    0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
];
