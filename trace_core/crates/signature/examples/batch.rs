//! Checks of Ed25519 signatures, many at once, beside the plain batches of ed25519-dalek.
//!
//! `cargo run --release -p wayproof-signature --example batch [PAIRS]` prints one JSON object a line, for few keys and
//! for many. A plain batch has as many terms as signatures and keys together; ours has one for each key.

use ed25519_dalek::{Signature, VerifyingKey, verify_batch};
use interleaved::Operation;
use signature::{Ed25519Signer, Scheme, Signed, check_signatures};

const CHECKS: usize = 4_096;
const MESSAGE_BYTES: usize = 100;
const KEYS: [usize; 2] = [8, 1_000];
const PAIRS: usize = 7;

fn main() {
    let pairs = std::env::args().nth(1).and_then(|pairs| pairs.parse().ok()).unwrap_or(PAIRS);
    let messages: Vec<Vec<u8>> =
        (0..CHECKS).map(|n| n.to_be_bytes().iter().copied().cycle().take(MESSAGE_BYTES).collect()).collect();
    for keys in KEYS {
        let signers: Vec<Ed25519Signer> = (0..keys).map(signer).collect();
        let made: Vec<[u8; 64]> =
            messages.iter().enumerate().map(|(n, message)| signers[n % keys].sign(message)).collect();
        let publics: Vec<[u8; 32]> = (0..CHECKS).map(|n| *signers[n % keys].key().as_bytes()).collect();
        let claims: Vec<Signed> = (0..CHECKS)
            .map(|n| Signed {
                scheme: Scheme::Ed25519,
                key: &publics[n],
                message: &messages[n],
                signature: &made[n],
            })
            .collect();
        let ours = || assert!(check_signatures(&claims).is_empty());
        let name = format!("Ed25519 checks, {CHECKS} at once, {keys} keys");
        Operation { name: &name, count: CHECKS, limit: None }.under(
            "batch of ed25519-dalek",
            pairs,
            ours,
            || plain_batch(&messages, &made, &publics),
        );
    }
}

fn signer(number: usize) -> Ed25519Signer {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&number.to_le_bytes());
    Ed25519Signer::from_seed(&seed)
}

/// Reads keys and signatures as ours has to.
fn plain_batch(messages: &[Vec<u8>], made: &[[u8; 64]], publics: &[[u8; 32]]) {
    let messages: Vec<&[u8]> = messages.iter().map(Vec::as_slice).collect();
    let signatures: Vec<Signature> = made.iter().map(Signature::from_bytes).collect();
    let keys: Vec<VerifyingKey> =
        publics.iter().map(|key| VerifyingKey::from_bytes(key).expect("a key")).collect();
    verify_batch(&messages, &signatures, &keys).expect("signatures that hold");
}
