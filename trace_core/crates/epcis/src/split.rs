//! One document as several smaller ones, for clients that send it in parts.

use json::{Bump, Value, write_canonical, write_canonical_string};

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
    if document.is_bare() || document.events.len() <= events_max.max(1) {
        return Ok(vec![body.to_vec()]);
    }
    let mut header = vec![b'{'];
    for member in document.root.members.iter().filter(|member| member.name != "epcisBody") {
        write_canonical_string(member.name, &mut header);
        header.push(b':');
        // A part of query results is a document of events like any other.
        let value = if member.name == "type" { Value::String("EPCISDocument") } else { member.value };
        write_canonical(value, &mut header);
        header.push(b',');
    }
    header.extend_from_slice(b"\"epcisBody\":{\"eventList\":[");
    let part = |events: &[crate::RawEvent<'_>]| {
        let mut part = header.clone();
        for (n, event) in events.iter().enumerate() {
            if n > 0 {
                part.push(b',');
            }
            part.extend_from_slice(event.object.source.as_bytes());
        }
        part.extend_from_slice(b"]}}");
        part
    };
    Ok(document.events.chunks(events_max.max(1)).map(part).collect())
}
