//! GS1 Digital Link URIs: the path of a primary key and its qualifiers (GS1 Digital Link Standard: URI Syntax).

use crate::ai::Ai;

/// Most qualifiers that a key takes: 01/22/10/21.
const QUALIFIERS_MAX: usize = 3;

/// The parts of a Digital Link, values still with their escapes.
pub(crate) struct Link<'a> {
    pub(crate) key: &'static Ai,
    pub(crate) value: &'a str,
    qualifiers: [Option<(&'static Ai, &'a str)>; QUALIFIERS_MAX],
    pub(crate) query: &'a str,
}

/// Reads an `http` or `https` URI on any domain and below any path; `None` when its path ends in no primary
/// key with qualifiers in their order. Values are not looked at.
pub(crate) fn parse(text: &str) -> Option<Link<'_>> {
    let rest = strip_scheme(text)?;
    let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (domain, path) = rest.split_once('/')?;
    if domain.is_empty() {
        return None;
    }
    // From the end, because a prefix of any form may stand before the key.
    let mut segments = path.rsplit('/');
    let mut pairs = [None; QUALIFIERS_MAX];
    let mut free = pairs.iter_mut().rev();
    loop {
        let value = segments.next()?;
        let ai = find_segment(segments.next()?)?;
        if let Some(sequences) = ai.qualifiers {
            let link = Link { key: ai, value, qualifiers: pairs, query };
            return sequences.iter().any(|sequence| link.follows(sequence)).then_some(link);
        }
        *free.next()? = Some((ai, value));
    }
}

fn strip_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    (scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http")).then_some(rest)
}

/// The AI that a path segment names, by its code or by the short name of earlier editions of the standard.
fn find_segment(segment: &str) -> Option<&'static Ai> {
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
        code => code,
    })
}

impl<'a> Link<'a> {
    /// The qualifiers with their values, in path order.
    pub(crate) fn qualifiers(&self) -> impl Iterator<Item = (&'static Ai, &'a str)> {
        self.qualifiers.iter().copied().flatten()
    }

    /// Whether the qualifiers are some of this sequence, in its order.
    fn follows(&self, sequence: &[&str]) -> bool {
        let mut sequence = sequence.iter();
        self.qualifiers().all(|(ai, _)| sequence.any(|code| *code == ai.code))
    }

    /// The zeros that make a GTIN of 8, 12 or 13 digits one of 14.
    pub(crate) fn padding(&self) -> &'static str {
        match (self.key.code, self.value.len()) {
            ("01", 8) => "000000",
            ("01", 12) => "00",
            ("01", 13) => "0",
            _ => "",
        }
    }
}
