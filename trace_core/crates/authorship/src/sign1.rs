//! Detached `COSE_Sign1` (RFC 9052 §4.2).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use coset::cbor::value::Value;
use coset::{
    Algorithm as CoseAlgorithm, AsCborValue, CborSerializable, CoseSign1, CoseSign1Builder, HeaderBuilder,
    SignatureContext, TaggedCborSerializable, iana, sig_structure_data,
};
use iana::Algorithm::{ES256, ESP256, Ed25519, EdDSA};
use signature::Ed25519Signer;

use crate::jwk::Algorithm;
use crate::{AuthorshipError, PartnerKey};

/// Longest message that is read.
pub const SIGN1_BYTES_MAX: usize = 4 * 1024;

/// A detached `COSE_Sign1` that nobody has checked yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Sign1 {
    /// As it came.
    bytes: Vec<u8>,
    message: CoseSign1,
    algorithm: Algorithm,
}

impl Sign1 {
    /// Reads a tagged `COSE_Sign1` without payload, in deterministic CBOR. Its signed headers have `alg` (`EdDSA`,
    /// Ed25519, ES256 or ESP256) and `kid`, the 32 bytes of the key's JWK thumbprint, and no `crit`; nothing stands
    /// unsigned.
    ///
    /// # Errors
    /// `Sign1`.
    pub fn parse(bytes: &[u8]) -> Result<Self, AuthorshipError> {
        Self::read(bytes).ok_or(AuthorshipError::Sign1)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > SIGN1_BYTES_MAX {
            return None;
        }
        let Value::Tag(CoseSign1::TAG, item) = deterministic(bytes)? else { return None };
        let message = CoseSign1::from_cbor_value(*item).ok()?;
        deterministic(message.protected.original_data.as_deref()?)?;
        let signed = &message.protected.header;
        if !signed.crit.is_empty() || !message.unprotected.is_empty() || message.payload.is_some() {
            return None;
        }
        let algorithm = match signed.alg {
            Some(CoseAlgorithm::Assigned(EdDSA | Ed25519)) => Algorithm::EdDsa,
            Some(CoseAlgorithm::Assigned(ES256 | ESP256)) => Algorithm::Es256,
            _ => return None,
        };
        if signed.key_id.len() != signature::KEY_ID_BYTES {
            return None;
        }
        Some(Self { bytes: bytes.to_vec(), message, algorithm })
    }

    /// Signs a payload with Ed25519.
    ///
    /// # Panics
    /// Never: no header stands twice, and a `Vec` takes all that is written.
    #[must_use]
    pub fn sign(signer: &Ed25519Signer, payload: &[u8]) -> Self {
        let protected = HeaderBuilder::new()
            .algorithm(iana::Algorithm::EdDSA)
            .key_id(signer.key().id().as_bytes().to_vec())
            .build();
        let message = CoseSign1Builder::new()
            .protected(protected)
            .create_detached_signature(payload, &[], |message| signer.sign(message).to_vec())
            .build();
        let bytes = message.clone().to_tagged_vec().expect("a Vec takes all that is written");
        Self { bytes, message, algorithm: Algorithm::EdDsa }
    }

    /// As it came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The `kid` of its headers, as JOSE writes it.
    #[must_use]
    pub fn key_id(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(&self.message.protected.header.key_id)
    }

    /// Checks that the key, which the headers have to name, signed this payload.
    ///
    /// # Errors
    /// `Mismatch`.
    pub fn check(&self, key: &PartnerKey, payload: &[u8]) -> Result<(), AuthorshipError> {
        if key.id().as_bytes().as_slice() != self.message.protected.header.key_id {
            return Err(AuthorshipError::Mismatch);
        }
        key.check(self.algorithm, &self.message(payload), self.signature())
    }

    /// What is signed of a payload.
    pub(crate) fn message(&self, payload: &[u8]) -> Vec<u8> {
        let protected = self.message.protected.clone();
        sig_structure_data(SignatureContext::CoseSign1, protected, None, &[], payload)
    }

    pub(crate) fn signature(&self) -> &[u8] {
        &self.message.signature
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

/// One item of CBOR and nothing after it, every part of it in its shortest form (RFC 8949 §4.2.1).
fn deterministic(bytes: &[u8]) -> Option<Value> {
    let value = Value::from_slice(bytes).ok()?;
    value.clone().to_vec().is_ok_and(|shortest| shortest == bytes).then_some(value)
}
