//! XML read one element after the other. A text is taken where XML 1.0 and Namespaces in XML find it well-formed, and
//! refused else; there are no entities but XML's own five, and no document type that defines anything.

mod characters;
mod lexer;
mod prolog;
mod said;
mod scope;
#[cfg(test)]
mod tests;
mod tree;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::document::{ATTRIBUTES_MAX, DEPTH_MAX, NODES_MAX};
use lexer::Lexer;
pub(crate) use lexer::{Fault, Name, Read};
pub(crate) use said::Said;
pub(crate) use scope::Namespace;
use scope::{Meaning, Refused, Scope};
use tree::Tree;
pub(crate) use tree::{Attribute, Node};

/// More attributes than these are compared by a table.
const COMPARED_MAX: usize = 16;

/// An element that has not ended yet.
struct Open<'d> {
    written: &'d str,
    /// What is seen outside of it.
    around: Scope,
    /// Declarations up to its own.
    declared: usize,
    /// Its place in the tree; of no meaning when that holds another element.
    place: usize,
}

/// What was read.
enum Step {
    Start,
    End,
    Text,
}

/// A document that is being read: the elements that are open, and a tree of the one that was read last.
pub(crate) struct Reader<'d> {
    lexer: Lexer<'d>,
    open: Vec<Open<'d>>,
    scope: Scope,
    tree: Tree<'d>,
    nodes: u32,
    /// The last tag was a start and an end.
    is_ended: bool,
    /// Declarations of a tag, in their order.
    declared: Vec<(&'d str, Cow<'d, str>)>,
}

impl<'d> Reader<'d> {
    /// Reads up to the start of the root element. `said` is what is known of the document's texts before.
    ///
    /// # Errors
    /// A [`Fault`], as from every method here: the text is not well-formed up to the place that was reached, or it is
    /// nested too deep, or has too many nodes, attributes, declarations or namespaces.
    pub(crate) fn of(text: &'d str, said: Said) -> Read<Self> {
        let mut lexer = Lexer::of(text);
        if let Some(at) = characters::not_allowed(text) {
            lexer.at = at;
            return lexer.fail("a character that XML does not have");
        }
        let mut tree = Tree::default();
        tree.said = said;
        // The document itself is a node.
        let (open, declared, nodes) = (Vec::with_capacity(DEPTH_MAX), Vec::new(), 1);
        let mut reader = Self { lexer, open, scope: Scope::EMPTY, tree, nodes, is_ended: false, declared };
        reader.lexer.declaration()?;
        reader.pass_over()?;
        if reader.lexer.is_at("<!DOCTYPE") {
            reader.lexer.bare_document_type()?;
            reader.pass_over()?;
            if reader.lexer.is_at("<!DOCTYPE") {
                return Err(Fault::boxed("doctype", reader.lexer.at, "a second document type"));
            }
        }
        if reader.lexer.next() != Some(b'<') {
            return reader.lexer.fail("expected an element");
        }
        reader.start_tag()?;
        Ok(reader)
    }

    /// The element that was read last: with its attributes alone, or with all that is in it.
    pub(crate) fn element(&self) -> Node<'_, 'd> {
        self.tree.root()
    }

    /// Goes to the start of the next element in the innermost one that is open; to that one's end where there is none.
    pub(crate) fn next_child(&mut self) -> Read<bool> {
        loop {
            self.forget();
            match self.step()? {
                Step::Start => return Ok(true),
                Step::End => return Ok(false),
                Step::Text => (),
            }
        }
    }

    /// Reads the element that was just started to its end, so that the tree has all that is in it.
    pub(crate) fn complete(&mut self) -> Read<()> {
        let outside = self.open.len() - 1;
        while self.open.len() > outside {
            self.step()?;
        }
        Ok(())
    }

    /// Reads the element that was just started to its end and keeps nothing of it.
    pub(crate) fn skip(&mut self) -> Read<()> {
        let outside = self.open.len() - 1;
        while self.open.len() > outside {
            self.forget();
            self.step()?;
        }
        Ok(())
    }

    /// Reads what may stand behind the root element, and gives back with what texts of the document begin.
    pub(crate) fn finish(mut self) -> Read<Said> {
        self.pass_over()?;
        if self.lexer.next().is_some() {
            return self.lexer.fail("something behind the root element");
        }
        Ok(self.tree.said)
    }

    fn forget(&mut self) {
        self.tree.clear();
        self.tree.declarations.truncate(self.open.last().map_or(0, |innermost| innermost.declared));
    }

    /// White space, comments and instructions outside of the root element.
    fn pass_over(&mut self) -> Read<()> {
        loop {
            self.lexer.space();
            if !self.note()? {
                return Ok(());
            }
        }
    }

    /// A comment or an instruction, where one stands here.
    fn note(&mut self) -> Read<bool> {
        if self.lexer.is_at("<!--") {
            self.lexer.comment()?;
        } else if self.lexer.is_at("<?") {
            self.lexer.instruction()?;
        } else {
            return Ok(false);
        }
        self.count()?;
        Ok(true)
    }

    fn count(&mut self) -> Read<()> {
        if self.nodes >= NODES_MAX {
            return Err(Fault::boxed(
                "too_many_nodes",
                self.lexer.at,
                format!("more than {NODES_MAX} nodes"),
            ));
        }
        self.nodes += 1;
        Ok(())
    }

