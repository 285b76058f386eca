//! Who signed what: only the key that a signature names, only over just these events, in each of the forms.

use authorship::{Authorship, AuthorshipError, Jws, KeyHint, PartnerKey, Place, Sign1, Signed, sign_capture};
use note::{KeyKind, SignerKey};
use proptest::prelude::*;
use signature::Ed25519Signer;

const SEED: [u8; 32] = [7; 32];
const SECRET: [u8; 32] = [9; 32];

fn digests(count: usize) -> Vec<[u8; 32]> {
    (0..count).map(|n| sha256::digest(&n.to_be_bytes())).collect()
}

fn signer() -> SignerKey {
    SignerKey::from_seed(KeyKind::Ed25519, "acme.example", &SEED).expect("a name")
}

fn key_of(seed: &[u8; 32]) -> PartnerKey {
    PartnerKey::Ed25519(Ed25519Signer::from_seed(seed).key())
}

fn key() -> PartnerKey {
    key_of(&SEED)
}

/// What is sent for so many events.
fn sent(count: usize) -> Authorship {
    let note = sign_capture(&signer(), &digests(count), &SECRET).expect("signed");
    Authorship::parse(&Authorship::of_note(note, SECRET).text()).expect("its own text")
}

fn events() -> [Authorship; 2] {
    let signer = Ed25519Signer::from_seed(&SEED);
    let digest = digests(1)[0];
    let forms =
        [Signed::Jws(Jws::sign(&signer, &digest)), Signed::Sign1(Box::new(Sign1::sign(&signer, &digest)))];
    forms.map(|signed| Authorship::parse(&Authorship::of_event(signed).text()).expect("its own text"))
}

#[test]
fn test_note_of_each_size_proves_each_event_alone() {
    for count in [1, 2, 3, 7, 100] {
        let sent = sent(count);
        let places = sent.check(&key(), "acme.example", &digests(count)).expect("holds");
        assert_eq!(places.len(), count);
        let shown = Signed::parse(sent.signed().json().as_bytes()).expect("its own text");
        for (digest, place) in digests(count).iter().zip(&places) {
            let place = Place::parse(&place.to_bytes()).expect("its own bytes");
            assert_eq!(shown.check(&key(), "acme.example", digest, Some(&place)), Ok(count as u64));
        }
    }
}

#[test]
fn test_note_over_other_events_is_refused() {
    let sent = sent(4);
    let wrong = |digests: &[[u8; 32]]| sent.check(&key(), "acme.example", digests).unwrap_err();
    assert_eq!(wrong(&digests(3)), AuthorshipError::EventCount);
    assert_eq!(wrong(&digests(5)), AuthorshipError::EventCount);
    let mut swapped = digests(4);
    swapped.swap(1, 2);
    assert_eq!(wrong(&swapped), AuthorshipError::Root);
}

#[test]
fn test_note_with_other_salts_is_refused() {
    let text = sent(2).text();
    let (note, _) = text.split_once(", secret=").expect("two parts");
    let other = Authorship::parse(&format!("{note}, secret={}=", "A".repeat(43))).expect("well formed");
    assert_eq!(other.check(&key(), "acme.example", &digests(2)), Err(AuthorshipError::Root));
}

#[test]
fn test_signature_by_another_key_or_partner_is_refused() {
    let sent = sent(2);
    let mismatch = Err(AuthorshipError::Mismatch);
    assert_eq!(sent.check(&key_of(&[8; 32]), "acme.example", &digests(2)), mismatch);
    assert_eq!(sent.check(&key(), "other.example", &digests(2)), mismatch);
    for sent in events() {
        assert_eq!(sent.check(&key_of(&[8; 32]), "acme.example", &digests(1)), mismatch);
    }
}

#[test]
fn test_signature_over_one_event_holds_for_it_alone() {
    for sent in events() {
        assert_eq!(sent.check(&key(), "acme.example", &digests(1)), Ok(Vec::new()));
        assert_eq!(sent.signed().key_hint(), KeyHint::KeyId(key().id().to_string()));
        let shown = Signed::parse(sent.signed().json().as_bytes()).expect("its own text");
        assert_eq!(shown.check(&key(), "acme.example", &digests(1)[0], None), Ok(1));
        let other = digests(2)[1];
        assert_eq!(shown.check(&key(), "acme.example", &other, None), Err(AuthorshipError::Mismatch));
        assert_eq!(sent.check(&key(), "acme.example", &[other]), Err(AuthorshipError::Mismatch));
        assert_eq!(sent.check(&key(), "acme.example", &digests(2)), Err(AuthorshipError::OneEvent));
        assert_eq!(sent.check(&key(), "acme.example", &[]), Err(AuthorshipError::OneEvent));
    }
}

