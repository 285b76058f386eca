//! The road of a capture through the core: bytes in, rows out.

mod share;

use std::collections::HashMap;
use std::ops::Range;

use authorship::EventSigners;
use epcis::{
    Document, Event, Events, MasterDatum, Problem, RawEvent, Severity, read_document, validate_document,
    validate_event,
};
use json::{Bump, List, Value, write_canonical};
use sha256::digest_many;

use crate::canonical::CanonicalEvent;
use crate::commitment::{Commitments, FIELDS_MAX, Issuer, SECRET_BYTES, write_leaf};
use crate::entry::{Blinding, Entry, ITEMS_MAX, Token, name_hash};
use crate::parts::{Asked, KEPT_BYTES_MAX, Named, Parts, Together};
use crate::prepared::{
    LISTED_FIELDS, ListedField, ListedValue, MasterDataRow, Prepared, PreparedEvent, start_row,
};
use crate::problems::problems_json;
use crate::references::{references_of, references_of_names};
use crate::signed_events::{SignedEvents, keys_of};
use crate::term_key::TermKey;
use crate::terms::{TERMS_MAX, TermReader, Terms};

/// Events in one capture: a position has 20 bits of an event key.
pub const EVENTS_MAX: usize = (1 << POSITION_BITS) - 1;
/// Bytes of one event as it came.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// How far an event may lie ahead of its record time: clocks and time zones err, by less than a day.
pub const EVENT_TIME_AHEAD_S_MAX: i64 = 86_400;
/// Bytes of a business step, a disposition or a place: an index takes no more of a value that it lists, and a page
/// token has to hold one.
pub const VALUE_BYTES_MAX: usize = 2_000;
/// Bits of an event key that hold the event's position in its capture.
pub(crate) const POSITION_BITS: u32 = 20;
/// Findings kept with an event; its job lists them all.
const FINDINGS_MAX: usize = 20;
/// Events whose hashing is done together: enough to fill sixteen lanes, few enough to stay in cache.
const CHUNK_EVENTS: usize = 64;

/// What a chunk of events usually needs beyond it, at most.
const ARENA_MARGIN_BYTES: usize = 1 << 19;

/// What a capture needs besides its bytes. Nothing in here reads a clock or a source of chance.
pub struct Request<'a> {
    /// On whose behalf the capture came.
    pub partner: &'a str,
    /// Who issued its events.
    pub issuer: &'a Issuer,
    /// Whether the issuer says that somebody signed it: then it is to be checked, and [`Prepared::place`] called.
    pub is_signed: bool,
    /// What is known of the keys by which events are signed that bring their own signatures: see
    /// [`Prepared::wanted_keys`].
    pub signers: Option<&'a EventSigners>,
    /// When it came, µs since 1970 UTC.
    pub record_time: i64,
    /// Its number: the upper 43 bits of its events' keys.
    pub capture_no: i64,
    /// 32 random bytes, used for nothing else; the events' secrets derive from it.
    pub seed: [u8; 32],
    /// The log's blinding.
    pub blinding: &'a Blinding,
    /// Findings refuse the event.
    pub strict: bool,
    /// Items whose names begin so are the operator's own: events that name one are refused.
    pub reserved: Option<&'a str>,
}

/// Takes a capture body through parsing, validation, hashing and commitment. Events that are refused
/// stand in `problems`; the others are ready, whether any is stored is the caller's choice.
/// Cost: one pass to parse; three hashes over each event; O(names) keyed hashes.
#[must_use]
pub fn prepare(body: &[u8], request: &Request<'_>) -> Prepared {
    prepare_on(1, body, request)
}

/// [`prepare`] on so many threads, where the capture has enough events to share. What it gives is the same.
#[must_use]
pub fn prepare_on(threads: usize, body: &[u8], request: &Request<'_>) -> Prepared {
    let arena = Bump::new();
    read_document(body, &arena)
        .and_then(|document| prepare_document(threads, &document, body.len(), request))
        .unwrap_or_else(|problem| Prepared::refused(problem, request))
}

