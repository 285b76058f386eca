//! What may be wrong with a key.

/// Why a text that means to be a GS1 key is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The check digit (or check character pair) is not that of the key.
    CheckDigit,
    /// A component, or the company prefix with its reference, is too short or too long.
    Length,
    /// A character is not allowed where it stands, or an escape is broken.
    Character,
    /// A component is missing or in the wrong place.
    Structure,
    /// A date, code or number that is not one of those allowed.
    Content,
}

impl Finding {
    /// The stable name, for JSON and SQL.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CheckDigit => "check_digit",
            Self::Length => "length",
            Self::Character => "character",
            Self::Structure => "structure",
            Self::Content => "content",
        }
    }
}
