//! Events: the elements of the standard as the members of its JSON form.

use std::borrow::Cow;

use crate::extension::{self, add_attributes, is_nil};
use crate::names::Prefixes;
use crate::reader::{Attribute, Namespace, Node};
use crate::value::{Members, Value};
use crate::vocabulary::{
    BIZ_STEP, BIZ_TRANSACTION_TYPE, COMPONENT, DISPOSITION, ERROR_REASON, MEASUREMENT, SENSOR_ALERT,
    SOURCE_DEST_TYPE, Vocabulary,
};

/// Attributes of sensor reports that are numbers.
const MEASURES: [&str; 7] = ["value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"];

/// One event of any type.
pub(crate) fn event<'d>(node: Node<'_, 'd>, prefixes: &mut Prefixes) -> Members<'d> {
    let mut members = Members::of_event();
    let is_quantity_event = node.local() == "QuantityEvent";
    // The event of earlier editions that counts things of a class.
    let event_type = if is_quantity_event { Cow::Borrowed("ObjectEvent") } else { prefixes.element(node) };
    members.set("type", Value::Text(event_type));
    if is_quantity_event {
        let epc_class =
            |name: &str| node.children().find(|element| element.local() == name).map(|one| one.text());
        let mut element = Members::default();
        element.set("epcClass", Value::Text(epc_class("epcClass").unwrap_or_default()));
        element.set("quantity", Value::number(epc_class("quantity").unwrap_or_default()));
        members.set("quantityList", Value::List(vec![Value::Object(element)]));
        members.set("action", Value::text("OBSERVE"));
    }
    fill(node, prefixes, &mut members, is_quantity_event);
    members
}

/// Adds what a node holds; the wrappers of 1.2 hold more of the same.
fn fill<'d>(node: Node<'_, 'd>, prefixes: &mut Prefixes, members: &mut Members<'d>, is_quantity_event: bool) {
    for element in node.children() {
        let name = element.local();
        if !element.is_standard() {
            extension::add(element, prefixes, members);
            continue;
        }
        match name {
            "extension" | "baseExtension" => fill(element, prefixes, members, is_quantity_event),
            "epcClass" | "quantity" if is_quantity_event => (),
            _ => member(name, element, prefixes, members),
        }
    }
}

fn member<'d>(name: &'d str, element: Node<'_, 'd>, prefixes: &mut Prefixes, members: &mut Members<'d>) {
    match name {
        "eventTime" | "recordTime" => members.set(name, Value::Text(time(element.text()))),
        "bizStep" => members.set(name, word(element.text(), &BIZ_STEP)),
        "disposition" => members.set(name, word(element.text(), &DISPOSITION)),
        "epcList" | "childEPCs" | "inputEPCList" | "outputEPCList" => {
            members.extend(name, element.children().map(|epc| Value::Text(epc.text())).collect());
        }
        "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
            members.extend(name, element.children().map(quantity).collect());
        }
        "readPoint" | "bizLocation" | "ilmd" => {
            members.set(name, Value::Object(object(element, prefixes)));
        }
        "bizTransactionList" => members.extend(name, pairs(element, "bizTransaction", &BIZ_TRANSACTION_TYPE)),
        "sourceList" => members.extend(name, pairs(element, "source", &SOURCE_DEST_TYPE)),
        "destinationList" => members.extend(name, pairs(element, "destination", &SOURCE_DEST_TYPE)),
        "errorDeclaration" => members.set(name, Value::Object(error_declaration(element, prefixes))),
        "persistentDisposition" => {
            let mut set = Members::default();
            for part in element.children() {
                set.extend(part.local(), vec![word(part.text(), &DISPOSITION)]);
            }
            members.set(name, Value::Object(set));
        }
        "sensorElementList" => {
            let list = element.children().map(|one| sensor_element(one, prefixes)).collect();
            members.extend(name, list);
        }
        "certificationInfo" => members.add(name, Value::Text(element.text())),
        _ if element.children().next().is_none() && element.attributes().is_empty() => {
            members.add(name, Value::Text(element.text()));
        }
        _ => extension::add(element, prefixes, members),
    }
}

fn word<'d>(text: impl Into<Cow<'d, str>>, vocabulary: &Vocabulary) -> Value<'d> {
    match text.into() {
        Cow::Borrowed(text) => Value::text(vocabulary.short(text.trim())),
        Cow::Owned(text) => Value::text(vocabulary.short(text.trim()).to_owned()),
    }
}

