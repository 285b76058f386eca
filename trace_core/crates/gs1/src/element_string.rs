//! Element strings: AIs with their values, bracketed as people write them or with FNC1 as barcodes carry them.

use std::borrow::Cow;

use crate::ai::Ai;
use crate::error::{Reason, ScanError};
use crate::text::split_once;

/// What stands for FNC1 in transmitted data (General Specifications §7.8.3).
pub(crate) const GROUP_SEPARATOR: u8 = 0x1d;
/// What stands for FNC1 where people type it.
pub(crate) const CARET: u8 = b'^';
/// Most AIs in one element string; the GS1 Barcode Syntax Engine has the same limit.
const AIS_MAX: usize = 64;

/// One AI with its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element<'a> {
    /// The AI.
    pub ai: &'static Ai,
    /// Its value, checked, without escapes.
    pub value: Cow<'a, str>,
}

/// AIs in the order in which they came, each value checked as the dictionary says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ElementString<'a>(Vec<Element<'a>>);

impl<'a> ElementString<'a> {
    /// Reads `(01)…(10)…`; in a value, `\(` stands for a bracket that begins no AI.
    ///
    /// # Errors
    /// Where a bracket is missing, an AI unknown, or a value at fault.
    pub fn parse_bracketed(text: &'a str) -> Result<Self, ScanError> {
        let mut elements = Self::default();
        let mut rest = text;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            let (code, tail) = rest
                .strip_prefix('(')
                .and_then(|rest| rest.split_once(')'))
                .ok_or(Reason::UnknownAi.at(at))?;
            let ai = Ai::find(code).ok_or(Reason::UnknownAi.at(at))?;
            let (value, next) = tail.split_at(value_length(tail));
            let value =
                if value.contains('\\') { value.replace("\\(", "(").into() } else { Cow::Borrowed(value) };
            elements.push(ai, value, text.len() - tail.len())?;
            rest = next;
        }
        elements.not_empty()
    }

    /// Reads AIs with FNC1 between those whose length is not predefined, as `^` or the group separator, one of
    /// which must come first and then stands for FNC1 throughout.
    ///
    /// # Errors
    /// Where FNC1 does not come first, no AI begins, or a value is at fault.
    pub fn parse_plain(text: &'a str) -> Result<Self, ScanError> {
        let fnc1 = text.bytes().next().filter(|first| matches!(*first, CARET | GROUP_SEPARATOR));
        let fnc1 = fnc1.ok_or(Reason::Unrecognised.at(0))?;
        Self::parse_separated(text, 1, fnc1)
    }

    /// Reads the AIs of `text` from byte `start` on.
    pub(crate) fn parse_separated(text: &'a str, start: usize, fnc1: u8) -> Result<Self, ScanError> {
        let mut elements = Self::default();
        let mut rest = text.get(start..).ok_or(Reason::Empty.at(0))?;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            let ai = Ai::at_start_of(rest).ok_or(Reason::UnknownAi.at(at))?;
            let data = rest.get(ai.code.len()..).unwrap_or("");
            let until_fnc1 = split_once(data, fnc1).map_or(data, |(value, _)| value);
            let at = at + ai.code.len();
            let length = ai.take(until_fnc1).map_err(|finding| Reason::Value(finding).of(ai.code, at))?;
            if !ai.predefined && length < until_fnc1.len() {
                return Err(Reason::Value(crate::Finding::Length).of(ai.code, at));
            }
            let (value, tail) = data.split_at(length);
            elements.add(Element { ai, value: Cow::Borrowed(value) }, at)?;
            rest = tail.strip_prefix(char::from(fnc1)).unwrap_or(tail);
        }
        elements.not_empty()
    }

    /// Adds an AI with its value, once both fit together; `at` is the value's place for the error.
    pub(crate) fn push(&mut self, ai: &'static Ai, value: Cow<'a, str>, at: usize) -> Result<(), ScanError> {
        ai.check(&value).map_err(|finding| Reason::Value(finding).of(ai.code, at))?;
        self.add(Element { ai, value }, at)
    }

    fn add(&mut self, element: Element<'a>, at: usize) -> Result<(), ScanError> {
        if self.0.len() == AIS_MAX {
            return Err(Reason::TooMany.of(element.ai.code, at));
        }
        if self.0.is_empty() {
            self.0.reserve(8); // most carriers hold fewer, so one allocation is enough
        }
        self.0.push(element);
        Ok(())
    }

    fn not_empty(self) -> Result<Self, ScanError> {
        if self.0.is_empty() { Err(Reason::Empty.at(0)) } else { Ok(self) }
    }

    /// The AIs with their values, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Element<'a>> {
        self.0.iter()
    }

    /// The value of the first AI with this code.
    #[must_use]
    pub fn value(&self, code: &str) -> Option<&str> {
        self.value_of(Ai::find(code)?.number)
    }

    /// The same for the AI with this number.
    pub(crate) fn value_of(&self, number: u16) -> Option<&str> {
        self.iter().find(|element| element.ai.number == number).map(|element| &*element.value)
    }

    /// Appends the bracketed form.
    pub fn write_bracketed(&self, out: &mut String) {
        for Element { ai, value } in self {
            out.extend(["(", ai.code, ")"]);
            if value.as_bytes().contains(&b'(') {
                out.push_str(&value.replace('(', "\\("));
            } else {
                out.push_str(value);
            }
        }
    }

    /// Appends the form with FNC1, shown as the given character: first, and after each AI but the last whose
    /// length is not predefined.
    pub fn write_plain(&self, fnc1: char, out: &mut String) {
        let mut is_separate = true;
        for Element { ai, value } in self {
            if is_separate {
                out.push(fnc1);
            }
            out.push_str(ai.code);
            out.push_str(value);
            is_separate = !ai.predefined;
        }
    }

    /// The same, owning its values.
    #[must_use]
    pub fn into_owned(self) -> ElementString<'static> {
        let own = |Element { ai, value }| Element { ai, value: Cow::Owned(Cow::into_owned(value)) };
        ElementString(self.0.into_iter().map(own).collect())
    }
}

impl<'s, 'a> IntoIterator for &'s ElementString<'a> {
    type Item = &'s Element<'a>;
    type IntoIter = std::slice::Iter<'s, Element<'a>>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// How far the value at the start of the text reaches: to the next bracket that is not escaped.
fn value_length(text: &str) -> usize {
    let mut brackets = text.match_indices('(').map(|(at, _)| at);
    brackets.find(|at| !text.get(..*at).is_some_and(|before| before.ends_with('\\'))).unwrap_or(text.len())
}
