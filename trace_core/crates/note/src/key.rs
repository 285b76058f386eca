//! Keys of notes: a name, a public key, and the short hash of both that signature lines carry.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha2::{Digest, Sha256};
use signature::{ED25519_SEED_BYTES, Ed25519Key, Ed25519Signer, MlDsa44Key, MlDsa44Signer};

use crate::cosignature;
use crate::{KeyError, NoteError, NoteSignature};

/// Length of a key hash, which the specification also calls key ID.
pub const KEY_HASH_BYTES: usize = 4;

/// What a key's signatures are over; the type byte of its vkey.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// 0x01: Ed25519 over the note's text (c2sp.org/signed-note), for logs.
    Ed25519,
    /// 0x04: Ed25519 over a time and the text of a checkpoint (c2sp.org/tlog-cosignature), for cosigners.
    Cosignature,
    /// 0x06: ML-DSA-44 over a name, a time and the three lines of a checkpoint (c2sp.org/tlog-cosignature), for
    /// cosigners, and for logs beside their Ed25519 key.
    MlDsa44,
}

impl KeyKind {
    /// The type byte.
    #[must_use]
    pub fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Cosignature => 0x04,
            Self::MlDsa44 => 0x06,
        }
    }

    fn of_byte(byte: u8) -> Option<Self> {
        [Self::Ed25519, Self::Cosignature, Self::MlDsa44].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// Whoever may sign notes, as published: `name+hash+base64(type ‖ public key)`.
///
/// `parse` and `Display` are each other's inverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    hash: [u8; KEY_HASH_BYTES],
    kind: KeyKind,
    key: PublicKey,
}

/// The public keys of all kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PublicKey {
    Ed25519(Ed25519Key),
    MlDsa44(Box<MlDsa44Key>),
}

impl PublicKey {
    fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Ed25519(key) => key.as_bytes(),
            Self::MlDsa44(key) => key.as_bytes(),
        }
    }
}

impl VerifierKey {
    fn new(name: &str, kind: KeyKind, key: PublicKey) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        Ok(Self { name: name.to_owned(), hash: key_hash(name, kind, key.as_bytes()), kind, key })
    }

    /// A key of the kind [`KeyKind::Ed25519`].
    ///
    /// # Errors
    /// `Name`.
    pub fn of_ed25519(name: &str, key: Ed25519Key) -> Result<Self, KeyError> {
        Self::new(name, KeyKind::Ed25519, PublicKey::Ed25519(key))
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

    /// What its signatures are over.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The public key's bytes: two keys are one when these are equal, whatever they are called.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.key.as_bytes()
    }

    /// Whether a signature line says that it is by this key.
    pub(crate) fn is_named_by(&self, signature: &NoteSignature) -> bool {
        self.name == signature.name() && self.hash == signature.key_hash()
    }

    /// Checks a signature line over the text of a note; gives the time that it states, in seconds since 1970, where
    /// the kind has one.
    pub(crate) fn check(
        &self,
        text: &str,
        signature: &NoteSignature,
    ) -> Result<Option<u64>, SignatureRefused> {
        if self.kind == KeyKind::Ed25519 {
            self.check_bytes(text.as_bytes(), signature.signature())?;
            return Ok(None);
        }
        let (time_s, bare) = cosignature::split(signature.signature()).ok_or(SignatureRefused)?;
        let message = cosignature::message(self.kind, &self.name, time_s, text).ok_or(SignatureRefused)?;
        self.check_bytes(&message, bare)?;
        Ok(Some(time_s))
    }

    fn check_bytes(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureRefused> {
        match &self.key {
            PublicKey::Ed25519(key) => key.check(message, signature),
            PublicKey::MlDsa44(key) => key.check(message, signature),
        }
        .map_err(|_| SignatureRefused)
    }
}

/// A signature line that names a key is not by it.
pub(crate) struct SignatureRefused;

impl FromStr for VerifierKey {
    type Err = KeyError;

