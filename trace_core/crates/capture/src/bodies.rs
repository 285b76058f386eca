//! What some neighbours in a capture say, compressed together: alone, events shrink to a half, together to a tenth.
//!
//! One byte tells how the rest is written: as it is, or the length of the plain text in four bytes and a frame of
//! Zstandard (RFC 8878). In the plain text each event has its length in four bytes, then its bytes as they came; no
//! bytes stand for an event that was erased. All numbers are big-endian.

use zstd::bulk::{Compressor, Decompressor};

use crate::prepare::EVENT_BYTES_MAX;

/// Events that are kept together, at most.
pub const BODIES_EVENTS_MAX: usize = 32;
/// Bytes of events that are kept together; one alone may have more.
pub const BODIES_BYTES_MAX: usize = 1 << 15;

const AS_IT_IS: u8 = 0;
const ZSTANDARD: u8 = 1;
/// Higher levels take longer than they save: 70 bytes an event here, 68 at level 3.
const LEVEL: i32 = 1;
const LENGTH_BYTES: usize = 4;
/// What a plain text may have: no compressed one makes a reader ask for more memory.
const PLAIN_BYTES_MAX: usize = EVENT_BYTES_MAX + BODIES_BYTES_MAX + LENGTH_BYTES * BODIES_EVENTS_MAX;

/// Puts bodies together. Memory: what one compression needs, kept between calls.
pub struct Packer {
    /// None where the system has no memory for it: then all is written as it is.
    compressor: Option<Compressor<'static>>,
    plain: Vec<u8>,
}

impl Default for Packer {
    fn default() -> Self {
        Self { compressor: Compressor::new(LEVEL).ok(), plain: Vec::new() }
    }
}

impl Packer {
    /// The bodies of neighbours, in order; none has no bytes. The same bodies always give the same bytes.
    pub fn pack<'b>(&mut self, bodies: impl Iterator<Item = &'b [u8]>) -> Vec<u8> {
        self.plain.clear();
        for body in bodies {
            self.plain.extend_from_slice(&length(body.len()));
            self.plain.extend_from_slice(body);
        }
        // What no reader would ask for memory for; databases have such groups that were brought up from older schemas.
        let compressor = self.compressor.as_mut().filter(|_| self.plain.len() <= PLAIN_BYTES_MAX);
        let compressed = compressor.and_then(|it| it.compress(&self.plain).ok());
        let shorter = compressed.filter(|it| it.len() + LENGTH_BYTES < self.plain.len());
        let (kind, head, rest) = match &shorter {
            Some(compressed) => (ZSTANDARD, length(self.plain.len()), compressed),
            None => (AS_IT_IS, [0; LENGTH_BYTES], &self.plain),
        };
        let mut packed = Vec::with_capacity(1 + LENGTH_BYTES + rest.len());
        packed.push(kind);
        if kind == ZSTANDARD {
            packed.extend_from_slice(&head);
        }
        packed.extend_from_slice(rest);
        packed
    }
}

/// Nothing of a capture has 4 GiB.
fn length(bytes: usize) -> [u8; LENGTH_BYTES] {
    u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()
}

/// Takes bodies apart. Memory: what one of what it reads needs, kept between calls.
#[derive(Default)]
pub struct Unpacker {
    decompressor: Option<Decompressor<'static>>,
    plain: Vec<u8>,
}

impl Unpacker {
    /// The bodies of neighbours, in order; none for what was erased, and nothing at all from where on `packed` is not
    /// what [`Packer`] wrote.
    pub fn unpack<'p>(&'p mut self, packed: &'p [u8]) -> Bodies<'p> {
        Bodies(match packed.split_first() {
            Some((&AS_IT_IS, plain)) => plain,
            Some((&ZSTANDARD, rest)) => self.decompress(rest).unwrap_or_default(),
            _ => &[],
        })
    }

    fn decompress(&mut self, rest: &[u8]) -> Option<&[u8]> {
        let (length, frame) = rest.split_first_chunk::<LENGTH_BYTES>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        if length > PLAIN_BYTES_MAX {
            return None;
        }
        if self.decompressor.is_none() {
            self.decompressor = Decompressor::new().ok();
        }
        self.plain.resize(length, 0);
        let read = self.decompressor.as_mut()?.decompress_to_buffer(frame, self.plain.as_mut_slice()).ok()?;
        self.plain.get(..read)
    }
}

/// Bodies, one after the other.
#[derive(Clone)]
pub struct Bodies<'p>(&'p [u8]);

impl<'p> Iterator for Bodies<'p> {
    type Item = &'p [u8];

    fn next(&mut self) -> Option<&'p [u8]> {
        let (length, rest) = self.0.split_first_chunk::<LENGTH_BYTES>()?;
        let (body, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(body)
    }
}

#[cfg(test)]
mod tests {
    use super::{Packer, Unpacker};

    fn both_ways(bodies: &[&[u8]]) -> usize {
        let packed = Packer::default().pack(bodies.iter().copied());
        assert_eq!(Unpacker::default().unpack(&packed).collect::<Vec<_>>(), bodies);
        packed.len()
    }

    #[test]
    fn bodies_come_back_as_they_were_and_neighbours_that_repeat_take_little_room() {
        assert_eq!(both_ways(&[]), 1);
        assert_eq!(both_ways(&[b"{}"]), 7);
        both_ways(&[b"", b"{}", b""]);
        let body = br#"{"type":"ObjectEvent","eventTime":"2026-01-01T00:00:00Z","bizStep":"shipping"}"#;
        assert!(both_ways(&[body.as_slice(); 32]) < 2 * body.len());
    }

    #[test]
    fn group_of_more_than_a_reader_makes_room_for_comes_back_too() {
        let body = vec![b'a'; super::EVENT_BYTES_MAX];
        let packed = both_ways(&[body.as_slice(); 2]);
        assert!(packed > 2 * body.len());
    }

    #[test]
    fn what_is_cut_or_changed_gives_no_bytes_that_were_not_there_and_no_memory_without_bound() {
        let body = vec![b'a'; 5_000];
        let mut packed = Packer::default().pack([body.as_slice(); 3].into_iter());
        for cut in 0..packed.len() {
            assert!(Unpacker::default().unpack(&packed[..cut]).all(|read| read == body));
        }
        packed[1] = 0xff;
        assert_eq!(Unpacker::default().unpack(&packed).count(), 0);
        assert_eq!(Unpacker::default().unpack(&[9, 0, 0, 0, 0]).count(), 0);
        assert_eq!(Unpacker::default().unpack(&[0, 0, 0, 0, 9, 1]).count(), 0);
    }
}
