//! Elements that are not the standard's: names, texts and what they hold, at any depth.

use std::borrow::Cow;

use crate::names::Prefixes;
use crate::reader::{Attribute, Namespace, Node};
use crate::value::{Members, Value};

/// A number that is typed as one stays a text where it is longer: JSON may not hold it.
const NUMBER_BYTES_MAX: usize = 15;

/// Adds a user's element to the members of what holds it.
pub(crate) fn add<'d>(node: Node<'_, 'd>, prefixes: &mut Prefixes, members: &mut Members<'d>) {
    let name = prefixes.element(node);
    let value = value(node, prefixes);
    members.add(name, value);
}

/// Adds those attributes that are wanted: users' with their prefix, others by their names.
pub(crate) fn add_attributes<'d>(
    node: Node<'_, 'd>,
    prefixes: &mut Prefixes,
    members: &mut Members<'d>,
    is_wanted: fn(&Attribute<'_>) -> bool,
) {
    for attribute in node.attributes().iter().filter(|attribute| is_wanted(attribute)) {
        // Of the others, XML itself says what they mean.
        if !matches!(attribute.namespace(), Namespace::XSI | Namespace::XSD | Namespace::XML) {
            members.add(prefixes.attribute(node, attribute), Value::Text(attribute.value.clone()));
        }
    }
}

/// Said to be nothing (`xsi:nil`).
pub(crate) fn is_nil(node: Node<'_, '_>) -> bool {
    matches!(node.attribute_of(Namespace::XSI, "nil").map(|nil| nil.trim()), Some("true" | "1"))
}

fn value<'d>(node: Node<'_, 'd>, prefixes: &mut Prefixes) -> Value<'d> {
    let mut members = Members::default();
    add_attributes(node, prefixes, &mut members, |_| true);
    let text = node.text();
    if members.is_empty() && text.is_empty() && is_list(node) {
        return Value::List(node.children().map(|element| value(element, prefixes)).collect());
    }
    for element in node.children() {
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
    let of_one = node.local().strip_suffix("List");
    let is_one =
        |element: Node<'_, '_>| Some(element.local()) == of_one && element.namespace() == node.namespace();
    of_one.is_some() && node.children().next().is_some() && node.children().all(is_one)
}

/// A text as the JSON value of its type (`xsi:type`), where JSON has one.
fn typed<'d>(node: Node<'_, 'd>, text: Cow<'d, str>) -> Value<'d> {
    let Some(name) = node.attribute_of(Namespace::XSI, "type") else { return Value::Text(text) };
    let (prefix, local) = match name.trim().split_once(':') {
        // A colon in front stands behind no prefix.
        Some(("", _)) => return Value::Text(text),
        Some((prefix, local)) => (prefix, local),
        None => ("", name.trim()),
    };
    if node.namespace_of(prefix) != Some(Namespace::XSD) {
        return Value::Text(text);
    }
    match (local, &*text) {
        ("boolean", "true" | "1") => Value::Bool(true),
        ("boolean", "false" | "0") => Value::Bool(false),
        ("integer" | "int" | "long" | "short" | "decimal" | "double" | "float", _)
            if text.len() <= NUMBER_BYTES_MAX =>
        {
            Value::number(text)
        }
        _ => Value::Text(text),
    }
}
