//! The text that a log signs (c2sp.org/tlog-checkpoint).

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::CheckpointError;
use crate::log_proof::parse_decimal;

/// Length of a root hash: SHA-256.
pub const ROOT_HASH_BYTES: usize = 32;

/// A state of a log: so many leaves with this root. `parse` and `Display` are each other's inverse.
///
/// Printed as lines, each ended by a newline: origin, tree size in decimal, root hash in base64, extensions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    tree_size: u64,
    root_hash: [u8; ROOT_HASH_BYTES],
    extensions: Vec<String>,
}

impl Checkpoint {
    /// A checkpoint without extension lines, which logs should not use.
    ///
    /// # Errors
    /// `Origin`.
    pub fn new(
        origin: &str,
        tree_size: u64,
        root_hash: [u8; ROOT_HASH_BYTES],
    ) -> Result<Self, CheckpointError> {
        if !is_line(origin) {
            return Err(CheckpointError::Origin);
        }
        Ok(Self { origin: origin.to_owned(), tree_size, root_hash, extensions: Vec::new() })
    }

    /// The log's identity: its URL without scheme.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Number of leaves.
    #[must_use]
    pub fn tree_size(&self) -> u64 {
        self.tree_size
    }

    /// RFC 6962 Merkle tree hash of the first `tree_size` leaves.
    #[must_use]
    pub fn root_hash(&self) -> &[u8; ROOT_HASH_BYTES] {
        &self.root_hash
    }

    /// Further lines, of unknown meaning.
    #[must_use]
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}

impl FromStr for Checkpoint {
    type Err = CheckpointError;

    /// Reads the text of a note.
    fn from_str(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Lines)?.split('\n');
        let (Some(origin), Some(tree_size), Some(root_hash)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(CheckpointError::Lines);
        };
        let tree_size = parse_decimal(tree_size).ok_or(CheckpointError::TreeSize)?;
        let root_hash = BASE64_STANDARD.decode(root_hash).map_err(|_| CheckpointError::RootHash)?;
        let root_hash = root_hash.try_into().map_err(|_| CheckpointError::RootHash)?;
        let mut checkpoint = Self::new(origin, tree_size, root_hash)?;
        for (number, line) in lines.enumerate() {
            if !is_line(line) {
                return Err(CheckpointError::Extension(number));
            }
            checkpoint.extensions.push(line.to_owned());
        }
        Ok(checkpoint)
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let root_hash = BASE64_STANDARD.encode(self.root_hash);
        write!(f, "{}\n{}\n{root_hash}\n", self.origin, self.tree_size)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// Whether a text can be a line of a checkpoint.
fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(|c: char| c < ' ')
}
