//! Signatures that others made, good and bad.

mod shared;

use ed25519_dalek::{Verifier, VerifyingKey};
use serde_json::Value;
use shared::{read_json, unhex};
use signature::{Ed25519Key, KeyError, P256Key, Scheme, Signed, check_signature, check_signatures};

/// One vector that owns its bytes.
struct Case {
    name: String,
    key: Vec<u8>,
    message: Vec<u8>,
    signature: Vec<u8>,
    good: bool,
}

/// Checks every case alone, all in one batch, and each in a batch of two beside a good one.
fn assert_answers(scheme: Scheme, cases: &[Case]) {
    let batch: Vec<Signed<'_>> = cases
        .iter()
        .map(|case| Signed { scheme, key: &case.key, message: &case.message, signature: &case.signature })
        .collect();
    let mut bad = Vec::new();
    for (index, (case, &signed)) in cases.iter().zip(&batch).enumerate() {
        assert_eq!(check_signature(&signed).is_ok(), case.good, "single, {}", case.name);
        if !case.good {
            bad.push(index);
        }
    }
    assert_eq!(check_signatures(&batch), bad, "one batch of all");

    let good = *cases.iter().zip(&batch).find(|(case, _)| case.good).expect("a good case").1;
    for (case, &signed) in cases.iter().zip(&batch) {
        let expected = if case.good { vec![] } else { vec![1] };
        assert_eq!(check_signatures(&[good, signed]), expected, "batch of two, {}", case.name);
    }
}

/// The cases of a Wycheproof file; `key` is the member of `publicKey` with the encoded point.
fn wycheproof(file: &Value, key: &str) -> Vec<Case> {
    let groups = file["testGroups"].as_array().expect("groups");
    let mut cases = Vec::new();
    for group in groups {
        for test in group["tests"].as_array().expect("tests") {
            cases.push(Case {
                name: format!("tcId {}: {}", test["tcId"], test["comment"]),
                key: unhex(&group["publicKey"][key]),
                message: unhex(&test["msg"]),
                signature: unhex(&test["sig"]),
                good: test["result"] == "valid",
            });
        }
    }
    assert_eq!(Some(cases.len() as u64), file["numberOfTests"].as_u64());
    cases
}

#[test]
fn ed25519_wycheproof_single_and_batch_as_published() {
    if let Some(file) = read_json("wycheproof/ed25519_test.json") {
        assert_answers(Scheme::Ed25519, &wycheproof(&file, "pk"));
    }
}

#[test]
fn ecdsa_p256_der_wycheproof_single_and_batch_as_published() {
    if let Some(file) = read_json("wycheproof/ecdsa_secp256r1_sha256_test.json") {
        assert_answers(Scheme::EcdsaP256Der, &wycheproof(&file, "uncompressed"));
    }
}

#[test]
fn ecdsa_p256_p1363_wycheproof_single_and_batch_as_published() {
    if let Some(file) = read_json("wycheproof/ecdsa_secp256r1_sha256_p1363_test.json") {
        assert_answers(Scheme::EcdsaP256P1363, &wycheproof(&file, "uncompressed"));
    }
}

/// The 914 signatures at the edges of Ed25519. Ours is the equation of ZIP 215, so exactly the encodings that
/// RFC 8032 forbids and the keys that we do not register remain as differences.
#[test]
fn ed25519_cctv_edges_differ_from_zip215_by_encoding_and_key_alone() {
    let Some(file) = read_json("tlog/cctv/ed25519/ed25519vectors.json") else { return };
    let mut cases = Vec::new();
    let (mut registered, mut zip215, mut cofactorless, mut strict) = (0, 0, 0, 0);
    for vector in file.as_array().expect("vectors") {
        let has =
            |flag: &str| vector["flags"].as_array().is_some_and(|flags| flags.iter().any(|f| f == flag));
        let case = Case {
            name: vector["number"].to_string(),
            key: unhex(&vector["key"]),
            message: vector["msg"].as_str().expect("text").as_bytes().to_vec(),
            signature: unhex(&vector["sig"]),
            good: !(has("low_order_A") || has("non_canonical_A") || has("non_canonical_R")),
        };
        // A k that was made from another encoding is another k; a key of small order does not notice.
        let zip215_expected = has("low_order_A") || !has("reencoded_k");
        assert_eq!(zip215_accepts(&case), zip215_expected, "{}", case.name);
        let key_expected = match (has("non_canonical_A"), has("low_order_A")) {
            (true, _) => Err(KeyError::NotCanonical),
            (_, true) => Err(KeyError::SmallOrder),
            _ => Ok(()),
        };
        assert_eq!(Ed25519Key::parse(&case.key).map(|_| ()), key_expected, "{}", case.name);
        registered += usize::from(key_expected.is_ok());
        zip215 += usize::from(zip215_expected);
        cofactorless += usize::from(case.good && dalek_accepts(&case, VerifyingKey::verify));
        strict += usize::from(case.good && dalek_accepts(&case, VerifyingKey::verify_strict));
        assert!(case.good || !dalek_accepts(&case, VerifyingKey::verify_strict), "{}", case.name);
        cases.push(case);
    }
    assert_answers(Scheme::Ed25519, &cases);
    let ours = cases.iter().filter(|case| case.good).count();
    assert_eq!((cases.len(), registered, zip215, ours), (914, 388, 826, 212));
    // Of ours, what checks without the cofactor accept (Go, OpenSSL, browsers), and the strictest.
    assert_eq!((cofactorless, strict), (86, 43));
}

