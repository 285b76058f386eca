//! What nobody beats: the same bytes through the fastest parser that there is, and the hashes that the formats ask for;
//! beside it what the core does, on one core.
//!
//! `cargo run --release -p wayproof-capture --example floor -- EVENTS.json EVENTS.xml CAPTURE.json [PAIRS]` prints one
//! JSON object a line: the third file read into values, event hash ids of the first two, and the whole way to COPY
//! streams of the third.

mod hashing;
mod parsers;
#[path = "../request/mod.rs"]
mod request;

use std::collections::HashSet;
use std::error::Error;
use std::fs;

use capture::{Blinding, Issuer, prepare};
use interleaved::{Operation, fastest};
use json::Bump;

use crate::hashing::Hashing;
use crate::parsers::Parser;
use crate::request::request;

const PAIRS: usize = 7;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [json, xml, captured, rest @ ..] = &arguments[..] else {
        return Err("the names of three files: events as JSON, as XML, and a capture".into());
    };
    let pairs = rest.first().map_or(Ok(PAIRS), |text| text.parse())?;
    let (json, xml, captured) = (fs::read(json)?, fs::read(xml)?, fs::read(captured)?);
    reading(&captured, pairs);
    let hashing = Hashing::of(&json);
    let parsers = parsers::json(&json, pairs);
    ids(
        "event hash ids from JSON",
        &json,
        &Floor::new(&parsers, &json, pairs, || hashing.ids()),
        pairs,
        ids_of,
    );
    // The same events, so the same is hashed.
    let parsers = [parsers::xml(&xml, pairs)];
    let floor = Floor::new(&parsers, &xml, pairs, || hashing.ids());
    ids("event hash ids from XML", &xml, &floor, pairs, |body| ids_of(&xml::to_json(body).expect("events")));
    capture(&captured, pairs);
    Ok(())
}

/// The values that ours makes are borrowed from the bytes, and every rule of RFC 8259 is held.
fn reading(body: &[u8], pairs: usize) {
    let parsers = parsers::json(body, pairs);
    let (name, count) = (named("JSON read into values", body, ids_of(body)), ids_of(body));
    let ours = || json::read(body, &Bump::new()).map(|value| value.as_object().is_some()).expect("JSON");
    let limit = Floor::new(&parsers, body, pairs, || ());
    Operation { name: &name, count, limit: None }.under(&limit.name, pairs, ours, || limit.run());
}

fn ids_of(body: &[u8]) -> usize {
    epcis::event_hash_ids(body).expect("ids").len()
}

fn ids<H: Fn()>(what: &str, body: &[u8], floor: &Floor<'_, H>, pairs: usize, ours: impl Fn(&[u8]) -> usize) {
    let count = ours(body);
    let name = named(what, body, count);
    Operation { name: &name, count, limit: None }.under(&floor.name, pairs, || ours(body), || floor.run());
}

fn capture(body: &[u8], pairs: usize) {
    let blinding = Blinding::new(&[0; 32]);
    let issuer = Issuer::new("floor", None);
    let request = request(&issuer, &blinding);
    let ours = || prepare(body, &request).copies(body, &HashSet::new()).event_count;
    let hashing = Hashing::of(body);
    let what = named("capture path, bytes to COPY streams", body, ours());
    let parsers = parsers::json(body, pairs);
    let floor = Floor::new(&parsers, body, pairs, || hashing.capture());
    Operation { name: &what, count: ours(), limit: None }.under(&floor.name, pairs, ours, || floor.run());
}

fn named(what: &str, body: &[u8], events: usize) -> String {
    format!("{what}, {} B an event", body.len() / events)
}

/// The fastest parser, and the hashes.
struct Floor<'a, H: Fn()> {
    name: String,
    parser: &'a Parser,
    body: &'a [u8],
    hash: H,
}

impl<'a, H: Fn()> Floor<'a, H> {
    #[expect(clippy::cast_precision_loss, reason = "bytes of a file")]
    fn new(parsers: &'a [Parser], body: &'a [u8], runs: usize, hash: H) -> Self {
        let hashed = fastest(runs, &hash);
        let rate =
            |parser: &Parser| format!("{} {:.0} MB/s", parser.name, body.len() as f64 / parser.seconds / 1e6);
        let others: Vec<String> = parsers[1..].iter().map(rate).collect();
        let share = hashed / (hashed + parsers[0].seconds);
        let slower = if others.is_empty() { String::new() } else { format!(" ({})", others.join(", ")) };
        let hashing =
            if share < 0.01 { String::new() } else { format!(" and SHA-256, {:.0} % of it", 100.0 * share) };
        let name = format!("{}{slower}{hashing}", rate(&parsers[0]));
        Self { name, parser: &parsers[0], body, hash }
    }

    fn run(&self) {
        self.parser.run(self.body);
        (self.hash)();
    }
}
