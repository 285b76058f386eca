//! A chunk of drafts becomes rows: all of its hashes at once, then event by event.

use std::ops::Range;

use epcis::EVENT_HASH_ID_BYTES;
use sha256::digest_many;

use super::Preparing;
use super::draft::Draft;
use super::listed::listed_of;
use crate::canonical::CanonicalEvent;
use crate::entry::{Entry, Token, name_hash};
use crate::parts::{Fresh, Parts};
use crate::prepared::{DIGEST_BYTES, LISTED_FIELDS, PreparedEvent, start_row};
use crate::problems::problems_json;
use crate::references::{Role, references_of_names};

/// Findings kept with an event; its job lists them all.
const FINDINGS_MAX: usize = 20;

/// What the hashes of an event are.
struct Sealed<'h> {
    content_digest: [u8; 32],
    event_hash_id: [u8; 32],
    event_hash_id_uri: &'h str,
    own_token: Token,
    commitment: [u8; 32],
}

/// The tokens of the names of a chunk.
#[derive(Clone, Copy)]
struct Tokens<'t> {
    kept: &'t [Token],
    fresh: &'t [Token],
}

impl Preparing<'_, '_> {
    /// Makes the hashes of a chunk, and its rows.
    pub(super) fn seal(
        &mut self,
        drafts: &[Draft<'_>],
        parts: Option<&mut Parts<'_>>,
        fresh: &mut Fresh<'_>,
    ) {
        let canonical = &self.canonical[..drafts.len()];
        let texts: Vec<&[u8]> = canonical.iter().map(CanonicalEvent::digest_input).collect();
        let prehashes = self.prehashes.as_bytes();
        let prehashes: Vec<&[u8]> = drafts.iter().map(|draft| &prehashes[draft.prehash.clone()]).collect();
        let mut content_digests = vec![[0; 32]; drafts.len()];
        let mut event_hash_ids = vec![[0; 32]; drafts.len()];
        digest_many(&texts, &mut content_digests);
        digest_many(&prehashes, &mut event_hash_ids);
        let roots = self.commitments.roots();
        let blinding = self.request.blinding;
        let kept = parts.map_or(&[][..], |parts| parts.tokens(blinding));
        let tokens = Tokens { kept, fresh: fresh.tokens(blinding) };
        let mut uris = String::with_capacity(EVENT_HASH_ID_BYTES * drafts.len());
        for hash in &event_hash_ids {
            epcis::write_event_hash_id_uri(hash, &mut uris);
        }
        let own_names: Vec<&[u8]> = uris.as_bytes().chunks_exact(EVENT_HASH_ID_BYTES).collect();
        let mut own_tokens = Vec::with_capacity(drafts.len());
        blinding.tokens(&own_names, &mut own_tokens);
        for (n, draft) in drafts.iter().enumerate() {
            let sealed = Sealed {
                content_digest: content_digests[n],
                event_hash_id: event_hash_ids[n],
                event_hash_id_uri: &uris[n * EVENT_HASH_ID_BYTES..(n + 1) * EVENT_HASH_ID_BYTES],
                own_token: own_tokens[n],
                commitment: roots[n],
            };
            self.accept(draft, &sealed, tokens);
        }
    }

    fn accept(&mut self, draft: &Draft<'_>, sealed: &Sealed<'_>, tokens: Tokens<'_>) {
        let place = self.out.events.len();
        let first = *self.first_with.entry(sealed.content_digest).or_insert(place);
        let first_reference = self.out.references.len();
        // An event that names itself by its event hash id is filed under it anyway.
        let names_itself = draft.head.event_id == Some(sealed.event_hash_id_uri);
        let names = self.names[draft.names.clone()].iter();
        let names = names.filter(|name| !(names_itself && name.role == Role::Event));
        let names = names.map(|name| {
            let among = if name.is_kept { tokens.kept } else { tokens.fresh };
            (among[name.place as usize], name.role)
        });
        references_of_names(names, &mut self.tokens, &mut self.out.references);
        let row = self.row(draft, sealed);
        let said = LISTED_FIELDS.map(|field| listed_of(&draft.head, field));
        let values = said.map(|value| value.map(|value| self.listed.place(value, &mut self.out.values)));
        self.out.events.push(PreparedEvent {
            index: draft.index,
            event_id: draft.head.event_id.unwrap_or(sealed.event_hash_id_uri).to_owned(),
            content_digest: sealed.content_digest,
            same_as: (first != place).then_some(first),
            name_hash: name_hash(&sealed.own_token),
            row,
            body: range_in(self.body, draft.source),
            references: first_reference..self.out.references.len(),
            values,
        });
    }

    /// Writes what is known of the row of `event`, its tokens those of the last references.
    fn row(&mut self, draft: &Draft<'_>, sealed: &Sealed<'_>) -> Range<usize> {
        let head = &draft.head;
        let start = self.out.rows.len();
        let mut row = start_row(&mut self.out.rows);
        row.time(head.event_time)
            .time(self.request.record_time)
            .bigint(name_hash(&sealed.own_token))
            .bytes(&sealed.content_digest[..DIGEST_BYTES])
            .integer(i32::try_from(draft.source.len()).unwrap_or(i32::MAX))
            .smallint(head.event_type as i16);
        match head.action {
            Some(action) => row.smallint(action as i16),
            None => row.null(),
        };
        row.text(head.event_id).bytes(&sealed.event_hash_id).bytes(&draft.secret);
        row.bytes_by(Entry::bytes_with(self.tokens.len()), |out| {
            let record_time = u64::try_from(self.request.record_time).unwrap_or(0);
            let field_count = u16::try_from(draft.field_count).unwrap_or(u16::MAX);
            Entry::write_parts(record_time, &sealed.commitment, field_count, &self.tokens, out);
        });
        if draft.findings.is_empty() {
            row.null();
        } else {
            row.bytes(&problems_json(draft.findings.iter().take(FINDINGS_MAX)));
        }
        let measures = &self.said.measures[draft.measures.clone()];
        row.bigints(self.said.hashes[draft.hashes.clone()].iter().copied()).doubles_of_pairs(measures);
        match &self.issuers[draft.issuer.clone()] {
            [] => row.null(),
            issuer => row.bytes(issuer),
        };
        start..self.out.rows.len()
    }
}

/// Where a part of a body stands in it.
fn range_in(body: &[u8], part: &str) -> Range<usize> {
    let start = part.as_ptr().addr() - body.as_ptr().addr();
    start..start + part.len()
}
