//! The JSON-LD context of a document or event, as far as EPCIS needs it: prefixes and their namespaces.

use json::Value;

/// Prefixes that the standard's own context defines; a document may use them without declaring them.
const STANDARD_PREFIXES: [(&str, &str); 9] = [
    ("epcis", "https://ref.gs1.org/epcis/"),
    ("cbv", "https://ref.gs1.org/cbv/"),
    ("cbvmda", "urn:epcglobal:cbv:mda:"),
    ("gs1", "https://gs1.org/voc/"),
    ("rdfs", "http://www.w3.org/2000/01/rdf-schema#"),
    ("owl", "http://www.w3.org/2002/07/owl#"),
    ("xsd", "http://www.w3.org/2001/XMLSchema#"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("vann", "http://purl.org/vocab/vann/"),
];

/// The effective context of an event: what the document says, then what the event says itself.
/// Later declarations win, as in JSON-LD.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context<'a> {
    /// The parts in the order in which they apply, nested arrays flattened: a string (the URL of a
    /// remote context) or an object (definitions).
    pub parts: Vec<Value<'a>>,
}

impl<'a> Context<'a> {
    /// This context with the parts of another `@context` value behind its own.
    #[must_use]
    pub fn with(&self, value: Option<Value<'a>>) -> Self {
        let mut parts = self.parts.clone();
        if let Some(value) = value {
            flatten(value, &mut parts);
        }
        Self { parts }
    }

    /// How many parts and definitions there are. Cost: one look at each part.
    #[must_use]
    pub fn definition_count(&self) -> usize {
        let definitions = |part: &Value<'_>| part.as_object().map_or(0, |object| object.members.len());
        self.parts.len() + self.parts.iter().map(definitions).sum::<usize>()
    }

    /// The namespace that `prefix` stands for, or None when nothing declares it. A definition in the
    /// long form (`{"@id": …}`) counts too. Cost: one look at each declaration.
    #[must_use]
    pub fn namespace(&self, prefix: &str) -> Option<&'a str> {
        self.declared(prefix).or_else(|| {
            STANDARD_PREFIXES.iter().find(|(name, _)| *name == prefix).map(|(_, namespace)| *namespace)
        })
    }

    /// [`namespace`](Self::namespace), but only where the document or event itself declares it.
    #[must_use]
    pub fn declared(&self, prefix: &str) -> Option<&'a str> {
        self.parts.iter().rev().find_map(|part| match part.as_object()?.get(prefix)? {
            Value::String(namespace) => Some(namespace),
            Value::Object(definition) => definition.get("@id")?.as_str(),
            _ => None,
        })
    }
}

fn flatten<'a>(value: Value<'a>, parts: &mut Vec<Value<'a>>) {
    match value {
        Value::Array(elements) => elements.iter().for_each(|&element| flatten(element, parts)),
        Value::Null => parts.clear(),
        _ => parts.push(value),
    }
}
