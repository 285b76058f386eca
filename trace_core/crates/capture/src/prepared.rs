//! What becomes of a capture: its events, ready to be stored, and the streams that store them.

use std::collections::HashSet;
use std::ops::Range;

use epcis::Problem;

use crate::bodies::{BODIES_BYTES_MAX, BODIES_EVENTS_MAX, Packer};
use crate::copy::{Row, write_header, write_trailer};
use crate::copy_json::Kind;
use crate::prepare::{POSITION_BITS, Request};
use crate::references::{ROLE_BITS, Reference};

/// Columns of `event` in the order of [`Copies::event`].
pub const EVENT_COLUMNS: [&str; 19] = [
    "event_key",
    "event_time",
    "record_time",
    "name_hash",
    "content_digest",
    "body_bytes",
    "event_type",
    "action",
    "event_id",
    "event_hash_id",
    "secret",
    "entry",
    "findings",
    "terms",
    "measures",
    "issuer",
    "signed_place",
    "body_place",
    "bodies",
];
/// What they hold.
pub const EVENT_KINDS: [Kind; EVENT_COLUMNS.len()] = [
    Kind::Integer,
    Kind::Time,
    Kind::Time,
    Kind::Integer,
    Kind::Uuid,
    Kind::Integer,
    Kind::Integer,
    Kind::Integer,
    Kind::Text,
    Kind::Bytes,
    Kind::Bytes,
    Kind::Bytes,
    Kind::Bytes,
    Kind::Integers,
    Kind::Doubles,
    Kind::Bytes,
    Kind::Bytes,
    Kind::Integer,
    Kind::Bytes,
];
/// Columns of `reference` in the order of [`Copies::reference`].
pub const REFERENCE_COLUMNS: [&str; 3] = ["name_hash", "event_ref", "more"];
/// What they hold.
pub const REFERENCE_KINDS: [Kind; REFERENCE_COLUMNS.len()] = [Kind::Integer, Kind::Integer, Kind::Bytes];
/// Bytes of a content digest that a repetition is known by: Postgres has a type of so many.
pub const DIGEST_BYTES: usize = 16;
/// References that one row holds, of one name and one capture: few, so that a reader takes hardly more than it wants.
pub const REFERENCES_IN_ROW_MAX: usize = 8;
/// References that are sorted together, on average.
const REFERENCES_IN_BUCKET: usize = 8;
/// Of the hashes that tell the buckets apart.
const BUCKET_BITS_MAX: u32 = 16;
/// Bytes of a reference that differ within a capture: those of position and role.
const MORE_BYTES: usize = (POSITION_BITS + ROLE_BITS).div_ceil(8) as usize;
/// Room for the header and trailer of a stream.
const COPY_MARGIN_BYTES: usize = 1024;
/// Where the event key stands in a row of `event`: behind the number of columns and its own length.
const KEY_AT: Range<usize> = 6..14;
/// Groups of bodies from which on they are shared among threads.
const SHARED_GROUPS_MIN: usize = 8;

/// A capture, ready to be stored.
pub struct Prepared {
    /// Number of events in the document, refused ones included.
    pub event_total: usize,
    /// Errors and findings, by event.
    pub problems: Vec<Problem>,
    /// The parts of the document's context, a canonical JSON array.
    pub context: Vec<u8>,
    /// The events that may be stored, in order.
    pub events: Vec<PreparedEvent>,
    /// The master data of the header, in order; none where the document is refused.
    pub master_data: Vec<MasterDataRow>,
    /// Of a document with signatures for its events, for which nobody has said what is known of the keys: which
    /// they are. Then nothing else of it was read.
    pub wanted_keys: Option<Vec<String>>,
    pub(crate) capture_no: i64,
    /// Where the events stand in the document; empty for a bare event.
    pub(crate) list_pointer: &'static str,
    /// The rows of `event`, back to back, without keys and late columns.
    pub(crate) rows: Vec<u8>,
    /// The values that can be listed, each once.
    pub(crate) values: Vec<ListedValue>,
    /// Of a signed capture: where its events stand in what was signed.
    pub(crate) places: Option<Vec<Vec<u8>>>,
    pub(crate) references: Vec<Reference>,
}

