//! A document whose events are signed each on its own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::Range;

use authorship::{
    ContentDigest, EventSignature, EventSigners, Refusal, SignatureReader, check_events, named_keys,
};
use epcis::{Document, Problem, SignatureList, read_document, with_signatures};
use json::Bump;

use crate::commitment::{Signer, write_issuer};
use crate::prepare::content_digests;
use crate::prepared::{Prepared, PreparedEvent};

/// Keys that the signatures of one document may be by: each is looked up.
pub const SIGNING_KEYS_MAX: usize = 10_000;
/// Bad signatures from which on a document is refused as a whole: each costs as much as ten good ones.
pub const BAD_SIGNATURES_MAX: usize = 1_000;
/// Signatures of one thread, at least.
const SHARED_SIGNATURES_MIN: usize = 64;

/// The signatures of a document, read and not checked yet.
pub(crate) struct SignedEvents<'s> {
    list: SignatureList<'s>,
    signatures: Vec<ReadSignature<'s>>,
}

/// The keys that the signatures of a document name, sorted; none where it has no signatures, as one has to be that is
/// signed as a whole.
pub(crate) fn keys_of(document: &Document<'_>, is_signed: bool) -> Result<Option<Vec<String>>, Problem> {
    let Some(list) = document.signature_list()? else { return Ok(None) };
    if is_signed {
        let message = "a capture is signed as a whole, or its events are signed each on its own";
        return Err(Problem::of_document(list.pointer, "signature", message));
    }
    let texts = (0..list.elements.len()).filter_map(|index| list.text(index).ok().flatten());
    let mut keys: Vec<String> = named_keys(texts).into_iter().collect();
    keys.sort_unstable();
    if keys.len() > SIGNING_KEYS_MAX {
        let message = format!("more than {SIGNING_KEYS_MAX} keys have signed one capture");
        return Err(Problem::of_document(list.pointer, "too_many_keys", message));
    }
    Ok(Some(keys))
}

/// The document with a signature for each of its events that has none; those that are there stay.
///
/// # Errors
/// As [`content_digests`] and [`Document::signature_list`].
pub fn sign_events(body: &[u8], sign: impl Fn(&ContentDigest) -> String) -> Result<Vec<u8>, Problem> {
    let arena = Bump::new();
    let list = read_document(body, &arena)?.signature_list()?;
    let digests = content_digests(body)?;
    let signature = |(index, digest)| {
        let known = list.as_ref().map_or(Ok(None), |list| list.text(index))?;
        Ok(Some(known.map_or_else(|| sign(digest), str::to_owned)))
    };
    let signatures = digests.iter().enumerate().map(signature).collect::<Result<Vec<_>, Problem>>()?;
    with_signatures(body, &signatures)
}

impl<'s> SignedEvents<'s> {
    /// None where a document has no signatures.
    pub(crate) fn read(
        threads: usize,
        document: &Document<'s>,
        signers: &'s EventSigners,
    ) -> Result<Option<Self>, Problem> {
        let Some(list) = document.signature_list()? else { return Ok(None) };
        let signatures = shared(threads, list.elements.len(), |places| {
            let mut reader = SignatureReader::new(signers);
            places.map(|index| read_one(&list, &mut reader, index)).collect()
        });
        Ok(Some(Self { list, signatures }))
    }

