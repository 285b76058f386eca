//! Keys of notes: a name, a public key, and the short hash of both that signature lines carry.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use signature::{ED25519_SEED_BYTES, Ed25519Key, Ed25519Signer};

use crate::{KeyError, NoteSignature};

/// Length of a key hash, which the specification also calls key ID.
pub const KEY_HASH_BYTES: usize = 4;

/// The signature type of plain Ed25519 over the note's text (c2sp.org/signed-note). Cosignatures are 0x04.
const TYPE_ED25519: u8 = 0x01;

/// Whoever may sign notes, as published: `name+hash+base64(type ‖ public key)`.
///
/// `parse` and `Display` are each other's inverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: [u8; KEY_HASH_BYTES],
    key: Ed25519Key,
}

impl VerifierKey {
    /// Names a public key.
    ///
    /// # Errors
    /// `Name`.
    pub fn new(name: &str, key: Ed25519Key) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        Ok(Self { name: name.to_owned(), hash: key_hash(name, TYPE_ED25519, key.as_bytes()), key })
    }

    /// The key's name; for a log its origin.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first 4 bytes of SHA-256(name ‖ "\n" ‖ type ‖ public key). It names a key and proves nothing.
    #[must_use]
    pub fn hash(&self) -> [u8; KEY_HASH_BYTES] {
        self.hash
    }

    /// The public key.
    #[must_use]
    pub fn key(&self) -> &Ed25519Key {
        &self.key
    }

    /// Whether a signature line says that it is by this key.
    pub(crate) fn is_named_by(&self, signature: &NoteSignature) -> bool {
        self.name == signature.name() && self.hash == signature.key_hash()
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    /// Reads a vkey. The hash is in lower case, the base64 canonical.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+'); // base64 contains '+' as well
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let typed_key = BASE64_STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
        let verifier = match typed_key.split_first() {
            Some((&TYPE_ED25519, key)) => Self::new(name, Ed25519Key::parse(key)?)?,
            Some((&other, _)) => return Err(KeyError::Type(other)),
            None => return Err(KeyError::Malformed),
        };
        if hash == hex(verifier.hash) { Ok(verifier) } else { Err(KeyError::Hash) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode([&[TYPE_ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{}+{key}", self.name, hex(self.hash))
    }
}

/// Signs notes with Ed25519. The secret is wiped from memory when this is dropped.
#[derive(Debug)]
pub struct SignerKey {
    verifier: VerifierKey,
    signer: Ed25519Signer,
}

impl SignerKey {
    /// Makes the key of a name and a seed: 32 bytes from the system's entropy source, kept secret by the caller.
    ///
    /// # Errors
    /// `Name`.
    pub fn from_seed(name: &str, seed: &[u8; ED25519_SEED_BYTES]) -> Result<Self, KeyError> {
        let signer = Ed25519Signer::from_seed(seed);
        Ok(Self { verifier: VerifierKey::new(name, signer.key())?, signer })
    }

    /// The seed, for whoever stores it. The copy is the caller's to wipe.
    #[must_use]
    pub fn seed(&self) -> [u8; ED25519_SEED_BYTES] {
        self.signer.seed()
    }

    /// What to give to those who check.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature line's content for a text.
    pub(crate) fn sign(&self, text: &str) -> NoteSignature {
        let signature = self.signer.sign(text.as_bytes());
        NoteSignature::new(&self.verifier.name, self.verifier.hash, &signature)
    }
}

/// Whether a key may have this name: not empty, no spaces of Unicode, no `+`; and no control characters,
/// which could not stand in a note.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+')
}

fn key_hash(name: &str, signature_type: u8, key: &[u8]) -> [u8; KEY_HASH_BYTES] {
    let hash =
        Sha256::new().chain_update(name).chain_update([b'\n', signature_type]).chain_update(key).finalize();
    let [a, b, c, d, ..]: [u8; 32] = hash.into();
    [a, b, c, d]
}

fn hex(hash: [u8; KEY_HASH_BYTES]) -> String {
    format!("{:08x}", u32::from_be_bytes(hash))
}
