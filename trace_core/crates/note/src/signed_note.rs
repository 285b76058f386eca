//! The signed note: a text, an empty line, signature lines (c2sp.org/signed-note).

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::NoteError;
use crate::key::{KEY_HASH_BYTES, SignerKey, VerifierKey, is_name};

/// Longest note that is read. A hundred signatures of 5 kB fit; a log's checkpoint has some 200 bytes.
pub const NOTE_BYTES_MAX: usize = 1 << 20;
/// Most signature lines in a note; chosen by golang.org/x/mod/sumdb/note. The specification asks for 16 or more.
pub const SIGNATURES_MAX: usize = 100;

/// What begins a signature line: em dash, space.
const SIGNATURE_PREFIX: &str = "— ";

/// A well-formed note whose signatures nobody has checked yet. `parse` and `Display` are each other's inverse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_hash: [u8; KEY_HASH_BYTES],
    signature: Vec<u8>,
}

/// A note that known keys vouch for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'k> {
    /// The note, with the signatures by unknown keys too.
    pub note: Note,
    /// The known keys that signed, each once, in the order in which they were given: fit for counting a quorum.
    pub verified: Vec<Verified<'k>>,
}

/// A known key that signed a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verified<'k> {
    /// The key.
    pub key: &'k VerifierKey,
    /// When, as a cosigner states it, in seconds since 1970: the latest time if it signed several times.
    pub time_s: Option<u64>,
}

/// Reads a note and checks its signatures by known keys.
///
/// (1) The bytes must be a well-formed note. (2) Signatures by unknown keys are ignored. (3) Every signature
/// that names a known key must be good, also a repeated one. (4) There must be one such signature at least.
/// Whether those that signed suffice is for the caller to say.
///
/// # Errors
/// [`NoteError`]; then nothing in the note may be believed.
pub fn open<'k>(note: &[u8], known: &'k [VerifierKey]) -> Result<Opened<'k>, NoteError> {
    // (1)
    let note = Note::parse(note)?;
    let mut signed = vec![None; known.len()];
    for (line, signature) in note.signatures.iter().enumerate() {
        // (2), (3); two keys of one name may share the short hash, so the signature decides between them.
        let mut named = false;
        let mut good = false;
        for (key, signed) in known.iter().zip(&mut signed).filter(|(key, _)| key.is_named_by(signature)) {
            named = true;
            if let Ok(time_s) = key.check(&note.text, signature) {
                good = true;
                *signed = (*signed).max(Some(time_s));
            }
        }
        if named && !good {
            return Err(NoteError::BadSignature(line));
        }
    }
    // (4)
    let verified: Vec<_> = known
        .iter()
        .zip(signed)
        .filter_map(|(key, signed)| signed.map(|time_s| Verified { key, time_s }))
        .collect();
    if verified.is_empty() { Err(NoteError::Unverified) } else { Ok(Opened { note, verified }) }
}

/// Makes a note of a text that each of these keys signs; `time_s`, seconds since 1970, is what cosignatures state.
///
/// # Errors
/// `Text`, `TooLong`, `NoSignatures` without a key, `TooManySignatures`, or `NoCheckpoint`.
pub fn sign(text: &str, signers: &[&SignerKey], time_s: u64) -> Result<Note, NoteError> {
    if !is_text(text) {
        return Err(NoteError::Text);
    }
    if signers.is_empty() {
        return Err(NoteError::NoSignatures);
    }
    let signatures = signers.iter().map(|signer| signer.sign(text, time_s)).collect::<Result<_, _>>()?;
    Note { text: text.to_owned(), signatures: Vec::new() }.with(signatures)
}

impl Note {
    /// Reads a note. Its text is between the start and the last empty line.
    ///
    /// # Errors
    /// All of [`NoteError`] but `BadSignature` and `Unverified`.
    pub fn parse(note: &[u8]) -> Result<Self, NoteError> {
        if note.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLong);
        }
        let note = str::from_utf8(note).map_err(|_| NoteError::Text)?;
        // The first newline of the pair ends the text, the second is the empty line.
        let (text, lines) = note
            .rfind("\n\n")
            .and_then(|end| note.split_at_checked(end + 1))
            .and_then(|(text, rest)| Some((text, rest.strip_prefix('\n')?.strip_suffix('\n')?)))
            .ok_or(NoteError::NoSignatures)?;
        if !is_text(text) {
            return Err(NoteError::Text);
        }
        let mut signatures = Vec::new();
        for (number, line) in lines.split('\n').enumerate() {
            if number == SIGNATURES_MAX {
                return Err(NoteError::TooManySignatures);
            }
            signatures.push(NoteSignature::parse(line).ok_or(NoteError::SignatureLine(number))?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// What was signed, with the newline at its end.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The note with further signature lines behind its own; a line that it has already is not repeated.
    ///
    /// # Errors
    /// `TooManySignatures` or `TooLong`.
    pub fn with(mut self, signatures: Vec<NoteSignature>) -> Result<Self, NoteError> {
        for signature in signatures {
            if !self.signatures.contains(&signature) {
                self.signatures.push(signature);
            }
        }
        if self.signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::TooManySignatures);
        }
        if self.to_string().len() > NOTE_BYTES_MAX { Err(NoteError::TooLong) } else { Ok(self) }
    }

    /// The note with those of its signature lines alone that name one of these keys; as it is where none does.
    #[must_use]
    pub fn only_by(mut self, keys: &[VerifierKey]) -> Self {
        let is_by = |signature: &NoteSignature| keys.iter().any(|key| key.is_named_by(signature));
        if self.signatures.iter().any(is_by) {
            self.signatures.retain(is_by);
        }
        self
    }

    /// The signature lines in their order, at least one.
    #[must_use]
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }
}

impl NoteSignature {
    pub(crate) fn new(name: &str, key_hash: [u8; KEY_HASH_BYTES], signature: &[u8]) -> Self {
        Self { name: name.to_owned(), key_hash, signature: signature.to_vec() }
    }

    /// Reads `— name base64(key hash ‖ signature)`, without the newline.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (name, base64) = line.strip_prefix(SIGNATURE_PREFIX)?.split_once(' ')?;
        let bytes = BASE64_STANDARD.decode(base64).ok()?;
        let (key_hash, signature) = bytes.split_first_chunk()?;
        let whole = is_name(name) && !signature.is_empty();
        whole.then(|| Self::new(name, *key_hash, signature))
    }

    /// The name of the key that is said to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The hash of the key that is said to have signed.
    #[must_use]
    pub fn key_hash(&self) -> [u8; KEY_HASH_BYTES] {
        self.key_hash
    }

    /// The signature itself, without the key hash; its form is the key's affair.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

impl fmt::Display for NoteSignature {
    /// The signature line, without newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let base64 = BASE64_STANDARD.encode([self.key_hash.as_slice(), &self.signature].concat());
        write!(f, "{SIGNATURE_PREFIX}{} {base64}", self.name)
    }
}

/// Whether a text can be signed: lines, each ended by a newline, without other control characters of ASCII.
fn is_text(text: &str) -> bool {
    text.ends_with('\n') && !text.contains(|c: char| c < ' ' && c != '\n')
}
