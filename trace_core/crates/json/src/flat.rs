//! Members that are read without a tree: a string, a list of strings, or a list of objects of strings and numbers.
//!
//! Most members that no two events share are such. Where nothing in one has an escape, and each number is written as
//! its canonical text is, its parts are slices of what was captured, which can be copied as they are.

use crate::part::Part;
use crate::plain::plain_run;

/// Members of an object; those with more are read as a tree.
const FIELDS_MAX: usize = 8;
/// Digits that nothing rounds.
const DIGITS_MAX: usize = 15;

/// The value of a member.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Flat<'f, 'a> {
    /// A string.
    Text(&'a str),
    /// A list of strings; not empty.
    Texts(&'f [&'a str]),
    /// A list of objects; not empty.
    Objects(FlatObjects<'f, 'a>),
}

/// Objects of strings and numbers, one after the other. No two members of one share a name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlatObjects<'f, 'a> {
    fields: &'f [FlatField<'a>],
    /// Where the fields of each end.
    ends: &'f [usize],
}

/// A member of such an object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlatField<'a> {
    /// Its name, without escapes.
    pub name: &'a str,
    /// The string, or the literal of the number: its canonical text.
    pub text: &'a str,
    /// Which of the two.
    pub is_number: bool,
}

/// Room for one member at a time.
#[derive(Debug, Default)]
pub struct FlatRoom<'a> {
    texts: Vec<&'a str>,
    fields: Vec<FlatField<'a>>,
    ends: Vec<usize>,
}

impl<'f, 'a> FlatObjects<'f, 'a> {
    /// The members of each object, in the order of the source.
    #[must_use]
    pub fn iter(self) -> impl ExactSizeIterator<Item = &'f [FlatField<'a>]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let fields = &self.fields[start..end];
            start = end;
            fields
        })
    }
}

impl<'a> FlatRoom<'a> {
    /// The value of a member of this text, and the place behind it. None where it is not flat, or no JSON at all.
    pub(crate) fn read<'f>(&'f mut self, text: &'a str, part: &Part<'a>) -> Option<(Flat<'f, 'a>, usize)> {
        let mut reading = Reading { text, at: part.value_at };
        self.texts.clear();
        self.fields.clear();
        self.ends.clear();
        let flat = match reading.peek()? {
            b'"' => Flat::Text(reading.string()?),
            b'[' => {
                reading.at += 1;
                match reading.peek()? {
                    b'"' => {
                        reading.each(b']', |reading| reading.string().map(|text| self.texts.push(text)))?;
                        Flat::Texts(&self.texts)
                    }
                    b'{' => {
                        reading.each(b']', |reading| reading.object(self))?;
                        Flat::Objects(FlatObjects { fields: &self.fields, ends: &self.ends })
                    }
                    _ => return None,
                }
            }
            _ => return None,
        };
        Some((flat, reading.at))
    }
}

struct Reading<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reading<'a> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        loop {
            match *self.text.as_bytes().get(self.at)? {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                byte => return Some(byte),
            }
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    /// What stands between commas, up to behind `end`.
    fn each(&mut self, end: u8, mut read: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        loop {
            read(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                byte if byte == end => break,
                _ => return None,
            }
        }
        self.at += 1;
        Some(())
    }

    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let start = self.at;
        let end = start + plain_run(self.text.as_bytes().get(start..)?);
        self.at = end;
        self.take(b'"')?;
        self.text.get(start..end)
    }

    fn object(&mut self, room: &mut FlatRoom<'a>) -> Option<()> {
        let first = room.fields.len();
        self.take(b'{')?;
        self.each(b'}', |reading| {
            let name = reading.string()?;
            reading.take(b':')?;
            let is_number = reading.peek()? != b'"';
            let text = if is_number { reading.number()? } else { reading.string()? };
            let before = room.fields.get(first..)?;
            let is_new = before.len() < FIELDS_MAX && before.iter().all(|field| field.name != name);
            is_new.then(|| room.fields.push(FlatField { name, text, is_number }))
        })?;
        room.ends.push(room.fields.len());
        Some(())
    }

    /// A number from 0 on that is written as its canonical text is.
    fn number(&mut self) -> Option<&'a str> {
        let rest = self.text.as_bytes().get(self.at..)?;
        let length = rest.iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
        let literal = self.text.get(self.at..self.at + length)?;
        self.at += length;
        is_plain_number(literal.as_bytes()).then_some(literal)
    }
}

/// `0`, `12`, `0.5` or `218.3`: neither zeros that say nothing, nor more digits than stay, nor so small that they are
/// written with an exponent.
fn is_plain_number(literal: &[u8]) -> bool {
    let point = literal.iter().position(|byte| *byte == b'.').unwrap_or(literal.len());
    let (whole, fraction) = literal.split_at(point);
    let is_whole = matches!(whole, [b'0'] | [b'1'..=b'9', ..]);
    let is_fraction = match fraction {
        [] => true,
        [_, rest @ .., b'1'..=b'9'] => {
            let first = rest.first().unwrap_or(&b'1');
            !rest.contains(&b'.') && (whole != b"0" || *first != b'0')
        }
        _ => false,
    };
    is_whole && is_fraction && literal.len() <= DIGITS_MAX
}
