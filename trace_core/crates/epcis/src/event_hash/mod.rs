//! The standard's identity of an event: CBV 2.0 §8.9.3, "EPCIS event hash ID", `?ver=CBV2.0`.
//!
//! Where the text of the standard and its published hashes differ, the hashes decide: types stand
//! before their values, destinations before sources, and the lists of transactions, sources and
//! destinations after `sensorElementList`, among what the standard does not order.
//!
//! What its reference implementation (version 1.9.3) does at the edges, and what we do:
//!
//! | edge | reference | here |
//! |---|---|---|
//! | a number-like value, `"007"`, `"1_000"`, `"1e3"`, `"-0.0"` | is a number: `7`, `1000`, `1000`, `0` | the same |
//! | digits that are not ASCII, `"١٢"` | are a number | are a text |
//! | more digits than a double holds, or `1e-400` | rounds them | refused, `digits_lost` |
//! | … in the `stringValue` of a sensor report, which a published hash has | rounds them | the same |
//! | infinity | drops the event | refused, `number_infinite` |
//! | `true`, `null` | `True`, `None` | the same |
//! | `booleanValue` of a sensor report | `True` in JSON, `true` in XML | `true`: a published hash has it, and one event has one hash |
//! | a time whose milliseconds round up to 1000 | drops the event | refused, `time_rounding` |
//! | a time of a day or hour that is none, `2020-02-30T…` | keeps the text | the same |
//! | a time without offset | takes it for UTC (on a server in UTC) | the same |
//! | a time in any other form: `20240101`, `+0100`, offsets beyond 14 hours | guesses | refused, `time_form` |
//! | a time outside of the years 1 to 9999 in UTC | drops the event | refused, `time_range` |
//! | a transaction, source or destination without value, or that is no object | drops the document | refused, `pair` |
//! | … without type | drops the document | writes the value alone: the standard allows it |
//! | … whose type stands behind its value | writes it behind | writes it before: order of members says nothing in JSON |
//! | … with more members | the first two count | type and value count |
//! | a member beside one called `source`, `destination` or `bizTransaction` | is not sorted | is sorted |
//! | `#text` that is no string | drops the event | refused, `text` |
//! | an object among `childEPCs` | loses its members | they count |
//! | a word such as `receiving` outside the vocabulary's fields | replaces it when the document also uses it as vocabulary | never replaces it: no other event may change an event's hash |
//! | `cbv:…` or `gs1:…` in a vocabulary's field, undeclared | keeps it | makes it a web URI: the standard's own context declares both |
//! | a prefix that the context defines in the long form (`{"@id": …}`) | drops the document | is a prefix |
//! | `@context` of an event | is an element of the event, defines nothing | defines prefixes, is no element |
mod fault;
mod node;
mod number;
mod order;
mod part;
mod text;
mod write;

use json::{Bump, Object};
use sha256::digest_many;

pub(crate) use part::{Composer, Piece, PrehashPart};
pub(crate) use text::write_time_in_utc;

use crate::context::Context;
use crate::document::read_document;
use crate::problem::Problem;

/// Pre-hash strings that are hashed together: enough to fill sixteen lanes, few enough to stay in cache.
const CHUNK_EVENTS: usize = 64;

/// Definitions in the contexts of an event, and fields that a document wants ignored: each name of the event
/// is looked up among them.
const DEFINITIONS_MAX: usize = 1_000;
const IGNORED_FIELDS_MAX: usize = 1_000;

/// Appends the pre-hash string of an event; at an error, what is appended is of no use. The arena is free
/// to be reset afterwards.
///
/// # Errors
/// A [`Problem`], its pointer relative to the event: the event has no type or no time; the reference
/// implementation would drop it, round a number or guess at a time; or a limit is passed.
pub fn write_prehash<'a>(
    event: &'a Object<'a>,
    context: &Context<'a>,
    ignored_fields: &[&str],
    arena: &'a Bump,
    out: &mut String,
) -> Result<(), Problem> {
    let missing =
        |pointer, what| Problem::of_document(pointer, "required", format!("the event has no {what}"));
    let type_name = event.get("type").and_then(json::Value::as_str);
    let type_name = type_name.ok_or_else(|| missing("/type", "type"))?;
    if event.get("eventTime").is_none() {
        return Err(missing("/eventTime", "time"));
    }
    check_limits(context, ignored_fields)?;
    node::children_of_event(event, context, ignored_fields, arena)
        .and_then(|children| write::write_event(type_name, children, arena, out))
        .map_err(|fault| fault.into_problem(event))
}

