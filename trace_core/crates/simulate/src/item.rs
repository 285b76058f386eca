//! Names of things and places: GS1 keys as numbers, printed as EPC URN, Digital Link or element string.
//!
//! Sources: GS1 EPC Tag Data Standard 2.1 §6–7 (URNs), GS1 Digital Link URI Syntax 1.4, GS1 General
//! Specifications §7.9.1 (check digits).

use crate::firm::{Firm, Style};
use crate::text::put_number;

/// Trade item number of a company prefix of 7 digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gtin {
    pub(crate) prefix: u32,
    /// One digit: 0 for a consumer unit, 1…8 for a case.
    pub(crate) indicator: u32,
    /// Five digits.
    pub(crate) reference: u32,
}

/// Lot number, for example `F0048213377` or, for a part of that lot, `F0048213377-A`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lot {
    letter: u8,
    number: u64,
    part: Option<u8>,
}

/// Anything in a story that has a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Item {
    /// Trade item and lot (LGTIN).
    Lot { gtin: Gtin, lot: Lot },
    /// Trade item and serial (SGTIN).
    Serial { gtin: Gtin, serial: u64 },
    /// Logistic unit (SSCC): extension digit and nine digits of serial.
    Unit { prefix: u32, extension: u32, serial: u64 },
    /// Returnable asset (GRAI): five digits of type, and a serial.
    Returnable { prefix: u32, kind: u32, serial: u32 },
    /// Individual asset (GIAI).
    Asset { prefix: u32, class: &'static str, number: u64 },
    /// Component and part (CPI) with its serial.
    Part { prefix: u32, class: &'static str, serial: u64 },
}

/// A site of a firm, or a door of that site.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) firm: &'static Firm,
    /// Location reference of the GLN, five digits; 0 is the firm as a party.
    pub(crate) site: u32,
    /// Extension of the GLN; 0 is the site as a whole.
    pub(crate) door: u32,
}

/// So much of a lot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quantity {
    pub(crate) item: Item,
    pub(crate) tenths: u32,
    /// Kilograms, or else a count.
    pub(crate) kilograms: bool,
}

impl Lot {
    /// The `n`th lot of a letter, looking like one of many; a different number for each n < 2³⁰.
    pub(crate) fn new(letter: u8, n: u64) -> Self {
        Self { letter, number: scatter(n, 30), part: None }
    }

    /// The `n`th part of this lot (n < 26).
    pub(crate) fn part(self, n: u8) -> Self {
        Self { part: Some(b'A' + n), ..self }
    }

    pub(crate) fn put(self, out: &mut Vec<u8>) {
        out.push(self.letter);
        put_number(out, self.number, 10);
        if let Some(letter) = self.part {
            out.extend_from_slice(&[b'-', letter]);
        }
    }
}

/// Maps the numbers below 2^`bits` one to one onto themselves, neighbours far apart.
pub(crate) fn scatter(n: u64, bits: u32) -> u64 {
    const ODD: u64 = 0x5851_F42D_4C95_7F2D;
    n.wrapping_mul(ODD) & ((1 << bits) - 1)
}

/// The check digit that completes a GTIN, GLN, SSCC or GRAI whose digits before it are `body`.
pub(crate) fn check_digit(mut body: u64) -> u64 {
    let (mut sum, mut weight) = (0, 3);
    while body > 0 {
        sum += body % 10 * weight;
        weight = 4 - weight;
        body /= 10;
    }
    (10 - sum % 10) % 10
}

fn put_checked(out: &mut Vec<u8>, body: u64, digits: usize) {
    put_number(out, body, digits - 1);
    put_number(out, check_digit(body), 1);
}

impl Gtin {
    fn put(self, out: &mut Vec<u8>) {
        let body = u64::from(self.indicator) * 1_000_000_000_000
            + u64::from(self.prefix) * 100_000
            + u64::from(self.reference);
        put_checked(out, body, 14);
    }

    /// `prefix.indicator+reference`, as EPC URNs have it.
    fn put_urn(self, out: &mut Vec<u8>) {
        put_number(out, u64::from(self.prefix), 7);
        out.push(b'.');
        put_number(out, u64::from(self.indicator), 1);
        put_number(out, u64::from(self.reference), 5);
    }
}

