//! Texts as numbers.

use std::collections::HashMap;
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Space {
    Item,
    /// Transformations by their id.
    Id,
    /// Transformations that are one event, by its key.
    Event,
}

#[derive(Debug, Default)]
pub(crate) struct Interner {
    /// By space.
    numbers: [HashMap<Arc<str>, u32>; 3],
    pub(crate) entries: Vec<(Space, Arc<str>)>,
}

impl Interner {
    pub(crate) fn intern(&mut self, space: Space, text: &str) -> u32 {
        let numbers = &mut self.numbers[space as usize];
        if let Some(&number) = numbers.get(text) {
            return number;
        }
        let number = to_u32(self.entries.len());
        let text: Arc<str> = Arc::from(text);
        self.entries.push((space, Arc::clone(&text)));
        numbers.insert(text, number);
        number
    }

    pub(crate) fn text(&self, number: u32) -> &str {
        &self.entries[number as usize].1
    }
}

/// Numbers of events and names: memory ends before they do.
pub(crate) fn to_u32(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
