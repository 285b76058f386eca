//! Events: members of the standard's JSON form as the elements of its XSD, in its order.

use std::borrow::Cow;
use std::collections::HashSet;

use json::{Member, Object, Value};

use super::extension;
use super::markup::Markup;
use super::refusal::{Within, Written, refuse};
use super::scope::{Definitions, Scope};
use crate::vocabulary::{
    BIZ_STEP, BIZ_TRANSACTION_TYPE, COMPONENT, Cbv, DISPOSITION, ERROR_REASON, MEASUREMENT, SENSOR_ALERT,
    SOURCE_DEST_TYPE, Vocabulary,
};

/// What all events have in front.
const BASE: [&str; 6] =
    ["eventTime", "recordTime", "eventTimeZoneOffset", "eventID", "errorDeclaration", "certificationInfo"];

/// The elements of an event type behind those that all have, in the order of the XSD.
fn order_of(event_type: &str) -> Option<&'static [&'static str]> {
    Some(match event_type {
        "ObjectEvent" => &[
            "epcList",
            "action",
            "bizStep",
            "disposition",
            "readPoint",
            "bizLocation",
            "bizTransactionList",
            "quantityList",
            "sourceList",
            "destinationList",
            "sensorElementList",
            "persistentDisposition",
            "ilmd",
        ],
        "AggregationEvent" => &[
            "parentID",
            "childEPCs",
            "action",
            "bizStep",
            "disposition",
            "readPoint",
            "bizLocation",
            "bizTransactionList",
            "childQuantityList",
            "sourceList",
            "destinationList",
            "sensorElementList",
            "persistentDisposition",
        ],
        "TransactionEvent" => &[
            "bizTransactionList",
            "parentID",
            "epcList",
            "action",
            "bizStep",
            "disposition",
            "readPoint",
            "bizLocation",
            "quantityList",
            "sourceList",
            "destinationList",
            "sensorElementList",
            "persistentDisposition",
        ],
        "TransformationEvent" => &[
            "inputEPCList",
            "inputQuantityList",
            "outputEPCList",
            "outputQuantityList",
            "transformationID",
            "bizStep",
            "disposition",
            "readPoint",
            "bizLocation",
            "bizTransactionList",
            "sourceList",
            "destinationList",
            "sensorElementList",
            "persistentDisposition",
            "ilmd",
        ],
        "AssociationEvent" => &[
            "parentID",
            "childEPCs",
            "childQuantityList",
            "action",
            "bizStep",
            "disposition",
            "readPoint",
            "bizLocation",
            "bizTransactionList",
            "sourceList",
            "destinationList",
            "sensorElementList",
            "persistentDisposition",
        ],
        _ => return None,
    })
}

/// Writes values of one event.
#[derive(Clone, Copy)]
struct Writer<'s, 'a> {
    scope: Scope<'s, 'a>,
    cbv: Cbv,
}

/// One event of any type; those of users stand in an `extension` of the list.
pub(super) fn event<'a>(
    out: &mut Markup,
    document: &Definitions<'a>,
    cbv: Cbv,
    event: &Object<'a>,
) -> Written {
    let own = Definitions::of(event.get("@context"));
    let scope = Scope::of_event(document, &own);
    let writer = Writer { scope, cbv };
    let Some(event_type) = event.get("type").and_then(Value::as_str) else {
        return refuse("required", "the event has no type").within("type");
    };
    if let Some(order) = order_of(event_type) {
        return out.element(event_type, |out| {
            own.declare(out).within("@context")?;
            writer.members(out, event, order)
        });
    }
    if !event_type.contains(':') {
        return refuse("type", "no event type of EPCIS 2.0").within("type");
    }
    let name = scope.name(event_type).within("type")?;
    // Its context stands around it, so that its own name has it.
    out.element("extension", |out| {
        own.declare(out).within("@context")?;
        name.element(out, |out| writer.members(out, event, &[]))
    })
}

