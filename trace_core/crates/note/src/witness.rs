//! What a witness is asked, and what it may answer (c2sp.org/tlog-witness, add-checkpoint).

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use merkle::Hash;

use crate::log_proof::{parse_decimal, parse_hashes};
use crate::{Checkpoint, NOTE_BYTES_MAX, Note, NoteError, VerifierKey, open};

/// A request for a cosignature. `parse` and `Display` are each other's inverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    old_size: u64,
    proof: Vec<Hash>,
    note: Note,
    checkpoint: Checkpoint,
}

/// Why a witness does not cosign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: no request, or its old size is beyond the checkpoint's.
    Malformed,
    /// 404: the origin is of no log that this witness watches.
    UnknownLog,
    /// 403: no signature by a key of the log, or one that is bad.
    Unsigned,
    /// 409: the witness has cosigned another size, this one, last; or at this size another root.
    Conflict(u64),
    /// 422: the checkpoint does not continue what was cosigned last.
    Inconsistent,
}

impl AddCheckpoint {
    /// What a log asks: `proof` is the consistency proof from the size that the witness has cosigned last, empty from 0.
    ///
    /// # Errors
    /// `Malformed` for what is no signed checkpoint.
    pub fn new(old_size: u64, proof: Vec<Hash>, note: &[u8]) -> Result<Self, Refusal> {
        let note = Note::parse(note).map_err(|_| Refusal::Malformed)?;
        let checkpoint = note.text().parse().map_err(|_| Refusal::Malformed)?;
        Ok(Self { old_size, proof, note, checkpoint })
    }

    /// Reads the body of a request.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        if body.len() > 2 * NOTE_BYTES_MAX {
            return Err(Refusal::Malformed);
        }
        let text = str::from_utf8(body).map_err(|_| Refusal::Malformed)?;
        let (head, note) = text.split_once("\n\n").ok_or(Refusal::Malformed)?;
        let mut lines = head.split('\n');
        let old_size = lines
            .next()
            .and_then(|line| parse_decimal(line.strip_prefix("old ")?))
            .ok_or(Refusal::Malformed)?;
        let proof = parse_hashes(lines).ok_or(Refusal::Malformed)?;
        Self::new(old_size, proof, note.as_bytes())
    }

    /// What is to be cosigned.
    #[must_use]
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The signed note, with all its lines.
    #[must_use]
    pub fn note(&self) -> &Note {
        &self.note
    }

    /// Decides, by the keys of the checkpoint's origin (none for a log that is not watched) and by size and root of
    /// what was cosigned last for it. `Ok` says that the witness may cosign once it has durably put this checkpoint in
    /// the place of the last; both, the decision and the replacement, have to be one step.
    ///
    /// # Errors
    /// [`Refusal`], by the first rule of the specification that is broken.
    pub fn judge(&self, keys: &[VerifierKey], last: Option<(u64, Hash)>) -> Result<(), Refusal> {
        let (size, root) = (self.checkpoint.tree_size(), self.checkpoint.root_hash());
        let keys: Vec<VerifierKey> =
            keys.iter().filter(|key| key.name() == self.checkpoint.origin()).cloned().collect();
        if keys.is_empty() {
            return Err(Refusal::UnknownLog);
        }
        match open(self.note.to_string().as_bytes(), &keys) {
            Ok(_) => {}
            Err(NoteError::BadSignature(_) | NoteError::Unverified) => return Err(Refusal::Unsigned),
            Err(_) => return Err(Refusal::Malformed),
        }
        if self.old_size > size {
            return Err(Refusal::Malformed);
        }
        let (last_size, last_root) = last.unwrap_or((0, merkle::root_hash(&[])));
        if self.old_size != last_size || (size == last_size && *root != last_root) {
            return Err(Refusal::Conflict(last_size));
        }
        if last_size == 0 {
            // Any tree continues the empty one.
            return if self.proof.is_empty() { Ok(()) } else { Err(Refusal::Inconsistent) };
        }
        merkle::check_consistency(last_size, size, &last_root, root, &self.proof)
            .map_err(|_| Refusal::Inconsistent)
    }
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old_size)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", BASE64_STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.note)
    }
}

impl Refusal {
    /// The status code of HTTP that the specification gives it.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Unsigned => 403,
            Self::UnknownLog => 404,
            Self::Conflict(_) => 409,
            Self::Inconsistent => 422,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("no add-checkpoint request, or an old size beyond the checkpoint's")
            }
            Self::UnknownLog => f.write_str("a log that is not watched"),
            Self::Unsigned => f.write_str("no good signature by a key of the log"),
            Self::Conflict(size) => write!(f, "the last cosigned checkpoint is another one, of size {size}"),
            Self::Inconsistent => f.write_str("the checkpoint does not continue the last cosigned one"),
        }
    }
}

impl std::error::Error for Refusal {}
