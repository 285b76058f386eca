//! What fsck sees: a stored capture holds against its entries and references, and no other one does.

use std::collections::HashSet;

use capture::{
    Blinding, Issuer, Reference, ReferenceRow, ReferenceSums, Request, Stored, bucket_of, check, prepare,
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
        record_time,
        capture_no: 5,
        seed,
        blinding,
        strict: true,
        reserved: None,
    };
    let prepared = prepare(&body, &request);
    let copies = prepared.copies(&HashSet::new());
    let reference = |row: Row| {
        let role = row[3].as_deref().expect("a role").try_into().expect("two bytes");
        let time = number(row[1].as_ref()) + POSTGRES_EPOCH_US;
        (number(row[0].as_ref()), time, number(row[2].as_ref()), i16::from_be_bytes(role))
    };
    Capture {
        issuer: issuer.clone(),
        context: prepared.context.clone(),
        events: rows(&copies.event),
        references: rows(&copies.reference).into_iter().map(reference).collect(),
    }
}

fn stored<'a>(row: &'a Row, capture: &'a Capture) -> Stored<'a> {
    Stored {
        issuer: &capture.issuer,
        record_time: u64::try_from(RECORD_TIME).expect("positive"),
        event_time: number(row[2].as_ref()) + POSTGRES_EPOCH_US,
        event_id: row[10].as_deref().map(|id| std::str::from_utf8(id).expect("UTF-8")),
        event_hash_id: row[11].as_deref().expect("a hash"),
        entry: row[14].as_deref().expect("an entry"),
        secret: row[12].as_deref(),
        body: row[13].as_deref(),
        context: &capture.context,
    }
}

/// The sums after all events, and all stored references but those that `keep` refuses.
fn sums(capture: &Capture, blinding: &Blinding, keep: impl Fn(usize) -> bool) -> ReferenceSums {
    let mut sums = ReferenceSums::default();
    let mut references: Vec<Reference> = Vec::new();
    for row in &capture.events {
        let (key, event) = (number(row[0].as_ref()), stored(row, capture));
        references.clear();
        assert!(check(&event, blinding, &mut references).expect("sound").is_some());
        for reference in &references {
            sums.expect((reference.name_hash, event.event_time, key, reference.role as i16));
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
        assert_eq!(differing, [bucket_of(capture.references[lost].2)]);
    }
}

#[test]
fn names_exchanged_between_two_events_are_missed() {
    let blinding = Blinding::new(&[7; 32]);
    let capture = captured(&blinding);
    let mut sums = sums(&capture, &blinding, |n| n > 1);
    let (mut one, mut other) = (capture.references[0], capture.references[1]);
    assert_ne!(one.2, other.2);
    std::mem::swap(&mut one.0, &mut other.0);
    sums.found(one);
    sums.found(other);
    assert_eq!(sums.differing().len(), 2);
}

#[test]
fn entry_of_another_blinding_and_row_of_another_time_or_id_are_refused() {
    let blinding = Blinding::new(&[7; 32]);
    let capture = captured(&blinding);
    let event = stored(&capture.events[0], &capture);
    let wrong =
        |stored: &Stored<'_>, blinding: &Blinding| check(stored, blinding, &mut Vec::new()).unwrap_err();
    assert!(wrong(&event, &Blinding::new(&[8; 32])).contains("tokens"));
    assert!(wrong(&Stored { event_time: event.event_time + 1, ..event }, &blinding).contains("another time"));
    assert!(wrong(&Stored { event_id: Some("urn:x"), ..event }, &blinding).contains("another time or id"));
    assert_eq!(check(&Stored { secret: None, body: None, ..event }, &blinding, &mut Vec::new()), Ok(None));
    assert!(wrong(&Stored { body: None, ..event }, &blinding).contains("half erased"));
}