/// One element of master data.
pub struct MasterDataRow {
    /// Keyed hash of `id`.
    pub name_hash: i64,
    /// The vocabulary's type.
    pub vocabulary: String,
    /// What it is about: the one name of a GS1 key, any other URI as it was written.
    pub id: String,
    /// The element, canonical JSON.
    pub body: Vec<u8>,
    /// What queries can ask by: terms of its attributes, as of extension fields of area `MDA`.
    pub terms: Vec<i64>,
}

/// Where a value stands in an event. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i16)]
pub enum ListedField {
    /// `bizStep`.
    BizStep = 1,
    /// `disposition`.
    Disposition = 2,
    /// `readPoint`.
    ReadPoint = 3,
    /// `bizLocation`.
    BizLocation = 4,
}

/// Fields whose values can be listed.
pub(crate) const LISTED_FIELDS: [ListedField; 4] =
    [ListedField::BizStep, ListedField::Disposition, ListedField::ReadPoint, ListedField::BizLocation];

/// A value as it was captured.
pub(crate) type ListedValue = (ListedField, Box<str>);

/// One event that may be stored.
pub struct PreparedEvent {
    /// Its place in the document.
    pub index: usize,
    /// Event id as captured, else the event hash id.
    pub event_id: String,
    /// Content digest.
    pub content_digest: [u8; 32],
    /// Position in `events` of an earlier event with the same content.
    pub same_as: Option<usize>,
    /// Under what its event hash id is filed.
    pub(crate) name_hash: i64,
    pub(crate) row: Range<usize>,
    pub(crate) body: Range<usize>,
    pub(crate) references: Range<usize>,
    /// Which of the capture's values it has, in the order of the fields.
    pub(crate) values: [Option<u32>; LISTED_FIELDS.len()],
}

/// Complete streams in Postgres' binary COPY format.
pub struct Copies<'a> {
    /// Rows of `event`, columns as in [`EVENT_COLUMNS`].
    pub event: Vec<u8>,
    /// Rows of `reference`, sorted, columns as in [`REFERENCE_COLUMNS`].
    pub reference: Vec<u8>,
    /// The values that can be listed, sorted, each once with the key of the first event that has it.
    pub values: Vec<(ListedField, &'a str, i64)>,
    /// Number of events in them.
    pub event_count: usize,
}

impl Prepared {
    /// A capture without events.
    pub(crate) fn empty(request: &Request<'_>) -> Self {
        Self {
            event_total: 0,
            problems: Vec::new(),
            context: b"[]".to_vec(),
            events: Vec::new(),
            master_data: Vec::new(),
            wanted_keys: None,
            capture_no: request.capture_no,
            list_pointer: "",
            rows: Vec::new(),
            values: Vec::new(),
            places: request.is_signed.then(Vec::new),
            references: Vec::new(),
        }
    }

    /// A capture that is refused as a whole.
    #[must_use]
    pub fn refused(problem: Problem, request: &Request<'_>) -> Self {
        Self { problems: vec![problem], ..Self::empty(request) }
    }

    /// Says where each event stands in its signed capture, by events; none, for one that was signed alone.
    pub fn place(&mut self, places: Vec<Vec<u8>>) {
        self.places = Some(places);
    }

