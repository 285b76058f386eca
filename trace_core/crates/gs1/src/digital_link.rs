//! GS1 Digital Link URIs: the path of a primary key and its qualifiers (GS1 Digital Link Standard: URI Syntax).

use std::borrow::Cow;

use crate::Finding;
use crate::ai::{Ai, code};
use crate::element_string::{Element, ElementString};
use crate::error::{Reason, ScanError};
use crate::text::{DOMAIN, UNRESERVED, URI, decode, push_value, rsplit_once, split_once};

/// Most qualifiers that a key takes: 01/22/10/21.
const QUALIFIERS_MAX: usize = 3;

/// The parts of a Digital Link, values still with their escapes.
pub(crate) struct Link<'a> {
    pub(crate) key: &'static Ai,
    pub(crate) value: &'a str,
    qualifiers: [Option<(&'static Ai, &'a str)>; QUALIFIERS_MAX],
    query: &'a str,
}

/// Reads an `http` or `https` URI on any domain and below any path; `None` when its path ends in no primary
/// key with qualifiers in their order. Values are not looked at.
pub(crate) fn parse(text: &str) -> Option<Link<'_>> {
    let rest = strip_scheme(text)?;
    let end = rest.bytes().position(|byte| matches!(byte, b'?' | b'#')).unwrap_or(rest.len());
    let (rest, tail) = rest.split_at(end);
    let tail = split_once(tail, b'#').map_or(tail, |(before, _)| before);
    let query = tail.strip_prefix('?').unwrap_or("");
    let (domain, path) = split_once(rest, b'/')?;
    if domain.is_empty() {
        return None;
    }
    // From the end, because a prefix of any form may stand before the key.
    let mut path = path;
    let mut pairs = [None; QUALIFIERS_MAX];
    let mut free = pairs.iter_mut().rev();
    loop {
        let (before, value) = rsplit_once(path, b'/')?;
        let (before, segment) = rsplit_once(before, b'/').unwrap_or(("", before));
        let ai = find_segment(segment)?;
        path = before;
        if let Some(sequences) = ai.qualifiers {
            let link = Link { key: ai, value, qualifiers: pairs, query };
            return sequences.iter().any(|sequence| link.follows(sequence)).then_some(link);
        }
        *free.next()? = Some((ai, value));
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    let strip = |scheme: &str| {
        let (head, rest) = text.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    strip("https://").or_else(|| strip("http://"))
}

/// The AI that a path segment names, by its code or by the short name of earlier editions of the standard.
fn find_segment(segment: &str) -> Option<&'static Ai> {
    if segment.starts_with(|first: char| first.is_ascii_digit()) {
        return Ai::find(segment);
    }
    Ai::find(match segment {
        "gtin" => "01",
        "itip" => "8006",
        "cpid" => "8010",
        "gln" => "414",
        "party" => "417",
        "gsrnp" => "8017",
        "gsrn" => "8018",
        "gcn" => "255",
        "sscc" => "00",
        "gdti" => "253",
        "ginc" => "401",
        "gsin" => "402",
        "grai" => "8003",
        "giai" => "8004",
        "gmn" => "8013",
        "cpv" => "22",
        "lot" => "10",
        "ser" => "21",
        "glnx" => "254",
        "cpsn" => "8011",
        "srin" => "8019",
        "refno" => "8020",
        _ => return None,
    })
}

impl<'a> Link<'a> {
    /// The qualifiers with their values, in path order.
    pub(crate) fn qualifiers(&self) -> impl Iterator<Item = (&'static Ai, &'a str)> {
        self.qualifiers.iter().copied().flatten()
    }

    /// Whether the qualifiers are some of this sequence, in its order.
    fn follows(&self, sequence: &[u16]) -> bool {
        let mut sequence = sequence.iter();
        self.qualifiers().all(|(ai, _)| sequence.any(|code| *code == ai.number))
    }

    /// The pairs of the query string, values with their escapes.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let mut rest = Some(self.query).filter(|query| !query.is_empty());
        std::iter::from_fn(move || {
            let (pair, next) =
                split_once(rest?, b'&').map_or((rest?, None), |(pair, next)| (pair, Some(next)));
            rest = next;
            Some(pair)
        })
        .filter_map(|pair| split_once(pair, b'='))
    }

    /// The value of the key, without escapes, a GTIN filled up to 14 digits.
    ///
    /// # Errors
    /// `Character` for a broken escape.
    pub(crate) fn key_value(&self) -> Result<Cow<'a, str>, Finding> {
        match self.padding() {
            "" => decode(self.value),
            padding => Ok(format!("{padding}{}", self.value).into()),
        }
    }

    /// The zeros that make a GTIN of 8, 12 or 13 digits one of 14.
    pub(crate) fn padding(&self) -> &'static str {
        match (self.key.number, self.value.len()) {
            (code::GTIN, 8) => "000000",
            (code::GTIN, 12) => "00",
            (code::GTIN, 13) => "0",
            _ => "",
        }
    }
}

