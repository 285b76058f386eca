//! An object by the bytes of its members, so that whoever has read the same bytes before need not read them again.

use crate::plain::plain_run;
use crate::read::Reader;
use crate::value::{Member, Value};

/// A member by its bytes, which may be no JSON: [`PartReader::read`] tells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    /// The name, which has no escapes.
    pub name: &'a str,
    /// From the quote before the name to the end of the value.
    pub source: &'a str,
    value_at: usize,
    end: usize,
}

impl<'a> Part<'a> {
    /// The value, if it is a string without escapes.
    #[must_use]
    pub fn as_plain_str(&self) -> Option<&'a str> {
        let value = self.source.get(self.source.len() - (self.end - self.value_at)..)?;
        let text = value.strip_prefix('"')?.strip_suffix('"')?;
        (!text.contains('\\')).then_some(text)
    }
}

/// Reads members by themselves.
pub struct PartReader<'a> {
    reader: Reader<'a>,
    depth: usize,
}

impl<'a> PartReader<'a> {
    pub(crate) fn new(reader: Reader<'a>, depth: usize) -> Self {
        Self { reader, depth }
    }

    /// The member; None unless its value is JSON in the strict reading, exactly as far as the part goes.
    pub fn read(&mut self, part: &Part<'a>) -> Option<Member<'a>> {
        self.reader.go_to(part.value_at);
        let value: Value<'a> = self.reader.value(self.depth).ok()?;
        (self.reader.at == part.end).then_some(Member { name: part.name, value })
    }
}

/// The parts of the object that stands next, behind a comma or not, with its source and the place behind it.
/// None where something else stands there, or something that takes more than a look.
pub(crate) fn parts_of<'a>(
    text: &'a str,
    at: usize,
    behind_comma: bool,
    parts: &mut Vec<Part<'a>>,
) -> Option<(&'a str, usize)> {
    parts.clear();
    let mut scan = Scan { text, bytes: text.as_bytes(), at };
    if behind_comma {
        scan.take(b',')?;
    }
    let start = scan.next_at();
    scan.take(b'{')?;
    loop {
        parts.push(scan.part()?);
        match scan.peek()? {
            b',' => scan.at += 1,
            b'}' => break,
            _ => return None,
        }
    }
    let source = text.get(start..=scan.at)?;
    scan.at += 1;
    // To where the comma or bracket stands, as a part of a list ends.
    Some((source, scan.next_at()))
}

struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Scan<'a> {
    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        self.bytes.get(self.next_at()).copied()
    }

    fn next_at(&mut self) -> usize {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.bytes.get(self.at) {
            self.at += 1;
        }
        self.at
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)
    }

    fn part(&mut self) -> Option<Part<'a>> {
        let start = self.next_at();
        self.string()?;
        let name = self.text.get(start + 1..self.at - 1).filter(|name| !name.contains('\\'))?;
        self.take(b':')?;
        let value_at = self.next_at();
        match self.bytes.get(value_at)? {
            b'"' => self.string()?,
            b'[' | b'{' => self.container()?,
            _ => self.scalar(),
        }
        Some(Part { name, source: self.text.get(start..self.at)?, value_at, end: self.at })
    }

    /// Behind a string.
    fn string(&mut self) -> Option<()> {
        self.take(b'"')?;
        loop {
            self.at += plain_run(self.bytes.get(self.at..)?);
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.at += 1;
                    return Some(());
                }
                b'\\' => self.at += 2,
                _ => return None,
            }
        }
    }

    /// Behind the bracket that closes the one that stands next.
    fn container(&mut self) -> Option<()> {
        let mut open = 0_usize;
        loop {
            match self.bytes.get(self.at)? {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'[' | b'{' => open += 1,
                b']' | b'}' => open -= 1,
                _ => (),
            }
            self.at += 1;
            if open == 0 {
                return Some(());
            }
        }
    }

    fn scalar(&mut self) {
        while !matches!(self.bytes.get(self.at), Some(b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t') | None) {
            self.at += 1;
        }
    }
}
