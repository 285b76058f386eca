//! How many event hash ids one core makes in a second, from the bytes of documents to the printed ids:
//! `cargo run --release -p wayproof-epcis --example event_hash_rate`, with `--write` for one of the
//! measured documents on standard output instead.
//!
//! The best of several passes over documents of 1,000 events of 0.5 kB; one line of JSON.

use std::error::Error;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

use epcis::{event_hash_ids, event_prehashes, read_document};
use json::Bump;

const EVENTS: usize = 1_000;
const DOCUMENTS: usize = 4;
const PASSES: usize = 100;

fn main() -> Result<(), Box<dyn Error>> {
    let documents: Vec<String> = (0..DOCUMENTS).map(document).collect::<Result<_, _>>()?;
    if std::env::args().any(|argument| argument == "--write") {
        print!("{}", documents[0]);
        return Ok(());
    }
    let bytes: usize = documents.iter().map(String::len).sum();
    let read = best(&documents, |body| {
        let (arena, mut values) = (Bump::new(), Bump::new());
        let mut events = read_document(body, &arena).map(|document| document.events());
        let mut count = 0;
        while let Ok(chunk) = events.as_mut().map_or(Ok(Vec::new()), |events| events.next(64, &values))
            && !chunk.is_empty()
        {
            count += chunk.len();
            drop(chunk);
            values.reset();
        }
        count
    });
    let prehashes = best(&documents, |body| event_prehashes(body).map_or(0, |prehashes| prehashes.len()));
    let ids = best(&documents, |body| event_hash_ids(body).map_or(0, |ids| ids.len()));
    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let bytes_per_event = bytes as f64 / (DOCUMENTS * EVENTS) as f64;
    println!(
        r#"{{"events_per_s": {:.0}, "bytes_per_event": {bytes_per_event:.0}, "microseconds_per_event": {{"read": {:.3}, "prehash": {:.3}, "digest_and_print": {:.3}, "whole": {:.3}}}}}"#,
        1e6 / ids,
        read,
        prehashes - read,
        ids - prehashes,
        ids
    );
    Ok(())
}

/// Microseconds an event in the fastest pass over the documents.
fn best(documents: &[String], work: impl Fn(&[u8]) -> usize) -> f64 {
    let pass = || {
        let begin = Instant::now();
        let events: usize = documents.iter().map(|document| black_box(work(document.as_bytes()))).sum();
        assert_eq!(events, DOCUMENTS * EVENTS, "every event has its id");
        #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
        let seconds_per_event = begin.elapsed().as_secs_f64() / events as f64;
        seconds_per_event * 1e6
    };
    (0..PASSES).map(|_| pass()).fold(f64::INFINITY, f64::min)
}

fn document(number: usize) -> Result<String, std::fmt::Error> {
    let mut text = String::from(concat!(
        r#"{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","#,
        r#"{"example":"https://ns.example.com/epcis/"}],"type":"EPCISDocument","schemaVersion":"2.0","#,
        r#""creationDate":"2024-05-01T12:00:00Z","epcisBody":{"eventList":["#
    ));
    for event in 0..EVENTS {
        let serial = number * EVENTS + event;
        let (minute, second) = (serial / 60 % 60, serial % 60);
        if event > 0 {
            text.push(',');
        }
        write!(
            text,
            concat!(
                r#"{{"type":"ObjectEvent","eventTime":"2024-05-01T09:{:02}:{:02}.000+02:00","eventTimeZoneOffset":"+02:00","#,
                r#""epcList":["urn:epc:id:sgtin:4012345.098765.{serial}","https://id.gs1.org/01/09520123456788/21/{serial}"],"#,
                r#""action":"OBSERVE","bizStep":"shipping","disposition":"in_transit","#,
                r#""readPoint":{{"id":"urn:epc:id:sgln:4012345.00001.5"}},"bizLocation":{{"id":"https://id.gs1.org/414/4012345000115"}},"#,
                r#""bizTransactionList":[{{"type":"po","bizTransaction":"urn:epc:id:gdti:4012345.00001.{serial}"}}],"#,
                r#""example:temperature":"4.{second}"}}"#
            ),
            minute,
            second,
            serial = serial,
            second = second
        )?;
    }
    text.push_str("]}}");
    Ok(text)
}
