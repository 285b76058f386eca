//! The standard's identity of an event: CBV 2.0 §8.9.3, "EPCIS event hash ID", `?ver=CBV2.0`.
//!
//! Where the text of the standard and its published hashes differ, the hashes decide: types stand
//! before their values, destinations before sources, and the lists of transactions, sources and
//! destinations after `sensorElementList`, among what the standard does not order.
//!
//! What its reference implementation does at the edges, and what we do:
//!
//! | edge | reference | here |
//! |---|---|---|
//! | a number-like value, `"007"`, `"1_000"`, `"1e3"`, `"-0.0"` | is a number: `7`, `1000`, `1000`, `0` | the same |
//! | more digits than a double holds | rounds them | refused, `digits_lost` |
//! | infinity | drops the event | refused, `number_infinite` |
//! | `true`, `null` | `True`, `None` | the same |
//! | a time whose milliseconds round up to 1000 | drops the event | refused, `time_rounding` |
//! | a time that is no time | keeps the text | the same |
//! | a time without offset | takes it for UTC (on a server in UTC) | the same |
//! | a business transaction whose type stands behind its value | writes it behind | writes it before: order of members says nothing in JSON |
//! | a business transaction without type | drops the event | writes the value alone |
//! | a word such as `receiving` outside the vocabulary's fields | replaces it when the document also uses it as vocabulary | never replaces it |
mod node;
mod text;
mod write;

use json::{Bump, Object};
use sha256::digest;

use crate::context::Context;
use crate::document::{Document, read_document};
use crate::problem::Problem;

/// Appends the pre-hash string of an event.
///
/// # Errors
/// A [`Problem`], its pointer relative to the event, where the reference implementation would drop the
/// event or round a number.
pub fn write_prehash<'a>(
    event: &'a Object<'a>,
    context: &Context<'a>,
    ignored_fields: &[&str],
    arena: &'a Bump,
    out: &mut String,
) -> Result<(), Problem> {
    let type_name = event.get("type").and_then(json::Value::as_str);
    let type_name =
        type_name.ok_or_else(|| Problem::of_document("/type", "required", "the event has no type"))?;
    let mut children = node::children_of_event(event, context, ignored_fields, arena);
    write::write_event(type_name, &mut children, arena, out)
        .map_err(|fault| Problem::of_document("", fault.code(), fault.message()))
}

/// `ni:///sha-256;<hex>?ver=CBV2.0`
#[must_use]
pub fn event_hash_id_uri(hash: &[u8; 32]) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut uri = String::with_capacity(91);
    uri.push_str("ni:///sha-256;");
    for byte in hash {
        uri.push(char::from(HEX[usize::from(byte >> 4)]));
        uri.push(char::from(HEX[usize::from(byte & 0xf)]));
    }
    uri.push_str("?ver=CBV2.0");
    uri
}

/// The pre-hash string of each event of a document, in order.
///
/// # Errors
/// Every problem: of the document, or of each event whose pre-hash string cannot be made.
pub fn event_prehashes(body: &[u8]) -> Result<Vec<String>, Vec<Problem>> {
    for_each_prehash(body, str::to_owned)
}

/// The event hash id of each event of a document, in order.
///
/// # Errors
/// As [`event_prehashes`].
pub fn event_hash_ids(body: &[u8]) -> Result<Vec<String>, Vec<Problem>> {
    for_each_prehash(body, |prehash| event_hash_id_uri(&digest(prehash.as_bytes())))
}

fn for_each_prehash<T>(body: &[u8], make: impl Fn(&str) -> T) -> Result<Vec<T>, Vec<Problem>> {
    let arena = Bump::new();
    let document = read_document(body, &arena).map_err(|problem| vec![problem])?;
    let ignored = document.ignored_fields();
    let mut results = Vec::with_capacity(document.events.len());
    let mut problems = Vec::new();
    let mut prehash = String::new();
    let mut scratch = Bump::new();
    for event in &document.events {
        prehash.clear();
        match prehash_of(&document, event.index, &ignored, &scratch, &mut prehash) {
            Ok(()) => results.push(make(&prehash)),
            Err(problem) => problems.push(problem),
        }
        scratch.reset();
    }
    if problems.is_empty() { Ok(results) } else { Err(problems) }
}

fn prehash_of(
    document: &Document<'_>,
    index: usize,
    ignored: &[&str],
    scratch: &Bump,
    out: &mut String,
) -> Result<(), Problem> {
    let event = &document.events[index];
    let context = document.context_of(event);
    write_prehash(event.object, &context, ignored, scratch, out)
        .map_err(|problem| document.locate(index, problem))
}
