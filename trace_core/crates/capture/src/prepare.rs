//! The road of a capture through the core: bytes in, rows out.

mod share;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;

use epcis::{
    Document, Event, Events, MasterDatum, Problem, RawEvent, Severity, read_document, validate_document,
    validate_event,
};
use json::{Bump, List, Value, write_canonical};
use sha256::digest_many;

use crate::canonical::CanonicalEvent;
use crate::commitment::{Commitments, FIELDS_MAX, Issuer, SECRET_BYTES};
use crate::copy::{Row, write_header, write_trailer};
use crate::entry::{Blinding, Entry, ITEMS_MAX, Token, name_hash};
use crate::parts::{Asked, KEPT_BYTES_MAX, Named, Parts, Together};
use crate::problems::problems_json;
use crate::references::{Reference, Role, references_of, references_of_names};
use crate::term_key::TermKey;
use crate::terms::{TERMS_MAX, TermReader, Terms};

/// Events in one capture: a position has 20 bits of an event key.
pub const EVENTS_MAX: usize = (1 << POSITION_BITS) - 1;
/// Bytes of one event as it came.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// How far an event may lie ahead of its record time: clocks and time zones err, by less than a day.
pub const EVENT_TIME_AHEAD_S_MAX: i64 = 86_400;
/// Bits of an event key that hold the event's position in its capture.
pub(crate) const POSITION_BITS: u32 = 20;
/// Findings kept with an event; its job lists them all.
const FINDINGS_MAX: usize = 20;
/// Events whose hashing is done together: enough to fill sixteen lanes, few enough to stay in cache.
const CHUNK_EVENTS: usize = 64;

/// What a chunk of events usually needs beyond it, at most.
const ARENA_MARGIN_BYTES: usize = 1 << 19;

/// Columns of `event` in the order of [`Copies::event`].
pub const EVENT_COLUMNS: [&str; 20] = [
    "event_key",
    "partner",
    "event_time",
    "record_time",
    "event_type",
    "action",
    "biz_step",
    "disposition",
    "read_point",
    "biz_location",
    "event_id",
    "event_hash_id",
    "secret",
    "body",
    "entry",
    "findings",
    "terms",
    "measure_fields",
    "measure_values",
    "signed_place",
];
/// Columns of `reference` in the order of [`Copies::reference`].
pub const REFERENCE_COLUMNS: [&str; 4] = ["name_hash", "event_time", "event_key", "role"];
/// Columns of `event_digest` in the order of [`Copies::event_digest`].
pub const EVENT_DIGEST_COLUMNS: [&str; 2] = ["content_digest", "event_key"];
/// Room for the header and trailer of a stream.
const COPY_MARGIN_BYTES: usize = 1024;
/// Where the event key stands in a row of `event`: behind the number of columns and its own length.
const KEY_AT: Range<usize> = 6..14;

/// What a capture needs besides its bytes. Nothing in here reads a clock or a source of chance.
pub struct Request<'a> {
    /// On whose behalf the capture came.
    pub partner: &'a str,
    /// Who issued its events.
    pub issuer: &'a Issuer,
    /// Whether the issuer says that somebody signed it: then it is to be checked, and [`Prepared::place`] called.
    pub is_signed: bool,
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

/// A capture, ready to be stored.
pub struct Prepared {
    /// Number of events in the document, refused ones included.
    pub event_total: usize,
    /// Errors and findings, by event.
    pub problems: Vec<Problem>,
    /// The parts of the document's context, a canonical JSON array.
    pub context: Vec<u8>,
    /// The events that may be stored, in order.
    pub events: Vec<PreparedEvent>,
    /// The master data of the header, in order; none where the document is refused.
    pub master_data: Vec<MasterDataRow>,
    capture_no: i64,
    /// Where the events stand in the document; empty for a bare event.
    pub(crate) list_pointer: &'static str,
    /// The COPY stream of `event`, if all events are stored; of a signed capture, without the last column.
    rows: Vec<u8>,
    /// Of a signed capture: what its last column has, by events.
    places: Option<Vec<Vec<u8>>>,
    pub(crate) references: Vec<Reference>,
}

/// One element of master data.
pub struct MasterDataRow {
    /// Keyed hash of `id`.
    pub name_hash: i64,
    /// The vocabulary's type.
    pub vocabulary: String,
    /// What it is about: the one name of a GS1 key, any other URI as it was written.
    pub id: String,
    /// The element, canonical JSON.
    pub body: Vec<u8>,
    /// What queries can ask by: terms of its attributes, as of extension fields of area `MDA`.
    pub terms: Vec<i64>,
}

/// One event that may be stored.
pub struct PreparedEvent {
    /// Its place in the document.
    pub index: usize,
    /// Event id as captured, else the event hash id.
    pub event_id: String,
    /// Content digest.
    pub content_digest: [u8; 32],
    /// Position in `events` of an earlier event with the same content.
    pub same_as: Option<usize>,
    event_time: i64,
    row: Range<usize>,
    pub(crate) references: Range<usize>,
}

