//! The road of a capture through the core: bytes in, rows out.

mod draft;
mod listed;
mod seal;
mod share;

use authorship::EventSigners;
use epcis::{
    Document, Events, MasterDatum, Problem, RawEvent, Severity, read_document, validate_document,
    validate_event,
};
use json::{Bump, Value, write_canonical};
use sha256::{digest_many, short_digests};

use crate::canonical::CanonicalEvent;
use crate::commitment::{Commitments, Issuer, SECRET_BYTES};
use crate::entry::{Blinding, Token, name_hash};
use crate::keyed_hash::{Key, KeyedMap};
use crate::names::Named;
use crate::parts::{Fresh, KEPT_BYTES_MAX, Parts};
use crate::prepared::{MasterDataRow, Prepared};
use crate::signed_events::{SignedEvents, keys_of};
use crate::term_key::TermKey;
use crate::terms::{TermReader, Terms};
use draft::{Draft, Marks};
use listed::Listed;
pub(crate) use listed::too_long;

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
/// Events whose hashing is done together: enough to fill sixteen lanes, few enough to stay in cache.
const CHUNK_EVENTS: usize = 64;

/// What one chunk of events usually adds to what is kept, and has for itself, at most.
const ARENA_MARGIN_BYTES: usize = 1 << 18;

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
        .and_then(|document| prepare_document(threads, &document, body, request))
        .unwrap_or_else(|problem| Prepared::refused(problem, request))
}

fn prepare_document(
    threads: usize,
    document: &Document<'_>,
    body: &[u8],
    request: &Request<'_>,
) -> Result<Prepared, Problem> {
    let Some(signers) = request.signers.filter(|_| !request.is_signed) else {
        return match keys_of(document, request.is_signed)? {
            None => Preparing::new(document, body, request, None).run(threads),
            keys => Ok(Prepared { wanted_keys: keys, ..Prepared::empty(request) }),
        };
    };
    let signed = SignedEvents::read(threads, document, signers)?;
    let mut prepared = Preparing::new(document, body, request, signed.as_ref()).run(threads)?;
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
    /// Of the maps of this capture.
    key: Key,
    document: &'r Document<'a>,
    /// Of the document, all of it.
    body: &'r [u8],
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
    /// What the events of a chunk say, back to back.
    said: Terms,
    /// Issuers of those events of a chunk that are signed on their own, back to back.
    issuers: Vec<u8>,
    /// The leaf of one of them.
    issuer_leaf: Vec<u8>,
    commitments: Commitments,
    terms: TermReader,
    ignored_fields: Vec<&'a str>,
    /// For one event at a time.
    scratch: Bump,
    tokens: Vec<Token>,
    first_with: KeyedMap<[u8; 32], usize>,
    listed: Listed,
    out: Prepared,
}

impl<'r, 'a> Preparing<'r, 'a> {
    fn new(
        document: &'r Document<'a>,
        body: &'r [u8],
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
        let rows = Vec::with_capacity(body.len());
        let list_pointer = document.list_pointer;
        let out = Prepared { problems, context, list_pointer, rows, ..Prepared::empty(request) };
        Self { out, ..Self::part_of(document, body, request, signed, is_refused) }
    }

    /// For some of the events of a document.
    fn part_of(
        document: &'r Document<'a>,
        body: &'r [u8],
        request: &'r Request<'r>,
        signed: Option<&'r SignedEvents<'r>>,
        is_refused: bool,
    ) -> Self {
        let key = Key::of(&request.seed);
        Self {
            key,
            document,
            body,
            request,
            signed,
            is_refused,
            canonical: std::iter::repeat_with(CanonicalEvent::default).take(CHUNK_EVENTS).collect(),
            prehashes: String::new(),
            names: Vec::new(),
            said: Terms::default(),
            issuers: Vec::new(),
            issuer_leaf: Vec::new(),
            commitments: Commitments::default(),
            terms: TermReader::new(TermKey::new(request.blinding)),
            ignored_fields: document.ignored_fields(),
            scratch: Bump::new(),
            tokens: Vec::new(),
            first_with: KeyedMap::with_hasher(key),
            listed: Listed::new(key),
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
        let mut values = Bump::with_capacity(ARENA_MARGIN_BYTES);
        let mut current = lists.next();
        while let Some(events) = &mut current {
            arena.reset();
            let list = events.list().filter(|_| !self.is_refused);
            let mut parts = list.and_then(|list| {
                Parts::new(self.document, list, &ignored_fields, self.request.issuer, self.key, &arena)
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
        self.clear_chunk();
        let mut fresh = Fresh::new(events.list().as_deref(), values);
        let first = events.list().map_or(0, |list| list.index());
        let secrets = secrets_from(&self.request.seed, first);
        let mut is_done = false;
        for secret in &secrets {
            let slot = drafts.len();
            let of_parts =
                parts.as_mut().and_then(|parts| self.draft_of_parts(events, parts, &mut fresh, secret, slot));
            if let Some(draft) = of_parts {
                drafts.push(draft);
            } else {
                let read = events.next(1, values)?;
                let Some(&raw) = read.first() else {
                    is_done = true;
                    break;
                };
                if let Some(findings) = self.findings(&raw) {
                    let marks = self.marks();
                    match self.draft(raw, findings, &mut fresh, secret, slot) {
                        Ok(draft) => drafts.push(draft),
                        Err(problem) => {
                            self.go_back_to(&marks);
                            self.out.problems.push(self.document.locate(raw.index, problem));
                        }
                    }
                }
            }
            self.out.event_total += 1;
            self.check_event_total()?;
        }
        self.seal(&drafts, parts, &mut fresh);
        Ok(!is_done)
    }

    fn clear_chunk(&mut self) {
        self.go_back_to(&Marks::default());
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
}

/// The secrets of the events from this one on, as many as a chunk has at most. Whoever knows some learns nothing of
/// the seed, nor of other secrets.
fn secrets_from(seed: &[u8; 32], first: usize) -> [[u8; SECRET_BYTES]; CHUNK_EVENTS] {
    let mut inputs = [[0; 40]; CHUNK_EVENTS];
    for (index, input) in (first as u64..).zip(&mut inputs) {
        input[..32].copy_from_slice(seed);
        input[32..].copy_from_slice(&index.to_be_bytes());
    }
    let mut secrets = [[0; SECRET_BYTES]; CHUNK_EVENTS];
    short_digests(&inputs, &mut secrets);
    secrets
}
