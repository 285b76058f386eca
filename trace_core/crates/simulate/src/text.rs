//! Numbers, dates and times as text, without the machinery of `format!`: this is the hot path.

/// Appends `value` in decimal, with zeros in front up to `width` digits (0 for none).
pub(crate) fn put_number(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while value > 0 {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
    }
    at = at.min(digits.len() - width.clamp(1, digits.len()));
    out.extend_from_slice(&digits[at..]);
}

/// Appends a count of tenths as a JSON number: `-19.4`, `20`.
pub(crate) fn put_tenths(out: &mut Vec<u8>, tenths: i32) {
    if tenths < 0 {
        out.push(b'-');
    }
    let size = u64::from(tenths.unsigned_abs());
    put_number(out, size / 10, 1);
    if !size.is_multiple_of(10) {
        out.push(b'.');
        put_number(out, size % 10, 1);
    }
}

/// Appends the lowest `nibbles` × 4 bits of `value` in lower-case hexadecimal.
pub(crate) fn put_hex(out: &mut Vec<u8>, value: u64, nibbles: u32) {
    for i in (0..nibbles).rev() {
        let nibble = ((value >> (4 * i)) & 15) as u8;
        out.push(if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 });
    }
}

/// Seconds in a day.
pub(crate) const DAY_S: u64 = 86_400;

/// Appends the date of a time (seconds since 1970, UTC), as `2025-03-09`.
pub(crate) fn put_date(out: &mut Vec<u8>, when_s: u64) {
    let (year, month, day) = date(when_s / DAY_S);
    put_number(out, year, 4);
    out.push(b'-');
    put_number(out, month, 2);
    out.push(b'-');
    put_number(out, day, 2);
}

/// Appends a time (seconds since 1970, UTC) as the clock shows it `zone_min` minutes east of
/// Greenwich: `2025-03-09T08:15:22.000+02:00`.
pub(crate) fn put_time(out: &mut Vec<u8>, when_s: u64, zone_min: i32) {
    let local_s = when_s.saturating_add_signed(i64::from(zone_min) * 60);
    put_date(out, local_s);
    let second = local_s % DAY_S;
    out.push(b'T');
    put_number(out, second / 3600, 2);
    out.push(b':');
    put_number(out, second / 60 % 60, 2);
    out.push(b':');
    put_number(out, second % 60, 2);
    out.extend_from_slice(b".000");
    put_zone(out, zone_min);
}

/// Appends an offset from UTC in minutes, as `+02:00`.
pub(crate) fn put_zone(out: &mut Vec<u8>, zone_min: i32) {
    let size = u64::from(zone_min.unsigned_abs());
    out.push(if zone_min < 0 { b'-' } else { b'+' });
    put_number(out, size / 60, 2);
    out.push(b':');
    put_number(out, size % 60, 2);
}

/// Year, month and day of a count of days since 1970, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day is the last one of its year and months have
/// lengths that repeat (31, 30, 31, 30, 31) every 153 days.
fn date(days: u64) -> (u64, u64, u64) {
    const DAYS_TO_1970_MARCH_0000: u64 = 719_468;
    const DAYS_400_YEARS: u64 = 146_097;
    let days = days + DAYS_TO_1970_MARCH_0000;
    let (era, of_era) = (days / DAYS_400_YEARS, days % DAYS_400_YEARS);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::{date, put_hex, put_number, put_tenths, put_time};

    fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn date_every_day_of_130_years_follows_the_one_before() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..47_482 {
            assert_eq!(date(days), (year, month, day));
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let length = match month {
                2 => 28 + u64::from(leap),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!((year, month, day), (2100, 1, 1));
    }

    #[test]
    fn numbers_of_all_widths_are_padded_and_never_cut() {
        assert_eq!(text(|o| put_number(o, 0, 0)), "0");
        assert_eq!(text(|o| put_number(o, 7, 3)), "007");
        assert_eq!(text(|o| put_number(o, 12_345, 3)), "12345");
        assert_eq!(text(|o| put_number(o, u64::MAX, 1)), u64::MAX.to_string());
        assert_eq!(text(|o| put_tenths(o, -194)), "-19.4");
        assert_eq!(text(|o| put_tenths(o, -4)), "-0.4");
        assert_eq!(text(|o| put_tenths(o, 200)), "20");
        assert_eq!(text(|o| put_hex(o, 0xBEEF, 3)), "eef");
    }

    #[test]
    fn times_west_and_east_show_the_local_clock() {
        assert_eq!(text(|o| put_time(o, 0, -330)), "1970-01-01T00:00:00.000-05:30");
        let night = 951_782_399; // 2000-02-28T23:59:59Z
        assert_eq!(text(|o| put_time(o, night, 60)), "2000-02-29T00:59:59.000+01:00");
    }
}
