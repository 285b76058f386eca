//! One signature for each event of a document: read with their headers looked at once, checked together.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use signature::check_signatures;

use crate::jwk::{Algorithm, SchemeKey};
use crate::jws::{JWS_BYTES_MAX, JwsHeader};
use crate::{AuthorshipError, ContentDigest, PartnerKey, Sign1};

/// Signatures that are brought together by their keys: more would only take more memory.
const CHECKED_AT_ONCE: usize = 4_096;

/// What is known of the keys by which the events of a document may be signed.
#[derive(Debug, Default)]
pub struct EventSigners {
    known: HashMap<String, Result<EventSigner, KeyFault>>,
}

/// A key that counts, and whose it is.
#[derive(Debug)]
pub struct EventSigner {
    /// Its name: the JWK thumbprint.
    pub key_id: String,
    /// Name of the trading partner.
    pub partner: String,
    key: SchemeKey,
}

/// Why a key does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFault {
    /// Stable name.
    pub code: &'static str,
    /// What exactly, for a person.
    pub message: String,
}

/// A signature over one event that nobody has checked yet, by a key that counts.
#[derive(Debug)]
pub struct EventSignature<'s> {
    /// `jws` or `cose`, as it stands with an issuer.
    pub form: &'static str,
    /// As it came.
    pub text: &'s str,
    /// By whom it says that it is.
    pub signer: &'s EventSigner,
    made: Made<'s>,
}

#[derive(Debug)]
enum Made<'s> {
    Jws { header: &'s str, algorithm: Algorithm, signature: Vec<u8> },
    Sign1(Box<Sign1>),
}

/// Why the signature of an event does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is none.
    Form(AuthorshipError),
    /// Its key is not known, or does not count.
    Key(KeyFault),
}

/// Reads signatures of events; of a header of a JWS that many have, once.
pub struct SignatureReader<'s> {
    signers: &'s EventSigners,
    headers: HashMap<&'s str, Result<(Algorithm, &'s EventSigner), Refusal>>,
}

impl EventSigners {
    /// A key that counts.
    pub fn add(&mut self, key: &PartnerKey, partner: &str) {
        let key_id = key.id().to_string();
        let signer =
            EventSigner { key_id: key_id.clone(), partner: partner.to_owned(), key: key.of_scheme() };
        self.known.insert(key_id, Ok(signer));
    }

    /// A key that does not count.
    pub fn refuse(&mut self, key_id: String, fault: KeyFault) {
        self.known.insert(key_id, Err(fault));
    }

    fn find(&self, key_id: &str) -> Result<&EventSigner, Refusal> {
        match self.known.get(key_id) {
            Some(Ok(signer)) => Ok(signer),
            Some(Err(fault)) => Err(Refusal::Key(fault.clone())),
            None => Err(Refusal::Key(KeyFault {
                code: "key_unknown",
                message: "no such key is registered".to_owned(),
            })),
        }
    }
}

impl<'s> SignatureReader<'s> {
    /// With what is known of the keys.
    #[must_use]
    pub fn new(signers: &'s EventSigners) -> Self {
        Self { signers, headers: HashMap::new() }
    }

    /// Reads `jws=…` or `cose=…`, as it is sent for one event alone.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn read(&mut self, sent: &'s str) -> Result<EventSignature<'s>, Refusal> {
        if let Some(text) = sent.strip_prefix("jws=") {
            return self.read_jws(text);
        }
        let text = sent.strip_prefix("cose=").ok_or(Refusal::Form(AuthorshipError::Form))?;
        let bytes = BASE64_STANDARD.decode(text).map_err(|_| Refusal::Form(AuthorshipError::Form))?;
        let sign1 = Sign1::parse(&bytes).map_err(Refusal::Form)?;
        let signer = self.signers.find(&sign1.key_id())?;
        Ok(EventSignature { form: "cose", text, signer, made: Made::Sign1(Box::new(sign1)) })
    }

    fn read_jws(&mut self, text: &'s str) -> Result<EventSignature<'s>, Refusal> {
        let none = || Refusal::Form(AuthorshipError::Jws);
        let (header, signature) =
            split_detached(text).filter(|_| text.len() <= JWS_BYTES_MAX).ok_or_else(none)?;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).map_err(|_| none())?;
        let signers = self.signers;
        let read = self.headers.entry(header).or_insert_with(|| {
            let header = JwsHeader::parse(header).ok_or_else(none)?;
            Ok((header.algorithm, signers.find(&header.key_id)?))
        });
        let (algorithm, signer) = read.clone()?;
        Ok(EventSignature { form: "jws", text, signer, made: Made::Jws { header, algorithm, signature } })
    }
}