fn prepare_document(
    threads: usize,
    document: &Document<'_>,
    body_bytes: usize,
    request: &Request<'_>,
) -> Result<Prepared, Problem> {
    let Some(signers) = request.signers.filter(|_| !request.is_signed) else {
        return match keys_of(document, request.is_signed)? {
            None => Preparing::new(document, body_bytes, request, None).run(threads),
            keys => Ok(Prepared { wanted_keys: keys, ..Prepared::empty(request) }),
        };
    };
    let signed = SignedEvents::read(document, signers)?;
    let mut prepared = Preparing::new(document, body_bytes, request, signed.as_ref()).run(threads)?;
    if let Some(signed) = &signed {
        signed.check(threads, &mut prepared)?;
        prepared.problems.sort_by_key(|problem| problem.event_index);
    }
    Ok(prepared)
}

/// The content digest of each event of a document, in order, whether or not it would be accepted.
///
/// # Errors
/// For what is no document. Cost: one pass to parse, one hash over each event.
pub fn content_digests(body: &[u8]) -> Result<Vec<[u8; 32]>, Problem> {
    let arena = Bump::new();
    let document = read_document(body, &arena)?;
    let (mut events, mut values) = (document.events(), Bump::new());
    let mut canonical: Vec<_> = std::iter::repeat_with(CanonicalEvent::default).take(CHUNK_EVENTS).collect();
    let mut digests = Vec::new();
    loop {
        values.reset();
        let chunk = events.next(CHUNK_EVENTS, &values)?;
        if chunk.is_empty() {
            return Ok(digests);
        }
        for (raw, canonical) in chunk.iter().zip(&mut canonical) {
            canonical.write(raw.object, &document.context_of(raw));
        }
        let texts: Vec<&[u8]> = canonical[..chunk.len()].iter().map(CanonicalEvent::digest_input).collect();
        let start = digests.len();
        digests.resize(start + chunk.len(), [0; 32]);
        digest_many(&texts, &mut digests[start..]);
    }
}

/// A capture on its way through [`prepare`].
struct Preparing<'r, 'a> {
    document: &'r Document<'a>,
    request: &'r Request<'r>,
    /// Who signed which event, where they are signed each on its own.
    signed: Option<&'r SignedEvents<'r>>,
    /// A document that is wrong as a whole refuses each of its events.
    is_refused: bool,
    canonical: Vec<CanonicalEvent>,
    /// Pre-hash strings of a chunk, back to back.
    prehashes: String,
    /// Names of a chunk, back to back.
    names: Vec<Named>,
    /// Issuers of those events of a chunk that are signed on their own, back to back.
    issuers: Vec<u8>,
    /// The leaf of one of them.
    issuer_leaf: Vec<u8>,
    commitments: Commitments,
    terms: TermReader,
    ignored_fields: Vec<&'a str>,
    /// For one event at a time.
    scratch: Bump,
    first_with: HashMap<[u8; 32], usize>,
    listed: Listed,
    out: Prepared,
}

/// An event whose text has been read, before its hashes are known.
struct Draft<'c> {
    index: usize,
    source: &'c str,
    event: Event<'c>,
    prehash: Range<usize>,
    terms: Terms,
    findings: Vec<Problem>,
    secret: [u8; SECRET_BYTES],
    field_count: usize,
    /// Its names but its event hash id, in the chunk's; where there are none, the event has them.
    names: Option<Range<usize>>,
    /// Its issuer in the chunk's; empty where nobody signed it on its own.
    issuer: Range<usize>,
}

