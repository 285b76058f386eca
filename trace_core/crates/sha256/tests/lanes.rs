//! Every width of lanes gives what the scalar code gives, and that what FIPS 180-4 says.

use proptest::prelude::*;
use sha256::{
    Digest, Lanes, digest, digest_many, digest_many_with, node_hashes, node_hashes_with, pad, padded_digests,
    padded_digests_with, short_digests, short_digests_with, tagged_node_hashes, tagged_node_hashes_with,
};

/// Bytes that repeat only after a long time, so that no two blocks of a test are alike.
fn bytes(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()[3]
        })
        .collect()
}

fn hex(digest: Digest) -> String {
    digest.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

/// What every backend must give: each message by itself, as one piece.
fn one_by_one(prefix: &[u8], messages: &[&[u8]]) -> Vec<Digest> {
    messages.iter().map(|message| digest(&[prefix, message].concat())).collect()
}

#[track_caller]
fn assert_all_lanes_agree(prefix: &[u8], messages: &[&[u8]]) {
    let expected = one_by_one(prefix, messages);
    for lanes in Lanes::available() {
        let mut out = vec![[0xff; 32]; messages.len()];
        digest_many_with(lanes, prefix, messages, &mut out);
        assert_eq!(out, expected, "{lanes:?}, prefix of {} bytes", prefix.len());
    }
}

#[test]
fn digest_of_published_messages_is_the_published_digest() {
    // FIPS 180-4 examples (NIST CSRC), and the empty message.
    let published = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
    ];
    let messages: Vec<&[u8]> = published.iter().map(|(message, _)| message.as_bytes()).collect();
    let mut out = vec![[0; 32]; messages.len()];
    digest_many(&messages, &mut out);
    for (digest, (message, expected)) in out.into_iter().zip(published) {
        assert_eq!(hex(digest), expected, "{message:?}");
    }
}

#[test]
fn digest_many_of_every_length_agrees_in_all_lanes() {
    let pool = bytes(1, 300);
    for length in 0..=300 {
        // Alone, in pairs, in sixteen lanes that are not full, full, and with one over.
        for count in [1, 2, 3, 12, 16, 17] {
            assert_all_lanes_agree(&[], &vec![&pool[..length]; count]);
        }
    }
}

#[test]
fn digest_many_of_all_lengths_at_once_agrees_in_all_lanes() {
    let pool = bytes(2, 300);
    let messages: Vec<&[u8]> = (0..=300).rev().map(|length| &pool[..length]).collect();
    for prefix_bytes in [0, 1, 2, 63, 64, 65, 200] {
        assert_all_lanes_agree(&pool[..prefix_bytes], &messages);
    }
}

#[test]
fn digest_many_of_nothing_writes_nothing() {
    assert_all_lanes_agree(b"prefix", &[]);
    for lanes in Lanes::available() {
        node_hashes_with(lanes, &[], &mut []);
    }
}

#[test]
fn padded_digests_of_every_length_agree_in_all_lanes() {
    let pool = bytes(6, 300);
    let messages: Vec<&[u8]> = (0..=300).rev().map(|length| &pool[..length]).collect();
    let (mut padded, mut ends) = (Vec::new(), Vec::new());
    for message in &messages {
        let start = padded.len();
        padded.extend_from_slice(message);
        pad(&mut padded, start);
        ends.push(padded.len() / 64);
    }
    let (blocks, rest) = padded.as_chunks();
    assert!(rest.is_empty());
    let expected = one_by_one(&[], &messages);
    for lanes in Lanes::available() {
        let mut out = vec![[0; 32]; ends.len()];
        padded_digests_with(lanes, blocks, &ends, &mut out);
        assert_eq!(out, expected, "{lanes:?}");
    }
    let mut chosen = vec![[0; 32]; ends.len()];
    padded_digests(blocks, &ends, &mut chosen);
    assert_eq!(chosen, expected);
}

#[test]
fn digest_many_of_long_and_short_messages_agrees_in_all_lanes() {
    let pool = bytes(7, 6_000);
    // Of more blocks than are counted, too.
    let messages: Vec<&[u8]> = (0..90).map(|n| &pool[..n * 997 % 6_000]).collect();
    assert_all_lanes_agree(&[], &messages);
}