fn zip215_accepts(case: &Case) -> bool {
    let key = ed25519_consensus::VerificationKey::try_from(case.key.as_slice());
    let signature = ed25519_consensus::Signature::try_from(case.signature.as_slice());
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verify(&signature, &case.message).is_ok())
}

/// Both checks of ed25519-dalek work without the cofactor; the strict one refuses A and R of small order too.
fn dalek_accepts(case: &Case, check: DalekCheck) -> bool {
    let key = case.key.as_slice().try_into().map(|key| VerifyingKey::from_bytes(&key));
    let signature = ed25519_dalek::Signature::from_slice(&case.signature);
    matches!((key, signature), (Ok(Ok(key)), Ok(signature)) if check(&key, &case.message, &signature).is_ok())
}

type DalekCheck =
    fn(&VerifyingKey, &[u8], &ed25519_dalek::Signature) -> Result<(), ed25519_dalek::SignatureError>;

/// RFC 8037 appendix A.3, and for P-256 the key of RFC 7515 appendix A.3.1.
#[test]
fn key_id_published_keys_equals_jwk_thumbprint() {
    let hex = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
    let key = Ed25519Key::parse(&unhex(&hex.into())).expect("RFC 8032 test 1");
    assert_eq!(key.id().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");

    let (x, y) = (
        "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445",
        "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad",
    );
    let key = P256Key::parse(&unhex(&format!("04{x}{y}").into())).expect("RFC 7515 A.3.1");
    assert_eq!(key.id().to_string(), "oKIywvGUpTVTyxMQ3bwIIeQUudfr_CkLMjCE19ECD-U");
    let compressed = P256Key::parse(&unhex(&format!("03{x}").into())).expect("the same point");
    assert_eq!(compressed, key);
}

#[test]
fn p256_key_malformed_refused() {
    for (bytes, error) in [
        (vec![], KeyError::Encoding),
        (vec![0], KeyError::Encoding),
        (vec![5; 33], KeyError::Encoding),
        (vec![4; 33], KeyError::Encoding),
        (vec![2; 65], KeyError::Encoding),
        (vec![4; 65], KeyError::NotOnCurve),
        (vec![2; 32], KeyError::Encoding),
    ] {
        assert_eq!(P256Key::parse(&bytes).unwrap_err(), error, "{bytes:?}");
    }
}

/// The library behind [`signature::MlDsa44Key`] against published vectors; there are none for the smaller set, which is
/// the same code with other parameters.
#[test]
fn ml_dsa_of_wycheproof_is_decided_as_published() {
    use ml_dsa::{EncodedVerifyingKey, MlDsa65, Signature, VerifyingKey};
    let Some(file) = read_json("wycheproof/mldsa_65_verify_test.json") else { return };
    let mut decided = 0;
    for group in file["testGroups"].as_array().expect("groups") {
        let key = EncodedVerifyingKey::<MlDsa65>::try_from(unhex(&group["publicKey"]).as_slice());
        for test in group["tests"].as_array().expect("tests") {
            let context = test.get("ctx").map(unhex).unwrap_or_default();
            let holds = key.as_ref().is_ok_and(|key| {
                let signature = Signature::<MlDsa65>::try_from(unhex(&test["sig"]).as_slice());
                signature.is_ok_and(|signature| {
                    VerifyingKey::decode(key).verify_with_context(&unhex(&test["msg"]), &context, &signature)
                })
            });
            assert_eq!(holds, test["result"] == "valid", "tcId {}", test["tcId"]);
            decided += 1;
        }
    }
    assert!(decided > 100);
}

#[test]
fn ml_dsa_signature_checks_and_no_other_bytes_do() {
    let signer = signature::MlDsa44Signer::from_seed(&[7; 32]);
    let made = signer.sign(b"message").expect("signed");
    assert_eq!(made, signer.sign(b"message").expect("signed"));
    let key = signature::MlDsa44Key::parse(signer.key().as_bytes()).expect("a key");
    key.check(b"message", &made).expect("good");
    assert!(key.check(b"massage", &made).is_err());
    for bit in (0..made.len() * 8).step_by(61) {
        let mut bad = made.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(key.check(b"message", &bad).is_err(), "bit {bit}");
    }
    assert_eq!(key.check(b"message", &made[1..]), Err(signature::SignatureError::Encoding));
    assert!(signature::MlDsa44Key::parse(&[0; 1311]).is_err());
}
