//! Trace and recall over time-ordered events: forward, backward, quantities, limits.
//!
//! [`Walk`] is a machine without clock, socket or database. The caller has two things to offer: the keys of the
//! events that name an item in a window of time, and the events. The walk says which items and windows the next
//! round needs, all of one round at once; the rounds grow with the depth of the answer, and what is read with its
//! size. The same code finds out what is needed and computes the answer, so nothing is decided twice.
//!
//! # What the events mean
//! * **Time.** Events count in the order of event time; of equal ones the earlier captured is first. So late events
//!   fall into place, and whoever used a pallet last year is not recalled with it today.
//! * **Containment** holds from an `AggregationEvent` with action `ADD`, or `OBSERVE` as evidence, to its `DELETE`;
//!   a `DELETE` without children empties the container. A thing is in one container at a time: to be added to
//!   another is to have left the first, and so is to be used up, destroyed or decommissioned under its own name.
//!   `AssociationEvent`s do the same for parts in assemblies, beside it. What happens to a container happens to
//!   what is in it, at any depth: place, custody, business step, disposition, transformation.
//! * **Lots** are many things under one name. A part of a lot can be in each of many containers, until as much has
//!   come out as went in, or until all leave. Their state is that of the events that name them; their parts stand
//!   beside it. Serials belong to the lot that their key or event tells.
//! * **Transformations** link inputs to the outputs of the same event, and of any not earlier event with the same
//!   transformation id. A class without lot or serial ends the trace, and is a gap.
//! * **State** follows from event type and business step, never from the action alone.
//! * **Corrections.** An error declaration makes void every event with its event id or event hash id, itself
//!   included. Void events change nothing and stay visible in `voided`, with who replaces them.
//!
//! # What a recall reaches
//! *Affected* are the named items, members of an affected lot, what was made with something affected (or from a
//! container with it), and the assemblies that have or had an affected part, while they had it. Other parts of such
//! an assembly are not. A container is a *carrier* while it contains something affected, and its other contents are
//! not affected by that: sharing a pallet is no contamination. Only whoever names a container or assembly itself
//! means everything that was in it since the moment asked about; of a lot in it only that *portion*.
//!
//! # What an answer looks like
//! [`Answer`] serialises to a stable JSON form; see its documentation and that of its parts. Affected items carry
//! their path as indexes into `edges`. An answer that met a limit says `"truncated": true` and which.
#![forbid(unsafe_code)]

mod answer;
mod backward;
mod containment;
mod fact;
mod forward;
mod gaps;
mod graph;
mod interner;
mod journey;
mod ledger;
mod life;
mod quantity;
mod recall;
mod report;
mod shared;
mod tally;
mod time;
mod view;
mod vocabulary;
mod walk;
mod write;

pub use answer::*;
pub use fact::{Action, ErrorDeclaration, EventType, Fact, ItemRef, Kind, Role};
pub use quantity::{Quantity, QuantityError};
pub use time::Time;
pub use walk::{Keys, Limit, Limits, Named, Question, Walk, Want};
