//! The typed view of an event: what capture and lineage read, once, from an event that is valid.

use std::borrow::Cow;

use json::{Member, Object, Value};

use crate::context::Context;
use crate::head::{EventHead, Hearing, Said};
use crate::problem::Problem;
use crate::time::parse_time;
use crate::validate::is_uri;
use crate::vocabulary;

/// The five event types, and those of others. The numbers stand in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i16)]
#[expect(missing_docs, reason = "the standard's own names")]
pub enum EventType {
    #[default]
    ObjectEvent = 1,
    AggregationEvent = 2,
    TransactionEvent = 3,
    TransformationEvent = 4,
    AssociationEvent = 5,
    /// A type by a URI that is not the standard's; kept and found by its names, without a meaning.
    Extension = 6,
}

impl EventType {
    /// From the event's `type`; None for what is neither one of the five nor a URI.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Some(match name {
            "ObjectEvent" => Self::ObjectEvent,
            "AggregationEvent" => Self::AggregationEvent,
            "TransactionEvent" => Self::TransactionEvent,
            "TransformationEvent" => Self::TransformationEvent,
            "AssociationEvent" => Self::AssociationEvent,
            _ => return is_uri(name).then_some(Self::Extension),
        })
    }

    /// The five.
    pub(crate) const STANDARD: [Self; 5] = [
        Self::ObjectEvent,
        Self::AggregationEvent,
        Self::TransactionEvent,
        Self::TransformationEvent,
        Self::AssociationEvent,
    ];

    /// The name of one of the five; empty for those of others.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ObjectEvent => "ObjectEvent",
            Self::AggregationEvent => "AggregationEvent",
            Self::TransactionEvent => "TransactionEvent",
            Self::TransformationEvent => "TransformationEvent",
            Self::AssociationEvent => "AssociationEvent",
            Self::Extension => "",
        }
    }
}

/// The three actions. The numbers stand in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i16)]
#[expect(missing_docs, reason = "the standard's own names")]
pub enum Action {
    Add = 1,
    Observe = 2,
    Delete = 3,
}

impl Action {
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "ADD" => Self::Add,
            "OBSERVE" => Self::Observe,
            "DELETE" => Self::Delete,
            _ => return None,
        })
    }
}

/// As what an event names an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ItemRole {
    /// `epcList`, `quantityList`.
    Epc,
    /// `parentID`.
    Parent,
    /// `childEPCs`, `childQuantityList`.
    Child,
    /// `inputEPCList`, `inputQuantityList`.
    Input,
    /// `outputEPCList`, `outputQuantityList`.
    Output,
}

/// One item that an event names.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemRef<'a> {
    /// As what.
    pub role: ItemRole,
    /// Its one name: canonical Digital Link of a GS1 key, else the text as written.
    pub item: Cow<'a, str>,
    /// The lot that its key tells beside a serial, or that the event's ILMD gives to its items.
    pub lot: Option<String>,
    /// The class (GTIN) that it belongs to; None for what is itself a class, or has none.
    pub class: Option<String>,
    /// Quantity as written, where the item is a quantity of a class or lot.
    pub quantity: Option<&'a str>,
    /// Its unit (UN/ECE Rec 20); None counts pieces.
    pub unit: Option<&'a str>,
    /// Whether it stands in a list of quantities, not of instances.
    pub in_quantity_list: bool,
}

/// Says that an event was wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct ErrorDeclaration<'a> {
    /// When it was declared, µs since 1970 UTC.
    pub time: i64,
    /// Why, by its short CBV name or URI.
    pub reason: Option<&'a str>,
    /// Events that replace it.
    pub corrective_event_ids: Vec<&'a str>,
}

/// A source or destination, or a business transaction: its type and its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Typed<'a> {
    /// Short CBV name or URI; empty where a business transaction has none.
    pub kind: &'a str,
    /// As written.
    pub id: &'a str,
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event<'a> {
    /// Which of the five.
    pub event_type: EventType,
    /// Absent in transformations.
    pub action: Option<Action>,
    /// µs since 1970 UTC.
    pub event_time: i64,
    /// As captured.
    pub event_id: Option<&'a str>,
    /// Short CBV name or URI.
    pub biz_step: Option<&'a str>,
    /// Short CBV name or URI.
    pub disposition: Option<&'a str>,
    /// Short CBV names or URIs of the dispositions that hold from now on, whatever else is stated.
    pub persistent_set: Vec<&'a str>,
    /// Those that do no longer.
    pub persistent_unset: Vec<&'a str>,
    /// Id as written.
    pub read_point: Option<&'a str>,
    /// Id as written.
    pub biz_location: Option<&'a str>,
    /// Every item that the event names, in order.
    pub items: Vec<ItemRef<'a>>,
    /// Where it comes from.
    pub sources: Vec<Typed<'a>>,
    /// Where it goes to.
    pub destinations: Vec<Typed<'a>>,
    /// Business transactions.
    pub biz_transactions: Vec<Typed<'a>>,
    /// Joins several transformation events into one.
    pub transformation_id: Option<&'a str>,
    /// Then the event says that an earlier one with its content was wrong.
    pub error_declaration: Option<ErrorDeclaration<'a>>,
    /// Sensor elements as they came.
    pub sensor_elements: &'a [Value<'a>],
    /// Instance and lot master data as they came.
    pub ilmd: Option<&'a Object<'a>>,
}

