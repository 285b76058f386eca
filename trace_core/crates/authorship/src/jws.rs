//! Detached JWS in compact form: `header..signature` (RFC 7515, appendix F).

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use json::{Bump, read};
use signature::Ed25519Signer;

use crate::jwk::Algorithm;
use crate::{AuthorshipError, PartnerKey};

/// Longest JWS that is read.
pub const JWS_BYTES_MAX: usize = 4 * 1024;

/// A detached JWS that nobody has checked yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws {
    /// As it came.
    text: String,
    algorithm: Algorithm,
    key_id: String,
    signature: Vec<u8>,
}

impl Jws {
    /// Reads `header..signature`. The header has `alg` (`EdDSA`, `Ed25519` or `ES256`) and `kid`, the JWK thumbprint of the
    /// key; neither `crit` nor `b64`. Further members are signed, and mean nothing here.
    ///
    /// # Errors
    /// `Jws`.
    pub fn parse(text: &str) -> Result<Self, AuthorshipError> {
        Self::read(text).ok_or(AuthorshipError::Jws)
    }

    fn read(text: &str) -> Option<Self> {
        if text.len() > JWS_BYTES_MAX {
            return None;
        }
        let (encoded, signature) = text.split_once("..")?;
        let JwsHeader { algorithm, key_id } = JwsHeader::parse(encoded)?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).ok()?;
        Some(Self { text: text.to_owned(), algorithm, key_id, signature })
    }

    /// Signs a payload with Ed25519.
    #[must_use]
    pub fn sign(signer: &Ed25519Signer, payload: &[u8]) -> Self {
        let key_id = signer.key().id().to_string();
        let header = BASE64_URL_SAFE_NO_PAD.encode(format!(r#"{{"alg":"EdDSA","kid":"{key_id}"}}"#));
        let signature = signer.sign(&message(&header, payload)).to_vec();
        let text = format!("{header}..{}", BASE64_URL_SAFE_NO_PAD.encode(&signature));
        Self { text, algorithm: Algorithm::EdDsa, key_id, signature }
    }

    /// As it came.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The `kid` of its header.
    #[must_use]
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// Checks that the key, which the header has to name, signed this payload.
    ///
    /// # Errors
    /// `Mismatch`.
    pub fn check(&self, key: &PartnerKey, payload: &[u8]) -> Result<(), AuthorshipError> {
        let (header, _) = self.text.split_once("..").ok_or(AuthorshipError::Jws)?;
        if key.id().to_string() != self.key_id {
            return Err(AuthorshipError::Mismatch);
        }
        key.check(self.algorithm, &message(header, payload), &self.signature)
    }
}

/// What a header says.
pub(crate) struct JwsHeader {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: String,
}

impl JwsHeader {
    pub(crate) fn parse(encoded: &str) -> Option<Self> {
        let header = BASE64_URL_SAFE_NO_PAD.decode(encoded).ok()?;
        let arena = Bump::new();
        let header = read(&header, &arena).ok()?.as_object()?;
        if header.get("crit").is_some() || header.get("b64").is_some() {
            return None;
        }
        let algorithm = match header.get("alg")?.as_str()? {
            "EdDSA" | "Ed25519" => Algorithm::EdDsa,
            "ES256" => Algorithm::Es256,
            _ => return None,
        };
        Some(Self { algorithm, key_id: header.get("kid")?.as_str()?.to_owned() })
    }
}

/// RFC 7515 §5.1, the JWS Signing Input.
fn message(header: &str, payload: &[u8]) -> Vec<u8> {
    let mut message = Vec::with_capacity(header.len() + 1 + payload.len().div_ceil(3) * 4);
    write_message(header, payload, &mut message);
    message
}

/// Adds it to other bytes.
pub(crate) fn write_message(header: &str, payload: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(header.as_bytes());
    out.push(b'.');
    let start = out.len();
    out.resize(start + payload.len().div_ceil(3) * 4, 0);
    let written = BASE64_URL_SAFE_NO_PAD.encode_slice(payload, &mut out[start..]).unwrap_or(0);
    out.truncate(start + written);
}
