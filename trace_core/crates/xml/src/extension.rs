//! Elements that are not the standard's: names, texts and what they hold, at any depth.

use roxmltree::Node;

use crate::names::{Prefixes, is_unsaid, namespace};
use crate::value::{Members, Value};

/// The elements in a node, comments and processing instructions left out.
pub(crate) fn elements<'n, 'd>(node: Node<'n, 'd>) -> impl Iterator<Item = Node<'n, 'd>> {
    node.children().filter(Node::is_element)
}

/// All text in a node, references and CDATA resolved, without white space around it.
pub(crate) fn text(node: Node<'_, '_>) -> String {
    let mut text = String::new();
    node.children()
        .filter_map(|child| if child.is_text() { child.text() } else { None })
        .for_each(|part| text.push_str(part));
    text.trim().to_owned()
}

/// Adds a user's element to the members of what holds it.
pub(crate) fn add(node: Node<'_, '_>, prefixes: &mut Prefixes, members: &mut Members) {
    let name = prefixes.name(node, namespace(node), node.tag_name().name());
    let value = value(node, prefixes);
    members.add(name, value);
}

/// Adds attributes: those of users with their prefix, others by their names.
pub(crate) fn add_attributes(node: Node<'_, '_>, prefixes: &mut Prefixes, members: &mut Members) {
    for attribute in node.attributes() {
        if !attribute.namespace().is_some_and(is_unsaid) {
            let name = prefixes.name(node, attribute.namespace(), attribute.name());
            members.add(name, Value::text(attribute.value()));
        }
    }
}

fn value(node: Node<'_, '_>, prefixes: &mut Prefixes) -> Value {
    let mut members = Members::default();
    add_attributes(node, prefixes, &mut members);
    for element in elements(node) {
        add(element, prefixes, &mut members);
    }
    let text = text(node);
    if members.is_empty() {
        return Value::Text(text);
    }
    if !text.is_empty() {
        members.set("#text", Value::Text(text));
    }
    Value::Object(members)
}
