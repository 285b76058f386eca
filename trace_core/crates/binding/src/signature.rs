//! Signatures, alone and many at once.

use pyo3::prelude::*;
use signature::{Scheme, Signed};

use crate::error::Failed;

/// Scheme, key, message, signature.
type Claim = (String, Vec<u8>, Vec<u8>, Vec<u8>);

fn scheme(name: &str) -> Result<Scheme, Failed> {
    match name {
        "Ed25519" => Ok(Scheme::Ed25519),
        "ES256-DER" => Ok(Scheme::EcdsaP256Der),
        "ES256" => Ok(Scheme::EcdsaP256P1363),
        _ => Err(Failed::signature("the scheme is Ed25519, ES256 or ES256-DER")),
    }
}

#[pyfunction]
#[pyo3(signature = (*, scheme, key, message, signature))]
pub fn check_signature(scheme: &str, key: &[u8], message: &[u8], signature: &[u8]) -> Result<(), Failed> {
    let scheme = self::scheme(scheme)?;
    Ok(signature::check_signature(&Signed { scheme, key, message, signature })?)
}

/// Positions of those that do not hold, ascending.
#[pyfunction]
pub fn check_signatures(py: Python<'_>, claims: Vec<Claim>) -> Result<Vec<usize>, Failed> {
    let schemes = claims.iter().map(|claim| scheme(&claim.0)).collect::<Result<Vec<_>, _>>()?;
    Ok(py.detach(|| {
        let signed: Vec<_> = claims
            .iter()
            .zip(schemes)
            .map(|((_, key, message, signature), scheme)| Signed { scheme, key, message, signature })
            .collect();
        signature::check_signatures(&signed)
    }))
}
