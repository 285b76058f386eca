//! Why something is no key, note or checkpoint.

use std::error::Error;
use std::fmt;

/// Why a name, a key or a vkey is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not `name+hash+key`, or a part of it in an encoding that would not print back.
    Malformed,
    /// A key's name is empty or contains a space of Unicode, a control character or `+`.
    Name,
    /// Of a type other than those of `KeyKind`.
    Type(u8),
    /// The key hash is not that of the name and the key.
    Hash,
    /// The public key itself.
    Key(signature::KeyError),
}

/// Why a note is refused. The text of a refused note must not be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoteError {
    /// More than `NOTE_BYTES_MAX` bytes.
    TooLong,
    /// More than `SIGNATURES_MAX` signature lines.
    TooManySignatures,
    /// Not UTF-8, or control characters other than newline, or a text without newline at its end.
    Text,
    /// No signatures after a last empty line, or the last one is not ended by a newline.
    NoSignatures,
    /// The signature line of this number, counted from 0, is not `— name base64`.
    SignatureLine(usize),
    /// A known key stands for this signature line, counted from 0, and the signature is bad.
    BadSignature(usize),
    /// Well formed, but not signed by any known key.
    Unverified,
    /// A cosignature is asked for over a text that is no checkpoint, or at a time that is none.
    NoCheckpoint,
}

/// Why a text is no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointError {
    /// Fewer than three lines, or the last one is not ended by a newline.
    Lines,
    /// The origin is empty or contains a control character.
    Origin,
    /// The tree size is no decimal number below 2⁶⁴ without leading zeros.
    TreeSize,
    /// The root hash is not the canonical base64 of 32 bytes.
    RootHash,
    /// The extension line of this number, counted from 0, is empty or contains a control character.
    Extension(usize),
}

/// Why a policy is none, or does not take a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// More than `POLICY_BYTES_MAX` bytes.
    TooLong,
    /// The line of this number, counted from 1, and what is wrong with it.
    Line(usize, &'static str),
    /// There is no quorum line.
    NoQuorum,
    /// The note is not well formed, or has a bad signature by a key of the policy, or none by a log.
    Note(NoteError),
    /// What is signed is no checkpoint.
    Checkpoint(CheckpointError),
    /// It is signed by a log of the policy, but says that it is of another one.
    Origin,
    /// Too few witnesses have cosigned it.
    Quorum,
}

/// Why bytes are no proof file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogProofError {
    /// More than twice `NOTE_BYTES_MAX` bytes.
    TooLong,
    /// Not UTF-8, or another first line than that of version 1.
    Header,
    /// The extra data is not canonical base64.
    Extra,
    /// No line with the index, or it is no canonical number.
    Index,
    /// A line of the proof is not the canonical base64 of 32 bytes, or there are more than 63.
    Hash,
    /// No checkpoint behind an empty line.
    NoCheckpoint,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("verifier key is malformed"),
            Self::Name => f.write_str("key name is empty or contains a space, a control character or '+'"),
            Self::Type(byte) => write!(f, "verifier key has unsupported type {byte:#04x}"),
            Self::Hash => f.write_str("verifier key does not match its key hash"),
            Self::Key(error) => error.fmt(f),
        }
    }
}

impl fmt::Display for NoteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("note is too long"),
            Self::TooManySignatures => f.write_str("note has too many signatures"),
            Self::Text => f.write_str("note is not lines of UTF-8 text without control characters"),
            Self::NoSignatures => f.write_str("note has no signature lines"),
            Self::SignatureLine(line) => write!(f, "signature line {line} of the note is malformed"),
            Self::BadSignature(line) => {
                write!(f, "signature line {line} of the note is by a known key and bad")
            }
            Self::Unverified => f.write_str("note has no signature by a known key"),
            Self::NoCheckpoint => f.write_str("a cosignature needs a checkpoint and a time below 2^63 s"),
        }
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lines => f.write_str("checkpoint has fewer than three lines or an unfinished one"),
            Self::Origin => f.write_str("checkpoint's origin is empty or contains a control character"),
            Self::TreeSize => f.write_str("checkpoint's tree size is not a canonical number below 2^64"),
            Self::RootHash => f.write_str("checkpoint's root hash is not the base64 of 32 bytes"),
            Self::Extension(line) => {
                write!(f, "checkpoint's extension line {line} is empty or contains a control character")
            }
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong => f.write_str("policy is too long"),
            Self::Line(number, reason) => write!(f, "line {number} of the policy: {reason}"),
            Self::NoQuorum => f.write_str("policy has no quorum line"),
            Self::Note(error) => error.fmt(f),
            Self::Checkpoint(error) => error.fmt(f),
            Self::Origin => f.write_str("checkpoint is of another log than the one that signed it"),
            Self::Quorum => f.write_str("checkpoint is not cosigned by a quorum of the policy's witnesses"),
        }
    }
}

impl fmt::Display for LogProofError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "proof file is too long",
            Self::Header => "proof file does not begin with c2sp.org/tlog-proof@v1",
            Self::Extra => "extra data of the proof file is not base64",
            Self::Index => "proof file has no index, or it is no canonical number",
            Self::Hash => "proof file has a line that is no hash, or too many",
            Self::NoCheckpoint => "proof file has no checkpoint",
        })
    }
}

impl Error for KeyError {}
impl Error for PolicyError {}
impl Error for LogProofError {}

impl From<NoteError> for PolicyError {
    fn from(error: NoteError) -> Self {
        Self::Note(error)
    }
}

impl From<CheckpointError> for PolicyError {
    fn from(error: CheckpointError) -> Self {
        Self::Checkpoint(error)
    }
}
impl Error for NoteError {}
impl Error for CheckpointError {}

impl From<signature::KeyError> for KeyError {
    fn from(error: signature::KeyError) -> Self {
        Self::Key(error)
    }
}
