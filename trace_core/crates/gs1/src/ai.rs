//! Application identifiers: what the table says of each, and finding one by its code.

use crate::Finding;
use crate::ai_table::AIS;
use crate::linter::Linter;
use crate::text::{self, Set};

/// One application identifier of the GS1 Barcode Syntax Dictionary.
#[derive(Debug)]
pub struct Ai {
    /// The code as a number, which no two AIs share.
    pub(crate) number: u16,
    /// The identifier itself, 2 to 4 digits.
    pub code: &'static str,
    /// The data title, as printed beside a barcode.
    pub title: &'static str,
    /// Whether its length is predefined, so that no FNC1 follows its value.
    pub predefined: bool,
    /// Whether it may stand in the query string of a Digital Link.
    pub attribute: bool,
    pub(crate) parts: &'static [Part],
    /// Each must hold: one of its alternatives has all its AIs present.
    pub(crate) requires: &'static [&'static [&'static [Codes]]],
    /// AIs that must not be present.
    pub(crate) excludes: &'static [Codes],
    /// For a Digital Link primary key, the alternative sequences of its qualifiers.
    pub(crate) qualifiers: Option<&'static [&'static [u16]]>,
}

/// The AIs that a pattern of the dictionary stands for: first and last code, as numbers.
#[derive(Debug)]
pub(crate) struct Codes(u16, u16);

/// The AIs from one code to another.
pub(crate) const fn codes(first: u16, last: u16) -> Codes {
    Codes(first, last)
}

impl Codes {
    /// Whether the AI is one of these.
    pub(crate) fn hold(&self, ai: &Ai) -> bool {
        (self.0..=self.1).contains(&ai.number)
    }
}

/// One component of an AI's value.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) set: Set,
    pub(crate) shortest: usize,
    pub(crate) longest: usize,
    pub(crate) optional: bool,
    pub(crate) linters: &'static [Linter],
}

/// A component that must be there.
pub(crate) const fn req(set: Set, shortest: usize, longest: usize, linters: &'static [Linter]) -> Part {
    Part { set, shortest, longest, optional: false, linters }
}

/// A component that may be left out.
pub(crate) const fn opt(set: Set, shortest: usize, longest: usize, linters: &'static [Linter]) -> Part {
    Part { set, shortest, longest, optional: true, linters }
}

/// A row of the generated table.
#[expect(clippy::too_many_arguments, reason = "one for each column of the generated table")]
pub(crate) const fn ai(
    number: u16,
    code: &'static str,
    title: &'static str,
    predefined: bool,
    attribute: bool,
    parts: &'static [Part],
    requires: &'static [&'static [&'static [Codes]]],
    excludes: &'static [Codes],
    qualifiers: Option<&'static [&'static [u16]]>,
) -> Ai {
    Ai { number, code, title, predefined, attribute, parts, requires, excludes, qualifiers }
}

/// The AIs that name items, as numbers.
pub(crate) mod code {
    pub(crate) const GTIN: u16 = 1;
    pub(crate) const LOT: u16 = 10;
    pub(crate) const SERIAL: u16 = 21;
    pub(crate) const VARIANT: u16 = 22;
    pub(crate) const TPX: u16 = 235;
    pub(crate) const GDTI: u16 = 253;
    pub(crate) const GLN_EXTENSION: u16 = 254;
    pub(crate) const GCN: u16 = 255;
    pub(crate) const PAY_TO: u16 = 415;
    pub(crate) const UIC: u16 = 7040;
    pub(crate) const GRAI: u16 = 8003;
    pub(crate) const ITIP: u16 = 8006;
    pub(crate) const GMN: u16 = 8013;
    pub(crate) const SRIN: u16 = 8019;
    pub(crate) const SIGNATURE: u16 = 8030;
}

/// Codes read as numbers are below this; no two codes give the same number.
const CODES: usize = 10_000;
const UNKNOWN: u16 = u16::MAX;
/// From a code read as a number to its place in the table.
static PLACES: [u16; CODES] = places();
/// From a code's first two digits to its length, 0 where no AI begins so.
static LENGTHS: [u8; 100] = lengths();

