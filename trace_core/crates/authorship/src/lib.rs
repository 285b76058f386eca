//! Who signed a capture or an event.
//!
//! - [`PartnerKey`] is a trading partner's public key, as a JWK (RFC 7517, RFC 8037).
//! - A partner signs a **whole capture** with one signature: [`sign_capture`] makes a signed note over the root of a
//!   tree whose leaves are the events' salted content digests, so each event stays provable alone, and shows nothing of
//!   its neighbours.
//! - Or **one event**: a detached JWS (RFC 7515, appendix F) or a detached `COSE_Sign1` (RFC 9052) over its content
//!   digest.
//!   Many events may bring one each: [`SignatureReader`] reads them, [`check_events`] checks them together.
//! - [`Authorship`] is any of these as it is sent, [`Signed`] as it is kept and shown; both check alike.
//!
//! `docs/formats.md` ("Signed captures") specifies them to the byte. Whether a key is a partner's, and was at the time,
//! is for a registry to say.
#![forbid(unsafe_code)]

mod capture_tree;
mod error;
mod event_signature;
mod jwk;
mod jws;
mod sent;
mod sign1;

pub use capture_tree::{CAPTURE_ORIGIN, Place, SALT_BYTES, SECRET_BYTES, SIGNED_EVENTS_MAX, sign_capture};
pub use error::AuthorshipError;
pub use event_signature::{
    EventSignature, EventSigner, EventSigners, KeyFault, Refusal, SignatureReader, check_events, named_keys,
};
pub use jwk::PartnerKey;
pub use jws::{JWS_BYTES_MAX, Jws};
pub use sent::{Authorship, KeyHint, Signed};
pub use sign1::{SIGN1_BYTES_MAX, Sign1};
/// SHA-256 of an event's canonical text under its domain.
pub type ContentDigest = [u8; 32];
