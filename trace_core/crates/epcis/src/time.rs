//! Times as EPCIS writes them: RFC 3339 with an offset.

use std::ops::{Range, RangeInclusive};

/// The years of an event.
const YEARS: RangeInclusive<i64> = 1970..=2100;

/// µs since 1970-01-01T00:00:00Z of `2020-04-01T15:00:00.123+01:00` or `…Z`. Digits beyond µs are cut
/// off. None unless it is a time of the years 1970 to 2100 in exactly this form; 24:00 and a leap
/// second (`:60`) are none.
#[must_use]
pub fn parse_time(text: &str) -> Option<i64> {
    let (local_seconds, micros, offset) = parse_local(text)?;
    let in_years = text.get(..4).and_then(|year| year.parse().ok()).is_some_and(|year| YEARS.contains(&year));
    let minutes = parse_offset(offset)?;
    in_years.then_some((local_seconds - minutes * 60) * 1_000_000 + micros)
}

/// Seconds since 1970 and µs of any year; a time without offset is one of UTC.
pub(crate) fn parse_any_time(text: &str) -> Option<(i64, i64)> {
    let (local_seconds, micros, offset) = parse_local(text)?;
    let minutes = if offset.is_empty() { 0 } else { parse_offset(offset)? };
    Some((local_seconds - minutes * 60, micros))
}

/// Whether a text is written like a time, be there such a day and such an hour or not.
pub(crate) fn has_time_form(text: &str) -> bool {
    read_fields(text).is_some_and(|fields| fields.offset.is_empty() || parse_offset(fields.offset).is_some())
}

/// What a text in the form of a time says, not yet held against calendar and clock.
struct Fields<'a> {
    date: [i64; 3],
    clock: [i64; 3],
    micros: i64,
    offset: &'a [u8],
}

fn read_fields(text: &str) -> Option<Fields<'_>> {
    let (form, rest) = text.as_bytes().split_first_chunk::<19>()?;
    let separators = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if separators.iter().any(|&(at, byte)| form[at] != byte) {
        return None;
    }
    let number = |from: usize, to: usize| digits(&form[from..to]);
    let date = [number(0, 4)?, number(5, 7)?, number(8, 10)?];
    let clock = [number(11, 13)?, number(14, 16)?, number(17, 19)?];
    let (micros, offset) = fraction(rest)?;
    Some(Fields { date, clock, micros, offset })
}

/// Seconds as if the local time were UTC, µs, and the text of the offset.
fn parse_local(text: &str) -> Option<(i64, i64, &[u8])> {
    let Fields { date: [year, month, day], clock: [hour, minute, second], micros, offset } =
        read_fields(text)?;
    if hour > 23 || minute > 59 || second > 59 || year < 1 || !(1..=12).contains(&month) {
        return None;
    }
    if day < 1 || day > days_in_month(year, month) {
        return None;
    }
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some((seconds, micros, offset))
}

/// Minutes east of UTC of `+01:00`, `-06:30` or `Z`. None beyond ±14:00 (XML Schema's bound).
#[must_use]
pub fn parse_offset(offset: &[u8]) -> Option<i64> {
    let (sign, rest) = match offset {
        b"Z" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match rest {
        [h, i, b':', m, n] => (digits(&[*h, *i])?, digits(&[*m, *n])?),
        _ => return None,
    };
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 14 * 60).then_some(sign * total)
}

/// Appends `2020-04-01T14:00:00.123Z`. False, with nothing appended, outside of the years 1 to 9999.
pub(crate) fn write_utc(seconds: i64, millis: i64, out: &mut String) -> bool {
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    if !(1..=9999).contains(&year) {
        return false;
    }
    let second = seconds.rem_euclid(86_400);
    let mut text = *b"0000-00-00T00:00:00.000Z";
    let mut number = |mut value: i64, places: Range<usize>| {
        for digit in text[places].iter_mut().rev() {
            *digit = b"0123456789"[usize::try_from(value % 10).unwrap_or(0)];
            value /= 10;
        }
    };
    number(year, 0..4);
    number(month, 5..7);
    number(day, 8..10);
    number(second / 3600, 11..13);
    number(second / 60 % 60, 14..16);
    number(second % 60, 17..19);
    number(millis, 20..23);
    out.push_str(std::str::from_utf8(&text).unwrap_or_default());
    true
}

/// The µs of `.123456` and what stands behind it.
fn fraction(rest: &[u8]) -> Option<(i64, &[u8])> {
    let Some(fraction) = rest.strip_prefix(b".") else { return Some((0, rest)) };
    let length = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let digit = |n: usize| fraction[..length].get(n).map_or(0, |digit| i64::from(digit - b'0'));
    let micros = (0..6).fold(0, |micros, n| micros * 10 + digit(n));
    Some((micros, &fraction[length..]))
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter()
        .try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, and back (H. Hinnant, "chrono-compatible low-level
/// date algorithms", `days_from_civil` and `civil_from_days`).
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}