impl<'r, 'a> Preparing<'r, 'a> {
    fn new(
        document: &'r Document<'a>,
        body_bytes: usize,
        request: &'r Request<'r>,
        signed: Option<&'r SignedEvents<'r>>,
    ) -> Self {
        let problems = validate_document(document);
        let mut context = Vec::new();
        // A bare event brings its context in its own bytes.
        let shared: &[Value<'_>] = if document.is_bare() { &[] } else { &document.context.parts };
        write_canonical(Value::Array(shared), &mut context);
        let is_refused = !problems.is_empty();
        // Room that is not used is never touched, and growing would copy it all.
        let (rows, bodies) = (Vec::with_capacity(body_bytes), Vec::with_capacity(body_bytes));
        let list_pointer = document.list_pointer;
        let out = Prepared { problems, context, list_pointer, rows, bodies, ..Prepared::empty(request) };
        Self { out, ..Self::part_of(document, request, signed, is_refused) }
    }

    /// For some of the events of a document.
    fn part_of(
        document: &'r Document<'a>,
        request: &'r Request<'r>,
        signed: Option<&'r SignedEvents<'r>>,
        is_refused: bool,
    ) -> Self {
        Self {
            document,
            request,
            signed,
            is_refused,
            canonical: std::iter::repeat_with(CanonicalEvent::default).take(CHUNK_EVENTS).collect(),
            prehashes: String::new(),
            names: Vec::new(),
            issuers: Vec::new(),
            issuer_leaf: Vec::new(),
            commitments: Commitments::default(),
            terms: TermReader::new(TermKey::new(request.blinding)),
            ignored_fields: document.ignored_fields(),
            scratch: Bump::new(),
            first_with: HashMap::new(),
            listed: Listed::default(),
            out: Prepared::empty(request),
        }
    }

    fn run(mut self, threads: usize) -> Result<Prepared, Problem> {
        if !self.is_refused {
            let data = epcis::master_data(self.document)?;
            self.out.master_data = data.iter().map(|datum| self.master_data_row(datum)).collect();
        }
        let parts = if threads > 1 { self.document.events().parts() } else { Vec::new() };
        if parts.len() < share::LISTS_MIN || !self.share(threads, &parts)? {
            self.take(std::iter::once(self.document.events()), |_| true)?;
        }
        self.out.problems.sort_by_key(|problem| problem.event_index);
        Ok(self.out)
    }

    /// Takes all events of these lists. `done` is told after each, and says whether to go on.
    fn take(
        &mut self,
        mut lists: impl Iterator<Item = Events<'a>>,
        mut done: impl FnMut(&mut Self) -> bool,
    ) -> Result<(), Problem> {
        let ignored_fields = self.ignored_fields.clone();
        // In one piece, which stays when it is reset; what is not used of it is never touched.
        let mut arena = Bump::with_capacity(KEPT_BYTES_MAX + ARENA_MARGIN_BYTES);
        let mut values = Bump::new();
        let mut current = lists.next();
        while let Some(events) = &mut current {
            arena.reset();
            let list = events.list().filter(|_| !self.is_refused);
            let mut parts = list.and_then(|list| {
                Parts::new(self.document, list, &ignored_fields, self.request.issuer, &arena)
            });
            while let Some(events) = &mut current {
                values.reset();
                let is_at_end = !self.chunk(events, parts.as_mut(), &values)?;
                if is_at_end {
                    current = if done(self) { lists.next() } else { None };
                }
                if parts.as_ref().is_some_and(Parts::is_full) {
                    break;
                }
            }
        }
        Ok(())
    }

    fn check_event_total(&self) -> Result<(), Problem> {
        if self.out.event_total <= EVENTS_MAX {
            return Ok(());
        }
        let message = format!("more than {EVENTS_MAX} events in one capture");
        Err(Problem::of_document(self.document.list_pointer, "too_many_events", message))
    }

    /// Takes the next events. False at the end of the document.
    fn chunk<'m, 'c>(
        &mut self,
        events: &mut Events<'a>,
        mut parts: Option<&mut Parts<'m>>,
        values: &'c Bump,
    ) -> Result<bool, Problem>
    where
        'a: 'm + 'c,
        'm: 'c,
    {
        let mut drafts: Vec<Draft<'c>> = Vec::with_capacity(CHUNK_EVENTS);
        self.prehashes.clear();
        self.names.clear();
        self.issuers.clear();
        let mut is_done = false;
        for _ in 0..CHUNK_EVENTS {
            let of_parts =
                parts.as_mut().and_then(|parts| self.draft_of_parts(events.list()?, parts, drafts.len()));
            if let Some(draft) = of_parts {
                drafts.push(draft);
            } else {
                let read = events.next(1, values)?;
                let Some(&raw) = read.first() else {
                    is_done = true;
                    break;
                };
                if let Some(findings) = self.findings(&raw) {
                    match self.draft(raw, findings, drafts.len()) {
                        Ok(draft) => drafts.push(draft),
                        Err(problem) => self.out.problems.push(self.document.locate(raw.index, problem)),
                    }
                }
            }
            self.out.event_total += 1;
            self.check_event_total()?;
        }
        self.seal(&drafts, parts);
        Ok(!is_done)
    }

    /// Makes the hashes of a chunk, and its rows.
    fn seal(&mut self, drafts: &[Draft<'_>], parts: Option<&mut Parts<'_>>) {
        let texts: Vec<&[u8]> =
            self.canonical[..drafts.len()].iter().map(CanonicalEvent::digest_input).collect();
        let prehashes: Vec<&[u8]> =
            drafts.iter().map(|draft| &self.prehashes.as_bytes()[draft.prehash.clone()]).collect();
        let mut content_digests = vec![[0; 32]; drafts.len()];
        let mut event_hash_ids = vec![[0; 32]; drafts.len()];
        digest_many(&texts, &mut content_digests);
        digest_many(&prehashes, &mut event_hash_ids);
        let roots = self.commitments.roots();
        let tokens = parts.map_or(&[][..], |parts| parts.tokens(self.request.blinding));
        let own_names: Vec<String> = event_hash_ids.iter().map(epcis::event_hash_id_uri).collect();
        let texts: Vec<&[u8]> = own_names.iter().map(String::as_bytes).collect();
        let mut own_tokens = Vec::with_capacity(drafts.len());
        self.request.blinding.tokens(&texts, &mut own_tokens);
        for (n, (draft, event_hash_id_uri)) in drafts.iter().zip(own_names).enumerate() {
            let sealed = Sealed {
                content_digest: content_digests[n],
                event_hash_id: event_hash_ids[n],
                event_hash_id_uri,
                own_token: own_tokens[n],
                commitment: roots[n],
            };
            self.accept(draft, sealed, tokens);
        }
    }

    fn master_data_row(&mut self, datum: &MasterDatum<'_>) -> MasterDataRow {
        let mut body = Vec::new();
        write_canonical(Value::Object(datum.element), &mut body);
        MasterDataRow {
            name_hash: name_hash(&self.request.blinding.token(&datum.id)),
            vocabulary: datum.vocabulary.to_owned(),
            id: datum.id.clone().into_owned(),
            body,
            terms: self.terms.attributes(datum.element, &self.document.context).hashes,
        }
    }

    /// What is said of an event that is not refused, its pointers relative to the event.
    fn findings(&mut self, raw: &RawEvent<'_>) -> Option<Vec<Problem>> {
        let mut problems = validate_event(self.document, raw);
        if let Some(Err(refused)) = self.signed.map(|signed| signed.of(raw.index)) {
            self.out.problems.extend(problems);
            self.out.problems.push(refused.clone());
            return None;
        }
        if problems.is_empty() {
            return (!self.is_refused).then_some(problems);
        }
        if self.request.strict {
            for problem in &mut problems {
                problem.severity = Severity::Error;
            }
        }
        let is_refused =
            self.is_refused || problems.iter().any(|problem| problem.severity == Severity::Error);
        self.out.problems.extend(problems.iter().cloned());
        let list = self.document.pointer_of(raw.index).len();
        for problem in &mut problems {
            problem.pointer.replace_range(..list, "");
        }
        (!is_refused).then_some(problems)
    }

    /// Reads one event and writes its canonical text into place `slot`.
    fn draft<'c>(
        &mut self,
        raw: RawEvent<'c>,
        findings: Vec<Problem>,
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
        if let Some((field, _)) = too_long(&event) {
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
        let start = self.prehashes.len();
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
        let secret = secret_of(&self.request.seed, raw.index);
        let issuers_before = self.issuers.len();
        let is_signed = self
            .signed
            .is_some_and(|signed| signed.write_issuer(raw.index, self.request.partner, &mut self.issuers));
        let issuer = if is_signed { &self.issuers[issuers_before..] } else { self.request.issuer.as_bytes() };
        let field_count = self.commitments.add_issued(&secret, issuer, canonical);
        Ok(Draft {
            index: raw.index,
            source: raw.object.source,
            event,
            prehash: start..self.prehashes.len(),
            terms,
            findings,
            secret,
            field_count,
            names: None,
            issuer: issuers_before..self.issuers.len(),
        })
    }

    /// The next event as the sum of its parts; None where it is none, and goes the long way.
    fn draft_of_parts<'m>(
        &mut self,
        list: &mut List<'a>,
        parts: &mut Parts<'m>,
        slot: usize,
    ) -> Option<Draft<'m>>
    where
        'a: 'm,
    {
        let index = list.index();
        let secret = secret_of(&self.request.seed, index);
        let issuers_before = self.issuers.len();
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
                    write_leaf("@issuer", &self.issuers[issuers_before..], &mut self.issuer_leaf);
                    is_signed.then_some(&self.issuer_leaf[..])
                }
            },
        };
        let (prehash, names) = (self.prehashes.len(), self.names.len());
        let mut together = Together {
            prehashes: &mut self.prehashes,
            canonical: self.canonical.get_mut(slot)?,
            commitments: &mut self.commitments,
            names: &mut self.names,
        };
        let whole = parts.next(list, &asked, &mut self.terms, &secret, &mut together);
        let Some(whole) = whole else {
            self.issuers.truncate(issuers_before);
            return None;
        };
        Some(Draft {
            index,
            source: whole.source,
            event: whole.event,
            prehash: prehash..self.prehashes.len(),
            terms: whole.terms,
            findings: Vec::new(),
            secret,
            field_count: whole.field_count,
            names: Some(names..self.names.len()),
            issuer: issuers_before..self.issuers.len(),
        })
    }

    fn accept(&mut self, draft: &Draft<'_>, sealed: Sealed, tokens: &[Token]) {
        let place = self.out.events.len();
        let same_as = self.first_with.get(&sealed.content_digest).copied();
        let first_reference = self.out.references.len();
        let blinding = self.request.blinding;
        let tokens = match &draft.names {
            None => {
                references_of(&draft.event, &sealed.event_hash_id_uri, blinding, &mut self.out.references)
            }
            Some(names) => {
                let references = self.names[names.clone()].iter();
                let references = references.map(|name| (tokens[name.token as usize], name.role));
                references_of_names(references, &mut self.out.references)
            }
        };
        let row = self.row(draft, &sealed, tokens);
        let body = self.out.bodies.len();
        self.out.bodies.extend_from_slice(draft.source.as_bytes());
        let said = LISTED_FIELDS.map(|field| listed_of(&draft.event, field));
        let values = said.map(|value| value.map(|value| self.listed.place(value, &mut self.out.values)));
        self.first_with.entry(sealed.content_digest).or_insert(place);
        self.out.events.push(PreparedEvent {
            index: draft.index,
            event_id: draft.event.event_id.map_or(sealed.event_hash_id_uri, str::to_owned),
            content_digest: sealed.content_digest,
            same_as,
            name_hash: name_hash(&sealed.own_token),
            row,
            body: body..self.out.bodies.len(),
            references: first_reference..self.out.references.len(),
            values,
        });
    }

    /// Writes what is known of the row of `event`.
    fn row(&mut self, draft: &Draft<'_>, sealed: &Sealed, tokens: Vec<Token>) -> Range<usize> {
        let entry = Entry {
            record_time: u64::try_from(self.request.record_time).unwrap_or(0),
            commitment: sealed.commitment,
            field_count: u16::try_from(draft.field_count).unwrap_or(u16::MAX),
            tokens,
        };
        let mut entry_bytes = Vec::new();
        entry.write(&mut entry_bytes);
        let event = &draft.event;
        let start = self.out.rows.len();
        let mut row = start_row(&mut self.out.rows);
        row.time(event.event_time)
            .time(self.request.record_time)
            .bigint(name_hash(&sealed.own_token))
            .integer(i32::try_from(draft.source.len()).unwrap_or(i32::MAX))
            .smallint(event.event_type as i16);
        match event.action {
            Some(action) => row.smallint(action as i16),
            None => row.null(),
        };
        row.text(event.event_id).bytes(&sealed.event_hash_id).bytes(&draft.secret).bytes(&entry_bytes);
        if draft.findings.is_empty() {
            row.null();
        } else {
            row.bytes(&problems_json(draft.findings.iter().take(FINDINGS_MAX)));
        }
        let measures = &draft.terms.measures;
        row.bigints(draft.terms.hashes.iter().copied()).doubles_of_pairs(measures);
        match &self.issuers[draft.issuer.clone()] {
            [] => row.null(),
            issuer => row.bytes(issuer),
        };
        start..self.out.rows.len()
    }
}

