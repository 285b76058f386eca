//! Prefixes of a context as prefixes of XML.

use std::borrow::Cow;
use std::collections::HashMap;

use epcis::Context;
use json::Value;

use super::markup::{Markup, is_name};
use super::refusal::{Written, refuse};
use crate::names::{JSON_LD, UNDECLARED, is_standard, is_unsaid, undeclared_namespace};

/// Prefixes that documents of ours declare at their root, and those that XML keeps for itself.
const RESERVED: [&str; 7] = ["epcis", "epcisq", "sbdh", "xsi", "xsd", "xml", "xmlns"];
/// What stands before a prefix that a user declares and that is reserved.
const DECLARED: &str = "u-";

/// The definitions of one `@context`, the last of each prefix.
#[derive(Default)]
pub(super) struct Definitions<'a> {
    namespaces: HashMap<&'a str, &'a str>,
    /// In the order in which they came, each once.
    order: Vec<&'a str>,
    /// What was said before does not count.
    is_fresh: bool,
}

impl<'a> Definitions<'a> {
    pub(super) fn of(context: Option<Value<'a>>) -> Self {
        let mut all = Self::default();
        if let Some(value) = context {
            all.add(value);
        }
        all
    }

    fn add(&mut self, value: Value<'a>) {
        match value {
            Value::Array(parts) => parts.iter().for_each(|&part| self.add(part)),
            Value::Null => *self = Self { is_fresh: true, ..Self::default() },
            Value::Object(object) => {
                for member in object.members {
                    let namespace = match member.value {
                        Value::Object(definition) => definition.get("@id").and_then(Value::as_str),
                        other => other.as_str(),
                    };
                    if let Some(namespace) = namespace
                        && self.namespaces.insert(member.name, namespace).is_none()
                    {
                        self.order.push(member.name);
                    }
                }
            }
            _ => (),
        }
    }

    /// Declares those that XML can declare, in the tag that is open.
    pub(super) fn declare(&self, out: &mut Markup) -> Written {
        for prefix in &self.order {
            let namespace = self.namespaces.get(prefix).copied().unwrap_or_default();
            if is_name(prefix) && !is_reserved(prefix) && is_namespace(namespace) {
                out.attribute(&format!("xmlns:{prefix}"), namespace)?;
            }
        }
        Ok(())
    }
}

/// The definitions that hold in an event, or in the document around the events.
#[derive(Clone, Copy)]
pub(super) struct Scope<'s, 'a> {
    document: &'s Definitions<'a>,
    event: Option<&'s Definitions<'a>>,
}

/// A name as XML writes it.
pub(super) struct Name<'n> {
    /// `prefix:local`, or `local`.
    pub(super) qualified: Cow<'n, str>,
    pub(super) namespace: Option<Cow<'n, str>>,
    /// Whether no element around it declares the prefix.
    pub(super) is_declared_here: bool,
}

impl<'s, 'a> Scope<'s, 'a> {
    pub(super) fn of_document(document: &'s Definitions<'a>) -> Self {
        Self { document, event: None }
    }

    pub(super) fn of_event(document: &'s Definitions<'a>, event: &'s Definitions<'a>) -> Self {
        Self { document, event: Some(event) }
    }

    fn declared(&self, prefix: &str) -> Option<&'a str> {
        let own = self.event.and_then(|event| event.namespaces.get(prefix));
        let around = || match self.event {
            Some(event) if event.is_fresh => None,
            _ => self.document.namespaces.get(prefix),
        };
        own.or_else(around).copied()
    }

    /// A text with its namespace for its prefix, where the context declares the prefix: in XML, prefixes in texts
    /// stand for nothing.
    pub(super) fn expanded<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let expanded = text.split_once(':').and_then(|(prefix, rest)| Some((self.declared(prefix)?, rest)));
        expanded.map_or(Cow::Borrowed(text), |(namespace, rest)| Cow::Owned([namespace, rest].concat()))
    }

    /// The same, where the prefixes count that the standard's own context defines.
    pub(super) fn expanded_word<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let expanded = text.split_once(':').and_then(|(prefix, rest)| {
            let namespace = self.declared(prefix).or_else(|| Context::default().namespace(prefix))?;
            Some([namespace, rest].concat())
        });
        expanded.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// The name of an element or attribute.
    ///
    /// # Errors
    /// XML cannot hold it.
    pub(super) fn name<'n>(&self, raw: &'n str) -> Written<Name<'n>>
    where
        'a: 'n,
    {
        if let Some(keyword) = raw.strip_prefix('@').filter(|keyword| is_name(keyword)) {
            let qualified = Cow::Owned(format!("{UNDECLARED}ld:{keyword}"));
            return Ok(Name { qualified, namespace: Some(JSON_LD.into()), is_declared_here: true });
        }
        let Some((prefix, local)) = raw.split_once(':') else {
            return if is_name(raw) {
                Ok(Name { qualified: raw.into(), namespace: None, is_declared_here: false })
            } else {
                refuse("name", "XML cannot have such a name")
            };
        };
        if !is_name(prefix) || !is_name(local) {
            return refuse("name", "XML cannot have such a name");
        }
        let (mark, namespace) = match self.declared(prefix) {
            Some(namespace) if is_reserved(prefix) => (DECLARED, Cow::Borrowed(namespace)),
            Some(namespace) => ("", Cow::Borrowed(namespace)),
            None => (UNDECLARED, undeclared_namespace(prefix)),
        };
        if !is_namespace(&namespace) {
            return refuse("namespace", "XML cannot have such a namespace here");
        }
        let qualified = if mark.is_empty() { raw.into() } else { Cow::Owned([mark, raw].concat()) };
        Ok(Name { qualified, namespace: Some(namespace), is_declared_here: !mark.is_empty() })
    }
}

impl Name<'_> {
    /// Declares its namespace in the tag that is open, where it must be.
    pub(super) fn declare(&self, out: &mut Markup) -> Written {
        match (&self.namespace, self.qualified.split_once(':')) {
            (Some(namespace), Some((prefix, _))) if self.is_declared_here => {
                out.attribute(&format!("xmlns:{prefix}"), namespace)
            }
            _ => Ok(()),
        }
    }

    /// An element of that name.
    pub(super) fn element(&self, out: &mut Markup, content: impl FnOnce(&mut Markup) -> Written) -> Written {
        out.element(&self.qualified, |out| {
            self.declare(out)?;
            content(out)
        })
    }
}

fn is_reserved(prefix: &str) -> bool {
    RESERVED.contains(&prefix) || prefix.starts_with(UNDECLARED) || prefix.starts_with(DECLARED)
}

/// Whether users' names can be of that namespace: one that names something, and is not the standard's or XML's.
fn is_namespace(uri: &str) -> bool {
    !is_standard(uri) && !is_unsaid(uri) && uri != JSON_LD
}
