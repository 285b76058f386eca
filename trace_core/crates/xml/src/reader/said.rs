//! With which prefixes the texts of a document begin.

use std::collections::HashSet;

use super::characters::{NAME, behind_space, is_of};

/// Longer texts before a colon are no prefixes.
const PREFIX_BYTES_MAX: usize = 64;
/// So many are found by a look at each.
const LOOKED_AT_MAX: usize = 8;

/// The prefixes that some text or value of a document begins with. In XML such a prefix stands for nothing, in JSON-LD
/// for its namespace where one is declared.
#[derive(Default)]
pub(crate) struct Said {
    first: Vec<String>,
    more: HashSet<String>,
}

impl Said {
    pub(crate) fn contains(&self, prefix: &str) -> bool {
        self.first.iter().any(|known| known == prefix) || self.more.contains(prefix)
    }

    /// Notes what a text begins with.
    pub(super) fn see(&mut self, text: &str) {
        let text = behind_space(text);
        // Texts that begin with what no declared prefix can be are passed over: times, JSON, sentences.
        let may_begin = |first: u8| !first.is_ascii_digit() && (is_of(first, NAME) || !first.is_ascii());
        if !text.bytes().next().is_some_and(may_begin) {
            return;
        }
        let ends = |byte: &u8| !is_of(*byte, NAME) && byte.is_ascii();
        let end = text.as_bytes().iter().take(PREFIX_BYTES_MAX + 1).position(ends);
        if let Some((prefix, rest)) = end.and_then(|end| text.split_at_checked(end))
            && rest.starts_with(':')
        {
            self.note(prefix);
        }
    }

    /// Notes a prefix.
    pub(super) fn note(&mut self, prefix: &str) {
        if self.contains(prefix) || prefix.len() > PREFIX_BYTES_MAX {
        } else if self.first.len() < LOOKED_AT_MAX {
            self.first.push(prefix.to_owned());
        } else {
            self.more.insert(prefix.to_owned());
        }
    }
}
