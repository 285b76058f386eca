//! The pieces of an XML text: names, runs of text, values, references and what is passed over.

use std::borrow::Cow;

use super::characters::{
    IN_TEXT, IN_VALUE, NAME, NAME_START, SPACE, is_allowed, is_name, is_name_start, is_of, run_before, run_of,
};

/// Why a text is not well-formed, or too much, and where.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) at: usize,
    pub(crate) what: Cow<'static, str>,
}

impl Fault {
    #[cold]
    pub(crate) fn boxed(code: &'static str, at: usize, what: impl Into<Cow<'static, str>>) -> Box<Self> {
        Box::new(Self { code, at, what: what.into() })
    }
}

/// A fault is rare and large.
pub(crate) type Read<T> = Result<T, Box<Fault>>;

/// A name as it is written: `prefix:local`, or the local name alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'d> {
    pub(crate) written: &'d str,
    /// Where the colon stands; 0 where there is none.
    colon: usize,
}

impl<'d> Name<'d> {
    pub(super) fn has_prefix(&self) -> bool {
        self.colon != 0
    }

    /// Empty where there is none.
    pub(crate) fn prefix(&self) -> &'d str {
        &self.written[..self.colon]
    }

    pub(crate) fn local(&self) -> &'d str {
        if self.colon == 0 { self.written } else { &self.written[self.colon + 1..] }
    }
}

/// A place in a text. Nothing is read twice, and nothing of it is copied but where a reference or a line's end stands
/// for something else.
pub(super) struct Lexer<'d> {
    pub(super) text: &'d str,
    pub(super) at: usize,
}

impl<'d> Lexer<'d> {
    pub(super) fn of(text: &'d str) -> Self {
        Self { text, at: 0 }
    }

    #[cold]
    pub(super) fn fail<T>(&self, what: &'static str) -> Read<T> {
        Err(Fault::boxed("syntax", self.at, what))
    }

