//! What queries can ask of an event besides its columns and names: terms, and measures.
//!
//! A term says that a field is there, or has a value; a measure is one number or time of a field, in the SI unit of
//! what it measures. The names of the fields are those of the query language: `bizStep`, `bizTransaction_po`,
//! `value/temperature`, `MATCH_epc/01+21`; and of extension fields `ILMD:` or `ILMD:INNER:` before the full name.

use std::borrow::Cow;
use std::collections::HashMap;

use epcis::{Context, Event, EventType, ItemRole, Part, PartItem};
use json::{Flat, FlatField, Member, Object, Value};

use crate::epc_pattern::view;
use crate::references::dedup_from;
use crate::term_key::{Field, KEY_STEMS, Scalar, Spelling, TermKey, write_field_name};
use crate::units::unit;

/// Terms and measures of one event: a row of the database stays below 1 MB, and none costs its index a second.
pub const TERMS_MAX: usize = 20_000;
const TERMS_USUAL: usize = 32;
const MEASURES_USUAL: usize = 4;
const KEYS_KEPT_MAX: usize = 4_096;

/// What one event says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Terms {
    /// Ascending, no two equal.
    pub hashes: Vec<i64>,
    /// Hashed name of the field and value of each measure, no two equal.
    pub measures: Vec<(f64, f64)>,
}

/// Reads the terms of one event after the other.
pub struct TermReader {
    key: TermKey,
    /// Places and parties by the text of their keys: few, and in most events.
    keys: HashMap<Box<str>, Box<str>>,
}

impl TermReader {
    /// A reader under this key.
    #[must_use]
    pub fn new(key: TermKey) -> Self {
        Self { key, keys: HashMap::new() }
    }

    /// What the attributes of an element of master data say: an attribute is as an extension field of area `MDA`.
    pub fn attributes(&mut self, element: &Object<'_>, context: &Context<'_>) -> Terms {
        let mut terms = Terms::default();
        let (key, keys) = (&self.key, &mut self.keys);
        let mut reading = Reading { key, keys, context, out: &mut terms, name: String::new() };
        for attribute in element.get("attributes").and_then(Value::as_array).unwrap_or_default() {
            let attribute = attribute.as_object();
            let member = |name| attribute.and_then(|attribute| attribute.get(name));
            if let (Some(Value::String(name)), Some(value)) = (member("id"), member("attribute")) {
                reading.extension(name, value, "MDA");
            }
        }
        terms.hashes.sort_unstable();
        terms.hashes.dedup();
        terms
    }

    /// The terms of an event that is valid. Cost: one look at each member, one hash a term.
    pub fn read(&mut self, object: &Object<'_>, event: &Event<'_>, context: &Context<'_>) -> Terms {
        let mut terms =
            Terms { hashes: Vec::with_capacity(TERMS_USUAL), measures: Vec::with_capacity(MEASURES_USUAL) };
        let mut reading = self.reading(context, &mut terms);
        for member in object.members {
            reading.member(member, event.event_type);
        }
        reading.items(event.items.iter().map(|item| (&*item.item, item.role, item.in_quantity_list)));
        terms.settle(0, 0);
        terms
    }

    /// The terms of one member of an event that is valid, in no order, appended.
    pub(crate) fn read_part(
        &mut self,
        member: &Member<'_>,
        part: &Part<'_>,
        event_type: EventType,
        context: &Context<'_>,
        out: &mut Terms,
    ) {
        let mut reading = self.reading(context, out);
        reading.member(member, event_type);
        reading.part_items(part.items);
    }

    /// The same of a member that was read without a tree.
    pub(crate) fn read_flat_part(
        &mut self,
        name: &str,
        flat: Flat<'_, '_>,
        part: &Part<'_>,
        context: &Context<'_>,
        out: &mut Terms,
    ) {
        let mut reading = self.reading(context, out);
        if let Flat::Objects(objects) = flat {
            objects.iter().for_each(|fields| reading.flat_element(name, fields));
        }
        reading.part_items(part.items);
    }
}

impl TermReader {
    fn reading<'r>(&'r mut self, context: &'r Context<'r>, out: &'r mut Terms) -> Reading<'r> {
        if self.keys.len() > KEYS_KEPT_MAX {
            self.keys.clear();
        }
        Reading { key: &self.key, keys: &mut self.keys, context, out, name: String::new() }
    }
}

impl Terms {
    /// How many there are of both.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hashes.len() + self.measures.len()
    }

    /// Puts those from these places on in order, none twice.
    pub(crate) fn settle(&mut self, first_hash: usize, first_measure: usize) {
        self.hashes[first_hash..].sort_unstable();
        dedup_from(first_hash, &mut self.hashes);
        self.measures[first_measure..].sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        dedup_from(first_measure, &mut self.measures);
    }
}

