//! What lineage knows of an event: plain data that the caller fills in.

use serde::Serialize;

use crate::Quantity;

/// One event, as far as lineage needs it. Times are microseconds since 1970 UTC.
#[derive(Clone, Debug)]
pub struct Fact {
    /// The caller's key of the event: one event, one key.
    pub event_key: u64,
    /// When it happened; the order of all answers.
    pub event_time: i64,
    /// When it was captured; orders only events of one `event_time`.
    pub record_time: i64,
    /// Which of the five it is.
    pub event_type: EventType,
    /// Absent in transformations.
    pub action: Option<Action>,
    /// Short CBV name (`shipping`), its URN or its URI; others are kept as they are.
    pub biz_step: Option<String>,
    /// As `biz_step`.
    pub disposition: Option<String>,
    /// Dispositions that hold from now on, until they are unset; spelled as `biz_step`.
    pub persistent_set: Vec<String>,
    /// Those that hold no longer.
    pub persistent_unset: Vec<String>,
    /// Where it was seen.
    pub read_point: Option<String>,
    /// Where it is from then on.
    pub biz_location: Option<String>,
    /// The items, each once for each role.
    pub refs: Vec<ItemRef>,
    /// Type (short CBV name, URN or URI) and id.
    pub sources: Vec<(String, String)>,
    /// As `sources`.
    pub destinations: Vec<(String, String)>,
    /// Joins several transformation events into one.
    pub transformation_id: Option<String>,
    /// What tells it from others: as captured, or what stands for that where there is none; may be empty.
    pub event_id: String,
    /// Digest of all that it says but for its id, record time and error declaration.
    pub content: [u8; 32],
    /// Digest of all that it says: answers name it by that, too.
    pub content_digest: [u8; 32],
    /// Then the fact is no event but says that one was wrong.
    pub error_declaration: Option<ErrorDeclaration>,
}

/// An item in an event.
#[derive(Clone, Debug)]
pub struct ItemRef {
    /// As what the event names it.
    pub role: Role,
    /// Its one name, the same in every event.
    pub item: String,
    /// How much of the world goes by this name.
    pub kind: Kind,
    /// Of class-level items only.
    pub quantity: Option<Quantity>,
    /// Unit of the quantity; absent means pieces.
    pub unit: Option<String>,
    /// The lot that this very item belongs to, where its key or entry says so. Otherwise items with the role
    /// [`Epc`](Role::Epc) or [`Output`](Role::Output) belong to the event's references with the role
    /// [`Lot`](Role::Lot) (of the same GTIN, where both are Digital Links of one).
    pub lot: Option<String>,
}

/// As what an event names an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// An object of an object, transaction or … event.
    Epc,
    /// The container or assembly.
    Parent,
    /// What goes into or out of it, or is in it.
    Child,
    /// What a transformation uses up.
    Input,
    /// What it makes.
    Output,
    /// The lot to which its items belong.
    Lot,
    /// The class of an item; lineage does not follow it.
    Class,
}

/// How much of the world goes by one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// All of a product (a GTIN): can hold quantities, but is never followed, because it says nothing.
    Class,
    /// A lot or batch.
    Lot,
    /// One thing with a serial number.
    Serial,
    /// One asset that comes back: a returnable pallet, a crate, a tool.
    Asset,
    /// One logistic unit (an SSCC).
    LogisticUnit,
}

impl Kind {
    /// Whether it is many things under one name.
    #[must_use]
    pub fn is_class_level(self) -> bool {
        matches!(self, Self::Class | Self::Lot)
    }
}

/// The five event types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the standard's own names")]
pub enum EventType {
    ObjectEvent,
    AggregationEvent,
    TransactionEvent,
    TransformationEvent,
    AssociationEvent,
}

/// The three actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the standard's own names")]
pub enum Action {
    Add,
    Observe,
    Delete,
}

/// Declares void the other events that have this fact's `event_id`: those with the same `content`, or where there
/// are none, because the declaration was written anew, those that name the same items at the same time.
#[derive(Clone, Debug)]
pub struct ErrorDeclaration {
    /// Microseconds since 1970 UTC.
    pub time: i64,
    /// Short CBV name, URN or URI.
    pub reason: Option<String>,
    /// Ids of the events that replace it.
    pub corrective_event_ids: Vec<String>,
}