/// Complete streams in Postgres' binary COPY format.
pub struct Copies<'a> {
    /// Rows of `event`, columns as in [`EVENT_COLUMNS`].
    pub event: Cow<'a, [u8]>,
    /// Rows of `reference`, sorted, columns as in [`REFERENCE_COLUMNS`].
    pub reference: Vec<u8>,
    /// Rows of `event_digest`, sorted, columns as in [`EVENT_DIGEST_COLUMNS`].
    pub event_digest: Vec<u8>,
    /// Number of events in them.
    pub event_count: usize,
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
        .and_then(|document| Preparing::new(&document, body.len(), request).run(threads))
        .unwrap_or_else(|problem| Prepared::refused(problem, request))
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

fn empty(request: &Request<'_>) -> Prepared {
    Prepared {
        event_total: 0,
        problems: Vec::new(),
        context: b"[]".to_vec(),
        events: Vec::new(),
        master_data: Vec::new(),
        capture_no: request.capture_no,
        list_pointer: "",
        rows: Vec::new(),
        places: request.is_signed.then(Vec::new),
        references: Vec::new(),
    }
}

/// A capture on its way through [`prepare`].
struct Preparing<'r, 'a> {
    document: &'r Document<'a>,
    request: &'r Request<'r>,
    /// A document that is wrong as a whole refuses each of its events.
    is_refused: bool,
    canonical: Vec<CanonicalEvent>,
    /// Pre-hash strings of a chunk, back to back.
    prehashes: String,
    /// Names of a chunk, back to back.
    names: Vec<Named>,
    commitments: Commitments,
    terms: TermReader,
    ignored_fields: Vec<&'a str>,
    /// For one event at a time.
    scratch: Bump,
    first_with: HashMap<[u8; 32], usize>,
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
}

impl<'r, 'a> Preparing<'r, 'a> {
    fn new(document: &'r Document<'a>, body_bytes: usize, request: &'r Request<'r>) -> Self {
        let problems = validate_document(document);
        let mut context = Vec::new();
        // A bare event brings its context in its own bytes.
        let shared: &[Value<'_>] = if document.is_bare() { &[] } else { &document.context.parts };
        write_canonical(Value::Array(shared), &mut context);
        // Room that is not used is never touched, and growing would copy it all.
        let mut rows = Vec::with_capacity(2 * body_bytes + COPY_MARGIN_BYTES);
        write_header(&mut rows);
        let is_refused = !problems.is_empty();
        let out = Prepared { problems, context, rows, list_pointer: document.list_pointer, ..empty(request) };
        Self { out, ..Self::part_of(document, request, is_refused) }
    }

    /// For some of the events of a document.
    fn part_of(document: &'r Document<'a>, request: &'r Request<'r>, is_refused: bool) -> Self {
        Self {
            document,
            request,
            is_refused,
            canonical: std::iter::repeat_with(CanonicalEvent::default).take(CHUNK_EVENTS).collect(),
            prehashes: String::new(),
            names: Vec::new(),
            commitments: Commitments::default(),
            terms: TermReader::new(TermKey::new(request.blinding)),
            ignored_fields: document.ignored_fields(),
            scratch: Bump::new(),
            first_with: HashMap::new(),
            out: empty(request),
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
        write_trailer(&mut self.out.rows);
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

    /// The key that the event at this place has if all events are stored.
    fn key_of(&self, place: usize) -> i64 {
        first_key(self.request.capture_no) + i64::try_from(place).unwrap_or(i64::MAX)
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
        let field_count = self.commitments.add(&secret, self.request.issuer, canonical);
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
        let asked = Asked {
            reserved: self.request.reserved,
            event_time_max: self.request.record_time + EVENT_TIME_AHEAD_S_MAX * 1_000_000,
        };
        let (prehash, names) = (self.prehashes.len(), self.names.len());
        let mut together = Together {
            prehashes: &mut self.prehashes,
            canonical: self.canonical.get_mut(slot)?,
            commitments: &mut self.commitments,
            names: &mut self.names,
        };
        let whole = parts.next(list, &asked, &mut self.terms, &secret, &mut together)?;
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
                let others =
                    self.names[names.clone()].iter().map(|name| (tokens[name.token as usize], name.role));
                let own = std::iter::once((sealed.own_token, Role::Event));
                references_of_names(others.chain(own), &mut self.out.references)
            }
        };
        let row = self.row(draft, &sealed, tokens);
        self.first_with.entry(sealed.content_digest).or_insert(place);
        self.out.events.push(PreparedEvent {
            index: draft.index,
            event_id: draft.event.event_id.map_or(sealed.event_hash_id_uri, str::to_owned),
            content_digest: sealed.content_digest,
            same_as,
            event_time: draft.event.event_time,
            row,
            references: first_reference..self.out.references.len(),
        });
    }

    /// Writes the row of `event`, with the key that it has if all events are stored.
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
        let key = self.key_of(self.out.events.len());
        let start = self.out.rows.len();
        let columns = i16::try_from(EVENT_COLUMNS.len()).unwrap_or(i16::MAX);
        let mut row = Row::start(&mut self.out.rows, columns);
        row.bigint(key)
            .bytes(self.request.partner.as_bytes())
            .time(event.event_time)
            .time(self.request.record_time)
            .smallint(event.event_type as i16);
        match event.action {
            Some(action) => row.smallint(action as i16),
            None => row.null(),
        };
        row.text(event.biz_step)
            .text(event.disposition)
            .text(event.read_point)
            .text(event.biz_location)
            .text(event.event_id)
            .bytes(&sealed.event_hash_id)
            .bytes(&draft.secret)
            .bytes(draft.source.as_bytes())
            .bytes(&entry_bytes);
        if draft.findings.is_empty() {
            row.null();
        } else {
            row.bytes(&problems_json(draft.findings.iter().take(FINDINGS_MAX)));
        }
        let measures = &draft.terms.measures;
        row.bigints(draft.terms.hashes.iter().copied())
            .bigints(measures.iter().map(|measure| measure.0))
            .doubles(measures.iter().map(|measure| measure.1));
        if !self.request.is_signed {
            row.null(); // Else `rows_of` writes it.
        }
        start..self.out.rows.len()
    }
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

impl Prepared {
    /// A capture that is refused as a whole.
    #[must_use]
    pub fn refused(problem: Problem, request: &Request<'_>) -> Self {
        Self { problems: vec![problem], ..empty(request) }
    }

