//! Rows of a COPY stream as JSON, for captures so small that one statement stores all there is of them.

use json::write_canonical_string;

use crate::copy::{ARRAY_HEAD_BYTES, HEADER_BYTES};

/// How a column's bytes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `smallint`, `integer` or `bigint`.
    Integer,
    /// `timestamptz`.
    Time,
    /// `text`.
    Text,
    /// `bytea`.
    Bytes,
    /// `uuid`.
    Uuid,
    /// `bigint[]`.
    Integers,
    /// `double precision[]`.
    Doubles,
}

/// 2000-01-01, from where Postgres counts, as a Julian day.
const POSTGRES_EPOCH_DAY: i64 = 2_451_545;
const DAY_US: i64 = 86_400_000_000;

/// A JSON array with an object for each row, as `json_populate_recordset` takes it; what is NULL is left out. Stops at
/// whatever is no row of these columns.
#[must_use]
pub fn rows_json(mut stream: &[u8], columns: &[&str], kinds: &[Kind]) -> String {
    let mut out = vec![b'['];
    let _header = take(&mut stream, HEADER_BYTES);
    let count = i64::try_from(columns.len()).unwrap_or(-1);
    while take(&mut stream, 2).map(integer) == Some(count) {
        out.extend_from_slice(if out.len() > 1 { b",{" } else { b"{" });
        let start = out.len();
        for (name, kind) in columns.iter().zip(kinds) {
            let length = take(&mut stream, 4).map_or(-1, integer);
            let value = usize::try_from(length).ok().and_then(|length| take(&mut stream, length));
            if let Some(value) = value {
                if out.len() > start {
                    out.push(b',');
                }
                write_canonical_string(name, &mut out);
                out.push(b':');
                kind.write(value, &mut out);
            }
        }
        out.push(b'}');
    }
    out.push(b']');
    // Texts came from JSON, and all else is ASCII.
    String::from_utf8(out).unwrap_or_default()
}

impl Kind {
    fn write(self, value: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Integer => out.extend_from_slice(integer(value).to_string().as_bytes()),
            Self::Time => write_time(integer(value), out),
            Self::Text => write_canonical_string(&String::from_utf8_lossy(value), out),
            Self::Bytes => write_hex(br"\\x", value, out),
            Self::Uuid => write_hex(b"", value, out),
            Self::Integers => write_array(value, out, |element| integer(element).to_string()),
            Self::Doubles => write_array(value, out, |element| {
                let bits = element.try_into().map_or(f64::NAN, f64::from_be_bytes);
                // In quotes there may be infinity, too; the shortest digits that are read as the same number.
                format!("\"{bits:e}\"")
            }),
        }
    }
}

fn take<'s>(stream: &mut &'s [u8], count: usize) -> Option<&'s [u8]> {
    let (taken, rest) = stream.split_at_checked(count)?;
    *stream = rest;
    Some(taken)
}

/// Big-endian, of at most eight bytes.
fn integer(bytes: &[u8]) -> i64 {
    let negative = bytes.first().is_some_and(|first| *first >= 0x80);
    bytes.iter().fold(if negative { -1 } else { 0 }, |value, byte| value << 8 | i64::from(*byte))
}

/// A Julian day and a time of day, of which Postgres makes the same microsecond.
fn write_time(us: i64, out: &mut Vec<u8>) {
    let (day, us) = (POSTGRES_EPOCH_DAY + us.div_euclid(DAY_US), us.rem_euclid(DAY_US));
    let (seconds, us) = (us / 1_000_000, us % 1_000_000);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    let text = format!("\"J{day} {hours:02}:{minutes:02}:{seconds:02}.{us:06}+00\"");
    out.extend_from_slice(text.as_bytes());
}

fn write_hex(mark: &[u8], bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    out.extend_from_slice(mark);
    let digit = |of: u8| DIGITS[usize::from(of & 15)];
    out.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]));
    out.push(b'"');
}

fn write_array(mut array: &[u8], out: &mut Vec<u8>, write: impl Fn(&[u8]) -> String) {
    let _head = take(&mut array, ARRAY_HEAD_BYTES);
    out.push(b'[');
    for (place, element) in array.chunks_exact(12).enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend_from_slice(write(&element[4..]).as_bytes());
    }
    out.push(b']');
}
