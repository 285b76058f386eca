//! Events as EPCIS documents: one long one, or a series of short ones.

use crate::simulator::Simulator;
use crate::text::put_time;

/// Bytes in a chunk of a document, at least, except the last one.
const CHUNK_BYTES: usize = 64 * 1024;

/// Fewest bytes that a document can be limited to: no event of ours is longer than half of this.
pub const DOCUMENT_BYTES_MIN: usize = 8 * 1024;

const FOOTER: &[u8] = b"\n]}}\n";

fn put_header(out: &mut Vec<u8>, created_s: u64) {
    out.extend_from_slice(
        br#"{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"ex":"https://example.org/wayproof/"}],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":""#,
    );
    put_time(out, created_s, 0);
    out.extend_from_slice(br#"","epcisBody":{"eventList":["#);
}

impl Simulator {
    /// One `EPCISDocument` with all events that are left, in chunks of about 64 KiB, one event a line.
    pub fn document(&mut self) -> Chunks<'_> {
        Chunks { simulator: self, at: At::Header }
    }

    /// A series of whole `EPCISDocument`s, each within the limits.
    pub fn documents(&mut self, limits: Limits) -> Documents<'_> {
        Documents { simulator: self, limits, held: Vec::new() }
    }
}

/// Bounds of each document of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// At most so many bytes; less than [`DOCUMENT_BYTES_MIN`] is taken for that.
    pub bytes: usize,
    /// At most so many events; 0 is taken for 1.
    pub events: u64,
}

impl Default for Limits {
    /// No bounds: one document.
    fn default() -> Self {
        Self { bytes: usize::MAX, events: u64::MAX }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Header,
    Events,
    End,
}

/// The bytes of one document, chunk by chunk; all chunks one after the other are the document.
pub struct Chunks<'a> {
    simulator: &'a mut Simulator,
    at: At,
}

impl Iterator for Chunks<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        if self.at == At::End {
            return None;
        }
        let mut out = Vec::with_capacity(CHUNK_BYTES + DOCUMENT_BYTES_MIN);
        if self.at == At::Header {
            put_header(&mut out, self.simulator.settings().end_s);
        }
        while out.len() < CHUNK_BYTES {
            let comma = out.len();
            out.extend_from_slice(if self.at == At::Header { b"\n" } else { b",\n" });
            if !self.simulator.next_event(&mut out) {
                out.truncate(comma);
                out.extend_from_slice(FOOTER);
                self.at = At::End;
                return Some(out);
            }
            self.at = At::Events;
        }
        Some(out)
    }
}

/// Documents in a series. One that was begun is always whole; dropping the series early may lose
/// the one event that did not fit the last document.
pub struct Documents<'a> {
    simulator: &'a mut Simulator,
    limits: Limits,
    /// The event that was too much for the document before.
    held: Vec<u8>,
}

impl Iterator for Documents<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let bytes_max = self.limits.bytes.max(DOCUMENT_BYTES_MIN);
        let mut out = Vec::new();
        put_header(&mut out, self.simulator.settings().end_s);
        let mut events = 0;
        while events < self.limits.events.max(1) {
            if self.held.is_empty() && !self.simulator.next_event(&mut self.held) {
                break;
            }
            let separator: &[u8] = if events == 0 { b"\n" } else { b",\n" };
            if out.len() + separator.len() + self.held.len() + FOOTER.len() > bytes_max && events > 0 {
                break;
            }
            out.extend_from_slice(separator);
            out.append(&mut self.held);
            events += 1;
        }
        out.extend_from_slice(FOOTER);
        (events > 0).then_some(out)
    }
}
