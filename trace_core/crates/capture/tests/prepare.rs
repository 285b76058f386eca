//! What becomes of a capture: which events are stored, under which keys, and what tells them apart.

use std::collections::HashSet;

use capture::{
    Blinding, EVENT_COLUMNS, Entry, Issuer, Prepared, Request, Unpacker, open, prepare_on, problems_json,
};
use epcis::Severity;
use proptest::prelude::*;
use simulate::{Limits, Settings, Simulator};

const RECORD_TIME: i64 = 1_800_000_000_000_000;

fn prepared(body: &str, strict: bool) -> Prepared {
    prepared_on(1, body, strict)
}

fn prepared_on(threads: usize, body: &str, strict: bool) -> Prepared {
    let blinding = Blinding::new(&[7; 32]);
    let request = Request {
        partner: "test",
        issuer: &Issuer::new("test", None),
        is_signed: false,
        signers: None,
        record_time: RECORD_TIME,
        capture_no: 5,
        seed: [1; 32],
        blinding: &blinding,
        strict,
        reserved: None,
    };
    prepare_on(threads, body.as_bytes(), &request)
}

fn document(events: &[String]) -> String {
    format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{{"ex":"https://example.org/x/"}}],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2025-01-01T00:00:00Z",
        "epcisBody":{{"eventList":[{}]}}}}"#,
        events.join(",")
    )
}

fn event(serial: &str, members: &str) -> String {
    format!(
        r#"{{"type":"ObjectEvent","eventTime":"2025-01-01T00:00:00Z","eventTimeZoneOffset":"+00:00","action":"OBSERVE",
        "epcList":["https://id.gs1.org/01/09521234543213/21/{serial}"]{members}}}"#
    )
}

/// The columns of each row of a binary COPY stream.
fn rows(stream: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut rest = &stream[19..];
    let mut rows = Vec::new();
    loop {
        let columns = i16::from_be_bytes([rest[0], rest[1]]);
        rest = &rest[2..];
        let Ok(columns) = usize::try_from(columns) else { break };
        let mut row = Vec::with_capacity(columns);
        for _ in 0..columns {
            let length = i32::from_be_bytes([rest[0], rest[1], rest[2], rest[3]]);
            rest = &rest[4..];
            let value = usize::try_from(length).ok().map(|length| rest[..length].to_vec());
            rest = &rest[value.as_ref().map_or(0, Vec::len)..];
            row.push(value);
        }
        rows.push(row);
    }
    assert!(rest.is_empty(), "bytes behind the trailer");
    rows
}

fn keys(stream: &[u8], column: usize) -> Vec<i64> {
    let key = |row: &Vec<Option<Vec<u8>>>| row[column].clone().and_then(|bytes| bytes.try_into().ok());
    rows(stream).iter().map(|row| i64::from_be_bytes(key(row).expect("a key"))).collect()
}

/// What the events of these rows say, in order.
fn bodies(rows: &[Vec<Option<Vec<u8>>>], column: usize) -> Vec<Vec<u8>> {
    let groups = rows.iter().filter_map(|row| row[column].as_deref());
    let unpacked = |group| Unpacker::default().unpack(group).map(<[u8]>::to_vec).collect::<Vec<_>>();
    groups.flat_map(unpacked).collect()
}

#[test]
fn repeated_events_are_left_out_and_keys_have_no_gaps() {
    let one = event("1", "");
    let body = document(&[one.clone(), event("2", ""), one, event("3", "")]);
    let prepared = prepared(&body, false);
    assert_eq!(prepared.events.len(), 4);
    assert_eq!(prepared.events[2].same_as, Some(0));
    let copies = prepared.copies(body.as_bytes(), &HashSet::new());
    let first = 5 << 20;
    assert_eq!(keys(&copies.event, 0), [first, first + 1, first + 2]);
    let stored = HashSet::from([prepared.events[1].content_digest]);
    let rest = prepared.copies(body.as_bytes(), &stored);
    assert_eq!((rest.event_count, keys(&rest.event, 0)), (2, vec![first, first + 1]));
}

