//! A capture whose events are signed each on its own: who signed which, and what becomes of a signature that does not
//! hold.

use std::collections::HashSet;

use authorship::{Authorship, EventSigners, Jws, PartnerKey, Signed};
use capture::{
    Blinding, EVENT_COLUMNS, Entry, Issuer, Prepared, Request, Unpacker, content_digests, open, prepare_on,
    sign_events,
};
use signature::Ed25519Signer;

const RECORD_TIME: i64 = 1_800_000_000_000_000;

fn signer(n: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(&[n; 32])
}

/// Knows the keys 1 to 3.
fn signers() -> EventSigners {
    let mut signers = EventSigners::default();
    for n in 1..=3 {
        signers.add(&PartnerKey::Ed25519(signer(n).key()), &format!("partner{n}"));
    }
    signers
}

fn prepared_on(threads: usize, body: &str, signers: Option<&EventSigners>, is_signed: bool) -> Prepared {
    let blinding = Blinding::new(&[7; 32]);
    let request = Request {
        partner: "test",
        issuer: &Issuer::new("test", None),
        is_signed,
        signers,
        record_time: RECORD_TIME,
        capture_no: 5,
        seed: [1; 32],
        blinding: &blinding,
        strict: false,
        reserved: None,
    };
    prepare_on(threads, body.as_bytes(), &request)
}

fn prepared(body: &str) -> Prepared {
    prepared_on(1, body, Some(&signers()), false)
}

fn event(serial: usize, members: &str) -> String {
    format!(
        r#"{{"type":"ObjectEvent","eventTime":"2025-01-01T00:00:00Z","eventTimeZoneOffset":"+00:00","action":"OBSERVE",
        "epcList":["https://id.gs1.org/01/09521234543213/21/{serial}"]{members}}}"#
    )
}

fn document(events: &[String], signatures: &str) -> String {
    format!(
        r#"{{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{{"ex":"https://example.org/x/","w":"urn:wayproof:"}}],
        "type":"EPCISDocument","schemaVersion":"2.0","creationDate":"2025-01-01T00:00:00Z",{signatures}
        "epcisBody":{{"eventList":[{}]}}}}"#,
        events.join(",")
    )
}

/// The signature of one event by a key.
fn signed(n: u8, event: &str) -> String {
    let digests = content_digests(document(&[event.to_owned()], "").as_bytes()).expect("digests");
    format!("\"{}\"", Authorship::of_event(Signed::Jws(Jws::sign(&signer(n), &digests[0]))).text())
}