/// The keys that these signatures name; those that are none name none.
#[must_use]
pub fn named_keys<'s>(sent: impl Iterator<Item = &'s str>) -> HashSet<String> {
    let (mut keys, mut headers) = (HashSet::new(), HashSet::new());
    for sent in sent {
        if let Some(jws) = sent.strip_prefix("jws=") {
            let header = split_detached(jws).map(|(header, _)| header).filter(|text| headers.insert(*text));
            keys.extend(header.and_then(JwsHeader::parse).map(|header| header.key_id));
        } else if let Some(cose) = sent.strip_prefix("cose=") {
            let sign1 = BASE64_STANDARD.decode(cose).ok().and_then(|bytes| Sign1::parse(&bytes).ok());
            keys.extend(sign1.map(|sign1| sign1.key_id()));
        }
    }
    keys
}

/// Header and signature of a JWS without its payload (RFC 7515, appendix F). A plain loop is faster than
/// `str::split_once` over texts this short.
fn split_detached(jws: &str) -> Option<(&str, &str)> {
    let at = jws.as_bytes().windows(2).position(|pair| pair == b"..")?;
    Some((jws.get(..at)?, jws.get(at + 2..)?))
}

/// The places of those that are not by the key that they name, over the event with this content digest; ascending.
/// Stops when there are more than `failures_max`.
///
/// A place is among them exactly when [`Authorship::check`](crate::Authorship::check) fails for it.
///
/// # Cost
/// That of [`check_signatures`].
#[must_use = "an ignored list of failed signatures is an unchecked batch"]
pub fn check_events(claims: &[(&EventSignature<'_>, &ContentDigest)], failures_max: usize) -> Vec<usize> {
    let mut failed = Vec::new();
    let (mut messages, mut ends) = (Vec::new(), Vec::new());
    for (first, claims) in (0..).step_by(CHECKED_AT_ONCE).zip(claims.chunks(CHECKED_AT_ONCE)) {
        messages.clear();
        ends.clear();
        for (signature, digest) in claims {
            signature.write_message(digest, &mut messages);
            ends.push(messages.len());
        }
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let mut places = Vec::with_capacity(claims.len());
        let mut batch = Vec::with_capacity(claims.len());
        for (n, ((signature, _), (start, end))) in claims.iter().zip(starts.zip(&ends)).enumerate() {
            match signature.signed(&messages[start..*end]) {
                Some(signed) => {
                    places.push(first + n);
                    batch.push(signed);
                }
                None => failed.push(first + n),
            }
        }
        failed.extend(check_signatures(&batch).into_iter().map(|at| places[at]));
        if failed.len() > failures_max {
            break;
        }
    }
    failed.sort_unstable();
    failed
}

impl EventSignature<'_> {
    /// Adds what is signed of an event.
    fn write_message(&self, digest: &ContentDigest, out: &mut Vec<u8>) {
        match &self.made {
            Made::Jws { header, .. } => crate::jws::write_message(header, digest, out),
            Made::Sign1(sign1) => out.extend_from_slice(&sign1.message(digest)),
        }
    }

    /// As it is checked; none for an algorithm that the key does not have.
    fn signed<'m>(&'m self, message: &'m [u8]) -> Option<signature::Signed<'m>> {
        let (algorithm, signature) = match &self.made {
            Made::Jws { algorithm, signature, .. } => (*algorithm, signature.as_slice()),
            Made::Sign1(sign1) => (sign1.algorithm(), sign1.signature()),
        };
        self.signer.key.signed(algorithm, message, signature)
    }
}