    pub(super) fn rest(&self) -> &'d [u8] {
        &self.text.as_bytes()[self.at..]
    }

    pub(super) fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn is_at(&self, text: &str) -> bool {
        self.rest().starts_with(text.as_bytes())
    }

    /// Passes a text over that stands here.
    pub(super) fn take(&mut self, text: &str) -> bool {
        let is_here = self.is_at(text);
        self.at += if is_here { text.len() } else { 0 };
        is_here
    }

    pub(super) fn expect(&mut self, text: &str, what: &'static str) -> Read<()> {
        if self.take(text) { Ok(()) } else { self.fail(what) }
    }

    /// Passes a text over that stands here or behind white space.
    pub(super) fn take_behind_space(&mut self, text: &str) -> bool {
        self.take(text) || self.space() && self.take(text)
    }

    /// Passes white space over; whether there was any.
    pub(super) fn space(&mut self) -> bool {
        let length = run_of(self.rest(), SPACE);
        self.at += length;
        length > 0
    }

    /// A name of Namespaces in XML: one part, or two with a colon between them.
    pub(super) fn qualified_name(&mut self) -> Read<Name<'d>> {
        let start = self.at;
        self.name_part()?;
        let mut colon = 0;
        if self.next() == Some(b':') {
            colon = self.at - start;
            self.at += 1;
            self.name_part()?;
        }
        Ok(Name { written: &self.text[start..self.at], colon })
    }

    /// A part of a name, without a colon.
    pub(super) fn name_part(&mut self) -> Read<()> {
        let rest = self.rest();
        let length = run_of(rest, NAME);
        if rest.get(length).is_some_and(|byte| !byte.is_ascii()) {
            return self.wide_name_part();
        }
        if length == 0 || !is_of(rest[0], NAME_START) {
            return self.fail("expected a name");
        }
        self.at += length;
        Ok(())
    }

    /// One with characters beyond ASCII.
    fn wide_name_part(&mut self) -> Read<()> {
        let rest = &self.text[self.at..];
        if !rest.starts_with(is_name_start) {
            return self.fail("expected a name");
        }
        self.at += rest.find(|character| !is_name(character)).unwrap_or(rest.len());
        Ok(())
    }

    /// Text in which nothing must be looked at; whether it ends there, see [`is_behind_text`](Self::is_behind_text).
    pub(super) fn plain_text(&mut self) -> &'d str {
        let start = self.at;
        self.at += run_before(self.rest(), IN_TEXT);
        &self.text[start..self.at]
    }

    /// Whether a tag, a comment, an instruction or the end of all is here.
    pub(super) fn is_behind_text(&self) -> bool {
        match self.rest() {
            [b'<', b'!', after, ..] => *after != b'[',
            [b'<', ..] | [] => true,
            _ => false,
        }
    }

    /// Appends what must be looked at, which stands here: a section, a reference, a line's end; and the plain text
    /// behind it.
    pub(super) fn more_text(&mut self, out: &mut String) -> Read<()> {
        match self.next() {
            Some(b'<') => self.section(out)?,
            Some(b'&') => out.push(self.reference()?),
            Some(b'\r') => out.push(self.white_space('\n')),
            _ if self.text.as_bytes()[..self.at].ends_with(b"]]") => return self.fail("`]]>` in a text"),
            _ => {
                self.expect(">", "expected text")?;
                out.push('>');
            }
        }
        out.push_str(self.plain_text());
        Ok(())
    }

    /// White space that stands here, a line's end being one, as what it is read as.
    fn white_space(&mut self, as_one: char) -> char {
        self.at += if self.is_at("\r\n") { 2 } else { 1 };
        as_one
    }

    /// A section of text in which nothing but a line's end stands for something else.
    fn section(&mut self, out: &mut String) -> Read<()> {
        self.expect("<![CDATA[", "expected a tag")?;
        let text = self.until("]]>", "a section of text has no end")?;
        let mut lines = text.split('\r');
        out.push_str(lines.next().unwrap_or_default());
        for line in lines {
            out.push('\n');
            out.push_str(line.strip_prefix('\n').unwrap_or(line));
        }
        Ok(())
    }

    /// The value of an attribute, from its quote to its quote, with its white space as spaces.
    pub(super) fn value(&mut self) -> Read<Cow<'d, str>> {
        let Some(quote @ (b'"' | b'\'')) = self.next() else { return self.fail("expected a quote") };
        self.at += 1;
        let (mut copied, mut resolved) = (self.at, None::<String>);
        loop {
            self.at += run_before(self.rest(), IN_VALUE);
            match self.next() {
                Some(byte) if byte == quote => break,
                Some(b'"' | b'\'') => self.at += 1,
                Some(b'<') => return self.fail("`<` in a value"),
                Some(special) => {
                    let resolved = resolved.get_or_insert_default();
                    resolved.push_str(&self.text[copied..self.at]);
                    resolved.push(if special == b'&' { self.reference()? } else { self.white_space(' ') });
                    copied = self.at;
                }
                None => return self.fail("a value has no end"),
            }
        }
        let last = &self.text[copied..self.at];
        self.at += 1;
        Ok(resolved.map_or(Cow::Borrowed(last), |resolved| Cow::Owned(resolved + last)))
    }

    /// A character by its number, or one of XML's own five by its name.
    fn reference(&mut self) -> Read<char> {
        let start = self.at;
        let body = self.text[start + 1..].split_once(';').map_or("", |(body, _)| body);
        let character = match body {
            "lt" => Some('<'),
            "gt" => Some('>'),
            "amp" => Some('&'),
            "quot" => Some('"'),
            "apos" => Some('\''),
            _ => numbered(body),
        };
        let Some(character) = character else { return self.fail("a reference to nothing") };
        self.at = start + body.len() + 2;
        Ok(character)
    }

    /// What stands before a text that ends it, which is passed over, too.
    pub(super) fn until(&mut self, end: &str, what: &'static str) -> Read<&'d str> {
        let rest = &self.text[self.at..];
        let Some(length) = rest.find(end) else { return self.fail(what) };
        self.at += length + end.len();
        Ok(&rest[..length])
    }
}

/// `#233` or `#xE9`.
fn numbered(reference: &str) -> Option<char> {
    let digits = reference.strip_prefix('#')?;
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |digits| (digits, 16));
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|&character| is_allowed(character))
}
