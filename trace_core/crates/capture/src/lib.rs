//! One capture in, one prepared batch out: ids, commitments, item references, COPY buffers.
//!
//! [`prepare`] is the whole road of a capture through the core. The formats it makes (canonical event,
//! content digest, commitment, log entry) are specified in `docs/formats.md`.
#![forbid(unsafe_code)]

mod addend;
mod bodies;
mod canonical;
mod check;
mod commitment;
mod copy;
mod copy_json;
mod disclose;
mod entry;
mod epc_pattern;
mod keyed_hash;
mod made;
mod names;
mod open;
mod parts;
mod prepare;
mod prepared;
mod problems;
mod references;
mod shared_names;
mod signed_events;
mod term_key;
mod terms;
mod units;

pub use bodies::{BODIES_BYTES_MAX, BODIES_EVENTS_MAX, Bodies, Packer, Unpacker};
pub use canonical::{CONTENT_DIGEST_DOMAIN, CanonicalEvent};
pub use check::{BUCKETS, ReferenceRow, ReferenceSums, Stored, bucket_of, check};
pub use commitment::{Commitments, FIELDS_MAX, Issuer, SALT_BYTES, SECRET_BYTES, Signer};
pub use copy_json::{Kind, rows_json};
pub use disclose::{Disclosed, check_disclosed, disclose};
pub use entry::{Blinding, Entry, EntryError, ITEMS_MAX, TOKEN_BYTES, Token, name_hash};
pub use epc_pattern::{EpcPattern, epc_pattern};
pub use open::{Opened, bare_event, open};
pub use prepare::{
    EVENT_BYTES_MAX, EVENT_TIME_AHEAD_S_MAX, EVENTS_MAX, Request, VALUE_BYTES_MAX, content_digests, prepare,
    prepare_on,
};
pub use prepared::{
    Copies, DIGEST_BYTES, EVENT_COLUMNS, EVENT_KINDS, ListedField, MasterDataRow, Prepared, PreparedEvent,
    REFERENCE_COLUMNS, REFERENCE_KINDS,
};
pub use problems::problems_json;
pub use references::{ROLE_BITS, Reference, Role};
/// SHA-256.
pub use sha256::digest;
pub use signed_events::{BAD_SIGNATURES_MAX, SIGNING_KEYS_MAX, sign_events};
pub use term_key::{Field, Scalar, Spelling, TermKey, write_field_name};
pub use terms::{TERMS_MAX, TermReader, Terms};
pub use units::{Unit, unit};
