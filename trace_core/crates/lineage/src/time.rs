//! Times as answers print them.

use serde::{Serialize, Serializer};

/// Microseconds since 1970 UTC; RFC 3339 in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(pub i64);

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
const FORM: [u8; 27] = *b"0000-00-00T00:00:00.000000Z";

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = FORM;
        let length = self.write(&mut text);
        serializer.serialize_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

impl Time {
    /// Puts the digits into their places, and gives the length. An answer has a time in every third member, and the
    /// formatter takes four times as long. Years have four digits: those of events do.
    fn write(self, text: &mut [u8; 27]) -> usize {
        let (year, month, day) = civil(self.0.div_euclid(DAY));
        let (seconds, micros) = (self.0.rem_euclid(DAY) / SECOND, self.0.rem_euclid(SECOND));
        let mut put = |at: usize, count: usize, mut number: i64| {
            for digit in text[at..at + count].iter_mut().rev() {
                *digit = b'0' + u8::try_from(number.rem_euclid(10)).unwrap_or_default();
                number /= 10;
            }
        };
        put(0, 4, year);
        put(5, 2, month);
        put(8, 2, day);
        put(11, 2, seconds / 3600);
        put(14, 2, seconds / 60 % 60);
        put(17, 2, seconds % 60);
        put(20, 6, micros);
        let end = match micros {
            0 => 19,
            micros if micros % 1000 == 0 => 23,
            _ => 26,
        };
        text[end] = b'Z';
        end + 1
    }
}

impl std::fmt::Display for Time {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = FORM;
        let length = self.write(&mut text);
        f.write_str(std::str::from_utf8(&text[..length]).unwrap_or_default())
    }
}

/// Year, month and day of a day since 1970-01-01, in the Gregorian calendar.
///
/// Years are counted from March, so that the leap day comes last; 400 of them have 146,097 days.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let is_next_year = month >= 10;
    let month = if is_next_year { month - 9 } else { month + 3 };
    (era * 400 + year + i64::from(is_next_year), month, day)
}

#[cfg(test)]
mod tests {
    use super::Time;

    #[test]
    fn time_prints_as_rfc_3339() {
        for (micros, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"),
            (951_868_800_000_000, "2000-03-01T00:00:00Z"),
            (1_735_689_599_999_999, "2024-12-31T23:59:59.999999Z"),
            (1_709_164_800_500_000, "2024-02-29T00:00:00.500Z"),
            (-1, "1969-12-31T23:59:59.999999Z"),
        ] {
            assert_eq!(Time(micros).to_string(), text);
        }
    }
}