#[test]
fn node_hashes_of_every_count_agree_in_all_lanes() {
    for count in 0..=67 {
        let pool = bytes(count, 64 * usize::try_from(count).expect("small"));
        let (children, _) = pool.as_chunks::<32>();
        let expected: Vec<Digest> =
            pool.as_chunks::<64>().0.iter().map(|pair| digest(&[&[1], pair.as_slice()].concat())).collect();
        for lanes in Lanes::available() {
            let mut out = vec![[0; 32]; expected.len()];
            node_hashes_with(lanes, children, &mut out);
            assert_eq!(out, expected, "{lanes:?}");
        }
    }
}

#[test]
fn node_hashes_of_every_last_byte_agree_in_all_lanes() {
    let mut children: Vec<Digest> = bytes(3, 512 * 32).as_chunks().0.to_vec();
    for (last, right) in (0..=u8::MAX).zip(children.iter_mut().skip(1).step_by(2)) {
        right[31] = last;
    }
    let mut expected = vec![[0; 32]; 256];
    node_hashes_with(Lanes::One, &children, &mut expected);
    for lanes in Lanes::available() {
        let mut out = vec![[0; 32]; 256];
        node_hashes_with(lanes, &children, &mut out);
        assert_eq!(out, expected, "{lanes:?}");
    }
    let mut chosen = vec![[0; 32]; 256];
    node_hashes(&children, &mut chosen);
    assert_eq!(chosen, expected);
}

#[test]
fn tagged_node_hashes_of_every_tag_and_count_agree_in_all_lanes() {
    let children: Vec<Digest> = bytes(4, 512 * 32).as_chunks().0.to_vec();
    let tags: Vec<u8> = (0..=u8::MAX).collect();
    let pairs = children.as_flattened().as_chunks::<64>().0;
    let expected: Vec<Digest> =
        tags.iter().zip(pairs).map(|(tag, pair)| digest(&[&[*tag], pair.as_slice()].concat())).collect();
    for count in (0..=67).chain([256]) {
        for lanes in Lanes::available() {
            let mut out = vec![[0; 32]; count];
            tagged_node_hashes_with(lanes, &tags[..count], &children[..2 * count], &mut out);
            assert_eq!(out, expected[..count], "{lanes:?}");
        }
    }
    let mut chosen = vec![[0; 32]; 256];
    tagged_node_hashes(&tags, &children, &mut chosen);
    assert_eq!(chosen, expected);
}

#[track_caller]
fn assert_short_digests_agree<const N: usize>() {
    let pool = bytes(5, 67 * N);
    let messages: Vec<[u8; N]> = (0..67).map(|at| *pool[at * N..].first_chunk().expect("enough")).collect();
    let expected: Vec<Digest> = messages.iter().map(|message| digest(message)).collect();
    for count in 0..=67 {
        for lanes in Lanes::available() {
            let mut out = vec![[0; 32]; count];
            short_digests_with(lanes, &messages[..count], &mut out);
            assert_eq!(out, expected[..count], "{lanes:?}, {N} bytes");
        }
    }
    let mut chosen = vec![[0; 32]; 67];
    short_digests(&messages, &mut chosen);
    assert_eq!(chosen, expected);
}

#[test]
fn short_digests_of_every_count_agree_in_all_lanes() {
    assert_short_digests_agree::<1>();
    assert_short_digests_agree::<41>();
    assert_short_digests_agree::<49>();
    assert_short_digests_agree::<55>();
}

#[test]
#[should_panic(expected = "one place for each digest")]
fn digest_many_with_too_few_places_panics() {
    digest_many(&[b"a", b"b"], &mut [[0; 32]]);
}

proptest! {
    #[test]
    fn digest_many_of_random_batches_agrees_in_all_lanes(
        lengths in prop::collection::vec(0_usize..1500, 0..80),
        prefix in prop::collection::vec(any::<u8>(), 0..130),
        seed in any::<u64>(),
    ) {
        let pool = bytes(seed, 1500);
        let messages: Vec<&[u8]> = lengths.iter().map(|&length| &pool[1500 - length..]).collect();
        assert_all_lanes_agree(&prefix, &messages);
    }
}
