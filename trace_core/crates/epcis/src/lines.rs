//! Bare events, one a line (NDJSON), as the document that they stand for.

use crate::problem::Problem;
use crate::signature_list::write_signature_list;

/// A document of bare events, up to where the first one stands.
pub(crate) const DOCUMENT_START: &[u8] = br#"{"@context":[],"type":"EPCISDocument","schemaVersion":"2.0","creationDate":"1970-01-01T00:00:00Z","epcisBody":{"eventList":["#;
/// What an event begins with that brings no context of its own.
const STANDARD: &[u8] = br#"{"@context":"https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld","#;
const CONTEXT_NAME: &[u8] = b"@context";

/// An `EPCISDocument` whose list has the event of each line; empty lines are left out. An event that brings no
/// context has the standard's. A line that is a text is the signature of the event before it. Cost: one pass and one
/// copy.
///
/// # Errors
/// A [`Problem`] with the place in the list of the first line that is not one object by itself, nor the one signature
/// behind one; what is in the object is not looked at.
pub fn document_of_lines(lines: &[u8]) -> Result<Vec<u8>, Problem> {
    let mut document = Vec::with_capacity(DOCUMENT_START.len() + lines.len() + 3);
    document.extend_from_slice(DOCUMENT_START);
    let mut index = 0_usize;
    let mut signatures: Vec<(usize, &str)> = Vec::new();
    for (number, line) in (1_usize..).zip(lines.split(|byte| *byte == b'\n')) {
        let event = line.trim_ascii();
        if event.is_empty() {
            continue;
        }
        if let Some(signature) = plain_text(event)
            && let Some(signed) = index.checked_sub(1)
            && signatures.last().is_none_or(|(last, _)| *last != signed)
        {
            signatures.push((signed, signature));
            continue;
        }
        let Some(has_context) = scan_object(event) else {
            let message = format!("line {number} is not one JSON object");
            return Err(Problem {
                event_index: Some(index),
                ..Problem::of_document(format!("/epcisBody/eventList/{index}"), "syntax", message)
            });
        };
        if index > 0 {
            document.push(b',');
        }
        match event.strip_prefix(b"{") {
            Some(members) if !has_context => {
                document.extend_from_slice(STANDARD);
                document.extend_from_slice(members);
            }
            _ => document.extend_from_slice(event),
        }
        index += 1;
    }
    document.extend_from_slice(b"]}");
    if !signatures.is_empty() {
        let mut signatures = signatures.into_iter().peekable();
        let of_event = |index| signatures.next_if(|(signed, _)| *signed == index).map(|(_, text)| text);
        write_signature_list((0..index).map(of_event), &mut document);
    }
    document.push(b'}');
    Ok(document)
}

