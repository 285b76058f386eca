//! Why a text is no element string, Digital Link or scan: the reason, the AI and the place.

use std::fmt;

use crate::Finding;

/// Why, of which AI, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanError {
    /// What is wrong.
    pub reason: Reason,
    /// The AI whose value or company it is about, where there is one.
    pub ai: Option<&'static str>,
    /// The byte of the text where the trouble begins; 0 where it is about the whole.
    pub at: usize,
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The text, or the message behind a symbology identifier, is empty.
    Empty,
    /// The text has no form that carries a GS1 key.
    Unrecognised,
    /// A symbology identifier that carries no GS1 key.
    Symbology,
    /// No AI begins here, or it is not in the dictionary.
    UnknownAi,
    /// More AIs than any carrier holds.
    TooMany,
    /// The value of an AI or of a key is at fault.
    Value(Finding),
    /// An AI stands twice, with different values.
    Repeated,
    /// An AI may not stand beside this one.
    Excluded(&'static str),
    /// An AI needs others beside it, of which none is there.
    Missing,
    /// A digital signature needs a key with its serial.
    Unserialised,
    /// A URI holds a character that it may not.
    UriCharacter,
    /// A path has no primary key, or its qualifiers are out of order.
    Path,
    /// No AI is the primary key of a Digital Link.
    NoKey,
    /// An AI may not stand in the query string of a Digital Link.
    NotAttribute,
}

impl Reason {
    /// The stable name, for JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Unrecognised => "unrecognised",
            Self::Symbology => "symbology",
            Self::UnknownAi => "unknown_ai",
            Self::TooMany => "too_many",
            Self::Value(finding) => finding.code(),
            Self::Repeated => "repeated",
            Self::Excluded(_) => "excluded",
            Self::Missing => "missing",
            Self::Unserialised => "unserialised",
            Self::UriCharacter => "uri_character",
            Self::Path => "path",
            Self::NoKey => "no_key",
            Self::NotAttribute => "not_attribute",
        }
    }

    /// The error of this reason at a place.
    pub(crate) fn at(self, at: usize) -> ScanError {
        ScanError { reason: self, ai: None, at }
    }

    /// The error of this reason, of an AI at a place.
    pub(crate) fn of(self, ai: &'static str, at: usize) -> ScanError {
        ScanError { reason: self, ai: Some(ai), at }
    }
}

impl fmt::Display for ScanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.reason.code(), self.at)?;
        if let Some(ai) = self.ai {
            write!(f, ", AI ({ai})")?;
        }
        if let Reason::Excluded(other) = self.reason {
            write!(f, " beside AI ({other})")?;
        }
        Ok(())
    }
}

impl std::error::Error for ScanError {}