#[test]
fn test_place_moves_to_no_other_event() {
    let sent = sent(5);
    let places = sent.check(&key(), "acme.example", &digests(5)).expect("holds");
    for (n, digest) in digests(5).iter().enumerate() {
        for (m, place) in places.iter().enumerate() {
            let held = sent.signed().check(&key(), "acme.example", digest, Some(place));
            assert_eq!(held.is_ok(), n == m);
        }
        assert_eq!(sent.signed().check(&key(), "acme.example", digest, None), Err(AuthorshipError::Place));
    }
}

#[test]
fn test_note_of_a_log_is_none_of_a_capture() {
    let signer = signer();
    let checkpoint = note::Checkpoint::new("acme.example", 1, [1; 32]).expect("a name").to_string();
    let of_log = note::sign(&checkpoint, &[&signer], 0).expect("signed");
    let text = Authorship::of_note(of_log, SECRET).text();
    assert_eq!(Authorship::parse(&text), Err(AuthorshipError::Note));
}

#[test]
fn test_note_that_two_have_signed_is_refused() {
    let other = SignerKey::from_seed(KeyKind::Ed25519, "other", &[8; 32]).expect("a name");
    let note = sign_capture(&signer(), &digests(1), &SECRET).expect("signed");
    let both = note::sign(note.text(), &[&signer(), &other], 0).expect("signed");
    let text = Authorship::of_note(both, SECRET).text();
    assert_eq!(Authorship::parse(&text), Err(AuthorshipError::Note));
}

#[test]
fn test_jwk_with_a_secret_or_of_another_kind_is_refused() {
    let jwk = key().jwk();
    assert_eq!(PartnerKey::parse(jwk.as_bytes()), Ok(key()));
    let with_more = jwk.replace('}', r#","use":"sig"}"#);
    assert_eq!(PartnerKey::parse(with_more.as_bytes()), Ok(key()));
    for wrong in [
        jwk.replace('}', r#","d":"AA"}"#),
        jwk.replace("Ed25519", "X25519"),
        jwk.replace("OKP", "EC"),
        jwk.replace(r#""x":""#, r#""x":"A"#),
        r#"{"crv":"Ed25519","kty":"OKP","x":"AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}"#.to_owned(),
        "[]".to_owned(),
        String::new(),
    ] {
        assert_eq!(PartnerKey::parse(wrong.as_bytes()), Err(AuthorshipError::Jwk), "{wrong}");
    }
}

#[test]
fn test_jws_with_headers_that_would_change_its_meaning_is_refused() {
    use base64::Engine;
    let encode = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
    let signature = encode(&"s".repeat(64));
    for header in [
        r#"{"alg":"none","kid":"a"}"#,
        r#"{"alg":"HS256","kid":"a"}"#,
        r#"{"alg":"EdDSA"}"#,
        r#"{"alg":"EdDSA","kid":"a","b64":false,"crit":["b64"]}"#,
        r#"{"alg":"EdDSA","kid":"a","crit":["exp"]}"#,
        r#"{"alg":"EdDSA","alg":"ES256","kid":"a"}"#,
    ] {
        let jws = format!("{}..{signature}", encode(header));
        assert_eq!(Jws::parse(&jws), Err(AuthorshipError::Jws), "{header}");
    }
    let attached = format!("{}.e30.{signature}", encode(r#"{"alg":"EdDSA","kid":"a"}"#));
    assert_eq!(Jws::parse(&attached), Err(AuthorshipError::Jws));
}

proptest! {
    #[test]
    fn test_any_text_is_read_or_refused(text in ".*", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for prefix in ["", "jws=", "cose=", "note="] {
            let _ = Authorship::parse(&format!("{prefix}{text}"));
        }
        let _ = Signed::parse(text.as_bytes());
        let _ = Sign1::parse(&bytes);
        let _ = Place::parse(&bytes);
        let _ = PartnerKey::parse(&bytes);
    }

    #[test]
    fn test_no_changed_byte_of_what_is_sent_holds(at in any::<prop::sample::Index>(), flip in 0_u8..8) {
        for (sent, count) in [(sent(3), 3), (events()[0].clone(), 1), (events()[1].clone(), 1)] {
            let mut text = sent.text().into_bytes();
            let at = at.index(text.len());
            text[at] ^= 1 << flip;
            let held = String::from_utf8(text).ok().and_then(|text| Authorship::parse(&text).ok());
            prop_assert!(held.is_none_or(|read| read.check(&key(), "acme.example", &digests(count)).is_err()));
        }
    }
}
