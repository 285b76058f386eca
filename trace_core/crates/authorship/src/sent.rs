//! Signatures as they are sent with a capture, and as they are kept and shown with an event.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use json::{Bump, read, write_canonical_string};
use note::Note;

use crate::capture_tree::{SECRET_BYTES, check_note, check_place, parse_note, places};
use crate::{AuthorshipError, ContentDigest, Jws, PartnerKey, Place, Sign1};

/// What came with a capture: who signed its events, if it holds.
///
/// ```text
/// note=<base64 of the note>, secret=<base64 of 32 bytes>
/// jws=<header>..<signature>
/// cose=<base64>
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Authorship {
    signed: Signed,
    /// Of a note.
    secret: [u8; SECRET_BYTES],
}

/// A signature without what opens it, as it stands with the issuer of an event: `{"note":"…"}`, `{"jws":"…"}` or
/// `{"cose":"<base64>"}`, canonical JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Signed {
    /// Over a whole capture.
    Note(Note),
    /// Over one event.
    Jws(Jws),
    /// Over one event.
    Sign1(Box<Sign1>),
}

/// Which key a signature says that it is by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyHint {
    /// The partner, and the short hash of the key under that name.
    Note(String, [u8; 4]),
    /// The key's JWK thumbprint.
    KeyId(String),
}

impl Authorship {
    /// Reads what was sent.
    ///
    /// # Errors
    /// `Form`, or what the form's own reader says.
    pub fn parse(text: &str) -> Result<Self, AuthorshipError> {
        let none = [0; SECRET_BYTES];
        if let Some(jws) = text.strip_prefix("jws=") {
            return Ok(Self { signed: Signed::Jws(Jws::parse(jws)?), secret: none });
        }
        if let Some(cose) = text.strip_prefix("cose=") {
            return Ok(Self { signed: Signed::Sign1(Box::new(Sign1::parse(&decode(cose)?)?)), secret: none });
        }
        let (signed, opening) = text
            .strip_prefix("note=")
            .and_then(|rest| rest.split_once(", secret="))
            .ok_or(AuthorshipError::Form)?;
        let secret = decode(opening)?.as_slice().try_into().map_err(|_| AuthorshipError::Form)?;
        Ok(Self { signed: Signed::Note(parse_note(&decode(signed)?)?), secret })
    }

    /// A note as it is sent.
    #[must_use]
    pub fn of_note(note: Note, secret: [u8; SECRET_BYTES]) -> Self {
        Self { signed: Signed::Note(note), secret }
    }

    /// A signature over one event as it is sent.
    #[must_use]
    pub fn of_event(signed: Signed) -> Self {
        Self { signed, secret: [0; SECRET_BYTES] }
    }

    /// The inverse of [`parse`](Self::parse).
    #[must_use]
    pub fn text(&self) -> String {
        match &self.signed {
            Signed::Note(note) => {
                let (note, secret) =
                    (BASE64_STANDARD.encode(note.to_string()), BASE64_STANDARD.encode(self.secret));
                format!("note={note}, secret={secret}")
            }
            Signed::Jws(jws) => format!("jws={}", jws.text()),
            Signed::Sign1(cose) => format!("cose={}", BASE64_STANDARD.encode(cose.bytes())),
        }
    }

    /// What is kept of it.
    #[must_use]
    pub fn signed(&self) -> &Signed {
        &self.signed
    }

    /// Checks that this key, under its partner's name, signed just these events, all of the document in order. Gives
    /// the place of each in the signed capture; of one that is signed alone, none.
    ///
    /// # Errors
    /// What is wrong.
    ///
    /// # Cost
    /// One signature; three hashes for each event.
    pub fn check(
        &self,
        key: &PartnerKey,
        partner: &str,
        digests: &[ContentDigest],
    ) -> Result<Vec<Place>, AuthorshipError> {
        let one = || match digests {
            [digest] => Ok(digest),
            _ => Err(AuthorshipError::OneEvent),
        };
        match &self.signed {
            Signed::Note(note) => {
                check_signer(note, key, partner)?;
                places(note, digests, &self.secret)
            }
            Signed::Jws(jws) => jws.check(key, one()?).map(|()| Vec::new()),
            Signed::Sign1(cose) => cose.check(key, one()?).map(|()| Vec::new()),
        }
    }
}

impl Signed {
    /// Reads what stands with an issuer.
    ///
    /// # Errors
    /// `Form`, or what the form's own reader says.
    pub fn parse(text: &[u8]) -> Result<Self, AuthorshipError> {
        let arena = Bump::new();
        let object = read(text, &arena).ok().and_then(json::Value::as_object).ok_or(AuthorshipError::Form)?;
        let [member] = object.members else { return Err(AuthorshipError::Form) };
        let value = member.value.as_str().ok_or(AuthorshipError::Form)?;
        match member.name {
            "note" => parse_note(value.as_bytes()).map(Self::Note),
            "jws" => Jws::parse(value).map(Self::Jws),
            "cose" => Sign1::parse(&decode(value)?).map(|cose| Self::Sign1(Box::new(cose))),
            _ => Err(AuthorshipError::Form),
        }
    }

    /// The name of its form, and its text.
    #[must_use]
    pub fn named(&self) -> (&'static str, String) {
        match self {
            Self::Note(note) => ("note", note.to_string()),
            Self::Jws(jws) => ("jws", jws.text().to_owned()),
            Self::Sign1(cose) => ("cose", BASE64_STANDARD.encode(cose.bytes())),
        }
    }

    /// As it stands with an issuer.
    #[must_use]
    pub fn json(&self) -> String {
        let (name, value) = self.named();
        let mut out = format!("{{\"{name}\":").into_bytes();
        write_canonical_string(&value, &mut out);
        out.push(b'}');
        String::from_utf8_lossy(&out).into_owned()
    }

    /// Which key it says that it is by.
    #[must_use]
    pub fn key_hint(&self) -> KeyHint {
        match self {
            Self::Note(note) => match note.signatures() {
                [line, ..] => KeyHint::Note(line.name().to_owned(), line.key_hash()),
                [] => KeyHint::KeyId(String::new()),
            },
            Self::Jws(jws) => KeyHint::KeyId(jws.key_id().to_owned()),
            Self::Sign1(cose) => KeyHint::KeyId(cose.key_id()),
        }
    }

    /// Checks that this key, under its partner's name, signed the event with this content digest; `place` is where it
    /// stands in its capture, for a note. Gives the number of events that the signature is over.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(
        &self,
        key: &PartnerKey,
        partner: &str,
        digest: &ContentDigest,
        place: Option<&Place>,
    ) -> Result<u64, AuthorshipError> {
        match (self, place) {
            (Self::Note(note), Some(place)) => {
                check_signer(note, key, partner)?;
                check_place(note, place, digest)
            }
            (Self::Jws(jws), None) => jws.check(key, digest).map(|()| 1),
            (Self::Sign1(cose), None) => cose.check(key, digest).map(|()| 1),
            _ => Err(AuthorshipError::Place),
        }
    }
}

fn check_signer(note: &Note, key: &PartnerKey, partner: &str) -> Result<(), AuthorshipError> {
    let key = key.note_key(partner).ok().flatten().ok_or(AuthorshipError::Mismatch)?;
    check_note(note, key)
}

fn decode(text: &str) -> Result<Vec<u8>, AuthorshipError> {
    BASE64_STANDARD.decode(text).map_err(|_| AuthorshipError::Form)
}
