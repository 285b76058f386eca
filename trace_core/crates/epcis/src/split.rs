//! One document as several smaller ones, for clients that send it in parts; or with signatures for its events.

use json::{Bump, Value, write_canonical, write_canonical_string};

use crate::document::{Document, read_document};
use crate::lines::DOCUMENT_START;
use crate::problem::Problem;
use crate::signature_list::{other_members, write_signature_list};

/// Documents with at most `events_max` of the events each, in order, every event to the byte as it came, with its
/// signature where it has one. All but the list of events is in each of them. A bare event, or a document that is
/// small enough, is given back as it is.
///
/// # Errors
/// As [`read_document`] and [`Document::signature_list`].
pub fn split_document(body: &[u8], events_max: usize) -> Result<Vec<Vec<u8>>, Problem> {
    let arena = Bump::new();
    let document = read_document(body, &arena)?;
    if document.is_bare() {
        return Ok(vec![body.to_vec()]);
    }
    let signatures = document.signature_list()?;
    let (mut events, mut values) = (document.events(), Bump::new());
    let mut parts = Vec::new();
    let header = header_of(&document);
    loop {
        values.reset();
        let chunk = events.next(events_max.max(1), &values)?;
        let Some(first) = chunk.first() else {
            return Ok(if parts.len() > 1 { parts } else { vec![body.to_vec()] });
        };
        let mut part = header.clone();
        write_events(chunk.iter().map(|event| event.object.source), &mut part);
        part.push(b'}');
        if let Some(signatures) = &signatures {
            let texts = (first.index..first.index + chunk.len()).map(|index| signatures.text(index));
            let texts = texts.collect::<Result<Vec<_>, _>>()?;
            write_signature_list(texts.into_iter(), &mut part);
        }
        part.push(b'}');
        parts.push(part);
    }
}

/// The document with these signatures for its events in their order, in place of those that it has. Every event is
/// to the byte as it came; a bare event is put into a document.
///
/// # Errors
/// As [`read_document`].
pub fn with_signatures(body: &[u8], signatures: &[Option<String>]) -> Result<Vec<u8>, Problem> {
    let arena = Bump::new();
    let document = read_document(body, &arena)?;
    let mut out = if document.is_bare() { DOCUMENT_START.to_vec() } else { header_of(&document) };
    let values = Bump::new();
    let events = document.events().next(usize::MAX, &values)?;
    write_events(events.iter().map(|event| event.object.source), &mut out);
    out.push(b'}');
    write_signature_list(signatures.iter().map(Option::as_deref), &mut out);
    out.push(b'}');
    Ok(out)
}

fn write_events<'e>(sources: impl Iterator<Item = &'e str>, out: &mut Vec<u8>) {
    for (n, source) in sources.enumerate() {
        if n > 0 {
            out.push(b',');
        }
        out.extend_from_slice(source.as_bytes());
    }
    out.push(b']');
}

/// All but the list of events, up to where its first event stands.
fn header_of(document: &Document<'_>) -> Vec<u8> {
    let mut header = vec![b'{'];
    for (name, value) in other_members(document.root, &document.context) {
        write_canonical_string(name, &mut header);
        header.push(b':');
        // A part of query results is a document of events like any other.
        let value = if name == "type" { Value::String("EPCISDocument") } else { value };
        write_canonical(value, &mut header);
        header.push(b',');
    }
    header.extend_from_slice(b"\"epcisBody\":{\"eventList\":[");
    header
}
