//! The strict reader: one pass, recursion bounded before anything is allocated for it.

use std::fmt;

use bumpalo::Bump;

use crate::canonical::write_pointer_token;
use crate::number::in_range;
use crate::plain::plain_run;
use crate::value::{Member, Object, Value};

/// Nesting beyond this is refused. `EPCIS` events seen so far nest to 12.
pub const DEPTH_MAX: usize = 64;
/// Objects with more members than this have their names sorted to find duplicates.
const PAIRWISE_MEMBERS_MAX: usize = 24;

/// Why a text was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReadErrorCode {
    /// Not UTF-8 (RFC 8259 §8.1), or a byte order mark in front.
    Encoding,
    /// Not JSON.
    Syntax,
    /// Two members of one object have one name.
    DuplicateName,
    /// An integer beyond 2⁵³−1, or a number that no double holds.
    NumberRange,
    /// U+0000, or half of a surrogate pair.
    Character,
    /// Nested deeper than [`DEPTH_MAX`].
    Depth,
}

impl ReadErrorCode {
    /// The stable name that stands in problem documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Encoding => "encoding",
            Self::Syntax => "syntax",
            Self::DuplicateName => "duplicate_key",
            Self::NumberRange => "number_range",
            Self::Character => "character",
            Self::Depth => "depth",
        }
    }
}

/// Where and why a text was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// Why.
    pub code: ReadErrorCode,
    /// What exactly, for a person.
    pub message: &'static str,
    /// Byte offset into the text.
    pub offset: usize,
    /// JSON pointer (RFC 6901) of the value that was being read.
    pub pointer: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} (in {:?})", self.message, self.offset, self.pointer)
    }
}

impl std::error::Error for ReadError {}

/// A failure on its way up; each container prepends its token to the path.
pub(crate) struct Failure {
    code: ReadErrorCode,
    message: &'static str,
    offset: usize,
    /// Tokens from the innermost outwards.
    path: Vec<String>,
}

impl Failure {
    /// As what is reported, in a text that stands at `pointer`.
    pub(crate) fn under(&self, pointer: &str) -> ReadError {
        let mut pointer = pointer.to_owned();
        for token in self.path.iter().rev() {
            write_pointer_token(token, &mut pointer);
        }
        ReadError { code: self.code, message: self.message, offset: self.offset, pointer }
    }
}

pub(crate) type Read<T> = Result<T, Box<Failure>>;

/// Reads one JSON text. `text` is at most 4 GiB; strings with escapes are copied to the arena.
///
/// # Errors
/// [`ReadError`] for the first place that breaks a rule of the [crate].
pub fn read<'a>(text: &'a [u8], arena: &'a Bump) -> Result<Value<'a>, ReadError> {
    let mut reader = Reader::new(as_text(text)?, 0, arena);
    reader.document(Reader::value).map_err(|failure| failure.under(""))
}

/// # Errors
/// The bytes are not UTF-8.
pub(crate) fn as_text(bytes: &[u8]) -> Result<&str, ReadError> {
    std::str::from_utf8(bytes).map_err(|error| ReadError {
        code: ReadErrorCode::Encoding,
        message: "not UTF-8",
        offset: error.valid_up_to(),
        pointer: String::new(),
    })
}

