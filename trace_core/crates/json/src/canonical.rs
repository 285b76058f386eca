//! RFC 8785 (JCS): one text for each value. Numbers keep all their digits (see `number`).

use std::borrow::Cow;
use std::cmp::Ordering;

use crate::number::write_number;
use crate::plain::plain_run;
use crate::value::{Member, Value};

/// Appends the canonical text of a value: no white space, members sorted by UTF-16 code units,
/// shortest escapes. Two values get one text exactly when they are equal as JSON values.
/// Cost: one pass, and a sort for each object whose members are not in order yet.
pub fn write_canonical(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(literal) => write_number(literal, out),
        Value::String(text) => write_canonical_string(text, out),
        Value::Array(elements) => {
            out.push(b'[');
            for (index, &element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_canonical(element, out);
            }
            out.push(b']');
        }
        Value::Object(object) => write_object(object.members, out),
    }
}

/// Members in canonical order: by the UTF-16 code units of their names (RFC 8785 §3.2.3).
#[must_use]
pub fn sorted_members<'m, 'a>(members: &'m [Member<'a>]) -> Cow<'m, [Member<'a>]> {
    if members.is_sorted_by(|a, b| order_utf16(a.name, b.name) == Ordering::Less) {
        return Cow::Borrowed(members);
    }
    let mut sorted = members.to_vec();
    sorted.sort_unstable_by(|a, b| order_utf16(a.name, b.name));
    Cow::Owned(sorted)
}

fn write_object(members: &[Member<'_>], out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, member) in sorted_members(members).iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_canonical_string(member.name, out);
        out.push(b':');
        write_canonical(member.value, out);
    }
    out.push(b'}');
}

/// Where a member stands before another: the order of UTF-16 code units (RFC 8785 §3.2.3), read off UTF-8: it is the order of bytes but for characters
/// beyond U+FFFF, whose surrogates (D800…DFFF) stand before U+E000…U+FFFF.
#[must_use]
pub fn order_utf16(a: &str, b: &str) -> Ordering {
    let place = |byte: u8| match byte {
        0xf0.. => 0xee,
        0xee | 0xef => byte + 1,
        _ => byte,
    };
    let first_difference = a.bytes().zip(b.bytes()).find(|(x, y)| x != y);
    match first_difference {
        Some((x, y)) => place(x).cmp(&place(y)).then(x.cmp(&y)),
        None => a.len().cmp(&b.len()),
    }
}

/// Appends a string with its quotes, escaped as RFC 8785 §3.2.2.2 says.
pub fn write_canonical_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let run = plain_run(rest);
        out.extend_from_slice(&rest[..run]);
        let Some(&special) = rest.get(run) else { break };
        write_escape(special, out);
        rest = &rest[run + 1..];
    }
    out.push(b'"');
}

fn write_escape(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x09 => b't',
        0x0a => b'n',
        0x0c => b'f',
        0x0d => b'r',
        _ => {
            let hex = |nibble: u8| b"0123456789abcdef"[usize::from(nibble & 0xf)];
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte)]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends `/` and one reference token of a JSON pointer, escaped as RFC 6901 §3 says.
pub fn write_pointer_token(token: &str, out: &mut String) {
    out.push('/');
    if !token.bytes().any(|byte| matches!(byte, b'~' | b'/')) {
        return out.push_str(token);
    }
    for character in token.chars() {
        match character {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            _ => out.push(character),
        }
    }
}