fn list(signatures: &[String]) -> String {
    format!(r#""urn:wayproof:signatureList":[{}],"#, signatures.join(","))
}

/// The columns of each row of a binary COPY stream.
fn rows(stream: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut rest = &stream[19..];
    let mut rows = Vec::new();
    while let Ok(columns @ 1..) = usize::try_from(i16::from_be_bytes([rest[0], rest[1]])) {
        rest = &rest[2..];
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
    rows
}

/// The issuer of each event that is stored, and whether its entry commits to it.
fn issuers(prepared: &Prepared, body: &str) -> Vec<Option<String>> {
    let at = |name: &str| EVENT_COLUMNS.iter().position(|column| *column == name).expect("a column");
    let rows = rows(&prepared.copies(body.as_bytes(), &HashSet::new()).event);
    let groups = rows.iter().filter_map(|row| row[at("bodies")].as_deref());
    let bodies =
        groups.flat_map(|group| Unpacker::default().unpack(group).map(<[u8]>::to_vec).collect::<Vec<_>>());
    let issuer = |(row, body): (&Vec<Option<Vec<u8>>>, Vec<u8>)| {
        let of_event = row[at("issuer")].clone();
        let issuer =
            of_event.as_deref().map_or(Issuer::new("test", None), |json| Issuer::read(json).expect("JSON"));
        let secret: [u8; 32] = row[at("secret")].clone().and_then(|s| s.try_into().ok()).expect("32 bytes");
        let opened = open(&body, &prepared.context, &secret, &issuer).expect("opens");
        let entry = row[at("entry")].clone().expect("an entry");
        assert_eq!(Entry::read(&entry).expect("an entry").commitment, opened.commitment);
        of_event.map(|json| String::from_utf8(json).expect("UTF-8"))
    };
    rows.iter().zip(bodies).map(issuer).collect()
}

/// Event index, pointer and code of each problem.
fn problems(prepared: &Prepared) -> Vec<(Option<usize>, &str, &str)> {
    prepared.problems.iter().map(|p| (p.event_index, p.pointer.as_str(), p.code)).collect()
}

#[test]
fn each_event_is_committed_to_with_who_signed_it() {
    // Those of unusual kind go another way through the core.
    let unusual = event(
        2,
        r#","ex:a":{"@context":{"b":"https://example.org/"}},"@context":{"ex":"https://other.example/"}"#,
    );
    let events = [event(0, ""), event(1, ""), unusual, event(3, r#","ex:n":1"#)];
    let digest = |n: usize| content_digests(document(&events, "").as_bytes()).expect("digests")[n];
    let sign = |n, key| {
        format!("\"{}\"", Authorship::of_event(Signed::Jws(Jws::sign(&signer(key), &digest(n)))).text())
    };
    let texts = [sign(0, 1), "null".to_owned(), sign(2, 2), sign(3, 1)];
    let body = document(&events, &list(&texts));
    let prepared = prepared(&body);
    assert_eq!(problems(&prepared), []);
    let stored = issuers(&prepared, &body);
    for (n, key) in [(0, 1), (2, 2), (3, 1)] {
        let key_id = signer(key).key().id();
        let jws = texts[n].trim_matches('"').trim_start_matches("jws=");
        assert_eq!(
            stored[n].as_deref().expect("an issuer"),
            format!(
                r#"{{"key":"{key_id}","partner":"test","signature":{{"jws":"{jws}"}},"signer":"partner{key}"}}"#
            )
        );
    }
    assert_eq!(stored[1], None);
    let digests: Vec<_> = prepared.events.iter().map(|event| event.content_digest).collect();
    assert_eq!(digests, (0..4).map(digest).collect::<Vec<_>>());
}

#[test]
fn list_may_have_a_prefix_and_stand_behind_the_body() {
    let (one, two) = (event(1, ""), event(2, ""));
    let texts = [signed(1, &one), "\"\"".to_owned()];
    let behind = format!(r#","w:signatureList":[{}]}}"#, texts.join(","));
    let body = document(&[one, two], "");
    let body = body.strip_suffix('}').expect("an object").to_owned() + &behind;
    let prepared = prepared(&body);
    assert_eq!(problems(&prepared), []);
    assert_eq!(issuers(&prepared, &body).iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn signatures_that_do_not_count_refuse_their_events_alone() {
    let events: Vec<_> = (0..7).map(|n| event(n, "")).collect();
    let texts = [
        signed(1, &events[0]),
        signed(1, &events[0]),
        signed(9, &events[2]),
        "\"jws=no\"".to_owned(),
        "7".to_owned(),
        signed(2, &events[5]),
        "null".to_owned(),
    ];
    let body = document(&events, &list(&texts));
    let prepared = prepared(&body);
    let at = |n: usize| format!("/urn:wayproof:signatureList/{n}");
    assert_eq!(
        problems(&prepared),
        [
            (Some(1), at(1).as_str(), "signature"),
            (Some(2), at(2).as_str(), "key_unknown"),
            (Some(3), at(3).as_str(), "signature"),
            (Some(4), at(4).as_str(), "type"),
        ]
    );
    assert_eq!(prepared.events.iter().map(|event| event.index).collect::<Vec<_>>(), [0, 5, 6]);
    assert_eq!(
        issuers(&prepared, &body).iter().map(Option::is_some).collect::<Vec<_>>(),
        [true, true, false]
    );
}

#[test]
fn event_is_stored_whose_repetition_was_signed_badly_before() {
    let one = event(1, "");
    let texts = [signed(1, &event(2, "")), signed(2, &one), signed(3, &one)];
    let body = document(&[one.clone(), one.clone(), one], &list(&texts));
    let prepared = prepared(&body);
    assert_eq!(problems(&prepared).len(), 1);
    assert_eq!(prepared.events.iter().map(|event| event.same_as).collect::<Vec<_>>(), [None, Some(0)]);
    assert!(issuers(&prepared, &body)[0].as_deref().expect("an issuer").contains("partner2"));
}

#[test]
fn list_of_another_length_or_two_or_none_refuses_the_document() {
    let events = [event(0, ""), event(1, "")];
    let null = |count: usize| list(&vec!["null".to_owned(); count]);
    for (members, pointer) in [
        (null(1), "/urn:wayproof:signatureList"),
        (null(3), "/urn:wayproof:signatureList"),
        (null(2) + r#""w:signatureList":[null,null],"#, "/w:signatureList"),
        (r#""urn:wayproof:signatureList":{},"#.to_owned(), "/urn:wayproof:signatureList"),
    ] {
        let prepared = prepared(&document(&events, &members));
        assert_eq!(prepared.events.len(), 0, "{members}");
        let [(None, found, _)] = problems(&prepared)[..] else { panic!("{:?}", problems(&prepared)) };
        assert_eq!(found, pointer);
    }
    assert_eq!(problems(&prepared(&document(&events, &null(2)))), []);
}

#[test]
fn document_is_signed_as_a_whole_or_event_by_event() {
    let one = event(1, "");
    let body = document(std::slice::from_ref(&one), &list(&[signed(1, &one)]));
    let both = prepared_on(1, &body, Some(&signers()), true);
    assert_eq!(problems(&both), [(None, "/urn:wayproof:signatureList", "signature")]);
}

#[test]
fn keys_are_wanted_where_events_are_signed_and_nowhere_else() {
    let one = event(1, "");
    let wanted = |body: &str| prepared_on(1, body, None, false).wanted_keys;
    let mut ids = [1, 9].map(|n| signer(n).key().id().to_string());
    ids.sort_unstable();
    let body = document(&[one.clone(), one.clone()], &list(&[signed(9, &one), signed(1, &one)]));
    assert_eq!(wanted(&body), Some(ids.to_vec()));
    assert_eq!(wanted(&document(std::slice::from_ref(&one), &list(&["null".to_owned()]))), Some(Vec::new()));
    assert_eq!(wanted(&document(&[one], "")), None);
    // In a bare event it is a member like any other.
    let members = r#","@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","urn:wayproof:signatureList":["jws=a..b"]"#;
    let bare = event(1, members);
    assert_eq!(prepared_on(1, &bare, None, false).events.len(), 1);
}

#[test]
fn more_bad_signatures_than_are_looked_at_refuse_the_document() {
    let events: Vec<_> = (0..=capture::BAD_SIGNATURES_MAX).map(|n| event(n, "")).collect();
    let other = signed(1, &event(9_999, ""));
    let prepared = prepared(&document(&events, &list(&vec![other; events.len()])));
    assert_eq!(problems(&prepared), [(None, "/urn:wayproof:signatureList", "signature")]);
    assert_eq!(prepared.events.len(), 0);
}

#[test]
fn threads_give_the_same_and_each_event_is_signed_once() {
    let events: Vec<_> = (0..2_500).map(|n| event(n, "")).collect();
    let unsigned = document(&events, "");
    let signed = sign_events(unsigned.as_bytes(), |digest| {
        Authorship::of_event(Signed::Jws(Jws::sign(&signer(1 + digest[0] % 3), digest))).text()
    });
    let signed = signed.expect("signed");
    let twice = sign_events(&signed, |_| "jws=none".to_owned()).expect("signed");
    assert_eq!(signed, twice);
    let mut body = String::from_utf8(signed).expect("UTF-8");
    // Two signatures change places.
    let texts: Vec<_> = body.match_indices("jws=").map(|(at, _)| at).collect();
    let length = body[texts[1_100]..].find('"').expect("a text");
    let (one, other) = (texts[1_100], texts[2_400]);
    let (first, second) = (body[one..one + length].to_owned(), body[other..other + length].to_owned());
    body.replace_range(other..other + length, &first);
    body.replace_range(one..one + length, &second);
    let alone = prepared(&body);
    let indexes: Vec<_> = alone.problems.iter().map(|problem| problem.event_index).collect();
    assert_eq!(indexes, [Some(1_100), Some(2_400)]);
    assert_eq!(issuers(&alone, &body).iter().flatten().count(), 2_498);
    for threads in [2, 3] {
        let shared = prepared_on(threads, &body, Some(&signers()), false);
        assert_eq!(shared.problems, alone.problems);
        assert_eq!(
            shared.copies(body.as_bytes(), &HashSet::new()).event,
            alone.copies(body.as_bytes(), &HashSet::new()).event
        );
    }
}