pub(crate) struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    pub(crate) at: usize,
    arena: &'a Bump,
    /// Elements and members of containers still open, innermost last; copied to the arena on close.
    values: Vec<Value<'a>>,
    members: Vec<Member<'a>>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(text: &'a str, at: usize, arena: &'a Bump) -> Self {
        Self { text, bytes: text.as_bytes(), at, arena, values: Vec::new(), members: Vec::new() }
    }

    pub(crate) fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Begins anew at another place of the text.
    pub(crate) fn go_to(&mut self, at: usize) {
        self.at = at;
        self.values.clear();
        self.members.clear();
    }

    /// The whole text, its value read by `value`.
    pub(crate) fn document(
        &mut self,
        value: impl FnOnce(&mut Self, usize) -> Read<Value<'a>>,
    ) -> Read<Value<'a>> {
        if self.text.starts_with('\u{feff}') {
            return self.fail(ReadErrorCode::Encoding, "starts with a byte order mark");
        }
        let value = value(self, 0)?;
        self.white_space();
        if self.at < self.bytes.len() {
            return self.fail(ReadErrorCode::Syntax, "text after the end of the JSON value");
        }
        Ok(value)
    }

    pub(crate) fn fail<T>(&self, code: ReadErrorCode, message: &'static str) -> Read<T> {
        Err(Box::new(Failure { code, message, offset: self.at, path: Vec::new() }))
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(crate) fn white_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    pub(crate) fn value(&mut self, depth: usize) -> Read<Value<'a>> {
        self.white_space();
        match self.peek() {
            Some(b'"') => self.string().map(Value::String),
            Some(b'{') => self.object(depth + 1, |reader, _| reader.value(depth + 1)),
            Some(b'[') => self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Value::Bool(true)),
            Some(b'f') => self.word("false", Value::Bool(false)),
            Some(b'n') => self.word("null", Value::Null),
            Some(_) => self.fail(ReadErrorCode::Syntax, "expected a JSON value"),
            None => self.fail(ReadErrorCode::Syntax, "the text ends too early"),
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Read<Value<'a>> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fail(ReadErrorCode::Syntax, "expected a JSON value");
        }
        self.at += word.len();
        Ok(value)
    }

    fn array(&mut self, depth: usize) -> Read<Value<'a>> {
        if depth > DEPTH_MAX {
            return self.fail(ReadErrorCode::Depth, "nested too deeply");
        }
        self.at += 1;
        let first = self.values.len();
        self.white_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::Array(&[]));
        }
        loop {
            let index = self.values.len() - first;
            let element = within(self.value(depth), || index.to_string())?;
            self.values.push(element);
            self.white_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                Some(_) => return self.fail(ReadErrorCode::Syntax, "expected , or ] in an array"),
                None => return self.fail(ReadErrorCode::Syntax, "the text ends too early"),
            }
        }
        self.at += 1;
        let elements = self.arena.alloc_slice_copy(&self.values[first..]);
        self.values.truncate(first);
        Ok(Value::Array(elements))
    }

    /// An object whose members' values `value` reads, given their names; `at` stands on the brace.
    pub(crate) fn object(
        &mut self,
        depth: usize,
        value: impl FnMut(&mut Self, &'a str) -> Read<Value<'a>>,
    ) -> Read<Value<'a>> {
        if depth > DEPTH_MAX {
            return self.fail(ReadErrorCode::Depth, "nested too deeply");
        }
        let start = self.at;
        self.at += 1;
        let first = self.members.len();
        self.white_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
        } else {
            self.members_until_close(value)?;
        }
        self.refuse_duplicate_names(first, start)?;
        let members = self.arena.alloc_slice_copy(&self.members[first..]);
        self.members.truncate(first);
        Ok(Value::Object(self.arena.alloc(Object { members, source: &self.text[start..self.at] })))
    }

    fn members_until_close(
        &mut self,
        mut value: impl FnMut(&mut Self, &'a str) -> Read<Value<'a>>,
    ) -> Read<()> {
        loop {
            self.white_space();
            if self.peek() != Some(b'"') {
                return self.fail(ReadErrorCode::Syntax, "expected a member name in quotes");
            }
            let name = self.string()?;
            self.white_space();
            if self.peek() != Some(b':') {
                return self.fail(ReadErrorCode::Syntax, "expected : after a member name");
            }
            self.at += 1;
            let value = within(value(self, name), || name.to_owned())?;
            self.members.push(Member { name, value });
            self.white_space();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                Some(_) => return self.fail(ReadErrorCode::Syntax, "expected , or } in an object"),
                None => return self.fail(ReadErrorCode::Syntax, "the text ends too early"),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn refuse_duplicate_names(&self, first: usize, start: usize) -> Read<()> {
        let members = &self.members[first..];
        let twice = if members.len() <= PAIRWISE_MEMBERS_MAX {
            let mut earlier = members.iter().enumerate();
            earlier
                .find(|(n, member)| members[..*n].iter().any(|other| other.name == member.name))
                .map(|(_, m)| m.name)
        } else {
            let mut names: Vec<&str> = members.iter().map(|member| member.name).collect();
            names.sort_unstable_by_key(|name| (*name, name.as_ptr()));
            names.windows(2).find(|pair| pair[0] == pair[1]).map(|pair| pair[1])
        };
        match twice {
            None => Ok(()),
            Some(name) => Err(Box::new(Failure {
                code: ReadErrorCode::DuplicateName,
                message: "two members of one object have the same name",
                // A name with escapes stands elsewhere than in the text; then the object is the place.
                offset: self.offset_of(name).unwrap_or(start),
                path: vec![name.to_owned()],
            })),
        }
    }

    fn offset_of(&self, part: &str) -> Option<usize> {
        let offset = part.as_ptr().addr().checked_sub(self.text.as_ptr().addr())?;
        (offset < self.text.len()).then_some(offset)
    }

    fn number(&mut self) -> Read<Value<'a>> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.fail(ReadErrorCode::Syntax, "expected a digit"),
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.one_digit_or_more()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.one_digit_or_more()?;
        }
        let literal = &self.text[start..self.at];
        if !in_range(literal) {
            self.at = start;
            return self.fail(ReadErrorCode::NumberRange, "a number out of range");
        }
        Ok(Value::Number(literal))
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn one_digit_or_more(&mut self) -> Read<()> {
        let before = self.at;
        self.digits();
        if self.at == before {
            return self.fail(ReadErrorCode::Syntax, "expected a digit");
        }
        Ok(())
    }

    /// A string; `at` stands on its opening quote.
    fn string(&mut self) -> Read<&'a str> {
        let start = self.at + 1;
        self.at = start;
        self.plain_run();
        if self.peek() == Some(b'"') {
            self.at += 1;
            return Ok(&self.text[start..self.at - 1]);
        }
        let mut unescaped = bumpalo::collections::String::new_in(self.arena);
        let mut run = start;
        loop {
            unescaped.push_str(&self.text[run..self.at]);
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => unescaped.push(self.escape()?),
                Some(_) => return self.fail(ReadErrorCode::Syntax, "a control character in a string"),
                None => return self.fail(ReadErrorCode::Syntax, "a string without its closing quote"),
            }
            run = self.at;
            self.plain_run();
        }
        self.at += 1;
        Ok(unescaped.into_bump_str())
    }

    /// Moves to the next quote, backslash or control character.
    fn plain_run(&mut self) {
        self.at += plain_run(&self.bytes[self.at..]);
    }

    /// One escape; `at` stands on the backslash.
    fn escape(&mut self) -> Read<char> {
        let plain = match self.bytes.get(self.at + 1) {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode_escape(),
            _ => return self.fail(ReadErrorCode::Syntax, "an unknown escape in a string"),
        };
        self.at += 2;
        Ok(plain)
    }

    fn unicode_escape(&mut self) -> Read<char> {
        let Some(high) = self.four_hex_digits(self.at + 2) else {
            return self.fail(ReadErrorCode::Syntax, "expected four hexadecimal digits after \\u");
        };
        let (code_point, length) = match high {
            0 => return self.fail(ReadErrorCode::Character, "the character U+0000"),
            0xd800..=0xdbff => match self.low_surrogate() {
                Some(low) => (0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00), 12),
                None => return self.fail(ReadErrorCode::Character, "half of a surrogate pair"),
            },
            _ => (high, 6),
        };
        let Some(character) = char::from_u32(code_point) else {
            return self.fail(ReadErrorCode::Character, "half of a surrogate pair");
        };
        self.at += length;
        Ok(character)
    }

    fn low_surrogate(&self) -> Option<u32> {
        let escape = self.bytes.get(self.at + 6..self.at + 8)?;
        let low = self.four_hex_digits(self.at + 8)?;
        (escape == b"\\u" && (0xdc00..=0xdfff).contains(&low)).then_some(low)
    }

    fn four_hex_digits(&self, from: usize) -> Option<u32> {
        let digits = self.bytes.get(from..from + 4)?;
        digits.iter().try_fold(0, |number, &digit| Some(number << 4 | char::from(digit).to_digit(16)?))
    }
}

/// Prepends a token to the path of a failure on its way up.
pub(crate) fn within<T>(read: Read<T>, token: impl FnOnce() -> String) -> Read<T> {
    read.map_err(|mut failure| {
        failure.path.push(token());
        failure
    })
}