#[test]
fn rows_of_a_simulated_capture_are_whole_and_their_entries_open() {
    let mut simulator = Simulator::new(Settings::new(700, 4)).expect("settings");
    let body =
        String::from_utf8(simulator.next_document(Limits::default()).expect("document")).expect("UTF-8");
    let prepared = prepared(&body, true);
    assert!(prepared.problems.is_empty(), "{:?}", prepared.problems.first());
    let copies = prepared.copies(body.as_bytes(), &HashSet::new());
    let events = rows(&copies.event);
    assert_eq!(events.len(), 700);
    let at = |name: &str| EVENT_COLUMNS.iter().position(|column| *column == name).expect("a column");
    let bodies = bodies(&events, at("bodies"));
    assert_eq!(bodies.len(), 700);
    for ((row, event), body) in events.iter().zip(&prepared.events).zip(&bodies) {
        let column = |name: &str| row[at(name)].clone().expect("not null");
        let secret: [u8; 32] = column("secret").try_into().expect("32 bytes");
        let entry = Entry::read(&column("entry")).expect("an entry");
        let opened = open(body, &prepared.context, &secret, &Issuer::new("test", None)).expect("opens");
        assert_eq!(column("body_bytes"), i32::try_from(body.len()).expect("short").to_be_bytes());
        assert_eq!(opened.commitment, entry.commitment);
        assert_eq!(opened.content_digest, event.content_digest);
        assert_eq!(entry.record_time, u64::try_from(RECORD_TIME).expect("positive"));
    }
    let references = rows(&copies.reference);
    let order: Vec<_> = keys(&copies.reference, 0);
    assert!(order.is_sorted());
    let held: usize = references.iter().map(|row| 1 + row[2].as_ref().map_or(0, |more| more.len() / 3)).sum();
    assert!(held > 700 * 2 && held > 2 * references.len());
    assert!(references.iter().flat_map(|row| &row[2]).all(|more| (3..=7 * 3).contains(&more.len())));
}

#[test]
fn bodies_are_packed_alike_on_any_number_of_threads_and_behind_events_that_are_left_out() {
    let body = simulated(700, 9);
    let prepared = prepared(&body, true);
    let stored: HashSet<_> = prepared.events.iter().step_by(7).map(|event| event.content_digest).collect();
    let one = prepared.copies(body.as_bytes(), &stored);
    for threads in 2..6 {
        assert!(
            prepared.copies_on(threads, body.as_bytes(), &stored).event == one.event,
            "{threads} threads"
        );
    }
    let rows = rows(&one.event);
    let kept = prepared.events.iter().filter(|event| !stored.contains(&event.content_digest));
    let of_rows = bodies(&rows, EVENT_COLUMNS.len() - 1);
    assert_eq!(of_rows.len(), kept.clone().count());
    for (body, event) in of_rows.iter().zip(kept) {
        let secret = &[0; 32];
        let opened = open(body, &prepared.context, secret, &Issuer::new("test", None)).expect("opens");
        assert_eq!(opened.content_digest, event.content_digest);
    }
}

