//! An object by the bytes of its members, so that whoever has read the same bytes before need not read them again.

use crate::plain::plain_run;
use crate::read::Reader;
use crate::value::{Member, Value};

/// Bytes that are compared as one number.
const TAIL_BYTES: usize = 8;

/// Goes over an object from member to member. What it passes may be no JSON, as long as nobody reads it.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    text: &'a str,
    /// Of the brace that opens the object.
    start: usize,
    at: usize,
}

/// Where a member stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part<'a> {
    /// The name, which has neither escapes nor control characters.
    pub name: &'a str,
    /// Of the quote before the name.
    start: usize,
    pub(crate) value_at: usize,
}

impl<'a> Members<'a> {
    /// Those of the object that stands next, behind a comma or not.
    pub(crate) fn of(text: &'a str, at: usize, behind_comma: bool) -> Option<Self> {
        let mut members = Self { text, start: at, at };
        if behind_comma {
            members.take(b',')?;
        }
        members.start = members.next_at();
        members.take(b'{')?;
        members.next_at();
        Some(members)
    }

    /// Goes behind the member that stands next if it is this one, to the byte: the source of one that was read.
    pub fn pass_known(&mut self, source: &str) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let Some((here, behind)) = rest.split_at_checked(source.len()) else { return false };
        // Members of one name differ near their ends: mostly this decides, without a look at all of it.
        if here.last_chunk::<TAIL_BYTES>() != source.as_bytes().last_chunk() || here != source.as_bytes() {
            return false;
        }
        // A number or word may go on.
        let is_it = source.ends_with(['"', ']', '}']) || behind.first().is_none_or(|byte| ends_scalar(*byte));
        if is_it {
            self.at += source.len();
        }
        is_it
    }

    /// The member that stands next, its value not looked at.
    #[must_use]
    pub fn peek(&self) -> Option<Part<'a>> {
        let bytes = self.text.as_bytes();
        let start = (bytes.get(self.at) == Some(&b'"')).then_some(self.at)?;
        let end = start + 1 + plain_run(bytes.get(start + 1..)?);
        let mut behind = Self { at: end, ..*self };
        behind.take(b'"')?;
        behind.take(b':')?;
        Some(Part { name: self.text.get(start + 1..end)?, start, value_at: behind.next_at() })
    }

    /// The text of the first member of this name that stands here or behind; None where it is no string, or one with
    /// escapes.
    #[must_use]
    pub fn plain_text(mut self, name: &str) -> Option<&'a str> {
        loop {
            let part = self.peek()?;
            self.pass(&part)?;
            if part.name == name {
                let value = self.text.get(part.value_at..self.at)?.strip_prefix('"')?.strip_suffix('"')?;
                return (plain_run(value.as_bytes()) == value.len()).then_some(value);
            }
            self.go_on()?.then_some(())?;
        }
    }

    /// Goes behind a value that ends there.
    pub fn go_to(&mut self, end: usize) {
        self.at = end;
    }

    /// Goes behind a member, finding nothing but where it ends, and gives its source and that place.
    pub fn pass(&mut self, part: &Part<'a>) -> Option<(&'a str, usize)> {
        self.at = part.value_at;
        match self.text.as_bytes().get(self.at)? {
            b'"' => self.string()?,
            b'[' | b'{' => self.container()?,
            _ => self.scalar(),
        }
        Some((self.text.get(part.start..self.at)?, self.at))
    }

    /// Whether another member follows the one that was passed; it stands next, then. None where neither that nor the
    /// end of the object follows.
    pub fn go_on(&mut self) -> Option<bool> {
        let has_next = match self.peek_byte()? {
            b',' => true,
            b'}' => false,
            _ => return None,
        };
        self.at += 1;
        // Or to where the comma or bracket stands behind the object, as a part of a list ends.
        self.next_at();
        Some(has_next)
    }

    /// The source of the object, all of whose members were passed, and the place behind it.
    #[must_use]
    pub fn finish(&self) -> Option<(&'a str, usize)> {
        let source = self.text.get(self.start..self.at)?;
        Some((source.trim_ascii_end(), self.at))
    }

    /// The next byte that is no white space.
    fn peek_byte(&mut self) -> Option<u8> {
        self.text.as_bytes().get(self.next_at()).copied()
    }

    fn next_at(&mut self) -> usize {
        self.at = next_at(self.text.as_bytes(), self.at);
        self.at
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek_byte()? == byte).then(|| self.at += 1)
    }

    /// Behind the string that stands next.
    fn string(&mut self) -> Option<()> {
        self.at += 1;
        loop {
            self.at += plain_run(self.text.as_bytes().get(self.at..)?);
            match self.text.as_bytes().get(self.at)? {
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
            match self.text.as_bytes().get(self.at)? {
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
        while self.text.as_bytes().get(self.at).is_some_and(|byte| !ends_scalar(*byte)) {
            self.at += 1;
        }
    }
}

/// The first place from `at` on without white space.
pub(crate) fn next_at(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b' ' | b'\n' | b'\r' | b'\t')
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

    /// The member, and the place behind it; None unless its value is JSON in the strict reading.
    pub fn read(&mut self, part: &Part<'a>) -> Option<(Member<'a>, usize)> {
        self.reader.go_to(part.value_at);
        let value: Value<'a> = self.reader.value(self.depth).ok()?;
        Some((Member { name: part.name, value }, self.reader.at))
    }
}
