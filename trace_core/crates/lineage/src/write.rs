//! Answers as JSON, long ones by all cores at once.

use serde::Serialize;
use serde_json::{Error, to_vec, to_writer};

use crate::answer::{Answer, Extent, Recall, Trace};
use crate::shared::shared;

/// Entries of a list that are written at a time; an answer that has no more is written by one thread.
const AT_A_TIME: usize = 256;
/// Of those that have lists of items themselves.
const LONG_AT_A_TIME: usize = 4;

/// Writes a part of an answer.
type Piece<'a> = Box<dyn Fn(&mut Vec<u8>) -> Result<(), Error> + Sync + 'a>;

impl Answer<'_> {
    /// The same as it serialises to, in pieces that follow each other.
    ///
    /// # Errors
    /// None but those of the serialiser, which writes whatever an answer has.
    pub fn to_json(&self) -> Result<Vec<Vec<u8>>, Error> {
        let pieces = match self {
            Self::Recall(recall) if recall.affected.len() + recall.edges.len() > AT_A_TIME => {
                of_recall(recall)
            }
            Self::TraceForward(trace) if trace.edges.len() > AT_A_TIME => of_trace("trace_forward", trace),
            Self::TraceBackward(trace) if trace.edges.len() > AT_A_TIME => of_trace("trace_backward", trace),
            _ => return Ok(vec![to_vec(self)?]),
        };
        let written = shared(&pieces, 1, |pieces| {
            let mut json = Vec::new();
            pieces.iter().try_for_each(|piece| piece(&mut json))?;
            Ok(json)
        });
        written.into_iter().collect()
    }
}

fn of_recall<'a>(recall: &'a Recall) -> Vec<Piece<'a>> {
    let mut pieces = Vec::new();
    list(&mut pieces, r#"{"question":"recall","affected":["#, &recall.affected, AT_A_TIME);
    list(&mut pieces, r#"],"carriers":["#, &recall.carriers, AT_A_TIME);
    list(&mut pieces, r#"],"edges":["#, &recall.edges, AT_A_TIME);
    list(&mut pieces, r#"],"notify":["#, &recall.notify, LONG_AT_A_TIME);
    list(&mut pieces, r#"],"quantities":["#, &recall.quantities, AT_A_TIME);
    list(&mut pieces, r#"],"discrepancies":["#, &recall.discrepancies, AT_A_TIME);
    list(&mut pieces, r#"],"gaps":["#, &recall.gaps, LONG_AT_A_TIME);
    end(&mut pieces, &recall.extent);
    pieces
}

fn of_trace<'a>(question: &'a str, trace: &'a Trace) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece> = vec![Box::new(move |json| {
        json.extend_from_slice(format!(r#"{{"question":"{question}""#).as_bytes());
        Ok(())
    })];
    list(&mut pieces, r#","nodes":["#, &trace.nodes, AT_A_TIME);
    list(&mut pieces, r#"],"edges":["#, &trace.edges, AT_A_TIME);
    end(&mut pieces, &trace.extent);
    pieces
}

fn list<'a, T: Serialize + Sync>(
    pieces: &mut Vec<Piece<'a>>,
    opening: &'static str,
    list: &'a [T],
    at_a_time: usize,
) {
    pieces.push(Box::new(move |json| {
        json.extend_from_slice(opening.as_bytes());
        Ok(())
    }));
    for (number, entries) in list.chunks(at_a_time).enumerate() {
        pieces.push(Box::new(move |json| write_entries(json, entries, number == 0)));
    }
}

fn write_entries<T: Serialize>(json: &mut Vec<u8>, entries: &[T], mut is_first: bool) -> Result<(), Error> {
    for entry in entries {
        if !std::mem::take(&mut is_first) {
            json.push(b',');
        }
        let length = json.len();
        to_writer(&mut *json, entry)?;
        if length <= 1 {
            // Most are about as long as the first.
            json.reserve((json.len() + json.len() / 8) * (entries.len() - 1));
        }
    }
    Ok(())
}

/// The members of what stands in the answer itself.
fn end<'a>(pieces: &mut Vec<Piece<'a>>, extent: &'a Extent) {
    pieces.push(Box::new(move |json| {
        json.extend_from_slice(b"],");
        json.extend_from_slice(&to_vec(extent)?[1..]);
        Ok(())
    }));
}
