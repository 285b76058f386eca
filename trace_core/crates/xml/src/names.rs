//! Namespaces as prefixes of a JSON-LD context, and the short names of the vocabulary.

use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use crate::value::{Members, Value};

/// Namespaces that are XML's own business.
const UNSAID: [&str; 4] = [
    "http://www.w3.org/2001/XMLSchema-instance",
    "http://www.w3.org/2001/XMLSchema",
    "http://www.w3.org/2000/xmlns/",
    "http://www.w3.org/XML/1998/namespace",
];

/// Longer texts before a colon are no prefixes.
const PREFIX_BYTES_MAX: usize = 64;

/// The prefixes of a document: one for each namespace, as it is first declared where that is free.
#[derive(Default)]
pub(crate) struct Prefixes {
    of_namespace: HashMap<String, String>,
    declared: Vec<(String, String)>,
    /// With which texts begin.
    said: HashSet<String>,
}

impl Prefixes {
    /// For a document. In XML a prefix in a text stands for nothing, in JSON-LD for its namespace: so no prefix is
    /// declared that some text begins with.
    pub(crate) fn of(root: Node<'_, '_>) -> Self {
        let mut said = HashSet::new();
        let mut see = |text: &str| {
            if let Some((prefix, _)) = text.trim_start().split_once(':')
                && prefix.len() <= PREFIX_BYTES_MAX
            {
                said.insert(prefix.to_owned());
            }
        };
        for node in root.descendants() {
            node.attributes().for_each(|attribute| see(attribute.value()));
            if let (true, Some(text)) = (node.is_text(), node.text()) {
                see(text);
            }
        }
        Self { said, ..Self::default() }
    }

    fn declare(&mut self, wished: &str, uri: &str) -> String {
        let is_taken = |prefix: &str| {
            self.said.contains(prefix) || self.declared.iter().any(|(other, _)| other == prefix)
        };
        let mut prefix = wished.to_owned();
        let mut number = 2_u32;
        while is_taken(&prefix) {
            prefix = format!("{wished}{number}");
            number += 1;
        }
        self.declared.push((prefix.clone(), uri.to_owned()));
        self.of_namespace.insert(uri.to_owned(), prefix.clone());
        prefix
    }

    /// `prefix:local`, or the local name alone where it is of no namespace.
    pub(crate) fn name(&mut self, node: Node<'_, '_>, uri: Option<&str>, local: &str) -> String {
        let Some(uri) = uri else { return local.to_owned() };
        let prefix = match self.of_namespace.get(uri) {
            Some(prefix) => prefix.clone(),
            None => self.declare(node.lookup_prefix(uri).filter(|p| !p.is_empty()).unwrap_or("ns"), uri),
        };
        format!("{prefix}:{local}")
    }

    /// The definitions of the context; none where nothing is declared.
    pub(crate) fn definitions(self) -> Members {
        let mut members = Members::default();
        for (prefix, uri) in self.declared {
            members.set(prefix, Value::Text(uri));
        }
        members
    }
}

/// The namespace of a user's element; `None` of the standard's own, which some documents name.
pub(crate) fn namespace<'n>(node: Node<'n, '_>) -> Option<&'n str> {
    node.tag_name().namespace().filter(|uri| !is_standard(uri))
}

fn is_standard(uri: &str) -> bool {
    uri.is_empty()
        || uri.starts_with("urn:epcglobal:epcis:xsd:")
        || uri.starts_with("urn:epcglobal:epcis-masterdata:xsd:")
}

pub(crate) fn is_unsaid(uri: &str) -> bool {
    UNSAID.contains(&uri)
}

/// The short name of a value of the CBV, and any other text as it is. `urn` is the part of the URN that tells the
/// vocabulary, as `bizstep:`, and `web` that of the URI, as `BizStep-`.
pub(crate) fn short(text: &str, urn: &str, web: &str) -> String {
    let text = text.trim();
    let of_urn = text.strip_prefix("urn:epcglobal:cbv:").and_then(|rest| rest.strip_prefix(urn));
    let of_web = || text.strip_prefix("https://ref.gs1.org/cbv/").and_then(|rest| rest.strip_prefix(web));
    of_urn.or_else(of_web).unwrap_or(text).to_owned()
}

/// The same of the web vocabulary, as `Temperature`.
pub(crate) fn term(text: &str) -> String {
    text.trim().strip_prefix("https://gs1.org/voc/").unwrap_or(text.trim()).to_owned()
}
