//! What is wrong with a document, by event and JSON pointer.

use std::fmt;

/// Whether a problem refuses the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The event is refused.
    Error,
    /// The event is kept, and so is this finding; strict mode refuses the event.
    Finding,
}

/// One thing that is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Index into the document's list of events; None when the document itself is wrong.
    pub event_index: Option<usize>,
    /// JSON pointer (RFC 6901) from the root of the document.
    pub pointer: String,
    /// Stable name, such as `required`, `duplicate_key`, `check_digit`.
    pub code: &'static str,
    /// What exactly, for a person. Quotes at most 80 characters of the input.
    pub message: String,
    /// Whether it refuses the event.
    pub severity: Severity,
}

impl Problem {
    /// A problem that refuses the whole document.
    #[must_use]
    pub fn of_document(pointer: impl Into<String>, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            event_index: None,
            pointer: pointer.into(),
            code,
            message: message.into(),
            severity: Severity::Error,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.pointer, self.message, self.code)
    }
}

impl std::error::Error for Problem {}
