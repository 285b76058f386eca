//! One element and all that is in it: what is kept of a document at a time.

use std::borrow::Cow;
use std::ops::Range;

use super::characters::{before_space, behind_space};
use super::lexer::Name;
use super::said::Said;
use super::scope::{Declarations, Meaning, Namespace, Scope};
use crate::names::UNDECLARED;

struct Element<'d> {
    name: Name<'d>,
    meaning: Meaning,
    scope: Scope,
    attributes: Range<usize>,
    /// Behind its last descendant.
    end: usize,
    /// All its own text, from the first that is no white space.
    text: Cow<'d, str>,
}

/// An attribute that declares no namespace.
pub(crate) struct Attribute<'d> {
    pub(super) name: Name<'d>,
    pub(super) meaning: Meaning,
    pub(crate) value: Cow<'d, str>,
}

impl<'d> Attribute<'d> {
    pub(crate) fn name(&self) -> &Name<'d> {
        &self.name
    }

    pub(crate) fn namespace(&self) -> Namespace {
        self.meaning.namespace
    }

    pub(crate) fn is_undeclared(&self) -> bool {
        self.meaning.is_undeclared
    }
}

/// Elements in the order of the document, the first one around all others, and what was learned of the document.
#[derive(Default)]
pub(crate) struct Tree<'d> {
    elements: Vec<Element<'d>>,
    pub(super) attributes: Vec<Attribute<'d>>,
    pub(super) declarations: Declarations<'d>,
    pub(super) said: Said,
}

impl<'d> Tree<'d> {
    /// Forgets all elements.
    pub(super) fn clear(&mut self) {
        self.elements.clear();
        self.attributes.clear();
    }

    /// Notes the prefix that a name has in JSON-LD without a declaration: no other may be declared as that.
    pub(super) fn note(&mut self, name: &Name<'_>, meaning: Meaning) {
        if meaning.is_undeclared {
            self.said.note(&name.prefix()[UNDECLARED.len()..]);
        }
    }

    /// Adds an element with the attributes from the given one on; its place.
    pub(super) fn open(
        &mut self,
        name: Name<'d>,
        meaning: Meaning,
        scope: Scope,
        attributes: usize,
    ) -> usize {
        let place = self.elements.len();
        let attributes = attributes..self.attributes.len();
        let text = Cow::Borrowed("");
        self.elements.push(Element { name, meaning, scope, attributes, end: place + 1, text });
        place
    }

    /// What was added since is in this one.
    pub(super) fn close(&mut self, place: usize) {
        let end = self.elements.len();
        if let Some(element) = self.elements.get_mut(place) {
            element.end = end;
        }
    }

    pub(super) fn add_text(&mut self, place: usize, text: Cow<'d, str>) {
        let Some(element) = self.elements.get_mut(place) else { return };
        if !element.text.is_empty() {
            return element.text.to_mut().push_str(&text);
        }
        element.text = match text {
            Cow::Borrowed(text) => Cow::Borrowed(behind_space(text)),
            Cow::Owned(text) => Cow::Owned(behind_space(&text).to_owned()),
        };
    }

    pub(crate) fn root(&self) -> Node<'_, 'd> {
        Node { tree: self, place: 0 }
    }
}

/// An element of a tree, which is never empty where there are nodes.
#[derive(Clone, Copy)]
pub(crate) struct Node<'t, 'd> {
    tree: &'t Tree<'d>,
    place: usize,
}

impl<'t, 'd> Node<'t, 'd> {
    fn element(&self) -> &'t Element<'d> {
        &self.tree.elements[self.place]
    }

    pub(crate) fn name(&self) -> &'t Name<'d> {
        &self.element().name
    }

    pub(crate) fn local(&self) -> &'d str {
        self.element().name.local()
    }

    /// Of a user's element; [`Namespace::NONE`] of the standard's own, which some documents name.
    pub(crate) fn namespace(&self) -> Namespace {
        let meaning = self.element().meaning;
        if meaning.is_standard { Namespace::NONE } else { meaning.namespace }
    }

    pub(crate) fn is_standard(&self) -> bool {
        self.element().meaning.is_standard
    }

    pub(crate) fn is_undeclared(&self) -> bool {
        self.element().meaning.is_undeclared
    }

    /// The elements in it.
    pub(crate) fn children(self) -> impl Iterator<Item = Self> {
        let end = self.element().end;
        let node = move |place| (place < end).then_some(Self { tree: self.tree, place });
        std::iter::successors(node(self.place + 1), move |child| node(child.element().end))
    }

    /// All its own text, references and sections resolved, without white space around it.
    pub(crate) fn text(&self) -> Cow<'d, str> {
        match &self.element().text {
            Cow::Borrowed(text) => Cow::Borrowed(before_space(text)),
            Cow::Owned(text) => Cow::Owned(before_space(text).to_owned()),
        }
    }

    pub(crate) fn attributes(&self) -> &'t [Attribute<'d>] {
        &self.tree.attributes[self.element().attributes.clone()]
    }

    /// The value of the first attribute with a local name, of whatever namespace.
    pub(crate) fn attribute(&self, name: &str) -> Option<&'t Cow<'d, str>> {
        self.attributes().iter().find(|one| one.name.local() == name).map(|attribute| &attribute.value)
    }

    /// The value of an attribute of a namespace.
    pub(crate) fn attribute_of(&self, namespace: Namespace, name: &str) -> Option<&'t Cow<'d, str>> {
        let is_it = |one: &&Attribute<'_>| one.meaning.namespace == namespace && one.name.local() == name;
        self.attributes().iter().find(is_it).map(|attribute| &attribute.value)
    }

    /// What a prefix stands for here; an empty one for names that have none.
    pub(crate) fn namespace_of(&self, prefix: &str) -> Option<Namespace> {
        self.tree.declarations.namespace_of(prefix, self.element().scope)
    }

    /// The first prefix that stands for a namespace here; empty where that is none.
    pub(crate) fn prefix_of(&self, namespace: Namespace) -> &'d str {
        self.tree.declarations.prefix_of(namespace, self.element().scope)
    }

    pub(crate) fn uri(&self, namespace: Namespace) -> &'t str {
        self.tree.declarations.uri(namespace)
    }

    /// Whether some text that was read so far begins with a prefix.
    pub(crate) fn is_said(&self, prefix: &str) -> bool {
        self.tree.said.contains(prefix)
    }
}
