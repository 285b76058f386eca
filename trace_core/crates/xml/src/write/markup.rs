//! Tags, attributes and texts as bytes, always well-formed.

use super::refusal::{Written, refuse};
use crate::document::{ATTRIBUTES_MAX, DEPTH_MAX};

/// The XML is about so much longer than the JSON.
const GROWTH_PERCENT: usize = 130;
/// And at most so many times as long, beside a little: a long name of a list with many short elements, and a long
/// namespace of a short prefix, must not become a document without end.
const GROWTH_MAX: usize = 32;
const GROWTH_FREE_BYTES: usize = 1 << 20;

/// The document that is being made. Each element that is opened is closed by its own name.
pub(super) struct Markup {
    out: Vec<u8>,
    bytes_max: usize,
    depth: usize,
    /// The last tag still takes attributes.
    is_tag_open: bool,
    /// Those that it has.
    attributes: usize,
}

impl Markup {
    /// For a document whose JSON has so many bytes.
    pub(super) fn of_json(json_bytes: usize) -> Self {
        let mut out = Vec::with_capacity(json_bytes.saturating_mul(GROWTH_PERCENT) / 100);
        out.extend_from_slice(b"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
        let bytes_max = json_bytes.saturating_mul(GROWTH_MAX).saturating_add(GROWTH_FREE_BYTES);
        Self { out, bytes_max, depth: 0, is_tag_open: false, attributes: 0 }
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.out
    }

    /// Opens an element whose name is a `QName` already.
    ///
    /// # Errors
    /// Nested deeper than what is read again, or the document has become too large.
    pub(super) fn open(&mut self, name: &str) -> Written {
        self.close_tag();
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return refuse("depth", format!("elements would be nested deeper than {DEPTH_MAX}"));
        }
        self.check_size()?;
        self.out.push(b'<');
        self.out.extend_from_slice(name.as_bytes());
        self.is_tag_open = true;
        self.attributes = 0;
        Ok(())
    }

    /// An attribute of the element that was just opened, its name a `QName` already.
    ///
    /// # Errors
    /// A character that XML cannot hold, more attributes than are read again, or the document has become too large.
    pub(super) fn attribute(&mut self, name: &str, value: &str) -> Written {
        self.attributes += 1;
        if self.attributes > ATTRIBUTES_MAX {
            return refuse(
                "too_many_attributes",
                format!("an element would have more than {ATTRIBUTES_MAX}"),
            );
        }
        self.out.push(b' ');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"=\"");
        self.escaped(value, true)?;
        self.out.push(b'"');
        Ok(())
    }

    /// # Errors
    /// A character that XML cannot hold, or the document has become too large.
    pub(super) fn text(&mut self, text: &str) -> Written {
        if !text.is_empty() {
            self.close_tag();
        }
        self.escaped(text, false)
    }

    pub(super) fn close(&mut self, name: &str) {
        self.depth = self.depth.saturating_sub(1);
        if self.is_tag_open {
            self.out.extend_from_slice(b"/>");
            self.is_tag_open = false;
            return;
        }
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(name.as_bytes());
        self.out.push(b'>');
    }

    /// An element that holds what `content` writes.
    pub(super) fn element(&mut self, name: &str, content: impl FnOnce(&mut Self) -> Written) -> Written {
        self.open(name)?;
        content(self)?;
        self.close(name);
        Ok(())
    }

    /// An element that holds a text.
    pub(super) fn text_element(&mut self, name: &str, text: &str) -> Written {
        self.element(name, |out| out.text(text))
    }

    /// White space between elements, for people.
    pub(super) fn new_line(&mut self) {
        self.close_tag();
        self.out.push(b'\n');
    }

    fn close_tag(&mut self) {
        if self.is_tag_open {
            self.out.push(b'>');
            self.is_tag_open = false;
        }
    }

    fn check_size(&self) -> Written {
        if self.out.len() <= self.bytes_max {
            return Ok(());
        }
        refuse("xml_too_large", format!("the XML would be {GROWTH_MAX} times as long as the JSON"))
    }

    fn escaped(&mut self, text: &str, is_attribute: bool) -> Written {
        self.check_size()?;
        let mut rest = text;
        while let Some(at) = rest.find(|c| is_special(c, is_attribute)) {
            let (plain, behind) = rest.split_at(at);
            self.out.extend_from_slice(plain.as_bytes());
            let mut characters = behind.chars();
            let reference = match characters.next() {
                Some('&') => "&amp;",
                Some('<') => "&lt;",
                Some('>') => "&gt;",
                Some('"') => "&quot;",
                Some('\t') => "&#9;",
                Some('\n') => "&#10;",
                Some('\r') => "&#13;",
                other => {
                    let number = other.map_or(0, u32::from);
                    return refuse("character", format!("XML cannot hold the character U+{number:04X}"));
                }
            };
            self.out.extend_from_slice(reference.as_bytes());
            rest = characters.as_str();
        }
        self.out.extend_from_slice(rest.as_bytes());
        Ok(())
    }
}

/// Whether a character cannot stand there as it is. A reader makes a line feed of a carriage return, and spaces of
/// all white space in attributes.
fn is_special(character: char, is_attribute: bool) -> bool {
    match character {
        '&' | '<' | '>' | '\r' => true,
        '"' | '\t' | '\n' => is_attribute,
        _ => matches!(character, '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'),
    }
}

/// Whether a text can be the name of an element or attribute, without a prefix (`NCName`).
pub(super) fn is_name(text: &str) -> bool {
    let starts = |c: char| {
        matches!(c, 'A'..='Z' | '_' | 'a'..='z' | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}'
            | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
            | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
            | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
    };
    let goes_on = |c: char| {
        starts(c)
            || matches!(c, '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
    };
    text.starts_with(starts) && text.chars().all(goes_on)
}
