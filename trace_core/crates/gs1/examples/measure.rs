//! Speed on one core, as JSON: `cargo run --release --example measure -p wayproof-gs1`.
//!
//! Each number is the best of several runs over texts that all differ.

use std::hint::black_box;
use std::time::Instant;

use gs1::{ElementString, item_key, write_canonical};

const TEXTS: u32 = 20_000;
const RUNS: u32 = 15;

/// Nanoseconds for each text, best run.
fn best(texts: &[String], mut work: impl FnMut(&str)) -> f64 {
    let run = |_| {
        let start = Instant::now();
        for text in texts {
            work(text);
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(TEXTS)
    };
    (0..RUNS).map(run).fold(f64::INFINITY, f64::min)
}

fn texts(make: impl Fn(u32) -> String) -> Vec<String> {
    (0..TEXTS).map(make).collect()
}

/// Element string to Digital Link and back, values and pairings checked on both ways.
fn round_trip(text: &str, link: &mut String, out: &mut String) {
    link.clear();
    out.clear();
    let elements = ElementString::parse_plain(text).expect("the text is sound");
    elements.check_pairing().expect("the pairing is sound");
    elements.write_digital_link("https://id.gs1.org", link).expect("it has a key");
    let elements = ElementString::parse_digital_link(link).expect("the link is sound");
    elements.check_pairing().expect("the pairing is sound");
    elements.write_plain('\u{1d}', out);
    assert!(text == out);
}

fn main() {
    let urns = [
        ("sgtin", texts(|n| format!("urn:epc:id:sgtin:4012345.0{:05}.{n}", n % 99_999))),
        ("sscc", texts(|n| format!("urn:epc:id:sscc:4012345.0{n:09}"))),
        ("sgln", texts(|n| format!("urn:epc:id:sgln:4012345.{:05}.0", n % 99_999))),
        ("lgtin", texts(|n| format!("urn:epc:class:lgtin:4012345.0{:05}.LOT-{n}", n % 99_999))),
        ("link", texts(|n| format!("https://id.gs1.org/01/04012345111118/21/{n}"))),
    ];
    let mut out = String::new();
    let mut fields = Vec::new();
    for (name, urns) in &urns {
        let canonical = best(urns, |urn| {
            out.clear();
            assert!(write_canonical(urn, &mut out));
            black_box(&out);
        });
        let key = best(urns, |urn| {
            black_box(item_key(urn).expect("the URN is sound"));
        });
        fields.push(format!("\"canonical_{name}_ns\": {canonical:.1}, \"item_key_{name}_ns\": {key:.1}"));
    }

    let strings = texts(|n| format!("\u{1d}010401234511111810LOT-2024A\u{1d}21S{n}\u{1d}17260131"));
    let mut link = String::new();
    let trip = best(&strings, |text| round_trip(text, &mut link, &mut out));
    fields.push(format!("\"round_trip_ns\": {trip:.1}, \"round_trips_per_s\": {:.0}", 1e9 / trip));
    println!("{{{}}}", fields.join(", "));
}
