//! How fast the core takes a capture: bytes in, COPY streams out, on one core.
//!
//! `cargo run --release -p wayproof-capture --example rate`, with the name of an operation for that one alone.

#[path = "request/mod.rs"]
mod request;

use std::collections::HashSet;
use std::time::Instant;

use authorship::{Authorship, EventSigners, Jws, PartnerKey, Signed};
use capture::{Blinding, Issuer, Request, prepare, prepare_on, sign_events};
use signature::Ed25519Signer;
use simulate::{Limits, Settings, Simulator};

use crate::request::request;

const EVENTS: u64 = 20_000;
const RUNS: usize = 7;
/// Keys that sign events in turns.
const KEYS: usize = 8;

fn main() {
    let mut simulator = Simulator::new(Settings::new(EVENTS, 3)).expect("settings");
    let document = simulator.next_document(Limits::default()).expect("a document");
    let blinding = Blinding::new(&[0; 32]);
    let issuer = Issuer::new("rate", None);
    let request = request(&issuer, &blinding);
    report("event_hash_ids", document.len(), || epcis::event_hash_ids(&document).expect("ids").len());
    report("prepare", document.len(), || prepare(&document, &request).events.len());
    report("prepare on two threads", document.len(), || prepare_on(2, &document, &request).events.len());
    report("prepare and copies", document.len(), || {
        prepare(&document, &request).copies(&document, &HashSet::new()).event_count
    });
    let (signed, signers) = signed_events(&document);
    report("prepare for keys", signed.len(), || {
        let wanted = prepare(&signed, &request).wanted_keys.map_or(0, |keys| keys.len());
        usize::try_from(EVENTS).unwrap_or(0) * wanted / KEYS
    });
    let request = Request { signers: Some(&signers), ..request };
    report("prepare signed events", signed.len(), || prepare(&signed, &request).events.len());
    report("prepare signed events on two threads", signed.len(), || {
        prepare_on(2, &signed, &request).events.len()
    });
}

/// The document with a signature for each event, and what is known of the keys.
fn signed_events(document: &[u8]) -> (Vec<u8>, EventSigners) {
    let keys: Vec<_> = (1_u8..).take(KEYS).map(|n| Ed25519Signer::from_seed(&[n; 32])).collect();
    let mut signers = EventSigners::default();
    for key in &keys {
        signers.add(&PartnerKey::Ed25519(key.key()), "rate");
    }
    let sign = |digest: &[u8; 32]| {
        let key = &keys[usize::from(digest[0]) % KEYS];
        Authorship::of_event(Signed::Jws(Jws::sign(key, digest))).text()
    };
    (sign_events(document, sign).expect("a document"), signers)
}

fn report(operation: &str, bytes: usize, run: impl Fn() -> usize) {
    if std::env::args().nth(1).is_some_and(|only| only != operation) {
        return;
    }
    let seconds = (0..RUNS).map(|_| {
        let start = Instant::now();
        assert_eq!(run() as u64, EVENTS);
        start.elapsed().as_secs_f64()
    });
    let best = seconds.fold(f64::INFINITY, f64::min);
    #[expect(clippy::cast_precision_loss, reason = "both are far below 2⁵³")]
    let (rate, size) = (EVENTS as f64 / best, bytes as f64 / EVENTS as f64);
    println!(r#"{{"operation":"{operation}","events_per_s":{rate:.0},"bytes_per_event":{size:.0}}}"#);
}
