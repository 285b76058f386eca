//! Ed25519 and ECDSA P-256 verification, single and batch, one rule for both
#![forbid(unsafe_code)]
