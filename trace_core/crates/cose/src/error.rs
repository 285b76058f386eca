//! Why something is no receipt, or proves nothing.

use std::error::Error;
use std::fmt;

use merkle::ProofError;
use signature::SignatureError;

/// Why a receipt is refused. Nothing in a refused receipt must be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptError {
    /// More than `RECEIPT_BYTES_MAX` bytes.
    TooLong,
    /// Not one item of CBOR, or one that could be shorter.
    Cbor,
    /// No tagged `COSE_Sign1`, or headers that COSE forbids, such as one that stands twice.
    NoSign1,
    /// The signed headers name no algorithm, or another than `EdDSA` with Ed25519 and ECDSA with P-256 and SHA-256.
    Algorithm,
    /// The signed headers name no verifiable data structure, or another than RFC 9162's with SHA-256.
    Structure,
    /// A header that must be understood and is not, or an unsigned one besides the proofs.
    Header,
    /// Not one proof of the wanted kind: two numbers and the hashes of the path, as many as a log can need.
    Proofs,
    /// The signed headers state another size of the tree than the proof.
    TreeSize,
    /// A payload that is no root hash.
    Payload,
    /// The key is none for the receipt's algorithm.
    KeyKind,
    /// The proof does not hold, or leads to another root than the payload.
    Proof(ProofError),
    /// The key did not sign the root to which the proof leads.
    Signature(SignatureError),
}

impl fmt::Display for ReceiptError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::TooLong => "the receipt is too long",
            Self::Cbor => "the receipt is not CBOR in its shortest form",
            Self::NoSign1 => "the receipt is no tagged COSE_Sign1",
            Self::Algorithm => "the receipt's signature is of an unknown algorithm",
            Self::Structure => "the receipt is of another data structure than RFC9162_SHA256",
            Self::Header => "the receipt has a header that is not understood",
            Self::Proofs => "the receipt does not hold one proof of the wanted kind",
            Self::TreeSize => "the receipt's proof is of another size than was signed",
            Self::Payload => "the receipt's payload is no root hash",
            Self::KeyKind => "the key is of another kind than the receipt's signature",
            Self::Proof(error) => return error.fmt(formatter),
            Self::Signature(SignatureError::Mismatch) => {
                "the key did not sign the root to which the proof leads"
            }
            Self::Signature(error) => return error.fmt(formatter),
        })
    }
}

impl Error for ReceiptError {}

impl From<ProofError> for ReceiptError {
    fn from(error: ProofError) -> Self {
        Self::Proof(error)
    }
}

impl From<SignatureError> for ReceiptError {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}
