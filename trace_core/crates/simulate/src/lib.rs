//! A seeded generator of supply chains, as EPCIS 2.0 JSON documents.
//!
//! Frozen fish and fresh produce, medicine, and parts in assemblies: stories of some thirty events
//! each, told at once in the order of time, in which a little goes wrong and the simulator knows what.
//! Equal [`Settings`] give equal bytes for ever: the demo, the benchmarks and other stories stand on it.
//!
//! ```
//! use simulate::{Settings, Simulator};
//!
//! let mut simulator = Simulator::new(Settings::new(1_000, 7))?;
//! let bytes: usize = simulator.document().map(|chunk| chunk.len()).sum();
//! assert!(bytes > 400_000);
//! let example = &simulator.landmarks()[0];
//! println!("{}: {}", example.role.name(), example.element_string);
//! # Ok::<(), simulate::SettingsError>(())
//! ```
//!
//! How it is built: a *tale* (`tale/`) plans its steps at its birth and can write each step as an
//! event by itself; the simulator keeps the stories under way in a queue ordered by time. So memory
//! holds what is under way and nothing that has been told.
#![forbid(unsafe_code)]

mod document;
mod firm;
mod item;
mod journey;
mod landmark;
mod master_data;
mod pen;
mod random;
mod settings;
mod simulator;
mod story;
mod tale;
mod text;

pub use document::{Chunks, DOCUMENT_BYTES_MIN, Limits};
pub use landmark::{Domain, LANDMARK_STORIES_MAX, Landmark, Role, Trouble};
pub use master_data::master_data;
pub use settings::{
    END_S_MAX, EVENTS_MAX, RECALL_ITEMS_MAX, SPAN_S_MIN, START_S_MIN, Settings, SettingsError,
};
pub use simulator::Simulator;
