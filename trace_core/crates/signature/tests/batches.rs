//! A batch says what single checks say, and what an independent implementation says.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use p256::ecdsa::signature::Signer;
use proptest::prelude::*;
use sha2::{Digest, Sha512};
use signature::{
    Ed25519Key, Ed25519Signer, Scheme, SignatureError, Signed, check_signature, check_signatures,
};

/// What is done to a good signature before it is checked.
#[derive(Clone, Debug)]
enum Twist {
    None,
    FlipSignature(usize),
    FlipMessage(usize),
    FlipKey(usize),
    /// Signed anew by whoever has the secret, with points of small order added to R and A, by index.
    SmallOrder(usize, usize),
    /// s + L, the same scalar in another encoding.
    RaiseS,
    CutSignature(usize),
    CutKey(usize),
    Ecdsa(Scheme),
}

/// A claim that owns its bytes.
#[derive(Clone, Debug)]
struct Claim {
    scheme: Scheme,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
}

impl Claim {
    fn borrow(&self) -> Signed<'_> {
        let Self { scheme, key, message, signature } = self;
        Signed { scheme: *scheme, key, message, signature }
    }
}

fn twists() -> impl Strategy<Value = Twist> {
    prop_oneof![
        10 => Just(Twist::None),
        1 => (0..512usize).prop_map(Twist::FlipSignature),
        1 => (0..64usize).prop_map(Twist::FlipMessage),
        1 => (0..256usize).prop_map(Twist::FlipKey),
        3 => (0..8usize, 0..8usize).prop_map(|(r, a)| Twist::SmallOrder(r, a)),
        1 => Just(Twist::RaiseS),
        1 => (0..64usize).prop_map(Twist::CutSignature),
        1 => (0..32usize).prop_map(Twist::CutKey),
        1 => Just(Twist::Ecdsa(Scheme::EcdsaP256Der)),
        1 => Just(Twist::Ecdsa(Scheme::EcdsaP256P1363)),
    ]
}

fn claims() -> impl Strategy<Value = Claim> {
    (0..5u8, any::<[u8; 8]>(), twists()).prop_map(|(owner, message, twist)| make(owner, &message, &twist))
}

fn make(owner: u8, message: &[u8], twist: &Twist) -> Claim {
    let signer = Ed25519Signer::from_seed(&[owner; 32]);
    let mut claim = Claim {
        scheme: Scheme::Ed25519,
        key: signer.key().as_bytes().to_vec(),
        message: message.to_vec(),
        signature: signer.sign(message).to_vec(),
    };
    match *twist {
        Twist::None => {}
        Twist::FlipSignature(bit) => claim.signature[bit / 8] ^= 1 << (bit % 8),
        Twist::FlipMessage(bit) => claim.message[bit / 8] ^= 1 << (bit % 8),
        Twist::FlipKey(bit) => claim.key[bit / 8] ^= 1 << (bit % 8),
        Twist::SmallOrder(r, a) => return sign_with_torsion(owner, message, r, a),
        Twist::RaiseS => raise_s(&mut claim.signature),
        Twist::CutSignature(length) => claim.signature.truncate(length),
        Twist::CutKey(length) => claim.key.truncate(length),
        Twist::Ecdsa(scheme) => return sign_ecdsa(owner, message, scheme),
    }
    claim
}

/// Signs so that the equation holds up to components of small order.
fn sign_with_torsion(owner: u8, message: &[u8], r_torsion: usize, a_torsion: usize) -> Claim {
    let secret = Scalar::from(u64::from(owner) + 2);
    let nonce = Scalar::from_bytes_mod_order_wide(&Sha512::digest(message).into());
    let key = (EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[a_torsion]).compress();
    let r = (EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[r_torsion]).compress();
    let hash = Sha512::new()
        .chain_update(r.as_bytes())
        .chain_update(key.as_bytes())
        .chain_update(message)
        .finalize();
    let s = nonce + Scalar::from_bytes_mod_order_wide(&hash.into()) * secret;
    Claim {
        scheme: Scheme::Ed25519,
        key: key.as_bytes().to_vec(),
        message: message.to_vec(),
        signature: [r.to_bytes(), s.to_bytes()].concat(),
    }
}

/// Adds L = 2²⁵² + … to the second half, which stays below 2²⁵⁶.
fn raise_s(signature: &mut [u8]) {
    let minus_one = (-Scalar::ONE).to_bytes();
    let mut carry = 1;
    for (byte, addend) in signature[32..].iter_mut().zip(minus_one) {
        let digit = u16::from(*byte) + u16::from(addend) + carry;
        *byte = u8::try_from(digit & 0xff).expect("a byte");
        carry = digit >> 8;
    }
}

fn sign_ecdsa(owner: u8, message: &[u8], scheme: Scheme) -> Claim {
    let signer = p256::ecdsa::SigningKey::from_slice(&[owner + 1; 32]).expect("0 < secret < n");
    let signature: p256::ecdsa::Signature = signer.sign(message);
    Claim {
        scheme,
        key: signer.verifying_key().to_sec1_point(owner.is_multiple_of(2)).as_bytes().to_vec(),
        message: message.to_vec(),
        signature: match scheme {
            Scheme::EcdsaP256Der => signature.to_der().as_bytes().to_vec(),
            _ => signature.to_bytes().to_vec(),
        },
    }
}

