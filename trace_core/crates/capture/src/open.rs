//! From a stored event back to what the log says of it.

use epcis::Context;
use json::{Bump, Object, Value, read, write_canonical, write_canonical_string};

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
pub fn open(event: &[u8], context: &[u8], secret: &[u8; SECRET_BYTES], issuer: &Issuer) -> Option<Opened> {
    let arena = Bump::new();
    let (event, context) = read_stored(event, context, &arena)?;
    open_object(event, &context, secret, issuer)
}

/// A stored event, and its effective context.
pub(crate) fn read_stored<'a>(
    event: &'a [u8],
    context: &'a [u8],
    arena: &'a Bump,
) -> Option<(&'a Object<'a>, Context<'a>)> {
    let event = read(event, arena).ok()?.as_object()?;
    let document = Context::default().with(Some(read(context, arena).ok()?));
    Some((event, document.with(event.get("@context"))))
}

/// [`open`] of an event that has been read.
pub(crate) fn open_object(
    event: &Object<'_>,
    context: &Context<'_>,
    secret: &[u8; SECRET_BYTES],
    issuer: &Issuer,
) -> Option<Opened> {
    let mut canonical = CanonicalEvent::default();
    canonical.write(event, context);
    let mut commitments = Commitments::default();
    let field_count = commitments.add(secret, issuer, &canonical);
    let commitment = commitments.roots().first().copied()?;
    Some(Opened { content_digest: sha256::digest(canonical.digest_input()), commitment, field_count })
}

/// The event by itself: its text as captured, with its document's context in front where it has none of
/// its own, or with both where it has. None unless they are JSON in the strict reading.
#[must_use]
pub fn bare_event(event: &[u8], context: &[u8]) -> Option<Vec<u8>> {
    let arena = Bump::new();
    let object = read(event, &arena).ok()?.as_object()?;
    let shared = Context::default().with(Some(read(context, &arena).ok()?));
    if shared.parts.is_empty() {
        return Some(event.to_vec());
    }
    let own = object.get("@context");
    let mut bare = b"{\"@context\":".to_vec();
    write_canonical(Value::Array(&shared.with(own).parts), &mut bare);
    let members = object.members.iter().filter(|member| member.name != "@context");
    if own.is_none() {
        let rest = object.source.trim_start_matches('{').trim_start();
        if !object.members.is_empty() {
            bare.push(b',');
        }
        bare.extend_from_slice(rest.as_bytes());
        return Some(bare);
    }
    for member in members {
        bare.push(b',');
        write_canonical_string(member.name, &mut bare);
        bare.push(b':');
        write_canonical(member.value, &mut bare);
    }
    bare.push(b'}');
    Some(bare)
}