/// A time; published documents leave out seconds, which are none then.
fn time(text: Cow<'_, str>) -> Cow<'_, str> {
    match text.split_once('T').map(|(_, clock)| clock.as_bytes()) {
        Some([_, _, b':', _, _, b'Z' | b'+' | b'-', ..]) => {
            let (minutes, zone) = text.split_at(text.find('T').map_or(0, |at| at + 6));
            Cow::Owned(format!("{minutes}:00{zone}"))
        }
        _ => text,
    }
}

fn quantity<'d>(element: Node<'_, 'd>) -> Value<'d> {
    let mut members = Members::default();
    for part in element.children() {
        let name = part.local();
        if is_nil(part) {
            continue;
        }
        let value = if name == "quantity" { Value::number(part.text()) } else { Value::Text(part.text()) };
        members.add(name, value);
    }
    Value::Object(members)
}

/// A place, or instance and lot master data: an id where there is one, and what users add.
fn object<'d>(element: Node<'_, 'd>, prefixes: &mut Prefixes) -> Members<'d> {
    let mut members = Members::default();
    for part in element.children() {
        match (part.is_standard(), part.local()) {
            (true, "extension") => {
                for inner in part.children() {
                    extension::add(inner, prefixes, &mut members);
                }
            }
            _ => extension::add(part, prefixes, &mut members),
        }
    }
    members
}

/// Elements with a type beside their text.
fn pairs<'d>(list: Node<'_, 'd>, id: &'static str, types: &Vocabulary) -> Vec<Value<'d>> {
    let pair = |element: Node<'_, 'd>| {
        let mut members = Members::default();
        if let Some(kind) = element.attribute("type") {
            members.set("type", word(kind.clone(), types));
        }
        members.set(id, Value::Text(element.text()));
        Value::Object(members)
    };
    list.children().map(pair).collect()
}

fn error_declaration<'d>(element: Node<'_, 'd>, prefixes: &mut Prefixes) -> Members<'d> {
    let mut members = Members::default();
    for part in element.children() {
        match (part.is_standard(), part.local()) {
            (true, "declarationTime") => members.set("declarationTime", Value::Text(time(part.text()))),
            (true, "reason") => members.set("reason", word(part.text(), &ERROR_REASON)),
            (true, "correctiveEventIDs") => {
                let ids = part.children().map(|id| Value::Text(id.text())).collect();
                members.extend("correctiveEventIDs", ids);
            }
            (true, "extension") => {
                for inner in part.children() {
                    extension::add(inner, prefixes, &mut members);
                }
            }
            _ => extension::add(part, prefixes, &mut members),
        }
    }
    members
}

fn sensor_element<'d>(element: Node<'_, 'd>, prefixes: &mut Prefixes) -> Value<'d> {
    let mut members = Members::default();
    for part in element.children() {
        match (part.is_standard(), part.local()) {
            (true, "sensorMetadata") => {
                let mut metadata = Members::default();
                add_attributes(part, prefixes, &mut metadata, |_| true);
                members.set("sensorMetadata", Value::Object(metadata));
            }
            (true, "sensorReport") => {
                members.extend("sensorReport", vec![Value::Object(sensor_report(part, prefixes))]);
            }
            (true, "extension") => {
                for inner in part.children() {
                    extension::add(inner, prefixes, &mut members);
                }
            }
            _ => extension::add(part, prefixes, &mut members),
        }
    }
    Value::Object(members)
}

fn sensor_report<'d>(element: Node<'_, 'd>, prefixes: &mut Prefixes) -> Members<'d> {
    let mut members = Members::default();
    let own = |attribute: &&Attribute<'_>| attribute.namespace() == Namespace::NONE;
    for attribute in element.attributes().iter().filter(own) {
        let (name, text) = (attribute.name().local(), &attribute.value);
        let value = match name {
            _ if MEASURES.contains(&name) => Value::number(text.clone()),
            "booleanValue" => match text.trim() {
                "true" | "1" => Value::Bool(true),
                "false" | "0" => Value::Bool(false),
                _ => Value::Text(text.clone()),
            },
            "type" => word(text.clone(), &MEASUREMENT),
            "exception" => word(text.clone(), &SENSOR_ALERT),
            "component" => word(text.clone(), &COMPONENT),
            _ => Value::Text(text.clone()),
        };
        members.set(name, value);
    }
    add_attributes(element, prefixes, &mut members, |attribute| attribute.namespace() != Namespace::NONE);
    for part in element.children() {
        extension::add(part, prefixes, &mut members);
    }
    members
}
