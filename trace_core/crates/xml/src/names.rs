//! Namespaces as prefixes of a JSON-LD context.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use epcis::Context;
use roxmltree::{Attribute, Node};

use crate::value::{Members, Value};

/// Of types, and of nothing (`xsi:nil`).
pub(crate) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Of elements that stand for keywords of JSON-LD: `@type`, `@value`.
pub(crate) const JSON_LD: &str = "http://www.w3.org/ns/json-ld#";
/// Namespaces that are XML's own business.
const UNSAID: [&str; 4] = [XSI, XSD, "http://www.w3.org/2000/xmlns/", "http://www.w3.org/XML/1998/namespace"];

/// What a prefix begins with that its JSON-LD uses without declaring it. XML must declare every prefix, and the
/// event hash tells the two apart.
pub(crate) const UNDECLARED: &str = "x-";
/// Longer texts before a colon are no prefixes.
const PREFIX_BYTES_MAX: usize = 64;

/// The prefixes of a document: one for each namespace, as it is first declared where that is free.
#[derive(Default)]
pub(crate) struct Prefixes {
    of_namespace: HashMap<String, String>,
    declared: Vec<(String, String)>,
    /// With which texts begin, and those that are declared.
    said: HashSet<String>,
    /// The last number behind a prefix that was taken.
    numbers: HashMap<String, u32>,
}

impl Prefixes {
    /// For a document. In XML a prefix in a text stands for nothing, in JSON-LD for its namespace: so no prefix is
    /// declared that some text begins with.
    pub(crate) fn of(root: Node<'_, '_>) -> Self {
        let mut said = HashSet::new();
        let mut see = |text: &str| {
            if let Some((prefix, _)) = text.trim_start().split_once(':')
                && prefix.len() <= PREFIX_BYTES_MAX
                // A time, or JSON: no prefix begins so.
                && !prefix.starts_with(|first: char| first.is_ascii_digit() || first == '{')
                && !said.contains(prefix)
            {
                said.insert(prefix.to_owned());
            }
        };
        for node in root.descendants() {
            for attribute in node.attributes() {
                see(attribute.value());
                see(undeclared(attribute.namespace(), written_attribute(node, &attribute))
                    .unwrap_or_default());
            }
            see(undeclared(node.tag_name().namespace(), written_element(node)).unwrap_or_default());
            if let (true, Some(text)) = (node.is_text(), node.text()) {
                see(text);
            }
        }
        Self { said, ..Self::default() }
    }

    fn declare(&mut self, wished: &str, uri: &str) -> String {
        let mut prefix = wished.to_owned();
        while self.said.contains(&prefix) {
            let number = self.numbers.entry(wished.to_owned()).or_insert(1);
            *number += 1;
            prefix = format!("{wished}{number}");
        }
        self.said.insert(prefix.clone());
        self.declared.push((prefix.clone(), uri.to_owned()));
        self.of_namespace.insert(uri.to_owned(), prefix.clone());
        prefix
    }

    /// The name of an element: `prefix:local`, or the local name alone where it is of no namespace.
    pub(crate) fn element<'d>(&mut self, node: Node<'d, '_>) -> Cow<'d, str> {
        self.name(node, namespace(node), node.tag_name().name(), written_element(node))
    }

    /// The name of an attribute of an element, in the same way.
    pub(crate) fn attribute<'d>(
        &mut self,
        node: Node<'d, '_>,
        attribute: &Attribute<'d, '_>,
    ) -> Cow<'d, str> {
        self.name(node, attribute.namespace(), attribute.name(), written_attribute(node, attribute))
    }

    fn name<'d>(
        &mut self,
        node: Node<'d, '_>,
        uri: Option<&str>,
        local: &'d str,
        written: &str,
    ) -> Cow<'d, str> {
        let Some(uri) = uri else { return Cow::Borrowed(local) };
        if uri == JSON_LD {
            return Cow::Owned(format!("@{local}"));
        }
        if let Some(prefixed) = undeclared(Some(uri), written) {
            let prefix = prefixed.split(':').next().unwrap_or_default();
            return Cow::Owned(format!("{prefix}:{local}"));
        }
        let prefix = match self.of_namespace.get(uri) {
            Some(prefix) => return Cow::Owned(format!("{prefix}:{local}")),
            None => self.declare(node.lookup_prefix(uri).filter(|p| !p.is_empty()).unwrap_or("ns"), uri),
        };
        Cow::Owned(format!("{prefix}:{local}"))
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

/// The namespace of a user's element; `None` of the standard's own, which some documents name.
pub(crate) fn namespace<'n>(node: Node<'n, '_>) -> Option<&'n str> {
    node.tag_name().namespace().filter(|uri| !is_standard(uri))
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

/// What stands behind [`UNDECLARED`] in a name as it is written, `prefix:local` and more, where its namespace is that
/// of the prefix without a declaration.
fn undeclared<'t>(uri: Option<&str>, written: &'t str) -> Option<&'t str> {
    let prefixed = written.strip_prefix(UNDECLARED)?;
    let end = prefixed.find([':', '=', '>', '/', ' ', '\t', '\n', '\r'])?;
    let (prefix, rest) = prefixed.split_at(end);
    (rest.starts_with(':') && uri == Some(&undeclared_namespace(prefix))).then_some(prefixed)
}

/// The text of the document from the name of an element on.
fn written_element<'d>(node: Node<'_, 'd>) -> &'d str {
    if !node.is_element() {
        return "";
    }
    node.document().input_text().get(node.range().start + 1..).unwrap_or_default()
}

/// The text of the document from the name of an attribute on.
fn written_attribute<'d>(node: Node<'_, 'd>, attribute: &Attribute<'_, '_>) -> &'d str {
    node.document().input_text().get(attribute.range_qname().start..).unwrap_or_default()
}