    /// [`copies_on`](Self::copies_on) one thread.
    ///
    /// # Panics
    /// As that.
    #[must_use]
    pub fn copies(&self, body: &[u8], stored: &HashSet<[u8; 32]>) -> Copies<'_> {
        self.copies_on(1, body, stored)
    }

    /// The COPY streams of all events but those that repeat an earlier one of this capture and those
    /// whose content digest is in `stored`. Event keys ascend without gaps. Bodies are compressed on so many threads.
    /// `body` is the one that was prepared: nothing of it is kept here, as a copy would cost as much memory again.
    /// Cost: one sort of the references, one compression and one copy of the rows.
    ///
    /// # Panics
    /// If `body` is a shorter one.
    #[must_use]
    pub fn copies_on(&self, threads: usize, body: &[u8], stored: &HashSet<[u8; 32]>) -> Copies<'_> {
        let is_new = |(_, event): &(usize, &PreparedEvent)| {
            event.same_as.is_none() && !stored.contains(&event.content_digest)
        };
        let events: Vec<_> = self.events.iter().enumerate().filter(is_new).collect();
        let first_key = self.capture_no << POSITION_BITS;
        let mut references = Vec::with_capacity(self.references.len());
        let mut first_with = vec![None; self.values.len()];
        for (key, (_, event)) in (first_key..).zip(&events) {
            let of_event = &self.references[event.references.clone()];
            references.extend(of_event.iter().map(|r| (r.name_hash, key << ROLE_BITS | r.role as i64)));
            for value in event.values.iter().flatten().filter_map(|value| usize::try_from(*value).ok()) {
                first_with[value].get_or_insert(key);
            }
        }
        let values = self.values.iter().zip(first_with);
        let mut values: Vec<_> =
            values.filter_map(|((field, value), key)| Some((*field, value.as_ref(), key?))).collect();
        values.sort_unstable();
        let event_count = events.len();
        let index = || reference_rows(&references);
        let event = || self.event_rows(threads, body, first_key, &events);
        let (event, reference) = if threads > 1 && event_count >= SHARED_GROUPS_MIN * BODIES_EVENTS_MAX {
            beside(event, index)
        } else {
            (event(), index())
        };
        Copies { event, reference, values, event_count }
    }

    fn event_rows(
        &self,
        threads: usize,
        body: &[u8],
        first_key: i64,
        events: &[(usize, &PreparedEvent)],
    ) -> Vec<u8> {
        let groups = groups(events.iter().map(|(_, event)| event.body.len()));
        let packed = pack(threads, body, events, &groups);
        let places = self.places.as_deref().unwrap_or_default();
        let late = places.iter().chain(&packed).map(Vec::len).sum::<usize>() + 16 * events.len();
        let mut rows = Vec::with_capacity(self.rows.len() + late + COPY_MARGIN_BYTES);
        write_header(&mut rows);
        let mut keys = first_key..;
        for (group, packed) in groups.iter().zip(&packed) {
            for ((body_place, (at, event)), key) in (0..).zip(&events[group.clone()]).zip(&mut keys) {
                let start = rows.len();
                rows.extend_from_slice(&self.rows[event.row.clone()]);
                rows[start + KEY_AT.start..start + KEY_AT.end].copy_from_slice(&key.to_be_bytes());
                let mut row = Row::resume(&mut rows);
                match places.get(*at) {
                    Some(place) => row.bytes(place),
                    None => row.null(),
                };
                row.smallint(body_place);
                if body_place == 0 {
                    row.bytes(packed)
                } else {
                    row.null()
                };
            }
        }
        write_trailer(&mut rows);
        rows
    }
}

/// The bodies of each group, packed.
fn pack(
    threads: usize,
    body: &[u8],
    events: &[(usize, &PreparedEvent)],
    groups: &[Range<usize>],
) -> Vec<Vec<u8>> {
    let pack = |groups: &[Range<usize>]| -> Vec<Vec<u8>> {
        let mut packer = Packer::default();
        let bodies =
            |group: &Range<usize>| events[group.clone()].iter().map(|(_, event)| &body[event.body.clone()]);
        groups.iter().map(|group| packer.pack(bodies(group))).collect()
    };
    if threads == 1 || groups.len() < SHARED_GROUPS_MIN {
        return pack(groups);
    }
    let (own, others) = groups.split_at(groups.len().div_ceil(threads));
    std::thread::scope(|scope| {
        let start = |share| {
            let thread = std::thread::Builder::new().spawn_scoped(scope, move || pack(share));
            (share, thread.ok())
        };
        let started: Vec<_> = others.chunks(own.len()).map(start).collect();
        let mut packed = pack(own);
        for (share, thread) in started {
            // Where the system gives no thread, this one does the work.
            packed.extend(thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| pack(share)));
        }
        packed
    })
}

