//! Where the capture path spends its time on one core, from bytes to COPY streams.
//!
//! `cargo run --release -p wayproof-capture --example flame -- FLAMES.svg [SECONDS]` draws a flame graph, and prints one
//! JSON object a line: each function's own share of the samples, what was inlined into it left out; then each source
//! file's, with all that it called outside this repository.

#[path = "../request/mod.rs"]
mod request;

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fs::File;
use std::time::{Duration, Instant};

use capture::{Blinding, Issuer, prepare};
use pprof::flamegraph::Options;
use pprof::{ProfilerGuard, Report, Symbol};
use simulate::{Limits, Settings, Simulator};

use crate::request::request;

const EVENTS: u64 = 20_000;
const SECONDS: u64 = 20;
const SAMPLES_PER_S: i32 = 499;
/// Functions with less than this are not printed.
const SHARE_MIN: f64 = 0.01;
/// Nobody sees what is narrower.
const NARROWEST_PERCENT: f64 = 0.1;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, rest @ ..] = &arguments[..] else { return Err("the name of the file to draw into".into()) };
    let seconds = rest.first().map_or(Ok(SECONDS), |text| text.parse())?;
    let mut simulator = Simulator::new(Settings::new(EVENTS, 3))?;
    let document = simulator.next_document(Limits::default()).ok_or("a document")?;
    let (issuer, blinding) = (Issuer::new("flame", None), Blinding::new(&[0; 32]));
    let request = request(&issuer, &blinding);

    let profiler = ProfilerGuard::new(SAMPLES_PER_S)?;
    let end = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < end {
        let count = prepare(&document, &request).copies(&document, &HashSet::new()).event_count;
        assert_eq!(count as u64, EVENTS);
    }
    let report = profiler.report().build()?;
    let mut options = Options::default();
    options.title = "Capture path, one core".into();
    options.min_width = NARROWEST_PERCENT;
    report.flamegraph_with_options(File::create(path)?, &mut options)?;
    print("function", &report, |frames| frames.first().map(|symbol| symbol.name()));
    print("file", &report, |frames| frames.iter().find_map(|symbol| file(symbol)));
    Ok(())
}

/// Of this repository, as `json/src/flat.rs`.
fn file(symbol: &Symbol) -> Option<String> {
    let path = symbol.filename.as_ref()?.to_str()?;
    path.split_once("trace_core/crates/").map(|(_, file)| file.to_owned())
}

fn print(kind: &str, report: &Report, of: impl Fn(&[&Symbol]) -> Option<String>) {
    for (name, share) in shares(report, of).into_iter().take_while(|(_, share)| *share >= SHARE_MIN) {
        println!(r#"{{"{kind}":"{name}","share":{share:.3}}}"#);
    }
}

/// Of the samples, by what they are called whose frames, innermost first, are given; largest first.
#[expect(clippy::cast_precision_loss, reason = "samples of seconds")]
fn shares(report: &Report, of: impl Fn(&[&Symbol]) -> Option<String>) -> Vec<(String, f64)> {
    let mut samples: HashMap<String, isize> = HashMap::new();
    for (frames, count) in &report.data {
        let frames: Vec<&Symbol> = frames.frames.iter().flatten().collect();
        *samples.entry(of(&frames).unwrap_or_else(|| "?".into())).or_default() += count;
    }
    let all: isize = samples.values().sum();
    let mut shares: Vec<_> =
        samples.into_iter().map(|(name, count)| (name, count as f64 / all as f64)).collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    shares
}