/// Digits of a serial of ours: enough for 2⁴⁰ of them.
const SERIAL_DIGITS: usize = 13;

impl Item {
    pub(crate) fn put(self, out: &mut Vec<u8>, style: Style) {
        match style {
            Style::Urn => self.put_urn(out),
            Style::DigitalLink => {
                out.extend_from_slice(b"https://id.gs1.org");
                self.put_fields(out, [b"/", b"/"]);
            }
        }
    }

    /// Element string in brackets, as people read it: `(01)09520001123450(21)7`.
    pub(crate) fn put_element_string(self, out: &mut Vec<u8>) {
        self.put_fields(out, [b"(", b")"]);
    }

    fn put_urn(self, out: &mut Vec<u8>) {
        let mut head = |scheme: &[u8], prefix: u32| {
            out.extend_from_slice(scheme);
            put_number(out, u64::from(prefix), 7);
            out.push(b'.');
        };
        match self {
            Self::Lot { gtin, lot } => {
                out.extend_from_slice(b"urn:epc:class:lgtin:");
                gtin.put_urn(out);
                out.push(b'.');
                lot.put(out);
            }
            Self::Serial { gtin, serial } => {
                out.extend_from_slice(b"urn:epc:id:sgtin:");
                gtin.put_urn(out);
                out.push(b'.');
                put_number(out, serial, SERIAL_DIGITS);
            }
            Self::Unit { prefix, extension, serial } => {
                head(b"urn:epc:id:sscc:", prefix);
                put_number(out, u64::from(extension), 1);
                put_number(out, serial, 9);
            }
            Self::Returnable { prefix, kind, serial } => {
                head(b"urn:epc:id:grai:", prefix);
                put_number(out, u64::from(kind), 5);
                out.push(b'.');
                put_number(out, u64::from(serial), 1);
            }
            Self::Asset { prefix, class, number } => {
                head(b"urn:epc:id:giai:", prefix);
                out.extend_from_slice(class.as_bytes());
                put_number(out, number, 8);
            }
            Self::Part { prefix, class, serial } => {
                head(b"urn:epc:id:cpi:", prefix);
                out.extend_from_slice(class.as_bytes());
                out.push(b'.');
                put_number(out, serial, 1);
            }
        }
    }

    /// Application identifiers (each between the two marks) with their values.
    fn put_fields(self, out: &mut Vec<u8>, marks: [&[u8]; 2]) {
        let identifier = |out: &mut Vec<u8>, ai: &[u8]| {
            out.extend_from_slice(marks[0]);
            out.extend_from_slice(ai);
            out.extend_from_slice(marks[1]);
        };
        match self {
            Self::Lot { gtin, lot } => {
                identifier(out, b"01");
                gtin.put(out);
                identifier(out, b"10");
                lot.put(out);
            }
            Self::Serial { gtin, serial } => {
                identifier(out, b"01");
                gtin.put(out);
                identifier(out, b"21");
                put_number(out, serial, SERIAL_DIGITS);
            }
            Self::Unit { prefix, extension, serial } => {
                identifier(out, b"00");
                let prefix_and_serial = u64::from(prefix) * 1_000_000_000 + serial;
                put_checked(out, u64::from(extension) * 10_000_000_000_000_000 + prefix_and_serial, 18);
            }
            Self::Returnable { prefix, kind, serial } => {
                identifier(out, b"8003");
                out.push(b'0');
                put_checked(out, u64::from(prefix) * 100_000 + u64::from(kind), 13);
                put_number(out, u64::from(serial), 1);
            }
            Self::Asset { prefix, class, number } => {
                identifier(out, b"8004");
                put_number(out, u64::from(prefix), 7);
                out.extend_from_slice(class.as_bytes());
                put_number(out, number, 8);
            }
            Self::Part { prefix, class, serial } => {
                identifier(out, b"8010");
                put_number(out, u64::from(prefix), 7);
                out.extend_from_slice(class.as_bytes());
                identifier(out, b"8011");
                put_number(out, serial, 1);
            }
        }
    }
}

impl Place {
    /// The firm itself, as owner or keeper of things.
    pub(crate) fn party(firm: &'static Firm) -> Self {
        Self { firm, site: 0, door: 0 }
    }

