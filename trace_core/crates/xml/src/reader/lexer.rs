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

pub(super) type Read<T> = Result<T, Fault>;

/// A name as it is written: `prefix:local`, or the local name alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Name<'d> {
    pub(crate) written: &'d str,
    /// Where the colon stands; 0 where there is none.
    colon: usize,
}

impl<'d> Name<'d> {
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
    text: &'d str,
    pub(super) at: usize,
}

impl<'d> Lexer<'d> {
    pub(super) fn of(text: &'d str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn fail<T>(&self, what: &'static str) -> Read<T> {
        Err(self.fault(what))
    }

    pub(super) fn fault(&self, what: &'static str) -> Fault {
        Fault { code: "syntax", at: self.at, what: Cow::Borrowed(what) }
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

    fn name_part(&mut self) -> Read<()> {
        let rest = self.rest();
        let length = run_of(rest, NAME);
        match (rest.first(), rest.get(length)) {
            (_, Some(128..)) => return self.wide_name_part(),
            (Some(&first), _) if is_of(first, NAME_START) => self.at += length,
            _ => return self.fail("expected a name"),
        }
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

    /// Text up to the next `<` or the end.
    pub(super) fn text(&mut self) -> Read<Cow<'d, str>> {
        let (start, mut resolved) = (self.at, None::<String>);
        let mut copied = start;
        loop {
            self.at += run_before(self.rest(), IN_TEXT);
            match self.next() {
                Some(b'>') => {
                    if self.text.as_bytes()[start..self.at].ends_with(b"]]") {
                        return self.fail("`]]>` in a text");
                    }
                    self.at += 1;
                }
                Some(special @ (b'&' | b'\r')) => {
                    let resolved = resolved.get_or_insert_default();
                    resolved.push_str(&self.text[copied..self.at]);
                    resolved.push(if special == b'&' { self.reference()? } else { self.line_end() });
                    copied = self.at;
                }
                _ => break,
            }
        }
        let last = &self.text[copied..self.at];
        Ok(resolved.map_or(Cow::Borrowed(last), |resolved| Cow::Owned(resolved + last)))
    }

    /// A line's end that begins with a carriage return.
    fn line_end(&mut self) -> char {
        self.at += if self.is_at("\r\n") { 2 } else { 1 };
        '\n'
    }

    /// A section of text in which nothing stands for something else.
    pub(super) fn character_data(&mut self) -> Read<Cow<'d, str>> {
        self.expect("<![CDATA[", "expected a tag")?;
        let text = self.until("]]>", "a section of text has no end")?;
        if !text.contains('\r') {
            return Ok(Cow::Borrowed(text));
        }
        Ok(Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n")))
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
                    resolved.push(if special == b'&' { self.reference()? } else { self.value_space() });
                    copied = self.at;
                }
                None => return self.fail("a value has no end"),
            }
        }
        let last = &self.text[copied..self.at];
        self.at += 1;
        Ok(resolved.map_or(Cow::Borrowed(last), |resolved| Cow::Owned(resolved + last)))
    }

    fn value_space(&mut self) -> char {
        self.at += if self.is_at("\r\n") { 2 } else { 1 };
        ' '
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

    /// A comment, which stands here.
    pub(super) fn comment(&mut self) -> Read<()> {
        self.at += "<!--".len();
        self.until("--", "a comment has no end")?;
        self.expect(">", "`--` in a comment")
    }

    /// A processing instruction, which stands here.
    pub(super) fn instruction(&mut self) -> Read<()> {
        self.at += "<?".len();
        let start = self.at;
        while self.next() == Some(b':') || start == self.at {
            self.take(":");
            self.name_part()?;
        }
        if self.text[start..self.at].eq_ignore_ascii_case("xml") {
            self.at = start;
            return self.fail("an XML declaration elsewhere than in front");
        }
        if !self.space() && !self.is_at("?>") {
            return self.fail("expected white space");
        }
        self.until("?>", "a processing instruction has no end").map(drop)
    }

    /// The declaration in front, where there is one. Its encoding is not asked: the text is UTF-8.
    pub(super) fn declaration(&mut self) -> Read<()> {
        let is_here = self.rest().get(5).is_some_and(|&byte| is_of(byte, SPACE)) && self.take("<?xml");
        if !is_here {
            return Ok(());
        }
        let is_version = |value: &str| {
            value.strip_prefix("1.").is_some_and(|minor| {
                !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit())
            })
        };
        let is_encoding = |value: &str| {
            value.starts_with(|first: char| first.is_ascii_alphabetic())
                && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if !self.declared("version", is_version)? {
            return self.fail("expected a version");
        }
        self.declared("encoding", is_encoding)?;
        self.declared("standalone", |value| matches!(value, "yes" | "no"))?;
        self.space();
        self.expect("?>", "expected the declaration's end")
    }

    /// One member of the declaration; whether it is there.
    fn declared(&mut self, name: &str, is_right: impl Fn(&str) -> bool) -> Read<bool> {
        let before = self.at;
        if !(self.space() && self.take(name)) {
            self.at = before;
            return Ok(false);
        }
        self.equals()?;
        let start = self.at;
        if is_right(&self.value()?) {
            return Ok(true);
        }
        self.at = start;
        self.fail("a declaration of no XML")
    }

    pub(super) fn equals(&mut self) -> Read<()> {
        self.space();
        self.expect("=", "expected `=`")?;
        self.space();
        Ok(())
    }

    /// A document type that stands here. Some documents name theirs and define nothing: `<!DOCTYPE name>`. That is
    /// passed over; all else is refused.
    pub(super) fn bare_document_type(&mut self) -> Read<()> {
        let start = self.at;
        self.take("<!DOCTYPE");
        let is_bare = self.space() && self.qualified_name().is_ok() && {
            self.space();
            self.take(">")
        };
        if is_bare { Ok(()) } else { Err(Fault { code: "doctype", at: start, what: "a document type".into() }) }
    }

    fn until(&mut self, end: &str, what: &'static str) -> Read<&'d str> {
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
