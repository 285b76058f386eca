//! COSE receipts (RFC 9942) over RFC 9162 trees with SHA-256: strict parse, deterministic print.
//!
//! - [`InclusionReceipt`] shows that a leaf is in a log, [`ConsistencyReceipt`] that a log only grew.
//! - A receipt is a tagged `COSE_Sign1` (RFC 9052). What is signed is the tree's root hash, which is not sent: whoever
//!   checks computes it from the proof, which stands unsigned beside the signature.
//! - RFC 9942 signs the root alone, and many proofs lead to one root from trees of different sizes. Receipts that are
//!   made here therefore state the tree's size in a signed header, [`TREE_SIZE_LABEL`], too; see
//!   [`InclusionReceipt::is_size_signed`].
//! - What parses prints back to the same bytes. CBOR in another than its shortest form is refused, and so is whatever
//!   stands unsigned beside the one proof.
//!
//! A message for COSE begins with a byte that no UTF-8 text has, so no receipt's signature is one of a checkpoint,
//! though one key makes both.
//!
//! ```
//! use cose::{InclusionReceipt, LogKey};
//! use merkle::{MemoryTree, leaf_hashes, prove_inclusion};
//! use signature::Ed25519Signer;
//!
//! let hashes = leaf_hashes(&[b"caught", b"landed", b"shipped"]);
//! let tree = MemoryTree::from_leaf_hashes(&hashes);
//! let signer = Ed25519Signer::from_seed(&[7; 32]);
//!
//! let made = InclusionReceipt::sign(&signer, 3, 1, prove_inclusion(&tree, 1, 3)?, &tree.root_hash());
//! let read = InclusionReceipt::parse(&made.to_bytes())?;
//! assert_eq!(read.check(&hashes[1], &LogKey::Ed25519(signer.key()))?, tree.root_hash());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

mod consistency;
mod envelope;
mod error;
mod inclusion;

pub use consistency::ConsistencyReceipt;
pub use envelope::{LogKey, RECEIPT_BYTES_MAX, TREE_SIZE_LABEL};
pub use error::ReceiptError;
pub use inclusion::InclusionReceipt;
