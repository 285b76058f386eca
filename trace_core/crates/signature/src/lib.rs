//! Ed25519 and ECDSA P-256 verification, single and batch, one rule for both.
//!
//! - [`check_signature`] decides one signature, [`check_signatures`] many; a batch fails exactly those that
//!   the single check fails.
//! - **Ed25519** follows RFC 8032 §5.1.7 to the letter: S < L, canonical encodings of the key and of R, and the
//!   *cofactored* equation `[8]S·B = [8]R + [8]k·A`. The equation and the bound on S are those of ZIP 215; only
//!   a cofactored equation can be decided in batches, because the sum of a batch may lose components of small
//!   order. ZIP 215 also lets non-canonical encodings pass, which this crate does not: published test vectors
//!   call them invalid. Keys of small order are refused, because such a key "signs" whatever one likes.
//! - **ECDSA** is over P-256 and SHA-256, encoded as strict DER or as r ‖ s (IEEE P1363: JWS, browsers).
//!   Both (r, s) and (r, n − s) are valid, as FIPS 186-5 says: a signature is evidence, never an identity.
//! - **ML-DSA-44** ([`MlDsa44Key`]) is FIPS 204 with an empty context; it stands beside Ed25519 on checkpoints alone.
//! - A key's name is its JWK thumbprint ([`KeyId`]).
//! - Signing is deterministic ([`Ed25519Signer`], [`MlDsa44Signer`]); seeds come from the caller, this crate has no
//!   entropy.
#![forbid(unsafe_code)]

mod ed25519;
mod ed25519_batch;
mod key_id;
mod ml_dsa;
mod p256;

use std::error::Error;
use std::fmt;

pub use ed25519::{
    ED25519_KEY_BYTES, ED25519_SEED_BYTES, ED25519_SIGNATURE_BYTES, Ed25519Key, Ed25519Signer,
};
pub use key_id::{KEY_ID_BYTES, KeyId};
pub use ml_dsa::{
    ML_DSA_44_KEY_BYTES, ML_DSA_44_SEED_BYTES, ML_DSA_44_SIGNATURE_BYTES, MlDsa44Key, MlDsa44Signer,
};
pub use p256::{P256_SIGNATURE_BYTES, P256Key};

/// How a signature is made and how its bytes are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Key of 32 bytes, signature of 64 bytes, both as in RFC 8032.
    Ed25519,
    /// Key as a SEC 1 point (33 or 65 bytes), signature as DER `SEQUENCE { r INTEGER, s INTEGER }`.
    EcdsaP256Der,
    /// Key as a SEC 1 point (33 or 65 bytes), signature of 64 bytes r ‖ s.
    EcdsaP256P1363,
}

/// A claim to be checked: that the owner of `key` signed `message`. Any bytes may stand here.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Which rule decides.
    pub scheme: Scheme,
    /// The public key, encoded as the scheme says.
    pub key: &'a [u8],
    /// What was signed, unhashed.
    pub message: &'a [u8],
    /// The signature, encoded as the scheme says.
    pub signature: &'a [u8],
}

/// Checks one signature.
///
/// # Errors
/// [`SignatureError`] says which part was wrong. Only `Ok` means that the owner of the key signed.
///
/// # Cost
/// Some 45 µs for Ed25519, 300 µs for ECDSA, and one hash of the message.
pub fn check_signature(signed: &Signed<'_>) -> Result<(), SignatureError> {
    let Signed { scheme, key, message, signature } = *signed;
    match scheme {
        Scheme::Ed25519 => Ed25519Key::parse(key)?.check(message, signature),
        Scheme::EcdsaP256Der => P256Key::parse(key)?.check_der(message, signature),
        Scheme::EcdsaP256P1363 => P256Key::parse(key)?.check_p1363(message, signature),
    }
}

/// Checks many signatures, of schemes and keys in any mixture, and returns the indexes of those that fail,
/// ascending. Empty means that all are good.
///
/// An index is in the list exactly when [`check_signature`] fails for it, up to a chance of 2⁻¹²⁸ for Ed25519;
/// a malformed key fails the signatures that name it and no others.
///
/// # Cost
/// A good Ed25519 signature costs a fifth of a single check when keys recur, two fifths when every key is new.
/// One bad one among a thousand adds half to the whole; a batch that is bad throughout costs about twice its
/// single checks. ECDSA is checked one by one. Memory: 300 bytes for each signature and 200 for each key.
#[must_use = "an ignored list of failed signatures is an unchecked batch"]
pub fn check_signatures(batch: &[Signed<'_>]) -> Vec<usize> {
    let (ed25519, ecdsa): (Vec<usize>, Vec<usize>) =
        (0..batch.len()).partition(|&index| batch[index].scheme == Scheme::Ed25519);
    let mut failed = ed25519_batch::failed(batch, ed25519);
    failed.extend(ecdsa.into_iter().filter(|&index| check_signature(&batch[index]).is_err()));
    failed.sort_unstable();
    failed
}

/// Why bytes are no public key of the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// Not as long as the scheme's keys are, or of an encoding that it does not have.
    Encoding,
    /// An Ed25519 point in one of the encodings that RFC 8032 forbids: y ≥ p, or x = 0 with its sign set.
    NotCanonical,
    /// No point of the curve.
    NotOnCurve,
    /// An Ed25519 point of order 1, 2, 4 or 8: signatures by it prove nothing.
    SmallOrder,
}

/// Why a signature does not count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureError {
    /// The key is none.
    Key(KeyError),
    /// The bytes are no signature in the scheme's encoding, whatever the key and the message.
    Encoding,
    /// A well-formed signature, but not by this key over this message.
    Mismatch,
}

impl From<KeyError> for SignatureError {
    fn from(error: KeyError) -> Self {
        Self::Key(error)
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoding => "public key has the wrong length or encoding",
            Self::NotCanonical => "public key is not canonically encoded",
            Self::NotOnCurve => "public key is not a point of the curve",
            Self::SmallOrder => "public key is a point of small order",
        })
    }
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(error) => error.fmt(f),
            Self::Encoding => f.write_str("signature is malformed"),
            Self::Mismatch => f.write_str("signature does not match key and message"),
        }
    }
}

impl Error for KeyError {}
impl Error for SignatureError {}
