//! What is read and passed over: the declaration, comments, instructions, a document type that says nothing.

use super::characters::{SPACE, is_of};
use super::lexer::{Fault, Lexer, Read};

impl Lexer<'_> {
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
        self.name_part()?;
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
            value
                .strip_prefix("1.")
                .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
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
        if is_bare { Ok(()) } else { Err(Fault::boxed("doctype", start, "a document type")) }
    }
}
