//! Indexes of many tokens, grown in batches: random tokens, and such as somebody would choose to do harm.

mod naive;

use naive::{histories, root};
use proptest::prelude::*;
use vindex::{AppendError, Index, LookupError, LookupProof, Token, check_absence, check_history};

/// Few enough different ones that they meet again, with prefixes of many lengths.
fn tokens() -> impl Strategy<Value = Token> {
    let random = any::<Token>();
    let few = (0_u32..128, 0_u128..8).prop_map(|(shift, low)| (low << shift).to_be_bytes());
    let deep = (0_u128..200).prop_map(|low| (u128::MAX - low).to_be_bytes());
    prop_oneof![random, few, deep]
}

fn entries() -> impl Strategy<Value = Vec<Vec<Token>>> {
    prop::collection::vec(
        prop::collection::btree_set(tokens(), 0..6).prop_map(|set| set.into_iter().collect()),
        0..200,
    )
}

fn at_once(entries: &[Vec<Token>]) -> Index {
    let mut index = Index::new();
    index.append(0, entries).expect("in order");
    index
}

/// Bytes that look random and are always the same.
fn scattered(number: u64) -> Token {
    *sha256::digest(&number.to_be_bytes()).first_chunk().expect("longer")
}

/// Everything that can be asked of an index over these entries is as the format says.
#[track_caller]
fn assert_right(index: &Index, entries: &[Vec<Token>], absent: &[Token]) {
    let histories = histories(entries);
    let root = root(&histories);
    assert_eq!(index.root(), root);
    assert_eq!(index.size(), entries.len() as u64);
    assert_eq!(index.len(), histories.len());
    assert_eq!(index.is_empty(), histories.is_empty());
    for (token, list) in &histories {
        assert_eq!(check_history(&root, token, list, &index.prove(token)), Ok(()));
    }
    for token in absent.iter().filter(|token| !histories.contains_key(*token)) {
        assert_eq!(check_absence(&root, token, &index.prove(token)), Ok(()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn index_grown_in_batches_is_the_one_built_at_once_and_the_formats(
        entries in entries(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        absent in prop::collection::vec(tokens(), 20),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(entries.len() + 1)).collect();
        cuts.push(entries.len());
        cuts.sort_unstable();
        let mut grown = Index::new();
        let mut from = 0;
        for to in cuts {
            grown.append(from as u64, &entries[from..to]).expect("in order");
            from = to;
        }
        assert_right(&grown, &entries, &absent);
        assert_eq!(grown.root(), at_once(&entries).root());
    }

    #[test]
    fn any_bytes_that_parse_as_a_proof_are_its_bytes(
        splits in prop::collection::vec(0_u32..128, 0..5),
        rest in prop::collection::vec(any::<u8>(), 0..250),
    ) {
        let splits = splits.iter().fold(0_u128, |splits, bit| splits | 1 << bit);
        let length = 32 * splits.count_ones() as usize;
        for length in [length, length + 48, rest.len()] {
            let mut bytes = [&splits.to_be_bytes(), &rest[..]].concat();
            bytes.resize(16 + length, 3);
            if let Ok(proof) = LookupProof::parse(&bytes) {
                assert_eq!(proof.to_bytes(), bytes);
            }
        }
        if let Ok(proof) = LookupProof::parse(&rest) {
            assert_eq!(proof.to_bytes(), rest);
        }
    }

    #[test]
    fn proof_from_a_large_index_with_a_bit_flipped_is_refused(
        number in 0_u64..6_000,
        bit in any::<prop::sample::Index>(),
    ) {
        let entries: Vec<Vec<Token>> = (0..3_000).map(|number| vec![scattered(number)]).collect();
        let index = at_once(&entries);
        let token = scattered(number);
        let mut bytes = index.prove(&token).to_bytes();
        let bit = bit.index(8 * bytes.len());
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(proof) = LookupProof::parse(&bytes) {
            assert!(check_history(&index.root(), &token, &[number], &proof).is_err());
            assert!(check_absence(&index.root(), &token, &proof).is_err());
        }
    }
}

#[test]
fn index_of_many_random_tokens_grown_past_several_sizes_is_right() {
    let entry = |number: u64| {
        let mut tokens =
            vec![scattered(number / 2), scattered(1_000_000 + number), scattered(number % 7 + 9_000_000)];
        tokens.sort_unstable();
        tokens
    };
    let entries: Vec<Vec<Token>> = (0..6_000).map(entry).collect();
    let mut grown = Index::new();
    let mut from = 0;
    for to in [1, 2, 50, 700, 701, 2_500, 6_000] {
        grown.append(from as u64, &entries[from..to]).expect("in order");
        from = to;
        assert_eq!(grown.root(), root(&histories(&entries[..to])), "{to} entries");
    }
    let absent: Vec<Token> = (0..500).map(|number| scattered(20_000_000 + number)).collect();
    assert_right(&grown, &entries, &absent);
}

#[test]
fn thousands_of_tokens_with_a_prefix_of_100_bits_are_right() {
    let common = u128::from_be_bytes(scattered(1)) >> 28 << 28;
    let token = |number: u64| common | u128::from_be_bytes(scattered(number)) >> 100;
    let mut tokens: Vec<Token> = (0..3_000).map(|number| token(number).to_be_bytes()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    let entries: Vec<Vec<Token>> = tokens.chunks(3).map(<[Token]>::to_vec).collect();
    let mut grown = Index::new();
    for (leaf_index, batch) in (0..).step_by(100).zip(entries.chunks(100)) {
        grown.append(leaf_index, batch).expect("in order");
    }
    let absent: Vec<Token> = (0..300)
        .map(|number| (common ^ 1 << (number % 128)).to_be_bytes())
        .chain((5_000..5_300).map(|number| token(number).to_be_bytes()))
        .collect();
    assert_right(&grown, &entries, &absent);
}

#[test]
fn token_whose_walk_passes_a_split_at_every_bit_is_proven() {
    let mut tokens: Vec<Token> = (0..128).map(|bit| (1_u128 << bit).to_be_bytes()).collect();
    tokens.push([0; 16]);
    tokens.sort_unstable();
    let entries: Vec<Vec<Token>> = tokens.iter().map(|token| vec![*token]).collect();
    let index = at_once(&entries);
    assert_eq!(index.prove(&[0; 16]).to_bytes().len(), 16 + 128 * 32);
    assert_right(&index, &entries, &[[0xff; 16], 3_u128.to_be_bytes(), [0x80; 16]]);
}

#[test]
fn tokens_of_all_zeros_all_ones_and_neighbours_are_proven() {
    let [zeros, ones, last] = [0, u128::MAX, u128::MAX - 1].map(u128::to_be_bytes);
    let entries = vec![vec![zeros, last, ones], vec![], vec![zeros, ones]];
    assert_right(&at_once(&entries), &entries, &[1_u128.to_be_bytes(), [0x7f; 16], [0x80; 16]]);
}

#[test]
fn one_token_in_every_entry_has_a_long_history() {
    let entries: Vec<Vec<Token>> = (0..5_000).map(|_| vec![[9; 16]]).collect();
    assert_right(&at_once(&entries), &entries, &[[8; 16]]);
}

#[test]
fn entries_that_do_not_follow_or_are_out_of_order_leave_the_index_as_it_was() {
    let mut index = at_once(&[vec![[1; 16]], vec![[2; 16]]]);
    let root = index.root();
    let next = [vec![[3; 16]]];
    assert_eq!(index.append(1, &next), Err(AppendError::NotNext { expected: 2, actual: 1 }));
    assert_eq!(index.append(3, &next), Err(AppendError::NotNext { expected: 2, actual: 3 }));
    for wrong in [[[3; 16], [3; 16]], [[3; 16], [1; 16]]] {
        let batch = [vec![[7; 16]], wrong.to_vec()];
        assert_eq!(index.append(2, &batch), Err(AppendError::TokensOutOfOrder { leaf_index: 3 }));
    }
    assert_eq!((index.root(), index.size(), index.len()), (root, 2, 2));
    index.append::<Vec<Token>>(2, &[]).expect("nothing follows");
    assert_eq!((index.root(), index.size()), (root, 2));
    index.append(2, &next).expect("in order");
    assert_eq!(index.size(), 3);
}

#[test]
fn errors_say_what_is_wrong() {
    assert_eq!(AppendError::NotNext { expected: 2, actual: 1 }.to_string(), "the next entry is 2, not 1");
    assert_eq!(LookupError::WrongRoot.to_string(), "the proof leads to another root");
}