/// CBV master data attribute: the lot of what the event makes.
const LOT_ATTRIBUTES: [(&str, &str); 2] =
    [("urn:epcglobal:cbv:mda:", "lotNumber"), ("https://ref.gs1.org/cbv/", "lotNumber")];

impl<'a> Event<'a> {
    /// Reads the view from an event that is valid.
    ///
    /// # Errors
    /// A [`Problem`], its pointer relative to the event, where type or time cannot be read after all.
    pub fn read(object: &'a Object<'a>, context: &Context<'a>) -> Result<Self, Problem> {
        let ilmd = object.get("ilmd").and_then(Value::as_object);
        let ilmd_lot = ilmd.and_then(|ilmd| lot_of(ilmd, context));
        let (mut items, mut head) = (Vec::new(), Hearing::default());
        for member in object.members {
            items_of(member, ilmd_lot, &mut items);
            head.hear(Said::of(member));
        }
        let head = head.finish()?;
        Ok(Self {
            persistent_set: persistent(object, "set"),
            persistent_unset: persistent(object, "unset"),
            items,
            sources: typed(object, "sourceList", "source", vocabulary::source_dest_type),
            destinations: typed(object, "destinationList", "destination", vocabulary::source_dest_type),
            biz_transactions: typed(
                object,
                "bizTransactionList",
                "bizTransaction",
                vocabulary::biz_transaction_type,
            ),
            error_declaration: object.get("errorDeclaration").and_then(Value::as_object).map(declaration),
            sensor_elements: object.get("sensorElementList").and_then(Value::as_array).unwrap_or(&[]),
            ilmd,
            event_type: head.event_type,
            action: head.action,
            event_time: head.event_time,
            event_id: head.event_id,
            biz_step: head.biz_step,
            disposition: head.disposition,
            read_point: head.read_point,
            biz_location: head.biz_location,
            transformation_id: head.transformation_id,
        })
    }

    /// All of it but its lists and objects.
    #[must_use]
    pub fn head(&self) -> EventHead<'a> {
        EventHead {
            event_type: self.event_type,
            action: self.action,
            event_time: self.event_time,
            event_id: self.event_id,
            biz_step: self.biz_step,
            disposition: self.disposition,
            read_point: self.read_point,
            biz_location: self.biz_location,
            transformation_id: self.transformation_id,
        }
    }
}

/// As what a member of an event names items, and whether by quantities; None where it names none.
fn role_of(name: &str) -> Option<(ItemRole, bool)> {
    Some(match name {
        "parentID" => (ItemRole::Parent, false),
        "epcList" => (ItemRole::Epc, false),
        "childEPCs" => (ItemRole::Child, false),
        "inputEPCList" => (ItemRole::Input, false),
        "outputEPCList" => (ItemRole::Output, false),
        "quantityList" => (ItemRole::Epc, true),
        "childQuantityList" => (ItemRole::Child, true),
        "inputQuantityList" => (ItemRole::Input, true),
        "outputQuantityList" => (ItemRole::Output, true),
        _ => return None,
    })
}

/// Appends the items that a member of an event names.
pub(crate) fn items_of<'a>(member: &Member<'a>, ilmd_lot: Option<&str>, items: &mut Vec<ItemRef<'a>>) {
    let Some((role, in_quantity_list)) = role_of(member.name) else { return };
    let named = match &member.value {
        Value::Array(elements) => elements,
        single => std::slice::from_ref(single),
    };
    if in_quantity_list {
        let elements = named.iter().filter_map(|value| value.as_object());
        items.extend(elements.filter_map(|element| quantity_ref(role, element, ilmd_lot)));
    } else {
        let epcs = named.iter().filter_map(|value| value.as_str());
        items.extend(epcs.map(|epc| item_ref(role, epc, ilmd_lot)));
    }
}

