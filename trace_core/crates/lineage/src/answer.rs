//! The answers. Their JSON form is stable: an API may return it as it is.
//!
//! Names are as the facts spell them. Times are RFC 3339 in UTC with as many digits as they need; an absent end of
//! time is `null`. Quantities are texts, so that no reader makes them inexact. `event_key` is the caller's key,
//! by which it finds the event, and left out of what goes outside. Lists are in a stable order that does not depend on the order of feeding.

mod recall;

use serde::{Serialize, Serializer};

use crate::fact::{Action, EventType, Kind};
use crate::quantity::Quantity;
use crate::time::Time;
use crate::walk::{Keys, Limit};

pub use recall::*;

/// The answer to a [`Question`](crate::Question), told apart in JSON by the member `question`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Answer<'a> {
    /// To [`History`](crate::Question::History).
    History(Histories<'a>),
    /// To [`TraceBackward`](crate::Question::TraceBackward).
    TraceBackward(Trace<'a>),
    /// To [`TraceForward`](crate::Question::TraceForward).
    TraceForward(Trace<'a>),
    /// To [`Recall`](crate::Question::Recall).
    Recall(Recall<'a>),
}

/// What an answer is taken from, and whether it is whole.
#[derive(Clone, Debug, Serialize)]
pub struct Extent<'a> {
    /// Events after it are left out; `null` for now.
    pub at: Option<Time>,
    /// A limit was reached: there may be more.
    pub truncated: bool,
    /// Which.
    pub limits_reached: Vec<Limit>,
    /// Events that were looked at.
    pub events_read: usize,
    /// Events that were declared wrong, and would otherwise be in the answer. By time.
    pub voided: Vec<Voided<'a>>,
}

/// The caller's key of an event. It is left out of answers that go outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    key: u64,
    is_shown: bool,
}

impl Key {
    pub(crate) fn new(key: u64, keys: Keys) -> Self {
        Self { key, is_shown: keys == Keys::Shown }
    }

    fn is_left_out(&self) -> bool {
        !self.is_shown
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.key)
    }
}

/// The digest of what an event says, in lower-case hex: it names the event where several have one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Digest<'a>(pub(crate) &'a [u8; 32]);

impl Serialize for Digest<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut hex = [0; 64];
        for (digits, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            digits.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        serializer.serialize_str(std::str::from_utf8(&hex).unwrap_or_default())
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// An event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EventRef<'a> {
    /// When it happened.
    pub time: Time,
    /// The caller's key.
    #[serde(skip_serializing_if = "Key::is_left_out")]
    pub event_key: Key,
    /// As captured.
    pub event_id: &'a str,
}

/// An event as evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence<'a> {
    /// Which.
    #[serde(flatten)]
    pub event: EventRef<'a>,
    /// Of what it says.
    pub content_digest: Digest<'a>,
}

/// An event that was declared wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Voided<'a> {
    /// The wrong event; where only its declaration is known, that.
    #[serde(flatten)]
    pub event: EventRef<'a>,
    /// Items of the answer that it names.
    pub items: Vec<&'a str>,
    /// Key of the event that holds the declaration.
    #[serde(skip_serializing_if = "Key::is_left_out")]
    pub declared_by: Key,
    /// When it was declared.
    pub declaration_time: Time,
    /// Short CBV name, or as given.
    pub reason: Option<&'a str>,
    /// Ids of the events that replace it.
    pub corrective_event_ids: Vec<&'a str>,
    /// Of what the event says.
    pub content_digest: Digest<'a>,
}

/// Histories in the order of the names.
#[derive(Clone, Debug, Serialize)]
pub struct Histories<'a> {
    /// One for each item of the question.
    pub histories: Vec<History<'a>>,
    /// Whether it is whole.
    #[serde(flatten)]
    pub extent: Extent<'a>,
}

/// What happened to an item.
#[derive(Clone, Debug, Serialize)]
pub struct History<'a> {
    /// The item.
    pub item: &'a str,
    /// `null` when no event names it.
    pub kind: Option<Kind>,
    /// How it stands.
    #[serde(flatten)]
    pub state: State<'a>,
    /// Its own events and those of the containers that it was in, by time.
    pub events: Vec<HistoryEvent<'a>>,
    /// What is in it, by name.
    pub contents: Vec<Stay<'a>>,
}

/// An event that concerns an item.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryEvent<'a> {
    /// Which.
    #[serde(flatten)]
    pub event: EventRef<'a>,
    /// When it was captured.
    pub record_time: Time,
    /// One of five.
    pub event_type: EventType,
    /// Absent in transformations.
    pub action: Option<Action>,
    /// Short CBV name, or as given.
    pub biz_step: Option<&'a str>,
    /// Short CBV name, or as given.
    pub disposition: Option<&'a str>,
    /// Dispositions that it sets until they are unset, likewise.
    pub persistent_set: Vec<&'a str>,
    /// Those that it unsets.
    pub persistent_unset: Vec<&'a str>,
    /// Where it was seen.
    pub read_point: Option<&'a str>,
    /// Where it is from then on.
    pub biz_location: Option<&'a str>,
    /// The container that the event names; `null` when it names the item itself.
    pub via: Option<&'a str>,
    /// Of a lot: it happened to a part of it.
    pub partial: bool,
    /// A transformation used it, or some of it, up and made other things: what it tells of them is not told of it.
    pub used: bool,
    /// Of what the event says.
    pub content_digest: Digest<'a>,
}

