//! The only place where an error of the core becomes a Python exception.

use pyo3::exceptions::PyException;
use pyo3::{PyErr, create_exception};

create_exception!(trace_core, TraceError, PyException, "Any error of the core.");
create_exception!(
    trace_core,
    CaptureError,
    TraceError,
    "A document is refused: args are (message, problems as JSON)."
);
create_exception!(
    trace_core,
    ScanError,
    TraceError,
    "A text is no GS1 key: args are (message, code, offset)."
);
create_exception!(trace_core, ProofError, TraceError, "A proof, entry or receipt does not hold.");
create_exception!(trace_core, SignatureError, TraceError, "A signature or key does not hold.");

/// What a function of the binding returns instead of a value.
pub struct Failed(PyErr);

impl From<Failed> for PyErr {
    fn from(failed: Failed) -> Self {
        failed.0
    }
}

impl From<PyErr> for Failed {
    fn from(error: PyErr) -> Self {
        Self(error)
    }
}

impl From<gs1::ScanError> for Failed {
    fn from(error: gs1::ScanError) -> Self {
        Self(ScanError::new_err((error.to_string(), error.reason.code(), error.at)))
    }
}

/// Each of these kinds of error is one Python exception with the error's text.
macro_rules! as_exception {
    ($($error:ty => $exception:ident),* $(,)?) => {
        $(impl From<$error> for Failed {
            fn from(error: $error) -> Self {
                Self($exception::new_err(error.to_string()))
            }
        })*
    };
}

as_exception! {
    merkle::ProofError => ProofError,
    merkle::TileError => ProofError,
    merkle::MissingNode => ProofError,
    merkle::ProveError<merkle::MissingNode> => ProofError,
    authorship::AuthorshipError => SignatureError,
    capture::EntryError => ProofError,
    note::KeyError => SignatureError,
    note::NoteError => SignatureError,
    note::CheckpointError => ProofError,
    note::LogProofError => ProofError,
    note::PolicyError => SignatureError,
    note::Refusal => ProofError,
    signature::SignatureError => SignatureError,
    vindex::AppendError => ProofError,
    vindex::LookupError => ProofError,
}

impl Failed {
    /// A proof, or what one is made of, does not hold.
    pub fn proof(message: impl Into<String>) -> Self {
        Self(ProofError::new_err(message.into()))
    }

    /// A signature or key does not hold.
    pub fn signature(message: impl Into<String>) -> Self {
        Self(SignatureError::new_err(message.into()))
    }

    /// A document is refused, with its problems.
    pub fn capture(problems: &[epcis::Problem]) -> Self {
        let first = problems.first().map_or_else(String::new, ToString::to_string);
        let json = String::from_utf8_lossy(&capture::problems_json(problems)).into_owned();
        Self(CaptureError::new_err((first, json)))
    }
}