#[test]
fn a_value_is_listed_once_with_the_first_event_that_is_stored_and_has_it() {
    let step = |serial: &str, step: &str| event(serial, &format!(r#","bizStep":"{step}""#));
    let body = document(&[step("1", "shipping"), step("2", "receiving"), step("3", "shipping")]);
    let prepared = prepared(&body, false);
    let listed = |stored: &HashSet<[u8; 32]>| {
        let copies = prepared.copies(body.as_bytes(), stored);
        copies
            .values
            .iter()
            .map(|(_, value, key)| ((*value).to_owned(), *key - (5 << 20)))
            .collect::<Vec<_>>()
    };
    let both = |receiving, shipping| [("receiving".to_owned(), receiving), ("shipping".to_owned(), shipping)];
    assert_eq!(listed(&HashSet::new()), both(1, 0));
    assert_eq!(listed(&HashSet::from([prepared.events[0].content_digest])), both(0, 1));
}

#[test]
fn one_event_in_two_documents_has_one_content() {
    let note = event("1", r#","ex:note":"x""#);
    let alone = document(std::slice::from_ref(&note));
    let other = document(&[note])
        .replace("https://example.org/x/\"", "https://example.org/x/\",\"un\":\"https://example.org/un/\"");
    let bound_elsewhere = alone.replace("https://example.org/x/", "https://example.org/y/");
    let digest = |body: &str| prepared(body, false).events[0].content_digest;
    assert_eq!(digest(&alone), digest(&other));
    assert_ne!(digest(&alone), digest(&bound_elsewhere));
}

#[test]
fn event_beyond_a_limit_is_refused_by_name() {
    let items = |count: usize| {
        let list: Vec<_> = (0..count).map(|n| format!(r#""urn:x:{n}""#)).collect();
        event("1", "").replace(r#""https://id.gs1.org/01/09521234543213/21/1""#, &list.join(","))
    };
    let fields: Vec<_> = (0..65_600).map(|n| format!("{n}")).collect();
    for (event, code) in [
        (items(4001), "too_many_items"),
        (event("1", &format!(r#","ex:f":[{}]"#, fields.join(","))), "too_many_fields"),
        (event("1", &format!(r#","ex:f":"{}""#, "x".repeat(1 << 20))), "event_too_large"),
        (event("1", "").replace("2025-01-01T", "2077-01-01T"), "event_time_ahead"),
        (event("1", &format!(r#","bizStep":"urn:x:{}""#, "x".repeat(2_000))), "value_too_long"),
    ] {
        let prepared = prepared(&document(&[event]), false);
        assert_eq!(prepared.problems[0].code, code);
        assert_eq!(prepared.problems[0].severity, Severity::Error);
        assert!(prepared.events.is_empty());
    }
    assert!(prepared(&document(&[items(4000)]), false).problems.is_empty());
}

fn simulated(events: u64, seed: u64) -> String {
    let mut simulator = Simulator::new(Settings::new(events, seed)).expect("settings");
    String::from_utf8(simulator.next_document(Limits::default()).expect("a document")).expect("UTF-8")
}

/// All that a capture gives but its context.
fn all_of(prepared: &Prepared, body: &str) -> impl PartialEq + std::fmt::Debug + use<> {
    let copies = prepared.copies(body.as_bytes(), &HashSet::new());
    let values: Vec<_> =
        copies.values.iter().map(|(field, value, key)| (*field, (*value).to_owned(), *key)).collect();
    let events: Vec<_> = prepared.events.iter().map(|e| (e.index, e.event_id.clone(), e.same_as)).collect();
    let problems = problems_json(&prepared.problems);
    let streams = (copies.event, copies.reference, values);
    (streams, events, problems, prepared.event_total)
}

/// The same document with so many definitions in its context, none of them used, that its events go the long way.
fn the_long_way(document: &str) -> String {
    let unused: Vec<_> = (0..70).map(|n| format!(r#","unused{n}":"https://example.org/{n}/""#)).collect();
    let unused = unused.concat();
    let ours = r#"{"ex":"https://example.org/wayproof/""#;
    assert!(document.contains(ours));
    document.replacen(ours, &format!("{ours}{unused}"), 1)
}

#[test]
fn simulated_events_give_the_same_by_their_parts_and_the_long_way() {
    for seed in 0..8 {
        let document = simulated(700, seed);
        let long = the_long_way(&document);
        assert_eq!(all_of(&prepared(&document, false), &document), all_of(&prepared(&long, false), &long));
    }
}

#[test]
fn capture_with_more_members_than_are_kept_gives_the_same_by_their_parts_and_the_long_way() {
    let document = simulated(5_000, 3);
    let long = the_long_way(&document);
    let of_parts = all_of(&prepared(&document, false), &document);
    // Megabytes, which nobody wants to see printed.
    assert!(of_parts == all_of(&prepared(&long, false), &long));
}

#[test]
fn event_that_names_itself_by_its_event_hash_id_is_filed_under_it_once() {
    let body = document(&[event("1", ""), event("2", "")]);
    let ids = epcis::event_hash_ids(body.as_bytes()).expect("ids");
    let with_id = |id: &str| document(&[event("1", &format!(r#","eventID":"{id}""#))]);
    let references =
        |body: &str| rows(&prepared(body, true).copies(body.as_bytes(), &HashSet::new()).reference).len();
    let own = with_id(&ids[0]);
    assert_eq!(prepared(&own, true).events[0].event_id, ids[0]);
    assert_eq!(references(&own) + 1, references(&with_id(&ids[1])));
}

#[test]
fn capture_shared_among_threads_is_the_same() {
    let document = simulated(4_000, 3);
    let mut lines: Vec<&str> = document.split('\n').collect();
    // Two events stand twice, in different parts, and one is refused.
    lines.insert(3_000, lines[1]);
    lines.insert(20, lines[1_500]);
    let wrong = lines[2_000].replacen("\"bizStep\":\"", "\"bizStep\":\"un", 1);
    assert_ne!(lines[2_000], wrong);
    lines[2_000] = &wrong;
    let document = lines.join("\n");
    let alone = prepared(&document, false);
    assert_eq!(alone.events.iter().filter(|event| event.same_as.is_some()).count(), 2);
    assert_eq!((alone.event_total, alone.events.len()), (4_002, 4_001));
    for threads in [2, 3, 50] {
        let shared = prepared_on(threads, &document, false);
        assert_eq!(all_of(&alone, &document), all_of(&shared, &document));
    }
}

#[test]
fn capture_with_broken_events_names_the_first_on_any_number_of_threads() {
    let document = simulated(4_000, 3);
    let lines: Vec<&str> = document.split('\n').collect();
    for broken in [&[10][..], &[1_500, 3_900], &[3_000, 3_001], &[1_024], &[1_025, 20]] {
        let mut lines = lines.clone();
        for line in broken {
            lines[*line] = "{\"type\":\"ObjectEvent\" \"x\":[\"]\"]},";
        }
        let document = lines.join("\n");
        let alone = prepared(&document, false);
        assert_eq!(alone.problems.len(), 1);
        assert_eq!(alone.problems, prepared_on(2, &document, false).problems);
    }
}

proptest! {
    #[test]
    fn changed_events_give_the_same_by_their_parts_and_the_long_way(
        seed in 0..4_u64,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), "[ -~é]"), 1..4),
    ) {
        let mut document = simulated(30, seed);
        let start = document.find("eventList").expect("a list");
        for (place, text) in changes {
            let places: Vec<usize> = document.char_indices().map(|(at, _)| at).filter(|at| *at > start).collect();
            let at = places[place.index(places.len())];
            let end = at + document[at..].chars().next().map_or(0, char::len_utf8);
            document.replace_range(at..end, &text);
        }
        let long = the_long_way(&document);
        let (parts, whole) = (prepared(&document, false), prepared(&long, false));
        // Whoever breaks the JSON is told of a byte, which is another in a longer document.
        if parts.problems.iter().all(|problem| problem.event_index.is_some()) {
            prop_assert_eq!(all_of(&parts, &document), all_of(&whole, &long));
        } else {
            prop_assert_eq!(parts.problems.len(), whole.problems.len());
            prop_assert_eq!(&parts.problems[0].pointer, &whole.problems[0].pointer);
        }
    }

    #[test]
    fn any_changed_text_changes_content_and_commitment(one in "[a-z]{1,8}", two in "[a-z]{1,8}") {
        let body = |note: &str| document(&[event("1", &format!(r#","ex:note":"{note}""#))]);
        let (a, b) = (prepared(&body(&one), false), prepared(&body(&two), false));
        prop_assert_eq!(a.events[0].content_digest == b.events[0].content_digest, one == two);
    }

    #[test]
    fn any_bytes_give_problems_and_no_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let prepared = prepared(&text, false);
        prop_assert!(prepared.events.is_empty() && !prepared.problems.is_empty());
    }

    #[test]
    fn entry_reads_back_and_any_other_length_does_not(record_time in any::<u64>(), tokens in proptest::collection::btree_set(any::<[u8; 16]>(), 0..9)) {
        let entry = Entry { record_time, commitment: [3; 32], field_count: 12, tokens: tokens.into_iter().collect() };
        let mut bytes = Vec::new();
        entry.write(&mut bytes);
        prop_assert_eq!(bytes.len(), 46 + 16 * entry.tokens.len());
        prop_assert_eq!(Entry::read(&bytes).expect("reads"), entry);
        bytes.push(0);
        prop_assert!(Entry::read(&bytes).is_err());
        prop_assert!(Entry::read(&bytes[..bytes.len() - 2]).is_err());
    }
}
