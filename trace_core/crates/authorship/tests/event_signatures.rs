//! Many signatures at once: exactly those fail that fail alone, whatever their forms, keys and flaws.

use authorship::{
    Authorship, EventSigners, Jws, KeyFault, PartnerKey, Refusal, Sign1, SignatureReader, Signed,
    check_events, named_keys,
};
use proptest::prelude::*;
use signature::Ed25519Signer;

const KEYS: u8 = 4;
const ALL: usize = usize::MAX;

fn signer(n: u8) -> Ed25519Signer {
    Ed25519Signer::from_seed(&[n + 1; 32])
}

fn key(n: u8) -> PartnerKey {
    PartnerKey::Ed25519(signer(n).key())
}

fn digest(n: usize) -> [u8; 32] {
    sha256::digest(&n.to_be_bytes())
}

fn signers() -> EventSigners {
    let mut signers = EventSigners::default();
    for n in 0..KEYS {
        signers.add(&key(n), "acme.example");
    }
    signers
}

fn sent(n: u8, digest: &[u8; 32], is_jws: bool) -> String {
    let signed = if is_jws {
        Signed::Jws(Jws::sign(&signer(n), digest))
    } else {
        Signed::Sign1(Box::new(Sign1::sign(&signer(n), digest)))
    };
    Authorship::of_event(signed).text()
}

/// Whether it holds by the check of one alone, with the key that it names.
fn holds_alone(sent: &str, digest: &[u8; 32]) -> bool {
    let Ok(sent) = Authorship::parse(sent) else { return false };
    (0..KEYS).any(|n| sent.check(&key(n), "acme.example", &[*digest]).is_ok())
}

/// What is done to a signature.
#[derive(Clone, Copy, Debug)]
enum Flaw {
    None,
    OtherEvent,
    Flipped(usize),
    Cut(usize),
    OtherKey,
}

fn flaw() -> impl Strategy<Value = Flaw> {
    prop_oneof![
        6 => Just(Flaw::None),
        1 => Just(Flaw::OtherEvent),
        1 => any::<usize>().prop_map(Flaw::Flipped),
        1 => any::<usize>().prop_map(Flaw::Cut),
        1 => Just(Flaw::OtherKey),
    ]
}

fn flawed(n: u8, digest: &[u8; 32], is_jws: bool, flaw: Flaw) -> String {
    let good = sent(n, digest, is_jws);
    match flaw {
        Flaw::None => good,
        Flaw::OtherEvent => sent(n, &sha256::digest(digest), is_jws),
        Flaw::Cut(at) => good[..at % good.len()].to_owned(),
        Flaw::OtherKey => sent(KEYS, digest, is_jws),
        Flaw::Flipped(at) => {
            // Behind the form, so that it stays a text.
            let mut bytes = good.clone().into_bytes();
            let at = 5 + at % (bytes.len() - 5);
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            String::from_utf8(bytes).unwrap_or(good)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn test_those_fail_together_that_fail_alone(
        events in prop::collection::vec((0..KEYS, any::<bool>(), flaw()), 0..80),
        repeated in 1_usize..4,
    ) {
        let signers = signers();
        let all: Vec<_> = events.iter().cycle().take(events.len() * repeated).enumerate().collect();
        let digests: Vec<_> = all.iter().map(|(n, _)| digest(*n)).collect();
        let texts: Vec<_> = all.iter().map(|(n, (key, is_jws, flaw))| flawed(*key, &digests[*n], *is_jws, *flaw)).collect();
        let mut reader = SignatureReader::new(&signers);
        let read: Vec<_> = texts.iter().map(|text| reader.read(text)).collect();
        let readable: Vec<_> = (0..all.len()).filter(|n| read[*n].is_ok()).collect();
        let claims: Vec<_> = readable.iter().map(|n| (read[*n].as_ref().expect("readable"), &digests[*n])).collect();
        let failed: Vec<_> = check_events(&claims, ALL).into_iter().map(|at| readable[at]).collect();
        for (n, text) in texts.iter().enumerate() {
            let holds = read[n].is_ok() && !failed.contains(&n);
            prop_assert_eq!(holds, holds_alone(text, &digests[n]), "{}: {:?}", n, all[n]);
        }
    }

    #[test]
    fn test_any_text_is_read_or_refused(text in ".*") {
        let signers = signers();
        let texts = ["", "jws=", "cose=", "jws=..", "note="].map(|prefix| format!("{prefix}{text}"));
        let mut reader = SignatureReader::new(&signers);
        for text in &texts {
            prop_assert!(reader.read(text).is_err());
        }
        prop_assert!(named_keys(texts.iter().map(String::as_str)).is_empty());
    }
}

#[test]
fn test_key_that_does_not_count_is_said_why() {
    let mut signers = EventSigners::default();
    let fault = KeyFault { code: "key_revoked", message: "revoked".to_owned() };
    signers.refuse(key(0).id().to_string(), fault.clone());
    let texts = [sent(0, &digest(0), true), sent(0, &digest(0), false), sent(1, &digest(0), true)];
    let mut reader = SignatureReader::new(&signers);
    let mut refusal = |n: usize| reader.read(&texts[n]).expect_err("no key that counts");
    assert_eq!(refusal(0), Refusal::Key(fault.clone()));
    assert_eq!(refusal(1), Refusal::Key(fault));
    assert!(matches!(refusal(2), Refusal::Key(KeyFault { code: "key_unknown", .. })));
    let mut ids = [key(0).id().to_string(), key(1).id().to_string()];
    let mut named: Vec<_> = named_keys(texts.iter().map(String::as_str)).into_iter().collect();
    named.sort_unstable();
    ids.sort_unstable();
    assert_eq!(named, ids);
}

#[test]
fn test_batch_with_too_many_bad_ones_is_given_up() {
    let (signers, count) = (signers(), 10_000);
    let text = sent(0, &digest(0), true);
    let mut reader = SignatureReader::new(&signers);
    let read: Vec<_> = (0..count).map(|_| reader.read(&text).expect("a signature")).collect();
    let digests: Vec<_> = (0..count).map(|n| digest(n + 1)).collect();
    let claims: Vec<_> = read.iter().zip(&digests).collect();
    let failed = check_events(&claims, 100);
    assert!(failed.len() > 100 && failed.len() < count, "{}", failed.len());
}
