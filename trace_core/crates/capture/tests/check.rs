//! What fsck sees: a stored capture holds against its entries and references, and no other one does.

use std::collections::HashSet;

use capture::{
    Blinding, EVENT_COLUMNS, Issuer, ROLE_BITS, Reference, ReferenceRow, ReferenceSums, Request, Role,
    Stored, Unpacker, bucket_of, check, prepare,
};
use simulate::{Limits, Settings, Simulator};

const RECORD_TIME: i64 = 1_800_000_000_000_000;
/// µs from 1970 to 2000, where Postgres counts from.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;
const EVENTS: usize = 300;

type Row = Vec<Option<Vec<u8>>>;

struct Capture {
    issuer: Issuer,
    context: Vec<u8>,
    events: Vec<Row>,
    bodies: Vec<Vec<u8>>,
    references: Vec<ReferenceRow>,
}

/// The columns of each row of a binary COPY stream.
fn rows(stream: &[u8]) -> Vec<Row> {
    let mut rest = &stream[19..];
    let mut take = |count: usize| {
        let (taken, tail) = rest.split_at(count);
        rest = tail;
        taken
    };
    let mut rows = Vec::new();
    while let Ok(columns) = usize::try_from(i16::from_be_bytes(take(2).try_into().expect("two bytes"))) {
        let mut column = |_| {
            let length = i32::from_be_bytes(take(4).try_into().expect("four bytes"));
            usize::try_from(length).ok().map(|length| take(length).to_vec())
        };
        rows.push((0..columns).map(&mut column).collect());
    }
    rows
}

fn number(column: Option<&Vec<u8>>) -> i64 {
    i64::from_be_bytes(column.expect("a number").as_slice().try_into().expect("eight bytes"))
}

/// A row of `reference` holds several of one capture: the first whole, of the others what differs.
fn references(row: &Row) -> Vec<ReferenceRow> {
    let (name_hash, first) = (number(row[0].as_ref()), number(row[1].as_ref()));
    let more = row[2].as_deref().unwrap_or_default().chunks_exact(3);
    let others =
        more.map(|last| (first >> 24 << 24) | last.iter().fold(0, |all, byte| all << 8 | i64::from(*byte)));
    std::iter::once(first).chain(others).map(|event_ref| (name_hash, event_ref)).collect()
}

fn captured(blinding: &Blinding) -> Capture {
    let mut simulator =
        Simulator::new(Settings::new(u64::try_from(EVENTS).expect("few"), 4)).expect("settings");
    let body = simulator.next_document(Limits::default()).expect("a document");
    let (partner, seed) = ("test", [1; 32]);
    let issuer = &Issuer::new(partner, None);
    let record_time = RECORD_TIME;
    let request = Request {
        partner,
        issuer,
        is_signed: false,
        signers: None,
        record_time,
        capture_no: 5,
        seed,
        blinding,
        strict: true,
        reserved: None,
    };
    let prepared = prepare(&body, &request);
    let copies = prepared.copies(&body, &HashSet::new());
    let events = rows(&copies.event);
    let as_captured = rows(&copies.reference).into_iter().flat_map(|row| references(&row));
    let own_name = |row: &Row| {
        (number(column(row, "name_hash")), number(column(row, "event_key")) << ROLE_BITS | Role::Event as i64)
    };
    let references = as_captured.chain(events.iter().map(own_name)).collect();
    let mut unpacker = Unpacker::default();
    let mut bodies_of = |row: &Row| {
        let bodies = column(row, "bodies").map(Vec::as_slice).unwrap_or_default();
        unpacker.unpack(bodies).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let bodies = events.iter().flat_map(&mut bodies_of).collect();
    Capture { issuer: issuer.clone(), context: prepared.context.clone(), events, bodies, references }
}

fn column<'r>(row: &'r Row, name: &str) -> Option<&'r Vec<u8>> {
    row[EVENT_COLUMNS.iter().position(|column| *column == name).expect("a column")].as_ref()
}

