//! Events as they are read, one by one: as the sum of their parts, or the long way.

use std::ops::Range;

use epcis::{Event, EventHead, Events, Problem, RawEvent};

use super::listed::{pointer_of, too_long};
use super::{EVENT_BYTES_MAX, EVENT_TIME_AHEAD_S_MAX, Preparing, VALUE_BYTES_MAX};
use crate::commitment::{FIELDS_MAX, SECRET_BYTES, write_leaf};
use crate::entry::ITEMS_MAX;
use crate::parts::{Asked, Fresh, Parts, Together};
use crate::references::Role;
use crate::terms::{TERMS_MAX, Terms};

/// An event whose text has been read, before its hashes are known.
pub(super) struct Draft<'c> {
    pub(super) index: usize,
    pub(super) source: &'c str,
    pub(super) head: EventHead<'c>,
    pub(super) prehash: Range<usize>,
    pub(super) hashes: Range<usize>,
    pub(super) measures: Range<usize>,
    pub(super) findings: Vec<Problem>,
    pub(super) secret: [u8; SECRET_BYTES],
    pub(super) field_count: usize,
    /// Its names but its event hash id, in the chunk's.
    pub(super) names: Range<usize>,
    /// Its issuer in the chunk's; empty where nobody signed it on its own.
    pub(super) issuer: Range<usize>,
}

/// Where what belongs to an event begins in what belongs to its chunk.
#[derive(Default)]
pub(super) struct Marks {
    pub(super) prehash: usize,
    pub(super) hashes: usize,
    pub(super) measures: usize,
    pub(super) names: usize,
    pub(super) issuers: usize,
}

