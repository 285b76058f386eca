//! Prints how fast the simulator is: `cargo run --release -p wayproof-simulate --example throughput`,
//! with the number of events, the seed, and `--write` (to standard output) as arguments if wanted.

use std::error::Error;
use std::io::Write;
use std::time::Instant;

use simulate::{Settings, Simulator, Trouble};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let write = arguments.iter().any(|argument| argument == "--write");
    let mut numbers = arguments.iter().filter(|argument| *argument != "--write");
    let events: u64 = numbers.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let seed: u64 = numbers.next().map_or(Ok(1), |text| text.parse())?;

    let begin = Instant::now();
    let mut simulator = Simulator::new(Settings::new(events, seed))?;
    let mut bytes = 0;
    let mut out = std::io::stdout().lock();
    for chunk in simulator.document() {
        bytes += chunk.len();
        if write {
            out.write_all(&chunk)?;
        }
    }
    let seconds = begin.elapsed().as_secs_f64();

    #[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
    let (events, bytes) = (events as f64, bytes as f64);
    eprintln!("{events} events, {bytes} bytes, {:.0} bytes each", bytes / events);
    eprintln!("{:.0} events/s, {:.1} MB/s", events / seconds, bytes / seconds / 1e6);
    for trouble in Trouble::ALL {
        eprintln!("{:>9} stories with {}", simulator.troubles(trouble), trouble.name());
    }
    for landmark in simulator.landmarks() {
        let trouble = landmark.trouble.map_or("", Trouble::name);
        let (domain, role) = (landmark.domain.name(), landmark.role.name());
        eprintln!("{domain:9} {role:12} {trouble:18} {}", landmark.element_string);
    }
    Ok(())
}
