//! A trading partner's public key as a JWK.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use json::{Bump, Object, read};
use note::{KeyError, VerifierKey};
use signature::{Ed25519Key, KeyId, P256Key, Scheme, Signed};

use crate::AuthorshipError;

/// A public key of one of the two kinds that partners sign with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartnerKey {
    /// RFC 8037: `OKP`, `Ed25519`.
    Ed25519(Ed25519Key),
    /// RFC 7518 §6.2: `EC`, `P-256`.
    P256(P256Key),
}

impl PartnerKey {
    /// Reads a JWK. Members such as `use` and `kid` may stand there and are not kept.
    ///
    /// # Errors
    /// `Jwk`, also for a key with its secret (`d`) and for keys that prove nothing, such as those of small order.
    pub fn parse(jwk: &[u8]) -> Result<Self, AuthorshipError> {
        let arena = Bump::new();
        let object = read(jwk, &arena).ok().and_then(json::Value::as_object).ok_or(AuthorshipError::Jwk)?;
        Self::of_object(object).ok_or(AuthorshipError::Jwk)
    }

    fn of_object(jwk: &Object<'_>) -> Option<Self> {
        let text = |name| jwk.get(name).and_then(json::Value::as_str);
        let number = |name| {
            let bytes = BASE64_URL_SAFE_NO_PAD.decode(text(name)?).ok()?;
            <[u8; 32]>::try_from(bytes.as_slice()).ok()
        };
        if jwk.get("d").is_some() {
            return None;
        }
        match (text("kty")?, text("crv")?) {
            ("OKP", "Ed25519") => Some(Self::Ed25519(Ed25519Key::parse(&number("x")?).ok()?)),
            ("EC", "P-256") => {
                let point = [&[4][..], &number("x")?, &number("y")?].concat();
                Some(Self::P256(P256Key::parse(&point).ok()?))
            }
            _ => None,
        }
    }

    /// The members that RFC 7638 asks for, in its order: what the key's id is the hash of.
    #[must_use]
    pub fn jwk(&self) -> String {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ed25519(key) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, encode(key.as_bytes()))
            }
            Self::P256(key) => {
                let point = key.to_uncompressed();
                let (x, y) = (encode(&point[1..33]), encode(&point[33..]));
                format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
        }
    }

    /// The key's name: its JWK thumbprint.
    #[must_use]
    pub fn id(&self) -> KeyId {
        match self {
            Self::Ed25519(key) => key.id(),
            Self::P256(key) => key.id(),
        }
    }

    /// The key under the name of its partner as notes name it; `None` for P-256, which signs no notes.
    ///
    /// # Errors
    /// `Name` for what is no name of a key.
    pub fn note_key(&self, partner: &str) -> Result<Option<VerifierKey>, KeyError> {
        match self {
            Self::Ed25519(key) => VerifierKey::of_ed25519(partner, key.clone()).map(Some),
            Self::P256(_) => Ok(None),
        }
    }

    /// Checks a signature as JOSE and COSE have it.
    pub(crate) fn check(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), AuthorshipError> {
        match (self, algorithm) {
            (Self::Ed25519(key), Algorithm::EdDsa) => key.check(message, signature),
            (Self::P256(key), Algorithm::Es256) => key.check_p1363(message, signature),
            _ => return Err(AuthorshipError::Mismatch),
        }
        .map_err(|_| AuthorshipError::Mismatch)
    }

    /// As many signatures are checked with it at once.
    pub(crate) fn of_scheme(&self) -> SchemeKey {
        match self {
            Self::Ed25519(key) => SchemeKey(Scheme::Ed25519, key.as_bytes().to_vec()),
            Self::P256(key) => SchemeKey(Scheme::EcdsaP256P1363, key.to_uncompressed().to_vec()),
        }
    }
}

/// A key as the batch check has it.
#[derive(Debug)]
pub(crate) struct SchemeKey(Scheme, Vec<u8>);

impl SchemeKey {
    /// What [`PartnerKey::check`] checks, as one of a batch; none for an algorithm that the key does not have.
    pub(crate) fn signed<'c>(
        &'c self,
        algorithm: Algorithm,
        message: &'c [u8],
        signature: &'c [u8],
    ) -> Option<Signed<'c>> {
        let scheme = match algorithm {
            Algorithm::EdDsa => Scheme::Ed25519,
            Algorithm::Es256 => Scheme::EcdsaP256P1363,
        };
        (scheme == self.0).then_some(Signed { scheme, key: &self.1, message, signature })
    }
}

/// The two algorithms of partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Algorithm {
    EdDsa,
    Es256,
}
