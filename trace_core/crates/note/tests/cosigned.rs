//! Cosignatures, policies, proof files, and what a witness is asked.

use merkle::{Hash, MemoryTree, leaf_hash, prove_consistency};
use note::{
    AddCheckpoint, Checkpoint, KeyKind, LogProof, LogProofError, Note, NoteError, Policy, PolicyError,
    Refusal, SignerKey, VerifierKey, open, sign,
};
use proptest::prelude::*;

const ORIGIN: &str = "wayproof.example/log";
const NOW_S: u64 = 1_800_000_000;

fn key(kind: KeyKind, name: &str, seed: u8) -> SignerKey {
    SignerKey::from_seed(kind, name, &[seed; 32]).expect("a name")
}

fn log() -> SignerKey {
    key(KeyKind::Ed25519, ORIGIN, 1)
}

fn checkpoint(size: u64, root: Hash) -> String {
    Checkpoint::new(ORIGIN, size, root).expect("an origin").to_string()
}

/// The example printed in c2sp.org/tlog-cosignature: what is signed, byte for byte.
#[test]
fn cosignature_is_over_header_time_and_text() {
    let text = checkpoint(20_852_163, [7; 32]);
    let witness = key(KeyKind::Cosignature, "witness.example.com/w1", 2);
    let line = witness.sign(&text, 1_679_315_147).expect("a checkpoint");
    let (time, bare) = line.signature().split_at(8);
    assert_eq!(time, 1_679_315_147u64.to_be_bytes());
    let message = format!("cosignature/v1\ntime 1679315147\n{text}");
    let public = signature::Ed25519Key::parse(witness.verifier().public_key()).expect("a key");
    public.check(message.as_bytes(), bare).expect("the message of the specification");
}

#[test]
fn ml_dsa_cosignature_is_over_the_structure_of_the_specification() {
    let text = checkpoint(0x0102, [7; 32]);
    let witness = key(KeyKind::MlDsa44, "w.example", 2);
    let line = witness.sign(&text, 5).expect("a checkpoint");
    assert_eq!(line.signature().len(), 8 + 2420);
    let mut message = b"subtree/v1\n\0\x09w.example".to_vec();
    message.extend(5u64.to_be_bytes());
    message.extend(b"\x14wayproof.example/log");
    message.extend(0u64.to_be_bytes());
    message.extend(0x0102u64.to_be_bytes());
    message.extend([7; 32]);
    let public = signature::MlDsa44Key::parse(witness.verifier().public_key()).expect("a key");
    public.check(&message, &line.signature()[8..]).expect("the message of the specification");
}

#[test]
fn note_with_cosignatures_opens_with_their_times_and_with_no_bit_changed() {
    let text = checkpoint(9, [9; 32]);
    let signers = [log(), key(KeyKind::Cosignature, "w1", 2), key(KeyKind::MlDsa44, "w2", 3)];
    let keys: Vec<VerifierKey> = signers.iter().map(|signer| signer.verifier().clone()).collect();
    for key in &keys {
        assert_eq!(key.to_string().parse::<VerifierKey>().as_ref(), Ok(key));
    }
    let note = sign(&text, &signers.each_ref(), NOW_S).expect("a checkpoint");
    let printed = note.to_string();
    let opened = open(printed.as_bytes(), &keys).expect("good");
    let times: Vec<_> = opened.verified.iter().map(|verified| verified.time_s).collect();
    assert_eq!(times, [None, Some(NOW_S), Some(NOW_S)]);
    // Of the text and the two short signatures every bit, of the long one some.
    for bit in (0..printed.len() * 8).filter(|bit| bit / 8 < 420 || bit % 97 == 0) {
        let mut bad = printed.clone().into_bytes();
        bad[bit / 8] ^= 1 << (bit % 8);
        let all = |opened: note::Opened<'_>| opened.verified.len() == keys.len();
        assert!(!open(&bad, &keys).is_ok_and(all), "bit {bit}");
    }
}

