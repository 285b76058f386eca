//! Problems as JSON, for a job's answer and for the row of an event.

use epcis::{Problem, Severity};
use json::write_canonical_string;

/// A JSON array of `{"event_index","pointer","code","message","severity"}`. `event_index` is absent
/// where the document itself is wrong.
#[must_use]
pub fn problems_json<'p>(problems: impl IntoIterator<Item = &'p Problem>) -> Vec<u8> {
    let mut out = vec![b'['];
    for problem in problems {
        if out.len() > 1 {
            out.push(b',');
        }
        out.push(b'{');
        if let Some(index) = problem.event_index {
            out.extend_from_slice(format!("\"event_index\":{index},").as_bytes());
        }
        let severity = match problem.severity {
            Severity::Error => "error",
            Severity::Finding => "finding",
        };
        let members = [
            ("pointer", problem.pointer.as_str()),
            ("code", problem.code),
            ("message", &problem.message),
            ("severity", severity),
        ];
        for (index, (name, value)) in members.into_iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_canonical_string(name, &mut out);
            out.push(b':');
            write_canonical_string(value, &mut out);
        }
        out.push(b'}');
    }
    out.push(b']');
    out
}
