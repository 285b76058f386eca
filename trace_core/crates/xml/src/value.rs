//! The JSON that is being made.

use std::borrow::Cow;
use std::collections::HashMap;

use json::write_canonical_string;

pub(crate) enum Value<'d> {
    Text(Cow<'d, str>),
    /// A literal that is a JSON number.
    Number(String),
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
    /// Where the first member of a name stands; empty where there are few.
    places: HashMap<Cow<'d, str>, usize>,
}

impl<'d> Members<'d> {
    pub(crate) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    pub(crate) fn contains(&self, name: &str) -> bool {
        self.place(name).is_some()
    }

    /// Sets a member that has not been named yet; one that is said twice is refused when the JSON is read.
    pub(crate) fn set(&mut self, name: impl Into<Cow<'d, str>>, value: Value<'d>) {
        let name = name.into();
        if self.members.len() == LOOKED_AT_MAX {
            for (place, (earlier, _)) in self.members.iter().enumerate() {
                self.places.entry(earlier.clone()).or_insert(place);
            }
        }
        if self.members.len() >= LOOKED_AT_MAX {
            self.places.entry(name.clone()).or_insert(self.members.len());
        }
        self.members.push((name, value));
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
        if self.members.len() > LOOKED_AT_MAX {
            return self.places.get(name).copied();
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
            write_canonical_string(name, out);
            out.push(b':');
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
    pub(crate) fn number(text: &str) -> Self {
        let text = text.trim();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, Some(exponent)),
            None => (digits, None),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let exponent_digits = exponent.map_or("0", |text| text.trim_start_matches(['+', '-']));
        let is_number = are_digits(whole)
            && are_digits(fraction)
            && !(whole.is_empty() && fraction.is_empty())
            && are_digits(exponent_digits)
            && !exponent_digits.is_empty();
        if !is_number {
            return Self::text(text.to_owned());
        }
        let whole = whole.trim_start_matches('0');
        let mut literal = format!("{sign}{}", if whole.is_empty() { "0" } else { whole });
        if !fraction.is_empty() {
            literal.push('.');
            literal.push_str(fraction);
        }
        if let Some(exponent) = exponent {
            literal.push('e');
            literal.push_str(exponent);
        }
        Self::Number(literal)
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