/// Both, the first on another thread where the system has one.
fn beside<A: Send, B>(one: impl Fn() -> A + Sync, other: impl FnOnce() -> B) -> (A, B) {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().spawn_scoped(scope, &one).ok();
        let other = other();
        (thread.and_then(|thread| thread.join().ok()).unwrap_or_else(&one), other)
    })
}

/// Which neighbours are kept together, by the bytes of each.
fn groups(bodies: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let (mut groups, mut bytes): (Vec<Range<usize>>, usize) = (Vec::new(), 0);
    for (place, body) in bodies.enumerate() {
        bytes += body;
        match groups.last_mut() {
            Some(last) if last.len() < BODIES_EVENTS_MAX && bytes <= BODIES_BYTES_MAX => last.end = place + 1,
            _ => {
                groups.push(place..place + 1);
                bytes = body;
            }
        }
    }
    groups
}

/// The columns of a row of `event` that are known at once.
pub(crate) fn start_row(rows: &mut Vec<u8>) -> Row<'_> {
    let mut row = Row::start(rows, columns(EVENT_COLUMNS.len()));
    row.bigint(0); // The key, once it is known which events are stored.
    row
}

fn columns(count: usize) -> i16 {
    i16::try_from(count).unwrap_or(i16::MAX)
}

fn reference_rows(references: &[(i64, i64)]) -> Vec<u8> {
    // Neighbours in the index arrive together: twice as fast as in order of capture.
    let references = &in_order(references);
    let mut out = Vec::with_capacity(references.len() * 30 + 32);
    write_header(&mut out);
    let mut more = Vec::with_capacity(REFERENCES_IN_ROW_MAX * MORE_BYTES);
    for of_name in references.chunk_by(|one, next| one.0 == next.0) {
        for packed in of_name.chunks(REFERENCES_IN_ROW_MAX) {
            let [(name_hash, event_ref), others @ ..] = packed else { continue };
            more.clear();
            for (_, other) in others {
                more.extend_from_slice(&other.to_be_bytes()[8 - MORE_BYTES..]);
            }
            let mut row = Row::start(&mut out, columns(REFERENCE_COLUMNS.len()));
            row.bigint(*name_hash).bigint(*event_ref);
            if more.is_empty() {
                row.null()
            } else {
                row.bytes(&more)
            };
        }
    }
    write_trailer(&mut out);
    out
}

/// References sorted: hashes are spread evenly, so that a look at their first bits leaves little to sort.
fn in_order(references: &[(i64, i64)]) -> Vec<(i64, i64)> {
    let bits = (references.len() / REFERENCES_IN_BUCKET).checked_ilog2().unwrap_or(0).min(BUCKET_BITS_MAX);
    // As an unsigned number of the same order; without bits there is one bucket.
    let bucket = |hash: i64| {
        let ordered = hash.cast_unsigned() ^ 1 << (u64::BITS - 1);
        usize::try_from(ordered.checked_shr(u64::BITS - bits).unwrap_or(0)).unwrap_or(0)
    };
    let mut ends = vec![0; 1 << bits];
    for (name_hash, _) in references {
        ends[bucket(*name_hash)] += 1;
    }
    let mut before = 0;
    for end in &mut ends {
        (before, *end) = (before + *end, before);
    }
    let mut sorted = vec![(0, 0); references.len()];
    for reference in references {
        let place = &mut ends[bucket(reference.0)];
        sorted[*place] = *reference;
        *place += 1;
    }
    let mut start = 0;
    for end in ends {
        sorted[start..end].sort_unstable();
        start = end;
    }
    sorted
}
