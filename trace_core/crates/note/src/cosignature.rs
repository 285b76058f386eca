//! What cosigners sign (c2sp.org/tlog-cosignature).

use crate::key::KeyKind;
use crate::{Checkpoint, ROOT_HASH_BYTES};

const ED25519_HEADER: &str = "cosignature/v1";
const ML_DSA_LABEL: &[u8] = b"subtree/v1\n\0";

/// The time of a timestamped signature, in seconds since 1970, and the signature proper.
pub(crate) fn split(timestamped: &[u8]) -> Option<(u64, &[u8])> {
    let (time_s, signature) = timestamped.split_first_chunk()?;
    Some((u64::from_be_bytes(*time_s), signature))
}

/// The message behind a cosignature over the text of a checkpoint; `None` for another text, and for a time from 2⁶³ on.
pub(crate) fn message(kind: KeyKind, name: &str, time_s: u64, text: &str) -> Option<Vec<u8>> {
    let checkpoint: Checkpoint = text.parse().ok()?;
    i64::try_from(time_s).ok()?;
    match kind {
        KeyKind::Ed25519 => None,
        KeyKind::Cosignature => Some(format!("{ED25519_HEADER}\ntime {time_s}\n{text}").into_bytes()),
        KeyKind::MlDsa44 => {
            let mut message = Vec::with_capacity(128 + ROOT_HASH_BYTES);
            message.extend_from_slice(ML_DSA_LABEL);
            push_short(&mut message, name)?;
            message.extend_from_slice(&time_s.to_be_bytes());
            push_short(&mut message, checkpoint.origin())?;
            message.extend_from_slice(&0u64.to_be_bytes());
            message.extend_from_slice(&checkpoint.tree_size().to_be_bytes());
            message.extend_from_slice(checkpoint.root_hash());
            Some(message)
        }
    }
}

/// A text of 1 … 255 bytes behind its length.
fn push_short(message: &mut Vec<u8>, text: &str) -> Option<()> {
    message.push(u8::try_from(text.len()).ok().filter(|&length| length > 0)?);
    message.extend_from_slice(text.as_bytes());
    Some(())
}
