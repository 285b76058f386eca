//! Events as EPCIS documents: one long one, or a series of short ones.

use crate::simulator::Simulator;
use crate::text::put_time;

/// Bytes in a chunk of a document, at least, except the last one.
const CHUNK_BYTES: usize = 64 * 1024;

/// Fewest bytes that a document can be limited to: no event of ours is longer than half of this.
pub const DOCUMENT_BYTES_MIN: usize = 8 * 1024;

const FOOTER: &[u8] = b"\n]}}\n";

/// A document up to its creation date, its brace still open.
pub(crate) fn put_preamble(out: &mut Vec<u8>, created_s: u64) {
    out.extend_from_slice(
        br#"{"@context":["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",{"ex":"https://example.org/wayproof/"}],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":""#,
    );
    put_time(out, created_s, 0);
    out.push(b'"');
}

fn put_header(out: &mut Vec<u8>, created_s: u64) {
    put_preamble(out, created_s);
    out.extend_from_slice(br#","epcisBody":{"eventList":["#);
}

impl Simulator {
    /// One `EPCISDocument` with all events that are left, in chunks of about 64 KiB, one event a line.
    pub fn document(&mut self) -> Chunks<'_> {
        Chunks { simulator: self, at: At::Header }
    }

    /// A series of whole `EPCISDocument`s, each within the limits.
    pub fn documents(&mut self, limits: Limits) -> impl Iterator<Item = Vec<u8>> {
        std::iter::from_fn(move || self.next_document(limits))
    }

    /// The next document of a series; none when all events have been told.
    pub fn next_document(&mut self, limits: Limits) -> Option<Vec<u8>> {
        let bytes_max = limits.bytes.max(DOCUMENT_BYTES_MIN) - FOOTER.len();
        let mut out = Vec::new();
        put_header(&mut out, self.settings().end_s);
        let mut events = 0;
        while events < limits.events.max(1) {
            let separator: &[u8] = if events == 0 { b"\n" } else { b",\n" };
            let end = out.len();
            out.extend_from_slice(separator);
            if !self.next_event(&mut out) {
                out.truncate(end);
                break;
            }
            if out.len() > bytes_max {
                self.hold(out.split_off(end + separator.len()));
                out.truncate(end);
                break;
            }
            events += 1;
        }
        out.extend_from_slice(FOOTER);
        (events > 0).then_some(out)
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
