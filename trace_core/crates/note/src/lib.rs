//! C2SP signed notes and transparency log checkpoints: strict parse, exact print.
//!
//! - [`Note`] (c2sp.org/signed-note): a text and signature lines. [`open`] takes it from bytes to a text that
//!   known keys vouch for; [`sign`] makes one.
//! - [`VerifierKey`] is the public half as it is published (a *vkey*), [`SignerKey`] the secret half.
//! - [`Checkpoint`] (c2sp.org/tlog-checkpoint) is the text that a log signs: origin, tree size, root hash.
//!
//! What parses prints back to the same bytes, and whatever would not is refused: one note has one encoding. The
//! limits are those of golang.org/x/mod/sumdb/note, which also opens every note that is made here.
#![forbid(unsafe_code)]

mod checkpoint;
mod error;
mod key;
mod signed_note;

pub use checkpoint::{Checkpoint, ROOT_HASH_BYTES};
pub use error::{CheckpointError, KeyError, NoteError};
pub use key::{KEY_HASH_BYTES, SignerKey, VerifierKey};
pub use signed_note::{NOTE_BYTES_MAX, Note, NoteSignature, Opened, SIGNATURES_MAX, open, sign};