impl<'a> ElementString<'a> {
    /// Reads a Digital Link on any domain and below any path: the AIs of its path, then those of its query string.
    /// Query parameters that are no AIs are left out. Lots may stand in the query string, as many do.
    ///
    /// # Errors
    /// Where the URI has a character that it may not, the path no key, or a value is at fault.
    pub fn parse_digital_link(text: &'a str) -> Result<Self, ScanError> {
        if let Some(at) = text.bytes().position(|byte| !URI.holds(byte)) {
            return Err(Reason::UriCharacter.at(at));
        }
        let rest = strip_scheme(text).ok_or(Reason::Path.at(0))?;
        let domain = split_once(rest, b'/').map_or(rest, |(domain, _)| domain);
        if let Some(at) = domain.bytes().position(|byte| !DOMAIN.holds(byte)) {
            return Err(Reason::UriCharacter.at(text.len() - rest.len() + at));
        }
        let link = parse(text).ok_or(Reason::Path.at(0))?;
        // Every part is a slice of the text, so its address tells its place.
        let at = |part: &str| part.as_ptr() as usize - text.as_ptr() as usize;
        let faulty = |ai: &'static Ai, value: &str| {
            let at = at(value);
            move |finding| Reason::Value(finding).of(ai.code, at)
        };

        let mut elements = Self::default();
        elements.push(link.key, link.key_value().map_err(faulty(link.key, link.value))?, at(link.value))?;
        for (ai, value) in link.qualifiers() {
            elements.push(ai, decode(value).map_err(faulty(ai, value))?, at(value))?;
        }
        for (name, value) in link.attributes() {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_digit()) {
                continue;
            }
            let ai = Ai::find(name).ok_or(Reason::UnknownAi.at(at(name)))?;
            if !ai.attribute {
                return Err(Reason::NotAttribute.of(ai.code, at(name)));
            }
            if elements.value_of(ai.number).is_some() {
                return Err(Reason::Repeated.of(ai.code, at(name)));
            }
            let padded = pad_gtin(ai, value).map_err(faulty(ai, value))?;
            elements.push(ai, padded, at(value))?;
        }
        Ok(elements)
    }

    /// Appends a Digital Link below the stem, such as `https://id.gs1.org`: the first primary key with its
    /// qualifiers in order as the path, the other AIs in the query string, those of predefined length first.
    ///
    /// # Errors
    /// `NoKey`, or `NotAttribute` where an AI may not stand in the query string; `out` is then as it was.
    pub fn write_digital_link(&self, stem: &str, out: &mut String) -> Result<(), ScanError> {
        let key = self.iter().find(|element| element.ai.qualifiers.is_some()).ok_or(Reason::NoKey.at(0))?;
        let sequence = self.qualifiers_of(key.ai).unwrap_or_default();
        let in_path = |element: &Element| element.ai == key.ai || sequence.contains(&element.ai.number);
        if let Some(other) = self.iter().find(|element| !in_path(element) && !element.ai.attribute) {
            return Err(Reason::NotAttribute.of(other.ai.code, 0));
        }
        out.push_str(stem.strip_suffix('/').unwrap_or(stem));
        for number in std::iter::once(&key.ai.number).chain(sequence) {
            if let Some(element) = self.iter().find(|element| element.ai.number == *number) {
                out.push('/');
                out.push_str(element.ai.code);
                out.push('/');
                push_value(out, &element.value, UNRESERVED);
            }
        }
        let mut before = '?';
        for predefined in [true, false] {
            for (at, element) in self.iter().enumerate() {
                let is_repeated = || self.iter().take(at).any(|other| other.ai == element.ai);
                if element.ai.predefined != predefined || in_path(element) || is_repeated() {
                    continue;
                }
                out.push(before);
                out.extend([element.ai.code, "="]);
                push_value(out, &element.value, UNRESERVED);
                before = '&';
            }
        }
        Ok(())
    }

    /// Of the key's alternative sequences of qualifiers the one with the most that may stand nowhere else, then
    /// with the most at all; `None` for no key.
    fn qualifiers_of(&self, key: &Ai) -> Option<&'static [u16]> {
        let fit = |sequence: &&&[u16]| {
            let present = self.iter().filter(|element| sequence.contains(&element.ai.number));
            present.fold((0, 0), |(only_here, all), element| {
                (only_here + u32::from(!element.ai.attribute), all + 1)
            })
        };
        // Of equals `max_by_key` takes the last, so from the end.
        key.qualifiers?.iter().rev().max_by_key(fit).copied()
    }
}

/// The value of an attribute, without escapes, a GTIN filled up to 14 digits. A plus stands for a space, which no
/// value may hold, so it fails later.
fn pad_gtin<'a>(ai: &Ai, value: &'a str) -> Result<Cow<'a, str>, Finding> {
    let value =
        if value.as_bytes().contains(&b'+') { value.replace('+', " ").into() } else { decode(value)? };
    Ok(match (ai.number, value.len()) {
        (code::GTIN, 8 | 12 | 13) => format!("{value:0>14}").into(),
        _ => value,
    })
}
