//! The request of whoever measures: nothing is signed, nothing is reserved.

use capture::{Blinding, Issuer, Request};

/// Of the same time, place and secret in each run.
pub fn request<'a>(issuer: &'a Issuer, blinding: &'a Blinding) -> Request<'a> {
    Request {
        partner: "measured",
        issuer,
        is_signed: false,
        signers: None,
        record_time: 1_800_000_000_000_000,
        capture_no: 1,
        seed: [0; 32],
        blinding,
        strict: false,
        reserved: None,
    }
}