    /// The GLN: 13 digits.
    pub(crate) fn put_gln(self, out: &mut Vec<u8>) {
        put_checked(out, u64::from(self.firm.prefix) * 100_000 + u64::from(self.site), 13);
    }

    /// As a location (SGLN).
    pub(crate) fn put(self, out: &mut Vec<u8>, style: Style) {
        match style {
            Style::Urn => {
                out.extend_from_slice(b"urn:epc:id:sgln:");
                self.put_urn_body(out);
                out.push(b'.');
                put_number(out, u64::from(self.door), 1);
            }
            Style::DigitalLink => {
                out.extend_from_slice(b"https://id.gs1.org/414/");
                self.put_gln(out);
                if self.door > 0 {
                    out.extend_from_slice(b"/254/");
                    put_number(out, u64::from(self.door), 1);
                }
            }
        }
    }

    /// As a party (PGLN).
    pub(crate) fn put_party(self, out: &mut Vec<u8>, style: Style) {
        match style {
            Style::Urn => {
                out.extend_from_slice(b"urn:epc:id:pgln:");
                self.put_urn_body(out);
            }
            Style::DigitalLink => {
                out.extend_from_slice(b"https://id.gs1.org/417/");
                self.put_gln(out);
            }
        }
    }

    fn put_urn_body(self, out: &mut Vec<u8>) {
        put_number(out, u64::from(self.firm.prefix), 7);
        out.push(b'.');
        put_number(out, u64::from(self.site), 5);
    }
}

#[cfg(test)]
mod tests {
    use super::{Gtin, Item, Lot, check_digit, scatter};
    use crate::firm::Style;

    fn text(item: Item, style: Style) -> String {
        let mut out = Vec::new();
        item.put(&mut out, style);
        String::from_utf8(out).unwrap()
    }

    /// Published by GS1: GTINs and an SSCC of the General Specifications, Tag Data and Digital Link standards.
    #[test]
    fn check_digit_published_keys_gives_their_last_digit() {
        for key in [10_614_141_123_459, 9_506_000_134_352, 6_291_041_500_213, 376_104_250_021_234_569] {
            assert_eq!(check_digit(key / 10), key % 10, "{key}");
        }
    }

    #[test]
    fn items_of_every_kind_print_both_forms() {
        let gtin = Gtin { prefix: 9_520_001, indicator: 1, reference: 12_345 };
        let lot = Lot { letter: b'F', number: 7, part: Some(b'A') };
        let cases = [
            (
                Item::Lot { gtin, lot },
                "urn:epc:class:lgtin:9520001.112345.F0000000007-A",
                "https://id.gs1.org/01/19520001123457/10/F0000000007-A",
            ),
            (
                Item::Serial { gtin, serial: 42 },
                "urn:epc:id:sgtin:9520001.112345.0000000000042",
                "https://id.gs1.org/01/19520001123457/21/0000000000042",
            ),
            (
                Item::Unit { prefix: 9_520_001, extension: 3, serial: 9 },
                "urn:epc:id:sscc:9520001.3000000009",
                "https://id.gs1.org/00/395200010000000097",
            ),
            (
                Item::Returnable { prefix: 9_520_001, kind: 77, serial: 5 },
                "urn:epc:id:grai:9520001.00077.5",
                "https://id.gs1.org/8003/095200010007755",
            ),
            (
                Item::Asset { prefix: 9_520_001, class: "AC", number: 5 },
                "urn:epc:id:giai:9520001.AC00000005",
                "https://id.gs1.org/8004/9520001AC00000005",
            ),
            (
                Item::Part { prefix: 9_520_001, class: "BLADE7", serial: 5 },
                "urn:epc:id:cpi:9520001.BLADE7.5",
                "https://id.gs1.org/8010/9520001BLADE7/8011/5",
            ),
        ];
        for (item, urn, link) in cases {
            assert_eq!(text(item, Style::Urn), urn);
            assert_eq!(text(item, Style::DigitalLink), link);
        }
    }

    #[test]
    fn scatter_every_number_of_twelve_bits_is_hit_once() {
        let mut seen = vec![false; 1 << 12];
        for n in 0..1 << 12 {
            let at = usize::try_from(scatter(n, 12)).unwrap();
            assert!(!std::mem::replace(&mut seen[at], true));
        }
    }
}
