//! RFC 6962 and RFC 9162 Merkle trees: hashing, proofs, tiles
#![forbid(unsafe_code)]
