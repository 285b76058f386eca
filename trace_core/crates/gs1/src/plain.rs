//! Keys whose two forms are one: what an item is called, and what the event hash id has for it.
//!
//! The two differ in escapes, in a lot or variant beside a serial, and where the extension of a GLN says nothing; few
//! keys have any of these. Whoever needs both, and whether anything is wrong with the key, has them at one reading.

use crate::ai::{Ai, code};
use crate::canonical::{CANONICAL, has_form};
use crate::digital_link::{self, Link};
use crate::text::{Escaping, LITERAL};
use crate::urn;

/// Characters of the longest serial or lot of a GTIN.
const SERIAL_CHARACTERS_MAX: usize = 20;

/// Reads plain keys one after the other. Those in a list mostly differ in their serials, and what stands before these
/// need not be read again.
#[derive(Debug, Default)]
pub struct PlainKeys {
    /// The text of the last key of a GTIN, up to its serial or lot, and the name up to there.
    stem: String,
    name_stem: String,
    class_bytes: usize,
}

/// How a name is made up, in bytes.
struct Plain {
    /// Of the name of its class, if it has one.
    class: usize,
    /// Of a serial or lot of a GTIN, at the end of text and name.
    serial: Option<usize>,
}

impl PlainKeys {
    /// Appends the name of a key, which [`item_key`](crate::item_key) and [`write_canonical`](crate::write_canonical)
    /// agree on and of which [`findings`](crate::findings) has nothing to say; it tells no lot beside itself. Gives
    /// how much of it is the name of its class: nothing, where it has none. None, with nothing appended, for any other
    /// text.
    pub fn write(&mut self, text: &str, out: &mut String) -> Option<usize> {
        if let Some(serial) = text.strip_prefix(self.stem.as_str())
            && !self.stem.is_empty()
            && is_serial(serial)
        {
            out.push_str(&self.name_stem);
            out.push_str(serial);
            return Some(self.class_bytes);
        }
        let start = out.len();
        let Some(plain) = write(text, out) else {
            out.truncate(start);
            return None;
        };
        let name = &out[start..];
        if let Some(serial) = plain.serial
            && let Some(stem) = text.get(..text.len() - serial)
            && let Some(name_stem) = name.get(..name.len() - serial)
        {
            self.stem.clear();
            self.stem.push_str(stem);
            self.name_stem.clear();
            self.name_stem.push_str(name_stem);
            self.class_bytes = plain.class;
        }
        Some(plain.class)
    }
}

/// Whether a text is a serial or lot without escapes.
fn is_serial(text: &str) -> bool {
    (1..=SERIAL_CHARACTERS_MAX).contains(&text.len()) && is_literal(text)
}

/// At None, what is appended is of no use.
fn write(text: &str, out: &mut String) -> Option<Plain> {
    let start = out.len();
    let (ai, serial) = if text.starts_with("urn:") {
        let urn = urn::parse(text)?.ok().filter(|urn| urn.literals().iter().all(|text| is_literal(text)))?;
        out.push_str(CANONICAL);
        urn.push_path(out, Escaping::Exact);
        (out.get(start + CANONICAL.len()..)?.split('/').next()?.len(), urn.serial_of_gtin().map(str::len))
    } else {
        let link = digital_link::parse(text).filter(has_form)?;
        let qualifier = link.qualifiers().next();
        is_plain_link(text, &link).then_some(())?;
        out.extend([CANONICAL, link.key.code, "/", link.value]);
        if let Some((ai, value)) = qualifier {
            out.extend(["/", ai.code, "/", value]);
        }
        let is_serial =
            |ai: &Ai| link.key.number == code::GTIN && matches!(ai.number, code::SERIAL | code::LOT);
        (link.key.code.len(), qualifier.filter(|(ai, _)| is_serial(ai)).map(|(_, value)| value.len()))
    };
    let key = CANONICAL.len() + ai + 1;
    let name = &out[start..];
    let class = match name.get(CANONICAL.len()..CANONICAL.len() + ai)? {
        "01" | "8003" => Some(key + 14),
        "253" | "255" => Some(key + 13),
        "8010" => name.get(key..)?.find('/').map(|length| key + length),
        // Its class is named by another key.
        "8006" => return None,
        _ => None,
    };
    Some(Plain { class: class.filter(|class| *class < name.len()).unwrap_or(0), serial })
}

/// Whether all of a link is as it is printed, and right, with one qualifier at most.
fn is_plain_link(text: &str, link: &Link<'_>) -> bool {
    let is_literal_link = is_literal(link.value) && !text.bytes().any(|byte| matches!(byte, b'?' | b'#'));
    if !is_literal_link || !link.padding().is_empty() || link.key.check(link.value).is_err() {
        return false;
    }
    let mut qualifiers = link.qualifiers();
    let is_plain = qualifiers.next().is_none_or(|(ai, value)| {
        let differs = ai.number == code::VARIANT || (ai.number == code::GLN_EXTENSION && value == "0");
        !differs && is_literal(value) && ai.check(value).is_ok()
    });
    is_plain && qualifiers.next().is_none()
}

/// Whether a value is written as it is in either form.
fn is_literal(value: &str) -> bool {
    LITERAL.holds_all(value)
}
