//! Members that are not the standard's: elements of any depth.

use json::{Object, Value};

use super::markup::Markup;
use super::refusal::{Within, Written, refuse};
use super::scope::{Name, Scope};

/// Writes a member as elements: one for each value of a list, or one around them where the name ends with `List`.
pub(super) fn member(out: &mut Markup, scope: Scope<'_, '_>, name: &str, value: Value<'_>) -> Written {
    let elements = match &value {
        Value::Array(elements) => *elements,
        single => std::slice::from_ref(single),
    };
    if elements.is_empty() {
        return Ok(());
    }
    let is_array = matches!(value, Value::Array(_));
    let each = |out: &mut Markup, name: &Name<'_>| {
        for (index, &value) in elements.iter().enumerate() {
            let written = element(out, scope, name, value);
            if is_array { written.within(index) } else { written }?;
        }
        Ok(())
    };
    let around = scope.name(name)?;
    match name.strip_suffix("List") {
        Some(of_one) => {
            let mut of_one = scope.name(of_one)?;
            // The element around declares the prefix already.
            of_one.is_declared_here = false;
            around.element(out, |out| each(out, &of_one))
        }
        None => each(out, &around),
    }
}

fn element(out: &mut Markup, scope: Scope<'_, '_>, name: &Name<'_>, value: Value<'_>) -> Written {
    name.element(out, |out| match value {
        Value::String(text) => out.text(&scope.expanded(text)),
        Value::Number(literal) => {
            out.attribute("xsi:type", number_type(literal))?;
            out.text(literal)
        }
        Value::Bool(is_so) => {
            out.attribute("xsi:type", "xsd:boolean")?;
            out.text(if is_so { "true" } else { "false" })
        }
        Value::Null => out.attribute("xsi:nil", "true"),
        Value::Object(object) => members(out, scope, object),
        Value::Array(_) => refuse("nested_list", "XML cannot have a list in a list"),
    })
}

/// What an object holds: its text, then its elements.
pub(super) fn members(out: &mut Markup, scope: Scope<'_, '_>, object: &Object<'_>) -> Written {
    match object.get("#text") {
        Some(Value::String(text)) => out.text(text).within("#text")?,
        Some(_) => return refuse("type", "expected a string").within("#text"),
        None => (),
    }
    for held in object.members.iter().filter(|held| held.name != "#text") {
        member(out, scope, held.name, held.value).within(held.name)?;
    }
    Ok(())
}

fn number_type(literal: &str) -> &'static str {
    if literal.contains(['e', 'E']) {
        "xsd:double"
    } else if literal.contains('.') {
        "xsd:decimal"
    } else {
        "xsd:integer"
    }
}
