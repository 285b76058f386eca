//! From a stored event back to what the log says of it.

use epcis::Context;
use json::{Bump, read};

use crate::canonical::CanonicalEvent;
use crate::commitment::{Commitments, Issuer, SECRET_BYTES};

/// What an event, its context, its secret and its issuer give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// SHA-256 over domain and canonical event.
    pub content_digest: [u8; 32],
    /// Root of the commitment.
    pub commitment: [u8; 32],
    /// Leaves of the commitment.
    pub field_count: usize,
}

/// Recomputes digest and commitment of one stored event. `event` is its JSON text as captured,
/// `context` the JSON array that its capture keeps. None unless they are JSON in the strict reading.
#[must_use]
pub fn open(event: &[u8], context: &[u8], secret: &[u8; SECRET_BYTES], issuer: Issuer<'_>) -> Option<Opened> {
    let arena = Bump::new();
    let event = read(event, &arena).ok()?.as_object()?;
    let document = Context::default().with(Some(read(context, &arena).ok()?));
    let mut canonical = CanonicalEvent::default();
    canonical.write(event, &document.with(event.get("@context")));
    let mut commitments = Commitments::default();
    let field_count = commitments.add(secret, issuer, &canonical);
    let commitment = commitments.roots().first().copied()?;
    Some(Opened { content_digest: sha256::digest(canonical.digest_input()), commitment, field_count })
}
