//! Why somebody did not sign.

use std::error::Error;
use std::fmt;

/// Why a key or a signature of a partner does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthorshipError {
    /// Not a public key of the kinds Ed25519 and P-256 as a JWK, or one with a secret in it.
    Jwk,
    /// None of the forms in which signatures are sent or shown.
    Form,
    /// A JWS that is not detached, has no `kid`, another `alg` than `EdDSA`, `Ed25519` and `ES256`, or `crit` or `b64`.
    Jws,
    /// A `COSE_Sign1` that is not detached, not in deterministic CBOR, has no `kid`, or headers that are not known.
    Sign1,
    /// A note that is none of a capture's, or that not exactly one key has signed.
    Note,
    /// The note is about another number of events.
    EventCount,
    /// The note is about other events, or salts.
    Root,
    /// A signature over one event came with another number of events.
    OneEvent,
    /// More events than a note is taken for.
    TooMany,
    /// The place of an event in its capture's tree is malformed.
    Place,
    /// The signature is by another key than the one it names, or over something else.
    Mismatch,
}

impl fmt::Display for AuthorshipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Jwk => "not a public key as a JWK: Ed25519 (OKP) or P-256 (EC), and no secret",
            Self::Form => "a signature is sent as note=…, secret=…, as jws=… or as cose=…",
            Self::Jws => "not a detached JWS with alg EdDSA or ES256 and the key's thumbprint as kid",
            Self::Sign1 => {
                "not a detached COSE_Sign1 with alg EdDSA or ES256 and the key's thumbprint as kid"
            }
            Self::Note => "not a note over a capture that one key has signed",
            Self::EventCount => "the note is about another number of events",
            Self::Root => "the note is about other events than these, or other salts",
            Self::OneEvent => "a JWS or COSE_Sign1 is about one event alone",
            Self::TooMany => "more events than one signature is taken for",
            Self::Place => "the event's place in its signed capture is malformed",
            Self::Mismatch => "the signature is not by this key over these events",
        })
    }
}

impl Error for AuthorshipError {}