/// ZIP 215 by its own library, and the two things that we refuse besides.
fn oracle_accepts(claim: &Claim) -> bool {
    let key = ed25519_consensus::VerificationKey::try_from(claim.key.as_slice());
    let signature = ed25519_consensus::Signature::try_from(claim.signature.as_slice());
    let (Ok(key), Ok(signature)) = (key, signature) else { return false };
    let canonical = |bytes: &[u8]| {
        let point = CompressedEdwardsY::from_slice(bytes).ok().and_then(|encoded| encoded.decompress());
        point.filter(|point| point.compress().as_bytes() == bytes)
    };
    canonical(&claim.key).is_some_and(|point| !point.is_small_order())
        && canonical(&claim.signature[..32]).is_some()
        && key.verify(&signature, &claim.message).is_ok()
}

proptest! {
    #[test]
    fn batch_of_any_mixture_fails_exactly_what_single_checks_and_oracle_fail(
        claims in prop::collection::vec(claims(), 0..80),
    ) {
        let batch: Vec<Signed<'_>> = claims.iter().map(Claim::borrow).collect();
        let mut bad = Vec::new();
        for (index, claim) in claims.iter().enumerate() {
            let good = check_signature(&claim.borrow()).is_ok();
            if claim.scheme == Scheme::Ed25519 {
                prop_assert_eq!(good, oracle_accepts(claim), "{:?}", claim);
            }
            if !good {
                bad.push(index);
            }
        }
        prop_assert_eq!(check_signatures(&batch), bad);
    }

    #[test]
    fn batch_of_garbage_fails_throughout(
        claims in prop::collection::vec(
            (any::<Vec<u8>>(), any::<Vec<u8>>(), any::<Vec<u8>>()), 0..8,
        ),
    ) {
        for scheme in [Scheme::Ed25519, Scheme::EcdsaP256Der, Scheme::EcdsaP256P1363] {
            let batch: Vec<Signed<'_>> = claims
                .iter()
                .map(|(key, message, signature)| Signed { scheme, key, message, signature })
                .collect();
            prop_assert_eq!(check_signatures(&batch), (0..batch.len()).collect::<Vec<_>>());
        }
    }
}

#[test]
fn batch_empty_has_no_failures() {
    assert_eq!(check_signatures(&[]), Vec::<usize>::new());
}

/// Larger than one sum, so that the borders between sums are crossed; each place is bad once.
#[test]
fn batch_of_several_sums_finds_bad_ones_everywhere() {
    let claims: Vec<Claim> = (0..2100u16)
        .map(|number| {
            let message = number.to_be_bytes();
            let owner = u8::try_from(number % 7).expect("< 7");
            let bit = usize::from(number) % 512;
            make(owner, &message, &if number % 16 == 5 { Twist::FlipSignature(bit) } else { Twist::None })
        })
        .collect();
    let batch: Vec<Signed<'_>> = claims.iter().map(Claim::borrow).collect();
    let expected: Vec<usize> = (0..2100).filter(|number| number % 16 == 5).collect();
    assert_eq!(check_signatures(&batch), expected);
}

/// Two errors that would cancel in an unweighted sum.
#[test]
fn batch_with_errors_that_cancel_finds_both() {
    let (mut one, mut other) = (make(1, b"one", &Twist::None), make(2, b"other", &Twist::None));
    let shift = |claim: &mut Claim, by: Scalar| {
        let s: [u8; 32] = claim.signature[32..].try_into().expect("32 bytes");
        let shifted = Scalar::from_canonical_bytes(s).expect("s < L") + by;
        claim.signature[32..].copy_from_slice(shifted.as_bytes());
    };
    shift(&mut one, Scalar::ONE);
    shift(&mut other, -Scalar::ONE);
    let good = make(3, b"good", &Twist::None);
    assert_eq!(check_signatures(&[one.borrow(), good.borrow(), other.borrow()]), [0, 2]);
}

/// Every single bit of a signature and its key matters, and so does every byte of the message.
#[test]
fn signature_with_any_bit_flipped_fails_single_and_batch() {
    let flips = (0..512).map(Twist::FlipSignature);
    let flips = flips.chain((0..256).map(Twist::FlipKey)).chain((0..24).map(Twist::FlipMessage));
    let claims: Vec<Claim> = flips.map(|twist| make(9, b"abc", &twist)).collect();
    for claim in &claims {
        assert!(check_signature(&claim.borrow()).is_err(), "{claim:?}");
    }
    let batch: Vec<Signed<'_>> = claims.iter().map(Claim::borrow).collect();
    assert_eq!(check_signatures(&batch), (0..claims.len()).collect::<Vec<_>>());
}

#[test]
fn signer_from_seed_signs_as_rfc8032_test_2() {
    let unhex = |text: &str| -> Vec<u8> {
        (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).expect("hex")).collect()
    };
    let seed = unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb");
    let signer = Ed25519Signer::from_seed(&seed.as_slice().try_into().expect("32 bytes"));
    assert_eq!(signer.seed(), *seed);
    let key = unhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    assert_eq!(signer.key(), Ed25519Key::parse(&key).expect("a key"));
    let signature = unhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
         085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    assert_eq!(signer.sign(&[0x72]).as_slice(), signature);
    assert_eq!(signer.key().check(&[0x72], &signature), Ok(()));
    assert_eq!(signer.key().check(&[0x73], &signature), Err(SignatureError::Mismatch));
    assert_eq!(signer.key().check(&[0x72], &signature[1..]), Err(SignatureError::Encoding));
}

#[test]
fn signer_debug_shows_no_secret() {
    let signer = Ed25519Signer::from_seed(&[7; 32]);
    assert_eq!(format!("{signer:?}"), format!("Ed25519Signer({})", signer.key().id()));
}
