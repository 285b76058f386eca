//! ECDSA over P-256 and SHA-256 (FIPS 186-5), in both encodings of a signature.

use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};

use crate::{KeyError, KeyId, SignatureError};

/// Length of a signature as r ‖ s (IEEE P1363). DER has no fixed length.
pub const P256_SIGNATURE_BYTES: usize = 64;

/// A public key: a point of P-256 other than infinity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct P256Key {
    key: VerifyingKey,
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
                Ok(Self { key })
            }
            _ => Err(KeyError::Encoding),
        }
    }

    /// 04 ‖ x ‖ y, whichever encoding was parsed.
    #[must_use]
    pub fn to_uncompressed(&self) -> [u8; 65] {
        let mut bytes = [0; 65];
        bytes.copy_from_slice(self.key.to_sec1_point(false).as_bytes());
        bytes
    }

    /// The key's name, the same for both encodings.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of_p256(&self.to_uncompressed())
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
        self.key.verify(message, &signature).map_err(|_| SignatureError::Mismatch)
    }
}
