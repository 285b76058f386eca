//! Namespaces as prefixes of a JSON-LD context.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use epcis::Context;

use crate::reader::{Attribute, Name, Namespace, Node, Said};
use crate::value::{Members, Value};

/// Of types, and of nothing (`xsi:nil`).
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Of elements that stand for keywords of JSON-LD: `@type`, `@value`.
pub(crate) const JSON_LD: &str = "http://www.w3.org/ns/json-ld#";
/// Of what stands without a declaration: `xml:lang`.
pub(crate) const XML: &str = "http://www.w3.org/XML/1998/namespace";
/// Of declarations themselves.
pub(crate) const XMLNS: &str = "http://www.w3.org/2000/xmlns/";
/// Namespaces that are XML's own business.
const UNSAID: [&str; 4] = [XSI, XSD, XMLNS, XML];

/// What a prefix begins with that its JSON-LD uses without declaring it. XML must declare every prefix, and the
/// event hash tells the two apart.
pub(crate) const UNDECLARED: &str = "x-";
/// The prefixes of a document: one for each namespace, as it is first declared where that is free.
#[derive(Default)]
pub(crate) struct Prefixes {
    /// By the number of the namespace; empty where there is none.
    of_namespace: Vec<String>,
    declared: Vec<(String, String)>,
    taken: HashSet<String>,
    /// The last number behind a prefix that was taken.
    numbers: HashMap<String, u32>,
}

impl Prefixes {
    /// In XML a prefix in a text stands for nothing, in JSON-LD for its namespace: so no prefix is declared that some
    /// text begins with. Those that were read so far are known.
    fn declare(&mut self, namespace: Namespace, node: Node<'_, '_>) {
        let wished = Some(node.prefix_of(namespace)).filter(|prefix| !prefix.is_empty()).unwrap_or("ns");
        let mut prefix = wished.to_owned();
        while node.is_said(&prefix) || self.taken.contains(&prefix) {
            let number = self.numbers.entry(wished.to_owned()).or_insert(1);
            *number += 1;
            prefix = format!("{wished}{number}");
        }
        self.taken.insert(prefix.clone());
        self.declared.push((prefix.clone(), node.uri(namespace).to_owned()));
        if self.of_namespace.len() <= namespace.index() {
            self.of_namespace.resize(namespace.index() + 1, String::new());
        }
        self.of_namespace[namespace.index()] = prefix;
    }

    /// Whether a text begins with a prefix that is declared: one that was not read yet when it was.
    pub(crate) fn are_said(&self, said: &Said) -> bool {
        self.declared.iter().any(|(prefix, _)| said.contains(prefix))
    }

    /// The name of an element: `prefix:local`, or the local name alone where it is of no namespace.
    pub(crate) fn element<'d>(&mut self, node: Node<'_, 'd>) -> Cow<'d, str> {
        self.name(node, node.namespace(), node.name(), node.is_undeclared())
    }

    /// The name of an attribute of an element, in the same way.
    pub(crate) fn attribute<'d>(&mut self, node: Node<'_, 'd>, attribute: &Attribute<'d>) -> Cow<'d, str> {
        self.name(node, attribute.namespace(), attribute.name(), attribute.is_undeclared())
    }

    fn name<'d>(
        &mut self,
        node: Node<'_, 'd>,
        namespace: Namespace,
        name: &Name<'d>,
        is_undeclared: bool,
    ) -> Cow<'d, str> {
        match namespace {
            Namespace::NONE => return Cow::Borrowed(name.local()),
            Namespace::JSON_LD => return Cow::Owned(["@", name.local()].concat()),
            _ if is_undeclared => return Cow::Borrowed(&name.written[UNDECLARED.len()..]),
            _ => (),
        }
        if self.of_namespace.get(namespace.index()).is_none_or(String::is_empty) {
            self.declare(namespace, node);
        }
        let prefix = &self.of_namespace[namespace.index()];
        if prefix == name.prefix() {
            return Cow::Borrowed(name.written);
        }
        Cow::Owned([prefix, ":", name.local()].concat())
    }

    /// The definitions of the context; none where nothing is declared.
    pub(crate) fn definitions(self) -> Members<'static> {
        let mut members = Members::default();
        for (prefix, uri) in self.declared {
            members.set(prefix, Value::text(uri));
        }
        members
    }
}

pub(crate) fn is_standard(uri: &str) -> bool {
    uri.is_empty()
        || uri.starts_with("urn:epcglobal:epcis:xsd:")
        || uri.starts_with("urn:epcglobal:epcis-masterdata:xsd:")
}

pub(crate) fn is_unsaid(uri: &str) -> bool {
    UNSAID.contains(&uri)
}

/// The namespace of a prefix that the context does not declare: by the standard's own context, or the scheme of an
/// IRI.
pub(crate) fn undeclared_namespace(prefix: &str) -> Cow<'static, str> {
    Context::default().namespace(prefix).map_or_else(|| Cow::Owned(format!("{prefix}:")), Cow::Borrowed)
}