    /// The stream of `event` if all events are stored, which [`copies`](Self::copies) then borrows.
    #[must_use]
    pub fn rows(&self) -> &[u8] {
        &self.rows
    }

    /// Says where each event stands in its signed capture, by events; none, for one that was signed alone.
    pub fn place(&mut self, places: Vec<Vec<u8>>) {
        self.places = Some(places);
    }

    /// The COPY streams of all events but those that repeat an earlier one of this capture and those
    /// whose content digest is in `stored`. Event keys ascend without gaps.
    /// Cost: one sort of the references; where events are left out, one copy of the rows.
    #[must_use]
    pub fn copies(&self, stored: &HashSet<[u8; 32]>) -> Copies<'_> {
        let is_new =
            |event: &&PreparedEvent| event.same_as.is_none() && !stored.contains(&event.content_digest);
        let mut references = Vec::with_capacity(self.references.len());
        let mut digests = Vec::with_capacity(self.events.len());
        for (key, event) in (first_key(self.capture_no)..).zip(self.events.iter().filter(is_new)) {
            let of_event = &self.references[event.references.clone()];
            references.extend(of_event.iter().map(|r| (r.name_hash, event.event_time, key, r.role)));
            digests.push((event.content_digest, key));
        }
        let event = if digests.len() == self.events.len() && self.places.is_none() {
            Cow::Borrowed(self.rows.as_slice())
        } else {
            Cow::Owned(self.rows_of(self.events.iter().enumerate().filter(|(_, event)| is_new(event))))
        };
        // Neighbours in the index arrive together: twice as fast as in order of capture.
        references.sort_unstable();
        digests.sort_unstable();
        Copies {
            event,
            reference: reference_rows(&references),
            event_digest: event_digest_rows(&digests),
            event_count: digests.len(),
        }
    }

    /// The rows of some of the events, with keys that have no gaps again.
    fn rows_of<'e>(&self, events: impl Iterator<Item = (usize, &'e PreparedEvent)>) -> Vec<u8> {
        let places = self.places.as_deref();
        let room: usize = places.unwrap_or_default().iter().map(|place| place.len() + 4).sum();
        let mut rows = Vec::with_capacity(self.rows.len() + room);
        write_header(&mut rows);
        for (key, (at, event)) in (first_key(self.capture_no)..).zip(events) {
            let row = rows.len();
            rows.extend_from_slice(&self.rows[event.row.clone()]);
            rows[row + KEY_AT.start..row + KEY_AT.end].copy_from_slice(&key.to_be_bytes());
            if let Some(places) = places {
                let mut row = Row::resume(&mut rows);
                match places.get(at) {
                    Some(place) => row.bytes(place),
                    None => row.null(),
                };
            }
        }
        write_trailer(&mut rows);
        rows
    }
}

fn first_key(capture_no: i64) -> i64 {
    capture_no << POSITION_BITS
}

fn reference_rows(references: &[(i64, i64, i64, Role)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(references.len() * 44 + 32);
    write_header(&mut out);
    for &(name_hash, event_time, key, role) in references {
        Row::start(&mut out, 4).bigint(name_hash).time(event_time).bigint(key).smallint(role as i16);
    }
    write_trailer(&mut out);
    out
}

fn event_digest_rows(digests: &[([u8; 32], i64)]) -> Vec<u8> {
    let mut out = Vec::with_capacity(digests.len() * 50 + 32);
    write_header(&mut out);
    for (content_digest, key) in digests {
        Row::start(&mut out, 2).bytes(content_digest).bigint(*key);
    }
    write_trailer(&mut out);
    out
}