#[test]
fn cosignature_of_another_text_time_or_name_is_refused() {
    let witness = key(KeyKind::Cosignature, "w1", 2);
    assert_eq!(witness.sign("no checkpoint\n", 1), Err(NoteError::NoCheckpoint));
    assert_eq!(witness.sign(&checkpoint(1, [1; 32]), 1 << 63), Err(NoteError::NoCheckpoint));
    let long = key(KeyKind::MlDsa44, &"n".repeat(256), 2);
    assert_eq!(long.sign(&checkpoint(1, [1; 32]), 1), Err(NoteError::NoCheckpoint));
    // Ed25519 does not commit to the name, ML-DSA does.
    let (one, other) = (key(KeyKind::MlDsa44, "w1", 2), key(KeyKind::MlDsa44, "w2", 2));
    let text = checkpoint(1, [1; 32]);
    let line = sign(&text, &[&one], 1).expect("a checkpoint").to_string();
    assert!(open(line.replace("— w1 ", "— w2 ").as_bytes(), &[other.verifier().clone()]).is_err());
}

// Policies ---------------------------------------------------------------------------------------------

fn policy(lines: &str) -> Result<Policy, PolicyError> {
    let mut text = lines.replace("LOG", &log().verifier().to_string());
    for seed in 2..8 {
        let witness = key(KeyKind::Cosignature, &format!("w{seed}.example"), seed);
        text = text.replace(&format!("KEY{seed}"), &witness.verifier().to_string());
    }
    Policy::parse(text.as_bytes())
}

/// All subsets of six witnesses against the policy of the specification's example.
#[test]
fn policy_of_two_levels_takes_exactly_the_quorums() {
    let policy = policy(
        "# an example\nlog LOG https://wayproof.example\n\n  witness X1 KEY2\n\twitness X2\tKEY3 http://x\n\
         witness X3 KEY4\ngroup X 2 X1 X2 X3\nwitness Y1 KEY5\nwitness Y2 KEY6\nwitness Y3 KEY7\n\
         group Y any Y1 Y2 Y3\ngroup X-and-Y all X Y\nquorum X-and-Y",
    )
    .expect("a policy");
    assert_eq!(policy.witnesses()[1].url.as_deref(), Some("http://x"));
    assert_eq!(policy.logs()[0].name, ORIGIN);
    let text = checkpoint(5, [5; 32]);
    for subset in 0u32..64 {
        let mut note = sign(&text, &[&log()], 0).expect("a checkpoint");
        let witnesses: Vec<SignerKey> = (2u8..8)
            .filter(|seed| subset >> (seed - 2) & 1 == 1)
            .map(|seed| key(KeyKind::Cosignature, &format!("w{seed}.example"), seed))
            .collect();
        for witness in &witnesses {
            let answer = format!("{}\n", witness.sign(&text, NOW_S).expect("a checkpoint"));
            note = policy.add_cosignatures(note.to_string().as_bytes(), answer.as_bytes()).expect("a note");
        }
        let expected = (subset & 7).count_ones() >= 2 && subset >> 3 > 0;
        match policy.check(note.to_string().as_bytes()) {
            Ok(approved) => {
                assert!(expected);
                assert_eq!(approved.checkpoint.to_string(), text);
                assert_eq!(approved.cosigned.len(), witnesses.len());
            }
            Err(refused) => assert_eq!((expected, refused), (false, PolicyError::Quorum)),
        }
    }
}

#[test]
fn policy_takes_no_log_but_its_own_under_its_own_origin() {
    let policy = policy("log LOG\nquorum none\n").expect("a policy");
    let good = sign(&checkpoint(5, [5; 32]), &[&log()], 0).expect("a checkpoint").to_string();
    assert!(policy.check(good.as_bytes()).is_ok());
    let foreign = Checkpoint::new("other.example", 5, [5; 32]).expect("an origin").to_string();
    let note = sign(&foreign, &[&log()], 0).expect("a checkpoint").to_string();
    assert_eq!(policy.check(note.as_bytes()), Err(PolicyError::Origin));
    let stranger = key(KeyKind::Ed25519, ORIGIN, 9);
    let note = sign(&checkpoint(5, [5; 32]), &[&stranger], 0).expect("a checkpoint").to_string();
    assert_eq!(policy.check(note.as_bytes()), Err(PolicyError::Note(NoteError::Unverified)));
}

