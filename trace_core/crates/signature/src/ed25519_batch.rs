//! Many Ed25519 signatures at once: one sum of weighted equations, halved where it does not come out.

use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul};
use sha2::{Digest, Sha512};

use crate::Signed;
use crate::ed25519::{Claim, Ed25519Key};

/// Below this many claims no more sums are made: where all are bad, they would cost more than single checks.
const SUM_CLAIMS_MIN: usize = 16;
/// Claims in one sum. From 512 to 8,192 the time per claim was the same within the noise.
const SUM_CLAIMS_MAX: usize = 1024;
/// A forged batch passes with a chance of 2⁻⁸ to this power.
const WEIGHT_BYTES: usize = 16;

/// A claim as it enters the sum.
struct Weighted<'a> {
    claim: Claim,
    key: &'a EdwardsPoint,
    weight: Scalar,
    /// Its place in the caller's batch.
    index: usize,
}

/// Those of `indexes` whose signature in `batch` is not good, in no order.
///
/// (1) Equal keys are brought together and parsed once. (2) What does not parse has failed. (3) Every equation
/// gets a weight that nobody can know before all of them are fixed. (4) The weighted equations are added up,
/// one term for each key; a sum of zero means that each holds. (5) Any other sum is halved until the bad ones
/// stand alone; each half has the same weights, so that only one half's sum needs to be computed.
pub(crate) fn failed(batch: &[Signed<'_>], mut indexes: Vec<usize>) -> Vec<usize> {
    // (1)
    indexes.sort_by_key(|&index| batch[index].key);
    let by_key: Vec<&[usize]> = indexes.chunk_by(|&a, &b| batch[a].key == batch[b].key).collect();
    let keys: Vec<_> = by_key.iter().map(|group| Ed25519Key::parse(batch[group[0]].key)).collect();

    // (2)
    let mut failed = Vec::new();
    let mut claims = Vec::with_capacity(indexes.len());
    for (group, key) in by_key.into_iter().zip(&keys) {
        for &index in group {
            let claim = key.as_ref().ok().and_then(|key| {
                let claim = Claim::parse(key.as_bytes(), batch[index].message, batch[index].signature)?;
                Some(Weighted { claim, key: key.point(), weight: Scalar::ZERO, index })
            });
            match claim {
                Some(claim) => claims.push(claim),
                None => failed.push(index),
            }
        }
    }

    // (3), (4), (5)
    weigh(&mut claims);
    for claims in claims.chunks(SUM_CLAIMS_MAX) {
        search(claims, sum(claims), &mut failed);
    }
    failed
}

/// Gives every claim 128 bits that hang on all claims: whoever changes one of them changes every weight.
///
/// Drawn from a hash instead of an entropy source, so that the same batch always does the same work. k stands
/// for R, A and the message, whose hash it is.
fn weigh(claims: &mut [Weighted<'_>]) {
    let mut transcript = Sha512::new_with_prefix(b"wayproof/v1/ed25519-batch\n");
    for Weighted { claim, .. } in &*claims {
        transcript.update(claim.k.as_bytes());
        transcript.update(claim.s.as_bytes());
    }
    let seed = transcript.finalize();
    let per_hash = Sha512::output_size() / WEIGHT_BYTES;
    for (counter, claims) in (0u64..).zip(claims.chunks_mut(per_hash)) {
        let hash = Sha512::new().chain_update(seed).chain_update(counter.to_be_bytes()).finalize();
        for (claim, weight) in claims.iter_mut().zip(hash.as_chunks::<WEIGHT_BYTES>().0) {
            claim.weight = Scalar::from(u128::from_be_bytes(*weight));
        }
    }
}

/// Σ weight · (R + k·A − s·B), with one term for each run of equal keys. Equal keys must stand together.
fn sum(claims: &[Weighted<'_>]) -> EdwardsPoint {
    let mut base = Scalar::ZERO;
    let mut scalars = Vec::with_capacity(2 * claims.len() + 1);
    let mut points = Vec::with_capacity(2 * claims.len() + 1);
    for same_key in claims.chunk_by(|a, b| std::ptr::eq(a.key, b.key)) {
        let mut key_scalar = Scalar::ZERO;
        for Weighted { claim, weight, .. } in same_key {
            scalars.push(*weight);
            points.push(claim.r);
            key_scalar += weight * claim.k;
            base -= weight * claim.s;
        }
        scalars.push(key_scalar);
        points.push(*same_key[0].key);
    }
    scalars.push(base);
    points.push(ED25519_BASEPOINT_POINT);
    EdwardsPoint::vartime_multiscalar_mul(scalars, points)
}

/// Adds to `failed` the claims that do not hold, given the sum of all.
fn search(claims: &[Weighted<'_>], sum_of_all: EdwardsPoint, failed: &mut Vec<usize>) {
    if sum_of_all.mul_by_cofactor().is_identity() {
        return;
    }
    if claims.len() < SUM_CLAIMS_MIN {
        failed.extend(claims.iter().filter(|c| !c.claim.holds(c.key)).map(|c| c.index));
        return;
    }
    let (left, right) = claims.split_at(claims.len() / 2);
    let sum_of_left = sum(left);
    search(left, sum_of_left, failed);
    search(right, sum_of_all - sum_of_left, failed);
}