/// `ilmd_lot` applies to what the event makes or begins: its EPCs and outputs.
fn item_ref<'a>(role: ItemRole, epc: &'a str, ilmd_lot: Option<&str>) -> ItemRef<'a> {
    let Some(key) = gs1::item_key(epc) else {
        return ItemRef {
            role,
            item: Cow::Borrowed(epc),
            lot: None,
            class: None,
            quantity: None,
            unit: None,
            in_quantity_list: false,
        };
    };
    let class = key.class_of().map(gs1::ItemKey::into_uri);
    let lot = key.lot_of().map(gs1::ItemKey::into_uri);
    let item = key.into_uri();
    let lot = match lot {
        Some(lot) => Some(lot).filter(|lot| *lot != item),
        None => ilmd_lot.and_then(|lot| lot_within(role, class.as_ref().unwrap_or(&item), &item, lot)),
    };
    ItemRef { role, item: Cow::Owned(item), lot, class, quantity: None, unit: None, in_quantity_list: false }
}

/// The lot of an item of this class that tells none itself, of an event whose ILMD tells this one.
fn lot_within(role: ItemRole, class: &str, item: &str, ilmd_lot: &str) -> Option<String> {
    let applies = matches!(role, ItemRole::Epc | ItemRole::Output);
    applies.then(|| lot_key(class, ilmd_lot))?.filter(|lot| lot != item)
}

fn quantity_ref<'a>(role: ItemRole, element: &'a Object<'a>, ilmd_lot: Option<&str>) -> Option<ItemRef<'a>> {
    let class = element.get("epcClass")?.as_str()?;
    let quantity = match element.get("quantity") {
        Some(Value::Number(literal)) => Some(literal),
        _ => None,
    };
    let unit = element.get("uom").and_then(Value::as_str);
    // A class that the ILMD narrows to a lot is a quantity of that lot.
    let named = item_ref(role, class, ilmd_lot);
    Some(ItemRef { quantity, unit, in_quantity_list: true, ..named })
}

/// The key of a lot of a GTIN, or None where the class is no GTIN or the lot no AI (10).
#[must_use]
pub fn lot_key(class: &str, lot: &str) -> Option<String> {
    let mut link = String::with_capacity(class.len() + 4 + lot.len());
    link.push_str(class);
    link.push_str("/10/");
    for byte in lot.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            link.push(char::from(byte));
        } else {
            let hex = |nibble: u8| char::from(b"0123456789ABCDEF"[usize::from(nibble & 0xf)]);
            link.extend(['%', hex(byte >> 4), hex(byte)]);
        }
    }
    class.contains("/01/").then(|| gs1::item_key(&link))?.map(gs1::ItemKey::into_uri)
}

pub(crate) fn lot_of<'a>(ilmd: &Object<'a>, context: &Context<'_>) -> Option<&'a str> {
    ilmd.members.iter().find_map(|member| {
        let (prefix, local) = member.name.split_once(':')?;
        let namespace =
            LOT_ATTRIBUTES.iter().find(|(_, name)| *name == local).and_then(|_| context.namespace(prefix))?;
        // Published documents write the namespace with and without its last colon.
        let known =
            LOT_ATTRIBUTES.iter().any(|(n, _)| n.trim_end_matches(':') == namespace.trim_end_matches(':'));
        known.then(|| member.value.as_str()).flatten()
    })
}

fn persistent<'a>(object: &'a Object<'a>, which: &str) -> Vec<&'a str> {
    let list = object.get("persistentDisposition").and_then(Value::as_object);
    let list = list.and_then(|all| all.get(which)).and_then(Value::as_array).unwrap_or_default();
    list.iter().filter_map(|text| text.as_str()).map(vocabulary::disposition).collect()
}

fn typed<'a>(object: &'a Object<'a>, list: &str, id: &str, short: fn(&str) -> &str) -> Vec<Typed<'a>> {
    let list = object.get(list);
    let elements = match &list {
        Some(Value::Array(elements)) => elements,
        Some(single) => std::slice::from_ref(single),
        None => &[],
    };
    let element = |value: &Value<'a>| {
        let element = value.as_object()?;
        let kind = element.get("type").and_then(Value::as_str).unwrap_or("");
        Some(Typed { kind: short(kind), id: element.get(id)?.as_str()? })
    };
    elements.iter().filter_map(element).collect()
}

fn declaration<'a>(object: &'a Object<'a>) -> ErrorDeclaration<'a> {
    let text = |name: &str| object.get(name).and_then(Value::as_str);
    let ids = object.get("correctiveEventIDs").and_then(Value::as_array).unwrap_or(&[]);
    ErrorDeclaration {
        time: text("declarationTime").and_then(parse_time).unwrap_or_default(),
        reason: text("reason").map(vocabulary::error_reason),
        corrective_event_ids: ids.iter().filter_map(|id| id.as_str()).collect(),
    }
}