impl Writer<'_, '_> {
    fn members(&self, out: &mut Markup, event: &Object<'_>, order: &[&str]) -> Written {
        for name in BASE.iter().chain(order) {
            if let Some(value) = event.get(name) {
                self.standard(out, name, value).within(name)?;
            }
        }
        let is_left = |member: &&Member<'_>| {
            !matches!(member.name, "type" | "@context")
                && !BASE.contains(&member.name)
                && !order.contains(&member.name)
        };
        for member in event.members.iter().filter(is_left) {
            // Events of users may have any of the standard's elements.
            if order.is_empty() && !member.name.contains(':') {
                self.standard(out, member.name, member.value)
            } else {
                self.extension(out, member)
            }
            .within(member.name)?;
        }
        Ok(())
    }

    /// A user's member where the standard has others, which only its prefix tells apart.
    fn extension(&self, out: &mut Markup, member: &Member<'_>) -> Written {
        if !member.name.contains(':') {
            return refuse("unknown_property", "the standard has no such element here, and it has no prefix");
        }
        extension::member(out, self.scope, member.name, member.value)
    }

    fn standard(&self, out: &mut Markup, name: &str, value: Value<'_>) -> Written {
        match name {
            "eventID" => out.text_element(name, string(value)?),
            "bizStep" => out.text_element(name, &self.word(value, &BIZ_STEP)?),
            "disposition" => out.text_element(name, &self.word(value, &DISPOSITION)?),
            "epcList" | "childEPCs" | "inputEPCList" | "outputEPCList" => {
                out.element(name, |out| each(value, |epc| out.text_element("epc", &self.text(epc)?)))
            }
            "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
                out.element(name, |out| each(value, |one| self.quantity(out, object(one)?)))
            }
            "readPoint" | "bizLocation" | "ilmd" => {
                let place = object(value)?;
                out.element(name, |out| {
                    if let (Some(id), true) = (place.get("id"), name != "ilmd") {
                        out.text_element("id", &self.text(id).within("id")?)?;
                    }
                    self.rest(out, place, if name == "ilmd" { &[] } else { &["id"] })
                })
            }
            "bizTransactionList" => self.pairs(out, name, "bizTransaction", &BIZ_TRANSACTION_TYPE, value),
            "sourceList" => self.pairs(out, name, "source", &SOURCE_DEST_TYPE, value),
            "destinationList" => self.pairs(out, name, "destination", &SOURCE_DEST_TYPE, value),
            "errorDeclaration" => self.error_declaration(out, object(value)?),
            "persistentDisposition" => self.persistent_disposition(out, object(value)?),
            "sensorElementList" if is_empty(value) => Ok(()),
            "sensorElementList" => out.element(name, |out| {
                each(value, |one| {
                    let one = object(one)?;
                    out.element("sensorElement", |out| self.sensor_element(out, one))
                })
            }),
            "certificationInfo" => each(value, |info| out.text_element(name, &self.text(info)?)),
            _ if BASE.contains(&name) || matches!(name, "action" | "parentID" | "transformationID") => {
                out.text_element(name, &self.text(value)?)
            }
            _ => refuse("unknown_property", "the standard has no such element, and it has no prefix"),
        }
    }

    /// A text of the standard's.
    fn text<'v>(&self, value: Value<'v>) -> Written<Cow<'v, str>> {
        Ok(self.scope.expanded(string(value)?))
    }

    fn word<'v>(&self, value: Value<'v>, vocabulary: &Vocabulary) -> Written<Cow<'v, str>> {
        let text = string(value)?;
        Ok(match self.cbv {
            Cbv::AsIs => self.scope.expanded(text),
            form => vocabulary.written(self.scope.expanded_word(text), form),
        })
    }

    /// Members that are not the standard's: first those without a prefix, in the `extension` that the XSD has for them.
    fn rest(&self, out: &mut Markup, object: &Object<'_>, standard: &[&str]) -> Written {
        let rest = || object.members.iter().filter(|member| !standard.contains(&member.name));
        if rest().any(|member| !has_namespace(member.name)) {
            out.element("extension", |out| {
                rest().filter(|member| !has_namespace(member.name)).try_for_each(|member| {
                    extension::member(out, self.scope, member.name, member.value).within(member.name)
                })
            })?;
        }
        rest().filter(|member| has_namespace(member.name)).try_for_each(|member| {
            extension::member(out, self.scope, member.name, member.value).within(member.name)
        })
    }

    fn quantity(&self, out: &mut Markup, quantity: &Object<'_>) -> Written {
        only(quantity, &["epcClass", "quantity", "uom"])?;
        out.element("quantityElement", |out| {
            if let Some(epc_class) = quantity.get("epcClass") {
                out.text_element("epcClass", &self.text(epc_class).within("epcClass")?)?;
            }
            let uom = quantity.get("uom");
            match quantity.get("quantity") {
                Some(Value::Number(literal)) => out.text_element("quantity", &decimal(literal))?,
                Some(other) => out.text_element("quantity", &self.text(other).within("quantity")?)?,
                // The XSD has no unit without a quantity.
                None if uom.is_some() => out.element("quantity", |out| out.attribute("xsi:nil", "true"))?,
                None => (),
            }
            uom.map_or(Ok(()), |uom| out.text_element("uom", &self.text(uom).within("uom")?))
        })
    }

    fn pairs(&self, out: &mut Markup, list: &str, id: &str, types: &Vocabulary, value: Value<'_>) -> Written {
        if is_empty(value) {
            return Ok(());
        }
        let pair = |out: &mut Markup, pair: &Object<'_>| {
            only(pair, &["type", id])?;
            let Some(value) = pair.get(id) else {
                return refuse("required", "the value is missing").within(id);
            };
            out.element(id, |out| {
                if let Some(kind) = pair.get("type") {
                    out.attribute("type", &self.word(kind, types).within("type")?)?;
                }
                out.text(&self.text(value).within(id)?)
            })
        };
        out.element(list, |out| each(value, |one| pair(out, object(one)?)))
    }

    fn error_declaration(&self, out: &mut Markup, declaration: &Object<'_>) -> Written {
        out.element("errorDeclaration", |out| {
            if let Some(time) = declaration.get("declarationTime") {
                out.text_element("declarationTime", &self.text(time).within("declarationTime")?)?;
            }
            if let Some(reason) = declaration.get("reason") {
                out.text_element("reason", &self.word(reason, &ERROR_REASON).within("reason")?)?;
            }
            if let Some(ids) = declaration.get("correctiveEventIDs") {
                out.element("correctiveEventIDs", |out| {
                    each(ids, |id| out.text_element("correctiveEventID", string(id)?))
                })
                .within("correctiveEventIDs")?;
            }
            self.rest(out, declaration, &["declarationTime", "reason", "correctiveEventIDs"])
        })
    }

    fn persistent_disposition(&self, out: &mut Markup, dispositions: &Object<'_>) -> Written {
        only(dispositions, &["set", "unset"])?;
        out.element("persistentDisposition", |out| {
            for name in ["unset", "set"] {
                if let Some(value) = dispositions.get(name) {
                    each(value, |one| out.text_element(name, &self.word(one, &DISPOSITION)?)).within(name)?;
                }
            }
            Ok(())
        })
    }

    fn sensor_element(&self, out: &mut Markup, element: &Object<'_>) -> Written {
        let attributes = |out: &mut Markup, name: &str, value: Value<'_>| {
            let object = object(value)?;
            out.element(name, |out| self.attributes(out, object))
        };
        if let Some(metadata) = element.get("sensorMetadata") {
            attributes(out, "sensorMetadata", metadata).within("sensorMetadata")?;
        }
        if let Some(reports) = element.get("sensorReport") {
            each(reports, |report| attributes(out, "sensorReport", report)).within("sensorReport")?;
        }
        self.rest(out, element, &["sensorMetadata", "sensorReport"])
    }

    /// Members as attributes, which hold texts and no types.
    fn attributes(&self, out: &mut Markup, object: &Object<'_>) -> Written {
        let (mut names, mut prefixes) = (HashSet::new(), HashSet::new());
        for member in object.members {
            let mut write = || {
                let name = self.scope.name(member.name)?;
                let prefix = name.qualified.split_once(':').map(|(prefix, _)| prefix.to_owned());
                if let (true, Some(prefix)) = (name.is_declared_here, prefix)
                    && prefixes.insert(prefix)
                {
                    name.declare(out)?;
                }
                out.attribute(&name.qualified, &self.attribute(member)?)?;
                let local = member.name.rsplit(':').next().unwrap_or_default();
                if names.insert((name.namespace, local)) {
                    Ok(())
                } else {
                    refuse("duplicate_key", "two prefixes of one namespace")
                }
            };
            write().within(member.name)?;
        }
        Ok(())
    }

    fn attribute<'v>(&self, member: &Member<'v>) -> Written<Cow<'v, str>> {
        match (member.name, member.value) {
            ("type", value) => self.word(value, &MEASUREMENT),
            ("exception", value) => self.word(value, &SENSOR_ALERT),
            ("component", value) => self.word(value, &COMPONENT),
            ("booleanValue", Value::Bool(is_so)) => Ok(if is_so { "true" } else { "false" }.into()),
            (_, Value::Number(literal)) => Ok(literal.into()),
            (_, Value::String(text)) => Ok(self.scope.expanded(text)),
            _ => refuse("type", "XML has an attribute here, which holds a text or a number"),
        }
    }
}

