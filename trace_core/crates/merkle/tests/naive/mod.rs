//! RFC 9162 §2.1 word for word: recursive, and slow but for a memory of the roots that it has computed.
#![allow(dead_code, reason = "each test program uses what it needs")]

use std::cell::RefCell;
use std::collections::HashMap;

use merkle::{EMPTY_ROOT, Hash};

/// A tree of leaves that all differ.
pub struct Naive {
    pub leaf_hashes: Vec<Hash>,
    roots: RefCell<HashMap<(u64, u64), Hash>>,
}

impl Naive {
    pub fn new(size: u64) -> Self {
        let leaf_hashes = (0..size).map(|index| sha256::digest(&[&[0], &index.to_be_bytes()[..]].concat()));
        Self { leaf_hashes: leaf_hashes.collect(), roots: RefCell::default() }
    }

    /// MTH of the leaves `[start, end)`.
    pub fn root(&self, start: u64, end: u64) -> Hash {
        match end - start {
            0 => EMPTY_ROOT,
            1 => self.leaf_hashes[usize::try_from(start).expect("small")],
            count => {
                if let Some(root) = self.roots.borrow().get(&(start, end)) {
                    return *root;
                }
                let middle = start + split(count);
                let children = [&[1], &self.root(start, middle)[..], &self.root(middle, end)[..]].concat();
                let root = sha256::digest(&children);
                self.roots.borrow_mut().insert((start, end), root);
                root
            }
        }
    }

    /// PATH of leaf `index` in the leaves `[start, end)`.
    pub fn inclusion_proof(&self, index: u64, start: u64, end: u64) -> Vec<Hash> {
        if end - start == 1 {
            return Vec::new();
        }
        let middle = start + split(end - start);
        let (mut proof, sibling) = if index < middle {
            (self.inclusion_proof(index, start, middle), self.root(middle, end))
        } else {
            (self.inclusion_proof(index, middle, end), self.root(start, middle))
        };
        proof.push(sibling);
        proof
    }

    /// SUBPROOF that the tree over the leaves up to `old_end` belongs to the one over `[start, end)`.
    pub fn consistency_proof(&self, old_end: u64, start: u64, end: u64, whole: bool) -> Vec<Hash> {
        if old_end == end {
            return if whole { Vec::new() } else { vec![self.root(start, end)] };
        }
        let middle = start + split(end - start);
        let (mut proof, sibling) = if old_end <= middle {
            (self.consistency_proof(old_end, start, middle, whole), self.root(middle, end))
        } else {
            (self.consistency_proof(old_end, middle, end, false), self.root(start, middle))
        };
        proof.push(sibling);
        proof
    }
}

/// The largest power of two smaller than `leaves`.
fn split(leaves: u64) -> u64 {
    let mut power = 1;
    while 2 * power < leaves {
        power *= 2;
    }
    power
}
