//! The index as `docs/formats.md` words it, with nothing shared or remembered.

use std::collections::BTreeMap;

use vindex::{Hash, Token};

/// The leaf indexes that carry each token.
pub type Histories = BTreeMap<Token, Vec<u64>>;

pub fn bit(token: &Token, bit: usize) -> bool {
    token[bit / 8] >> (7 - bit % 8) & 1 == 1
}

pub fn chain(leaf_indexes: &[u64]) -> Hash {
    leaf_indexes.iter().fold([0; 32], |chain, leaf_index| {
        sha256::digest(&[&[2], &chain[..], &leaf_index.to_be_bytes()].concat())
    })
}

pub fn root(histories: &Histories) -> Hash {
    let leaves: Vec<(Token, Hash)> = histories.iter().map(|(token, list)| (*token, chain(list))).collect();
    root_of(&leaves)
}

fn root_of(leaves: &[(Token, Hash)]) -> Hash {
    match leaves {
        [] => sha256::digest(b""),
        [(token, chain)] => sha256::digest(&[&[0], &token[..], chain].concat()),
        [(first, _), rest @ ..] => {
            let differs = |at: &usize| rest.iter().any(|(token, _)| bit(token, *at) != bit(first, *at));
            let split = (0..128).find(differs).expect("tokens differ");
            let (right, left): (Vec<_>, Vec<_>) = leaves.iter().partition(|(token, _)| bit(token, split));
            let tag = 0x80 + u8::try_from(split).expect("below 128");
            sha256::digest(&[&[tag], &root_of(&left)[..], &root_of(&right)].concat())
        }
    }
}

/// What entries carry, with the first of them at leaf 0.
pub fn histories(entries: &[Vec<Token>]) -> Histories {
    let mut histories = Histories::new();
    for (leaf_index, entry) in (0..).zip(entries) {
        for token in entry {
            histories.entry(*token).or_default().push(leaf_index);
        }
    }
    histories
}
