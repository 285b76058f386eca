//! The answers. Their JSON form is stable: an API may return it as it is.
//!
//! Names are as the facts spell them. Times are RFC 3339 in UTC with as many digits as they need; an absent end of
//! time is `null`. Quantities are texts, so that no reader makes them inexact. `event_key` is the caller's key,
//! by which it finds the event. Lists are in a stable order that does not depend on the order of feeding.

use serde::Serialize;

use crate::fact::{Action, EventType, Kind};
use crate::quantity::Quantity;
use crate::time::Time;
use crate::walk::Limit;

/// The answer to a [`Question`](crate::Question), told apart in JSON by the member `question`.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum Answer {
    /// To [`History`](crate::Question::History).
    History(Histories),
    /// To [`TraceBackward`](crate::Question::TraceBackward).
    TraceBackward(Trace),
    /// To [`TraceForward`](crate::Question::TraceForward).
    TraceForward(Trace),
    /// To [`Recall`](crate::Question::Recall).
    Recall(Recall),
}

/// What an answer is taken from, and whether it is whole.
#[derive(Clone, Debug, Serialize)]
pub struct Extent {
    /// Events after it are left out; `null` for now.
    pub at: Option<Time>,
    /// A limit was reached: there may be more.
    pub truncated: bool,
    /// Which.
    pub limits_reached: Vec<Limit>,
    /// Events that were looked at.
    pub events_read: usize,
    /// Events that were declared wrong, and would otherwise be in the answer. By time.
    pub voided: Vec<Voided>,
}

/// An event as evidence.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct EventRef {
    /// When it happened.
    pub time: Time,
    /// The caller's key.
    pub event_key: u64,
    /// As captured.
    pub event_id: String,
}

/// An event that was declared wrong.
#[derive(Clone, Debug, Serialize)]
pub struct Voided {
    /// The wrong event; where only its declaration is known, that.
    #[serde(flatten)]
    pub event: EventRef,
    /// Items of the answer that it names.
    pub items: Vec<String>,
    /// Key of the event that holds the declaration.
    pub declared_by: u64,
    /// When it was declared.
    pub declaration_time: Time,
    /// Short CBV name, or as given.
    pub reason: Option<String>,
    /// Ids of the events that replace it.
    pub corrective_event_ids: Vec<String>,
}

/// Histories in the order of the names.
#[derive(Clone, Debug, Serialize)]
pub struct Histories {
    /// One for each item of the question.
    pub histories: Vec<History>,
    /// Whether it is whole.
    #[serde(flatten)]
    pub extent: Extent,
}

/// What happened to an item.
#[derive(Clone, Debug, Serialize)]
pub struct History {
    /// The item.
    pub item: String,
    /// `null` when no event names it.
    pub kind: Option<Kind>,
    /// How it stands.
    #[serde(flatten)]
    pub state: State,
    /// Its own events and those of the containers that it was in, by time.
    pub events: Vec<HistoryEvent>,
    /// What is in it, by name.
    pub contents: Vec<Stay>,
}

/// An event that concerns an item.
#[derive(Clone, Debug, Serialize)]
pub struct HistoryEvent {
    /// Which.
    #[serde(flatten)]
    pub event: EventRef,
    /// When it was captured.
    pub record_time: Time,
    /// One of five.
    pub event_type: EventType,
    /// Absent in transformations.
    pub action: Option<Action>,
    /// Short CBV name, or as given.
    pub biz_step: Option<String>,
    /// Short CBV name, or as given.
    pub disposition: Option<String>,
    /// Dispositions that it sets until they are unset, likewise.
    pub persistent_set: Vec<String>,
    /// Those that it unsets.
    pub persistent_unset: Vec<String>,
    /// Where it was seen.
    pub read_point: Option<String>,
    /// Where it is from then on.
    pub biz_location: Option<String>,
    /// The container that the event names; `null` when it names the item itself.
    pub via: Option<String>,
    /// Of a lot: it happened to a part of it.
    pub partial: bool,
    /// A transformation used it, or some of it, up and made other things: what it tells of them is not told of it.
    pub used: bool,
}