/// Where each value of a capture stands among those that can be listed.
#[derive(Default)]
pub(crate) struct Listed([HashMap<Box<str>, u32>; LISTED_FIELDS.len()]);

impl Listed {
    /// The place of a value, which is appended to `values` where it is new.
    pub(crate) fn place(
        &mut self,
        (field, value): (ListedField, &str),
        values: &mut Vec<ListedValue>,
    ) -> u32 {
        let known = &mut self.0[field as usize - 1];
        if let Some(place) = known.get(value) {
            return *place;
        }
        // A capture has far fewer events than this counts.
        let place = u32::try_from(values.len()).unwrap_or(u32::MAX);
        known.insert(value.into(), place);
        values.push((field, value.into()));
        place
    }

    /// As after the first event of another capture.
    pub(crate) fn clear(&mut self) {
        self.0.iter_mut().for_each(HashMap::clear);
    }
}

/// The first value that is longer than one may be.
pub(crate) fn too_long<'e>(event: &Event<'e>) -> Option<(ListedField, &'e str)> {
    let mut values = LISTED_FIELDS.iter().filter_map(|field| listed_of(event, *field));
    values.find(|(_, value)| value.len() > VALUE_BYTES_MAX)
}

fn pointer_of(field: ListedField) -> &'static str {
    match field {
        ListedField::BizStep => "/bizStep",
        ListedField::Disposition => "/disposition",
        ListedField::ReadPoint => "/readPoint/id",
        ListedField::BizLocation => "/bizLocation/id",
    }
}

/// What an event has in a field whose values can be listed.
fn listed_of<'e>(event: &Event<'e>, field: ListedField) -> Option<(ListedField, &'e str)> {
    let value = match field {
        ListedField::BizStep => event.biz_step,
        ListedField::Disposition => event.disposition,
        ListedField::ReadPoint => event.read_point,
        ListedField::BizLocation => event.biz_location,
    };
    value.map(|value| (field, value))
}

/// The secret of one event. Whoever knows it learns nothing of the seed, nor of other secrets.
fn secret_of(seed: &[u8; 32], index: usize) -> [u8; SECRET_BYTES] {
    let mut input = [0; 40];
    input[..32].copy_from_slice(seed);
    input[32..].copy_from_slice(&(index as u64).to_be_bytes());
    sha256::digest(&input)
}

/// What the hashes of an event are.
struct Sealed {
    content_digest: [u8; 32],
    event_hash_id: [u8; 32],
    event_hash_id_uri: String,
    own_token: Token,
    commitment: [u8; 32],
}
