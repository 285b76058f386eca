//! An event as a tree of names and texts: the model that its XML and its JSON share.

use bumpalo::collections::{String as BumpString, Vec as BumpVec};
use json::{Bump, Object, Value};

use crate::context::Context;
use crate::vocabulary;

/// One element: what it is called, what it says, what it holds.
pub(super) struct Node<'b> {
    /// `local`, or `{namespace}local`; empty for the elements of a list in a list.
    pub(super) name: &'b str,
    pub(super) text: &'b str,
    pub(super) children: BumpVec<'b, Node<'b>>,
    /// A type and its value, which stay in this order.
    pub(super) pair: bool,
}

/// Lists whose elements are a type and a value, and what the value is called.
const PAIR_LISTS: [(&str, &str); 3] =
    [("bizTransactionList", "bizTransaction"), ("sourceList", "source"), ("destinationList", "destination")];
/// Never part of the hash, wherever they stand.
const COMMENTS: [&str; 2] = ["rdfs:comment", "comment"];
/// Never part of the hash as members of the event itself.
const OUTSIDE: [&str; 5] = ["recordTime", "eventID", "type", "errorDeclaration", "@context"];

struct Builder<'c, 'a, 'b> {
    context: &'c Context<'a>,
    ignored: &'c [&'c str],
    arena: &'b Bump,
}

/// The elements of an event but those that take no part in the hash.
pub(super) fn children_of_event<'a, 'b>(
    event: &Object<'b>,
    context: &Context<'a>,
    ignored: &[&str],
    arena: &'b Bump,
) -> BumpVec<'b, Node<'b>>
where
    'a: 'b,
{
    let builder = Builder { context, ignored, arena };
    let mut children = BumpVec::with_capacity_in(event.members.len(), arena);
    for member in event.members {
        if !OUTSIDE.contains(&member.name) {
            builder.member(member.name, member.value, &mut children);
        }
    }
    children
}

impl<'a: 'b, 'b> Builder<'_, 'a, 'b> {
    fn none(&self) -> BumpVec<'b, Node<'b>> {
        BumpVec::new_in(self.arena)
    }

    /// Appends what one member of an object stands for.
    fn member(&self, raw_name: &'b str, value: Value<'b>, out: &mut BumpVec<'b, Node<'b>>) {
        if COMMENTS.contains(&raw_name) || raw_name == "#text" || self.ignored.contains(&raw_name) {
            return;
        }
        if let Some((_, id)) = PAIR_LISTS.iter().find(|(list, _)| *list == raw_name) {
            return self.pairs(raw_name, id, value, out);
        }
        let name = self.name(raw_name);
        if raw_name == "childEPCs" {
            return self.list(name, "epc", raw_name, value, out);
        }
        if let Some(element) = name.strip_suffix("List") {
            return self.list(name, element, raw_name, value, out);
        }
        for element in elements_of(&value) {
            out.push(self.element(name, raw_name, *element));
        }
    }

    /// A list, as the element that XML has around its elements.
    fn list(
        &self,
        name: &'b str,
        element_name: &'b str,
        raw_name: &str,
        value: Value<'b>,
        out: &mut BumpVec<'b, Node<'b>>,
    ) {
        let mut children = self.none();
        for element in elements_of(&value) {
            children.push(self.element(element_name, raw_name, *element));
        }
        if !children.is_empty() {
            out.push(Node { name, text: "", children, pair: false });
        }
    }

    fn pairs(&self, list: &'b str, id: &'static str, value: Value<'b>, out: &mut BumpVec<'b, Node<'b>>) {
        let mut pairs = self.none();
        for element in elements_of(&value).iter().filter_map(|element| element.as_object()) {
            let mut pair = self.none();
            for name in ["type", id] {
                if let Some(value) = element.get(name) {
                    let kind = if name == "type" { list } else { name };
                    pair.push(self.element(name, kind, value));
                }
            }
            pairs.push(Node { name: "", text: "", children: pair, pair: true });
        }
        if !pairs.is_empty() {
            out.push(Node { name: list, text: "", children: pairs, pair: false });
        }
    }

    fn element(&self, name: &'b str, raw_name: &str, value: Value<'b>) -> Node<'b> {
        match value {
            Value::Object(object) => {
                let text = object.get("#text").map_or("", |text| self.text(raw_name, text));
                let mut children = BumpVec::with_capacity_in(object.members.len(), self.arena);
                for member in object.members {
                    // A sensor report's type is of another vocabulary than other types.
                    let scope =
                        if raw_name == "sensorReport" && member.name == "type" { "sensorReport" } else { "" };
                    if scope.is_empty() {
                        self.member(member.name, member.value, &mut children);
                    } else {
                        children.push(self.element("type", scope, member.value));
                    }
                }
                node(name, text, children)
            }
            Value::Array(elements) => {
                let mut children = self.none();
                for element in elements {
                    children.push(self.element("", "", *element));
                }
                node(name, "", children)
            }
            scalar => node(name, self.text(raw_name, scalar), self.none()),
        }
    }

    /// The text of a scalar, as Python's `str` has it, which the published hashes follow.
    fn text(&self, field: &str, value: Value<'b>) -> &'b str {
        match value {
            Value::String(text) => {
                self.vocabulary(field, text).unwrap_or_else(|| self.expanded(text, ["", ""]))
            }
            Value::Number(literal) => literal,
            Value::Bool(true) => "True",
            Value::Bool(false) => "False",
            _ => "None",
        }
    }

    /// The web URI of a word of the standard's vocabularies; None for any other text.
    fn vocabulary(&self, field: &str, text: &'b str) -> Option<&'b str> {
        let (stem, words) = vocabulary::of_field(field)?;
        if words.contains(&text) {
            return Some(self.concat(&[stem, text]));
        }
        // The standard's own prefixes count here even where the document does not declare them.
        let (prefix, local) = text.split_once(':')?;
        let namespace = self.context.namespace(prefix)?;
        Some(self.concat(&[namespace, local]))
    }

    /// The name with its prefix replaced by `{namespace}`, where the document declares the prefix.
    fn name(&self, name: &'b str) -> &'b str {
        self.expanded(name, ["{", "}"])
    }

    fn expanded(&self, text: &'b str, braces: [&str; 2]) -> &'b str {
        let declared =
            text.split_once(':').and_then(|(prefix, local)| Some((self.context.declared(prefix)?, local)));
        match declared {
            Some((namespace, local)) => self.concat(&[braces[0], namespace, braces[1], local]),
            None => text,
        }
    }

    fn concat(&self, parts: &[&str]) -> &'b str {
        let mut whole = BumpString::with_capacity_in(parts.iter().map(|part| part.len()).sum(), self.arena);
        for part in parts {
            whole.push_str(part);
        }
        whole.into_bump_str()
    }
}

/// JSON leaves out or renames what XML calls some elements.
fn node<'b>(name: &'b str, text: &'b str, children: BumpVec<'b, Node<'b>>) -> Node<'b> {
    let name = match name {
        "inputEPC" | "outputEPC" => "epc",
        "inputQuantity" | "outputQuantity" | "childQuantity" => "quantityElement",
        "quantity" if !children.is_empty() => "quantityElement",
        _ => name,
    };
    Node { name, text, children, pair: false }
}

fn elements_of<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    match value {
        Value::Array(elements) => elements,
        scalar => std::slice::from_ref(scalar),
    }
}
