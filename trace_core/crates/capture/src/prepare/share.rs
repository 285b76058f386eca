//! A capture on several threads, each with some of the lists of its events.

use std::ops::Range;

use epcis::{Events, Problem};

use super::{Prepared, Preparing};

/// Lists of 128 events from which on a capture is shared.
pub(super) const LISTS_MIN: usize = 2;
/// Lists that a thread may be ahead of the one that puts them together.
const LISTS_AHEAD: usize = 1;

impl<'a> Preparing<'_, 'a> {
    /// Takes all events, the lists on threads in turns; what they give is put together in order, so it is the same
    /// as from one thread, the first problem of the whole document included. False, with nothing taken, where the
    /// system has no thread to give.
    pub(super) fn share(&mut self, threads: usize, lists: &[Events<'a>]) -> Result<bool, Problem> {
        let (document, body, request, signed, is_refused) =
            (self.document, self.body, self.request, self.signed, self.is_refused);
        std::thread::scope(|scope| {
            let threads = threads.min(lists.len());
            let start = |first: usize| {
                // Whoever is ahead waits, so memory does not grow with the capture.
                let (sender, receiver) = std::sync::mpsc::sync_channel(LISTS_AHEAD);
                // What was taken comes back for the next list: memory that is asked for anew costs both threads.
                let (emptied, reused) = std::sync::mpsc::channel();
                let work = move || {
                    let mut worker = Preparing::part_of(document, body, request, signed, is_refused);
                    let own = lists.iter().skip(first).step_by(threads).cloned();
                    let taken = worker.take(own, |worker| {
                        worker.first_with.clear();
                        worker.listed.clear();
                        let next = reused.try_recv().unwrap_or_else(|_| Prepared::empty(request));
                        sender.send(Ok(std::mem::replace(&mut worker.out, next))).is_ok()
                    });
                    if let Err(problem) = taken {
                        // Nobody waits for it where an earlier list had a problem.
                        let _ = sender.send(Err(problem));
                    }
                };
                std::thread::Builder::new().spawn_scoped(scope, work).ok().map(|_| (receiver, emptied))
            };
            // Those that did start end with the first that nobody takes.
            let Some(receivers) = (0..threads).map(start).collect::<Option<Vec<_>>>() else {
                return Ok(false);
            };
            for (receiver, emptied) in receivers.iter().cycle().take(lists.len()) {
                // A worker sends for each of its lists, unless it has sent a problem: that ends all.
                if let Ok(taken) = receiver.recv() {
                    let mut taken = taken?;
                    self.append(&mut taken)?;
                    // A worker that has ended needs none.
                    let _ = emptied.send(taken);
                }
            }
            Ok(true)
        })
    }

    /// Puts the events of the next list behind those before, and takes them out of it.
    fn append(&mut self, next: &mut Prepared) -> Result<(), Problem> {
        self.out.event_total += next.event_total;
        self.check_event_total()?;
        let (rows, references) = (self.out.rows.len(), self.out.references.len());
        self.out.rows.extend_from_slice(&next.rows);
        self.out.references.extend_from_slice(&next.references);
        self.out.problems.append(&mut next.problems);
        let values = next.values.iter().map(|(field, value)| (*field, value.as_ref()));
        let values: Vec<u32> = values.map(|value| self.listed.place(value, &mut self.out.values)).collect();
        for mut event in next.events.drain(..) {
            event.row = behind(rows, &event.row);
            event.references = behind(references, &event.references);
            for value in event.values.iter_mut().flatten() {
                *value = values[*value as usize];
            }
            event.same_as = self.first_with.get(&event.content_digest).copied();
            self.first_with.entry(event.content_digest).or_insert(self.out.events.len());
            self.out.events.push(event);
        }
        next.rows.clear();
        next.references.clear();
        next.values.clear();
        next.event_total = 0;
        Ok(())
    }
}

fn behind(first: usize, range: &Range<usize>) -> Range<usize> {
    first + range.start..first + range.end
}
