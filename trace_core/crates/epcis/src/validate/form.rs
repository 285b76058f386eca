//! The forms that values have.

use std::collections::HashSet;

use json::Value;

use super::shape::Shape;
use super::{Path, Report};
use crate::time::{parse_any_time, parse_offset, parse_time};
use crate::vocabulary::is_same;

/// Characters of the input that a message quotes at most.
const QUOTED_CHARACTERS_MAX: usize = 80;

/// What a value may be.
pub(super) enum Form {
    Text,
    Uri,
    Time,
    Offset,
    Decimal,
    Boolean,
    HexBinary,
    Uom,
    Version,
    Action,
    Context,
    /// A word of a vocabulary by its short name, or another URI; with what makes names short.
    Word(&'static [&'static str], fn(&str) -> &str),
    UriOrUris,
    DistinctUris,
    List(&'static Form),
    FilledList(&'static Form),
    Object(&'static Shape),
}

impl Report {
    pub(super) fn value(&mut self, value: Value<'_>, form: &Form, path: &Path<'_>) {
        match (form, value) {
            (Form::Object(shape), Value::Object(object)) => self.object(object, shape, path),
            (Form::Object(_), _) => self.error(path, "type", "expected an object"),
            (Form::FilledList(_), Value::Array([])) => {
                self.error(path, "min_items", "expected one element or more");
            }
            (Form::List(form) | Form::FilledList(form), Value::Array(elements)) => {
                self.elements(elements, form, path);
            }
            // JSON-LD has one element and a list of one element mean the same.
            (Form::List(form @ Form::Object(_)), Value::Object(_)) => self.value(value, form, path),
            (Form::DistinctUris, Value::Array(elements)) => {
                self.elements(elements, &Form::Uri, path);
                self.distinct(elements, path);
            }
            (Form::UriOrUris, Value::Array(elements)) => self.elements(elements, &Form::Uri, path),
            (Form::List(_) | Form::FilledList(_) | Form::DistinctUris, _) => {
                self.error(path, "type", "expected an array");
            }
            (Form::Context, Value::String(_) | Value::Object(_))
            | (Form::Decimal | Form::Version, Value::Number(_))
            | (Form::Boolean, Value::Bool(_)) => (),
            (Form::Context, Value::Array(parts)) => self.context_parts(parts, path),
            (Form::Context, _) => self.error(path, "type", "expected a URI, an object or an array of those"),
            (Form::Decimal, _) => self.error(path, "type", "expected a number"),
            (Form::Boolean, _) => self.error(path, "type", "expected true or false"),
            (form, Value::String(text)) => self.text(text, form, path),
            _ => self.error(path, "type", "expected a string"),
        }
    }

    fn elements(&mut self, elements: &[Value<'_>], form: &Form, path: &Path<'_>) {
        for (index, element) in elements.iter().enumerate() {
            self.value(*element, form, &path.index(index));
        }
    }

    fn distinct(&mut self, elements: &[Value<'_>], path: &Path<'_>) {
        let mut seen = HashSet::with_capacity(elements.len());
        for (index, text) in elements.iter().enumerate() {
            if text.as_str().is_some_and(|text| !seen.insert(text)) {
                self.error(&path.index(index), "unique", "stands in the list twice");
            }
        }
    }

    fn context_parts(&mut self, parts: &[Value<'_>], path: &Path<'_>) {
        for (index, part) in parts.iter().enumerate() {
            if !matches!(part, Value::String(_) | Value::Object(_)) {
                self.error(&path.index(index), "type", "expected a URI or an object");
            }
        }
    }

    fn text(&mut self, text: &str, form: &Form, path: &Path<'_>) {
        let (holds, code, expected) = match form {
            Form::Text => return,
            Form::Uri | Form::UriOrUris => (is_uri(text), "format", "a URI"),
            Form::Time => match parse_time(text) {
                Some(_) => return,
                None if parse_any_time(text).is_some() && has_offset(text) => {
                    (false, "time_range", "a time of the years 1970 to 2100")
                }
                None => (false, "format", "a time with an offset, as 2024-05-17T12:00:00+02:00"),
            },
            Form::Offset => (is_offset(text), "format", "an offset from UTC, as +02:00"),
            Form::HexBinary => (
                !text.is_empty() && text.bytes().all(|b| b.is_ascii_hexdigit()),
                "format",
                "hexadecimal digits",
            ),
            Form::Uom => (is_uom(text), "format", "a unit of UN/ECE Rec 20, as KGM"),
            Form::Version => (is_version(text), "format", "a version, as 2.0"),
            Form::Action => (matches!(text, "ADD" | "OBSERVE" | "DELETE"), "enum", "ADD, OBSERVE or DELETE"),
            Form::Word(words, short) => (
                is_word(text, words, *short),
                "enum",
                "a word of the standard's vocabulary, or a URI of another",
            ),
            _ => (false, "type", "another type than a string"),
        };
        if !holds {
            self.error(path, code, format!("{} is not {expected}", quote(text)));
        }
    }
}

/// The text in quotes, cut short.
pub(super) fn quote(text: &str) -> String {
    let mut cut: String = text.chars().take(QUOTED_CHARACTERS_MAX).collect();
    if cut.len() < text.len() {
        cut.push('…');
    }
    format!("“{cut}”")
}

/// A scheme or prefix, a colon, something more, and none of the characters that RFC 3986 leaves out.
pub(crate) fn is_uri(text: &str) -> bool {
    let bytes = text.as_bytes();
    let scheme = bytes.iter().take_while(|&&byte| URI_BYTES[usize::from(byte)] & SCHEME != 0).count();
    let Some((b':', rest)) = bytes[scheme..].split_first() else { return false };
    if rest.is_empty() || !bytes[0].is_ascii_alphabetic() {
        return false;
    }
    let classes = rest.iter().fold(0, |all, &byte| all | URI_BYTES[usize::from(byte)]);
    classes & LEFT_OUT == 0
        && (classes & BEYOND_ASCII == 0 || !text.contains(|c: char| c.is_control() || c.is_whitespace()))
}

const SCHEME: u8 = 1;
const LEFT_OUT: u8 = 2;
const BEYOND_ASCII: u8 = 4;
/// What each byte may be in a URI.
const URI_BYTES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    loop {
        classes[byte as usize] = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'+' | b'-' | b'.' | b'_' => SCHEME,
            0..=b' ' | 0x7f | b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' => LEFT_OUT,
            0x80.. => BEYOND_ASCII,
            _ => 0,
        };
        if byte == u8::MAX {
            break classes;
        }
        byte += 1;
    }
};

fn is_word(text: &str, words: &[&str], short: fn(&str) -> &str) -> bool {
    let word = short(text);
    if words.iter().any(|known| is_same(known, word)) {
        return true;
    }
    // A word that claims to be the standard's and is not, is not; but GS1's web vocabulary grows.
    let claims = word.len() < text.len() || text.starts_with("urn:epcglobal:cbv:");
    let claims = claims && !text.starts_with("gs1:");
    !claims && is_uri(text)
}

fn is_offset(text: &str) -> bool {
    text.len() == 6 && parse_offset(text.as_bytes()).is_some()
}

fn has_offset(text: &str) -> bool {
    text.ends_with('Z') || text.get(19..).is_some_and(|tail| tail.contains(['+', '-']))
}

pub(crate) fn is_uom(text: &str) -> bool {
    matches!(text.len(), 2 | 3) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

fn is_version(text: &str) -> bool {
    text.split('.').all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
}
