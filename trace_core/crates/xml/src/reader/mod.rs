//! XML read one element after the other. A text is taken where XML 1.0 and Namespaces in XML find it well-formed, and
//! refused else; there are no entities but XML's own five, and no document type that defines anything.

mod characters;
mod lexer;
mod said;
mod scope;
mod tree;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::document::{ATTRIBUTES_MAX, DEPTH_MAX, NODES_MAX};
pub(crate) use lexer::Fault;
pub(crate) use lexer::Name;
use lexer::{Lexer, Read};
pub(crate) use said::Said;
pub(crate) use scope::Namespace;
use scope::{Meaning, Refused, Scope};
pub(crate) use tree::{Attribute, Node};
use tree::Tree;

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

/// What comes next.
enum Step<'d> {
    Start,
    End,
    Text(Cow<'d, str>),
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
                return Err(Fault { code: "doctype", ..reader.lexer.fault("a second document type") });
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
                Step::Text(_) => (),
            }
        }
    }

    /// Reads the element that was just started to its end, so that the tree has all that is in it.
    pub(crate) fn complete(&mut self) -> Read<()> {
        let outside = self.open.len() - 1;
        while self.open.len() > outside {
            if let Step::Text(text) = self.step()?
                && let Some(open) = self.open.last()
            {
                self.tree.add_text(open.place, text);
            }
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
            let what = format!("more than {NODES_MAX} nodes").into();
            return Err(Fault { code: "too_many_nodes", at: self.lexer.at, what });
        }
        self.nodes += 1;
        Ok(())
    }

    /// The next tag or text inside the root element.
    fn step(&mut self) -> Read<Step<'d>> {
        if std::mem::take(&mut self.is_ended) {
            self.end();
            return Ok(Step::End);
        }
        loop {
            match self.lexer.rest() {
                [b'<', b'/', ..] => return self.end_tag().map(|()| Step::End),
                [b'<', b'!' | b'?', ..] if self.note()? => (),
                [b'<', b'!', ..] => return self.text().map(Step::Text),
                [b'<', ..] => return self.start_tag().map(|()| Step::Start),
                [_, ..] => return self.text().map(Step::Text),
                [] => return self.lexer.fail("an element has no end"),
            }
        }
    }

    /// Text and sections of it up to the next tag, comment or instruction.
    fn text(&mut self) -> Read<Cow<'d, str>> {
        let mut text = self.piece()?;
        while self.lexer.is_at("<![") || !matches!(self.lexer.next(), Some(b'<') | None) {
            text.to_mut().push_str(&*self.piece()?);
        }
        self.count()?;
        self.tree.said.see(&text);
        Ok(text)
    }

    fn piece(&mut self) -> Read<Cow<'d, str>> {
        if self.lexer.next() == Some(b'<') { self.lexer.character_data() } else { self.lexer.text() }
    }

    fn end_tag(&mut self) -> Read<()> {
        let written = self.open.last().map_or("", |innermost| innermost.written);
        self.lexer.take("</");
        self.lexer.expect(written, "an end that is not the innermost element's")?;
        self.lexer.space();
        self.lexer.expect(">", "an end that is not the innermost element's")?;
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
        self.attributes(first)?;
        self.is_ended = self.lexer.take("/");
        self.lexer.expect(">", "expected a tag's end")?;
        if self.open.len() >= DEPTH_MAX && !self.is_ended {
            let what = format!("elements are nested deeper than {DEPTH_MAX}").into();
            return Err(Fault { code: "depth", at: start, what });
        }
        self.count()?;
        let meaning = self.understand(&name, start, first)?;
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
                let what = format!("an element has more than {ATTRIBUTES_MAX}").into();
                return Err(Fault { code: "too_many_attributes", at: self.lexer.at, what });
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

    /// What the names of a tag stand for, by its own declarations and those around it.
    fn understand(&mut self, name: &Name<'d>, start: usize, first: usize) -> Read<Meaning> {
        if !self.declared.is_empty() {
            self.scope = self.tree.declarations.declare(&mut self.declared, self.scope).or_else(|refused| {
                let (code, what) = match refused {
                    Refused::Reserved => ("syntax", "a declaration of what XML keeps for itself"),
                    Refused::Twice => ("syntax", "a prefix is declared twice"),
                    Refused::TooMany => ("too_many_namespaces", "more namespaces than are read"),
                };
                Err(Fault { code, at: start, what: what.into() })
            })?;
        }
        let Tree { attributes, declarations, said, .. } = &mut self.tree;
        let unknown = |name: &Name<'_>| Fault {
            code: "syntax",
            at: start,
            what: format!("nothing declares the prefix of {}", name.written).into(),
        };
        let mut note = |name: &Name<'_>, meaning: Meaning| {
            if meaning.is_undeclared {
                said.note(&name.prefix()[crate::names::UNDECLARED.len()..]);
            }
            meaning
        };
        let attributes = &mut attributes[first..];
        for attribute in &mut *attributes {
            let meaning = declarations.of_attribute(&attribute.name, self.scope);
            attribute.meaning = note(&attribute.name, meaning.ok_or_else(|| unknown(&attribute.name))?);
        }
        if is_any_twice(attributes) {
            return Err(Fault { code: "syntax", at: start, what: "an attribute stands twice".into() });
        }
        let meaning = declarations.of_element(name, self.scope).ok_or_else(|| unknown(name))?;
        Ok(note(name, meaning))
    }
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