/// How an item stands after its last event. Of a lot, after the last that names it; for its parts in containers
/// see `portions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State<'a> {
    /// `bizLocation`, else `readPoint`, of the last event that has one.
    pub place: Option<&'a str>,
    /// Of the first event in the unbroken row that names the place.
    pub since: Option<Time>,
    /// The last one stated.
    pub disposition: Option<&'a str>,
    /// Those that were set and not unset since, in order of setting.
    pub persistent_dispositions: Vec<&'a str>,
    /// Shipped or on its way, and not come.
    pub in_transit: bool,
    /// Who has it.
    pub custodian: Option<Custodian<'a>>,
    /// Why there is no such thing any more.
    pub ended: Option<End>,
    /// The containers that it is in, from the nearest outwards; of a lot none.
    pub containers: Vec<Stay<'a>>,
    /// Of a lot, its parts in containers, by container.
    pub portions: Vec<Stay<'a>>,
    /// The last event that counted.
    pub last_event: Option<Evidence<'a>>,
}

/// The possessing party named as destination when it was last shipped or received; else the place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Custodian<'a> {
    /// What the id names.
    pub kind: HolderKind,
    /// Party or place.
    pub id: &'a str,
    /// Since when.
    pub since: Time,
}

/// Who holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum HolderKind {
    /// A party by its own id.
    Party,
    /// Whoever is at a place.
    Place,
}

/// How and when a thing ceased to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct End {
    /// In which way.
    pub how: EndKind,
    /// When.
    pub time: Time,
}

/// Ways of ceasing to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EndKind {
    /// Used up by a transformation.
    Consumed,
    /// Its name was withdrawn.
    Decommissioned,
    /// It was destroyed.
    Destroyed,
}

/// An item in a container or assembly.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stay<'a> {
    /// The container, or in `contents` what is in it.
    pub item: &'a str,
    /// What it is.
    pub kind: Kind,
    /// Whether by aggregation or by association.
    pub bond: Bond,
    /// Since when.
    pub since: Time,
    /// Of a lot, how much of it, where that is stated.
    pub quantities: Vec<Amount<'a>>,
    /// The event that put it there, or saw it there.
    pub event: Evidence<'a>,
}

/// The two kinds of containment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bond {
    /// In a container.
    Aggregation,
    /// In an assembly.
    Association,
}

/// So much of a unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Amount<'a> {
    /// `null` for pieces.
    pub unit: Option<&'a str>,
    /// How much.
    pub quantity: Quantity,
}

/// A graph of items and transformations.
#[derive(Clone, Debug, Serialize)]
pub struct Trace<'a> {
    /// By name.
    pub nodes: Vec<Node<'a>>,
    /// By time.
    pub edges: Vec<Edge<'a>>,
    /// Whether it is whole.
    #[serde(flatten)]
    pub extent: Extent<'a>,
}

/// An item, or a transformation.
#[derive(Clone, Debug, Serialize)]
pub struct Node<'a> {
    /// Name of an item, transformation id, or the id of the one event that is the transformation.
    pub id: &'a str,
    /// `null` for a named item that no event names.
    pub kind: Option<NodeKind>,
    /// How it stands to the question.
    pub standing: Standing,
    /// Edges from a named item, at least.
    pub hops: u32,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", untagged)]
pub enum NodeKind {
    /// An item.
    Item(Kind),
    /// `transformation`.
    Transformation(TransformationKind),
}

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TransformationKind {
    /// A transformation.
    Transformation,
}

/// How an item stands to the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It is asked about.
    Named,
    /// It is, was made of, or has as a part, what is asked about. Backward: the reverse.
    Affected,
    /// Some of a lot in a container that is asked about; the rest of the lot is not affected.
    Portion,
    /// It contains or contained something affected, and is not affected by that.
    Carrier,
}

/// How one thing led to another.
#[derive(Clone, Debug, Serialize)]
pub struct Edge<'a> {
    /// In which way.
    pub kind: EdgeKind,
    /// Name or id of a node.
    pub from: &'a str,
    /// Name or id of a node.
    pub to: &'a str,
    /// The event that says so; for a stay, its beginning.
    #[serde(flatten)]
    pub event: EventRef<'a>,
    /// End of a stay, if it lies in the time that the search looked at.
    pub until: Option<Time>,
    /// How much, where that is stated.
    pub quantity: Option<Quantity>,
    /// Unit of the quantity.
    pub unit: Option<&'a str>,
    /// Of what the event says.
    pub content_digest: Digest<'a>,
}

/// Kinds of edges; each points the way that matter goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EdgeKind {
    /// Item into transformation.
    Input,
    /// Transformation into item.
    Output,
    /// Lot to a serial that belongs to it.
    Member,
    /// Item into container.
    Packed,
    /// Part into assembly.
    Assembled,
    /// Named container or assembly to what is in it.
    Content,
}
