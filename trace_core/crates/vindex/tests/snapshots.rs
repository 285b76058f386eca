//! Snapshots: what is read is what was written, or nothing.

use std::io;

use vindex::{Index, SnapshotError, Token};

/// Bytes before the first token.
const HEADER_BYTES: usize = 23 + 8 + 8;
const LEAF_BYTES: usize = 16 + 32;

fn scattered(number: u64) -> Token {
    *sha256::digest(&number.to_be_bytes()).first_chunk().expect("longer")
}

fn index(tokens: u64) -> Index {
    let mut index = Index::new();
    index.append(0, &(0..tokens).map(|number| [scattered(number)]).collect::<Vec<_>>()).expect("in order");
    index
}

fn snapshot(index: &Index) -> Vec<u8> {
    let mut bytes = Vec::new();
    index.write_snapshot(&mut bytes).expect("memory");
    bytes
}

/// With the digest that belongs to what was changed.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(bytes.len() - 32);
    let digest = sha256::digest(&bytes);
    bytes.extend_from_slice(&digest);
    bytes
}

#[test]
fn index_read_back_is_the_same_and_goes_on() {
    for tokens in [0, 1, 2, 16, 17, 1_024, 1_025, 5_000] {
        let mut written = index(tokens);
        let bytes = snapshot(&written);
        assert_eq!(bytes.len(), HEADER_BYTES + written.len() * LEAF_BYTES + 32);
        let mut read = Index::read_snapshot(&*bytes).expect("whole");
        assert_eq!((read.root(), read.size(), read.len()), (written.root(), written.size(), written.len()));
        assert_eq!(snapshot(&read), bytes);
        let more: Vec<_> = (tokens / 2..2 * tokens + 3).map(|number| [scattered(number)]).collect();
        written.append(tokens, &more).expect("in order");
        read.append(tokens, &more).expect("in order");
        assert_eq!(read.root(), written.root());
        assert_eq!(read.prove(&scattered(1)), written.prove(&scattered(1)));
    }
}

#[test]
fn snapshot_with_any_byte_changed_missing_or_added_is_refused() {
    let bytes = snapshot(&index(5));
    for at in 0..bytes.len() {
        for flip in [1, 0x80] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            assert!(Index::read_snapshot(&*damaged).is_err(), "byte {at}");
        }
        assert!(Index::read_snapshot(&bytes[..at]).is_err(), "{at} bytes");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert!(matches!(Index::read_snapshot(&*longer), Err(SnapshotError::TooLong)));
}

#[test]
fn snapshot_of_what_no_index_holds_is_refused_though_its_digest_is_right() {
    let bytes = snapshot(&index(2));
    assert!(Index::read_snapshot(&*sealed(bytes.clone())).is_ok());

    let mut swapped = bytes.clone();
    let leaves = &mut swapped[HEADER_BYTES..HEADER_BYTES + 2 * LEAF_BYTES];
    leaves.rotate_left(LEAF_BYTES);
    assert!(matches!(Index::read_snapshot(&*sealed(swapped)), Err(SnapshotError::NoIndex)));

    let mut twice = bytes.clone();
    twice.copy_within(HEADER_BYTES..HEADER_BYTES + LEAF_BYTES, HEADER_BYTES + LEAF_BYTES);
    assert!(matches!(Index::read_snapshot(&*sealed(twice)), Err(SnapshotError::NoIndex)));

    for size in [0_u64, u64::MAX] {
        let mut sized = bytes.clone();
        sized[23..31].copy_from_slice(&size.to_be_bytes());
        assert!(matches!(Index::read_snapshot(&*sealed(sized)), Err(SnapshotError::NoIndex)));
    }
    let mut endless = bytes.clone();
    endless[31..39].copy_from_slice(&u64::MAX.to_be_bytes());
    assert!(matches!(Index::read_snapshot(&*sealed(endless)), Err(SnapshotError::CutOff)));
    let mut other = bytes;
    other[10] = b'2';
    assert!(matches!(Index::read_snapshot(&*sealed(other)), Err(SnapshotError::UnknownVersion)));
}

/// A disk that fails after so many bytes.
struct Failing(usize);

impl io::Write for Failing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(self.0);
        self.0 -= taken;
        if taken == 0 { Err(io::Error::other("the disk is full")) } else { Ok(taken) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl io::Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the disk is gone"))
    }
}

#[test]
fn failure_of_reader_or_writer_is_told() {
    assert!(index(2_000).write_snapshot(Failing(60_000)).is_err());
    let error = Index::read_snapshot(Failing(0)).expect_err("no disk");
    assert_eq!(error.to_string(), "the disk is gone");
    assert!(matches!(error, SnapshotError::Io(_)));
}
