//! Every message that a capture has to hash by `docs/formats.md`, but for the tokens of names, which neighbours share.

use std::hint::black_box;

use capture::{CanonicalEvent, Commitments, Issuer, SALT_BYTES};
use epcis::{event_prehashes, read_document};
use json::Bump;
use sha256::{Digest, digest_many, node_hashes, short_digests};

/// As many events as the core hashes together.
const EVENTS_TOGETHER: usize = 64;
/// What a salt derives from: domain, secret of the event, place of the leaf.
const SALT_INPUT_BYTES: usize = 17 + 32 + 4;
/// RFC 6962 §2.1.
const LEAF_PREFIX: u8 = 0;

/// The messages of a document, those of events that are hashed together back to back.
#[derive(Default)]
pub(crate) struct Hashing {
    prehashes: Vec<Vec<Vec<u8>>>,
    /// Content digests, and leaves of commitments.
    captured: Vec<Vec<Vec<u8>>>,
    /// Leaves and nodes of all commitments.
    leaves: usize,
    nodes: usize,
}

impl Hashing {
    /// Made outside the clock, by the functions that make the formats.
    pub(crate) fn of(body: &[u8]) -> Self {
        let (arena, values) = (Bump::new(), Bump::new());
        let document = read_document(body, &arena).expect("a document");
        let prehashes: Vec<Vec<u8>> =
            event_prehashes(body).expect("events").into_iter().map(String::into_bytes).collect();
        let mut hashing = Self {
            prehashes: prehashes.chunks(EVENTS_TOGETHER).map(<[_]>::to_vec).collect(),
            ..Self::default()
        };
        let (mut events, mut canonical) = (document.events(), CanonicalEvent::default());
        let issuer = Issuer::new("floor", None);
        while let Ok(together) = events.next(EVENTS_TOGETHER, &values)
            && !together.is_empty()
        {
            let mut messages = Vec::new();
            for event in &together {
                canonical.write(event.object, &document.context_of(event));
                messages.push(canonical.digest_input().to_vec());
                let mut commitment = Commitments::default();
                let leaves = commitment.add(&[7; 32], &issuer, &canonical);
                messages.extend(commitment.disclosures().iter().map(leaf_message));
                hashing.leaves += leaves;
                hashing.nodes += leaves - 1;
            }
            hashing.captured.push(messages);
        }
        hashing
    }

    /// The event hash ids alone.
    pub(crate) fn ids(&self) {
        self.prehashes.iter().for_each(|messages| hash(messages));
    }

    /// Event hash ids, content digests, and the salts, leaves and nodes of commitments.
    pub(crate) fn capture(&self) {
        self.ids();
        self.captured.iter().for_each(|messages| hash(messages));
        let each = self.captured.len().max(1);
        let salts = vec![[1; SALT_INPUT_BYTES]; self.leaves / each];
        let children = vec![Digest::default(); 2 * (self.nodes / each)];
        let mut out = vec![Digest::default(); salts.len()];
        for _ in 0..each {
            short_digests(black_box(&salts), &mut out);
            node_hashes(black_box(&children), &mut out[..children.len() / 2]);
        }
        black_box(out);
    }
}

fn leaf_message((salt, text): &([u8; SALT_BYTES], String)) -> Vec<u8> {
    [&[LEAF_PREFIX], &salt[..], text.as_bytes()].concat()
}

fn hash(messages: &[Vec<u8>]) {
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let mut out = vec![Digest::default(); messages.len()];
    digest_many(black_box(&messages), &mut out);
    black_box(out);
}
