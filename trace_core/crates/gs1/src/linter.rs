//! The dictionary's checks of a component's content, each under the dictionary's name.

use crate::code_lists::{COUNTRIES_ALPHA2, COUNTRIES_NUMERIC, CURRENCIES, PACKAGE_TYPES, holds};
use crate::text::DIGITS;
use crate::{Finding, check_digit, coupon};

/// Fewest digits of a company prefix that any member organisation hands out.
const COMPANY_PREFIX_DIGITS_MIN: usize = 4;
/// Shorter than any country's IBAN.
const IBAN_CHARACTERS_MIN: usize = 11;

/// A check of one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linter {
    Couponcode,
    Couponposoffer,
    Csum,
    Csumalpha,
    Gcppos1,
    Gcppos2,
    Hasnondigit,
    Hh,
    Hhmi,
    Hyphen,
    Iban,
    Importeridx,
    Iso3166,
    Iso3166999,
    Iso3166alpha2,
    Iso4217,
    Iso5218,
    Latitude,
    Longitude,
    Mediatype,
    Mi,
    Nonzero,
    Nozeroprefix,
    Packagetype,
    Pcenc,
    Pieceoftotal,
    Posinseqslash,
    Ss,
    Winding,
    Yesno,
    Yymmd0,
    Yymmdd,
    Yyyymmdd,
    Zero,
}

impl Linter {
    /// Checks one component, whose length and characters are already those that the dictionary says.
    pub(crate) fn check(self, value: &str) -> Result<(), Finding> {
        let holds_true = match self {
            Self::Couponcode => return coupon::check_code(value),
            Self::Couponposoffer => return coupon::check_positive_offer(value),
            Self::Csum => return proven(check_digit::is_proven(value)),
            Self::Csumalpha => return proven(has_check_pair(value)),
            Self::Iban => return check_iban(value),
            Self::Gcppos1 => begins_with_prefix(value),
            Self::Gcppos2 => value.get(1..).is_some_and(begins_with_prefix),
            Self::Hasnondigit => !DIGITS.holds_all(value),
            Self::Hh => is_below(value, 24),
            Self::Mi | Self::Ss => is_below(value, 60),
            Self::Hhmi => {
                value.split_at_checked(2).is_some_and(|(hh, mi)| is_below(hh, 24) && is_below(mi, 60))
            }
            Self::Hyphen => value.bytes().all(|byte| byte == b'-'),
            Self::Importeridx => value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')),
            Self::Iso3166 => holds(COUNTRIES_NUMERIC, value),
            Self::Iso3166999 => value == "999" || holds(COUNTRIES_NUMERIC, value),
            Self::Iso3166alpha2 => holds(COUNTRIES_ALPHA2, value),
            Self::Iso4217 => holds(CURRENCIES, value),
            Self::Iso5218 => matches!(value, "0" | "1" | "2" | "9"),
            // Degrees × 10⁷, counted from the south pole and from the date line.
            Self::Latitude => value <= "1800000000",
            Self::Longitude => value <= "3600000000",
            // Assigned by ICCBBA, and its local use (General Specifications, AIDC media types).
            Self::Mediatype => ("01"..="10").contains(&value) || ("80"..="99").contains(&value),
            Self::Nonzero => value.bytes().any(|byte| byte != b'0'),
            Self::Nozeroprefix => value == "0" || !value.starts_with('0'),
            Self::Packagetype => holds(PACKAGE_TYPES, value),
            Self::Pcenc => has_whole_escapes(value),
            Self::Pieceoftotal => is_piece_of_total(value),
            Self::Posinseqslash => is_position(value),
            Self::Winding => matches!(value, "0" | "1" | "9"),
            Self::Yesno => matches!(value, "0" | "1"),
            Self::Yymmd0 => is_date(value, 0),
            Self::Yymmdd => is_date(value, 1),
            Self::Yyyymmdd => is_date_of_century(value),
            Self::Zero => value == "0",
        };
        if holds_true { Ok(()) } else { Err(Finding::Content) }
    }
}

