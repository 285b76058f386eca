//! What a scanner sends or a person types, whatever form it has.

use crate::ai::Ai;
use crate::canonical::CANONICAL;
use crate::element_string::{CARET, ElementString, GROUP_SEPARATOR};
use crate::error::{Reason, ScanError};
use crate::text::{DIGITS, Escaping};
use crate::{Finding, ItemKey, check_digit, urn};

/// Symbology identifiers of carriers that hold AIs (General Specifications, figure 7.8.1-1: GS1-128, GS1 `DataBar`
/// and composite, GS1 `DataMatrix`, GS1 QR Code, GS1 `DotCode`).
const HOLD_AIS: [&str; 7] = ["C1", "e0", "e1", "e2", "d2", "Q3", "J1"];
/// Those of EAN and UPC symbols, each with the digits that they transmit.
const HOLD_GTIN: [(&str, usize); 2] = [("E0", 13), ("E4", 8)];
/// Between an EAN or UPC symbol and the composite component above it.
const COMPOSITE: &str = "|]e0";

/// What a scan told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scan<'a> {
    /// The AIs with their values: lot, expiry, serial …
    pub elements: ElementString<'a>,
    /// The items that they name, in order; never empty unless no AI is a primary key.
    pub keys: Vec<ItemKey>,
    /// What these AIs lack beside them. Another carrier on the same item may have it, so it is no error.
    pub lacks: Option<ScanError>,
}

/// Reads an element string (bracketed, or with FNC1, with or without symbology identifier), a Digital Link, an
/// EPC URN, or the bare digits of an EAN-8, UPC-E, UPC-A, EAN-13, ITF-14 or SSCC. Spaces around it do not count.
///
/// Eight bare digits that begin with 0 are UPC-E where its check digit is proven so, else EAN-8.
///
/// # Errors
/// Why it is none of these, and where. Values and exclusions between AIs are judged; what they require is in
/// [`Scan::lacks`].
pub fn scan(text: &str) -> Result<Scan<'_>, ScanError> {
    let trimmed = text.trim_matches([' ', '\t', '\r', '\n']);
    let start = text.find(trimmed).unwrap_or(0);
    let elements = read(trimmed).map_err(|error| ScanError { at: error.at + start, ..error })?;
    elements.check_repeats()?;
    elements.check_exclusions()?;
    let lacks = elements.check_requirements().and_then(|()| elements.check_signature()).err();
    let keys = elements.item_keys().collect();
    Ok(Scan { elements, keys, lacks })
}

fn read(text: &str) -> Result<ElementString<'_>, ScanError> {
    let Some(message) = text.strip_prefix(']') else { return read_bare(text) };
    let (symbology, body) = message.split_at_checked(2).ok_or(Reason::Symbology.at(0))?;
    let start = text.len() - body.len();
    if body.is_empty() {
        return Err(Reason::Empty.at(start));
    }
    if HOLD_AIS.contains(&symbology) {
        let start = start + usize::from(body.as_bytes().first() == Some(&GROUP_SEPARATOR));
        return ElementString::parse_separated(text, start, GROUP_SEPARATOR);
    }
    if let Some((_, digits)) = HOLD_GTIN.iter().find(|(code, _)| *code == symbology) {
        return read_retail(text, start, *digits);
    }
    read_bare(body).map_err(|error| ScanError { at: error.at + start, ..error })
}

/// An EAN or UPC symbol, and the composite component that may follow it.
fn read_retail(text: &str, start: usize, digits: usize) -> Result<ElementString<'_>, ScanError> {
    let body = text.get(start..).unwrap_or("");
    let (gtin, composite) =
        body.split_once(COMPOSITE).map_or((body, None), |(gtin, rest)| (gtin, Some(rest)));
    if gtin.len() != digits {
        return Err(Reason::Value(Finding::Length).of("01", start));
    }
    let mut elements = from_gtin(gtin, start)?;
    if let Some(composite) = composite {
        let others = ElementString::parse_separated(text, text.len() - composite.len(), GROUP_SEPARATOR)?;
        for element in &others {
            elements.push(element.ai, element.value.clone(), text.len() - composite.len())?;
        }
    }
    Ok(elements)
}