/// What a text in JSON says that has no escapes, as signatures are.
fn plain_text(line: &[u8]) -> Option<&str> {
    let inner = line.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    let is_plain = inner.iter().all(|byte| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\'));
    std::str::from_utf8(inner).ok().filter(|_| is_plain)
}

/// Whether an object brings its own context; an empty one needs none. None where the bracket that the text begins
/// with is not closed by its last byte, or before: nothing that stands in a line may reach out of its place in the
/// list.
fn scan_object(text: &[u8]) -> Option<bool> {
    let (mut open, mut text_from, mut is_escaped) = (0_usize, None, false);
    let mut has_context = text.get(1..)?.trim_ascii_start().starts_with(b"}");
    for (at, byte) in text.iter().enumerate() {
        let Some(from) = text_from else {
            match byte {
                b'"' => text_from = Some(at + 1),
                b'{' | b'[' => open += 1,
                b'}' | b']' if open == 1 => {
                    return (*byte == b'}' && at + 1 == text.len()).then_some(has_context);
                }
                b'}' | b']' => open = open.saturating_sub(1),
                _ => (),
            }
            if open == 0 {
                return None;
            }
            continue;
        };
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => {
                let is_name =
                    || text.get(at + 1..).is_some_and(|rest| rest.trim_ascii_start().starts_with(b":"));
                has_context |= open == 1 && text.get(from..at) == Some(CONTEXT_NAME) && is_name();
                text_from = None;
            }
            _ => (),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::{Bump, read};

    fn list_of(lines: &str) -> Result<usize, String> {
        let document = document_of_lines(lines.as_bytes()).map_err(|problem| problem.message)?;
        let arena = Bump::new();
        let document = crate::read_document(&document, &arena).map_err(|problem| problem.message)?;
        let events = document.events().next(100, &arena).map_err(|problem| problem.message)?;
        Ok(events.len())
    }

    #[test]
    fn lines_of_objects_are_a_list_of_them() {
        assert_eq!(list_of(""), Ok(0));
        assert_eq!(list_of("\n \r\n"), Ok(0));
        assert_eq!(list_of("{}"), Ok(1));
        assert_eq!(list_of("{\"a\":\"}\\\"]\"}\r\n\n\t{\"b\":[{}]} \n"), Ok(2));
    }

    #[test]
    fn event_has_its_own_context_or_the_standards() {
        for (line, has_context) in [
            ("{\"a\":1}", false),
            ("{\"a\":{\"@context\":1}}", false),
            ("{\"a\":\"@context\"}", false),
            ("{\"a\":1,\"@context\" :[]}", true),
            ("{ }", true),
        ] {
            assert_eq!(scan_object(line.as_bytes()), Some(has_context), "{line}");
            assert_eq!(list_of(line), Ok(1), "{line}");
        }
    }

    #[test]
    fn line_that_is_not_one_object_is_named() {
        for hostile in ["[]", "1", "{},{}", "{}]}}", "{}{}", "{", "{]", "}{", "{\"a\":\"}", "null"] {
            assert_eq!(
                list_of(&format!("{{}}\n\n{hostile}\n")),
                Err("line 3 is not one JSON object".into()),
                "{hostile}"
            );
        }
    }

    #[test]
    fn line_that_is_a_text_signs_the_event_before_it() {
        let document =
            document_of_lines(b"{\"a\":1}\n\"jws=a..b\"\n\n{\"b\":2}\n{\"c\":3}\n \"cose=c\" \r\n");
        let (document, arena) = (document.expect("lines"), Bump::new());
        let document = crate::read_document(&document, &arena).expect("a document");
        assert_eq!(document.events().next(9, &arena).expect("events").len(), 3);
        let list = document.signature_list().expect("a list").expect("signatures");
        let texts: Vec<_> = (0..4).map(|index| list.text(index)).collect();
        assert_eq!(texts, [Ok(Some("jws=a..b")), Ok(None), Ok(Some("cose=c")), Ok(None)]);
    }

    #[test]
    fn text_that_signs_nothing_is_named() {
        for (hostile, number) in [
            ("\"jws=\"\n{}", 1),
            ("{}\n\"a\"\n\"b\"", 3),
            ("{}\n\"a\\u0062\"", 2),
            ("{}\n\"a\",\"b\"", 2),
            ("{}\n\"", 2),
        ] {
            let refused = list_of(hostile);
            assert_eq!(refused, Err(format!("line {number} is not one JSON object")), "{hostile}");
        }
    }

    proptest::proptest! {
        #[test]
        fn line_is_taken_alone_exactly_where_it_is_one_object(line in "[{}\\[\\]\",:\\\\a ]{0,9}") {
            let arena = Bump::new();
            let is_object = read(line.as_bytes(), &arena).is_ok_and(|value| value.as_object().is_some());
            let listed = list_of(&line);
            // What is no JSON may get past the brackets; then the list is not read, either.
            proptest::prop_assert_eq!(listed == Ok(1), is_object);
            proptest::prop_assert!(listed != Ok(2));
        }
    }
}