fn proven(is_proven: bool) -> Result<(), Finding> {
    if is_proven { Ok(()) } else { Err(Finding::CheckDigit) }
}

fn begins_with_prefix(value: &str) -> bool {
    value.get(..COMPANY_PREFIX_DIGITS_MIN).is_some_and(|prefix| DIGITS.holds_all(prefix))
}

fn is_below(value: &str, limit: u8) -> bool {
    value.parse::<u8>().is_ok_and(|number| number < limit)
}

/// Whether every `%` begins an escape.
fn has_whole_escapes(value: &str) -> bool {
    value.split('%').skip(1).all(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2)
}

/// Piece and total, half of the digits each: neither zero, the piece no more than the total.
fn is_piece_of_total(value: &str) -> bool {
    value.split_at_checked(value.len() / 2).is_some_and(|(piece, total)| {
        piece.len() == total.len() && piece <= total && piece.bytes().any(|byte| byte != b'0')
    })
}

/// One digit, a slash, one digit: neither zero, the first no more than the second.
fn is_position(value: &str) -> bool {
    matches!(value.as_bytes(), [at @ b'1'..=b'9', b'/', total @ b'1'..=b'9'] if at <= total)
}

/// `YYMMDD`, of any century: only February knows the year, and each fourth has 29 days in a window of 100 years
/// around now. With `first_day` 0 the day may be 00, which means the month's end.
pub(crate) fn is_date(value: &str, first_day: u32) -> bool {
    let number = |digits: Option<&str>| digits.and_then(|digits| digits.parse::<u32>().ok());
    let (Some(year), Some(month), Some(day)) =
        (number(value.get(..2)), number(value.get(2..4)), number(value.get(4..)))
    else {
        return false;
    };
    (first_day..=days(year.is_multiple_of(4), month)).contains(&day) && days(false, month) > 0
}

/// `YYYYMMDD` of the Gregorian calendar.
fn is_date_of_century(value: &str) -> bool {
    let Some((century, date)) = value.split_at_checked(2) else { return false };
    let is_whole = date.starts_with("00");
    let is_leap = !is_whole || century.parse::<u32>().is_ok_and(|century| century.is_multiple_of(4));
    is_date(date, 1) && (is_leap || !date.ends_with("0229"))
}

/// Days of a month; 0 where there is no such month.
fn days(is_leap: bool, month: u32) -> u32 {
    match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

/// Whether the last two characters are the check pair of those before (General Specifications §7.9.5): values of
/// CSET 82, weighted by the primes from right to left, modulo 1021, as two digits of base 32.
fn has_check_pair(value: &str) -> bool {
    const VALUES: &[u8] =
        b"!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    const PAIR: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let Some((body, pair)) = value.len().checked_sub(2).and_then(|at| value.split_at_checked(at)) else {
        return false;
    };
    let primes = (2..).filter(|number: &usize| (2..*number).all(|divisor| !number.is_multiple_of(divisor)));
    let mut sum = 0;
    for (byte, prime) in body.bytes().rev().zip(primes) {
        let Some(value) = VALUES.iter().position(|other| *other == byte) else { return false };
        sum = (sum + value * prime) % 1021;
    }
    pair.bytes().eq([sum >> 5, sum & 31].into_iter().filter_map(|digit| PAIR.get(digit).copied()))
}

