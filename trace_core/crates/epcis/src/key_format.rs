//! An event with its GS1 keys in the form that a reader wishes (`GS1-EPC-Format` of the REST bindings).

use json::{Object, Value, write_canonical_string};

use crate::validate::may_hold_keys;

/// A form of GS1 keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFormat {
    /// `https://id.gs1.org/…`
    DigitalLink,
    /// `urn:epc:…`, as far as EPC has a URN for the key.
    Urn,
}

/// Appends the event as JSON, members in their order, numbers as they were written, and every GS1 key in one
/// form. A key stays as it is where it is none, where it is wrong, or where it has no such form; the event hash id
/// stays the same.
///
/// A URN says how long the company prefix is and a Digital Link does not: `prefix_digits` is asked, with the
/// digits of the key from the prefix on. Cost: one pass.
pub fn write_with_keys(
    event: &Object<'_>,
    format: KeyFormat,
    prefix_digits: &mut dyn FnMut(&str) -> Option<usize>,
    out: &mut Vec<u8>,
) {
    Writer { format, prefix_digits, out }.object(event, true);
}

struct Writer<'w> {
    format: KeyFormat,
    prefix_digits: &'w mut dyn FnMut(&str) -> Option<usize>,
    out: &'w mut Vec<u8>,
}

impl Writer<'_> {
    fn object(&mut self, object: &Object<'_>, may_hold: bool) {
        self.out.push(b'{');
        for (index, member) in object.members.iter().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            write_canonical_string(member.name, self.out);
            self.out.push(b':');
            self.value(member.value, may_hold && may_hold_keys(member.name));
        }
        self.out.push(b'}');
    }

    fn value(&mut self, value: Value<'_>, may_hold: bool) {
        match value {
            Value::Null => self.out.extend_from_slice(b"null"),
            Value::Bool(true) => self.out.extend_from_slice(b"true"),
            Value::Bool(false) => self.out.extend_from_slice(b"false"),
            Value::Number(literal) => self.out.extend_from_slice(literal.as_bytes()),
            Value::String(text) => {
                let key = if may_hold { self.formatted(text) } else { None };
                write_canonical_string(key.as_deref().unwrap_or(text), self.out);
            }
            Value::Array(elements) => {
                self.out.push(b'[');
                for (index, &element) in elements.iter().enumerate() {
                    if index > 0 {
                        self.out.push(b',');
                    }
                    self.value(element, may_hold);
                }
                self.out.push(b']');
            }
            Value::Object(object) => self.object(object, may_hold),
        }
    }

    fn formatted(&mut self, text: &str) -> Option<String> {
        let is_urn = text.starts_with("urn:");
        match self.format {
            KeyFormat::DigitalLink if is_urn => gs1::item_key(text).and_then(|_| hash_form(text)),
            KeyFormat::Urn if !is_urn => {
                let key = gs1::item_key(text)?;
                let urn = key.to_urn((self.prefix_digits)(key.prefixed_digits()?)?)?;
                // A link may escape what a URN does not; then the URN would give the event another hash id.
                (hash_form(&urn) == hash_form(text)).then_some(urn)
            }
            _ => None,
        }
    }
}

/// The Digital Link that stands for a key in event hash ids.
fn hash_form(text: &str) -> Option<String> {
    let mut form = String::new();
    gs1::write_canonical(text, &mut form).then_some(form)
}