/// How an item stands after its last event. Of a lot, after the last that names it; for its parts in containers
/// see `portions`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct State {
    /// `bizLocation`, else `readPoint`, of the last event that has one.
    pub place: Option<String>,
    /// Of the first event in the unbroken row that names the place.
    pub since: Option<Time>,
    /// The last one stated.
    pub disposition: Option<String>,
    /// Those that were set and not unset since, in order of setting.
    pub persistent_dispositions: Vec<String>,
    /// Shipped or on its way, and not come.
    pub in_transit: bool,
    /// Who has it.
    pub custodian: Option<Custodian>,
    /// Why there is no such thing any more.
    pub ended: Option<End>,
    /// The containers that it is in, from the nearest outwards; of a lot none.
    pub containers: Vec<Stay>,
    /// Of a lot, its parts in containers, by container.
    pub portions: Vec<Stay>,
    /// The last event that counted.
    pub last_event: Option<EventRef>,
}

/// The possessing party named as destination when it was last shipped or received; else the place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Custodian {
    /// What the id names.
    pub kind: HolderKind,
    /// Party or place.
    pub id: String,
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
pub struct Stay {
    /// The container, or in `contents` what is in it.
    pub item: String,
    /// What it is.
    pub kind: Kind,
    /// Whether by aggregation or by association.
    pub bond: Bond,
    /// Since when.
    pub since: Time,
    /// Of a lot, how much of it, where that is stated.
    pub quantities: Vec<Amount>,
    /// The event that put it there, or saw it there.
    pub event: EventRef,
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
pub struct Amount {
    /// `null` for pieces.
    pub unit: Option<String>,
    /// How much.
    pub quantity: Quantity,
}

/// A graph of items and transformations.
#[derive(Clone, Debug, Serialize)]
pub struct Trace {
    /// By name.
    pub nodes: Vec<Node>,
    /// By time.
    pub edges: Vec<Edge>,
    /// Whether it is whole.
    #[serde(flatten)]
    pub extent: Extent,
}

/// An item, or a transformation.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// Name of an item, transformation id, or the id of the one event that is the transformation.
    pub id: String,
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
pub struct Edge {
    /// In which way.
    pub kind: EdgeKind,
    /// Name or id of a node.
    pub from: String,
    /// Name or id of a node.
    pub to: String,
    /// The event that says so; for a stay, its beginning.
    #[serde(flatten)]
    pub event: EventRef,
    /// End of a stay, if it lies in the time that the search looked at.
    pub until: Option<Time>,
    /// How much, where that is stated.
    pub quantity: Option<Quantity>,
    /// Unit of the quantity.
    pub unit: Option<String>,
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

/// What a recall reaches.
#[derive(Clone, Debug, Serialize)]
pub struct Recall {
    /// Lots, serials and logistic units that are affected, by kind and name.
    pub affected: Vec<Affected>,
    /// Containers that have or had something affected in them, by kind and name.
    pub carriers: Vec<Carrier>,
    /// The edges that paths are made of.
    pub edges: Vec<Edge>,
    /// Who has or had any of it, by id.
    pub notify: Vec<Notify>,
    /// Sums of the affected lots, by name and unit.
    pub quantities: Vec<Balance>,
    /// What does not add up.
    pub discrepancies: Vec<Discrepancy>,
    /// What was not told.
    pub gaps: Vec<Gap>,
    /// Whether it is whole.
    #[serde(flatten)]
    pub extent: Extent,
}

/// An affected item.
#[derive(Clone, Debug, Serialize)]
pub struct Affected {
    /// The item.
    pub item: String,
    /// `null` when no event names it.
    pub kind: Option<Kind>,
    /// `named`, `affected` or `portion`.
    pub standing: Standing,
    /// `null` for always.
    pub affected_since: Option<Time>,
    /// Of an assembly whose affected part was taken out again: when.
    pub affected_until: Option<Time>,
    /// A shortest way from a named item, as indexes into `edges`.
    pub path: Vec<usize>,
    /// How it stands.
    #[serde(flatten)]
    pub state: State,
}

/// A container of something affected.
#[derive(Clone, Debug, Serialize)]
pub struct Carrier {
    /// The container.
    pub item: String,
    /// What it is.
    pub kind: Kind,
    /// When it has or had something affected in it, by time.
    pub carried: Vec<Span>,
    /// A shortest way from a named item, as indexes into `edges`.
    pub path: Vec<usize>,
    /// How it stands, if it has something affected in it now; `null` otherwise.
    pub state: Option<State>,
}

/// From and until.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// `null` for always.
    pub from: Option<Time>,
    /// `null` for still.
    pub until: Option<Time>,
}

/// Somebody who has or had something affected.
#[derive(Clone, Debug, Serialize)]
pub struct Notify {
    /// Party or place.
    pub id: String,
    /// What the id names.
    pub kind: HolderKind,
    /// Affected items of which it is the custodian now.
    pub holds: Vec<String>,
    /// Affected items that it had, sent, owned or was to get.
    pub held: Vec<String>,
    /// The events that say so, by time.
    pub events: Vec<EventRef>,
}

/// Sums of one lot in one unit. What happens to a container counts for what of the lot is in it.
#[derive(Clone, Debug, Serialize)]
pub struct Balance {
    /// The lot.
    pub item: String,
    /// `null` for pieces.
    pub unit: Option<String>,
    /// Commissioned, or output of transformations.
    pub made: Quantity,
    /// Input of transformations.
    pub used: Quantity,
    /// Shipped, each time.
    pub shipped: Quantity,
    /// Received, each time.
    pub received: Quantity,
    /// Put into containers.
    pub packed: Quantity,
    /// Named as taken out of containers.
    pub unpacked: Quantity,
    /// Sold, dispensed or consumed.
    pub sold: Quantity,
    /// Destroyed or decommissioned.
    pub destroyed: Quantity,
}

/// Two sums that should not be so.
#[derive(Clone, Debug, Serialize)]
pub struct Discrepancy {
    /// Which.
    pub kind: DiscrepancyKind,
    /// Lot, or id of the transformation.
    pub item: String,
    /// `null` for pieces.
    pub unit: Option<String>,
    /// What was made, put in or shipped.
    pub expected: Quantity,
    /// What was used, came out or was received.
    pub found: Quantity,
}

/// Kinds of discrepancies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscrepancyKind {
    /// More of a lot was used, sold and destroyed than was made.
    UsedMoreThanMade,
    /// Something is missing, or still on its way.
    ReceivedLessThanShipped,
    /// Something joined on the way.
    ReceivedMoreThanShipped,
    /// More came out of containers than went in.
    UnpackedMoreThanPacked,
    /// More came out of a transformation than went in, in one unit.
    OutputsExceedInputs,
}

/// Something that must have happened and was not told.
#[derive(Clone, Debug, Serialize)]
pub struct Gap {
    /// What.
    pub kind: GapKind,
    /// The event that has no counterpart.
    pub event: EventRef,
    /// The affected items that it concerns, by name.
    pub items: Vec<String>,
    /// The container, where it is about one.
    pub container: Option<String>,
}

/// Kinds of gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
    /// Left a site and came nowhere.
    ShippedNotReceived,
    /// Came to a site without having left the one before.
    ReceivedNotShipped,
    /// Was seen in a container to which it was never added.
    InsideNeverAdded,
    /// Was taken out of a container in which it never was.
    RemovedNeverAdded,
    /// Became part of a class without lot or serial: what came of it cannot be told.
    ClassWithoutLot,
}
