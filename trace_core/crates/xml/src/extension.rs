//! Elements that are not the standard's: names, texts and what they hold, at any depth.

use std::borrow::Cow;

use roxmltree::{Attribute, Node};

use crate::names::{Prefixes, XSD, XSI, is_unsaid, namespace};
use crate::value::{Members, Value};

/// A number that is typed as one stays a text where it is longer: JSON may not hold it.
const NUMBER_BYTES_MAX: usize = 15;

/// The elements in a node, comments and processing instructions left out.
pub(crate) fn elements<'n, 'd>(node: Node<'n, 'd>) -> impl Iterator<Item = Node<'n, 'd>> {
    node.children().filter(Node::is_element)
}

/// All text in a node, references and CDATA resolved, without white space around it.
pub(crate) fn text<'d>(node: Node<'d, '_>) -> Cow<'d, str> {
    let mut parts = node.children().filter_map(|child| if child.is_text() { child.text() } else { None });
    let first = parts.next().unwrap_or_default();
    let Some(second) = parts.next() else { return Cow::Borrowed(first.trim()) };
    let mut text = [first, second].concat();
    parts.for_each(|part| text.push_str(part));
    Cow::Owned(text.trim().to_owned())
}

/// Adds a user's element to the members of what holds it.
pub(crate) fn add<'d>(node: Node<'d, '_>, prefixes: &mut Prefixes, members: &mut Members<'d>) {
    let name = prefixes.element(node);
    let value = value(node, prefixes);
    members.add(name, value);
}

/// Adds those attributes that are wanted: users' with their prefix, others by their names.
pub(crate) fn add_attributes<'d>(
    node: Node<'d, '_>,
    prefixes: &mut Prefixes,
    members: &mut Members<'d>,
    is_wanted: fn(&Attribute<'_, '_>) -> bool,
) {
    for attribute in node.attributes().filter(is_wanted) {
        if !attribute.namespace().is_some_and(is_unsaid) {
            members.add(prefixes.attribute(node, &attribute), Value::text(attribute.value()));
        }
    }
}

/// Said to be nothing (`xsi:nil`).
pub(crate) fn is_nil(node: Node<'_, '_>) -> bool {
    matches!(node.attribute((XSI, "nil")).map(str::trim), Some("true" | "1"))
}

fn value<'d>(node: Node<'d, '_>, prefixes: &mut Prefixes) -> Value<'d> {
    let mut members = Members::default();
    add_attributes(node, prefixes, &mut members, |_| true);
    let text = text(node);
    if members.is_empty() && text.is_empty() && is_list(node) {
        return Value::List(elements(node).map(|element| value(element, prefixes)).collect());
    }
    for element in elements(node) {
        add(element, prefixes, &mut members);
    }
    if members.is_empty() {
        return if is_nil(node) { Value::Null } else { typed(node, text) };
    }
    if !text.is_empty() {
        members.set("#text", Value::Text(text));
    }
    Value::Object(members)
}

/// Whether it is an element around a list, which JSON leaves out: `thingList` with nothing but `thing`s.
fn is_list(node: Node<'_, '_>) -> bool {
    let of_one = node.tag_name().name().strip_suffix("List");
    let mut inner = elements(node).peekable();
    inner.peek().is_some()
        && inner
            .all(|element| Some(element.tag_name().name()) == of_one && namespace(element) == namespace(node))
}

/// A text as the JSON value of its type (`xsi:type`), where JSON has one.
fn typed<'d>(node: Node<'d, '_>, text: Cow<'d, str>) -> Value<'d> {
    let of_schema = |name: &str| {
        let (prefix, local) = match name.trim().split_once(':') {
            Some((prefix, local)) => (Some(prefix), local),
            None => (None, name.trim()),
        };
        (node.lookup_namespace_uri(prefix) == Some(XSD)).then(|| local.to_owned())
    };
    let of_type = node.attribute((XSI, "type")).and_then(of_schema).unwrap_or_default();
    match (of_type.as_str(), &*text) {
        ("boolean", "true" | "1") => Value::Bool(true),
        ("boolean", "false" | "0") => Value::Bool(false),
        ("integer" | "int" | "long" | "short" | "decimal" | "double" | "float", _)
            if text.len() <= NUMBER_BYTES_MAX =>
        {
            Value::number(&text)
        }
        _ => Value::Text(text),
    }
}