/// Whether the contexts of an event and the fields to be ignored are few enough.
pub(crate) fn check_limits(context: &Context<'_>, ignored_fields: &[&str]) -> Result<(), Problem> {
    if context.definition_count() > DEFINITIONS_MAX {
        let message = format!("contexts have at most {DEFINITIONS_MAX} definitions");
        return Err(Problem::of_document("", "context_too_large", message));
    }
    if ignored_fields.len() > IGNORED_FIELDS_MAX {
        let message = format!("at most {IGNORED_FIELDS_MAX} fields can be ignored");
        return Err(Problem::of_document("", "too_many_ignored_fields", message));
    }
    Ok(())
}

/// `ni:///sha-256;<hex>?ver=CBV2.0`
#[must_use]
pub fn event_hash_id_uri(hash: &[u8; 32]) -> String {
    let mut uri = String::with_capacity(EVENT_HASH_ID_BYTES);
    write_event_hash_id_uri(hash, &mut uri);
    uri
}

/// Bytes of an event hash id as a URI.
pub const EVENT_HASH_ID_BYTES: usize = 89;

/// Appends [`event_hash_id_uri`].
pub fn write_event_hash_id_uri(hash: &[u8; 32], out: &mut String) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 64];
    for (pair, byte) in hex.as_chunks_mut().0.iter_mut().zip(hash) {
        *pair = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 0xf)]];
    }
    out.extend(["ni:///sha-256;", std::str::from_utf8(&hex).unwrap_or_default(), "?ver=CBV2.0"]);
}

/// The pre-hash string of each event of a document, in order.
///
/// # Errors
/// Every problem: of the document, or of each event whose pre-hash string cannot be made.
pub fn event_prehashes(body: &[u8]) -> Result<Vec<String>, Vec<Problem>> {
    let mut all = Vec::new();
    each_chunk(body, |prehashes| all.extend(prehashes.iter().map(|&prehash| prehash.to_owned())))?;
    Ok(all)
}

/// The event hash id of each event of a document, in order.
///
/// # Errors
/// As [`event_prehashes`].
pub fn event_hash_ids(body: &[u8]) -> Result<Vec<String>, Vec<Problem>> {
    let mut ids = Vec::new();
    let mut hashes = [[0; 32]; CHUNK_EVENTS];
    each_chunk(body, |prehashes| {
        let messages: Vec<&[u8]> = prehashes.iter().map(|prehash| prehash.as_bytes()).collect();
        let hashes = &mut hashes[..messages.len()];
        digest_many(&messages, hashes);
        ids.extend(hashes.iter().map(event_hash_id_uri));
    })?;
    Ok(ids)
}

/// Gives the pre-hash strings of a document to `take`, at most [`CHUNK_EVENTS`] at a time.
fn each_chunk(body: &[u8], mut take: impl FnMut(&[&str])) -> Result<(), Vec<Problem>> {
    let arena = Bump::new();
    let document = read_document(body, &arena).map_err(|problem| vec![problem])?;
    let ignored = document.ignored_fields();
    let mut problems = Vec::new();
    let (mut text, mut ends) = (String::new(), Vec::with_capacity(CHUNK_EVENTS));
    let (mut values, mut scratch) = (Bump::new(), Bump::new());
    let mut events = document.events();
    loop {
        text.clear();
        ends.clear();
        values.reset();
        let chunk = events.next(CHUNK_EVENTS, &values).map_err(|problem| vec![problem])?;
        if chunk.is_empty() {
            break;
        }
        for event in chunk {
            let context = document.context_of(&event);
            let written = write_prehash(event.object, &context, &ignored, &scratch, &mut text);
            problems.extend(written.err().map(|problem| document.locate(event.index, problem)));
            ends.push(text.len());
            scratch.reset();
        }
        let starts = std::iter::once(&0).chain(&ends);
        let prehashes: Vec<&str> = starts.zip(&ends).map(|(&from, &to)| &text[from..to]).collect();
        take(&prehashes);
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}
