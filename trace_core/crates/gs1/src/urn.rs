//! EPC URNs: pure identities, classes and patterns (EPC Tag Data Standard §6 and §8).

use crate::Finding;
use crate::check_digit::Sum;
use crate::text::{self, CSET39, CSET82, DIGITS, Escaping, Set, URN_LITERAL};

/// Fewest and most digits of a GS1 company prefix.
const COMPANY_PREFIX_DIGITS: std::ops::RangeInclusive<usize> = 6..=12;
/// Most characters of a key without fixed length: GIAI, GINC, CPI.
const KEY_CHARACTERS_MAX: usize = 30;

/// How a scheme's components become a key.
#[derive(Debug, PartialEq)]
pub(crate) struct Scheme {
    /// The scheme's name in the URN.
    pub(crate) name: &'static str,
    /// The Digital Link path up to the key's digits.
    key: &'static str,
    pub(crate) reference: Reference,
    pub(crate) serial: Serial,
}

/// What follows the company prefix.
#[derive(Debug, PartialEq)]
pub(crate) enum Reference {
    /// Digits; prefix and reference together are this many, then comes the check digit.
    Digits(usize),
    /// The same, but the reference's first digit (indicator, extension) leads the key.
    Indicated(usize),
    /// The same as `Indicated(13)`, with piece and total as two more components (ITIP).
    Piece,
    /// Characters of this set; no check digit.
    Text(Set),
}

/// What makes one thing of the class.
#[derive(Debug, PartialEq)]
pub(crate) enum Serial {
    /// Nothing: the key is the thing.
    None,
    /// Up to this many characters, as a path pair with this AI.
    Qualifier(&'static str, Set, usize),
    /// Up to this many characters, right behind the check digit.
    Appended(Set, usize),
}

use Reference::{Digits, Indicated, Piece, Text};
use Serial::{Appended, Qualifier};

const fn scheme(name: &'static str, key: &'static str, reference: Reference, serial: Serial) -> Scheme {
    Scheme { name, key, reference, serial }
}

static SGTIN: Scheme = scheme("sgtin", "01/", Indicated(13), Qualifier("/21/", CSET82, 20));
static LGTIN: Scheme = scheme("lgtin", "01/", Indicated(13), Qualifier("/10/", CSET82, 20));
static UPUI: Scheme = scheme("upui", "01/", Indicated(13), Qualifier("/235/", CSET82, 28));
static ITIP: Scheme = scheme("itip", "8006/", Piece, Qualifier("/21/", CSET82, 20));
static SSCC: Scheme = scheme("sscc", "00/", Indicated(17), Serial::None);
static SGLN: Scheme = scheme("sgln", "414/", Digits(12), Qualifier("/254/", CSET82, 20));
static PGLN: Scheme = scheme("pgln", "417/", Digits(12), Serial::None);
static GRAI: Scheme = scheme("grai", "8003/0", Digits(12), Appended(CSET82, 16));
static GDTI: Scheme = scheme("gdti", "253/", Digits(12), Appended(CSET82, 17));
static SGCN: Scheme = scheme("sgcn", "255/", Digits(12), Appended(DIGITS, 12));
static GSRN: Scheme = scheme("gsrn", "8018/", Digits(17), Serial::None);
static GSRNP: Scheme = scheme("gsrnp", "8017/", Digits(17), Serial::None);
static GSIN: Scheme = scheme("gsin", "402/", Digits(16), Serial::None);
static GIAI: Scheme = scheme("giai", "8004/", Text(CSET82), Serial::None);
static GINC: Scheme = scheme("ginc", "401/", Text(CSET82), Serial::None);
static CPI: Scheme = scheme("cpi", "8010/", Text(CSET39), Qualifier("/8011/", DIGITS, 12));

/// Every scheme; of those with the same key the one first that its class is printed under.
static ALL: [&Scheme; 16] = [
    &SGTIN, &LGTIN, &UPUI, &ITIP, &SSCC, &SGLN, &PGLN, &GRAI, &GDTI, &SGCN, &GSRN, &GSRNP, &GSIN, &GIAI,
    &GINC, &CPI,
];

/// The scheme of a pure identity.
fn identity(name: &str) -> Option<&'static Scheme> {
    Some(match name {
        "sgtin" => &SGTIN,
        "sscc" => &SSCC,
        "sgln" => &SGLN,
        "grai" => &GRAI,
        "giai" => &GIAI,
        "gsrn" => &GSRN,
        "gsrnp" => &GSRNP,
        "gdti" => &GDTI,
        "cpi" => &CPI,
        "sgcn" => &SGCN,
        "ginc" => &GINC,
        "gsin" => &GSIN,
        "itip" => &ITIP,
        "upui" => &UPUI,
        "pgln" => &PGLN,
        _ => return None,
    })
}

