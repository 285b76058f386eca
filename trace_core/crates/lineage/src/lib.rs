//! Trace and recall over time-ordered events: forward, backward, quantities, limits.
#![forbid(unsafe_code)]

mod answer;
mod backward;
mod containment;
mod fact;
mod forward;
mod gaps;
mod graph;
mod ledger;
mod life;
mod quantity;
mod recall;
mod report;
mod tally;
mod view;
mod vocabulary;
mod walk;

pub use answer::*;
pub use fact::{Action, ErrorDeclaration, EventType, Fact, ItemRef, Kind, Role};
pub use quantity::{Quantity, QuantityError};
pub use walk::{Limit, Limits, Named, Question, Walk, Want};