    /// Reads a vkey. The hash is in lower case, the base64 canonical.
    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+'); // base64 contains '+' as well
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let typed_key = BASE64_STANDARD.decode(key).map_err(|_| KeyError::Malformed)?;
        let (&byte, key) = typed_key.split_first().ok_or(KeyError::Malformed)?;
        let kind = KeyKind::of_byte(byte).ok_or(KeyError::Type(byte))?;
        let key = match kind {
            KeyKind::Ed25519 | KeyKind::Cosignature => PublicKey::Ed25519(Ed25519Key::parse(key)?),
            KeyKind::MlDsa44 => PublicKey::MlDsa44(Box::new(MlDsa44Key::parse(key)?)),
        };
        let verifier = Self::new(name, kind, key)?;
        if hash == hex(verifier.hash) { Ok(verifier) } else { Err(KeyError::Hash) }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = BASE64_STANDARD.encode([&[self.kind.byte()], self.key.as_bytes()].concat());
        write!(f, "{}+{}+{key}", self.name, hex(self.hash))
    }
}

/// Signs notes. The secret is wiped from memory when this is dropped.
#[derive(Debug)]
pub struct SignerKey {
    verifier: VerifierKey,
    signer: Signer,
}

#[derive(Debug)]
enum Signer {
    Ed25519(Box<Ed25519Signer>),
    MlDsa44(MlDsa44Signer),
}

impl SignerKey {
    /// Makes the key of a kind, a name and a seed: 32 bytes from the system's entropy source, kept secret by the caller.
    ///
    /// # Errors
    /// `Name`.
    pub fn from_seed(kind: KeyKind, name: &str, seed: &[u8; ED25519_SEED_BYTES]) -> Result<Self, KeyError> {
        let (signer, key) = match kind {
            KeyKind::Ed25519 | KeyKind::Cosignature => {
                let signer = Ed25519Signer::from_seed(seed);
                let key = PublicKey::Ed25519(signer.key());
                (Signer::Ed25519(Box::new(signer)), key)
            }
            KeyKind::MlDsa44 => {
                let signer = MlDsa44Signer::from_seed(seed);
                let key = PublicKey::MlDsa44(Box::new(signer.key()));
                (Signer::MlDsa44(signer), key)
            }
        };
        Ok(Self { verifier: VerifierKey::new(name, kind, key)?, signer })
    }

    /// What to give to those who check.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signature line's content for the text of a note. `time_s`, seconds since 1970, is what a cosignature
    /// states; plain Ed25519 has no time.
    ///
    /// # Errors
    /// `NoCheckpoint` for a cosignature over another text, or of a time from 2⁶³ on.
    pub fn sign(&self, text: &str, time_s: u64) -> Result<NoteSignature, NoteError> {
        let key = &self.verifier;
        let signature = if key.kind == KeyKind::Ed25519 {
            self.sign_bytes(text.as_bytes())?
        } else {
            let message =
                cosignature::message(key.kind, &key.name, time_s, text).ok_or(NoteError::NoCheckpoint)?;
            [time_s.to_be_bytes().as_slice(), &self.sign_bytes(&message)?].concat()
        };
        Ok(NoteSignature::new(&key.name, key.hash, &signature))
    }

    fn sign_bytes(&self, message: &[u8]) -> Result<Vec<u8>, NoteError> {
        match &self.signer {
            Signer::Ed25519(signer) => Ok(signer.sign(message).to_vec()),
            Signer::MlDsa44(signer) => signer.sign(message).map_err(|_| NoteError::Text),
        }
    }
}

/// Whether a key may have this name: not empty, no spaces of Unicode, no `+`; and no control characters,
/// which could not stand in a note.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+')
}

fn key_hash(name: &str, kind: KeyKind, key: &[u8]) -> [u8; KEY_HASH_BYTES] {
    let hash =
        Sha256::new().chain_update(name).chain_update([b'\n', kind.byte()]).chain_update(key).finalize();
    let [a, b, c, d, ..]: [u8; 32] = hash.into();
    [a, b, c, d]
}

fn hex(hash: [u8; KEY_HASH_BYTES]) -> String {
    format!("{:08x}", u32::from_be_bytes(hash))
}
