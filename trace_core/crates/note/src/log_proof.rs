//! A proof of inclusion as a file (c2sp.org/tlog-proof).

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use merkle::Hash;

use crate::{LogProofError, NOTE_BYTES_MAX};

const HEADER: &str = "c2sp.org/tlog-proof@v1";
/// Most hashes of a proof: a tree has fewer than 2⁶³ leaves.
pub const PROOF_HASHES_MAX: usize = 63;

/// An entry's place in a log: its leaf index, the inclusion proof from the leaf upwards, and the checkpoint with its
/// cosignatures. `parse` and `Display` are each other's inverse. Nothing in it is checked by parsing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogProof {
    /// What the application adds; nothing vouches for it.
    pub extra: Option<Vec<u8>>,
    /// The entry's place, counted from 0.
    pub leaf_index: u64,
    /// From the leaf's sibling to the root's child.
    pub proof: Vec<Hash>,
    /// The signed note, as it is published.
    pub checkpoint: String,
}

impl LogProof {
    /// Reads a proof file.
    ///
    /// # Errors
    /// [`LogProofError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, LogProofError> {
        if bytes.len() > 2 * NOTE_BYTES_MAX {
            return Err(LogProofError::TooLong);
        }
        let text = str::from_utf8(bytes).map_err(|_| LogProofError::Header)?;
        let rest = text
            .strip_prefix(HEADER)
            .and_then(|rest| rest.strip_prefix('\n'))
            .ok_or(LogProofError::Header)?;
        let (head, checkpoint) = rest.split_once("\n\n").ok_or(LogProofError::NoCheckpoint)?;
        if checkpoint.is_empty() {
            return Err(LogProofError::NoCheckpoint);
        }
        let mut lines = head.split('\n').peekable();
        let extra = match lines.peek().and_then(|line| line.strip_prefix("extra ")) {
            None => None,
            Some(extra) => {
                let extra = BASE64_STANDARD.decode(extra).map_err(|_| LogProofError::Extra)?;
                lines.next();
                Some(extra)
            }
        };
        let leaf_index = lines
            .next()
            .and_then(|line| parse_decimal(line.strip_prefix("index ")?))
            .ok_or(LogProofError::Index)?;
        let proof = parse_hashes(lines).ok_or(LogProofError::Hash)?;
        Ok(Self { extra, leaf_index, proof, checkpoint: checkpoint.to_owned() })
    }
}

impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            writeln!(f, "extra {}", BASE64_STANDARD.encode(extra))?;
        }
        writeln!(f, "index {}", self.leaf_index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{}", BASE64_STANDARD.encode(hash)))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

/// Digits alone, and no zero before others.
pub(crate) fn parse_decimal(text: &str) -> Option<u64> {
    let canonical = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| canonical)
}

/// Lines of base64, each a hash.
pub(crate) fn parse_hashes<'t>(lines: impl Iterator<Item = &'t str>) -> Option<Vec<Hash>> {
    let hashes: Option<Vec<Hash>> = lines
        .take(PROOF_HASHES_MAX + 1)
        .map(|line| BASE64_STANDARD.decode(line).ok()?.try_into().ok())
        .collect();
    hashes.filter(|hashes| hashes.len() <= PROOF_HASHES_MAX)
}
