//! Ed25519 keys, the single check and the signer (RFC 8032).

use std::fmt;

use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use ed25519_dalek::{Signer, SigningKey};
use sha2::{Digest, Sha512};

use crate::{KeyError, KeyId, SignatureError};

/// Length of a public key.
pub const ED25519_KEY_BYTES: usize = 32;
/// Length of a signature.
pub const ED25519_SIGNATURE_BYTES: usize = 64;
/// Length of the secret that a signer is made from.
pub const ED25519_SEED_BYTES: usize = 32;

/// A public key that may be trusted to mean something: canonical, on the curve, not of small order.
#[derive(Clone, PartialEq, Eq)]
pub struct Ed25519Key {
    encoded: [u8; ED25519_KEY_BYTES],
    point: EdwardsPoint,
}

impl Ed25519Key {
    /// Reads the 32 bytes of RFC 8032 §5.1.2. This is the gate for keys that partners register.
    ///
    /// # Errors
    /// Each kind of [`KeyError`].
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyError> {
        let encoded = <[u8; ED25519_KEY_BYTES]>::try_from(bytes).map_err(|_| KeyError::Encoding)?;
        if !is_canonical(&encoded) {
            return Err(KeyError::NotCanonical);
        }
        let point = CompressedEdwardsY(encoded).decompress().ok_or(KeyError::NotOnCurve)?;
        if point.is_small_order() {
            return Err(KeyError::SmallOrder);
        }
        Ok(Self { encoded, point })
    }

    /// The 32 bytes that were parsed.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; ED25519_KEY_BYTES] {
        &self.encoded
    }

    /// The key's name.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId::of_ed25519(&self.encoded)
    }

    /// Checks that this key signed `message`.
    ///
    /// # Errors
    /// `Encoding` for a signature that none could have made, `Mismatch` for one that this key did not make.
    pub fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
        let claim = Claim::parse(&self.encoded, message, signature).ok_or(SignatureError::Encoding)?;
        if claim.holds(&self.point) { Ok(()) } else { Err(SignatureError::Mismatch) }
    }

    /// A of the equation.
    pub(crate) fn point(&self) -> &EdwardsPoint {
        &self.point
    }
}

impl fmt::Debug for Ed25519Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Key({})", self.id())
    }
}

/// What a signature claims of a key A: `[8]s·B = [8]r + [8]k·A`.
pub(crate) struct Claim {
    pub(crate) r: EdwardsPoint,
    pub(crate) s: Scalar,
    pub(crate) k: Scalar,
}

impl Claim {
    /// RFC 8032 §5.1.7, steps 1 and 2: splits the signature into R and S, both canonical, and hashes.
    ///
    /// `None` for bytes that are no signature. `key` goes into the hash as it stands.
    pub(crate) fn parse(key: &[u8; ED25519_KEY_BYTES], message: &[u8], signature: &[u8]) -> Option<Self> {
        let signature = <&[u8; ED25519_SIGNATURE_BYTES]>::try_from(signature).ok()?;
        let (r, s) = signature.split_first_chunk::<32>()?;
        let s = Option::from(Scalar::from_canonical_bytes(s.try_into().ok()?))?;
        if !is_canonical(r) {
            return None;
        }
        let hash = Sha512::new().chain_update(r).chain_update(key).chain_update(message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        Some(Self { r: CompressedEdwardsY(*r).decompress()?, s, k })
    }

    /// RFC 8032 §5.1.7, step 3, with the cofactor.
    pub(crate) fn holds(&self, key: &EdwardsPoint) -> bool {
        let expected_r = EdwardsPoint::vartime_double_scalar_mul_basepoint(&self.k, &-key, &self.s);
        (expected_r - self.r).mul_by_cofactor().is_identity()
    }
}

/// Whether the bytes are those that encoding a point would give, if they decode at all.
///
/// A point is y, little-endian in 255 bits, and the sign of x. The other encodings are y + p in place of y, and
/// the sign set where x = 0, which is where y = ±1.
fn is_canonical(encoded: &[u8; 32]) -> bool {
    let [lowest, middle @ .., highest] = encoded;
    let (y_high, x_negative) = (highest & 0x7f, highest & 0x80 != 0);
    let all_ones_above = y_high == 0x7f && middle.iter().all(|&byte| byte == 0xff);
    let all_zeros_above = y_high == 0 && middle.iter().all(|&byte| byte == 0);
    let y_reduced = !(all_ones_above && *lowest >= 0xed); // p = 2²⁵⁵ − 19
    let x_zero = (all_zeros_above && *lowest == 1) || (all_ones_above && *lowest == 0xec);
    y_reduced && !(x_zero && x_negative)
}

/// Signs with Ed25519. The secret is wiped from memory when this is dropped.
pub struct Ed25519Signer {
    key: SigningKey,
}

impl Ed25519Signer {
    /// Makes the signer of a seed: 32 bytes from the system's entropy source, kept secret by the caller.
    #[must_use]
    pub fn from_seed(seed: &[u8; ED25519_SEED_BYTES]) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// The seed, for whoever stores it. The copy is the caller's to wipe.
    #[must_use]
    pub fn seed(&self) -> [u8; ED25519_SEED_BYTES] {
        self.key.to_bytes()
    }

    /// The public key that checks what this signer signs.
    #[must_use]
    pub fn key(&self) -> Ed25519Key {
        let key = self.key.verifying_key();
        Ed25519Key { encoded: key.to_bytes(), point: key.to_edwards() }
    }

    /// Signs; the same message always gives the same 64 bytes.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; ED25519_SIGNATURE_BYTES] {
        self.key.sign(message).to_bytes()
    }
}

impl fmt::Debug for Ed25519Signer {
    /// Names the public key: secrets do not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Signer({})", self.key().id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The twenty-five forbidden encodings of points and their neighbours: 2²⁵⁵ − 19 … 2²⁵⁵ − 1 with both signs,
    /// and ±1 with the sign set.
    #[test]
    fn canonical_around_each_limit_equals_reencoding() {
        let near_zero = (0..=255u8).map(|low| {
            let mut bytes = [0; 32];
            bytes[0] = low;
            bytes
        });
        let near_p = (0..=255u8).map(|low| {
            let mut bytes = [0xff; 32];
            bytes[0] = low;
            bytes[31] = 0x7f;
            bytes
        });
        let mut refused = 0;
        for mut bytes in near_zero.chain(near_p) {
            for sign in [0, 0x80] {
                bytes[31] = bytes[31] & 0x7f | sign;
                if let Some(point) = CompressedEdwardsY(bytes).decompress() {
                    assert_eq!(is_canonical(&bytes), point.compress().0 == bytes, "{bytes:x?}");
                    refused += usize::from(!is_canonical(&bytes));
                }
            }
        }
        assert!(refused > 2);
    }
}
