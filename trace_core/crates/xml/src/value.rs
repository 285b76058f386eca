//! The JSON that is being made.

use std::borrow::Cow;
use std::collections::HashMap;

use json::write_canonical_string;

pub(crate) enum Value<'d> {
    Text(Cow<'d, str>),
    /// A literal that is a JSON number.
    Number(Cow<'d, str>),
    Bool(bool),
    Null,
    List(Vec<Value<'d>>),
    Object(Members<'d>),
    /// JSON, written already.
    Written(Vec<u8>),
}

/// More members than this are found by a table of their names, fewer by a look at each.
const LOOKED_AT_MAX: usize = 24;

/// Members in the order in which they were first named.
#[derive(Default)]
pub(crate) struct Members<'d> {
    members: Vec<(Cow<'d, str>, Value<'d>)>,
    /// Where there are many.
    places: Option<Box<Places<'d>>>,
}

/// Where the first member of a name stands.
#[derive(Default)]
struct Places<'d>(HashMap<Cow<'d, str>, usize>);

impl<'d> Members<'d> {
    /// With room for what an event mostly has.
    pub(crate) fn of_event() -> Self {
        Self { members: Vec::with_capacity(16), places: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Sets a member that has not been named yet; one that is said twice is refused when the JSON is read.
    pub(crate) fn set(&mut self, name: impl Into<Cow<'d, str>>, value: Value<'d>) {
        self.members.push((name.into(), value));
        if self.members.len() > LOOKED_AT_MAX {
            self.note_places();
        }
    }

    fn note_places(&mut self) {
        let places = &mut self.places.get_or_insert_default().0;
        let noted = if places.is_empty() { 0 } else { self.members.len() - 1 };
        for (place, (name, _)) in self.members.iter().enumerate().skip(noted) {
            places.entry(name.clone()).or_insert(place);
        }
    }

    /// Adds to the list of that name; lists that are told twice are one.
    pub(crate) fn extend(&mut self, name: impl Into<Cow<'d, str>>, more: Vec<Value<'d>>) {
        let name = name.into();
        match self.get(&name) {
            Some(Value::List(list)) => list.extend(more),
            _ => self.set(name, Value::List(more)),
        }
    }

    /// What is said twice is a list.
    pub(crate) fn add(&mut self, name: impl Into<Cow<'d, str>>, value: Value<'d>) {
        let name = name.into();
        let Some(known) = self.get(&name) else { return self.set(name, value) };
        let mut list = match std::mem::replace(known, Value::Null) {
            Value::List(list) => list,
            single => vec![single],
        };
        match value {
            Value::List(more) => list.extend(more),
            single => list.push(single),
        }
        *known = Value::List(list);
    }

    pub(crate) fn append(&mut self, more: Self) {
        more.members.into_iter().for_each(|(name, value)| self.set(name, value));
    }

    fn place(&self, name: &str) -> Option<usize> {
        if let Some(places) = &self.places {
            return places.0.get(name).copied();
        }
        self.members.iter().position(|(known, _)| known == name)
    }

    fn get(&mut self, name: &str) -> Option<&mut Value<'d>> {
        let place = self.place(name)?;
        self.members.get_mut(place).map(|(_, value)| value)
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(b'{');
        for (index, (name, value)) in self.members.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            // Names are those of XML, with `@` or `#` in front at most: nothing in them is escaped.
            out.push(b'"');
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            value.write(out);
        }
        out.push(b'}');
    }
}

impl<'d> Value<'d> {
    pub(crate) fn text(text: impl Into<Cow<'d, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A number where the text is one, in the spelling that JSON has for it; else the text, to be refused later.
    pub(crate) fn number(text: Cow<'d, str>) -> Self {
        if is_plain_integer(&text) {
            return Self::Number(text);
        }
        let number = text.trim();
        let (sign, digits) = match number.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", number.strip_prefix('+').unwrap_or(number)),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (digits, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let exponent_digits = exponent.map_or("0", |text| text.strip_prefix(['+', '-']).unwrap_or(text));
        let is_number = are_digits(whole)
            && are_digits(fraction)
            && !(whole.is_empty() && fraction.is_empty())
            && are_digits(exponent_digits)
            && !exponent_digits.is_empty();
        if !is_number {
            return Self::Text(number.to_owned().into());
        }
        let whole = whole.trim_start_matches('0');
        let mut literal = [sign, if whole.is_empty() { "0" } else { whole }].concat();
        if !fraction.is_empty() {
            literal.push('.');
            literal.push_str(fraction);
        }
        if let Some(exponent) = exponent {
            literal.push('e');
            literal.push_str(exponent);
        }
        Self::Number(literal.into())
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Text(text) => write_canonical_string(text, out),
            Self::Number(literal) => out.extend_from_slice(literal.as_bytes()),
            Self::Bool(true) => out.extend_from_slice(b"true"),
            Self::Bool(false) => out.extend_from_slice(b"false"),
            Self::Null => out.extend_from_slice(b"null"),
            Self::List(elements) => {
                out.push(b'[');
                for (index, element) in elements.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    element.write(out);
                }
                out.push(b']');
            }
            Self::Object(members) => members.write(out),
            Self::Written(json) => out.extend_from_slice(json),
        }
    }
}

/// Most numbers are spelt in JSON as in XML.
fn is_plain_integer(text: &str) -> bool {
    matches!(text.as_bytes(), [b'0'..=b'9'] | [b'1'..=b'9', ..])
        && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::Value;

    #[test]
    fn number_is_what_json_has_for_it_and_anything_else_stays_a_text() {
        let written = |text: &'static str| {
            let mut out = Vec::new();
            Value::number(text.into()).write(&mut out);
            String::from_utf8(out).expect("JSON")
        };
        for (text, json) in [
            ("1e+5", "1e+5"),
            ("-01.50E-3", "-1.50e-3"),
            ("1e+-5", "\"1e+-5\""),
            ("1e--5", "\"1e--5\""),
            ("1e", "\"1e\""),
            ("--1", "\"--1\""),
        ] {
            assert_eq!(written(text), json);
        }
    }
}