struct Reading<'r> {
    key: &'r TermKey,
    keys: &'r mut HashMap<Box<str>, Box<str>>,
    context: &'r Context<'r>,
    out: &'r mut Terms,
    /// Full name of a field, one at a time.
    name: String,
}

impl Reading<'_> {
    fn member(&mut self, member: &Member<'_>, event_type: EventType) {
        let value = member.value;
        match member.name {
            "type" if event_type == EventType::Extension => self.term("eventType", value, Spelling::Id),
            "eventTimeZoneOffset" => self.offset(value),
            "bizStep" => self.term("bizStep", value, Spelling::BizStep),
            "disposition" => self.term("disposition", value, Spelling::Disposition),
            "persistentDisposition" => {
                self.part(value, "set", "persistentDisposition_set", Spelling::Disposition);
                self.part(value, "unset", "persistentDisposition_unset", Spelling::Disposition);
            }
            "readPoint" | "bizLocation" => self.place(member.name, value),
            "bizTransactionList" => {
                self.typed(value, "bizTransaction", "bizTransaction_", Spelling::BizTransactionType);
            }
            "sourceList" => self.typed(value, "source", "source_", Spelling::SourceDestType),
            "destinationList" => {
                self.typed(value, "destination", "destination_", Spelling::SourceDestType);
            }
            "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
                elements(&value).iter().filter_map(|e| e.as_object()).for_each(|e| self.quantity(e));
            }
            "errorDeclaration" => self.declaration(value),
            "sensorElementList" => {
                self.exists("sensorElementList");
                elements(&value).iter().filter_map(|e| e.as_object()).for_each(|e| self.sensor_element(e));
            }
            "ilmd" => self.extensions(value, "ILMD"),
            name => self.extension(name, value, ""),
        }
    }

    fn exists(&mut self, field: &str) {
        self.out.hashes.push(self.key.field(&[field]).existence());
    }

    /// Each string of a value under a field.
    fn term(&mut self, field: &str, value: Value<'_>, spelling: Spelling) {
        let field = self.key.field(&[field]);
        for text in elements(&value).iter().filter_map(|value| value.as_str()) {
            self.out.hashes.push(field.term(&spelling.of(text, self.context)));
        }
    }

    fn part(&mut self, of: Value<'_>, name: &str, field: &str, spelling: Spelling) {
        if let Some(value) = of.as_object().and_then(|object| object.get(name)) {
            self.term(field, value, spelling);
        }
    }

    fn measured(&mut self, field: &Field, scalar: Scalar) {
        let (kind, number) = scalar.measure();
        self.out.hashes.push(field.existence());
        self.out.measures.push((field.measure(kind), number));
    }

    fn time(&mut self, of: &Object<'_>, name: &str, field: &str) {
        if let Some(time @ Scalar::Time(_)) = of.get(name).and_then(Value::as_str).and_then(Scalar::read) {
            self.measured(&self.key.field(&[field]), time);
        }
    }

    /// A number in its unit; its measure is in the SI unit of what that measures.
    fn quantified(&mut self, name: &str, value: Value<'_>, uom: Option<&str>) {
        let Some(Scalar::Number(number)) = number_text(value).and_then(Scalar::read) else { return };
        let (field, number) = match uom.map(|code| (code, unit(code))) {
            Some((_, Some(unit))) => {
                // A deviation is a difference: where the zero lies, is nothing to it.
                let offset = if name == "sDev" { 0.0 } else { unit.offset };
                (self.key.field(&[name, "/", unit.dimension]), number * unit.factor + offset)
            }
            Some((code, None)) => (self.key.field(&[name, "/uom:", code]), number),
            None => (self.key.field(&[name, "/"]), number),
        };
        self.measured(&field, Scalar::Number(number));
    }

    fn offset(&mut self, value: Value<'_>) {
        if let Some(minutes) = value.as_str().and_then(|text| epcis::parse_offset(text.as_bytes())) {
            self.out.hashes.push(self.key.field(&["eventTimeZoneOffset"]).term(&minutes.to_string()));
        }
    }

    /// [`Spelling::Id`], looked up where it was read before.
    fn id<'t>(&mut self, text: &'t str) -> Cow<'t, str> {
        // What a prefix stands for, the next document may say otherwise.
        if !KEY_STEMS.iter().any(|stem| text.starts_with(stem)) {
            return Spelling::Id.of(text, self.context);
        }
        if let Some(known) = self.keys.get(text) {
            return Cow::Owned(known.as_ref().to_owned());
        }
        let id = Spelling::Id.of(text, self.context);
        self.keys.insert(text.into(), id.as_ref().into());
        id
    }

    fn place(&mut self, field: &str, value: Value<'_>) {
        let Some(object) = value.as_object() else { return };
        if let Some(id) = object.get("id").and_then(Value::as_str) {
            let id = self.id(id);
            self.out.hashes.push(self.key.field(&[field]).term(&id));
            // A part of a place lies within it.
            if let Some(whole) = view(&id).and_then(|view| view.class).filter(|whole| *whole != id) {
                self.out.hashes.push(self.key.field(&["WD_", field]).term(whole));
            }
        }
        self.extensions(value, field);
    }

    fn typed(&mut self, list: Value<'_>, id: &str, field: &str, spelling: Spelling) {
        for element in elements(&list).iter().filter_map(|element| element.as_object()) {
            let kind = element.get("type").and_then(Value::as_str).unwrap_or("");
            if let Some(id) = element.get(id).and_then(Value::as_str) {
                self.typed_id(kind, id, field, spelling);
            }
        }
    }

    fn typed_id(&mut self, kind: &str, id: &str, field: &str, spelling: Spelling) {
        let field = self.key.field(&[field, &spelling.of(kind, self.context)]);
        let id = self.id(id);
        self.out.hashes.push(field.term(&id));
    }

    fn quantity(&mut self, element: &Object<'_>) {
        let Some(value) = element.get("quantity") else { return };
        self.quantity_of(value, element.get("uom").and_then(Value::as_str));
    }

    /// A quantity without a unit counts pieces.
    fn quantity_of(&mut self, value: Value<'_>, uom: Option<&str>) {
        self.quantified("quantity", value, None);
        self.quantified("quantity", value, Some(uom.unwrap_or("H87")));
    }

    /// An element of a list that was read without a tree.
    fn flat_element(&mut self, list: &str, fields: &[FlatField<'_>]) {
        let text = |name: &str| fields.iter().find(|field| field.name == name).map(|field| field.text);
        match list {
            "quantityList" | "childQuantityList" | "inputQuantityList" | "outputQuantityList" => {
                if let Some(quantity) = text("quantity") {
                    self.quantity_of(Value::Number(quantity), text("uom"));
                }
            }
            // Its type is a word, and its id stands for itself: others are not flat.
            "bizTransactionList" => {
                if let (Some(kind), Some(id)) = (text("type"), text("bizTransaction")) {
                    self.out.hashes.push(self.key.field(&["bizTransaction_", kind]).term(id));
                }
            }
            _ => (),
        }
    }

    fn declaration(&mut self, value: Value<'_>) {
        let Some(object) = value.as_object() else { return };
        self.exists("errorDeclaration");
        self.time(object, "declarationTime", "errorDeclarationTime");
        self.part(value, "reason", "errorReason", Spelling::ErrorReason);
        self.part(value, "correctiveEventIDs", "correctiveEventID", Spelling::Id);
        self.extensions(value, "ERROR_DECLARATION");
    }

    fn sensor_element(&mut self, element: &Object<'_>) {
        for member in element.members {
            match member.name {
                "sensorMetadata" => self.sensor(member.value, "SENSORMETADATA"),
                "sensorReport" => {
                    for report in elements(&member.value) {
                        self.sensor(*report, "SENSORREPORT");
                    }
                }
                name => self.extension(name, member.value, "SENSORELEMENT"),
            }
        }
    }

    /// Metadata and reports have attributes of the same names and meanings.
    fn sensor(&mut self, value: Value<'_>, area: &str) {
        let Some(object) = value.as_object() else { return };
        let uom = object.get("uom").and_then(Value::as_str);
        for member in object.members {
            let value = member.value;
            match member.name {
                name @ ("time" | "startTime" | "endTime") => self.time(object, name, name),
                name @ ("type" | "exception") => self.term(name, value, Spelling::Gs1Term),
                name @ ("deviceID"
                | "deviceMetadata"
                | "rawData"
                | "dataProcessingMethod"
                | "bizRules"
                | "microorganism"
                | "chemicalSubstance"
                | "uriValue"
                | "coordinateReferenceSystem") => {
                    self.term(name, value, Spelling::Id);
                }
                "component" => self.term("component", value, Spelling::Component),
                "stringValue" => self.term("stringValue", value, Spelling::Exact),
                "hexBinaryValue" => self.term("hexBinaryValue", value, Spelling::Hex),
                "booleanValue" => {
                    if let Value::Bool(is) = value {
                        let text = if is { "true" } else { "false" };
                        self.out.hashes.push(self.key.field(&["booleanValue"]).term(text));
                    }
                }
                name @ ("value" | "minValue" | "maxValue" | "meanValue" | "sDev" | "percValue") => {
                    self.quantified(name, value, uom);
                }
                "percRank" => self.quantified("percRank", value, None),
                "uom" => (),
                name => self.extension(name, value, area),
            }
        }
    }

    /// The extension fields of an object that has others, too.
    fn extensions(&mut self, value: Value<'_>, area: &str) {
        for member in value.as_object().map_or(&[][..], |object| object.members) {
            self.extension(member.name, member.value, area);
        }
    }

    /// One extension field: a name of the standard, or a keyword of JSON-LD, is none.
    fn extension(&mut self, name: &str, value: Value<'_>, area: &str) {
        if name.bytes().any(|byte| byte == b':') && value != Value::Null {
            let field = self.extension_field(&[area, ":"], name);
            self.occurrence(&field, value, area);
        }
    }

    fn extension_field(&mut self, before: &[&str; 2], name: &str) -> Field {
        self.name.clear();
        write_field_name(name, self.context, &mut self.name);
        let field = self.key.field(&[before[0], before[1], &self.name]);
        self.out.hashes.push(field.existence());
        field
    }

    /// What an extension field says, and the fields in it.
    fn occurrence(&mut self, field: &Field, value: Value<'_>, area: &str) {
        match value {
            Value::Null => (),
            Value::Bool(is) => self.out.hashes.push(field.term(if is { "true" } else { "false" })),
            Value::Number(literal) => self.scalar(field, literal),
            Value::String(text) => {
                self.out.hashes.push(field.term(&Spelling::Key.of(text, self.context)));
                self.scalar(field, text);
            }
            Value::Array(elements) => {
                for element in elements {
                    self.occurrence(field, *element, area);
                }
            }
            Value::Object(object) => {
                for member in object.members {
                    if member.name == "@value" {
                        self.occurrence(field, member.value, area);
                    } else if !member.name.starts_with('@') && member.value != Value::Null {
                        let inner = self.extension_field(&[area, ":INNER:"], member.name);
                        self.occurrence(&inner, member.value, area);
                    }
                }
            }
        }
    }

    fn scalar(&mut self, field: &Field, text: &str) {
        if let Some(scalar) = Scalar::read(text) {
            let (kind, number) = scalar.measure();
            self.out.hashes.push(field.scalar_term(scalar));
            self.out.measures.push((field.measure(kind), number));
        }
    }

    /// Those of one class, one lot or serial each, look alike to patterns of EPCs: one of them speaks for all.
    fn part_items(&mut self, items: &[PartItem<'_>]) {
        /// With what stands behind it, up to the AI of a lot or serial.
        fn class<'i>(item: &PartItem<'i>) -> Option<&'i str> {
            item.item.get(..item.class?.len() + "/21/".len())
        }
        for alike in items.chunk_by(|a, b| a.class == b.class && class(a).is_some() && class(a) == class(b)) {
            self.items(alike.iter().take(1).map(|item| (item.item, item.role, item.in_quantity_list)));
        }
    }

    /// What patterns of EPCs look at.
    fn items<'i>(&mut self, items: impl Iterator<Item = (&'i str, ItemRole, bool)>) {
        let mut last = None;
        for (item, role, in_quantity_list) in items {
            let field = match (role, in_quantity_list) {
                (ItemRole::Epc | ItemRole::Child, false) => "MATCH_epc/",
                (ItemRole::Parent, _) => "MATCH_parentID/",
                (ItemRole::Input, false) => "MATCH_inputEPC/",
                (ItemRole::Output, false) => "MATCH_outputEPC/",
                (ItemRole::Epc | ItemRole::Child, true) => "MATCH_epcClass/",
                (ItemRole::Input, true) => "MATCH_inputEPCClass/",
                (ItemRole::Output, true) => "MATCH_outputEPCClass/",
            };
            let Some(view) = view(item) else { continue };
            // Items of one class stand together.
            if last.replace((field, view)) == Some((field, view)) {
                continue;
            }
            let (plus, second) = view.kind.1.map_or(("", ""), |second| ("+", second));
            let field = self.key.field(&[field, view.kind.0, plus, second]);
            self.out.hashes.extend(view.class.map(|class| field.term(class)));
            if let Some(digits) = view.digits {
                self.measured(&field, Scalar::Number(digits));
            }
        }
    }
}

/// A list's elements; one element and a list of one element mean the same.
fn elements<'v, 'a>(value: &'v Value<'a>) -> &'v [Value<'a>] {
    match value {
        Value::Array(elements) => elements,
        single => std::slice::from_ref(single),
    }
}

fn number_text(value: Value<'_>) -> Option<&str> {
    match value {
        Value::Number(text) | Value::String(text) => Some(text),
        _ => None,
    }
}