/// The scheme of a pattern that names a class, its serial a `*`.
fn pattern(name: &str) -> Option<&'static Scheme> {
    matches!(name, "sgtin" | "grai" | "gdti" | "sgcn" | "cpi" | "itip" | "upui").then(|| identity(name))?
}

/// The components of a URN, each checked; still with its escapes.
#[derive(Debug, PartialEq)]
pub(crate) struct Urn<'a> {
    pub(crate) scheme: &'static Scheme,
    prefix: &'a str,
    reference: &'a str,
    /// Piece and total of an ITIP, else empty.
    piece: [&'a str; 2],
    check_digit: Option<char>,
    /// Empty for a class, and for a GLN without extension.
    serial: &'a str,
}

/// Reads an EPC URN; `None` when the text is not one of a scheme that has a GS1 key.
///
/// # Errors
/// What is wrong with a URN of a known scheme.
pub(crate) fn parse(text: &str) -> Option<Result<Urn<'_>, Finding>> {
    let (kind, rest) = text::split_once(text.strip_prefix("urn:epc:")?, b':')?;
    let (name, body) = text::split_once(rest, b':')?;
    let (scheme, is_class) = match kind {
        "id" => (identity(name)?, false),
        "class" => ((name == "lgtin").then_some(&LGTIN)?, false),
        "idpat" => (pattern(name)?, true),
        _ => return None,
    };
    Some(components(scheme, body, is_class))
}

fn components<'a>(scheme: &'static Scheme, body: &'a str, is_class: bool) -> Result<Urn<'a>, Finding> {
    let (prefix, rest) = text::split_once(body, b'.').ok_or(Finding::Structure)?;
    let (reference, rest) = match (&scheme.serial, &scheme.reference) {
        (Serial::None, _) => (rest, None),
        // A part reference ends at the last dot: dots are not in its character set.
        _ => text::split_once(rest, b'.')
            .map(|(reference, rest)| (reference, Some(rest)))
            .ok_or(Finding::Structure)?,
    };
    if !COMPANY_PREFIX_DIGITS.contains(&prefix.len()) {
        return Err(Finding::Length);
    }
    let check_digit = check_reference(&scheme.reference, prefix, reference)?;
    let (piece, serial) = match (&scheme.reference, rest) {
        (Piece, Some(rest)) => {
            let (piece, rest) = text::split_once(rest, b'.').ok_or(Finding::Structure)?;
            let (total, serial) = text::split_once(rest, b'.').ok_or(Finding::Structure)?;
            check_piece(piece)?;
            check_piece(total)?;
            ([piece, total], serial)
        }
        (_, rest) => ([""; 2], rest.unwrap_or("")),
    };
    let serial = check_serial(scheme, serial, is_class)?;
    Ok(Urn { scheme, prefix, reference, piece, check_digit, serial })
}

fn check_reference(reference: &Reference, prefix: &str, value: &str) -> Result<Option<char>, Finding> {
    let digits = match *reference {
        Digits(digits) | Indicated(digits) => digits,
        Piece => 13,
        Text(set) => {
            let length = text::measure(value, set, URN_LITERAL)?;
            if !DIGITS.holds_all(prefix) {
                return Err(Finding::Character);
            }
            return if length >= 1 && prefix.len() + length <= KEY_CHARACTERS_MAX {
                Ok(None)
            } else {
                Err(Finding::Length)
            };
        }
    };
    if prefix.len() + value.len() != digits {
        return Err(Finding::Length);
    }
    let sum = Sum::over(digits);
    let sum = if let Digits(_) = reference {
        sum.add(prefix).and_then(|sum| sum.add(value))
    } else {
        let (indicator, item) = value.split_at_checked(1).ok_or(Finding::Length)?;
        sum.add(indicator).and_then(|sum| sum.add(prefix)).and_then(|sum| sum.add(item))
    };
    sum.map(|sum| Some(sum.check_digit())).ok_or(Finding::Character)
}

fn check_piece(piece: &str) -> Result<(), Finding> {
    if piece.len() != 2 {
        return Err(Finding::Length);
    }
    if DIGITS.holds_all(piece) { Ok(()) } else { Err(Finding::Character) }
}

/// The serial that identifies: empty for a class, and for the extension `0`, which says that there is none.
fn check_serial<'a>(scheme: &Scheme, serial: &'a str, is_class: bool) -> Result<&'a str, Finding> {
    if is_class {
        return if serial == "*" { Ok("") } else { Err(Finding::Structure) };
    }
    let (Qualifier(_, set, longest) | Appended(set, longest)) = scheme.serial else {
        return Ok("");
    };
    let length = text::measure(serial, set, URN_LITERAL)?;
    if length == 0 || length > longest {
        return Err(Finding::Length);
    }
    Ok(if scheme.name == "sgln" && serial == "0" { "" } else { serial })
}