fn read_bare(text: &str) -> Result<ElementString<'_>, ScanError> {
    match text.as_bytes() {
        [] => Err(Reason::Empty.at(0)),
        [b'u', ..] => from_urn(text),
        [b'h' | b'H', ..] => ElementString::parse_digital_link(text),
        [b'(', ..] => ElementString::parse_bracketed(text),
        [b'^' | 0x1d, ..] => ElementString::parse_plain(text),
        digits if !DIGITS.holds_all(text) => {
            if !digits.first().is_some_and(u8::is_ascii_digit) {
                return Err(Reason::Unrecognised.at(0));
            }
            let fnc1 = if digits.contains(&GROUP_SEPARATOR) { GROUP_SEPARATOR } else { CARET };
            ElementString::parse_separated(text, 0, fnc1)
        }
        digits => match digits.len() {
            8 => from_eight(text),
            12..=14 => from_gtin(text, 0),
            18 => {
                let mut elements = ElementString::default();
                elements.push(ai("00")?, text.into(), 0)?;
                Ok(elements)
            }
            _ => ElementString::parse_separated(text, 0, GROUP_SEPARATOR),
        },
    }
}

fn ai(code: &str) -> Result<&'static Ai, ScanError> {
    Ai::find(code).ok_or(Reason::UnknownAi.at(0))
}

fn from_gtin<'a>(gtin: &str, at: usize) -> Result<ElementString<'a>, ScanError> {
    let mut elements = ElementString::default();
    elements.push(ai("01")?, format!("{gtin:0>14}").into(), at)?;
    Ok(elements)
}

fn from_eight<'a>(digits: &str) -> Result<ElementString<'a>, ScanError> {
    let upc_a = expand_upc_e(digits).filter(|upc_a| check_digit::is_proven(upc_a));
    match upc_a {
        Some(upc_a) if digits.starts_with('0') || !check_digit::is_proven(digits) => from_gtin(&upc_a, 0),
        _ => from_gtin(digits, 0),
    }
}

/// The twelve digits that the eight of a UPC-E stand for (General Specifications, figure 5.2.2.4.2-1).
fn expand_upc_e(digits: &str) -> Option<String> {
    // Number system, six digits of which the last says where the zeros were, check digit.
    let (system, rest) = digits.split_at_checked(1).filter(|(system, _)| matches!(*system, "0" | "1"))?;
    let (five, rest) = rest.split_at_checked(5)?;
    let (last, check) = rest.split_at_checked(1)?;
    let (maker_digits, zeros) = match last {
        "0" | "1" | "2" => (2, "0000"),
        "3" => (3, "00000"),
        "4" => (4, "00000"),
        _ => (5, "0000"),
    };
    let (maker, item) = five.split_at_checked(maker_digits)?;
    Some(match maker_digits {
        2 => format!("{system}{maker}{last}{zeros}{item}{check}"),
        5 => format!("{system}{maker}{zeros}{last}{check}"),
        _ => format!("{system}{maker}{zeros}{item}{check}"),
    })
}

fn from_urn<'a>(text: &str) -> Result<ElementString<'a>, ScanError> {
    let urn = urn::parse(text).ok_or(Reason::Unrecognised.at(0))?;
    let urn = urn.map_err(|finding| Reason::Value(finding).at(0))?;
    let mut link = CANONICAL.to_owned();
    urn.push_path(&mut link, Escaping::Exact);
    ElementString::parse_digital_link(&link).map(ElementString::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expand_upc_e_each_last_digit_as_specified() {
        for (upc_e, upc_a) in [
            ("01234505", "012000003455"),
            ("01234514", "012100003454"),
            ("01234531", "012300000451"),
            ("01234543", "012340000053"),
            ("01234565", "012345000065"),
        ] {
            assert_eq!(expand_upc_e(upc_e).as_deref(), Some(upc_a));
            assert!(check_digit::is_proven(upc_a), "{upc_a}");
        }
        assert_eq!(expand_upc_e("21234565"), None);
    }
}
