//! One document as several smaller ones, for clients that send it in parts.

use json::{Bump, Object, Value, write_canonical, write_canonical_string};

use crate::document::read_document;
use crate::problem::Problem;

/// Documents with at most `events_max` of the events each, in order, every event to the byte as it came.
/// All but the list of events is in each of them. A bare event, or a document that is small enough, is
/// given back as it is.
///
/// # Errors
/// As [`read_document`].
pub fn split_document(body: &[u8], events_max: usize) -> Result<Vec<Vec<u8>>, Problem> {
    let arena = Bump::new();
    let document = read_document(body, &arena)?;
    if document.is_bare() {
        return Ok(vec![body.to_vec()]);
    }
    let (mut events, mut values) = (document.events(), Bump::new());
    let mut parts = Vec::new();
    let header = header_of(document.root);
    loop {
        values.reset();
        let chunk = events.next(events_max.max(1), &values)?;
        if chunk.is_empty() {
            return Ok(if parts.len() > 1 { parts } else { vec![body.to_vec()] });
        }
        let mut part = header.clone();
        for (n, event) in chunk.iter().enumerate() {
            if n > 0 {
                part.push(b',');
            }
            part.extend_from_slice(event.object.source.as_bytes());
        }
        part.extend_from_slice(b"]}}");
        parts.push(part);
    }
}

/// All but the list of events, up to where its first event stands.
fn header_of(root: &Object<'_>) -> Vec<u8> {
    let mut header = vec![b'{'];
    for member in root.members.iter().filter(|member| member.name != "epcisBody") {
        write_canonical_string(member.name, &mut header);
        header.push(b':');
        // A part of query results is a document of events like any other.
        let value = if member.name == "type" { Value::String("EPCISDocument") } else { member.value };
        write_canonical(value, &mut header);
        header.push(b',');
    }
    header.extend_from_slice(b"\"epcisBody\":{\"eventList\":[");
    header
}