impl Urn<'_> {
    /// The components that may hold more than digits.
    pub(crate) fn literals(&self) -> [&str; 2] {
        [self.reference, self.serial]
    }

    /// The serial or lot that makes it a thing or lot of a GTIN; at the end of its text.
    pub(crate) fn serial_of_gtin(&self) -> Option<&str> {
        let is_gtin = matches!(self.scheme.name, "sgtin" | "lgtin") && !self.serial.is_empty();
        is_gtin.then_some(self.serial)
    }

    /// Appends the Digital Link path, from the AI of the key on.
    pub(crate) fn push_path(&self, out: &mut String, escaping: Escaping) {
        out.push_str(self.scheme.key);
        match self.scheme.reference {
            Indicated(_) | Piece => {
                let (indicator, item) = self.reference.split_at_checked(1).unwrap_or_default();
                out.push_str(indicator);
                out.push_str(self.prefix);
                out.push_str(item);
            }
            Digits(_) => {
                out.push_str(self.prefix);
                out.push_str(self.reference);
            }
            Text(_) => {
                out.push_str(self.prefix);
                text::push_escaped(out, self.reference, escaping);
            }
        }
        out.extend(self.check_digit);
        for piece in self.piece {
            out.push_str(piece);
        }
        if !self.serial.is_empty() {
            if let Qualifier(pair, ..) = self.scheme.serial {
                out.push_str(pair);
            }
            text::push_escaped(out, self.serial, escaping);
        }
    }
}

/// Prints the URN of a key without escapes and its qualifier with them; `None` where there is none, or where the
/// key cannot begin with a company prefix of so many digits.
pub(crate) fn print(
    ai: &str,
    value: &str,
    qualifier: Option<(&str, &str)>,
    prefix_digits: usize,
) -> Option<String> {
    if !COMPANY_PREFIX_DIGITS.contains(&prefix_digits) {
        return None;
    }
    let scheme = ALL.into_iter().find(|scheme| scheme.prints(ai, qualifier.map(|(ai, _)| ai)))?;
    let body = value.strip_prefix(scheme.key.split_once('/')?.1)?;
    let (prefix, reference, rest) = match scheme.reference {
        Digits(digits) => {
            let (prefix, reference) = body.get(..digits)?.split_at_checked(prefix_digits)?;
            (prefix, reference.to_owned(), body.get(digits + 1..)?)
        }
        Indicated(_) | Piece => {
            let digits = if let Indicated(digits) = scheme.reference { digits } else { 13 };
            let (indicator, item) = body.get(..digits)?.split_at_checked(1)?;
            let (prefix, item) = item.split_at_checked(prefix_digits)?;
            (prefix, format!("{indicator}{item}"), body.get(digits + 1..)?)
        }
        Text(_) => {
            let (prefix, reference) = body.split_at_checked(prefix_digits)?;
            if !DIGITS.holds_all(prefix) || reference.is_empty() {
                return None;
            }
            (prefix, reference.to_owned(), "")
        }
    };
    let (pieces, rest) = if scheme.reference == Piece { (rest, "") } else { ("", rest) };
    let serial = match (&scheme.serial, qualifier) {
        (Qualifier(..), Some((_, serial))) => text::decode(serial).ok()?,
        (Qualifier(..), None) if scheme.name == "sgln" => "0".into(),
        _ => rest.into(),
    };

    let has_serial = scheme.serial != Serial::None;
    let kind = match (scheme.name, has_serial && serial.is_empty()) {
        ("lgtin", _) => "class",
        (_, true) => "idpat",
        (_, false) => "id",
    };
    let mut urn = format!("urn:epc:{kind}:{}:{prefix}.", scheme.name);
    text::push_value(&mut urn, &reference, URN_LITERAL);
    if let Some((piece, total)) = pieces.split_at_checked(2).filter(|_| !pieces.is_empty()) {
        urn.extend([".", piece, ".", total]);
    }
    if has_serial {
        urn.push('.');
        if kind == "idpat" {
            urn.push('*');
        } else {
            text::push_value(&mut urn, &serial, URN_LITERAL);
        }
    }
    Some(urn)
}

impl Scheme {
    /// Whether keys of this AI, with this qualifier, are printed under this scheme.
    fn prints(&self, ai: &str, qualifier: Option<&str>) -> bool {
        let own = if let Qualifier(pair, ..) = self.serial { Some(pair.trim_matches('/')) } else { None };
        self.key.split_once('/').is_some_and(|(key, _)| key == ai)
            && (qualifier.is_none() || qualifier == own)
    }
}