#[test]
fn answer_of_a_witness_gives_its_good_lines_alone() {
    let policy =
        policy("log LOG\nwitness a KEY2\nwitness b KEY3\ngroup g any a b\nquorum g").expect("a policy");
    let text = checkpoint(5, [5; 32]);
    let note = sign(&text, &[&log()], 0).expect("a checkpoint").to_string();
    let line = |seed: u8, text: &str| {
        let signer = key(KeyKind::Cosignature, &format!("w{seed}.example"), seed);
        format!("{}\n", signer.sign(text, NOW_S).expect("a checkpoint"))
    };
    let answer =
        [line(2, &text), line(3, &checkpoint(6, [5; 32])), line(7, &text), "garbage\n".into()].concat();
    let cosigned = policy.add_cosignatures(note.as_bytes(), answer.as_bytes()).expect("a note");
    assert_eq!(cosigned.signatures().len(), 2);
    let again = policy.add_cosignatures(cosigned.to_string().as_bytes(), answer.as_bytes()).expect("a note");
    assert_eq!(again, cosigned);
    assert_eq!(policy.check(again.to_string().as_bytes()).expect("a quorum").cosigned, [("a".into(), NOW_S)]);
    let nothing = policy.add_cosignatures(note.as_bytes(), b"\xff\n").expect("a note");
    assert_eq!(nothing.to_string(), note);
}

#[test]
fn policy_malformed_is_refused_at_its_line() {
    let wrong = |lines: &str| match policy(lines) {
        Err(PolicyError::Line(number, _)) => number,
        other => panic!("{other:?} for {lines:?}"),
    };
    assert_eq!(policy("log LOG\n").err(), Some(PolicyError::NoQuorum));
    assert_eq!(policy("").err(), Some(PolicyError::NoQuorum));
    assert_eq!(wrong("log LOG\nlog LOG\nquorum none"), 2);
    assert_eq!(wrong("quorum none\nquorum none"), 2);
    assert_eq!(wrong("log KEY2\nquorum none"), 1);
    assert_eq!(wrong("witness a LOG\nquorum none"), 1);
    assert_eq!(wrong("witness none KEY2\nquorum none"), 1);
    assert_eq!(wrong("witness a KEY2\nwitness b KEY2\nquorum a"), 2);
    assert_eq!(wrong("witness a KEY2\nwitness a KEY3\nquorum a"), 2);
    assert_eq!(wrong("group g any a\nwitness a KEY2\nquorum g"), 1);
    assert_eq!(wrong("witness a KEY2\ngroup g any a a\nquorum g"), 2);
    assert_eq!(wrong("witness a KEY2\ngroup g any a\ngroup h any a\nquorum g"), 3);
    for threshold in ["0", "2", "01", "+1", "-1", "1.0", "ANY", "99999999999999999999"] {
        assert_eq!(wrong(&format!("witness a KEY2\ngroup g {threshold} a\nquorum g")), 2);
    }
    assert_eq!(wrong("witness a KEY2\ngroup g any\nquorum g"), 2);
    assert_eq!(wrong("quorum nobody"), 1);
    assert_eq!(wrong("quorum none none"), 1);
    assert_eq!(wrong("log LOG\r\nquorum none"), 1);
    assert_eq!(wrong("hello"), 1);
    // A member of a group may be the quorum.
    assert!(policy("witness a KEY2\ngroup g any a\nquorum a").is_ok());
}

// Proof files ------------------------------------------------------------------------------------------

/// Byte for byte; also in docs/formats.md.
#[test]
fn proof_file_prints_exactly_and_parses_back() {
    let checkpoint = sign(&checkpoint(3, [3; 32]), &[&log()], 0).expect("a checkpoint").to_string();
    let mut proof = LogProof { extra: None, leaf_index: 1, proof: vec![[1; 32], [2; 32]], checkpoint };
    let expected = format!(
        "c2sp.org/tlog-proof@v1\nindex 1\nAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
         AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n\n{}",
        proof.checkpoint
    );
    assert_eq!(proof.to_string(), expected);
    assert_eq!(LogProof::parse(expected.as_bytes()), Ok(proof.clone()));
    proof.extra = Some(vec![0xff]);
    assert_eq!(proof.to_string(), expected.replace("index", "extra /w==\nindex"));
    assert_eq!(LogProof::parse(proof.to_string().as_bytes()), Ok(proof));
}