const fn number(code: &[u8]) -> Option<usize> {
    let mut number = 0;
    let mut at = 0;
    while at < code.len() {
        if !code[at].is_ascii_digit() {
            return None;
        }
        number = number * 10 + (code[at] - b'0') as usize;
        at += 1;
    }
    Some(number)
}

#[expect(clippy::cast_possible_truncation, reason = "the table is far shorter than u16::MAX")]
#[expect(clippy::large_stack_arrays, reason = "runs in the compiler, never on a stack")]
const fn places() -> [u16; CODES] {
    let mut places = [UNKNOWN; CODES];
    let mut place = 0;
    while place < AIS.len() {
        places[AIS[place].number as usize] = place as u16;
        place += 1;
    }
    places
}

#[expect(clippy::cast_possible_truncation, reason = "a code has at most 4 digits")]
const fn lengths() -> [u8; 100] {
    let mut lengths = [0; 100];
    let mut place = 0;
    while place < AIS.len() {
        let code = AIS[place].code.as_bytes();
        lengths[((code[0] - b'0') * 10 + (code[1] - b'0')) as usize] = code.len() as u8;
        place += 1;
    }
    lengths
}

impl Ai {
    /// The AI with exactly this code.
    #[must_use]
    pub fn find(code: &str) -> Option<&'static Self> {
        if !(2..=4).contains(&code.len()) {
            return None;
        }
        Self::of(number(code.as_bytes())?).filter(|ai| ai.code.len() == code.len())
    }

    /// The AI whose code is this number.
    pub(crate) fn of(number: usize) -> Option<&'static Self> {
        AIS.get(usize::from(*PLACES.get(number)?))
    }

    /// The AI that the text begins with. All AIs with the same first two digits have the same length.
    pub(crate) fn at_start_of(text: &str) -> Option<&'static Self> {
        let length = *LENGTHS.get(number(text.as_bytes().get(..2)?)?)?;
        Self::find(text.get(..usize::from(length))?)
    }

    /// Whether the value, escapes allowed in its last component, has the right characters and length.
    /// The linters are not asked.
    pub(crate) fn check_shape(&self, value: &str, literal: Set) -> Result<(), Finding> {
        let mut rest = value;
        for part in self.parts {
            if rest.is_empty() && part.optional {
                continue;
            }
            if part.shortest == part.longest {
                let (head, tail) = rest.split_at_checked(part.longest).ok_or(Finding::Length)?;
                if !part.set.holds_all(head) {
                    return Err(Finding::Character);
                }
                rest = tail;
            } else {
                let length = text::measure(rest, part.set, literal)?;
                if length < part.shortest || length > part.longest {
                    return Err(Finding::Length);
                }
                rest = "";
            }
        }
        if rest.is_empty() { Ok(()) } else { Err(Finding::Length) }
    }

    /// Checks the value at the start of `data`, linters and all, and says how many bytes it takes: the whole of
    /// a value, or less where the AI's length is predefined.
    pub(crate) fn take(&self, data: &str) -> Result<usize, Finding> {
        let mut rest = data;
        for part in self.parts {
            if rest.is_empty() && part.optional {
                continue;
            }
            let length = rest.len().min(part.longest);
            if length < part.shortest {
                return Err(Finding::Length);
            }
            let (component, tail) = rest.split_at_checked(length).ok_or(Finding::Character)?;
            if !part.set.holds_all(component) {
                return Err(Finding::Character);
            }
            part.linters.iter().try_for_each(|linter| linter.check(component))?;
            rest = tail;
        }
        Ok(data.len() - rest.len())
    }

    /// Checks a whole value, its escapes decoded.
    pub(crate) fn check(&self, value: &str) -> Result<(), Finding> {
        if self.take(value)? == value.len() { Ok(()) } else { Err(Finding::Length) }
    }
}

impl PartialEq for Ai {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Ai {}
