//! Namespaces: what a prefix stands for where an element is.

use std::borrow::Cow;
use std::collections::HashMap;

use super::lexer::Name;
use crate::names::{JSON_LD, UNDECLARED, XML, XMLNS, XSD, XSI, is_standard, undeclared_namespace};

/// A namespace by its number, which is the same for the same URI all over a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Namespace(u32);

impl Namespace {
    /// Of names without one.
    pub(crate) const NONE: Self = Self(0);
    pub(crate) const XSI: Self = Self(1);
    pub(crate) const XSD: Self = Self(2);
    pub(crate) const JSON_LD: Self = Self(3);
    pub(crate) const XML: Self = Self(4);

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Namespaces of one document, so that they have a number each.
pub(super) const NAMESPACES_MAX: usize = 1 << 16;

/// Declarations that are seen from one element, its own and those around it; each name may be sought among all.
pub(super) const DECLARATIONS_MAX: u32 = 500;

/// A place in the list of declarations from which they are seen: the innermost one, and through it those around.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scope(u32);

impl Scope {
    /// Where nothing is declared.
    pub(super) const EMPTY: Self = Self(u32::MAX);
}

struct Declaration<'d> {
    /// Empty for the namespace of names without a prefix.
    prefix: &'d str,
    meaning: Meaning,
    around: Scope,
    /// How many are seen from here.
    seen: u32,
}

/// What a name stands for.
#[derive(Clone, Copy)]
pub(super) struct Meaning {
    pub(super) namespace: Namespace,
    /// The prefix begins with what stands for prefixes that JSON-LD does not declare, and the namespace is of such.
    pub(super) is_undeclared: bool,
    /// The namespace is the standard's own, or none.
    pub(super) is_standard: bool,
}

impl Meaning {
    pub(super) const NONE: Self =
        Self { namespace: Namespace::NONE, is_undeclared: false, is_standard: true };
    const XML: Self = Self { namespace: Namespace::XML, is_undeclared: false, is_standard: false };
}

/// Why a declaration is refused.
pub(super) enum Refused {
    Reserved,
    Twice,
    TooMany,
}

/// All declarations of what is being read.
pub(crate) struct Declarations<'d> {
    list: Vec<Declaration<'d>>,
    uris: Vec<Cow<'d, str>>,
    numbers: HashMap<Cow<'d, str>, Namespace>,
    /// Names without a prefix have ever been given a namespace.
    has_default: bool,
}

impl Default for Declarations<'_> {
    fn default() -> Self {
        let uris = ["", XSI, XSD, JSON_LD, XML].map(Cow::Borrowed);
        let numbers = uris.iter().zip(0..).map(|(uri, number)| (uri.clone(), Namespace(number)));
        Self { numbers: numbers.collect(), list: Vec::new(), uris: uris.into(), has_default: false }
    }
}

impl<'d> Declarations<'d> {
    pub(crate) fn uri(&self, namespace: Namespace) -> &str {
        &self.uris[namespace.index()]
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Forgets all but the first ones.
    pub(super) fn truncate(&mut self, length: usize) {
        self.list.truncate(length);
    }

    /// Declares all prefixes of one element. They are seen in their order, and before those around them.
    pub(super) fn declare(
        &mut self,
        declared: &mut Vec<(&'d str, Cow<'d, str>)>,
        around: Scope,
    ) -> Result<Scope, Refused> {
        let mut scope = around;
        while let Some((prefix, uri)) = declared.pop() {
            let is_reserved = prefix == "xmlns" || uri == XMLNS || (prefix == "xml") != (uri == XML);
            if is_reserved || uri.is_empty() && !prefix.is_empty() {
                return Err(Refused::Reserved);
            }
            if declared.iter().any(|(other, _)| *other == prefix) {
                return Err(Refused::Twice);
            }
            // Of XML's own namespace are attributes alone, which need no declaration.
            if prefix == "xml" {
                continue;
            }
            let seen = 1 + self.get(scope).map_or(0, |innermost| innermost.seen);
            if seen > DECLARATIONS_MAX || self.uris.len() > NAMESPACES_MAX {
                return Err(Refused::TooMany);
            }
            let undeclared = prefix.strip_prefix(UNDECLARED);
            let is_undeclared = undeclared.is_some_and(|prefix| uri == undeclared_namespace(prefix));
            let is_standard = is_standard(&uri);
            let meaning = Meaning { namespace: self.number(uri), is_undeclared, is_standard };
            self.has_default |= prefix.is_empty();
            self.list.push(Declaration { prefix, meaning, around: scope, seen });
            scope = Scope(u32::try_from(self.list.len() - 1).unwrap_or(u32::MAX));
        }
        Ok(scope)
    }

    fn number(&mut self, uri: Cow<'d, str>) -> Namespace {
        if let Some(&known) = self.numbers.get(&uri) {
            return known;
        }
        let new = Namespace(u32::try_from(self.uris.len()).unwrap_or(u32::MAX));
        self.uris.push(uri.clone());
        self.numbers.insert(uri, new);
        new
    }

    fn get(&self, scope: Scope) -> Option<&Declaration<'d>> {
        self.list.get(scope.0 as usize)
    }

    /// Those that are seen from an element, the innermost ones first.
    fn seen_from(&self, scope: Scope) -> impl Iterator<Item = &Declaration<'d>> {
        std::iter::successors(self.get(scope), |declaration| self.get(declaration.around))
    }

    /// What an element's name stands for; `None` where nothing declares its prefix.
    pub(super) fn of_element(&self, name: &Name<'_>, scope: Scope) -> Option<Meaning> {
        if name.has_prefix() {
            self.find(name.prefix(), scope)
        } else if self.has_default {
            Some(self.find("", scope).unwrap_or(Meaning::NONE))
        } else {
            Some(Meaning::NONE)
        }
    }

    /// What an attribute's name stands for: without a prefix it is of no namespace.
    pub(super) fn of_attribute(&self, name: &Name<'_>, scope: Scope) -> Option<Meaning> {
        match name.prefix() {
            "" => Some(Meaning::NONE),
            "xml" => Some(Meaning::XML),
            prefix => self.find(prefix, scope),
        }
    }

    fn find(&self, prefix: &str, scope: Scope) -> Option<Meaning> {
        self.seen_from(scope).find(|known| known.prefix == prefix).map(|known| known.meaning)
    }

    /// The namespace of a prefix, or of names without one (`""`), where it is declared.
    pub(crate) fn namespace_of(&self, prefix: &str, scope: Scope) -> Option<Namespace> {
        self.find(prefix, scope).map(|meaning| meaning.namespace)
    }

    /// The first prefix that stands for a namespace; empty where that is none. Cost: one look at each declaration
    /// that is seen, for each of them.
    pub(crate) fn prefix_of(&self, namespace: Namespace, scope: Scope) -> &'d str {
        let is_seen = |one: &Declaration<'_>| {
            let nearest = self.seen_from(scope).find(|known| known.prefix == one.prefix);
            nearest.is_some_and(|nearest| std::ptr::eq(nearest, one))
        };
        let found =
            self.seen_from(scope).find(|known| known.meaning.namespace == namespace && is_seen(known));
        found.map_or("", |found| found.prefix)
    }
}