#[test]
fn proof_file_malformed_is_refused() {
    use LogProofError::{Extra, Hash, Header, Index, NoCheckpoint};
    let hash = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";
    for (text, error) in [
        (String::new(), Header),
        ("c2sp.org/tlog-proof@v2\nindex 1\n\nx".into(), Header),
        ("c2sp.org/tlog-proof@v1\r\nindex 1\n\nx".into(), Header),
        ("c2sp.org/tlog-proof@v1\nindex 1\n".into(), NoCheckpoint),
        ("c2sp.org/tlog-proof@v1\nindex 1\n\n".into(), NoCheckpoint),
        ("c2sp.org/tlog-proof@v1\n\nx".into(), NoCheckpoint),
        ("c2sp.org/tlog-proof@v1\nidx 1\n\nx".into(), Index),
        ("c2sp.org/tlog-proof@v1\nindex 01\n\nx".into(), Index),
        ("c2sp.org/tlog-proof@v1\nindex +1\n\nx".into(), Index),
        ("c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n\nx".into(), Index),
        ("c2sp.org/tlog-proof@v1\nextra ?\nindex 1\n\nx".into(), Extra),
        ("c2sp.org/tlog-proof@v1\nindex 1\nextra AA==\n\nx".into(), Hash),
        ("c2sp.org/tlog-proof@v1\nindex 1\nAQE=\n\nx".into(), Hash),
        (format!("c2sp.org/tlog-proof@v1\nindex 1\n{}\n\nx", &hash[..43]), Hash),
        (format!("c2sp.org/tlog-proof@v1\nindex 1\n{}\nx", hash.repeat(64)), Hash),
    ] {
        assert_eq!(LogProof::parse(text.as_bytes()), Err(error), "{text:?}");
    }
    assert!(
        LogProof::parse(format!("c2sp.org/tlog-proof@v1\nindex 1\n{}\nx", hash.repeat(63)).as_bytes())
            .is_ok()
    );
}

