//! What a recall answers.

use serde::Serialize;

use super::{Edge, Evidence, Extent, HolderKind, Standing, State};
use crate::fact::Kind;
use crate::quantity::Quantity;
use crate::time::Time;

/// What a recall reaches.
#[derive(Clone, Debug, Serialize)]
pub struct Recall<'a> {
    /// Lots, serials and logistic units that are affected, by kind and name.
    pub affected: Vec<Affected<'a>>,
    /// Containers that have or had something affected in them, by kind and name.
    pub carriers: Vec<Carrier<'a>>,
    /// The edges that paths are made of.
    pub edges: Vec<Edge<'a>>,
    /// Who has or had any of it, by id.
    pub notify: Vec<Notify<'a>>,
    /// Sums of the affected lots, by name and unit.
    pub quantities: Vec<Balance<'a>>,
    /// What does not add up.
    pub discrepancies: Vec<Discrepancy<'a>>,
    /// What was not told.
    pub gaps: Vec<Gap<'a>>,
    /// Whether it is whole.
    #[serde(flatten)]
    pub extent: Extent<'a>,
}

/// An affected item.
#[derive(Clone, Debug, Serialize)]
pub struct Affected<'a> {
    /// The item.
    pub item: &'a str,
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
    pub state: State<'a>,
}

/// A container of something affected.
#[derive(Clone, Debug, Serialize)]
pub struct Carrier<'a> {
    /// The container.
    pub item: &'a str,
    /// What it is.
    pub kind: Kind,
    /// When it has or had something affected in it, by time.
    pub carried: Vec<Span>,
    /// A shortest way from a named item, as indexes into `edges`.
    pub path: Vec<usize>,
    /// How it stands, if it has something affected in it now; `null` otherwise.
    pub state: Option<State<'a>>,
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
pub struct Notify<'a> {
    /// Party or place.
    pub id: &'a str,
    /// What the id names.
    pub kind: HolderKind,
    /// Affected items of which it is the custodian now.
    pub holds: Vec<&'a str>,
    /// Affected items that it had, sent, owned or was to get.
    pub held: Vec<&'a str>,
    /// The events that say so, by time.
    pub events: Vec<Evidence<'a>>,
}

/// Sums of one lot in one unit. What happens to a container counts for what of the lot is in it.
#[derive(Clone, Debug, Serialize)]
pub struct Balance<'a> {
    /// The lot.
    pub item: &'a str,
    /// `null` for pieces.
    pub unit: Option<&'a str>,
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
pub struct Discrepancy<'a> {
    /// Which.
    pub kind: DiscrepancyKind,
    /// Lot, or id of the transformation.
    pub item: &'a str,
    /// `null` for pieces.
    pub unit: Option<&'a str>,
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
pub struct Gap<'a> {
    /// What.
    pub kind: GapKind,
    /// The event that has no counterpart.
    pub event: Evidence<'a>,
    /// The affected items that it concerns, by name.
    pub items: Vec<&'a str>,
    /// The container, where it is about one.
    pub container: Option<&'a str>,
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