fn stored(capture: &Capture, at: usize) -> Stored<'_> {
    let column = |name: &str| column(&capture.events[at], name);
    Stored {
        issuer: &capture.issuer,
        record_time: u64::try_from(RECORD_TIME).expect("positive"),
        event_time: number(column("event_time")) + POSTGRES_EPOCH_US,
        event_id: column("event_id").map(|id| std::str::from_utf8(id).expect("UTF-8")),
        event_hash_id: column("event_hash_id").expect("a hash"),
        entry: column("entry").expect("an entry"),
        secret: column("secret").map(Vec::as_slice),
        body: Some(&capture.bodies[at]),
        context: &capture.context,
    }
}

/// The sums after all events, and all stored references but those that `keep` refuses.
fn sums(capture: &Capture, blinding: &Blinding, keep: impl Fn(usize) -> bool) -> ReferenceSums {
    let mut sums = ReferenceSums::default();
    let mut references: Vec<Reference> = Vec::new();
    for (at, row) in capture.events.iter().enumerate() {
        let (key, event) = (number(row[0].as_ref()), stored(capture, at));
        references.clear();
        assert!(check(&event, blinding, &mut references).expect("sound").is_some());
        for reference in &references {
            sums.expect((reference.name_hash, key << ROLE_BITS | reference.role as i64));
        }
    }
    for (_, row) in capture.references.iter().enumerate().filter(|(n, _)| keep(*n)) {
        sums.found(*row);
    }
    sums
}

#[test]
fn stored_capture_holds_and_each_lost_reference_is_missed_in_its_bucket() {
    let blinding = Blinding::new(&[7; 32]);
    let capture = captured(&blinding);
    assert_eq!(capture.events.len(), EVENTS);
    assert_eq!(sums(&capture, &blinding, |_| true).differing(), Vec::<usize>::new());
    for lost in (0..capture.references.len()).step_by(37) {
        let differing = sums(&capture, &blinding, |n| n != lost).differing();
        assert_eq!(differing, [bucket_of(capture.references[lost].1 >> ROLE_BITS)]);
    }
}

#[test]
fn names_exchanged_between_two_events_are_missed() {
    let blinding = Blinding::new(&[7; 32]);
    let capture = captured(&blinding);
    // References are sorted by name, so that those of one name, shared by several events, are neighbours.
    let mut one = capture.references[0];
    let is_unlike =
        |row: &ReferenceRow| row.0 != one.0 && bucket_of(row.1 >> ROLE_BITS) != bucket_of(one.1 >> ROLE_BITS);
    let at = capture.references.iter().position(is_unlike).expect("another name in another bucket");
    let mut other = capture.references[at];
    let mut sums = sums(&capture, &blinding, |n| n != 0 && n != at);
    std::mem::swap(&mut one.0, &mut other.0);
    sums.found(one);
    sums.found(other);
    assert_eq!(sums.differing().len(), 2);
}

#[test]
fn entry_of_another_blinding_and_row_of_another_time_or_id_are_refused() {
    let blinding = Blinding::new(&[7; 32]);
    let capture = captured(&blinding);
    let event = stored(&capture, 0);
    let wrong =
        |stored: &Stored<'_>, blinding: &Blinding| check(stored, blinding, &mut Vec::new()).unwrap_err();
    assert!(wrong(&event, &Blinding::new(&[8; 32])).contains("tokens"));
    assert!(wrong(&Stored { event_time: event.event_time + 1, ..event }, &blinding).contains("another time"));
    assert!(wrong(&Stored { event_id: Some("urn:x"), ..event }, &blinding).contains("another time or id"));
    assert_eq!(check(&Stored { secret: None, body: None, ..event }, &blinding, &mut Vec::new()), Ok(None));
    assert!(wrong(&Stored { body: None, ..event }, &blinding).contains("half erased"));
}
