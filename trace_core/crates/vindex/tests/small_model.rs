//! Every index of up to five tokens out of a universe with many shared prefixes, against the words of the format.

mod naive;

use naive::{Histories, chain, histories, root};
use vindex::{
    EMPTY_ROOT, Hash, Index, LookupError, LookupProof, Token, check_absence, check_chain, check_history,
    extend_chain,
};

const TOKENS_MAX: u32 = 5;

/// Neighbours in the last bit, the ends of the range, and forks in the first bits.
fn universe() -> Vec<Token> {
    let mut tokens: Vec<Token> = [0_u128, 1, 2, 3, 1 << 127, (1 << 127) | 1, u128::MAX, u128::MAX - 1]
        .into_iter()
        .chain([1 << 126, (1 << 127) - 1, 1 << 120, 1 << 64])
        .map(u128::to_be_bytes)
        .collect();
    tokens.sort_unstable();
    tokens
}

/// The entries of an index over these tokens: the first has all, and then each has one less.
fn entries(tokens: &[Token]) -> Vec<Vec<Token>> {
    (0..tokens.len()).map(|first| tokens[first..].to_vec()).collect()
}

/// Each set of at most five tokens, with an index that took its entries at once.
fn for_each_index(mut visit: impl FnMut(&Index, &Histories)) {
    let universe = universe();
    for chosen in (0_u32..1 << universe.len()).filter(|chosen| chosen.count_ones() <= TOKENS_MAX) {
        let tokens: Vec<Token> =
            (0..universe.len()).filter(|at| chosen >> at & 1 == 1).map(|at| universe[at]).collect();
        let entries = entries(&tokens);
        let mut index = Index::new();
        index.append(0, &entries).expect("in order");
        visit(&index, &histories(&entries));
    }
}

#[track_caller]
fn assert_refused(root: &Hash, token: &Token, list: &[u64], proof: &[u8]) {
    let Ok(proof) = LookupProof::parse(proof) else { return };
    assert!(check_history(root, token, list, &proof).is_err(), "{token:?} {list:?} {proof:?}");
    assert!(check_absence(root, token, &proof).is_err(), "{token:?} {proof:?}");
}

#[test]
fn root_and_every_lookup_of_every_small_index_hold() {
    for_each_index(|index, histories| {
        let root = root(histories);
        assert_eq!(index.root(), root, "{histories:?}");
        assert_eq!(index.len(), histories.len());
        for token in universe() {
            let proof = index.prove(&token);
            assert_eq!(LookupProof::parse(&proof.to_bytes()), Ok(proof.clone()));
            if let Some(list) = histories.get(&token) {
                assert!(proof.is_of_history());
                assert_eq!(check_history(&root, &token, list, &proof), Ok(()));
                assert_eq!(check_absence(&root, &token, &proof), Err(LookupError::Present));
            } else {
                assert!(!proof.is_of_history());
                assert_eq!(check_absence(&root, &token, &proof), Ok(()));
                assert_eq!(check_history(&root, &token, &[0], &proof), Err(LookupError::Absent));
            }
        }
    });
}

#[test]
fn entries_one_by_one_have_the_root_of_all_at_once() {
    for_each_index(|index, _| {
        let universe = universe();
        let tokens: Vec<Token> =
            universe.into_iter().filter(|token| index.prove(token).is_of_history()).collect();
        let mut grown = Index::new();
        for (leaf_index, entry) in (0..).zip(entries(&tokens)) {
            grown.append(leaf_index, &[entry]).expect("in order");
        }
        assert_eq!((grown.root(), grown.size(), grown.len()), (index.root(), index.size(), index.len()));
    });
}

#[test]
fn proof_with_any_bit_flipped_or_byte_added_or_missing_is_refused() {
    for_each_index(|index, histories| {
        // Every index of up to two, and those of more that go deep.
        if histories.len() > 2 && !histories.contains_key(&2_u128.to_be_bytes()) {
            return;
        }
        let root = index.root();
        for token in universe() {
            let bytes = index.prove(&token).to_bytes();
            let list = histories.get(&token).map_or(&[0][..], Vec::as_slice);
            for bit in 0..8 * bytes.len() {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                assert_refused(&root, &token, list, &flipped);
            }
            for shorter in 0..bytes.len() {
                assert_refused(&root, &token, list, &bytes[..shorter]);
            }
            assert_refused(&root, &token, list, &[&bytes[..], &[0]].concat());
            assert_refused(&root, &token, list, &[&bytes[..], &[0; 32]].concat());
            assert_refused(&root, &token, list, &[&bytes[..], &[0; 48]].concat());
        }
    });
}