/// ISO 13616-1: a country, and the remainder 1 modulo 97 with the first four characters moved to the end.
fn check_iban(value: &str) -> Result<(), Finding> {
    if value.len() < IBAN_CHARACTERS_MIN {
        return Err(Finding::Length);
    }
    let (head, account) = value.split_at_checked(4).ok_or(Finding::Length)?;
    if !head.get(..2).is_some_and(|country| holds(COUNTRIES_ALPHA2, country)) {
        return Err(Finding::Content);
    }
    let mut remainder = 0;
    for character in account.chars().chain(head.chars()) {
        let digit = character.to_digit(36).filter(|_| !character.is_ascii_lowercase());
        let digit = digit.ok_or(Finding::Character)?;
        remainder = (remainder * if digit < 10 { 10 } else { 100 } + digit) % 97;
    }
    proven(remainder == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each linter with values that it accepts and values that it refuses.
    const CASES: &[(Linter, &[&str], &[&str])] = &[
        (Linter::Csum, &["12345678901231"], &["12345678901232"]),
        (
            Linter::Csumalpha,
            &[
                "22",
                "!22",
                "1987654Ad4X4bL5ttr2310c2K",
                "12345_!\"%&'()*+,-./LC",
                "99999zzzzzzzzzzzzzzzzzzT2",
            ],
            &["", "2", "33", "1987654Ad4X4bL5ttr2310cXK", "1987654Ad4X4bL5ttr2310c2X"],
        ),
        (Linter::Gcppos1, &["1234", "1234A"], &["123", "123A5"]),
        (Linter::Gcppos2, &["A1234"], &["A123", "", "12A45"]),
        (Linter::Hasnondigit, &["1a"], &["11"]),
        (Linter::Hh, &["00", "23"], &["24"]),
        (Linter::Hhmi, &["0000", "2359"], &["2400", "0060"]),
        (Linter::Hyphen, &["-"], &["+"]),
        (
            Linter::Iban,
            &["FR7630006000011234567890189", "MU43BOMM0101123456789101000MUR", "BE71096123456769"],
            &["BE71096123456760", "BE71", "XX361234567890", "LC14BOSLxx3456789012345678901230"],
        ),
        (Linter::Importeridx, &["-", "_", "a", "Z", "0"], &["/", "."]),
        (Linter::Iso3166, &["004", "276", "894"], &["000", "999", "277"]),
        (Linter::Iso3166999, &["276", "999"], &["998"]),
        (Linter::Iso3166alpha2, &["DE", "ZW"], &["AA", "de"]),
        (Linter::Iso4217, &["978", "840"], &["000", "987"]),
        (Linter::Iso5218, &["0", "1", "2", "9"], &["3"]),
        (Linter::Latitude, &["0000000000", "1800000000"], &["1800000001"]),
        (Linter::Longitude, &["3600000000"], &["3600000001"]),
        (Linter::Mediatype, &["01", "10", "80", "99"], &["00", "11", "79"]),
        (Linter::Mi, &["59"], &["60"]),
        (Linter::Nonzero, &["0001"], &["0000"]),
        (Linter::Nozeroprefix, &["0", "10"], &["01", "00"]),
        (Linter::Packagetype, &["1A", "200", "8", "ZZ"], &["", "00", "AAA"]),
        (Linter::Pcenc, &["A%20B", "AB"], &["A%2", "A%2G"]),
        (Linter::Pieceoftotal, &["0101", "0102", "9999"], &["0001", "0100", "0201"]),
        (Linter::Posinseqslash, &["1/1", "1/9"], &["0/1", "2/1", "1-1", "1/0"]),
        (Linter::Ss, &["59"], &["60"]),
        (Linter::Winding, &["0", "1", "9"], &["2"]),
        (Linter::Yesno, &["0", "1"], &["2"]),
        (
            Linter::Yymmd0,
            &["991225", "990200", "240229", "000229"],
            &["991301", "990230", "990001", "230229"],
        ),
        (Linter::Yymmdd, &["991231"], &["991200", "990431"]),
        (
            Linter::Yyyymmdd,
            &["20000229", "20240229", "19991231"],
            &["19000229", "21000229", "20230229", "20231300"],
        ),
        (Linter::Zero, &["0"], &["1"]),
    ];

    #[test]
    fn check_each_linter_accepts_and_refuses() {
        for (linter, good, bad) in CASES {
            for value in *good {
                assert_eq!(linter.check(value), Ok(()), "{linter:?} {value}");
            }
            for value in *bad {
                assert!(linter.check(value).is_err(), "{linter:?} {value}");
            }
        }
    }
}