proptest! {
    #[test]
    fn proof_file_of_any_bytes_is_refused_or_exact(
        bytes in prop_oneof![
            any::<Vec<u8>>(),
            "c2sp.org/tlog-proof@v1\\n(extra [A-Za-z]{4}\\n)?index [0-9]{1,3}\\n([A-Za-z]{43}=\\n){0,2}\\n[a-c\\n]{0,4}"
                .prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(proof) = LogProof::parse(&bytes) {
            prop_assert_eq!(proof.to_string().into_bytes(), bytes);
        }
    }
}

// Witnesses --------------------------------------------------------------------------------------------

fn tree(size: u64, history: u8) -> MemoryTree {
    // Two histories that part after two leaves.
    let leaves: Vec<Hash> = (0..size)
        .map(|leaf| leaf_hash(&[u8::try_from(leaf).expect("small"), if leaf < 2 { 0 } else { history }]))
        .collect();
    MemoryTree::from_leaf_hashes(&leaves)
}

fn request(old_size: u64, size: u64, history: u8) -> AddCheckpoint {
    let tree = tree(size, history);
    let proof = if old_size == 0 || old_size > size {
        vec![]
    } else {
        prove_consistency(&tree, old_size, size).expect("a proof")
    };
    let note = sign(&checkpoint(size, tree.root_hash()), &[&log()], 0).expect("a checkpoint").to_string();
    AddCheckpoint::new(old_size, proof, note.as_bytes()).expect("a request")
}

/// Every dialogue of a witness that has seen one tree of up to 7 leaves, with a log of the same or another history:
/// what is cosigned is exactly what continues what was seen.
#[test]
fn witness_cosigns_exactly_what_continues_what_it_saw() {
    let keys = [log().verifier().clone()];
    for last_size in 0..=7 {
        let last = (last_size > 0).then(|| (last_size, tree(last_size, 0).root_hash()));
        for (old_size, size, history) in
            (0..=8).flat_map(|old| (0..=8).flat_map(move |size| [0, 1].map(|history| (old, size, history))))
        {
            let same_past = history == 0 || last_size <= 2;
            let same_at_size = history == 0 || size <= 2;
            let expected = if old_size > size {
                Err(Refusal::Malformed)
            } else if old_size != last_size || (size == last_size && !same_at_size) {
                Err(Refusal::Conflict(last_size))
            } else if same_past {
                Ok(())
            } else {
                Err(Refusal::Inconsistent)
            };
            let asked = request(old_size, size, history);
            assert_eq!(asked.judge(&keys, last), expected, "{last_size} {old_size} {size} {history}");
            let printed = asked.to_string();
            assert_eq!(AddCheckpoint::parse(printed.as_bytes()).as_ref(), Ok(&asked));
        }
    }
}

#[test]
fn witness_refuses_unknown_logs_bad_signatures_and_wrong_proofs() {
    let keys = [log().verifier().clone()];
    let last = Some((3, tree(3, 0).root_hash()));
    let good = request(3, 7, 0).to_string();
    let judge = |body: &str| AddCheckpoint::parse(body.as_bytes()).and_then(|asked| asked.judge(&keys, last));
    assert_eq!(judge(&good), Ok(()));
    assert_eq!(
        AddCheckpoint::parse(good.as_bytes()).expect("good").judge(&[], last),
        Err(Refusal::UnknownLog)
    );
    let stranger = key(KeyKind::Ed25519, ORIGIN, 9);
    let asked = AddCheckpoint::parse(good.as_bytes()).expect("good");
    assert_eq!(asked.judge(&[stranger.verifier().clone()], last), Err(Refusal::Unsigned));
    assert_eq!(judge(&good.replace(ORIGIN, "other.example")), Err(Refusal::UnknownLog));
    assert_eq!(judge(&good.replace("\n7\n", "\n8\n")), Err(Refusal::Unsigned));
    // Each hash of the proof left out, doubled, or changed.
    let (head, note) = good.split_once("\n\n").expect("a request");
    let hashes: Vec<&str> = head.split('\n').skip(1).collect();
    for place in 0..hashes.len() {
        let (mut fewer, mut more, mut other) = (hashes.clone(), hashes.clone(), hashes.clone());
        fewer.remove(place);
        more.insert(place, hashes[place]);
        other[place] = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
        for wrong in [fewer, more, other] {
            assert_eq!(judge(&format!("old 3\n{}\n\n{note}", wrong.join("\n"))), Err(Refusal::Inconsistent));
        }
    }
    // From nothing there is nothing to prove.
    let from_nothing = request(0, 7, 0).to_string().replace("old 0\n", &format!("old 0\n{}\n", hashes[0]));
    let asked = AddCheckpoint::parse(from_nothing.as_bytes()).expect("a request");
    assert_eq!(asked.judge(&keys, None), Err(Refusal::Inconsistent));
    for malformed in [
        "",
        "old 3",
        &good.replace("old 3", "old 03"),
        &good.replace("old 3", "old  3"),
        &good.replace("old 3", "Old 3"),
        &good.replace("old 3\n", "old 3\n\n"),
        &good.replace(
            "old 3\n",
            &format!("old 3\n{}", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n".repeat(64)),
        ),
        &good[..good.len() - 1],
        head,
    ] {
        assert_eq!(judge(malformed), Err(Refusal::Malformed), "{malformed:?}");
    }
}

#[test]
fn notes_keep_their_lines_when_others_are_added() {
    let text = checkpoint(1, [1; 32]);
    let note: Note = sign(&text, &[&log()], 0).expect("a checkpoint");
    let line = key(KeyKind::Cosignature, "w", 2).sign(&text, 1).expect("a checkpoint");
    let more = note.clone().with(vec![line.clone(), line]).expect("short");
    assert_eq!(more.to_string(), format!("{note}{}\n", more.signatures()[1]));
    let many =
        (0..100).map(|time| key(KeyKind::Cosignature, "w", 2).sign(&text, time).expect("a checkpoint"));
    assert_eq!(note.with(many.collect()), Err(NoteError::TooManySignatures));
}
