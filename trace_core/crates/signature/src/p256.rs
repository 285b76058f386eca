//! ECDSA over P-256 and SHA-256 (FIPS 186-5), in both encodings of a signature.
//!
//! p256 reads keys and signatures, strictly; ring decides the equation, three times as fast.

use p256::ecdsa::{Signature, VerifyingKey};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use crate::{KeyError, KeyId, SignatureError};

/// Length of a signature as r ‖ s (IEEE P1363). DER has no fixed length.
pub const P256_SIGNATURE_BYTES: usize = 64;

const P256_POINT_BYTES: usize = 65;

/// A public key: a point of P-256 other than infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct P256Key {
    /// 04 ‖ x ‖ y of a point that was read as one.
    point: [u8; P256_POINT_BYTES],
}

impl P256Key {
    /// Reads a SEC 1 point: 04 ‖ x ‖ y (65 bytes), or 02 or 03 ‖ x (33 bytes).
    ///
    /// # Errors
    /// `Encoding` or `NotOnCurve`.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        match (bytes.first(), bytes.len()) {
            (Some(4), 65) | (Some(2 | 3), 33) => {
                let key = VerifyingKey::from_sec1_bytes(bytes).map_err(|_| KeyError::NotOnCurve)?;
                let mut point = [0; P256_POINT_BYTES];
                point.copy_from_slice(key.to_sec1_point(false).as_bytes());
                Ok(Self { point })
            }
            _ => Err(KeyError::Encoding),
        }
    }

    /// 04 ‖ x ‖ y, whichever encoding was parsed.
    #[must_use]
    pub fn to_uncompressed(&self) -> [u8; P256_POINT_BYTES] {
        self.point
    }

    /// The key's name, the same for both encodings.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of_p256(&self.point)
    }

    /// Checks that this key signed `message`; the signature is strict DER.
    ///
    /// # Errors
    /// `Encoding` or `Mismatch`.
    pub fn check_der(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.check(message, Signature::from_der(signature))
    }

    /// Checks that this key signed `message`; the signature is r ‖ s, 32 bytes each.
    ///
    /// # Errors
    /// `Encoding` or `Mismatch`.
    pub fn check_p1363(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        self.check(message, Signature::from_slice(signature))
    }

    fn check(
        &self,
        message: &[u8],
        signature: Result<Signature, p256::ecdsa::Error>,
    ) -> Result<(), SignatureError> {
        let signature = signature.map_err(|_| SignatureError::Encoding)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.point)
            .verify(message, &signature.to_bytes())
            .map_err(|_| SignatureError::Mismatch)
    }
}