fn has_namespace(name: &str) -> bool {
    name.contains(':') || name.starts_with('@')
}

fn string(value: Value<'_>) -> Written<&str> {
    value.as_str().map_or_else(|| refuse("type", "expected a string"), Ok)
}

pub(super) fn object(value: Value<'_>) -> Written<&Object<'_>> {
    value.as_object().map_or_else(|| refuse("type", "expected an object"), Ok)
}

fn is_empty(value: Value<'_>) -> bool {
    value.as_array().is_some_and(<[_]>::is_empty)
}

/// Every element of a list; what is no list is one.
pub(super) fn each<'v>(value: Value<'v>, mut write: impl FnMut(Value<'v>) -> Written) -> Written {
    match value {
        Value::Array(elements) => {
            elements.iter().enumerate().try_for_each(|(index, &element)| write(element).within(index))
        }
        single => write(single),
    }
}

/// # Errors
/// A member that is none of these, where the XSD has no place for others.
pub(super) fn only(object: &Object<'_>, standard: &[&str]) -> Written {
    match object.members.iter().find(|member| !standard.contains(&member.name)) {
        None => Ok(()),
        Some(other) => refuse("unknown_property", "the standard has no such element here").within(other.name),
    }
}

/// A number without exponent, as `xsd:decimal` has it.
fn decimal(literal: &str) -> Cow<'_, str> {
    let Some((mantissa, exponent)) = literal.split_once(['e', 'E']) else { return literal.into() };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |mantissa| ("-", mantissa));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = [whole, fraction].concat();
    if digits.bytes().all(|digit| digit == b'0') {
        return "0".into();
    }
    // No double is that large or small, so a literal with such an exponent was refused when it was read.
    let shift: isize = exponent.parse().unwrap_or_default();
    let point = whole.len().saturating_add_signed(shift);
    let before = shift.unsigned_abs().saturating_sub(whole.len());
    let number = match digits.split_at_checked(point) {
        Some(("", _)) => ["0.", &"0".repeat(before), &digits].concat(),
        Some((digits, "")) => digits.to_owned(),
        Some((whole, fraction)) => [whole, ".", fraction].concat(),
        None => [digits.as_str(), &"0".repeat(point - digits.len())].concat(),
    };
    Cow::Owned([sign, &number].concat())
}
