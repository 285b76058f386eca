//! Names of keys: JWK thumbprints (RFC 7638), which browsers and every JOSE library can compute.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// Length of a key id.
pub const KEY_ID_BYTES: usize = 32;

/// SHA-256 over the key as canonical JWK (RFC 7638, RFC 8037 §2). Shown in base64url without padding.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId([u8; KEY_ID_BYTES]);

impl KeyId {
    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; KEY_ID_BYTES] {
        &self.0
    }

    pub(crate) fn of_ed25519(key: &[u8; 32]) -> Self {
        let x = BASE64_URL_SAFE_NO_PAD.encode(key);
        Self::of_jwk(&format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#))
    }

    /// `point` is 04 ‖ x ‖ y.
    pub(crate) fn of_p256(point: &[u8; 65]) -> Self {
        let x = BASE64_URL_SAFE_NO_PAD.encode(&point[1..33]);
        let y = BASE64_URL_SAFE_NO_PAD.encode(&point[33..]);
        Self::of_jwk(&format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#))
    }

    fn of_jwk(jwk: &str) -> Self {
        Self(Sha256::digest(jwk).into())
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&BASE64_URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}