impl<'a> Preparing<'_, 'a> {
    pub(super) fn marks(&self) -> Marks {
        let Terms { hashes, measures } = &self.said;
        let (prehash, names) = (self.prehashes.len(), self.names.len());
        let issuers = self.issuers.len();
        Marks { prehash, hashes: hashes.len(), measures: measures.len(), names, issuers }
    }

    pub(super) fn go_back_to(&mut self, marks: &Marks) {
        self.prehashes.truncate(marks.prehash);
        self.said.hashes.truncate(marks.hashes);
        self.said.measures.truncate(marks.measures);
        self.names.truncate(marks.names);
        self.issuers.truncate(marks.issuers);
    }

    /// Reads one event and writes its canonical text into place `slot`.
    pub(super) fn draft<'c>(
        &mut self,
        raw: RawEvent<'c>,
        findings: Vec<Problem>,
        fresh: &mut Fresh<'c>,
        secret: &[u8; SECRET_BYTES],
        slot: usize,
    ) -> Result<Draft<'c>, Problem>
    where
        'a: 'c,
    {
        let limit = |code, message| Err(Problem::of_document("", code, message));
        if raw.object.source.len() > EVENT_BYTES_MAX {
            return limit("event_too_large", format!("an event has at most {EVENT_BYTES_MAX} bytes"));
        }
        let context = self.document.context_of(&raw);
        let event = Event::read(raw.object, &context)?;
        let ahead = event.event_time - self.request.record_time;
        if ahead > EVENT_TIME_AHEAD_S_MAX * 1_000_000 {
            let message = format!("eventTime is more than {EVENT_TIME_AHEAD_S_MAX} seconds in the future");
            return Err(Problem::of_document("/eventTime", "event_time_ahead", message));
        }
        let head = event.head();
        if let Some((field, _)) = too_long(&head) {
            let message = format!("a value that can be listed has at most {VALUE_BYTES_MAX} bytes");
            return Err(Problem::of_document(pointer_of(field), "value_too_long", message));
        }
        if event.items.len() > ITEMS_MAX {
            return limit("too_many_items", format!("an event names at most {ITEMS_MAX} items"));
        }
        if let Some(prefix) = self.request.reserved
            && event.items.iter().any(|item| item.item.starts_with(prefix))
        {
            return limit("reserved_name", format!("only the operator's own records name {prefix}…"));
        }
        let marks = self.marks();
        self.scratch.reset();
        epcis::write_prehash(raw.object, &context, &self.ignored_fields, &self.scratch, &mut self.prehashes)?;
        let canonical = &mut self.canonical[slot];
        canonical.write(raw.object, &context);
        if canonical.fields().len() >= FIELDS_MAX {
            return limit("too_many_fields", format!("an event has at most {} fields", FIELDS_MAX - 1));
        }
        let terms = self.terms.read(raw.object, &event, &context);
        if terms.count() > TERMS_MAX {
            return limit("too_many_terms", format!("an event says at most {TERMS_MAX} different things"));
        }
        self.said.hashes.extend_from_slice(&terms.hashes);
        self.said.measures.extend_from_slice(&terms.measures);
        self.name_all(&event, fresh);
        let is_signed = self
            .signed
            .is_some_and(|signed| signed.write_issuer(raw.index, self.request.partner, &mut self.issuers));
        let issuer = if is_signed { &self.issuers[marks.issuers..] } else { self.request.issuer.as_bytes() };
        let field_count = self.commitments.add_issued(secret, issuer, &self.canonical[slot]);
        let (index, source) = (raw.index, raw.object.source);
        Ok(self.drafted(&marks, Draft { findings, ..Draft::new(index, source, head, *secret, field_count) }))
    }

    /// All names of an event but its event hash id.
    fn name_all(&mut self, event: &Event<'_>, fresh: &mut Fresh<'_>) {
        for item in &event.items {
            self.names.push(fresh.name(&item.item, item.into()));
            self.names.extend(item.lot.as_ref().map(|lot| fresh.name(lot, Role::Lot)));
        }
        self.names.extend(event.event_id.map(|id| fresh.name(id, Role::Event)));
        self.names.extend(event.transformation_id.map(|id| fresh.name(id, Role::Transformation)));
    }

    /// A draft with what was put behind these marks.
    fn drafted<'c>(&self, marks: &Marks, draft: Draft<'c>) -> Draft<'c> {
        let end = self.marks();
        Draft {
            prehash: marks.prehash..end.prehash,
            hashes: marks.hashes..end.hashes,
            measures: marks.measures..end.measures,
            names: marks.names..end.names,
            issuer: marks.issuers..end.issuers,
            ..draft
        }
    }

    /// The next event as the sum of its parts; None where it is none, and goes the long way.
    pub(super) fn draft_of_parts<'m, 'c>(
        &mut self,
        events: &mut Events<'a>,
        parts: &mut Parts<'m>,
        fresh: &mut Fresh<'c>,
        secret: &[u8; SECRET_BYTES],
        slot: usize,
    ) -> Option<Draft<'c>>
    where
        'a: 'm,
        'm: 'c,
    {
        let list = events.list()?;
        let index = list.index();
        let marks = self.marks();
        let asked = Asked {
            reserved: self.request.reserved,
            event_time_max: self.request.record_time + EVENT_TIME_AHEAD_S_MAX * 1_000_000,
            issuer: match self.signed {
                None => None,
                Some(signed) => {
                    // Of one whose signature does not count something is to be said.
                    signed.of(index).ok()?;
                    let is_signed = signed.write_issuer(index, self.request.partner, &mut self.issuers);
                    self.issuer_leaf.clear();
                    write_leaf("@issuer", &self.issuers[marks.issuers..], &mut self.issuer_leaf);
                    is_signed.then_some(&self.issuer_leaf[..])
                }
            },
        };
        let mut together = Together {
            prehashes: &mut self.prehashes,
            canonical: self.canonical.get_mut(slot)?,
            commitments: &mut self.commitments,
            names: &mut self.names,
            said: &mut self.said,
        };
        let whole = parts.next(list, &asked, &mut self.terms, secret, fresh, &mut together);
        let Some(whole) = whole else {
            self.go_back_to(&marks);
            return None;
        };
        Some(self.drafted(&marks, Draft::new(index, whole.source, whole.head, *secret, whole.field_count)))
    }
}

impl<'c> Draft<'c> {
    /// Without findings, and without what stands in its chunk.
    fn new(
        index: usize,
        source: &'c str,
        head: EventHead<'c>,
        secret: [u8; SECRET_BYTES],
        field_count: usize,
    ) -> Self {
        let (prehash, hashes, measures, names, issuer) = (0..0, 0..0, 0..0, 0..0, 0..0);
        let findings = Vec::new();
        Self { index, source, head, prehash, hashes, measures, findings, secret, field_count, names, issuer }
    }
}
