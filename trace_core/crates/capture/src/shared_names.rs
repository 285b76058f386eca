//! Events whose own names other events have, too.

use std::collections::HashSet;

use epcis::{Problem, Severity};

use crate::prepared::{Prepared, PreparedEvent};
use crate::references::Role;

impl Prepared {
    /// Under which hashes the events' own names are filed: event ids as captured, and event hash ids.
    #[must_use]
    pub fn event_names(&self) -> Vec<i64> {
        self.events.iter().flat_map(|event| self.names_of(event)).collect()
    }

    /// A finding for each event that has one of these names, which other events have, too.
    #[must_use]
    pub fn shared_names(&self, name_hashes: &HashSet<i64>) -> Vec<Problem> {
        let is_shared = |event: &&PreparedEvent| self.names_of(event).any(|name| name_hashes.contains(&name));
        let sharing = self.events.iter().filter(is_shared);
        sharing
            .map(|event| Problem {
                event_index: Some(event.index),
                pointer: if self.list_pointer.is_empty() {
                    String::new()
                } else {
                    format!("{}/{}", self.list_pointer, event.index)
                },
                code: "event_id_shared",
                message: "another event with other content has this event id or event hash id".to_owned(),
                severity: Severity::Finding,
            })
            .collect()
    }

    fn names_of<'p>(&'p self, event: &'p PreparedEvent) -> impl Iterator<Item = i64> + 'p {
        let references = self.references[event.references.clone()].iter();
        let as_captured = references.filter(|reference| reference.role == Role::Event);
        std::iter::once(event.name_hash).chain(as_captured.map(|reference| reference.name_hash))
    }
}
