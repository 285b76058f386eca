//! The values of a capture that can be listed, each once.

use epcis::EventHead;

use super::VALUE_BYTES_MAX;
use crate::keyed_hash::{Key, KeyedMap};
use crate::prepared::{LISTED_FIELDS, ListedField, ListedValue};

/// Where each value of a capture stands among those that can be listed.
pub(crate) struct Listed {
    known: [KeyedMap<Box<str>, u32>; LISTED_FIELDS.len()],
    /// The last place of each field: the next event mostly has the same value.
    last: [Option<u32>; LISTED_FIELDS.len()],
}

impl Listed {
    pub(super) fn new(key: Key) -> Self {
        Self { known: std::array::from_fn(|_| KeyedMap::with_hasher(key)), last: Default::default() }
    }

    /// The place of a value, which is appended to `values` where it is new.
    pub(super) fn place(
        &mut self,
        (field, value): (ListedField, &str),
        values: &mut Vec<ListedValue>,
    ) -> u32 {
        let (known, last) = (&mut self.known[field as usize - 1], &mut self.last[field as usize - 1]);
        if let Some(place) = last.filter(|place| &*values[*place as usize].1 == value) {
            return place;
        }
        if let Some(place) = known.get(value) {
            *last = Some(*place);
            return *place;
        }
        // A capture has far fewer events than this counts.
        let place = u32::try_from(values.len()).unwrap_or(u32::MAX);
        known.insert(value.into(), place);
        *last = Some(place);
        values.push((field, value.into()));
        place
    }

    /// As after the first event of another capture.
    pub(super) fn clear(&mut self) {
        self.known.iter_mut().for_each(KeyedMap::clear);
        self.last = Default::default();
    }
}

/// The first value that is longer than one may be.
pub(crate) fn too_long<'e>(head: &EventHead<'e>) -> Option<(ListedField, &'e str)> {
    let mut values = LISTED_FIELDS.iter().filter_map(|field| listed_of(head, *field));
    values.find(|(_, value)| value.len() > VALUE_BYTES_MAX)
}

pub(super) fn pointer_of(field: ListedField) -> &'static str {
    match field {
        ListedField::BizStep => "/bizStep",
        ListedField::Disposition => "/disposition",
        ListedField::ReadPoint => "/readPoint/id",
        ListedField::BizLocation => "/bizLocation/id",
    }
}

/// What an event has in a field whose values can be listed.
pub(super) fn listed_of<'e>(head: &EventHead<'e>, field: ListedField) -> Option<(ListedField, &'e str)> {
    let value = match field {
        ListedField::BizStep => head.biz_step,
        ListedField::Disposition => head.disposition,
        ListedField::ReadPoint => head.read_point,
        ListedField::BizLocation => head.biz_location,
    };
    value.map(|value| (field, value))
}