    /// The signature of an event, if it has one.
    pub(crate) fn of(&self, index: usize) -> Result<Option<&EventSignature<'s>>, &Problem> {
        self.signatures.get(index).map_or(Ok(None), |read| read.as_ref().map(Option::as_ref))
    }

    /// Adds who issued an event that came on behalf of a partner, JSON. False where nobody signed it.
    pub(crate) fn write_issuer(&self, index: usize, partner: &str, out: &mut Vec<u8>) -> bool {
        let Ok(Some(signature)) = self.of(index) else { return false };
        let signer = Signer {
            partner: &signature.signer.partner,
            key: &signature.signer.key_id,
            signature: (signature.form, signature.text),
        };
        write_issuer(partner, Some(signer), out);
        true
    }

    /// Checks all signatures, and leaves out the events whose own does not hold.
    ///
    /// # Errors
    /// A [`Problem`] of the document: there are more signatures than events, or fewer; or too many bad ones.
    pub(crate) fn check(&self, threads: usize, prepared: &mut Prepared) -> Result<(), Problem> {
        let refused = |message| Err(Problem::of_document(self.list.pointer.as_str(), "signature", message));
        let (signatures, events) = (self.signatures.len(), prepared.event_total);
        if signatures != events {
            return refused(format!("{signatures} signatures for {events} events: one each, or null"));
        }
        let claim = |(place, event): (usize, &'_ PreparedEvent)| {
            Some((place, self.of(event.index).ok().flatten()?, event.content_digest))
        };
        let claims: Vec<_> = prepared.events.iter().enumerate().filter_map(claim).collect();
        let bad = bad_of(threads, &claims);
        if bad.len() > BAD_SIGNATURES_MAX {
            return refused(format!("more than {BAD_SIGNATURES_MAX} signatures do not hold"));
        }
        let bad: Vec<usize> = bad.into_iter().map(|n| claims[n].0).collect();
        for place in &bad {
            let message = "the signature is not by this key over this event";
            prepared.problems.push(self.list.problem(prepared.events[*place].index, "signature", message));
        }
        leave_out(&bad, &mut prepared.events);
        Ok(())
    }
}

type ReadSignature<'s> = Result<Option<EventSignature<'s>>, Problem>;

fn read_one<'s>(
    list: &SignatureList<'s>,
    reader: &mut SignatureReader<'s>,
    index: usize,
) -> ReadSignature<'s> {
    let Some(text) = list.text(index)? else { return Ok(None) };
    reader.read(text).map(Some).map_err(|refusal| match refusal {
        Refusal::Form(error) => list.problem(index, "signature", error.to_string()),
        Refusal::Key(fault) => list.problem(index, fault.code, fault.message),
    })
}

/// What `work` gives for the places below `count`, each thread with some neighbours, one behind the other.
fn shared<T: Send>(threads: usize, count: usize, work: impl Fn(Range<usize>) -> Vec<T> + Sync) -> Vec<T> {
    let share = count.div_ceil(threads).max(SHARED_SIGNATURES_MIN);
    let work = &work;
    std::thread::scope(|scope| {
        let start = |first: usize| {
            let places = first..count.min(first + share);
            let own = places.clone();
            (places, std::thread::Builder::new().spawn_scoped(scope, move || work(own)).ok())
        };
        let started: Vec<_> = (share..count).step_by(share).map(start).collect();
        let mut all = work(0..count.min(share));
        for (places, thread) in started {
            // Where the system gives no thread, this one does the work.
            all.extend(thread.and_then(|thread| thread.join().ok()).unwrap_or_else(|| work(places)));
        }
        all
    })
}

/// Which of these do not hold, ascending; on so many threads.
fn bad_of(threads: usize, claims: &[(usize, &EventSignature<'_>, ContentDigest)]) -> Vec<usize> {
    shared(threads, claims.len(), |places| {
        let first = places.start;
        let claims: Vec<_> =
            claims[places].iter().map(|(_, signature, digest)| (*signature, digest)).collect();
        check_events(&claims, BAD_SIGNATURES_MAX).into_iter().map(|at| first + at).collect()
    })
}

/// Takes away the events at these places, ascending; of those with one content the first that is left is the first.
fn leave_out(places: &[usize], events: &mut Vec<PreparedEvent>) {
    if places.is_empty() {
        return;
    }
    let mut bad = places.iter().peekable();
    let mut place = 0;
    events.retain(|_| {
        let is_bad = bad.next_if_eq(&&place).is_some();
        place += 1;
        !is_bad
    });
    let mut first_with = HashMap::with_capacity(events.len());
    for (place, event) in events.iter_mut().enumerate() {
        event.same_as = match first_with.entry(event.content_digest) {
            Entry::Occupied(first) => Some(*first.get()),
            Entry::Vacant(free) => {
                free.insert(place);
                None
            }
        };
    }
}
