//! ML-DSA-44 (FIPS 204) keys and signatures, pure, with an empty context string.

use std::fmt;

use ml_dsa::{EncodedVerifyingKey, Keypair, MlDsa44, Signature, SigningKey, VerifyingKey};

use crate::{KeyError, SignatureError};

/// Length of a public key.
pub const ML_DSA_44_KEY_BYTES: usize = 1312;
/// Length of a signature.
pub const ML_DSA_44_SIGNATURE_BYTES: usize = 2420;
/// Length of the secret that a signer is made from: ξ of FIPS 204.
pub const ML_DSA_44_SEED_BYTES: usize = 32;

/// A public key. Any bytes of the right length are one.
#[derive(Clone)]
pub struct MlDsa44Key {
    encoded: EncodedVerifyingKey<MlDsa44>,
    key: Box<VerifyingKey<MlDsa44>>,
}

impl MlDsa44Key {
    /// Reads `pk` of FIPS 204 §7.2.
    ///
    /// # Errors
    /// `Encoding`.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let encoded = EncodedVerifyingKey::<MlDsa44>::try_from(bytes).map_err(|_| KeyError::Encoding)?;
        Ok(Self { key: Box::new(VerifyingKey::decode(&encoded)), encoded })
    }

    /// The 1,312 bytes that were parsed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.encoded
    }

    /// Checks that this key signed `message`; FIPS 204 algorithm 3.
    ///
    /// # Errors
    /// `Encoding` for a signature that none could have made, `Mismatch` for one that this key did not make.
    pub fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let signature = Signature::<MlDsa44>::try_from(signature).map_err(|_| SignatureError::Encoding)?;
        let holds = self.key.verify_with_context(message, &[], &signature);
        if holds { Ok(()) } else { Err(SignatureError::Mismatch) }
    }
}

impl PartialEq for MlDsa44Key {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl Eq for MlDsa44Key {}

impl fmt::Debug for MlDsa44Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MlDsa44Key({:02x?}…)", &self.encoded[..4])
    }
}

/// Signs with ML-DSA-44. The secret is wiped from memory when this is dropped.
pub struct MlDsa44Signer {
    key: Box<SigningKey<MlDsa44>>,
}

impl MlDsa44Signer {
    /// Makes the signer of a seed: 32 bytes from the system's entropy source, kept secret by the caller.
    #[must_use]
    pub fn from_seed(seed: &[u8; ML_DSA_44_SEED_BYTES]) -> Self {
        Self { key: Box::new(SigningKey::from_seed(&(*seed).into())) }
    }

    /// The seed, for whoever stores it. The copy is the caller's to wipe.
    #[must_use]
    pub fn seed(&self) -> [u8; ML_DSA_44_SEED_BYTES] {
        self.key.to_seed().into()
    }

    /// The public key that checks what this signer signs.
    #[must_use]
    pub fn key(&self) -> MlDsa44Key {
        let key = self.key.verifying_key();
        MlDsa44Key { encoded: key.encode(), key: Box::new(key) }
    }

    /// Signs by the deterministic variant: the same message always gives the same bytes.
    ///
    /// # Errors
    /// `Encoding` after hundreds of attempts without success, which has a chance below 2⁻²⁵⁶.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let signed = self.key.expanded_key().sign_deterministic(message, &[]);
        Ok(signed.map_err(|_| SignatureError::Encoding)?.encode().to_vec())
    }
}

impl fmt::Debug for MlDsa44Signer {
    /// Names the public key: secrets do not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MlDsa44Signer({:?})", self.key())
    }
}
