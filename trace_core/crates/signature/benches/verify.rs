//! Verifications, single and in batches of 1,024, with few and with many keys, good and bad.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use p256::ecdsa::signature::Signer;
use signature::{Ed25519Signer, Scheme, Signed, check_signature, check_signatures};

/// What is signed in the log: a digest.
const MESSAGE_BYTES: usize = 32;
const BATCH_SIGNATURES: usize = 1024;

type Owned = (Vec<u8>, [u8; MESSAGE_BYTES], Vec<u8>);

fn ed25519(keys: usize) -> Vec<Owned> {
    let signers: Vec<Ed25519Signer> = (0..keys)
        .map(|number| {
            let mut seed = [0; 32];
            seed[..8].copy_from_slice(&number.to_le_bytes());
            Ed25519Signer::from_seed(&seed)
        })
        .collect();
    (0..BATCH_SIGNATURES)
        .map(|number| {
            let signer = &signers[number % keys];
            let mut message = [0; MESSAGE_BYTES];
            message[..8].copy_from_slice(&number.to_le_bytes());
            (signer.key().as_bytes().to_vec(), message, signer.sign(&message).to_vec())
        })
        .collect()
}

fn claims(owned: &[Owned], scheme: Scheme) -> Vec<Signed<'_>> {
    owned.iter().map(|(key, message, signature)| Signed { scheme, key, message, signature }).collect()
}

fn verify(c: &mut Criterion) {
    let mut group = c.benchmark_group("verify");
    group.throughput(Throughput::Elements(1));
    let owned = ed25519(1);
    let one = claims(&owned[..1], Scheme::Ed25519)[0];
    group.bench_function("ed25519/single", |b| b.iter(|| check_signature(&one)));

    let signer = p256::ecdsa::SigningKey::from_slice(&[1; 32]).expect("0 < secret < n");
    let message = [0; MESSAGE_BYTES];
    let signature: p256::ecdsa::Signature = signer.sign(&message);
    let point = signer.verifying_key().to_sec1_point(false);
    let owned = [(point.as_bytes().to_vec(), message, signature.to_bytes().to_vec())];
    let one = claims(&owned, Scheme::EcdsaP256P1363)[0];
    group.bench_function("ecdsa-p256/single", |b| b.iter(|| check_signature(&one)));

    group.throughput(Throughput::Elements(BATCH_SIGNATURES as u64));
    for keys in [1, 8, 1000] {
        let owned = ed25519(keys);
        let batch = claims(&owned, Scheme::Ed25519);
        group.bench_function(format!("ed25519/batch, {keys} keys"), |b| b.iter(|| check_signatures(&batch)));
    }
    for bad in [1, BATCH_SIGNATURES] {
        let mut owned = ed25519(8);
        for (_, message, _) in &mut owned[..bad] {
            message[MESSAGE_BYTES - 1] ^= 1;
        }
        let batch = claims(&owned, Scheme::Ed25519);
        group.bench_function(format!("ed25519/batch, 8 keys, {bad} bad"), |b| {
            b.iter(|| check_signatures(&batch));
        });
    }
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