    /// The next tag or text inside the root element; text is kept where its element is.
    fn step(&mut self) -> Read<Step> {
        if std::mem::take(&mut self.is_ended) {
            self.end();
            return Ok(Step::End);
        }
        loop {
            match self.lexer.rest() {
                [b'<', b'/', ..] => return self.end_tag().map(|()| Step::End),
                [b'<', b'!' | b'?', ..] if self.note()? => (),
                [b'<', b'!', b'[', ..] => return self.text().map(|()| Step::Text),
                [b'<', b'!', ..] => return self.lexer.fail("expected a tag"),
                [b'<', ..] => return self.start_tag().map(|()| Step::Start),
                [_, ..] => return self.text().map(|()| Step::Text),
                [] => return self.lexer.fail("an element has no end"),
            }
        }
    }

    /// Text and sections of it up to the next tag, comment or instruction.
    fn text(&mut self) -> Read<()> {
        let mut text = Cow::Borrowed(self.lexer.plain_text());
        while !self.lexer.is_behind_text() {
            self.lexer.more_text(text.to_mut())?;
        }
        self.count()?;
        self.tree.said.see(&text);
        if let Some(innermost) = self.open.last() {
            self.tree.add_text(innermost.place, text);
        }
        Ok(())
    }

    fn end_tag(&mut self) -> Read<()> {
        let written = self.open.last().map_or("", |innermost| innermost.written);
        self.lexer.at += "</".len();
        if !(self.lexer.take(written) && self.lexer.take_behind_space(">")) {
            return self.lexer.fail("an end that is not the innermost element's");
        }
        self.end();
        Ok(())
    }

    fn end(&mut self) {
        if let Some(ended) = self.open.pop() {
            self.scope = ended.around;
            self.tree.close(ended.place);
        }
    }

    /// A tag that starts an element; `<` stands here.
    fn start_tag(&mut self) -> Read<()> {
        let start = self.lexer.at;
        self.lexer.at += 1;
        let name = self.lexer.qualified_name()?;
        let (first, around) = (self.tree.attributes.len(), self.scope);
        if !self.lexer.take(">") {
            self.attributes(first)?;
            self.is_ended = self.lexer.take("/");
            self.lexer.expect(">", "expected a tag's end")?;
            self.understand(start, first)?;
        }
        if self.open.len() >= DEPTH_MAX && !self.is_ended {
            return Err(Fault::boxed("depth", start, format!("elements are nested deeper than {DEPTH_MAX}")));
        }
        self.count()?;
        let Some(meaning) = self.tree.declarations.of_element(&name, self.scope) else {
            return unknown(&name, start);
        };
        self.tree.note(&name, meaning);
        let place = self.tree.open(name, meaning, self.scope, first);
        let declared = self.tree.declarations.len();
        self.open.push(Open { written: name.written, around, declared, place });
        Ok(())
    }

    /// The attributes of a tag, with the white space before its end.
    fn attributes(&mut self, first: usize) -> Read<()> {
        loop {
            let is_apart = self.lexer.space();
            if matches!(self.lexer.next(), Some(b'>' | b'/')) {
                return Ok(());
            }
            if !is_apart {
                return self.lexer.fail("expected white space or a tag's end");
            }
            if self.tree.attributes.len() - first + self.declared.len() >= ATTRIBUTES_MAX {
                let what = format!("an element has more than {ATTRIBUTES_MAX}");
                return Err(Fault::boxed("too_many_attributes", self.lexer.at, what));
            }
            let name = self.lexer.qualified_name()?;
            self.lexer.equals()?;
            let value = self.lexer.value()?;
            match (name.prefix(), name.local()) {
                ("", "xmlns") => self.declared.push(("", value)),
                ("xmlns", prefix) => self.declared.push((prefix, value)),
                _ => {
                    self.tree.said.see(&value);
                    self.tree.attributes.push(Attribute { name, meaning: Meaning::NONE, value });
                }
            }
        }
    }

    /// What a tag declares, and what the names of its attributes stand for.
    fn understand(&mut self, start: usize, first: usize) -> Read<()> {
        if !self.declared.is_empty() {
            self.scope =
                self.tree.declarations.declare(&mut self.declared, self.scope).map_err(|refused| {
                    let (code, what) = match refused {
                        Refused::Reserved => ("syntax", "a declaration of what XML keeps for itself"),
                        Refused::Twice => ("syntax", "a prefix is declared twice"),
                        Refused::TooMany => ("too_many_namespaces", "more namespaces than are read"),
                    };
                    Fault::boxed(code, start, what)
                })?;
        }
        for place in first..self.tree.attributes.len() {
            let name = self.tree.attributes[place].name;
            let Some(meaning) = self.tree.declarations.of_attribute(&name, self.scope) else {
                return unknown(&name, start);
            };
            self.tree.note(&name, meaning);
            self.tree.attributes[place].meaning = meaning;
        }
        if is_any_twice(&self.tree.attributes[first..]) {
            return Err(Fault::boxed("syntax", start, "an attribute stands twice"));
        }
        Ok(())
    }
}

fn unknown<T>(name: &Name<'_>, start: usize) -> Read<T> {
    Err(Fault::boxed("syntax", start, format!("nothing declares the prefix of {}", name.written)))
}

fn is_any_twice(attributes: &[Attribute<'_>]) -> bool {
    let key = |attribute: &Attribute<'_>| (attribute.namespace(), attribute.name().local().to_owned());
    if attributes.len() > COMPARED_MAX {
        let mut seen = HashSet::with_capacity(attributes.len());
        return !attributes.iter().all(|attribute| seen.insert(key(attribute)));
    }
    let is_same = |a: &Attribute<'_>, b: &Attribute<'_>| {
        a.namespace() == b.namespace() && a.name().local() == b.name().local()
    };
    attributes.iter().enumerate().any(|(place, one)| attributes[..place].iter().any(|two| is_same(one, two)))
}
