//! Events whose own names other events have, too.

use std::collections::HashSet;

use epcis::{Problem, Severity};

use crate::prepare::Prepared;
use crate::references::{Reference, Role};

impl Prepared {
    /// Under which hashes the events' own names are filed: event ids as captured, and event hash ids.
    #[must_use]
    pub fn event_names(&self) -> Vec<i64> {
        let names = self.references.iter().filter(|reference| reference.role == Role::Event);
        names.map(|reference| reference.name_hash).collect()
    }

    /// A finding for each event that has one of these names, which other events have, too.
    #[must_use]
    pub fn shared_names(&self, name_hashes: &HashSet<i64>) -> Vec<Problem> {
        let is_shared = |r: &Reference| r.role == Role::Event && name_hashes.contains(&r.name_hash);
        let sharing = self
            .events
            .iter()
            .filter(|event| self.references[event.references.clone()].iter().any(is_shared));
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
}