#[test]
fn proof_with_another_split_bit_is_refused() {
    for_each_index(|index, histories| {
        let root = index.root();
        for token in universe() {
            let bytes = index.prove(&token).to_bytes();
            let list = histories.get(&token).map_or(&[0][..], Vec::as_slice);
            let Some((first, rest)) = bytes.split_first_chunk() else { continue };
            let splits = u128::from_be_bytes(*first);
            for from in (0..128).filter(|bit| splits >> bit & 1 == 1) {
                for to in (0..128).filter(|bit| splits >> bit & 1 == 0) {
                    let moved = splits ^ (1 << from) ^ (1 << to);
                    assert_refused(&root, &token, list, &[&moved.to_be_bytes(), rest].concat());
                }
            }
        }
    });
}

/// The one thing that must never be: a token that is there, shown as absent by the leaf of another.
#[test]
fn leaf_of_another_token_shows_absence_only_where_the_walk_ends_there() {
    for_each_index(|index, histories| {
        let root = index.root();
        for (other, list) in histories {
            let own = index.prove(other).to_bytes();
            let forged = [&own[..], other, &chain(list)].concat();
            let proof = LookupProof::parse(&forged).expect("well formed");
            for token in universe() {
                let holds = check_absence(&root, &token, &proof).is_ok();
                let honest = !histories.contains_key(&token) && index.prove(&token) == proof;
                assert_eq!(holds, honest, "{token:?} by {other:?}");
            }
        }
        let nothing = LookupProof::parse(&[]).expect("the empty proof");
        let holds = check_absence(&root, &[7; 16], &nothing).is_ok();
        assert_eq!(holds, histories.is_empty());
    });
}

#[test]
fn history_with_a_leaf_dropped_added_swapped_or_changed_is_refused() {
    for_each_index(|index, histories| {
        let root = index.root();
        for (token, list) in histories {
            let proof = index.prove(token);
            for at in 0..list.len() {
                let mut dropped = list.clone();
                dropped.remove(at);
                assert!(check_history(&root, token, &dropped, &proof).is_err());
                let mut changed = list.clone();
                changed[at] += 100;
                assert!(check_history(&root, token, &changed, &proof).is_err());
                let mut swapped = list.clone();
                swapped.swap(at, 0);
                let refused = if at == 0 { Ok(()) } else { Err(LookupError::OutOfOrder) };
                assert_eq!(check_history(&root, token, &swapped, &proof), refused);
                let mut twice = list.clone();
                twice.insert(at, list[at]);
                assert_eq!(check_history(&root, token, &twice, &proof), Err(LookupError::OutOfOrder));
            }
            let more = [&list[..], &[index.size()]].concat();
            assert_eq!(check_history(&root, token, &more, &proof), Err(LookupError::WrongRoot));
            assert_eq!(check_history(&root, token, &[], &proof), Err(LookupError::EmptyHistory));
        }
    });
}

#[test]
fn proof_of_another_token_or_for_another_root_is_refused() {
    let mut roots = vec![EMPTY_ROOT];
    for_each_index(|index, histories| {
        for token in universe() {
            let bytes = index.prove(&token).to_bytes();
            let list = histories.get(&token).map_or(&[0][..], Vec::as_slice);
            for root in roots.iter().filter(|root| **root != index.root()) {
                assert_refused(root, &token, list, &bytes);
            }
            for other in universe().into_iter().filter(|other| histories.contains_key(other)) {
                if other != token && histories.contains_key(&token) {
                    assert_refused(&index.root(), &other, &histories[&other], &bytes);
                }
            }
        }
        roots.push(index.root());
        roots.truncate(20);
    });
}

/// A tree whose maker put a token on the wrong side of a node.
#[test]
fn absence_by_a_leaf_on_the_wrong_side_of_a_node_is_refused() {
    let (left, right) = ([0x80; 16], [0xc0; 16]);
    let leaf = |token: &Token| sha256::digest(&[&[0], &token[..], &chain(&[0])].concat());
    let root = sha256::digest(&[&[0x80], &leaf(&left)[..], &leaf(&right)].concat());
    let proof = [&(1_u128 << 127).to_be_bytes(), &leaf(&right)[..], &left, &chain(&[0])].concat();
    let proof = LookupProof::parse(&proof).expect("well formed");
    assert_eq!(check_absence(&root, &[0; 16], &proof), Err(LookupError::OtherWalk));
}

#[test]
fn chain_kept_from_an_earlier_size_goes_on_to_the_later_root() {
    let token = [5; 16];
    let mut index = Index::new();
    index.append(0, &[vec![token], vec![], vec![token]]).expect("in order");
    let kept = extend_chain(&vindex::CHAIN_START, &[0, 2]);
    assert_eq!(check_chain(&index.root(), &token, &kept, &index.prove(&token)), Ok(()));
    index.append(3, &[vec![token], vec![[6; 16]]]).expect("in order");
    let proof = index.prove(&token);
    assert_eq!(check_chain(&index.root(), &token, &kept, &proof), Err(LookupError::WrongRoot));
    assert_eq!(check_chain(&index.root(), &token, &extend_chain(&kept, &[3]), &proof), Ok(()));
    assert_eq!(check_history(&index.root(), &token, &[0, 2, 3], &proof), Ok(()));
}
