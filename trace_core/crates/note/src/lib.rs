//! C2SP signed notes and transparency log checkpoints: strict parse, exact print.
//!
//! - [`Note`] (c2sp.org/signed-note): a text and signature lines. [`open`] takes it from bytes to a text that
//!   known keys vouch for; [`sign`] makes one.
//! - [`VerifierKey`] is the public half as it is published (a *vkey*), [`SignerKey`] the secret half.
//! - [`Checkpoint`] (c2sp.org/tlog-checkpoint) is the text that a log signs: origin, tree size, root hash. Its
//!   cosignatures (c2sp.org/tlog-cosignature) are signatures by keys of the kinds that state a time.
//! - [`Policy`] (c2sp.org/tlog-policy) says whose signatures a checkpoint needs.
//! - [`LogProof`] (c2sp.org/tlog-proof) is an entry's place in a log as a file.
//! - [`AddCheckpoint`] (c2sp.org/tlog-witness) is what a witness is asked, and decides what it may cosign.
//!
//! What parses prints back to the same bytes, and whatever would not is refused: one note has one encoding. The
//! limits are those of golang.org/x/mod/sumdb/note, which also opens every note that is made here.
#![forbid(unsafe_code)]

mod checkpoint;
mod cosignature;
mod error;
mod key;
mod log_proof;
mod policy;
mod signed_note;
mod witness;

pub use checkpoint::{Checkpoint, ROOT_HASH_BYTES};
pub use error::{CheckpointError, KeyError, LogProofError, NoteError, PolicyError};
pub use key::{KEY_HASH_BYTES, KeyKind, SignerKey, VerifierKey};
pub use log_proof::{LogProof, PROOF_HASHES_MAX};
pub use policy::{Approved, POLICY_BYTES_MAX, POLICY_MEMBERS_MAX, Party, Policy};
pub use signed_note::{NOTE_BYTES_MAX, Note, NoteSignature, Opened, SIGNATURES_MAX, Verified, open, sign};
pub use witness::{AddCheckpoint, Refusal};
