//! Stored events against their log entries, and the index over names against the events.

use std::hash::{BuildHasher, RandomState};

use epcis::{Event, event_hash_id_uri};
use json::Bump;

use crate::commitment::{Issuer, SECRET_BYTES};
use crate::entry::{Blinding, Entry, name_hash};
use crate::open::{open_object, read_stored};
use crate::prepare::POSITION_BITS;
use crate::references::{ROLE_BITS, Reference, Role, references_of};

/// Sums that are kept, whatever the size of the log: 512 KiB.
pub const BUCKETS: usize = 1 << 16;
/// Spreads small captures over the buckets; odd, so that no two numbers in a row share one.
pub const BUCKET_STEP: i64 = 61;

/// One stored event, by the columns that the log speaks of. `secret` and `body` are None once erased.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    /// Who issued it.
    pub issuer: &'a Issuer,
    /// µs since 1970.
    pub record_time: u64,
    /// µs since 1970.
    pub event_time: i64,
    /// As captured.
    pub event_id: Option<&'a str>,
    /// 32 bytes.
    pub event_hash_id: &'a [u8],
    /// Log entry.
    pub entry: &'a [u8],
    /// What salts its commitment.
    pub secret: Option<&'a [u8]>,
    /// JSON text as captured.
    pub body: Option<&'a [u8]>,
    /// JSON array that its capture keeps.
    pub context: &'a [u8],
}

/// Holds a stored event against its entry: it commits to exactly this event, and its tokens are those of the
/// event's items. Returns the content digest and appends the references that the event gives, its event hash id included; neither once
/// it is erased. The event hash id is taken as stored.
///
/// # Errors
/// What is wrong, in words.
pub fn check(
    stored: &Stored<'_>,
    blinding: &Blinding,
    references: &mut Vec<Reference>,
) -> Result<Option<[u8; 32]>, String> {
    let entry = Entry::read(stored.entry).map_err(|error| format!("the entry is malformed: {error}"))?;
    if entry.record_time != stored.record_time {
        return Err("the entry has another record time than the row".to_owned());
    }
    let (Some(secret), Some(body)) = (stored.secret, stored.body) else {
        let is_erased = stored.secret.is_none() && stored.body.is_none();
        return if is_erased { Ok(None) } else { Err("half erased".to_owned()) };
    };
    let secret: &[u8; SECRET_BYTES] =
        secret.try_into().map_err(|_| "the secret does not have 32 bytes".to_owned())?;
    let arena = Bump::new();
    let not_json = || "the body or its context is not JSON".to_owned();
    let (object, context) = read_stored(body, stored.context, &arena).ok_or_else(not_json)?;
    let opened = open_object(object, &context, secret, stored.issuer).ok_or_else(not_json)?;
    if opened.commitment != entry.commitment || opened.field_count != usize::from(entry.field_count) {
        return Err("the entry does not commit to this body".to_owned());
    }
    let event_hash_id =
        stored.event_hash_id.try_into().map_err(|_| "the event hash id does not have 32 bytes".to_owned())?;
    let event = Event::read(object, &context)
        .map_err(|problem| format!("the body is no event: {}", problem.message))?;
    if event.event_time != stored.event_time || event.event_id != stored.event_id {
        return Err("the event has another time or id than the row".to_owned());
    }
    let own_name = event_hash_id_uri(event_hash_id);
    let tokens = references_of(&event, &own_name, blinding, references);
    references.push(Reference { name_hash: name_hash(&blinding.token(&own_name)), role: Role::Event });
    if tokens != entry.tokens {
        return Err("the tokens of the entry are not those of the event's items".to_owned());
    }
    Ok(Some(opened.content_digest))
}

/// A row of `reference`: name hash; event key and, in the lowest [`ROLE_BITS`], role.
pub type ReferenceRow = (i64, i64);

/// The references that events give against those that are stored, as sums by bucket: two multisets of rows
/// with equal sums are equal, but for a chance of 2⁻⁶⁴ a bucket. Nobody can aim at that chance, because
/// the rows are hashed under a key of this run alone.
pub struct ReferenceSums {
    hash: RandomState,
    sums: Vec<u64>,
}

impl Default for ReferenceSums {
    fn default() -> Self {
        Self { hash: RandomState::new(), sums: vec![0; BUCKETS] }
    }
}

impl ReferenceSums {
    /// A row that has to be there.
    pub fn expect(&mut self, row: ReferenceRow) {
        let sum = self.hash.hash_one(row);
        if let Some(bucket) = self.sums.get_mut(bucket_of(row.1 >> ROLE_BITS)) {
            *bucket = bucket.wrapping_add(sum);
        }
    }

    /// A row that is there.
    pub fn found(&mut self, row: ReferenceRow) {
        let sum = self.hash.hash_one(row);
        if let Some(bucket) = self.sums.get_mut(bucket_of(row.1 >> ROLE_BITS)) {
            *bucket = bucket.wrapping_sub(sum);
        }
    }

    /// Buckets in which rows are missing, or are too many.
    #[must_use]
    pub fn differing(&self) -> Vec<usize> {
        self.sums.iter().enumerate().filter(|(_, sum)| **sum != 0).map(|(bucket, _)| bucket).collect()
    }
}

/// The bucket of an event's references; `events_in_buckets` of the database's statements says the same.
#[must_use]
pub fn bucket_of(event_key: i64) -> usize {
    let (capture_no, position) = (event_key >> POSITION_BITS, event_key & ((1 << POSITION_BITS) - 1));
    let mixed = capture_no.wrapping_mul(BUCKET_STEP).wrapping_add(position);
    usize::try_from(mixed.rem_euclid(1 << 16)).unwrap_or(0)
}
