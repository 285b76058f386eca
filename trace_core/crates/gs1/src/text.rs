//! Characters: the sets that values are made of, and their percent-encoding in URNs and Digital Links.

use std::borrow::Cow;

use crate::Finding;

/// A set of bytes, as one bit of the table below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Set(u16);

/// `0`–`9`.
pub(crate) const DIGITS: Set = Set(1);
/// CSET 82, the characters of most serials and lots (GS1 General Specifications, figure 7.11-1).
pub(crate) const CSET82: Set = Set(2);
/// CSET 39, the characters of component and part identifiers (figure 7.11-2).
pub(crate) const CSET39: Set = Set(4);
/// CSET 64, the file-safe base64 of RFC 4648 §5 with its padding.
pub(crate) const CSET64: Set = Set(8);
/// What a URI never has to escape (RFC 3986 §2.3).
pub(crate) const UNRESERVED: Set = Set(16);
/// What an EPC URN may carry unescaped (EPC Tag Data Standard §6.3, `<GS3A3Char>` without escapes).
pub(crate) const URN_LITERAL: Set = Set(32);
/// What stays as it is in the hash's form, escapes among it: the CBV escapes the rest of CSET 82.
pub(crate) const HASH_LITERAL: Set = Set(64);

/// What is written as it is in either form: in [`UNRESERVED`] and in [`HASH_LITERAL`].
pub(crate) const LITERAL: Set = Set(512);

/// What a URI may hold (RFC 3986 §2).
pub(crate) const URI: Set = Set(128);
/// What the domain of a Digital Link may hold, with its port.
pub(crate) const DOMAIN: Set = Set(256);

/// For each byte the sets that hold it.
static SETS: [u16; 256] = sets();

const fn sets() -> [u16; 256] {
    let mut table = [0; 256];
    let mut byte = 0u8;
    while byte < 128 {
        let alphanumeric = byte.is_ascii_alphanumeric();
        let mut bits = 0;
        if byte.is_ascii_digit() {
            bits |= DIGITS.0;
        }
        if alphanumeric || matches!(byte, b'!' | b'"' | b'%'..=b'/' | b':'..=b'?' | b'_') {
            bits |= CSET82.0;
        }
        if byte.is_ascii_digit() || byte.is_ascii_uppercase() || matches!(byte, b'#' | b'-' | b'/') {
            bits |= CSET39.0;
        }
        if alphanumeric || matches!(byte, b'-' | b'_' | b'=') {
            bits |= CSET64.0;
        }
        if alphanumeric || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            bits |= UNRESERVED.0;
        }
        if alphanumeric || matches!(byte, b'!' | b'\''..=b'.' | b':' | b';' | b'=' | b'_') {
            bits |= URN_LITERAL.0;
        }
        if alphanumeric || matches!(byte, b'"' | b'%' | b'\'' | b'-' | b'.' | b';'..=b'?' | b'_') {
            bits |= HASH_LITERAL.0;
        }
        if bits & UNRESERVED.0 != 0 && bits & HASH_LITERAL.0 != 0 {
            bits |= LITERAL.0;
        }
        let is_reserved = matches!(byte, b'!' | b'#'..=b'/' | b':' | b';' | b'=' | b'?' | b'@' | b'[' | b']');
        if alphanumeric || is_reserved || matches!(byte, b'_' | b'~') {
            bits |= URI.0;
        }
        if alphanumeric || matches!(byte, b'-' | b'.' | b':' | b'[' | b']') {
            bits |= DOMAIN.0;
        }
        table[byte as usize] = bits;
        byte += 1;
    }
    table
}

impl Set {
    /// Whether the set holds the byte.
    pub(crate) fn holds(self, byte: u8) -> bool {
        SETS[usize::from(byte)] & self.0 != 0
    }

    /// Whether the set holds every byte of the text.
    pub(crate) fn holds_all(self, text: &str) -> bool {
        // Without a way out: texts are short, and most are held whole.
        text.bytes().fold(self.0, |all, byte| all & SETS[usize::from(byte)]) != 0
    }
}

/// The text before and after the first of this ASCII byte. For short texts a plain loop is three times as fast as
/// `str::split_once`.
pub(crate) fn split_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().position(|other| other == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// The same for the last of this byte.
pub(crate) fn rsplit_once(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = text.bytes().rposition(|other| other == byte)?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

/// How many characters `text` stands for, its escapes decoded.
///
/// # Errors
/// `Character` where a character is not in `set`, a literal one not in `literal`, or an escape is broken.
pub(crate) fn measure(text: &str, set: Set, literal: Set) -> Result<usize, Finding> {
    let mut bytes = text.bytes();
    let mut length = 0;
    while let Some(byte) = bytes.next() {
        let fits = if byte == b'%' {
            hex_pair(bytes.next(), bytes.next()).is_some_and(|decoded| set.holds(decoded))
        } else {
            set.holds(byte) && literal.holds(byte)
        };
        if !fits {
            return Err(Finding::Character);
        }
        length += 1;
    }
    Ok(length)
}

/// The byte of an escape's two hexadecimal digits.
fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// The value that `text` stands for, in a URI's path; borrowed where it holds no escape.
///
/// # Errors
/// `Character` for a broken escape, or one of a byte that no value may hold.
pub(crate) fn decode(text: &str) -> Result<Cow<'_, str>, Finding> {
    if !text.as_bytes().contains(&b'%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        decoded.push_str(before);
        let mut bytes = after.bytes();
        let byte = hex_pair(bytes.next(), bytes.next()).filter(u8::is_ascii_graphic);
        decoded.push(char::from(byte.ok_or(Finding::Character)?));
        rest = after.get(2..).ok_or(Finding::Character)?;
    }
    decoded.push_str(rest);
    Ok(Cow::Owned(decoded))
}

/// Appends a value, escaped but for the characters of `literal`.
pub(crate) fn push_value(out: &mut String, value: &str, literal: Set) {
    if literal.holds_all(value) {
        return out.push_str(value);
    }
    for byte in value.bytes() {
        push_byte(out, byte, literal);
    }
}

/// How a value is written into a canonical URI.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escaping {
    /// As the CBV event hash has it: escapes stay as they came.
    Hash,
    /// One spelling for one value: decoded, then everything but RFC 3986's unreserved characters escaped.
    Exact,
}

/// Appends a value that may hold escapes, each whole as [`measure`] has found it.
pub(crate) fn push_escaped(out: &mut String, text: &str, escaping: Escaping) {
    match escaping {
        Escaping::Hash => push_value(out, text, HASH_LITERAL),
        Escaping::Exact => push_value(out, &decode(text).unwrap_or_default(), UNRESERVED),
    }
}

/// Appends one byte, escaped unless it is literal.
fn push_byte(out: &mut String, byte: u8, literal: Set) {
    if literal.holds(byte) {
        return out.push(char::from(byte));
    }
    let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0').to_ascii_uppercase();
    out.extend(['%', hex(byte >> 4), hex(byte & 15)]);
}
